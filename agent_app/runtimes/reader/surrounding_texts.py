"""The texts around a place of a frame, by its pixels: what is clicked, a dialog's, an address."""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from PIL import Image

from agent_app.events import ShownText, WindowRef
from agent_app.geometry import FrameBox, FramePoint, FrameTransform, ScreenPoint, Size
from agent_app.model_runtime import ImagePart
from agent_app.runtimes.reader.seeing.ink import edges
from agent_app.runtimes.reader.seeing.ocr import Ocr
from agent_app.runtimes.reader.sight import Element
from agent_app.screen.frame import Frame

REACH = (180, 36)  # pixels around a click that are read: a wide button's half, and its caption
_UNDER = (10, 8)  # pixels by which a text may miss the click and still be what is clicked
_BESIDE = 150  # pixels to a text in the same row, where nothing stands under the click
_CAPTION = 34  # pixels from an icon's middle to the text below it
_SPOT = 14  # pixels around a click in which something is drawn, or nothing
_DIALOG = (640, 400)  # a dialog up to this size asks something, a larger one is a form
_ABOVE, _ASIDE, _BELOW = 300, 420, 60  # of an answer's button in a larger window
BAR = 130  # pixels of a browser's window in which its address stands
# What is read of Latin, Chinese and Japanese labels is above; what is made of Cyrillic, Greek,
# Hebrew, Arabic and Korean ones, or of icons, is below (each word of the shipped policy, in two
# sizes, light and dark).
_SURE = 0.9
_KEPT = 64  # parts of screens whose texts are remembered
_HOST = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://)?(?:[^\s/@]*@)?"
    r"(?P<host>localhost|\[[0-9a-f:]+\]|(?:[\w-]+\.)+[\w-]{2,})(?::\d+)?(?:[/?#]\S*)?",
    re.IGNORECASE,
)


def read_within(
    ocr: Ocr,
    frame: Frame,
    box: FrameBox,
    window: WindowRef | None,
    *,
    known: OrderedDict[bytes, tuple[Element, ...]] | None = None,
) -> tuple[Element, ...]:
    """The texts in a box of a frame, as far as it lies in the window; in reading order.

    What the same pixels at the same place said before is taken from `known`, and put there.
    """
    if window is not None:
        box = _common(box, frame.transform.region_to_box(window.region))
    box = _common(box, FrameBox(0, 0, frame.size.width, frame.size.height))
    left, top, right, bottom = (int(v) for v in (box.left, box.top, box.right, box.bottom))
    if right - left < 2 or bottom - top < 2:
        return ()
    pixels = np.ascontiguousarray(frame.pixels[top:bottom, left:right])
    name = hashlib.sha1(f"{left},{top},{pixels.shape}".encode() + pixels.tobytes()).digest()
    if known is not None and name in known:
        known.move_to_end(name)
        return known[name]
    image = Image.fromarray(pixels)
    size = Size(right - left, bottom - top)
    part = ImagePart(image, frame.sha1, FrameTransform(ScreenPoint(0, 0), 1.0, size))
    found = ocr.read_within(part, [FrameBox(0, 0, size.width, size.height)])
    placed = [replace(each, box=_moved(each.box, left, top)) for each in found]
    texts = tuple(sorted(placed, key=_reading_place))
    if known is not None:
        known[name] = texts
        while len(known) > _KEPT:
            known.popitem(last=False)
    return texts


def as_shown(read: Sequence[Element]) -> tuple[ShownText, ...]:
    return tuple(ShownText(each.text, each.box) for each in read)


def is_sure(read: Sequence[Element]) -> bool:
    """Whether any of it was read without doubt; letters of a script that is not known never are."""
    return any(each.confidence >= _SURE for each in read)


def _moved(box: FrameBox, right: float, down: float) -> FrameBox:
    return FrameBox(box.left + right, box.top + down, box.width, box.height)


def _reading_place(text: Element) -> tuple[int, float]:
    return round(text.box.center.y / 12), text.box.left


def own_texts(read: Sequence[Element], point: FramePoint) -> tuple[Element, ...]:
    """The texts that are clicked: under the click, else right beside or below it."""
    boxes = [(text, text.box) for text in read]
    under = tuple(text for text, box in boxes if _grown(box, *_UNDER).contains(point))
    if under:
        return under
    beside: list[tuple[float, Element]] = []
    for text, box in boxes:
        aside = max(box.left - point.x, point.x - box.right, 0.0)
        below = box.top - point.y
        if abs(box.center.y - point.y) <= 0.7 * box.height and aside <= _BESIDE:
            beside.append((aside, text))
        elif aside <= _UNDER[0] and 0 <= below <= _CAPTION:
            beside.append((below, text))
    return tuple(text for _, text in sorted(beside, key=lambda each: each[0])[:2])


def is_drawn(frame: Frame, point: FramePoint) -> bool:
    x, y = int(point.x), int(point.y)
    cut = frame.pixels[max(0, y - _SPOT) : y + _SPOT + 1, max(0, x - _SPOT) : x + _SPOT + 1]
    return cut.size > 0 and bool(edges(np.ascontiguousarray(cut)).any())


def dialog_box(
    frame: Frame, point: FramePoint | None, window: WindowRef | None, *, dialog: bool
) -> FrameBox | None:
    """What is read of a dialog: all of it if it is small, else what stands around its button."""
    if window is not None and dialog:
        box = frame.transform.region_to_box(window.region)
        if box.width <= _DIALOG[0] and box.height <= _DIALOG[1]:
            return box
    if point is None:
        return None
    height = _ABOVE + _BELOW
    return FrameBox(point.x - _ASIDE, point.y - _ABOVE, 2 * _ASIDE, height)


def address_bar(frame: Frame, window: WindowRef) -> FrameBox:
    box = frame.transform.region_to_box(window.region)
    return FrameBox(box.left, box.top, box.width, BAR)


def hosts_in(texts: Sequence[str]) -> tuple[str, ...]:
    """The hosts that these texts name, as addresses."""
    found = (
        _HOST.fullmatch(word.strip("()[]<>,;")) for text in texts for word in text.split()[:200]
    )
    hosts = (match["host"].casefold() for match in found if match is not None)
    return tuple(dict.fromkeys(hosts))


def box_around(point: FramePoint, across: float, down: float) -> FrameBox:
    return FrameBox(point.x - across, point.y - down, 2 * across, 2 * down)


def _grown(box: FrameBox, across: float, down: float) -> FrameBox:
    return FrameBox(
        box.left - across, box.top - down, box.width + 2 * across, box.height + 2 * down
    )


def _common(one: FrameBox, other: FrameBox) -> FrameBox:
    left, top = max(one.left, other.left), max(one.top, other.top)
    right, bottom = min(one.right, other.right), min(one.bottom, other.bottom)
    return FrameBox(left, top, max(0.0, right - left), max(0.0, bottom - top))
