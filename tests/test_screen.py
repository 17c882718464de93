"""Change boxes, settling and the ring, on prepared pictures; see test_capture for a real screen."""

from __future__ import annotations

import threading
import time

import pytest

from agent_app.geometry import FrameBox, Size
from agent_app.model_runtime import KIMI_VL_LIMITS
from agent_app.screen.change import changed_boxes, is_caret
from agent_app.screen.frame import Frame
from agent_app.screen.ring import FrameRing
from agent_app.screen.settle import SelfMoving, SettleLimits, wait_until_settled
from tests.fakes.screen import FakeScreen, frame_of, picture

QUICK = SettleLimits(minimum=0.01, reaction=0.1, quiet=0.05, maximum=0.6)
EMPTY = picture()


def settle(screen: FakeScreen, *, limits: SettleLimits = QUICK, ignore=(), stop=None, ring=None):
    return wait_until_settled(
        screen,
        frame_of(EMPTY),
        limits=limits,
        ring=ring or FrameRing(),
        stop=stop or threading.Event(),
        ignore=ignore,
        poll=0.005,
    )


def test_a_changed_area_is_found_with_its_exact_box():
    boxes = changed_boxes(EMPTY, picture((40, 30, 50, 20)))
    assert boxes == (FrameBox(40, 30, 50, 20),)


def test_areas_apart_are_two_boxes_and_near_ones_are_one():
    assert len(changed_boxes(EMPTY, picture((10, 10, 5, 5), (100, 100, 5, 5)))) == 2
    assert changed_boxes(EMPTY, picture((10, 10, 5, 5), (18, 10, 5, 5))) == (
        FrameBox(10, 10, 13, 5),
    )


def test_equal_pictures_and_ignored_places_have_no_change():
    assert changed_boxes(EMPTY, picture()) == ()
    assert changed_boxes(EMPTY, picture((40, 30, 9, 9)), ignore=[FrameBox(38, 28, 13, 13)]) == ()


def test_a_change_at_the_very_edge_is_seen():
    assert changed_boxes(EMPTY, picture((319, 199, 1, 1))) == (FrameBox(319, 199, 1, 1),)


def test_captures_of_different_sizes_differ_everywhere():
    smaller = picture(size=Size(100, 50))
    assert changed_boxes(EMPTY, smaller) == (FrameBox(0, 0, 100, 50),)


@pytest.mark.parametrize(
    ("box", "caret"),
    [
        (FrameBox(5, 5, 1, 16), True),
        (FrameBox(5, 5, 2, 30), True),
        (FrameBox(5, 5, 9, 16), False),
        (FrameBox(5, 5, 2, 2), False),
        (FrameBox(5, 5, 1, 200), False),
    ],
)
def test_a_caret_is_told_by_its_shape(box: FrameBox, caret: bool):
    assert is_caret(box) is caret


def test_a_screen_that_changes_and_rests_is_settled_and_changed():
    done = picture((10, 10, 60, 60))
    result = settle(FakeScreen([EMPTY, EMPTY, picture((10, 10, 30, 30)), done]))
    assert result.settled
    assert result.changed
    assert (result.frame.pixels == done).all()


def test_a_screen_that_does_not_react_is_settled_and_unchanged():
    result = settle(FakeScreen([EMPTY]))
    assert result.settled
    assert not result.changed
    assert result.seconds >= QUICK.reaction


def test_a_screen_that_never_rests_is_reported_as_not_settled():
    pictures = [picture((10, 10, 20 + n % 2 * 20, 40)) for n in range(5000)]
    result = settle(FakeScreen(pictures))
    assert not result.settled
    assert result.changed
    assert result.seconds >= QUICK.maximum


def test_a_blinking_caret_neither_counts_nor_keeps_the_wait_going():
    pictures = [picture(*([(50, 50, 1, 16)] if n % 2 else [])) for n in range(5000)]
    result = settle(FakeScreen(pictures))
    assert result.settled
    assert not result.changed


def test_an_ignored_clock_does_not_count():
    pictures = [picture((300, 0, 5 + n % 2 * 5, 10)) for n in range(5000)]
    result = settle(FakeScreen(pictures), ignore=[FrameBox(295, 0, 25, 12)])
    assert result.settled
    assert not result.changed


def test_a_change_that_goes_back_by_itself_is_no_change():
    result = settle(FakeScreen([picture((10, 10, 60, 60)), EMPTY]))
    assert result.settled
    assert not result.changed


def test_stop_ends_the_wait_at_once_and_unsettled():
    stop = threading.Event()
    stop.set()
    result = settle(FakeScreen([EMPTY]), limits=SettleLimits(reaction=60, maximum=60), stop=stop)
    assert not result.settled


def test_a_screen_at_rest_is_foreseen_once_before_it_counts_as_settled():
    first, second = picture((0, 0, 40, 40)), picture((0, 0, 80, 80))
    foreseen: list[Frame] = []
    screen = FakeScreen([first, *[second] * 100])
    settled = wait_until_settled(
        screen,
        frame_of(picture()),
        limits=SettleLimits(minimum=0.0, reaction=0.2, quiet=0.1, maximum=2.0),
        ring=FrameRing(),
        stop=threading.Event(),
        poll=0.005,
        foresee=foreseen.append,
    )
    assert [frame.sha1 for frame in foreseen] == [settled.frame.sha1]
    assert foreseen[0].time < settled.frame.time


def test_frames_seen_while_settling_are_in_the_ring():
    ring = FrameRing()
    passing = picture((10, 10, 30, 30))
    settle(FakeScreen([EMPTY, passing, passing, picture((10, 10, 60, 60))]), ring=ring)
    assert ring.get(frame_of(passing).sha1) is not None


def test_what_moves_alone_is_ignored_for_a_while_when_it_is_small():
    moving = SelfMoving(memory=5.0)
    moving.learn(frame_of(EMPTY), frame_of(picture((300, 0, 15, 10)), at=100.0))
    assert moving.boxes(101.0) == (FrameBox(300, 0, 15, 10),)
    assert moving.boxes(106.0) == ()
    moving.learn(frame_of(EMPTY), frame_of(picture((0, 0, 200, 150)), at=100.0))
    assert moving.boxes(101.0) == ()


def test_the_ring_keeps_each_picture_once_and_drops_the_oldest():
    ring = FrameRing(max_bytes=3 * EMPTY.nbytes)
    frames = [frame_of(picture((n, 0, 1, 1)), at=float(n)) for n in range(5)]
    for frame in [*frames, frames[-1]]:
        ring.add(frame)
    assert ring.since(0.0) == tuple(frames[2:])
    assert ring.get(frames[0].sha1) is None
    assert ring.since(4.0) == (frames[4],)


def test_the_ring_has_a_picture_that_comes_again_as_seen_just_then():
    ring = FrameRing(max_bytes=3 * EMPTY.nbytes)
    first, other = picture((1, 0, 1, 1)), picture((2, 0, 1, 1))
    for pixels, at in ((first, 1.0), (other, 2.0), (first, 3.0), (first, 1.5)):
        ring.add(frame_of(pixels, at=at))
    assert [frame.time for frame in ring.since(0.0)] == [2.0, 3.0]
    assert [frame.sha1 for frame in ring.since(3.0)] == [frame_of(first).sha1]
    ring.add(frame_of(picture((3, 0, 1, 1)), at=4.0))
    assert len(ring.since(0.0)) == 3


def test_the_ring_forgets_by_age_but_never_the_newest():
    ring = FrameRing(seconds=10.0)
    ring.add(frame_of(picture((0, 0, 1, 1)), at=0.0))
    newest = frame_of(picture((1, 0, 1, 1)), at=time.monotonic() + 100)
    ring.add(newest)
    assert ring.since(0.0) == (newest,)


def test_a_model_sees_the_frame_on_its_grid_and_the_transform_stays_the_captures():
    frame = frame_of(picture(size=Size(1920, 1080)))
    part = frame.for_model(KIMI_VL_LIMITS)
    assert part.image.size == (1932, 1092)
    assert part.transform.size == Size(1920, 1080)
    assert frame.for_model(None).image.size == (1920, 1080)


def test_equal_pixels_are_the_same_frame_and_shape_counts():
    assert frame_of(picture()).sha1 == frame_of(picture(), at=7.0).sha1
    tall, wide = picture(size=Size(100, 200)), picture(size=Size(200, 100))
    assert frame_of(tall).sha1 != frame_of(wide).sha1
