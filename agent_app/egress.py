"""Where what the agent sees goes: nowhere, or to the machine that a model runs on."""

from __future__ import annotations

import ipaddress
import os
from urllib.parse import urlsplit

# What libraries would tell their makers without being asked. What a person has set stays.
_QUIET = {
    "HF_HUB_DISABLE_TELEMETRY": "1",  # huggingface_hub, transformers
    "DO_NOT_TRACK": "1",
}


def keep_quiet() -> None:
    """Have libraries that are imported from now on, here or in our children, tell nobody of it."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)


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
