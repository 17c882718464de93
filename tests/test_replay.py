"""A recorded run done again, on fakes: what is acted on, what is not, and every way to end."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from rich.console import Console

from agent_app.actions import Action, AskHuman, Click, Drag, Hotkey, Press, Terminate, Wait, Write
from agent_app.console import print_run
from agent_app.control import Control
from agent_app.episode.reader import open_episode
from agent_app.episode.recorder import EpisodeRecorder
from agent_app.episode.steps import steps_of
from agent_app.events import (
    ActionDecided,
    ActionDone,
    EffectCompared,
    Event,
    FrameCaptured,
    ModelErred,
    ModelWarned,
    Paused,
    QuestionAnswered,
    QuestionAsked,
    RunFinished,
    RunStarted,
    TargetFound,
    TargetMissed,
    VetoOffered,
    WindowRef,
    encode_event,
)
from agent_app.geometry import FramePoint, Region, RelativePoint, ScreenPoint, Size
from agent_app.hiding.typing import SecretInput
from agent_app.model_runtime import Sampling
from agent_app.prompting import load_prompt
from agent_app.replaying.changes import Change
from agent_app.replaying.effects import Effect, Written
from agent_app.replaying.execution import Replay
from agent_app.replaying.execution_steps import ReplaySettings
from agent_app.replaying.finding import Found, Missed
from agent_app.replaying.helping import Model, Person
from agent_app.replaying.parameters import Texts
from agent_app.replaying.script import Deed, Part, Script, script_of
from agent_app.replaying.windows import WindowName
from agent_app.runtimes.reader.sight import Sight
from agent_app.screen.frame import Frame
from agent_app.screen.ring import FrameRing
from agent_app.screen.settle import SettleLimits
from agent_app.ui.story import Story
from tests.fakes.field import Field, lost
from tests.fakes.input import RecordingInput
from tests.fakes.runs import ExampleRun
from tests.fakes.runtime import ScriptedRuntime, reply
from tests.fakes.screen import FakeScreen, picture
from tests.fakes.session import ScriptedSession

T = TypeVar("T")
QUICK = SettleLimits(minimum=0.0, reaction=0.03, quiet=0.02, maximum=0.3)
SETTINGS = ReplaySettings(
    settle=QUICK, last_settle=QUICK, patience=0.2, short_patience=0.1, effect_patience=0.1
)
BUTTON = (100, 60, 40, 20)  # what is looked for, as `picture` draws it
RECORDED = RelativePoint(0.01, 0.01)  # far from where it is now
CHANGES = Written(Effect(changed=True))
EDITOR = WindowRef("Notes - Editor", "Editor", Region(0, 0, 320, 200), active=True, popup=False)


class Finder:
    """Finds a white box of one size wherever it is drawn."""

    def __init__(self) -> None:
        self.looks = 0

    def find(
        self, anchor: Any, frame: Frame, *, windows: Sequence[WindowRef] = ()
    ) -> Found | Missed:
        self.looks += 1
        assert anchor is not None
        assert windows is not None
        width, height = BUTTON[2:]
        for top in range(0, 200 - height, 10):
            for left in range(0, 320 - width, 10):
                if frame.pixels[top : top + height, left : left + width].min() == 255:
                    point = FramePoint(left + width / 2, top + height / 2)
                    return Found(point, "picture", 0.9, 0.01)
        return Missed("there is no white box", (FramePoint(5.0, 5.0),), 0.01)


class Anchor:
    """Stands in for one: only what is said about it is asked."""

    text = "Save"
    window = None
    empty = False


class Desk:
    """A desktop on which each input event draws a line below the button, unless it is `dead`."""

    def __init__(self, *boxes: tuple[int, int, int, int], dead: bool = False) -> None:
        self.boxes = boxes or (BUTTON,)
        self.screen = FakeScreen([picture(*self.boxes)])
        self.input = RecordingInput()
        self.finder = Finder()
        self.ring = FrameRing()
        self.lines: list[tuple[int, int, int, int]] = []
        if not dead:
            self.input.on_event = self.react

    def react(self) -> None:
        self.lines = [(len(self.lines) % 30 * 10, 150, 9, 18), *self.lines[:20]]
        self.screen.show(picture(*self.boxes, *self.lines))

    def replay(
        self,
        *parts: Part,
        texts: Texts | None = None,
        settings: ReplaySettings = SETTINGS,
        **more: Any,
    ) -> Replay:
        texts = texts or Texts()
        return Replay(
            screen=self.screen,
            input=SecretInput(self.input, texts.secrets, lambda _name: nullcontext()),
            ring=self.ring,
            budgets=settings.budgets,
            last_settle=QUICK,
            script=Script("Save the file", parts, lambda _key: Anchor(), "r1"),  # type: ignore
            finder=self.finder,
            read=lambda _part: Sight(()),
            texts=texts,
            settings=settings,
            **more,
        )

    def run(self, *parts: Part, **more: Any) -> list[Event]:
        return list(self.replay(*parts, **more).events())


def part(
    number: int, *actions: Action, expected: Written = CHANGES, keyboard: WindowName | None = None
) -> Part:
    deeds = (
        Deed(f"{number}.{index}", action, f"Do {number}", f"text_{number}")
        for index, action in enumerate(actions)
    )
    return Part(number, tuple(deeds), expected, keyboard)


def only(events: Sequence[Event], kind: type[T]) -> list[T]:
    return [event for event in events if isinstance(event, kind)]


def outcome(events: Sequence[Event]) -> tuple[str, str]:
    (finished,) = only(events, RunFinished)
    return finished.outcome, finished.reason


def test_a_step_is_done_where_its_target_is_now() -> None:
    desk = Desk((200, 80, 40, 20))
    events = desk.run(part(1, Click(RECORDED)), part(2, Write("hi")))
    assert outcome(events) == ("success", "all 2 steps were done again")
    assert desk.input.events[:3] == [
        ("move", 220, 90),
        ("button_down", "left"),
        ("button_up", "left"),
    ]
    kinds = [type(event).__name__ for event in events if not isinstance(event, FrameCaptured)]
    assert kinds[:8] == [
        "RunStarted",
        "StepStarted",
        "TargetFound",
        "ActionDecided",
        "ActionDone",
        "ScreenSettled",
        "EffectCompared",
        "StepFinished",
    ]
    (started,) = only(events, RunStarted)
    assert (started.model, started.replays, started.task) == ("replay", "r1", "Save the file")
    assert only(events, TargetFound)[0].point == ScreenPoint(220, 90)
    assert only(events, ActionDecided)[0].points == (ScreenPoint(220, 90),)
    assert all(event.alike for event in only(events, EffectCompared))


def test_both_ends_of_a_drag_are_found() -> None:
    desk = Desk()
    events = desk.run(part(1, Drag(RECORDED, RECORDED)))
    assert len(only(events, TargetFound)) == 2
    assert outcome(events)[0] == "success"


def test_a_missed_target_ends_the_run_before_any_input() -> None:
    desk = Desk((0, 0, 5, 5))
    events = desk.run(part(1, Click(RECORDED)), part(2, Press(("enter",))))
    assert desk.input.events == []
    assert not only(events, ActionDecided)
    result, reason = outcome(events)
    assert result == "failure"
    for words in ("step 1", "Do 1", "the text “Save”", "there is no white box"):
        assert words in reason
    assert only(events, TargetMissed)[0].step == 1


def test_a_target_that_comes_late_is_waited_for() -> None:
    desk = Desk((0, 0, 5, 5))
    settings = ReplaySettings(settle=QUICK, last_settle=QUICK, patience=5.0)
    late = picture(BUTTON)
    desk.screen.show(*[picture((0, 0, 5, 5))] * 20, late)
    desk.boxes = (BUTTON,)
    events = desk.run(part(1, Click(RECORDED)), settings=settings)
    assert outcome(events)[0] == "success"
    assert desk.finder.looks == 2  # a screen that stays as it is is not searched again


def test_an_effect_that_does_not_come_ends_the_run_before_the_next_input() -> None:
    desk = Desk(dead=True)
    events = desk.run(part(1, Click(RECORDED)), part(2, Press(("enter",))))
    assert outcome(events) == (
        "failure",
        "step 1, Do 1: nothing on the screen changed, and it should have",
    )
    assert [event.alike for event in only(events, EffectCompared)] == [False]
    assert ("key_down", "enter") not in desk.input.events


def test_a_target_that_moves_just_before_the_input_is_acted_on_where_it_is_then() -> None:
    desk = Desk()
    desk.boxes = ((200, 100, 40, 20),)
    events: list[Event] = []
    for event in desk.replay(part(1, Click(RECORDED))).events():
        if isinstance(event, ActionDecided):
            assert desk.input.events == []
            desk.screen.show(picture(*desk.boxes))
        events.append(event)
    assert outcome(events)[0] == "success"
    assert desk.input.events[:2] == [("move", 220, 110), ("button_down", "left")]
    (step,) = steps_of(events)
    assert [action.points for action in step.actions] == [(ScreenPoint(220, 110),)]
    assert step.actions[0].done


def test_a_target_that_moves_whenever_it_is_to_be_acted_on_is_left_alone() -> None:
    desk = Desk()
    places = itertools.count(1)
    events: list[Event] = []
    for event in desk.replay(part(1, Click(RECORDED))).events():
        if isinstance(event, ActionDecided):
            desk.screen.show(picture((20 * next(places), 100, 40, 20)))
        events.append(event)
    assert outcome(events)[0] == "failure"
    assert "moves" in outcome(events)[1]
    assert desk.input.events == []


def test_a_target_that_goes_just_before_the_input_is_not_acted_on() -> None:
    desk = Desk()
    for event in desk.replay(part(1, Click(RECORDED))).events():
        if isinstance(event, ActionDecided):
            desk.screen.show(picture((0, 0, 5, 5)))
        if isinstance(event, RunFinished):
            assert event.outcome == "failure"
            assert "moved" in event.reason
    assert desk.input.events == []


def test_a_window_on_its_way_is_acted_in_where_it_comes_to_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk()
    opened = WindowRef("Save", "Editor", Region(80, 40, 100, 80), active=True, popup=False)
    looks = 0

    def windows() -> tuple[WindowRef, ...]:
        nonlocal looks
        looks += 1
        if looks == 3:  # after it was found, and before anything was done
            desk.boxes = ((200, 100, 40, 20),)
            desk.screen.show(picture(*desk.boxes))
            moved = msgspec.structs.replace(opened, region=Region(180, 80, 100, 80))
            desk.screen.stack = (moved,)
        return desk.screen.stack

    desk.screen.stack = (opened,)
    monkeypatch.setattr(desk.screen, "windows", windows)
    settings = ReplaySettings(settle=QUICK, last_settle=QUICK, patience=5.0)
    events = desk.run(part(1, Click(RECORDED)), settings=settings)
    assert outcome(events)[0] == "success"
    assert [event.point for event in only(events, TargetFound)] == [ScreenPoint(220, 110)]
    assert desk.input.events[0] == ("move", 220, 110)


def test_keys_go_only_into_the_recorded_window() -> None:
    desk = Desk()
    keyboard = WindowName("Notes - Editor", "Editor")
    desk.screen.stack = (WindowRef("Mail", "Mail", EDITOR.region, active=True, popup=False),)
    events = desk.run(part(1, Write("hi"), keyboard=keyboard))
    assert outcome(events)[0] == "failure"
    assert "the keyboard is with the window “Mail”" in outcome(events)[1]
    assert desk.input.events == []
    desk.screen.stack = (EDITOR,)
    assert outcome(desk.run(part(1, Write("hi"), keyboard=keyboard)))[0] == "success"


def test_policy_has_the_last_word() -> None:
    desk = Desk()
    events = desk.run(part(1, Hotkey(("ctrl", "alt", "delete"))))
    assert outcome(events)[0] == "failure"
    assert "barred" in outcome(events)[1]
    assert desk.input.events == []


def test_a_key_that_does_not_exist_is_a_failure_of_the_recording() -> None:
    events = Desk().run(part(1, Press(("no-such-key",))))
    assert outcome(events)[0] == "failure"


def test_a_stop_ends_it_within_one_input_event() -> None:
    desk = Desk()
    control = Control()
    desk.input.on_event = control.end
    events = desk.run(part(1, Click(RECORDED)), control=control)
    assert outcome(events)[0] == "stopped"
    assert desk.input.events == [("move", 120, 70)]
    assert desk.input.held == []


@pytest.mark.parametrize(("answer", "ends"), [("again", "success"), ("leave it out", "failure")])
def test_a_step_that_a_hand_broke_off_is_done_again_or_left_out(answer: str, ends: str) -> None:
    desk = Desk()
    control = Control()
    asked: list[str] = []

    def touch() -> None:
        desk.input.on_event = desk.react
        control.feel_hand("button")

    def answerer(question: QuestionAsked) -> str:
        asked.append(question.question)
        return "go on" if "go on" in question.choices else answer

    desk.input.on_event = touch
    events = desk.run(part(1, Click(RECORDED)), control=control, hand_rest=0.0, answerer=answerer)
    assert "broken off" in asked[1]
    assert outcome(events)[0] == ends, outcome(events)
    pressed = [event for event in desk.input.events if event[0] == "button_down"]
    assert len(pressed) == (1 if answer == "again" else 0)


@pytest.mark.parametrize(
    ("answer", "ends", "clicks", "offers"),
    [("again", "success", 1, 2), ("leave it out", "failure", 0, 1), ("no!", "stopped", 0, 1)],
)
def test_a_vetoed_step_is_not_done_and_the_person_says_what_becomes_of_it(
    answer: str, ends: str, clicks: int, offers: int
) -> None:
    desk, control = Desk(), Control()
    control.veto_seconds = 20.0
    offered: list[VetoOffered] = []
    asked: list[QuestionAsked] = []

    def answerer(question: QuestionAsked) -> str:
        asked.append(question)
        assert desk.input.events == []
        return answer

    run = desk.replay(part(1, Click(RECORDED), Write("x")), control=control, answerer=answerer)
    events: list[Event] = []
    for event in run.events():
        events.append(event)
        if isinstance(event, VetoOffered):
            offered.append(event)
            if len(offered) == 1:
                control.veto()
            control.veto_seconds = 0.01  # the next one passes
    assert [len(each.actions) for each in offered] == [2] * offers
    assert offered[0].points == ((ScreenPoint(120, 70),), ())  # the second is found at its turn
    assert [question.choices for question in asked] == [("again", "leave it out", "stop")]
    assert [event.cause for event in only(events, Paused)] == ["veto"]
    assert outcome(events)[0] == ends, outcome(events)
    assert len([each for each in desk.input.events if each[0] == "button_down"]) == clicks


def test_a_script_has_no_time_for_a_veto_where_it_asks_before_every_action() -> None:
    control = Control()
    control.veto_seconds = 20.0
    settings = replace(SETTINGS, policy=SETTINGS.policy.confirming("all"))
    events = Desk().run(
        part(1, Click(RECORDED)),
        control=control,
        settings=settings,
        answerer=lambda _question: "allow once",
    )
    assert outcome(events)[0] == "success"
    assert only(events, VetoOffered) == []


def test_parameters_replace_what_is_typed() -> None:
    desk = Desk()
    events = desk.run(part(1, Write("old")), texts=Texts({"text_1": "new"}))
    typed = "".join(str(event[1]) for event in desk.input.events if event[0] == "write")
    assert typed == "new"
    assert only(events, ActionDecided)[0].action == Write("new")


def test_what_is_lost_on_the_way_is_typed_again() -> None:
    desk = Desk()
    desk.input = field = Field("", lost)
    field.on_event = desk.react
    events = desk.run(part(1, Write("hello world\n")), fields=field)
    assert outcome(events)[0] == "success"
    assert field.sent == ["hello world"]
    (warned,) = only(events, ModelWarned)
    assert "typed again" in warned.message


def test_a_secret_is_typed_and_never_told() -> None:
    desk = Desk()
    asked: list[QuestionAsked] = []

    def answer(question: QuestionAsked) -> str:
        asked.append(question)
        return "hunter2"

    events = desk.run(part(1, Write("pw {{secret:mail}}!")), answerer=answer)
    typed = "".join(str(event[1]) for event in desk.input.events if event[0] == "write")
    assert typed == "pw hunter2!"
    assert "“mail”" in asked[0].question
    assert only(events, QuestionAnswered)
    assert not any(b"hunter2" in encode_event(event) for event in events)


def test_a_secret_that_nobody_tells_ends_the_run_without_typing() -> None:
    desk = Desk()
    events = desk.run(part(1, Write("{{secret:mail}}")))
    assert outcome(events)[0] == "failure"
    assert desk.input.events == []


def test_waits_questions_and_the_recorded_end_are_done_again() -> None:
    desk = Desk()
    deeds = (Deed("1.0", AskHuman("Which?", ("red", "green")), "Ask", answer="blue"),)
    ask = Part(1, deeds, Written(Effect()))
    end = part(2, Wait(0.01), Terminate("success", "42"), expected=Written(Effect()))
    events = desk.run(ask, end, answerer=lambda asked: asked.choices[0])
    assert only(events, QuestionAsked)[0].choices == ("blue", "red", "green")
    (finished,) = only(events, RunFinished)
    assert (finished.outcome, finished.answer) == ("success", "42")


def person(*answers: str | None) -> Callable[[QuestionAsked], str | None]:
    left = iter(answers)
    return lambda _asked: next(left)


def test_a_person_may_look_again_leave_out_point_or_stop() -> None:
    def told(answer: str | None, **more: Any) -> tuple[Desk, tuple[str, str]]:
        desk = Desk((0, 0, 5, 5))
        events = desk.run(
            part(1, Click(RECORDED)), helper=Person(), answerer=person(answer, None), **more
        )
        return desk, outcome(events)

    assert told("Stop")[1][0] == "failure"
    assert told(None)[1][0] == "failure"
    desk, end = told("Leave this action out")
    assert end == ("failure", "1 actions were left out")
    assert desk.input.events == []
    healed: list[FramePoint] = []

    def heal(_trouble: object, point: FramePoint) -> Any:
        healed.append(point)
        return Anchor()

    assert told("30, 40", healed=heal)[1][0] == "failure"  # its new anchor is not found, either
    assert healed == [FramePoint(30.5, 40.5)]
    assert told("3000, 40", healed=heal)[1][0] == "failure"
    assert len(healed) == 1


def test_a_place_that_was_given_is_acted_on_once_it_is_found_there() -> None:
    desk = Desk((0, 0, 5, 5))

    def heal(_trouble: object, _point: FramePoint) -> Any:
        desk.boxes = (BUTTON,)
        desk.screen.show(picture(BUTTON))
        return Anchor()

    # the frame that was looked at is not used again: the screen is captured anew
    events = desk.run(part(1, Click(RECORDED)), helper=Person(), answerer=person("2"), healed=heal)
    assert outcome(events)[0] == "success"
    assert ("move", 120, 70) in desk.input.events


def model(*replies: str) -> tuple[Model, ScriptedRuntime]:
    runtime = ScriptedRuntime(list(replies))
    return Model(lambda: runtime, load_prompt("grounding"), Sampling()), runtime


def test_the_model_is_shown_the_screen_and_the_recorded_intent() -> None:
    desk = Desk((0, 0, 60, 5))
    points: list[FramePoint] = []

    def heal(_trouble: object, point: FramePoint) -> Any:
        points.append(point)
        desk.boxes = (BUTTON,)
        desk.screen.show(picture(BUTTON))
        return Anchor()

    helper, runtime = model(reply("pyautogui.click(x=0.1, y=0.03)"))
    events = desk.run(part(1, Click(RECORDED)), helper=helper, healed=heal)
    assert outcome(events)[0] == "success"
    assert points == [FramePoint(32.0, 6.0)]
    assert "Do 1" in runtime.requests[0].turns[-1].text


@pytest.mark.parametrize(
    ("says", "why"),
    [
        (reply("pyautogui.click(x=0.9, y=0.9)"), "There is nothing at the model's place"),
        (reply("computer.terminate(status='failure')"), "The model named no place"),
        ("no code at all", "holds no action"),
    ],
)
def test_an_implausible_answer_of_the_model_is_not_acted_on(says: str, why: str) -> None:
    desk = Desk((0, 0, 5, 5))
    helper, _ = model(says)
    events = desk.run(part(1, Click(RECORDED)), helper=helper, healed=lambda *_: Anchor())
    assert outcome(events)[0] == "failure"
    assert why in only(events, ModelErred)[0].message
    assert desk.input.events == []


def test_what_a_model_did_wrong_is_not_done_again(tmp_path: Path) -> None:
    episode = ExampleRun().episode(tmp_path / "e")
    script = script_of(episode, maker=None, read=lambda _part: Sight(()))  # type: ignore
    recorded = [each.action for step in episode.steps for each in step.actions if each.done]
    assert [deed.action for each in script.parts for deed in each.deeds] == recorded
    assert script.replays == "r1"
    assert script.texts == {"text_1": "héllo 'x' \"y\" \\ 你好\n"}


def test_an_action_that_was_never_carried_out_is_left_out(tmp_path: Path) -> None:
    class CutOff(ExampleRun):
        def events(self) -> Iterator[Event]:
            for event in super().events():
                if not (isinstance(event, ActionDone) and event.step == 2 and event.index == 1):
                    yield event

    episode = CutOff().episode(tmp_path / "e")
    script = script_of(episode, maker=None, read=lambda _part: Sight(()))  # type: ignore
    assert not script.texts
    assert [deed.key for deed in script.parts[1].deeds] == ["2.0"]


def test_a_replay_that_was_killed_leaves_an_episode_that_opens(tmp_path: Path) -> None:
    desk = Desk()
    recorder = EpisodeRecorder(tmp_path / "e", desk.ring.get)
    for event in recorder.tee(desk.replay(part(1, Click(RECORDED)), part(2, Write("x"))).events()):
        if isinstance(event, ActionDecided) and event.step == 2:
            break  # as after a kill, nothing more is written
    episode = open_episode(tmp_path / "e")
    assert episode.run is not None
    assert episode.run.replays == "r1"
    first, second = episode.steps
    assert first.found[0].how == "picture"
    assert first.effect is not None
    assert first.effect.alike
    assert not second.actions[0].done
    assert not episode.problems


def test_sizes_may_differ_between_recording_and_screen() -> None:
    big = picture((300, 200, 40, 20), size=Size(640, 400))
    change = Change(picture(BUTTON), big, Desk().screen.grab().transform)
    assert change.boxes


def test_the_window_tells_how_targets_were_found_and_what_differs() -> None:
    story = Story()
    for event in Desk(dead=True).run(part(1, Click(RECORDED))):
        story.apply(event)
    (step,) = story.steps
    assert [text for kind, text in step.pieces if kind == "note"] == [
        "Found by picture (90%).",
        "nothing on the screen changed, and it should have",
    ]
    assert step.state == "ended"


def test_the_terminal_tells_it_too() -> None:
    written = io.StringIO()
    desk = Desk((0, 0, 5, 5))

    def script(_session: ScriptedSession) -> Iterator[Event]:
        yield from desk.replay(part(1, Click(RECORDED))).events()

    finished = print_run(ScriptedSession(script), Console(file=written, width=200))
    assert finished.outcome == "failure"
    assert "✗ looked for the text “Save”: there is no white box" in written.getvalue()
