#!/usr/bin/env bash
# Runs every test, in two processes side by side: those that need a desktop, which take turns on it
# and often wait for an application, and all others.
#
#   packaging/test.sh PYTEST
#
# The first are seen as they run, the others once both are done.
set -euo pipefail
cd "$(dirname "$0")/.."

others=
log=$(mktemp)
finish() {
  [ -z "$others" ] || kill -s TERM "$others" 2>/dev/null || true
  rm -f "$log"
}
trap finish EXIT
trap 'exit 130' INT TERM

"$1" -m 'not desktop' >"$log" 2>&1 &
others=$!
status=0
"$1" -m desktop || status=$?
wait "$others" || status=$?
others=
cat "$log"
exit "$status"
