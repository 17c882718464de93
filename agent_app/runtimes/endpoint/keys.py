"""The key that a server is shown; the only place that looks for one."""

from __future__ import annotations

from collections.abc import Mapping

NAMES = ("AGENT_APP_API_KEY", "OPENAI_API_KEY")
"""Environment variables, the first that is set counts."""


def find_key(host: str, *, environment: Mapping[str, str]) -> str:  # noqa: ARG001 - one for all yet
    """The key for a host; empty when there is none, which most servers of one's own want."""
    for name in NAMES:
        if key := environment.get(name, "").strip():
            return key
    return ""
