"""The instruction language: what a step is.

`parsing.parse_steps` reads them from text; docs/reader.md shows the language to a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agent_app.actions import Button
from agent_app.geometry import FrameBox

Where = Literal["next to", "left of", "right of", "above", "below"]
Kind = Literal[
    "button",
    "menu",
    "menu item",
    "tab",
    "link",
    "field",
    "checkbox",
    "radio button",
    "item",
    "label",
]
Direction = Literal["up", "down", "left", "right"]

LAST = -1


@dataclass(frozen=True, slots=True)
class Relation:
    """Where a thing lies, seen from another one.

    `boxes` are where that one is, in pixels of the frame, when that is known already.
    """

    where: Where
    other: str
    boxes: tuple[FrameBox, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """What to look for on the screen, and what decides when there are several.

    `ordinal` counts from 1 in reading order, or is LAST; `kind` is a preference, not a condition.
    """

    text: str
    window: str | None = None
    relations: tuple[Relation, ...] = ()
    ordinal: int | None = None
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class Click:
    target: Target
    button: Button = "left"
    count: int = 1


@dataclass(frozen=True, slots=True)
class Hover:
    target: Target


@dataclass(frozen=True, slots=True)
class Type:
    """Type a text where the focus is, or click a field first."""

    text: str
    into: Target | None = None


@dataclass(frozen=True, slots=True)
class Press:
    """One key, or several together; `keys` have their canonical names."""

    keys: tuple[str, ...]
    count: int = 1


@dataclass(frozen=True, slots=True)
class OpenMenu:
    """Labels from the menu bar down; the last one is the item to choose."""

    path: tuple[str, ...]
    window: str | None = None


@dataclass(frozen=True, slots=True)
class Scroll:
    """Turn the wheel by notches, over a thing or where the pointer is."""

    direction: Direction
    notches: int
    at: Target | None = None


@dataclass(frozen=True, slots=True)
class Drag:
    start: Target
    end: Target


@dataclass(frozen=True, slots=True)
class Wait:
    seconds: float


@dataclass(frozen=True, slots=True)
class WaitFor:
    """Wait until a text is there (`visible`) or is there no more; at most `limit` seconds."""

    target: Target
    visible: bool
    limit: float


@dataclass(frozen=True, slots=True)
class Check:
    """A condition that must hold for the run to go on."""

    target: Target
    visible: bool


Deed = Click | Hover | Type | Press | OpenMenu | Scroll | Drag | Wait | WaitFor | Check


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what to do, and the words that said so."""

    said: str
    deed: Deed
