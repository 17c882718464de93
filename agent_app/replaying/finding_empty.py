"""Places where nothing is drawn, in a window that became smaller."""

from __future__ import annotations

from agent_app.geometry import FramePoint
from agent_app.replaying.anchor import Anchor, Drawing
from agent_app.replaying.finding_live import Live
from agent_app.replaying.verifying import color_shift
from agent_app.runtimes.reader.seeing.ink import Box, edges

_CLEAR = 10  # pixels to each side in which nothing is drawn
_STEP = 4
_BEYOND = 24  # pixels more than the window lost: a border, a status line
_SAME_COLOR = 2.0  # of 255: the area next to it is often nearly as light


def nearer(anchor: Anchor, live: Live, wanted: FramePoint) -> FramePoint | None:
    """The nearest clear place left of an empty place or above it, where the window lost so much.

    What lay near the right or the lower edge of a window cannot lie there any more when that comes
    nearer; an area ends sooner then, and any place of it is as good. It must have the very colour
    that it had.
    """
    window = live.window_at(wanted) or next((w for w in live.windows if w.allowed), None)
    if anchor.window is None or window is None or not window.allowed:
        return None
    was, now = anchor.window.box, window.box
    lost = (was.width - now.width, was.height - now.height)
    most = [int(each) + _BEYOND if each > 0 else 0 for each in lost]
    shifts = [
        (across, down)
        for across in range(0, most[0] + 1, _STEP)
        for down in range(0, most[1] + 1, _STEP)
    ]
    for across, down in sorted(shifts, key=sum):
        place = FramePoint(wanted.x - across, wanted.y - down)
        if live.may_lie_at(place) and _is_same_area(anchor, live, place):
            return place
    return None


def _is_same_area(anchor: Anchor, live: Live, place: FramePoint) -> bool:
    x, y = round(place.x), round(place.y)
    spot = Box(x - _CLEAR, y - _CLEAR, x + _CLEAR + 1, y + _CLEAR + 1)
    if spot.within(live.room(place)) != spot:
        return False
    here = live.pixels[spot.top : spot.bottom, spot.left : spot.right]
    return not edges(here).any() and color_shift(here, _spot(anchor)) <= _SAME_COLOR


def _spot(anchor: Anchor) -> Drawing:
    """What was seen right at the place."""
    box, at = anchor.element.box, anchor.point
    x, y = round(at.x - box.left), round(at.y - box.top)
    rows = slice(max(0, y - _CLEAR), y + _CLEAR + 1)
    return Drawing(anchor.element.drawing.pixels[rows, max(0, x - _CLEAR) : x + _CLEAR + 1])
