"""The names of the texts that a recording types, after the fields that they go into.

A label stands beside its field, on the left, or above it. Without one a text has its number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from agent_app.actions import Hotkey, Press, Write
from agent_app.geometry import FrameBox
from agent_app.model_runtime import Progress, no_progress
from agent_app.replaying.anchor import Anchor
from agent_app.replaying.script import Deed, Script, place_keys

_LONGEST = 40  # characters
_ABOVE = 34  # pixels from a label's foot to the place in its field: half a field and a gap
_ASIDE = (-10, 200)  # pixels that the place may lie right of the start of the label above it
_LEFT = 500  # pixels from a label's end to the place in its field
_INTO = re.compile(r"\binto (?:the )?(?:field )?“([^“”]+)”")
_NUMBERED = re.compile(r"text_\d+")
_MOVING = frozenset(("tab", "enter", "return", "esc", "up", "down", "pageup", "pagedown"))


def text_names(script: Script, progress: Progress = no_progress) -> dict[str, str]:
    """A name for each typed text, by the text's own: its label, with a number for its second text.

    Reads the screens on which fields were clicked, which takes a second or more for each.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    total = len(script.texts)
    field: Deed | None = None
    for deed in (deed for part in script.parts for deed in part.deeds):
        match deed.action:
            case Write():
                label = _label(deed, field, script)
                name = _unused(label, taken) if label else deed.name
                taken.add(name.casefold())
                names[deed.name] = name
                progress("Reading the recording", len(names), total)
                if deed.action.text.endswith(("\n", "\t")):
                    field = None
            case Press(keys=keys) | Hotkey(keys=keys):
                if not _MOVING.isdisjoint(keys):
                    field = None
            case _ if place_keys(deed):
                field = deed
            case _:
                pass
    return names


def renamed(script: Script, names: Mapping[str, str]) -> Script:
    """The same with its texts named otherwise."""
    return replace(
        script,
        parts=tuple(
            replace(
                part,
                deeds=tuple(
                    replace(deed, name=names.get(deed.name, deed.name)) for deed in part.deeds
                ),
            )
            for part in script.parts
        ),
    )


def label_of(anchor: Anchor) -> str:
    """The label of a field, of the place in it that was clicked; empty when it has none.

    What stands in the same row on the left, the nearest, else right above it.
    """
    point = anchor.point
    beside: list[tuple[float, str]] = []
    above: list[tuple[float, str]] = []
    for landmark in anchor.landmarks:
        box, name = landmark.picture.box, _plain(landmark.text)
        if not name:
            continue
        gap = point.x - (box.left + box.width)
        if landmark.relation == "row" and 0 < gap <= _LEFT:
            beside.append((gap, name))
        elif _stands_above(box, anchor):
            above.append((point.y - box.top, name))
    return min(beside or above, default=(0.0, ""))[1]


def _stands_above(box: FrameBox, anchor: Anchor) -> bool:
    gap = anchor.point.y - (box.top + box.height)
    return 0 < gap <= _ABOVE and _ASIDE[0] <= anchor.point.x - box.left <= _ASIDE[1]


def _label(deed: Deed, field: Deed | None, script: Script) -> str:
    """The label of what a text goes into, by the recorded intent or by what was on the screen."""
    if said := _INTO.search(deed.intent):
        return _plain(said[1])
    if field is None:
        return ""
    anchor = script.anchor(place_keys(field)[-1])
    return "" if anchor is None else label_of(anchor)


def _plain(text: str) -> str:
    """A label as one would say it, without what would end a name; empty when it says nothing."""
    plain = " ".join(text.replace("=", " ").split()).strip(" :*.…")
    says = any(character.isalpha() for character in plain) and not _NUMBERED.fullmatch(plain)
    return plain[:_LONGEST].strip() if says else ""


def _unused(label: str, taken: set[str]) -> str:
    """The label, or with the lowest number behind it that no other text has."""
    name, count = label, 1
    while name.casefold() in taken:
        count += 1
        name = f"{label} {count}"
    return name
