"""Finding a target by its own text, or by the landmarks alone where it has none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from agent_app.geometry import FrameBox, FramePoint
from agent_app.replaying.anchor import Anchor, Drawing, Landmark
from agent_app.replaying.finding_empty import nearer
from agent_app.replaying.finding_live import Live
from agent_app.replaying.finding_pictures import Candidate, shifts_of_landmarks
from agent_app.replaying.finding_support import (
    Read,
    Reading,
    decided,
    quoted,
    reads_same,
    scale_of,
    weighed,
)
from agent_app.replaying.reading import bounds_of
from agent_app.replaying.verifying import color_shift
from agent_app.runtimes.reader.matching.likeness import Tier
from agent_app.runtimes.reader.seeing.ink import Box, edges
from agent_app.runtimes.reader.sight import Element
from agent_app.screen.frame import Pixels

_SAME_WIDTH = (0.9, 1.12)  # of the same text, at today's scale
_MIDDLE = (0.25, 0.75)  # of its width
_AGREE = 8.0  # pixels between the places that two landmarks point to
_SEARCH = 20  # pixels around such a place where the element may lie
_LOOKS_LIKE = 0.55  # least correlation of the shapes there
_CELL = 8  # pixels: no two cells of a grid lie nearer
_AHEAD = 0.15  # by which the best place must correlate better than the next one
_FIT = 0.6  # least share of the landmarks that one stretched layout must explain
_FIT_OFF = 12.0  # pixels
_FIT_FAR = 40.0  # pixels between two landmarks whose distance tells the stretch
_OTHER_COLOR = 40.0  # of 255
_SAME_COLOR = 20.0
_TOUCHED = 10  # pixels around the point that must look the same
_HALF = 0.4  # of an edge that was drawn in another size
_STRAY = 0.35  # share of the edges there that may lie elsewhere


def by_text(anchor: Anchor, live: Live) -> Reading | None:
    """The place whose text is the target's own and around which the landmarks are as they were.

    None when there is no such text.
    """
    assert anchor.text_box is not None
    least = Tier.EXACT if len(anchor.text) < 2 else Tier.FUZZY
    tiers = [reads_same(anchor.text, element.text) for element in live.texts]
    best = min(tiers, default=Tier.PART)
    if best > least:
        return None
    # what is read as it was goes before what only resembles it
    most = Tier.CASE if best <= Tier.CASE else least
    places: list[Read] = []
    for element, tier in zip(live.texts, tiers, strict=True):
        if tier > most:
            continue
        scale = scale_of(anchor, live, element)
        point = _point_in(anchor, anchor.text_box, element, scale)
        if live.may_lie_at(point) and _is_sure_in(anchor, anchor.text_box, element, scale):
            places.append(weighed(anchor, live, point, scale, element))
    if not places:
        return Reading(
            None, f"{quoted(anchor.text)} is covered, cut off, or read with what is beside"
        )
    return decided(anchor, places, quoted(anchor.text))


def by_landmarks(anchor: Anchor, live: Live, shown: Sequence[Candidate]) -> Reading:
    """The place that the landmarks tell to be the target's.

    It is one that shows the target's picture (`shown`) or, where its text does not say what it is,
    one that several landmarks point to and that looks like the target.
    """
    scale = scale_of(anchor, live, None)
    places = [weighed(anchor, live, candidate.point, scale, None) for candidate in shown]
    if not anchor.text:
        places += _pointed_to(anchor, live, scale)
    if not places:
        return Reading(None, "what was around the target is not to be seen, or not as it was")
    return decided(anchor, _apart(anchor, live, places), "places like the target's")


def _pointed_to(anchor: Anchor, live: Live, scale: float) -> list[Read]:
    """The places that several landmarks point to and that look like the target."""
    seen = _seen(anchor, live)
    pointed = [_pointed(anchor, landmark, element, scale) for landmark, element in seen]
    least = min(2, len(anchor.landmarks))
    middles = [
        FramePoint(median(p.x for p in group), median(p.y for p in group))
        for group in _groups(pointed)
        if len(group) >= least
    ]
    if (fitted := _fitted(anchor, seen)) is not None:
        middles.append(fitted)
    if anchor.empty:  # what is selected or cut is not read, but seen
        at = anchor.point
        middles += [
            FramePoint(at.x + dx, at.y + dy) for dx, dy in shifts_of_landmarks(anchor, live)
        ]
    places: list[Read] = []
    for middle in middles:
        point = _looks_like(anchor, live, middle, scale, seen)
        if point is None and anchor.empty:
            point = nearer(anchor, live, middle)
        if point is not None and live.may_lie_at(point):
            places.append(weighed(anchor, live, point, scale, None))
    return places


def _point_in(anchor: Anchor, was: FrameBox, element: Element, scale: float) -> FramePoint:
    """The point that lies to the live element as the target's lay to its text."""
    now = element.box
    if element.source == "accessibility" and now.height > 1.6 * scale * was.height:
        if was.contains(anchor.point):
            return now.center
        middle, old = now.center, was.center
        return FramePoint(
            middle.x + scale * (anchor.point.x - old.x), middle.y + scale * (anchor.point.y - old.y)
        )
    return FramePoint(
        _along(anchor.point.x, (was.left, was.right), (now.left, now.right), scale),
        _along(anchor.point.y, (was.top, was.bottom), (now.top, now.bottom), scale),
    )


def _is_sure_in(anchor: Anchor, was: FrameBox, element: Element, scale: float) -> bool:
    """Whether the place within the text is known.

    Where the same text takes up another width, one of the two was read with what stands beside it,
    an icon or a border, and the place is sure only around the middle.
    """
    if element.source != "ocr":
        return True
    wider = element.box.width / (scale * was.width)
    at = (anchor.point.x - was.left) / was.width
    return _SAME_WIDTH[0] <= wider <= _SAME_WIDTH[1] or _MIDDLE[0] <= at <= _MIDDLE[1]


def _along(at: float, was: tuple[float, float], now: tuple[float, float], scale: float) -> float:
    if at < was[0]:
        return now[0] - scale * (was[0] - at)
    if at > was[1]:
        return now[1] + scale * (at - was[1])
    return now[0] + (at - was[0]) / max(1.0, was[1] - was[0]) * (now[1] - now[0])


def _seen(anchor: Anchor, live: Live) -> list[tuple[Landmark, Element]]:
    """The landmarks that are to be seen, each with its text; not those seen all over."""
    pairs: list[tuple[Landmark, Element]] = []
    for landmark in anchor.landmarks:
        same = [e for e in live.texts if reads_same(landmark.text, e.text) <= Tier.CONFUSED]
        if len(same) == 1 or (len(same) == 2 and landmark.distinct):
            pairs += [(landmark, element) for element in same]
    return pairs


def _pointed(anchor: Anchor, landmark: Landmark, element: Element, scale: float) -> FramePoint:
    """Where a landmark says that the target is."""
    was, now = landmark.picture.box.center, element.box.center
    return FramePoint(
        now.x + scale * (anchor.point.x - was.x), now.y + scale * (anchor.point.y - was.y)
    )


def _fitted(anchor: Anchor, seen: Sequence[tuple[Landmark, Element]]) -> FramePoint | None:
    """Where the target is if the whole layout was stretched, by most of at least four landmarks."""
    if len(seen) < 4:
        return None
    then = [landmark.picture.box.center for landmark, _ in seen]
    now = [element.box.center for _, element in seen]
    across = _line([(a.x, b.x) for a, b in zip(then, now, strict=True)])
    down = _line([(a.y, b.y) for a, b in zip(then, now, strict=True)])
    explained = sum(
        abs(across[0] * a.x + across[1] - b.x) <= _FIT_OFF
        and abs(down[0] * a.y + down[1] - b.y) <= _FIT_OFF
        for a, b in zip(then, now, strict=True)
    )
    if explained < max(4, _FIT * len(seen)):
        return None
    return FramePoint(across[0] * anchor.point.x + across[1], down[0] * anchor.point.y + down[1])


def _line(pairs: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Slope and intercept through pairs of numbers, by medians (Theil and Sen's estimator)."""
    slopes = [
        (other[1] - one[1]) / (other[0] - one[0])
        for index, one in enumerate(pairs)
        for other in pairs[index + 1 :]
        if abs(other[0] - one[0]) >= _FIT_FAR
    ]
    slope = median(slopes) if slopes else 1.0
    return slope, median(now - slope * then for then, now in pairs)


def _looks_like(
    anchor: Anchor,
    live: Live,
    middle: FramePoint,
    scale: float,
    seen: Sequence[tuple[Landmark, Element]],
) -> FramePoint | None:
    """The place near a point where the element's shapes are; the point itself in an empty area."""
    place = middle if anchor.empty else _shapes_near(anchor, live, middle, scale)
    if place is None:
        return None
    box, at = anchor.element.box, anchor.point
    then = _around(at.x - box.left, at.y - box.top, _TOUCHED, anchor.element.drawing.pixels)
    now = _around(place.x, place.y, max(4, round(_TOUCHED * scale)), live.pixels)
    if now.size == 0 or (anchor.empty and not _is_as_empty(then, now)):
        return None
    return None if _is_recolored(now, Drawing(then), live, seen) else place


def _is_as_empty(then: Pixels, now: Pixels) -> bool:
    """Whether nothing is drawn at a place, or only the line that was: the groove of a slider."""
    was, here = edges(then), edges(now)
    if not here.any():
        return True
    middle = FramePoint(_TOUCHED, _TOUCHED)
    same_size = was.shape == here.shape and bool(was.any())
    return same_size and not _differs_at(middle, was.astype(np.float32), here.astype(np.float32))


def _shapes_near(anchor: Anchor, live: Live, middle: FramePoint, scale: float) -> FramePoint | None:
    """Where around a point the element's edges correlate best, if they do."""
    shape = anchor.element.drawing.edges.astype(np.float32)
    if scale != 1.0:
        small = cv2.resize(shape, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        shape = np.asarray(small, np.float32)
    height, width = shape.shape
    box = anchor.element.box
    left = round(middle.x - scale * (anchor.point.x - box.left))
    top = round(middle.y - scale * (anchor.point.y - box.top))
    view = Box(left - _SEARCH, top - _SEARCH, left + width + _SEARCH, top + height + _SEARCH)
    view = view.within(live.frame_box)
    if view.width < width or view.height < height:
        return None
    here = edges(live.pixels[view.top : view.bottom, view.left : view.right]).astype(np.float32)
    soft = cv2.GaussianBlur(here, (5, 5), 0)
    scores = cv2.matchTemplate(soft, cv2.GaussianBlur(shape, (5, 5), 0), cv2.TM_CCOEFF_NORMED)
    np.nan_to_num(scores, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    _, best, _, (x, y) = cv2.minMaxLoc(scores)
    if _is_repeated(scores, x, y, best, (left - view.left, top - view.top)):
        return None
    inner = FramePoint(scale * (anchor.point.x - box.left), scale * (anchor.point.y - box.top))
    if best < _LOOKS_LIKE or _differs_at(inner, shape, here[y : y + height, x : x + width]):
        return None
    return FramePoint(view.left + x + inner.x, view.top + y + inner.y)


def _is_repeated(
    scores: NDArray[Any], x: int, y: int, best: float, wanted: tuple[int, int]
) -> bool:
    """Whether the same shapes lie nearby again, as in a grid, and the best is not where it should.

    A landmark is some pixels off at times, and the next cell may then be nearer.
    """
    others = scores.copy()
    others[max(0, y - _CELL) : y + _CELL + 1, max(0, x - _CELL) : x + _CELL + 1] = 0.0
    if cv2.minMaxLoc(others)[1] < best - _AHEAD:
        return False
    return max(abs(x - wanted[0]), abs(y - wanted[1])) > _CELL / 2


def _differs_at(point: FramePoint, was: NDArray[np.float32], now: NDArray[np.float32]) -> bool:
    """Whether right at the point clicked other shapes are drawn: a part of it may be covered."""
    one = (_around(point.x, point.y, _TOUCHED, was) > _HALF).astype(np.uint8)
    other = (_around(point.x, point.y, _TOUCHED, now) > _HALF).astype(np.uint8)
    spread = np.ones((5, 5), np.uint8)
    lost = cv2.subtract(one, cv2.dilate(other, spread))
    new = cv2.subtract(other, cv2.dilate(one, spread))
    stray = int(np.count_nonzero(cv2.max(lost, new)))
    return stray > _STRAY * max(_TOUCHED, int(np.count_nonzero(cv2.max(one, other))))


def _is_recolored(
    piece: Pixels, drawing: Drawing, live: Live, seen: Sequence[tuple[Landmark, Element]]
) -> bool:
    """Whether a place has another colour than it had, and nothing around it has.

    A theme changes all colours; where those around the landmarks are as they were and this one is
    not, something else lies here.
    """
    if color_shift(piece, drawing) <= _OTHER_COLOR:
        return False
    shifts: list[float] = []
    for landmark, element in seen:
        around = bounds_of(element.box).padded(2, 2).within(live.frame_box)
        part = live.pixels[around.top : around.bottom, around.left : around.right]
        shifts.append(color_shift(part, landmark.picture.drawing))
    return not shifts or median(shifts) <= _SAME_COLOR


def _around(x: float, y: float, reach: int, picture: NDArray[Any]) -> NDArray[Any]:
    """The part of a picture within so many pixels of a place."""
    rows = slice(max(0, round(y) - reach), round(y) + reach + 1)
    return picture[rows, max(0, round(x) - reach) : round(x) + reach + 1]


def _groups(points: Sequence[FramePoint]) -> list[list[FramePoint]]:
    """Points that lie together, the largest groups first."""
    groups: list[list[FramePoint]] = []
    for point in points:
        for group in groups:
            if math.dist((point.x, point.y), (group[0].x, group[0].y)) <= _AGREE:
                group.append(point)
                break
        else:
            groups.append([point])
    return sorted(groups, key=len, reverse=True)


def _apart(anchor: Anchor, live: Live, places: Sequence[Read]) -> list[Read]:
    """One of those at the same place, or in the same empty area: the best."""
    kept: list[Read] = []
    for place in sorted(places, key=lambda place: -place.support):
        at = place.point
        if not any(
            math.dist((at.x, at.y), (other.point.x, other.point.y)) <= _AGREE
            or (anchor.empty and _is_clear(live, at, other.point))
            for other in kept
        ):
            kept.append(place)
    return kept


def _is_clear(live: Live, one: FramePoint, other: FramePoint) -> bool:
    """Whether nothing is drawn between two places: they lie in one area."""
    ends = FrameBox(
        min(one.x, other.x), min(one.y, other.y), abs(one.x - other.x), abs(one.y - other.y)
    )
    view = bounds_of(ends).padded(2, 2).within(live.frame_box)
    here = edges(live.pixels[view.top : view.bottom, view.left : view.right])
    way = np.zeros(here.shape, np.uint8)
    start = (round(one.x) - view.left, round(one.y) - view.top)
    cv2.line(way, start, (round(other.x) - view.left, round(other.y) - view.top), 1)
    return not bool(here[way > 0].any())
