"""Where what the agent sees goes: nowhere, or to the machine that a model runs on."""

from __future__ import annotations

import ipaddress
import os
import sys
from typing import Any
from urllib.parse import urlsplit

# What libraries read before they tell their makers how they are used, as they do unasked.
# onnxruntime's own notes on privacy: from 1.31 on its builds for Linux do, too, and this has to be
# set before it is loaded. The others are huggingface_hub's and transformers'.
_QUIET = ("ORT_DISABLE_TELEMETRY", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK")


def keep_quiet() -> None:
    """Have libraries that are loaded from now on, here or in our children, tell nobody of it.

    One that is loaded already is told so, as far as it listens.
    """
    for name in _QUIET:
        os.environ[name] = "1"
    loaded: Any = sys.modules.get("onnxruntime")
    if loaded is not None:
        loaded.disable_telemetry_events()


def host_beyond(model: str | None) -> str:
    """The machine that a model's name sends screenshots to; empty when they stay on this one.

    A name that is a URL is of a server; `localhost` and the loopback addresses are this machine.
    """
    if not model or not model.lower().startswith(("http://", "https://")):
        return ""
    host = urlsplit(model).hostname or model
    if host == "localhost" or host.endswith(".localhost"):
        return ""
    try:
        return "" if ipaddress.ip_address(host).is_loopback else host
    except ValueError:
        return host


def said_of(host: str) -> str:
    """One plain line for the person; `host` is empty when nothing leaves the machine."""
    return f"Screenshots go to {host}" if host else "Nothing leaves this computer"
