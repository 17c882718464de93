"""What a target looked like and what was around it, so that it is found again, and only it.

An anchor is self-contained: small pictures and texts, never a whole frame. Boxes and points are in
pixels of the frame it was made from.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Literal

import cv2
import msgspec
import numpy as np
from PIL import Image

from agent_app.events import WindowRef
from agent_app.geometry import FrameBox, FramePoint, FrameTransform, Size
from agent_app.model_runtime import ImagePart
from agent_app.replaying.reading import (
    Thing,
    bounds_of,
    is_caption,
    same_row,
    says_something,
    separators,
    thing_at,
)
from agent_app.runtimes.reader.matching.likeness import folded
from agent_app.runtimes.reader.seeing.ink import Box, Mask, edges
from agent_app.runtimes.reader.sight import Element, Sight
from agent_app.screen.frame import Pixels, content_sha1

MOST_LANDMARKS = 16
LONGEST_TEXT = 500  # characters
MOST_SIDE = 640  # pixels of a picture: a row's text may be long, a surrounding is smaller
_ROW_LANDMARKS = 8
_ONE_WAY = 2  # landmarks kept of those in one of eight directions
_FEW = 8  # landmarks up to which more are kept of a direction
_BORDER = 2  # pixels of a window's edge: another theme draws it otherwise
_AROUND = (130, 70)  # pixels to each side of the point
_SIGHTS_KEPT = 4
_SURE = 0.9  # confidence of a lone sign that is to say which row this is

Relation = Literal["row", "caption", "beside", "near"]
IDENTITY: tuple[Relation, ...] = ("row", "caption")


class Drawing:
    """A small picture, (height, width, 3) RGB, named by its content."""

    def __init__(self, pixels: Pixels) -> None:
        self.pixels = np.array(pixels, order="C")
        self.pixels.flags.writeable = False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Drawing) and self.sha1 == other.sha1

    def __hash__(self) -> int:
        return hash(self.sha1)

    @cached_property
    def sha1(self) -> str:
        return content_sha1(self.pixels)

    @cached_property
    def edges(self) -> Mask:
        """Where its shapes are, whatever their colours."""
        return edges(self.pixels)

    @cached_property
    def grey(self) -> Pixels:
        return np.asarray(cv2.cvtColor(self.pixels, cv2.COLOR_RGB2GRAY), np.uint8)


class Picture(msgspec.Struct, frozen=True):
    """A piece of the recorded frame; `box` is in whole pixels."""

    box: FrameBox
    drawing: Drawing


class Landmark(msgspec.Struct, frozen=True):
    """A text around the target.

    One in its "row" says which row this is, and the "caption" below an icon which icon, so both
    must be there again; one "beside" it stands in another pane at the same height; the others are
    "near". A `distinct` one was there only once.
    """

    text: str
    relation: Relation
    distinct: bool
    picture: Picture


class AnchorWindow(msgspec.Struct, frozen=True):
    """The window that the target lay in."""

    title: str
    application: str
    popup: bool
    box: FrameBox


class Anchor(msgspec.Struct, frozen=True):
    """A target: where it was clicked, its picture and text, its surroundings and its window.

    `text` is what the element itself reads, in `text_box`; empty for icons and empty areas.
    `element` shows the element, or the place around the point where nothing was drawn (`empty`).
    """

    frame: Size
    point: FramePoint
    text: str
    text_box: FrameBox | None
    empty: bool
    element: Picture
    around: Picture
    landmarks: tuple[Landmark, ...]
    window: AnchorWindow | None


class AnchorMaker:
    """Makes anchors from recorded frames; `read` is asked once for each of the last few frames."""

    def __init__(self, read: Callable[[ImagePart], Sight]) -> None:
        self._read = read
        self._sights: OrderedDict[str, Sight] = OrderedDict()

    def make(
        self,
        image: Image.Image,
        transform: FrameTransform,
        point: FramePoint,
        *,
        windows: Sequence[WindowRef] = (),
    ) -> Anchor:
        """The anchor of a point of a frame; `windows` are those on it, the topmost first.

        Raises ValueError for a point outside the frame.
        """
        pixels: Pixels = np.asarray(image.convert("RGB"), np.uint8)
        size = Size(pixels.shape[1], pixels.shape[0])
        if not (0 <= point.x < size.width and 0 <= point.y < size.height):
            raise ValueError(f"({point.x:g}, {point.y:g}) is outside the frame")
        frame = Box(0, 0, size.width, size.height)
        boxes = [transform.region_to_box(window.region) for window in windows]
        own = next((i for i, box in enumerate(boxes) if box.contains(point)), None)
        bounds = frame if own is None else bounds_of(boxes[own]).within(frame)
        covers = boxes[:own] if own is not None else []
        elements = [
            element
            for element in self._sight(image, pixels, transform).elements
            if says_something(element.text)
            and _lies_in(element.box.center, bounds)
            and not any(_grown(cover).overlap(element.box) > 0 for cover in covers)
        ]
        edge = edges(pixels)
        inside = bounds.padded(-_BORDER, -_BORDER)
        within = inside if _lies_in(point, inside) else bounds
        thing = thing_at(edge, point, elements, within)
        x, y = _AROUND
        spot = Box(round(point.x) - x, round(point.y) - y, round(point.x) + x, round(point.y) + y)
        around = spot.joined(thing.box.padded(8, 8)).within(bounds)
        window = None
        if own is not None:
            ref = windows[own]
            window = AnchorWindow(
                ref.title[:LONGEST_TEXT], ref.application[:LONGEST_TEXT], ref.popup, boxes[own]
            )
        return Anchor(
            frame=size,
            point=point,
            text=thing.text.text[:LONGEST_TEXT] if thing.text else "",
            text_box=thing.text.box if thing.text else None,
            empty=thing.empty,
            element=_picture(pixels, thing.box, frame),
            around=_picture(pixels, around, frame),
            landmarks=_landmarks(pixels, edge, point, thing, elements, bounds),
            window=window,
        )

    def _sight(self, image: Image.Image, pixels: Pixels, transform: FrameTransform) -> Sight:
        sha1 = content_sha1(pixels)
        if sha1 not in self._sights:
            self._sights[sha1] = self._read(ImagePart(image.convert("RGB"), sha1, transform))
            while len(self._sights) > _SIGHTS_KEPT:
                self._sights.popitem(last=False)
        self._sights.move_to_end(sha1)
        return self._sights[sha1]


def _landmarks(
    pixels: Pixels,
    edge: Mask,
    point: FramePoint,
    thing: Thing,
    elements: Sequence[Element],
    bounds: Box,
) -> tuple[Landmark, ...]:
    """The texts that say which target it is, then the nearest ones of each direction."""
    frame = Box(0, 0, pixels.shape[1], pixels.shape[0])
    names = [folded(element.text) for element in elements]
    walls = separators(edge, bounds)
    chosen: list[Landmark] = []
    others: list[tuple[bool, float, Landmark]] = []
    for element, name in zip(elements, names, strict=True):
        box = element.box
        if element is thing.text or not any(character.isalnum() for character in element.text):
            continue
        if thing.text is not None and box.overlap(thing.text.box) > 0:
            continue
        left, right = sorted((box.center.x, point.x))
        divided = any(left < wall < right for wall in walls)
        relation: Relation = "near"
        if same_row(box, thing.text.box if thing.text else None, point):
            relation = "beside" if divided else "row"
        elif not thing.empty and thing.text is None and is_caption(box, thing.box):
            relation = "caption"
        if relation in IDENTITY and len(name) < 2 and element.confidence < _SURE:
            relation = "near"  # a part of an icon, rather
        distinct = names.count(name) == 1
        away = abs(box.center.x - point.x) + 2 * abs(box.center.y - point.y)
        landmark = Landmark(
            element.text[:LONGEST_TEXT],
            relation,
            distinct,
            _picture(pixels, bounds_of(box).padded(2, 2), frame),
        )
        others.append((relation not in IDENTITY, away if distinct else away + 400, landmark))
    taken: dict[tuple[int, int], int] = {}
    spare: list[Landmark] = []
    for other, _, landmark in sorted(others, key=lambda other: other[:2]):
        if not other and len(chosen) < _ROW_LANDMARKS:
            chosen.append(landmark)
            continue
        box = landmark.picture.box
        way = (_side(box.left, box.right, point.x), _side(box.top, box.bottom, point.y))
        if taken.get(way, 0) < _ONE_WAY and len(chosen) < MOST_LANDMARKS:
            taken[way] = taken.get(way, 0) + 1
            chosen.append(landmark)
        else:
            spare.append(landmark)
    return (*chosen, *spare[: max(0, _FEW - len(chosen))])


def _side(low: float, high: float, at: float) -> int:
    return -1 if high < at else 1 if low > at else 0


def _picture(pixels: Pixels, box: Box, frame: Box) -> Picture:
    left, top, right, bottom = box.within(frame)
    right, bottom = min(right, left + MOST_SIDE), min(bottom, top + MOST_SIDE)
    place = FrameBox(left, top, right - left, bottom - top)
    return Picture(place, Drawing(pixels[top:bottom, left:right]))


def _lies_in(point: FramePoint, box: Box) -> bool:
    return box.left <= point.x < box.right and box.top <= point.y < box.bottom


def _grown(box: FrameBox) -> FrameBox:
    """With its rim: a text cut off by another window ends there."""
    return FrameBox(box.left - 4, box.top - 4, box.width + 8, box.height + 8)
