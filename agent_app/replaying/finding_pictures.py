"""Finding a target by pixels alone: in its place, or wherever its picture is now."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from agent_app.geometry import FramePoint
from agent_app.replaying.anchor import IDENTITY, Anchor, Landmark
from agent_app.replaying.finding_live import Live
from agent_app.replaying.verifying import color_shift, is_alike, peaks, share_alike, shows
from agent_app.runtimes.reader.seeing.ink import Box
from agent_app.screen.frame import Pixels

_FIRST_LOOK = 0.8  # least correlation of a place that is worth verifying
_SURE = 0.6  # least support for the recorded place
_ENOUGH = 0.4  # least support for another one, if it is the only one
_MARGIN = 0.2  # by which the best of several must be ahead
_FEW_TILES = 4  # drawn tiles around that say something
_ROW_SLACK = 2
_OTHER_COLOR = 60.0  # of 255: an icon or a swatch of another colour is another one


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that shows the element in the right row; `support` is what else agrees, 0..1."""

    point: FramePoint
    support: float


def at_recorded_place(anchor: Anchor, live: Live) -> Candidate | None:
    """The recorded place, when the element and what was around it are there as they were."""
    height, width = live.pixels.shape[:2]
    if (anchor.frame.width, anchor.frame.height) != (width, height):
        return None
    found = _verified(anchor, live, 0, 0, elsewhere=False)
    return found if found is not None and found.support >= _SURE else None


def in_moved_window(anchor: Anchor, live: Live) -> Candidate | None:
    """The same place in the same window, should that have moved and kept its size."""
    allowed = [window for window in live.windows if window.allowed]
    if anchor.window is None or not live.restricted or len(allowed) != 1:
        return None
    was, now = anchor.window.box, allowed[0].box
    if (was.width, was.height) != (now.width, now.height):
        return None
    dx, dy = round(now.left - was.left), round(now.top - was.top)
    found = _verified(anchor, live, dx, dy, elsewhere=False)
    return found if found is not None and found.support >= _SURE else None


def by_picture(anchor: Anchor, live: Live) -> tuple[Candidate | None, tuple[Candidate, ...]]:
    """The one place that shows the element in its surroundings, and all that show the element."""
    shifts = shifts_of_landmarks(anchor, live) if anchor.empty else _shifts_of_element(anchor, live)
    found = [_verified(anchor, live, dx, dy, elsewhere=True) for dx, dy in shifts]
    places = sorted((c for c in found if c is not None), key=lambda c: -c.support)
    if not places or places[0].support < _ENOUGH:
        return None, tuple(places)
    if len(places) > 1 and places[0].support - places[1].support < _MARGIN:
        return None, tuple(places)
    return places[0], tuple(places)


def _shifts_of_element(anchor: Anchor, live: Live) -> list[tuple[int, int]]:
    """How far the element's picture may have moved."""
    box = anchor.element.box
    shifts: dict[tuple[int, int], None] = {}
    for room in live.rooms():
        for peak in peaks(_cut(live, room), anchor.element.drawing, least=_FIRST_LOOK):
            place = (room.left + peak.left - int(box.left), room.top + peak.top - int(box.top))
            shifts[place] = None
    return list(shifts)


def shifts_of_landmarks(anchor: Anchor, live: Live) -> list[tuple[int, int]]:
    """How far several landmarks have moved together."""
    votes: Counter[tuple[int, int]] = Counter()
    landmarks = sorted(anchor.landmarks, key=lambda landmark: not landmark.distinct)[:6]
    for landmark in landmarks:
        box = landmark.picture.box
        for room in live.rooms():
            for peak in peaks(_cut(live, room), landmark.picture.drawing, least=0.95)[:4]:
                votes[
                    room.left + peak.left - int(box.left), room.top + peak.top - int(box.top)
                ] += 1
    return [shift for shift, count in votes.most_common(4) if count >= min(2, len(landmarks))]


def _verified(anchor: Anchor, live: Live, dx: int, dy: int, *, elsewhere: bool) -> Candidate | None:
    """What speaks for the target's having moved so far; None when something speaks against it.

    Looked for `elsewhere`, the rest of a row may have moved along it, as in a wider window.
    """
    point = FramePoint(anchor.point.x + dx, anchor.point.y + dy)
    if not live.may_lie_at(point) or not shows(live.pixels, anchor.element, dx, dy):
        return None
    if not anchor.text and not anchor.empty and _colored(anchor, live, dx, dy):
        return None
    room = live.room(point)
    agreed = asked = 0.0
    for landmark in anchor.landmarks:
        there = shows(live.pixels, landmark.picture, dx, dy)
        if landmark.relation in IDENTITY:
            along = elsewhere and landmark.relation == "row"
            if not there and not (along and _in_row(landmark, anchor, live, room, dx, dy)):
                return None
            agreed, asked = agreed + 1, asked + 1
        else:
            weight = 0.5 if landmark.relation == "beside" else 1.0
            agreed, asked = agreed + weight * there, asked + weight
    around, drawn = share_alike(live.pixels, anchor.around, dx, dy)
    parts = [agreed / asked] if asked >= 2 else []
    if drawn >= _FEW_TILES:
        parts.append(around)
    if not parts and anchor.empty:
        return Candidate(point, _by_window(anchor, live, point, dx, dy))
    if not parts:
        return Candidate(point, _ENOUGH if elsewhere else _SURE)
    return Candidate(point, sum(parts) / len(parts))


def _in_row(landmark: Landmark, anchor: Anchor, live: Live, room: Box, dx: int, dy: int) -> bool:
    """Whether a text of the target's row stands somewhere on the same side of it."""
    box, at_x = landmark.picture.box, anchor.point.x + dx
    top = int(box.top) + dy - _ROW_SLACK
    strip = Box(room.left, top, room.right, top + int(box.height) + 2 * _ROW_SLACK)
    strip = strip.within(live.frame_box)
    if strip.height < box.height:
        return False
    for peak in peaks(_cut(live, strip), landmark.picture.drawing, least=0.9)[:3]:
        x, y = strip.left + peak.left, strip.top + peak.top
        if (x > at_x) != (box.left > anchor.point.x):
            continue
        piece = live.pixels[y : y + int(box.height), x : x + int(box.width)]
        if is_alike(piece, landmark.picture.drawing):
            return True
    return False


def _colored(anchor: Anchor, live: Live, dx: int, dy: int) -> bool:
    """Whether the element has another colour than it had."""
    box = anchor.element.box
    left, top = int(box.left) + dx, int(box.top) + dy
    piece = live.pixels[top : top + int(box.height), left : left + int(box.width)]
    return color_shift(piece, anchor.element.drawing) > _OTHER_COLOR


def _by_window(anchor: Anchor, live: Live, point: FramePoint, dx: int, dy: int) -> float:
    """With nothing drawn around, only the window can say where in it the place is."""
    window = live.window_at(point)
    if anchor.window is None or window is None or not live.restricted:
        return 0.0
    was, now = anchor.window.box, window.box
    moved_along = abs(now.left - was.left - dx) <= 1 and abs(now.top - was.top - dy) <= 1
    return 1.0 if moved_along else 0.0


def _cut(live: Live, room: Box) -> Pixels:
    return live.grey[room.top : room.bottom, room.left : room.right]
