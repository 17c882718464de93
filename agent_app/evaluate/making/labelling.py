"""Which elements of a picture can be asked for: named, in sight, and checked against the pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from PIL import Image
from rapidfuzz import fuzz

from agent_app.evaluate.making.capturing import Capture
from agent_app.geometry import FrameBox, FrameTransform, Size
from agent_app.model_runtime import ImagePart
from agent_app.runtimes.reader.seeing.merging import Placed
from agent_app.runtimes.reader.sight import Element as ReadText

Kind = Literal["text", "icon", "field"]

# What a person calls the roles of AT-SPI; others are not asked for.
ROLES = {
    "push button": "button",
    "toggle button": "button",
    "menu": "menu",
    "menu item": "menu item",
    "check menu item": "menu item",
    "radio menu item": "menu item",
    "page tab": "tab",
    "check box": "checkbox",
    "radio button": "radio button",
    "link": "link",
    "label": "label",
    "list item": "item",
    "table cell": "item",
    "tree item": "item",
    "entry": "field",
    "text": "field",
    "combo box": "drop-down list",
    "spin button": "field",
}
_NO_ICONS = {"label", "menu", "menu item", "link", "item", "drop-down list"}
_ALIKE = 70.0  # of 100: text recognition need not be right, but it must be the same words
_ENLARGED = 2  # times, for text recognition: the check is to be easier than the question
_LEAST_SIDE = 8  # pixels
_LEAST_INK = 6.0  # standard deviation of grey: less is an empty place
_SHORT = 2  # characters: such names must be seen written
_LONGEST = 60  # characters
_LEAST_SOUND = 0.6  # of a window's names must be where they are said to be, or none is taken


class Reads(Protocol):
    """What reads texts in boxes; `ocr.Ocr` in earnest."""

    def read_within(self, part: ImagePart, boxes: Sequence[FrameBox]) -> tuple[ReadText, ...]: ...


@dataclass(frozen=True, slots=True)
class Thing:
    """An element that can be asked for. `kind` says how it is known by sight."""

    name: str
    role: str
    kind: Kind
    box: FrameBox


def things(capture: Capture, ocr: Reads) -> tuple[Thing, ...]:
    """The elements of a picture that can be asked for.

    A name is text where it is read on its element, an icon where nothing is read there. An element
    on which other words are read is left out, and so is a whole window where that is frequent:
    its boxes are not where the elements are.
    """
    placed = [each for each in capture.shown if _is_askable(each, capture.frame.size)]
    named = [each for each in placed if ROLES[each.node.role] != "field"]
    texts = _texts(capture, named, ocr)
    found: list[Thing] = []
    blocks: dict[tuple[str, int], list[Thing | None]] = {}
    for each, read in zip(named, texts, strict=True):
        thing = _thing(each, read, capture)
        if read or thing is not None:
            blocks.setdefault((each.node.window, each.node.block), []).append(thing)
    unsound = set[tuple[str, int]]()
    for block, members in blocks.items():
        sound = [thing for thing in members if thing is not None]
        if len(sound) < _LEAST_SOUND * len(members):
            unsound.add(block)
            continue
        found += sound
    for each in placed:
        field = ROLES[each.node.role] == "field"
        if field and each.node.name and (each.node.window, each.node.block) not in unsound:
            found.append(Thing(each.node.name, "field", "field", each.box))
    return _once(found)


def plain(name: str) -> str:
    """A name as names are compared."""
    return " ".join(name.casefold().split()).rstrip(".…:").strip()


def _is_askable(each: Placed, size: Size) -> bool:
    node, box = each.node, each.box
    return (
        node.role in ROLES
        and 0 < len(node.name) <= _LONGEST
        and node.name.isprintable()
        and '"' not in node.name
        and bool(plain(node.name))
        and node.enabled
        and min(box.width, box.height) >= _LEAST_SIDE
        and box.left >= 0
        and box.top >= 0
        and box.right <= size.width
        and box.bottom <= size.height
    )


def _texts(capture: Capture, placed: Sequence[Placed], ocr: Reads) -> list[str]:
    """What is read on each element, in an enlarged picture."""
    image = capture.frame.image
    size = Size(image.width * _ENLARGED, image.height * _ENLARGED)
    large = image.resize((size.width, size.height), Image.Resampling.BICUBIC)
    transform = FrameTransform(capture.frame.transform.origin, _ENLARGED, size)
    part = ImagePart(large, f"{capture.frame.sha1}-enlarged", transform)
    boxes = [
        FrameBox(*(_ENLARGED * side for side in (b.left, b.top, b.width, b.height)))
        for b in (each.box for each in placed)
    ]
    read = ocr.read_within(part, boxes)
    return [
        " ".join(text.text for text in read if box.contains(text.box.center)).strip()
        for box in boxes
    ]


def _thing(each: Placed, read: str, capture: Capture) -> Thing | None:
    """The element as text or icon; None where other words stand, or nothing does."""
    role = ROLES[each.node.role]
    name = each.node.name
    if read:
        return Thing(name, role, "text", each.box) if _is_written(name, read) else None
    has_ink = _ink(capture, each.box) >= _LEAST_INK
    if role in _NO_ICONS or len(plain(name)) <= _SHORT or not has_ink:
        return None
    return Thing(name, role, "icon", each.box)


def _is_written(name: str, read: str) -> bool:
    """Whether a text that was read shows a name; a shortcut may stand beside it."""
    wanted, seen = plain(name), plain(read)
    if len(wanted) <= _SHORT:
        return wanted == seen
    if len(seen) < len(wanted) / 2:
        return False
    return fuzz.partial_ratio(wanted, seen) >= _ALIKE


def _ink(capture: Capture, box: FrameBox) -> float:
    """How much is drawn in a box: the standard deviation of its grey."""
    pixels = capture.frame.pixels[
        round(box.top) : round(box.bottom), round(box.left) : round(box.right)
    ]
    return float(np.std(pixels.mean(axis=2))) if pixels.size else 0.0


def _once(found: Sequence[Thing]) -> tuple[Thing, ...]:
    """Each thing once: a tree may tell of a label and of the button that it stands on."""
    kept: list[Thing] = []
    for thing in found:
        twin = next(
            (
                at
                for at, other in enumerate(kept)
                if plain(other.name) == plain(thing.name)
                and (other.box.contains(thing.box.center) or thing.box.contains(other.box.center))
            ),
            None,
        )
        if twin is None:
            kept.append(thing)
        elif kept[twin].role == "label":  # the control is what is asked for
            kept[twin] = thing
    return tuple(kept)
