#!/usr/bin/env bash
# Serves Kimi-VL with vLLM for agent-app; docs/endpoint.md explains each flag.
#
#   MODEL=/models/Kimi-VL-A3B-Thinking-2506 PORT=8000 deploy/vllm/serve.sh [more flags of vllm serve]
#
# VLLM_API_KEY, when it is set, is the key that clients must show.
set -euo pipefail

exec vllm serve "${MODEL:-moonshotai/Kimi-VL-A3B-Thinking-2506}" \
  --host "${HOST:-127.0.0.1}" --port "${PORT:-8000}" \
  --trust-remote-code \
  --max-model-len 32768 \
  --limit-mm-per-prompt '{"image": 8}' \
  --enable-prefix-caching \
  --mm-processor-cache-gb 4 \
  --gpu-memory-utilization 0.92 \
  "$@"
