"""Actions become single events, in the right order, and nothing ever stays down."""

from __future__ import annotations

import inspect
import threading
from collections import Counter
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_app.actions import (
    CONFIRM_SECONDS,
    DRAG_SECONDS,
    MAX_CLICKS,
    MAX_HOLD_SECONDS,
    MAX_KEYS_TOGETHER,
    MAX_NOTCHES,
    MAX_PRESSES,
    MAX_TEXT_CHARACTERS,
    Click,
    Drag,
    Hold,
    Hotkey,
    Input,
    InputAction,
    Move,
    Press,
    Scroll,
    Terminate,
    Wait,
    Write,
    perform,
    target_points,
)
from agent_app.errors import ModelMistake, RunEnded
from agent_app.geometry import FrameTransform, RelativePoint, ScreenPoint, Size
from agent_app.keys import KEYS, MODIFIERS
from tests.fakes.input import RecordingInput

# A monitor left of the first one, captured at twice its input units.
TRANSFORM = FrameTransform(ScreenPoint(-1000, 0), 2.0, Size(2000, 1000))
ORIGIN = ScreenPoint(0, 0)
MIDDLE = RelativePoint(0.5, 0.5)
CORNER = RelativePoint(0.0, 0.0)


class Stop(threading.Event):
    """A stop flag whose waits take no time; `waited` adds them up."""

    def __init__(self) -> None:
        super().__init__()
        self.waited = 0.0

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.waited += timeout
        return self.is_set()


def events_of(action: InputAction, at: ScreenPoint = ORIGIN) -> list[tuple]:
    recording = RecordingInput(at)
    perform(action, input=recording, transform=TRANSFORM, stop=Stop())
    assert recording.released == 1
    return recording.events


def mistake_of(action: InputAction) -> str:
    recording = RecordingInput()
    with pytest.raises(ModelMistake) as caught:
        perform(action, input=recording, transform=TRANSFORM, stop=Stop())
    assert recording.events == [], "nothing is sent of an action that cannot be carried out"
    assert recording.released == 1
    return str(caught.value)


def test_the_fake_satisfies_the_seam():
    wanted = {name for name in vars(Input) if not name.startswith("_")}
    assert {"position", "move", "key_down", "write", "release_all"} <= wanted
    for name in wanted:
        ours, theirs = getattr(RecordingInput, name), getattr(Input, name)
        assert inspect.signature(ours) == inspect.signature(theirs), name


def test_a_click_moves_first_and_lands_on_the_monitor_of_the_frame():
    assert events_of(Click(at=MIDDLE)) == [
        ("move", -500, 250),
        ("button_down", "left"),
        ("button_up", "left"),
    ]


def test_the_far_edge_is_the_last_unit_of_the_monitor():
    assert events_of(Move(at=RelativePoint(1.0, 1.0))) == [("move", -1, 499)]


def test_zero_is_a_place():
    assert events_of(Click(at=CORNER))[0] == ("move", -1000, 0)


def test_a_click_without_a_place_does_not_move():
    assert events_of(Click(button="right")) == [("button_down", "right"), ("button_up", "right")]


def test_a_triple_click_is_three_pairs():
    assert events_of(Click(count=3)) == [("button_down", "left"), ("button_up", "left")] * 3


def test_modifiers_are_held_around_all_clicks():
    assert events_of(Click(count=2, modifiers=("Control", "shift"))) == [
        ("key_down", "ctrl"),
        ("key_down", "shift"),
        *[("button_down", "left"), ("button_up", "left")] * 2,
        ("key_up", "shift"),
        ("key_up", "ctrl"),
    ]


def test_a_drag_moves_in_between_and_takes_its_time():
    recording, stop = RecordingInput(), Stop()
    perform(Drag(start=CORNER, end=MIDDLE), input=recording, transform=TRANSFORM, stop=stop)
    assert recording.events[:2] == [("move", -1000, 0), ("button_down", "left")]
    assert recording.events[-2:] == [("move", -500, 250), ("button_up", "left")]
    xs = [event[1] for event in recording.events if event[0] == "move"]
    assert len(xs) > 10
    assert xs == sorted(xs)
    assert stop.waited == pytest.approx(DRAG_SECONDS)


def test_a_drag_without_a_start_begins_where_the_pointer_is():
    events = events_of(Drag(end=MIDDLE, modifiers=("alt",)), at=ScreenPoint(-520, 250))
    assert events[:3] == [("key_down", "alt"), ("button_down", "left"), ("move", -519, 250)]
    assert events[-3:] == [("move", -500, 250), ("button_up", "left"), ("key_up", "alt")]


def test_a_scroll_moves_first_and_turns_notch_by_notch():
    assert events_of(Scroll(dy=-2, dx=1, at=MIDDLE, modifiers=("ctrl",))) == [
        ("move", -500, 250),
        ("key_down", "ctrl"),
        ("scroll", 0, -1),
        ("scroll", 0, -1),
        ("scroll", 1, 0),
        ("key_up", "ctrl"),
    ]


def test_a_row_of_keys_is_pressed_as_a_whole_again():
    row = [("key_down", "tab"), ("key_up", "tab"), ("key_down", "enter"), ("key_up", "enter")]
    assert events_of(Press(("Tab", "Return"), count=2)) == row * 2


def test_a_hotkey_goes_down_in_order_and_up_in_reverse():
    assert events_of(Hotkey(("ctrl", "shift", "S"))) == [
        ("key_down", "ctrl"),
        ("key_down", "shift"),
        ("key_down", "s"),
        ("key_up", "s"),
        ("key_up", "shift"),
        ("key_up", "ctrl"),
    ]


def test_keys_are_held_for_the_time_asked():
    recording, stop = RecordingInput(), Stop()
    perform(Hold(("w",), seconds=1.5), input=recording, transform=TRANSFORM, stop=stop)
    assert recording.events == [("key_down", "w"), ("key_up", "w")]
    assert stop.waited == 1.5


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_newlines_and_tabs_are_keys(newline: str):
    enter = [("key_down", "enter"), ("key_up", "enter")]
    assert events_of(Write(f"a{newline}{newline}\tb")) == [
        ("write", "a"),
        *enter,
        *enter,
        ("key_down", "tab"),
        ("key_up", "tab"),
        ("write", "b"),
    ]


@pytest.mark.parametrize(
    ("text", "waited"), [("name\n", CONFIRM_SECONDS), ("a\nb", 0.0), ("\n", 0.0), ("a\t", 0.0)]
)
def test_the_newline_that_ends_a_text_comes_once_the_text_has_had_effect(text: str, waited: float):
    stop = Stop()
    perform(Write(text), input=RecordingInput(), transform=TRANSFORM, stop=stop)
    assert stop.waited == waited


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])))
def test_any_printable_text_is_written_as_it_is(text: str):
    assert "".join(str(event[1]) for event in events_of(Write(text))) == text


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x7f", "\x85", "\r", "\ud800"])
def test_other_control_characters_are_a_mistake_that_names_them(character: str):
    assert f"U+{ord(character):04X}" in mistake_of(Write(f"fine\n{character}"))


@pytest.mark.parametrize(
    "action",
    [
        Click(count=0),
        Click(count=MAX_CLICKS + 1),
        Click(modifiers=("ctrl", "ctrl")),
        Click(at=MIDDLE, modifiers=("a",)),
        Drag(end=MIDDLE, modifiers=("enter",)),
        Scroll(),
        Scroll(dy=MAX_NOTCHES + 1),
        Scroll(dx=MAX_NOTCHES, dy=-1),
        Press(()),
        Press(("a",), count=0),
        Press(("a",), count=-3),
        Press(("a", "b"), count=MAX_PRESSES),
        Press(("a", "nonsense")),
        Press(("a",), count=10**12),
        Hotkey(()),
        Hotkey(("ctrl", "Control")),
        Hotkey(tuple("abcdefgh")[: MAX_KEYS_TOGETHER + 1]),
        Hold((), seconds=1),
        Hold(("a",), seconds=-1),
        Hold(("a",), seconds=float("nan")),
        Hold(("a",), seconds=MAX_HOLD_SECONDS + 1),
        Write("x" * (MAX_TEXT_CHARACTERS + 1)),
    ],
    ids=str,
)
def test_what_is_out_of_bounds_is_a_mistake_before_anything_is_sent(action: InputAction):
    assert mistake_of(action)


@pytest.mark.parametrize(
    ("action", "points"),
    [
        (Click(at=MIDDLE), [(-500, 250)]),
        (Click(), []),
        (Move(at=CORNER), [(-1000, 0)]),
        (Drag(start=CORNER, end=MIDDLE), [(-1000, 0), (-500, 250)]),
        (Drag(end=MIDDLE), [(-500, 250)]),
        (Scroll(dy=1, at=CORNER), [(-1000, 0)]),
        (Scroll(dy=1), []),
        (Write("x"), []),
        (Wait(1), []),
        (Terminate("success"), []),
    ],
    ids=str,
)
def test_target_points_are_the_places_an_action_touches(action, points: list[tuple[int, int]]):
    assert [(point.x, point.y) for point in target_points(action, TRANSFORM)] == points


shares = st.floats(0, 1)
places = st.builds(RelativePoint, shares, shares)
buttons = st.sampled_from(["left", "middle", "right"])
key_names = st.sampled_from(sorted(KEYS))
modifier_rows = st.lists(st.sampled_from(MODIFIERS), unique=True, max_size=3).map(tuple)
key_rows = st.lists(key_names, min_size=1, max_size=4, unique=True).map(tuple)
actions = st.one_of(
    st.builds(Click, st.none() | places, buttons, st.integers(1, 3), modifier_rows),
    st.builds(Move, places),
    st.builds(Drag, places, st.none() | places, buttons, modifier_rows),
    st.builds(Scroll, st.integers(1, 5), st.integers(-5, 5), st.none() | places, modifier_rows),
    st.builds(Press, key_rows, st.integers(1, 3)),
    st.builds(Hotkey, key_rows),
    st.builds(Hold, key_rows, st.floats(0, 10)),
    st.builds(Write, st.text("ab é\n\t", max_size=12)),
)


def ups_minus_downs(events: list[tuple]) -> Counter[tuple]:
    balance: Counter[tuple] = Counter()
    for kind, *what in events:
        if kind.endswith(("_down", "_up")):
            balance[kind.partition("_")[0], *what] += 1 if kind.endswith("_up") else -1
    return balance


@given(actions)
def test_whatever_the_action_every_down_has_its_up(action: InputAction):
    recording = RecordingInput()
    perform(action, input=recording, transform=TRANSFORM, stop=Stop())
    assert not recording.held
    assert set(ups_minus_downs(recording.events).values()) <= {0}


@given(actions, st.integers(0, 40))
def test_a_stop_after_any_event_sends_no_further_one_and_leaves_nothing_down(
    action: InputAction, after: int
):
    recording, stop = RecordingInput(), Stop()
    sent: list[int] = []

    def count() -> None:
        sent.append(len(recording.events))
        if len(sent) >= after:
            stop.set()

    recording.on_event = count
    if after == 0:
        stop.set()
    total = len(events_of(action))
    # the flag may also be seen after the last event
    with pytest.raises(RunEnded) if after < total else suppress(RunEnded):
        perform(action, input=recording, transform=TRANSFORM, stop=stop)
    assert len(sent) == min(after, total)
    assert not recording.held
    assert set(ups_minus_downs(recording.events).values()) <= {0}


@given(actions, st.integers(1, 40))
def test_a_fault_at_any_event_leaves_nothing_down(action: InputAction, at: int):
    recording = RecordingInput()

    def fail() -> None:
        if len(recording.events) == at:
            raise OSError("the display is gone")

    recording.on_event = fail
    if len(events_of(action)) >= at:
        with pytest.raises(OSError, match="gone"):
            perform(action, input=recording, transform=TRANSFORM, stop=Stop())
    assert not recording.held
    assert set(ups_minus_downs(recording.events).values()) <= {0}
