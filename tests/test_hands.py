"""A person's hand on the agent's desktop: felt, told from the agent's own, and obeyed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent_app.actions import Click, Drag, Hotkey, Scroll, Write, perform
from agent_app.episode.reader import open_episode
from agent_app.errors import RunEnded
from agent_app.events import (
    ActionDecided,
    Event,
    Paused,
    QuestionAsked,
    Resumed,
    RunFinished,
)
from agent_app.geometry import FrameTransform, RelativePoint, ScreenPoint, Size
from agent_app.input import open_input, watch_hands
from agent_app.input.x11_hands import REACH, Reach
from agent_app.session import LiveSession
from agent_app.virtual import VirtualDesktop
from agent_app.workplace import Workplace, WorkplaceOptions
from tests.hand import Hand

pytestmark = pytest.mark.desktop
WHOLE = FrameTransform(ScreenPoint(0, 0), 1.0, Size(1280, 800))


class Felt:
    """What was told of a hand."""

    def __init__(self) -> None:
        self.touches: list[tuple[str, ScreenPoint]] = []
        self.stops: list[str] = []
        self.stop = threading.Event()

    def touch(self, kind: str, point: ScreenPoint) -> None:
        self.touches.append((kind, point))

    def end(self, reason: str) -> None:
        self.stops.append(reason)
        self.stop.set()


@pytest.fixture
def felt(desktop: VirtualDesktop) -> Iterator[Felt]:
    felt = Felt()
    with watch_hands(desktop.environment, on_hand=felt.touch, on_stop=felt.end):
        yield felt


@pytest.fixture
def hand(desktop: VirtualDesktop) -> Iterator[Hand]:
    hand = Hand(desktop.display, pace=0.001)
    hand.move(640, 300)
    yield hand
    hand.close()


def at(x: float, y: float) -> RelativePoint:
    return RelativePoint(x / 1280, y / 800)


def test_what_the_agent_does_is_no_hand(desktop: VirtualDesktop, wait_until, hand: Hand) -> None:
    felt = Felt()
    own = open_input(desktop.environment)
    with watch_hands(desktop.environment, on_hand=felt.touch, on_stop=felt.end):
        for action in (
            Click(at(200, 200), modifiers=("ctrl",)),
            Drag(end=at(700, 500), start=at(100, 100)),
            Scroll(dy=-3, at=at(300, 300)),
            Write("Grüße 你好 <>"),
            Hotkey(("ctrl", "alt", "t")),
        ):
            perform(action, input=own, transform=WHOLE, stop=felt.stop)
        assert felt.touches == []
        hand.press("a")  # and the watch did watch
        wait_until(lambda: felt.touches)
    own.close()
    assert [kind for kind, _ in felt.touches] == ["key"]
    assert felt.stops == []


@pytest.mark.parametrize("touch", ["key", "button", "motion"])
def test_a_hand_is_felt_whatever_it_does(touch: str, felt: Felt, hand: Hand, wait_until) -> None:
    hand.wait(0.6)  # what the fixture did is no move of now
    felt.touches.clear()
    match touch:
        case "key":
            hand.press("x")
        case "button":
            hand.down(2)
            hand.up(2)
        case _:
            for _ in range(8):
                hand.nudge(4, 3)
    wait_until(lambda: felt.touches)
    assert felt.touches[0][0] == touch


def test_a_table_that_shakes_the_mouse_is_no_hand(felt: Felt, hand: Hand, wait_until) -> None:
    hand.wait(0.6)
    felt.touches.clear()
    for _ in range(40):
        hand.nudge(3, -2)
        hand.nudge(-3, 2)
    hand.press("x")
    wait_until(lambda: felt.touches)
    assert [kind for kind, _ in felt.touches] == ["key"]


def test_reach_counts_the_last_half_second_alone() -> None:
    reach = Reach()
    slowly = [reach.is_far(2, 0, now=n * 0.1) for n in range(200)]
    assert not any(slowly)
    reach = Reach()
    at_once = [reach.is_far(2, 0, now=n * 0.01) for n in range(20)]
    assert at_once.index(True) == REACH / 2 - 1


def test_a_hand_that_moves_the_pointer_into_a_corner_stops_and_the_agent_does_not(
    desktop: VirtualDesktop, felt: Felt, hand: Hand, wait_until
) -> None:
    own = open_input(desktop.environment)
    perform(Click(at(0, 0)), input=own, transform=WHOLE, stop=threading.Event())
    perform(Click(at(100, 100)), input=own, transform=WHOLE, stop=threading.Event())
    own.close()
    assert felt.stops == []
    hand.move(1279, 799)
    wait_until(lambda: felt.stops)
    assert "corner" in felt.stops[0]


def test_the_stop_keys_end_typing_at_full_speed_and_leave_no_key_down(
    desktop: VirtualDesktop, felt: Felt, hand: Hand
) -> None:
    own = open_input(desktop.environment)
    pressed: list[float] = []

    def press() -> None:
        hand.wait(0.2)
        pressed.append(time.monotonic())
        hand.press("ctrl", "alt", "end")

    thread = threading.Thread(target=press)
    thread.start()
    endless = Write("the quick brown fox " * 400)
    with pytest.raises(RunEnded):
        perform(endless, input=own, transform=WHOLE, stop=felt.stop)
    thread.join()
    own.close()
    assert felt.stops[0] == "ctrl+alt+end was pressed"
    down = hand.keys_down()
    assert down == []


def test_without_its_display_it_says_so(wait_until) -> None:
    felt = Felt()
    with VirtualDesktop(Size(640, 480)) as passing:
        watch = watch_hands(passing.environment, on_hand=felt.touch, on_stop=felt.end)
        watch.__enter__()
    wait_until(lambda: felt.stops)
    watch.__exit__(None, None, None)
    assert felt.stops == ["the display is gone"]


class Run:
    """A run of the reader that waits, on a desktop with a hand; its events as they come."""

    def __init__(self, place: Workplace, folder: Path, answer: str | None) -> None:
        self.session = LiveSession(place, "wait 20 seconds", episode=folder)
        self.events: list[Event] = []
        self._answer = answer
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def has(self, kind: type) -> bool:
        return any(isinstance(event, kind) for event in self.events)

    def end(self) -> list[Event]:
        self.session.stop()
        self._thread.join()
        return self.events

    def _run(self) -> None:
        for event in self.session.events():
            self.events.append(event)
            if isinstance(event, QuestionAsked):
                self.session.answer(self._answer)


@pytest.mark.parametrize(("take_over", "taken"), [(True, True), (False, False)])
def test_a_hand_holds_a_run_up_unless_it_is_to_be_let_be(
    desktop: VirtualDesktop, hand: Hand, wait_until, tmp_path: Path, take_over: bool, taken: bool
) -> None:
    options = WorkplaceOptions(model="reader", take_over=take_over)
    with Workplace(options, environment=desktop.environment) as place:
        run = Run(place, tmp_path / "episode", "go on")
        wait_until(lambda: run.has(ActionDecided))
        hand.press("x")
        if taken:
            wait_until(lambda: run.has(Resumed))
        else:
            hand.press("ctrl", "alt", "end")
            wait_until(lambda: run.has(RunFinished))
        events = run.end()
    assert [event.cause for event in events if isinstance(event, Paused)] == ["hand"] * taken
    finished = events[-1]
    assert isinstance(finished, RunFinished)
    assert (finished.outcome, "ctrl+alt+end" in finished.reason) == ("stopped", not taken)
    recorded = open_episode(tmp_path / "episode")
    assert not recorded.problems
    assert recorded.end is not None
