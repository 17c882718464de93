"""Typed coordinates: one type for each space, one function for each conversion.

Three spaces are told apart by type, so that nothing is scaled twice:

- `RelativePoint`: 0..1 of the captured frame, what the model speaks;
- `FramePoint`: pixels of the captured frame;
- `ScreenPoint`: the input system's units, over all monitors; may be negative.

Zero is a valid coordinate: never test one for truth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from agent_app.errors import KnownError

# a pixel divided by the width and multiplied again comes back a hair short: 29 / 49 * 49 < 29
_HAIR = 1e-6


@dataclass(frozen=True, slots=True)
class RelativePoint:
    """A place as a share of the captured frame; (0, 0) is its top left corner, (1, 1) the far one.

    Raises ValueError for a value outside 0..1 or not finite.
    """

    x: float
    y: float

    def __post_init__(self) -> None:
        if not (0.0 <= self.x <= 1.0 and 0.0 <= self.y <= 1.0):  # NaN fails this comparison too
            raise ValueError(f"({self.x}, {self.y}) is outside the screen (0..1)")


@dataclass(frozen=True, slots=True)
class FramePoint:
    """A place in pixels of the captured frame; fractions are within a pixel."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class ScreenPoint:
    """A place in the input system's units; monitors left of or above the first are negative."""

    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height in pixels."""

    width: int
    height: int

    @classmethod
    def parse(cls, text: str) -> Size:
        """Read `WxH`, for example `1280x800`, as the size of a desktop.

        Raises KnownError when it is not two sensible whole numbers.
        """
        try:
            width, height = (int(part) for part in text.lower().split("x"))
        except ValueError:
            width = height = 0
        if not (320 <= width <= 16384 and 200 <= height <= 16384):
            raise KnownError(
                f"cannot use the size {text!r}",
                remedy="give WIDTHxHEIGHT in pixels, such as 1280x800",
            )
        return cls(width, height)


@dataclass(frozen=True, slots=True)
class FrameBox:
    """A rectangle in pixels of the captured frame."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    @property
    def center(self) -> FramePoint:
        return FramePoint(self.left + self.width / 2, self.top + self.height / 2)

    def contains(self, point: FramePoint) -> bool:
        """Whether the point lies inside or on the edge."""
        return self.left <= point.x <= self.right and self.top <= point.y <= self.bottom

    def overlap(self, other: FrameBox) -> float:
        """The area shared with another box, in square pixels; 0 when they are apart."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(0.0, width) * max(0.0, height)


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle in the input system's units."""

    left: int
    top: int
    width: int
    height: int

    def contains(self, point: ScreenPoint) -> bool:
        """Whether the point is one of the region's own (the far edges are outside)."""
        return (
            self.left <= point.x < self.left + self.width
            and self.top <= point.y < self.top + self.height
        )

    def overlaps(self, other: Region) -> bool:
        """Whether the two share at least one unit."""
        return (
            self.left < other.left + other.width
            and other.left < self.left + self.width
            and self.top < other.top + other.height
            and other.top < self.top + self.height
        )

    @classmethod
    def parse(cls, text: str) -> Region:
        """Read `X,Y,W,H`, for example `0,0,1280,800`.

        Raises KnownError when it is not four whole numbers or the size is not positive.
        """
        try:
            left, top, width, height = (int(part) for part in text.split(","))
        except ValueError:
            left = top = width = height = 0
        if width <= 0 or height <= 0:
            raise KnownError(
                f"cannot read the region {text!r}",
                remedy="give X,Y,W,H as whole numbers with a positive size, such as 0,0,1280,800",
            )
        return cls(left, top, width, height)


@dataclass(frozen=True, slots=True)
class Monitor:
    """One physical or virtual monitor.

    `scale` is captured pixels per input unit: 1.0 on X11, where both are pixels, 2.0 on a
    Retina display.
    """

    id: int
    region: Region
    scale: float = 1.0
    name: str = ""


@dataclass(frozen=True, slots=True)
class FrameTransform:
    """Where a capture lies: the one place that turns its points into input and back.

    `origin` is the capture's top left corner in input units, `scale` captured pixels per input
    unit, `size` the capture in pixels.
    """

    origin: ScreenPoint
    scale: float
    size: Size

    def relative_to_frame(self, point: RelativePoint) -> FramePoint:
        """Pixels for a relative point; 1.0 is the last pixel, not the one behind it."""
        return FramePoint(
            min(point.x * self.size.width, self.size.width - 1),
            min(point.y * self.size.height, self.size.height - 1),
        )

    def frame_to_relative(self, point: FramePoint) -> RelativePoint:
        """The share of the frame; raises ValueError for a point outside it."""
        return RelativePoint(point.x / self.size.width, point.y / self.size.height)

    def frame_to_screen(self, point: FramePoint) -> ScreenPoint:
        """The input unit that holds this pixel."""
        return ScreenPoint(
            self.origin.x + math.floor(point.x / self.scale + _HAIR),
            self.origin.y + math.floor(point.y / self.scale + _HAIR),
        )

    def screen_to_frame(self, point: ScreenPoint) -> FramePoint:
        """The middle of the pixels that this input unit covers; may lie outside the frame."""
        return FramePoint(
            (point.x - self.origin.x + 0.5) * self.scale,
            (point.y - self.origin.y + 0.5) * self.scale,
        )

    def relative_to_screen(self, point: RelativePoint) -> ScreenPoint:
        """The input unit for a relative point."""
        return self.frame_to_screen(self.relative_to_frame(point))

    def region_to_box(self, region: Region) -> FrameBox:
        """A region of the screen as a box in this frame; may reach outside it."""
        return FrameBox(
            (region.left - self.origin.x) * self.scale,
            (region.top - self.origin.y) * self.scale,
            region.width * self.scale,
            region.height * self.scale,
        )
