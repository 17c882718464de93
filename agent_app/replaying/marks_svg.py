"""A recorded screen with what was decided on it, as SVG: numbers alone, no word of a recording."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from agent_app.geometry import FrameBox, FramePoint, Size

Whose = Literal["recorded", "before", "now"]

_MOST = 1e6  # pixels: a label may hold any number


@dataclass(frozen=True, slots=True)
class Mark:
    """A place that a decision names, in pixels of the frame."""

    whose: Whose
    point: FramePoint


@dataclass(frozen=True, slots=True)
class Scene:
    """What is drawn on one screen: the boxes below, the marks above, the latest on top.

    `round` says that the box is that of a circle; `outlines` are polygons by their corners.
    """

    size: Size
    boxes: Sequence[FrameBox]
    marks: Sequence[Mark]
    round: bool = False
    outlines: Sequence[Sequence[FramePoint]] = ()

    def whole(self, picture: str) -> str:
        """The screen whole; `picture` is the id of its image in the page."""
        return self._view(picture, FrameBox(0, 0, self.size.width, self.size.height), 1.0)

    def part(self, picture: str, around: FramePoint, *, width: float) -> str:
        """The surroundings of a place, of this width and 5/8 of it in height."""
        width = min(width, self.size.width)
        height = min(width * 5 / 8, self.size.height)
        left = min(max(0.0, around.x - width / 2), self.size.width - width)
        top = min(max(0.0, around.y - height / 2), self.size.height - height)
        return self._view(picture, FrameBox(left, top, width, height), width / self.size.width)

    def _view(self, picture: str, view: FrameBox, share: float) -> str:
        unit = max(self.size.width, self.size.height) / 900 * (share**0.75)
        parts = [
            f'<svg viewBox="{_n(view.left)} {_n(view.top)} {_n(view.width)} {_n(view.height)}">',
            f'<use href="#{picture}"/>' if picture else _blank(self.size),
        ]
        for box in self.boxes:
            parts.append(
                f'<rect class="box" x="{_n(box.left)}" y="{_n(box.top)}" width="{_n(box.width)}" '
                f'height="{_n(box.height)}" rx="{_n(box.width / 2 if self.round else 3 * unit)}" '
                f'stroke-width="{_n(2 * unit)}"/>'
            )
        for outline in self.outlines:
            corners = " ".join(f"{_n(corner.x)},{_n(corner.y)}" for corner in outline)
            parts.append(f'<polygon class="box" points="{corners}" stroke-width="{_n(2 * unit)}"/>')
        start = next((mark.point for mark in self.marks if mark.whose == "recorded"), None)
        for mark in self.marks:
            if start is not None and mark.whose != "recorded":
                parts.append(_path(start, mark, unit))
        parts += [_mark(mark, unit) for mark in self.marks]
        return "".join([*parts, "</svg>"])


def _path(start: FramePoint, mark: Mark, unit: float) -> str:
    """A line from the recorded place to another, outside of both rings; none when they touch."""
    length = math.hypot(mark.point.x - start.x, mark.point.y - start.y)
    gap = 13 * unit
    if not 3 * gap < length < _MOST:
        return ""
    along, down = (mark.point.x - start.x) / length, (mark.point.y - start.y) / length
    ends = (
        f'x1="{_n(start.x + along * gap)}" y1="{_n(start.y + down * gap)}" '
        f'x2="{_n(mark.point.x - along * gap)}" y2="{_n(mark.point.y - down * gap)}"'
    )
    return (
        f'<line class="path-halo" {ends} stroke-width="{_n(4 * unit)}"/>'
        f'<line class="path {mark.whose}" {ends} stroke-width="{_n(2 * unit)}"/>'
    )


def _mark(mark: Mark, unit: float) -> str:
    at = f'cx="{_n(mark.point.x)}" cy="{_n(mark.point.y)}"'
    radius = _n((12 if mark.whose == "recorded" else 9) * unit)
    return (
        f'<g class="m-{mark.whose}">'
        f'<circle class="halo" {at} r="{radius}" stroke-width="{_n(6 * unit)}"/>'
        f'<circle class="ring" {at} r="{radius}" stroke-width="{_n(3 * unit)}"/>'
        f'<circle class="dot" {at} r="{_n(2.2 * unit)}"/></g>'
    )


def _blank(size: Size) -> str:
    return f'<rect class="track" width="{size.width}" height="{size.height}"/>'


def _n(value: float) -> str:
    """A number as SVG reads it, whatever a recording gave."""
    return f"{min(max(value, -_MOST), _MOST):.1f}" if math.isfinite(value) else "0"
