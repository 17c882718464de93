"""The texts of an effect: what was newly to be read after a step, and whether it is so again.

A smaller window cuts a text or wraps it, and that says nothing about the step.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image
from rapidfuzz import fuzz

from agent_app.geometry import FrameBox, FramePoint, FrameTransform, ScreenPoint, Size
from agent_app.model_runtime import ImagePart
from agent_app.replaying.reading import says_something
from agent_app.runtimes.reader.matching.likeness import (
    Tier,
    caseless,
    folded,
    likeness,
)
from agent_app.runtimes.reader.sight import Sight
from agent_app.screen.frame import Pixels, content_sha1

Read = Callable[[ImagePart], Sight]

SURE = 0.75  # confidence of a text that decides something
_MARGIN = 12  # pixels around what changed, so that letters are read whole
_EDGE = 4  # pixels: a text so near to the edge of what is read may go on behind it
_ENOUGH = 0.6  # of the texts that appeared: lists and dates differ from day to day
_MOST_TEXTS = 12
_LEAST_CUT = 4  # letters that the beginning of a text must have, to be taken for it
_LEAST_PART = 3  # letters of a text that is looked for within another
_ALIKE = 85  # of 100: two texts that are read with a letter or two wrong
_CLOCK = re.compile(r"\b\d{1,2}[:.h]\d{2}\b")
_SPACES = re.compile(r"[\s_]+")
_DIGITS = re.compile(r"\d+")
_CUT = re.compile(r"[\s.…:]+$")


@dataclass(frozen=True, slots=True)
class Line:
    """A text and where it stands, in pixels of the frame."""

    text: str
    box: FrameBox


def new_lines(before: Sequence[Line], after: Sequence[Line]) -> tuple[Line, ...]:
    """What can be read now and could not before, without clocks and single signs."""
    found: dict[str, Line] = {}
    there = texts_of(before)
    for line in after:
        tells = says_something(line.text) and any(each.isalnum() for each in line.text)
        known = any(is_read(line.text, each) or _holds(each, line.text) for each in there)
        if tells and not known and not _CLOCK.search(line.text):
            found.setdefault(line.text, line)
    return tuple(found.values())[:_MOST_TEXTS]


def texts_of(lines: Sequence[Line]) -> list[str]:
    """The texts, and those that stand beside one another as one: they are divided at times."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.box.center.y):
        last = rows[-1][-1].box if rows else None
        if last is not None and line.box.center.y - last.center.y <= last.height / 2:
            rows[-1].append(line)
        else:
            rows.append([line])
    joined = [
        " ".join(line.text for line in sorted(row, key=lambda line: line.box.left))
        for row in rows
        if len(row) > 1
    ]
    return [*(line.text for line in lines), *joined]


def missing_text(wanted: Sequence[str], shown: Sequence[str], typed: Sequence[str] = ()) -> str:
    """The first wanted text, when too few of them are shown; empty when enough are.

    What was `typed` is asked for by `untyped_text`, and counts as shown here.
    """
    missing = [
        text
        for text in wanted
        if not _is_of(text, typed) and not any(is_shown(text, each) for each in shown)
    ]
    enough = len(wanted) - len(missing) >= _ENOUGH * len(wanted)
    return "" if enough else missing[0]


def untyped_text(wanted: Sequence[str], shown: Sequence[str], typed: Sequence[str]) -> str:
    """The first wanted text that was typed, when too little of what was typed is shown.

    It is read in pieces, or together with what stands beside it, so that letters are counted.
    """
    own = [text for text in wanted if _is_of(text, typed)]
    there = {text for text in shown if _is_of(text, typed)}
    return own[0] if _letters(there) < _ENOUGH * _letters(own) else ""


def is_read(wanted: str, shown: str) -> bool:
    """Whether a text is the wanted one, as far as reading can tell; digits must be the same."""
    found = likeness(wanted, shown)
    return found is not None and found.tier <= Tier.PART


def is_shown(wanted: str, shown: str) -> bool:
    """Whether a text is the wanted one, holds it, or is as much of it as there was room for."""
    if is_read(wanted, shown) or _holds(shown, wanted):
        return True
    part, whole = _CUT.sub("", caseless(shown)), caseless(wanted)
    letters = sum(character.isalnum() for character in part)
    if letters < _LEAST_CUT or len(part) > len(whole):
        return False
    start = whole[: len(part)]
    same_digits = _DIGITS.findall(start) == _DIGITS.findall(part)
    is_start = same_digits and fuzz.ratio(start, part) >= _ALIKE
    return is_start or _holds(wanted, _CUT.sub("", shown))


def _holds(whole: str, part: str) -> bool:
    """Whether a text holds another, spaces and case ignored; no number is a part of a number."""
    whole, part = (_SPACES.sub("", caseless(text)) for text in (whole, part))
    if sum(character.isalnum() for character in part) < _LEAST_PART:
        return False
    at = whole.find(part)
    if at < 0:
        return False
    before, after = whole[at - 1 : at] if at else "", whole[at + len(part) :][:1]
    cut_before = before.isdigit() and part[0].isdigit()
    return not (cut_before or (after.isdigit() and part[-1].isdigit()))


def is_part(text: str, title: str) -> bool:
    """Whether a text is a piece of a window's title."""
    part, whole = folded(text), folded(title)
    is_long = _LEAST_PART <= len(part) <= len(whole)
    return is_long and fuzz.partial_ratio(part, whole) >= _ALIKE


def shares(text: str, typed: str) -> bool:
    """Whether a text that is shown holds a part of one that was typed, or is a part of it."""
    return bool(typed.strip()) and fuzz.partial_ratio(text, typed) >= 80


def _is_of(text: str, typed: Sequence[str]) -> bool:
    return any(shares(text, each) for each in typed)


def _letters(texts: Iterable[str]) -> int:
    return sum(len(folded(text)) for text in texts)


def read_boxes(
    pixels: Pixels,
    boxes: Sequence[FrameBox],
    read: Read,
    *,
    sure: float = 0.0,
    whole: bool = False,
    without: Sequence[FrameBox] = (),
) -> tuple[Line, ...]:
    """The texts in some parts of a frame; parts that are close together are read as one.

    Those below the confidence `sure` are left out, and those in the middle of `without`; with
    `whole` also those that the edge of a part may have cut.
    """
    lines: list[Line] = []
    height, width = pixels.shape[:2]
    for box in _joined([padded(box, _MARGIN) for box in boxes]):
        left, top = max(0, int(box.left)), max(0, int(box.top))
        right, bottom = min(width, round(box.right)), min(height, round(box.bottom))
        cut = np.ascontiguousarray(pixels[top:bottom, left:right])
        if cut.size == 0:
            continue
        size = Size(right - left, bottom - top)
        transform = FrameTransform(ScreenPoint(0, 0), 1.0, size)
        part = ImagePart(Image.fromarray(cut), content_sha1(cut), transform)
        for each in read(part).elements:
            middle = each.box.center
            at = FramePoint(left + middle.x, top + middle.y)
            hidden = any(box.contains(at) for box in without)
            cut_off = whole and _touches(each.box, cut.shape, (left, top, right, bottom), pixels)
            if each.confidence >= sure and each.text.strip() and not (hidden or cut_off):
                place = FrameBox(
                    left + each.box.left, top + each.box.top, each.box.width, each.box.height
                )
                lines.append(Line(each.text, place))
    return tuple(lines)


def padded(box: FrameBox, by: float) -> FrameBox:
    """A box with a margin on every side."""
    return FrameBox(box.left - by, box.top - by, box.width + 2 * by, box.height + 2 * by)


def _touches(
    box: FrameBox, cut: Sequence[int], place: tuple[int, int, int, int], pixels: Pixels
) -> bool:
    """Whether a box in a cut reaches an edge of it that is not the frame's own."""
    height, width = pixels.shape[:2]
    left, top, right, bottom = place
    return (
        (left > 0 and box.left < _EDGE)
        or (top > 0 and box.top < _EDGE)
        or (right < width and box.right > cut[1] - _EDGE)
        or (bottom < height and box.bottom > cut[0] - _EDGE)
    )


def _joined(boxes: Sequence[FrameBox]) -> list[FrameBox]:
    """Boxes that overlap, as one."""
    rest = list(boxes)
    joined: list[FrameBox] = []
    while rest:
        box = rest.pop()
        near = [each for each in rest if box.overlap(each) > 0]
        if near:
            rest = [each for each in rest if each not in near]
            rest.append(_around([box, *near]))
        else:
            joined.append(box)
    return sorted(joined, key=lambda box: (box.top, box.left))


def _around(boxes: Sequence[FrameBox]) -> FrameBox:
    left, top = min(box.left for box in boxes), min(box.top for box in boxes)
    right, bottom = max(box.right for box in boxes), max(box.bottom for box in boxes)
    return FrameBox(left, top, right - left, bottom - top)
