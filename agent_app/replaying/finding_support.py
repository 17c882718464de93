"""How far what is read around a place agrees with what was read around the target."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from types import MappingProxyType

from rapidfuzz.distance import Prefix

from agent_app.geometry import FramePoint
from agent_app.replaying.anchor import IDENTITY, Anchor, Landmark, Relation
from agent_app.replaying.finding_live import Live
from agent_app.runtimes.reader.matching.likeness import Tier, contains, folded, likeness
from agent_app.runtimes.reader.sight import Element

_ENOUGH = 0.4  # least support for a place
_ENOUGH_IN_ROW = 0.2  # the same where its row says which of several it is
_MARGIN = 0.15  # by which the best of several must be ahead
_NEAR, _SLACK = 10.0, 0.15  # pixels, and share of the distance, that a landmark may be off
_DOTS = re.compile(r"(?:…|\.{2,})\s*$")
_CUT_LEAST = 8  # letters: “Save…” is no beginning of “Save As…”
_CUT_UNSAID = 20  # letters of a beginning that has no dots
_CARETS = "|[]Il1 "
_ALIGNED = 15.0  # pixels
_FAR = 40.0  # pixels from which a distance says how far a layout was stretched
_STRETCH = (0.5, 2.0)
_WEIGHTS: Mapping[Relation, float] = MappingProxyType(
    {"row": 2.0, "caption": 2.0, "near": 1.0, "beside": 0.5}
)


@dataclass(frozen=True, slots=True)
class Read:
    """A place found by reading; `support` 0..1; `conflict` says what is wrong with its row.

    `by_row` says that texts of the recorded row stand in this one.
    """

    point: FramePoint
    support: float
    by_row: bool = False
    conflict: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading led to: the place, or why there is none."""

    found: Read | None
    reason: str = ""
    candidates: tuple[FramePoint, ...] = ()


@dataclass(frozen=True, slots=True)
class _Pair:
    """A landmark and a text like it: how each lies to its point; what was is to today's scale."""

    landmark: Landmark
    number: int
    was: tuple[float, float]
    now: tuple[float, float]


def decided(anchor: Anchor, places: Sequence[Read], what: str) -> Reading:
    """The best place, when it is good enough and no other comes near it."""
    points = tuple(place.point for place in places)
    free = sorted((p for p in places if not p.conflict), key=lambda p: -p.support)
    if not free:
        wrong = next((place.conflict for place in places), "")
        return Reading(None, f"{what}: {wrong}", points)
    others_conflict = len(free) == 1 < len(places)
    least = _ENOUGH_IN_ROW if others_conflict and free[0].by_row else _ENOUGH
    if anchor.landmarks and free[0].support < least:
        return Reading(None, f"{what} is there, but not what was around it", points)
    near = [p for p in free if free[0].support - p.support < _MARGIN]
    if len(near) > 1:
        number = "two" if len(near) == 2 else str(len(near))
        return Reading(None, f"there are {number} {what}, and nothing tells them apart", points)
    return Reading(free[0])


def weighed(
    anchor: Anchor, live: Live, point: FramePoint, scale: float, own: Element | None
) -> Read:
    """A place with all that speaks for and against its being the target's."""
    pairs = _pairs(anchor, live, point, scale, own)
    stretch = _stretch(pairs)
    agreed = asked = 0.0
    used: set[int] = set()
    lost: list[Landmark] = []
    for landmark in anchor.landmarks:
        scores = [
            (_agreement(pair, scale, stretch), pair.number)
            for pair in pairs
            if pair.landmark is landmark
        ]
        best, number = max(scores, default=(0.0, -1))
        if best > 0:
            used.add(number)
        elif landmark.relation in IDENTITY or _is_elsewhere(anchor, landmark, pairs):
            lost.append(landmark)
        weight = _WEIGHTS[landmark.relation]
        agreed, asked = agreed + weight * best, asked + weight
    support = agreed / asked if asked else 0.0
    by_row = any(each.relation in IDENTITY for each in anchor.landmarks) and not lost
    return Read(point, support, by_row, _conflict(lost, anchor, live, point, scale, used, own))


def reads_same(wanted: str, seen: str) -> Tier:
    """How alike two texts are; `Tier.PART` when they are not."""
    alike = likeness(wanted, seen)
    if alike is not None:
        return alike.tier
    return Tier.FUZZY if _is_cut_short(wanted, seen) else Tier.PART


def _is_cut_short(one: str, other: str) -> bool:
    """Whether one is the other's beginning and says by dots that it goes on, or is a long one.

    A field cuts its text without a word, and through a letter.
    """
    short, long = sorted((folded(_DOTS.sub("", one)), folded(_DOTS.sub("", other))), key=len)
    if _DOTS.search(one) or _DOTS.search(other):
        return len(short) >= _CUT_LEAST and long.startswith(short)
    same = Prefix.similarity(short, long)
    return same >= max(_CUT_UNSAID, len(short) - 2, len(long) / 2)


def quoted(text: str) -> str:
    """A text from the screen, in a sentence for a person."""
    return f"“{text if len(text) <= 40 else text[:39] + '…'}”"


def scale_of(anchor: Anchor, live: Live, own: Element | None) -> float:
    """How much larger everything is than it was, by the heights of the texts that are there."""
    ratios = [
        element.box.height / max(1.0, landmark.picture.box.height - 4)
        for landmark in anchor.landmarks
        for element in live.texts
        if element.source == "ocr" and reads_same(landmark.text, element.text) <= Tier.CASE
    ]
    if not ratios and own is not None and own.source == "ocr" and anchor.text_box is not None:
        ratios = [own.box.height / anchor.text_box.height]
    ratio = median(ratios) if ratios else 1.0
    return 1.0 if 0.85 <= ratio <= 1.18 else min(3.0, max(1 / 3, ratio))


def _pairs(
    anchor: Anchor, live: Live, point: FramePoint, scale: float, own: Element | None
) -> list[_Pair]:
    pairs: list[_Pair] = []
    for landmark in anchor.landmarks:
        middle = landmark.picture.box.center
        was = (scale * (middle.x - anchor.point.x), scale * (middle.y - anchor.point.y))
        for number, element in enumerate(live.texts):
            if element is own or not _reads(landmark.text, element.text):
                continue
            center = element.box.center
            pairs.append(_Pair(landmark, number, was, (center.x - point.x, center.y - point.y)))
    return pairs


def _stretch(pairs: Sequence[_Pair]) -> tuple[float, float]:
    """How far the layout was stretched across and down; 1 where too little tells."""
    factors: list[float] = []
    for axis in (0, 1):
        ratios = [pair.now[axis] / pair.was[axis] for pair in pairs if abs(pair.was[axis]) >= _FAR]
        ratios = [ratio for ratio in ratios if _STRETCH[0] <= ratio <= _STRETCH[1]]
        factors.append(median(ratios) if len(ratios) >= 3 else 1.0)
    return factors[0], factors[1]


def _agreement(pair: _Pair, scale: float, stretch: tuple[float, float]) -> float:
    """How well a text stands to a place as a landmark stood to the target, 0..1."""
    (was_x, was_y), (is_x, is_y) = pair.was, pair.now
    off = math.hypot(is_x - was_x, is_y - was_y)
    near = off <= _NEAR + _SLACK * math.hypot(was_x, was_y)
    same_side = was_x * is_x >= 0 or abs(was_x - is_x) <= _ALIGNED
    if pair.landmark.relation in ("row", "beside"):
        height = max(8.0, pair.landmark.picture.box.height * scale)
        level = abs(is_y - was_y) <= max(5.0, 0.6 * height)
        if not (level and same_side):
            return 0.0
        return 1.0 if near else 0.7
    if near or pair.landmark.relation == "caption":
        return float(near)
    same_height = was_y * is_y >= 0 or abs(was_y - is_y) <= _ALIGNED
    if not (same_side and same_height):
        return 0.0
    stretched = (was_x * stretch[0], was_y * stretch[1])
    off = math.hypot(is_x - stretched[0], is_y - stretched[1])
    if off <= _NEAR + _SLACK / 2 * math.hypot(*stretched):
        return 0.8
    aligned = abs(is_x - was_x) <= _ALIGNED or abs(is_y - was_y) <= _ALIGNED
    return 0.6 if aligned else 0.3


def _is_elsewhere(anchor: Anchor, landmark: Landmark, pairs: Sequence[_Pair]) -> bool:
    """Whether the name of a table's row, which says what a cell is, stands at another height."""
    if anchor.text or landmark.relation != "beside" or not landmark.distinct:
        return False
    return sum(pair.landmark is landmark for pair in pairs) == 1


def _conflict(
    lost: Sequence[Landmark],
    anchor: Anchor,
    live: Live,
    point: FramePoint,
    scale: float,
    used: set[int],
    own: Element | None,
) -> str:
    """What is read where a text that says which target it is should be; empty if all agree."""
    if not lost:
        return ""
    height = (anchor.text_box.height if anchor.text_box else 14.0) * scale
    room = live.room(point)
    others = [
        element.text
        for number, element in enumerate(live.texts)
        if number not in used
        and element is not own
        and abs(element.box.center.y - point.y) <= max(5.0, 0.5 * height)
        and room.left <= element.box.center.x <= room.right
    ]
    wanted = ", ".join(quoted(landmark.text) for landmark in lost)
    if lost[0].relation == "caption":
        return f"below it does not stand {wanted}"
    if others:
        return f"the row reads {', '.join(map(quoted, others[:3]))} and not {wanted}"
    return f"{wanted} is not in the row"


def _reads(wanted: str, seen: str) -> bool:
    """Whether a text says what a landmark said, perhaps with others beside it."""
    if reads_same(wanted, seen) < Tier.PART or (len(wanted) >= 4 and contains(wanted, seen)):
        return True
    plain = wanted.strip(_CARETS)  # a caret beside a word is read as a sign of it
    return len(plain) >= 2 and reads_same(plain, seen.strip(_CARETS)) <= Tier.CASE
