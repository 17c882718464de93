"""Points keep their place through every conversion."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_app.errors import KnownError
from agent_app.geometry import (
    FrameBox,
    FramePoint,
    FrameTransform,
    Region,
    RelativePoint,
    ScreenPoint,
    Size,
)

SCALES = [1.0, 1.25, 1.5, 2.0]


@st.composite
def captures(draw: st.DrawFn) -> tuple[FrameTransform, Region]:
    """A region of a screen, and the transform of its capture."""
    scale = draw(st.sampled_from(SCALES))
    # whole pixels, as a capture has them: four input units are 5 pixels at scale 1.25
    width, height = (4 * draw(st.integers(1, 1000)) for _ in range(2))
    left, top = (draw(st.integers(-8000, 8000)) for _ in range(2))
    size = Size(round(width * scale), round(height * scale))
    return (
        FrameTransform(ScreenPoint(left, top), scale, size),
        Region(left, top, width, height),
    )


@settings(max_examples=500, deadline=None)
@given(captures(), st.data())
def test_every_input_unit_survives_the_way_through_the_model(
    capture: tuple[FrameTransform, Region], data: st.DataObject
) -> None:
    transform, region = capture
    point = ScreenPoint(
        region.left + data.draw(st.integers(0, region.width - 1)),
        region.top + data.draw(st.integers(0, region.height - 1)),
    )
    pixel = transform.screen_to_frame(point)
    assert transform.frame_to_screen(pixel) == point
    assert transform.relative_to_screen(transform.frame_to_relative(pixel)) == point


@settings(max_examples=500, deadline=None)
@given(captures(), st.data())
def test_a_pixel_survives_division_by_the_size(
    capture: tuple[FrameTransform, Region], data: st.DataObject
) -> None:
    transform, _ = capture
    size = transform.size
    x = data.draw(st.integers(0, size.width - 1))
    y = data.draw(st.integers(0, size.height - 1))
    expected = ScreenPoint(
        transform.origin.x + math.floor(x / transform.scale),
        transform.origin.y + math.floor(y / transform.scale),
    )
    assert transform.relative_to_screen(RelativePoint(x / size.width, y / size.height)) == expected


@settings(max_examples=500, deadline=None)
@given(captures(), st.floats(0, 1), st.floats(0, 1))
def test_any_relative_point_lies_in_its_region(
    capture: tuple[FrameTransform, Region], x: float, y: float
) -> None:
    transform, region = capture
    assert region.contains(transform.relative_to_screen(RelativePoint(x, y)))


@pytest.mark.parametrize("scale", SCALES)
def test_the_corners_are_the_first_and_the_last_unit(scale: float) -> None:
    size = Size(round(1280 * scale), round(800 * scale))
    transform = FrameTransform(ScreenPoint(-1280, -20), scale, size)
    assert transform.relative_to_screen(RelativePoint(0, 0)) == ScreenPoint(-1280, -20)
    assert transform.relative_to_screen(RelativePoint(1, 1)) == ScreenPoint(-1, 779)


@pytest.mark.parametrize(
    ("x", "y"),
    [(-0.001, 0.5), (0.5, 1.001), (math.nan, 0.5), (0.5, math.nan), (math.inf, 0), (0, -math.inf)],
)
def test_a_relative_point_outside_is_refused(x: float, y: float) -> None:
    with pytest.raises(ValueError, match="outside the screen"):
        RelativePoint(x, y)


def test_a_pixel_outside_the_frame_is_no_relative_point() -> None:
    transform = FrameTransform(ScreenPoint(0, 0), 1.0, Size(100, 100))
    with pytest.raises(ValueError, match="outside the screen"):
        transform.frame_to_relative(FramePoint(101, 5))


def test_a_region_becomes_a_box_of_the_frame() -> None:
    transform = FrameTransform(ScreenPoint(-100, 50), 1.5, Size(300, 300))
    box = transform.region_to_box(Region(-90, 60, 20, 10))
    assert box == FrameBox(15.0, 15.0, 30.0, 15.0)


def test_boxes_know_what_they_hold_and_share() -> None:
    box = FrameBox(10, 10, 20, 10)
    assert box.center == FramePoint(20, 15)
    assert box.contains(FramePoint(10, 20))
    assert not box.contains(FramePoint(9.9, 15))
    assert box.overlap(FrameBox(20, 15, 100, 100)) == 50
    assert box.overlap(FrameBox(30, 10, 5, 5)) == 0
    assert box.overlap(FrameBox(100, 100, 5, 5)) == 0


def test_a_region_is_read_from_text() -> None:
    assert Region.parse("0,0,1280,800") == Region(0, 0, 1280, 800)
    assert Region.parse(" -1280, 0, 1280, 800") == Region(-1280, 0, 1280, 800)


@pytest.mark.parametrize(
    "text", ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "0,0,0,5", "0,0,5,-5", "1.5,0,5,5"]
)
def test_an_unreadable_region_says_how_to_write_it(text: str) -> None:
    with pytest.raises(KnownError, match="0,0,1280,800"):
        Region.parse(text)


def test_a_region_ends_before_its_far_edges() -> None:
    region = Region(-10, 0, 10, 5)
    assert region.contains(ScreenPoint(-10, 0))
    assert region.contains(ScreenPoint(-1, 4))
    assert not region.contains(ScreenPoint(0, 4))
    assert not region.contains(ScreenPoint(-1, 5))
