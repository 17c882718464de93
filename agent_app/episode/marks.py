"""What an action does, drawn on the picture it was decided on."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw

from agent_app.actions import (
    Action,
    Drag,
    Scroll,
)

Place = tuple[float, float]

ACCENT = (229, 41, 79)
_HALO = (255, 255, 255)
_SMOOTH = 3  # marks are drawn this many times larger and reduced: Pillow's lines are jagged

_RADIUS = 11.0
_WIDTH = 2.5
_HEAD = 9.0
_SCROLL = 40.0  # how far a scroll's arrow reaches


def draw_action(picture: Image.Image, action: Action, places: Sequence[Place]) -> None:
    """Mark where an action goes, on an RGB picture of what was seen.

    `places` are its points in pixels of this picture, in order: a ring with a cross hair at the
    last one, an arrow from the first for a drag, an arrow in its direction for a scroll. Nothing is
    drawn for an action without a place.
    """
    if not places:
        return
    size = (picture.width * _SMOOTH, picture.height * _SMOOTH)
    for color, wider in ((_HALO, 2.0), (ACCENT, 0.0)):
        mask = Image.new("L", size)
        pen = _Pen(ImageDraw.Draw(mask), wider)
        pen.target(places[-1])
        if isinstance(action, Drag) and len(places) > 1:
            pen.dot(places[0], 4.0)
            pen.arrow(places[0], places[-1], stop_short=_RADIUS)
        elif isinstance(action, Scroll) and (action.dx or action.dy):
            x, y = places[-1]
            length = math.hypot(action.dx, action.dy)
            along, down = action.dx / length, -action.dy / length  # dy > 0 turns the wheel up
            begin = (x + along * _RADIUS, y + down * _RADIUS)
            pen.arrow(begin, (x + along * _SCROLL, y + down * _SCROLL))
        picture.paste(color, mask=mask.resize(picture.size, Image.Resampling.BOX))


class _Pen:
    """Draws on a mask `_SMOOTH` times too large, each line `wider` pixels wider on both sides."""

    def __init__(self, canvas: ImageDraw.ImageDraw, wider: float) -> None:
        self._canvas = canvas
        self._wider = wider

    def target(self, center: Place) -> None:
        """A ring, and a cross hair that leaves the middle free but for a dot."""
        x, y = center
        self._ring(center, _RADIUS)
        self.dot(center, 1.5)
        for along, down in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            self._line(
                (x + along * (_RADIUS - 5), y + down * (_RADIUS - 5)),
                (x + along * (_RADIUS + 6), y + down * (_RADIUS + 6)),
            )

    def dot(self, center: Place, radius: float) -> None:
        self._canvas.ellipse(_square(center, radius + self._wider), fill=255)

    def arrow(self, begin: Place, end: Place, *, stop_short: float = 0.0) -> None:
        """A line with a head whose tip is `stop_short` before `end`."""
        angle = math.atan2(end[1] - begin[1], end[0] - begin[0])
        if math.dist(begin, end) <= stop_short + _HEAD:
            return
        tip = (end[0] - stop_short * math.cos(angle), end[1] - stop_short * math.sin(angle))
        self._line(begin, tip)
        for side in (math.radians(150), math.radians(-150)):
            wing = (
                tip[0] + _HEAD * math.cos(angle + side),
                tip[1] + _HEAD * math.sin(angle + side),
            )
            self._line(tip, wing)

    def _ring(self, center: Place, radius: float) -> None:
        outer = radius + _WIDTH / 2 + self._wider
        width = round((_WIDTH + 2 * self._wider) * _SMOOTH)
        self._canvas.ellipse(_square(center, outer), outline=255, width=width)

    def _line(self, begin: Place, end: Place) -> None:
        width = _WIDTH + 2 * self._wider
        ends = [(begin[0] * _SMOOTH, begin[1] * _SMOOTH), (end[0] * _SMOOTH, end[1] * _SMOOTH)]
        self._canvas.line(ends, fill=255, width=round(width * _SMOOTH))
        for point in (begin, end):  # round ends
            self._canvas.ellipse(_square(point, width / 2), fill=255)


def _square(center: Place, radius: float) -> tuple[float, float, float, float]:
    """The box of a circle, on the enlarged mask."""
    x, y = center
    return (
        (x - radius) * _SMOOTH,
        (y - radius) * _SMOOTH,
        (x + radius) * _SMOOTH - 1,
        (y + radius) * _SMOOTH - 1,
    )
