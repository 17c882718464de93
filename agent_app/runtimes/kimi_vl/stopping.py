"""Giving up in the middle of a forward pass."""

from __future__ import annotations

import threading


class Interrupted(Exception):
    """The pass was given up because the stop event was set; what it computed is void."""


def check(stop: threading.Event | None) -> None:
    """Raise Interrupted once `stop` is set: called between layers, which are long on a CPU."""
    if stop is not None and stop.is_set():
        raise Interrupted
