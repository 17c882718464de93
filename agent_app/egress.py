"""Where what the agent sees goes: nowhere, or to the machine that a model runs on."""

from __future__ import annotations

import os
import sys
from typing import Any

# What libraries read before they tell their makers how they are used, as they do unasked.
# onnxruntime's own notes on privacy: from 1.31 on its builds for Linux do, too, and this has to be
# set before it is loaded. The others are huggingface_hub's and transformers', and Ray's.
_QUIET = {
    "ORT_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
}


def keep_quiet() -> None:
    """Have libraries that are loaded from now on, here or in our children, tell nobody of it.

    One that is loaded already is told so, as far as it listens.
    """
    os.environ |= _QUIET
    loaded: Any = sys.modules.get("onnxruntime")
    if loaded is not None:
        loaded.disable_telemetry_events()


def said_of(host: str) -> str:
    """One plain line for the person; `host` is empty when the model runs in this process."""
    return f"Screenshots go to {host}" if host else "Nothing leaves this computer"
