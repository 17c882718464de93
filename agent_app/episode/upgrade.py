"""Older format versions: one small step from each to the next, so that nothing recorded is lost.

A step works on plain JSON objects and never on today's types, so that it stays true when those
change. `tests/golden` holds an episode of each version, which every later one opens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Upgrade:
    """From one version to the next.

    `header` is given the header and the first event, empty when there is none; `event` each event,
    None when this step changes none. Both return the fields as the next version has them.
    """

    header: Callable[[Fields, Fields], Fields]
    event: Callable[[Fields], Fields] | None = None


def _header_to_2(header: Fields, first: Fields) -> Fields:
    """Version 2 says in its header what version 1 said in `run_started` alone."""
    started = first if first.get("type") == "run_started" else {}
    known = {key: started[key] for key in ("model", "prompt_sha1", "monitors") if key in started}
    return {**header, **known, "version": 2}


UPGRADES: tuple[Upgrade, ...] = (Upgrade(_header_to_2),)
