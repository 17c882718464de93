"""The loop on fakes: the order of events, what goes back to the model, and every way to end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest

from agent_app.actions import CONFIRM_SECONDS
from agent_app.asking import VETOED_REMARK
from agent_app.control import Control
from agent_app.errors import KnownError
from agent_app.events import (
    ActionDecided,
    ActionDone,
    Budgets,
    Event,
    FrameCaptured,
    HintGiven,
    ModelErred,
    ModelWarned,
    Paused,
    QuestionAnswered,
    QuestionAsked,
    ReplyReceived,
    Resumed,
    RunFinished,
    RunStarted,
    ScreenSettled,
    StepFinished,
    StepStarted,
    TokenStreamed,
    VetoOffered,
    WindowRef,
    WindowsSeen,
)
from agent_app.geometry import Region, ScreenPoint, Size
from agent_app.loop import LoopSettings, run
from agent_app.model_runtime import KIMI_VL_LIMITS, THINK_OPEN, ImagePart, Sampling
from agent_app.prompting import load_prompt
from agent_app.screen.ring import FrameRing
from agent_app.screen.settle import SettleLimits
from tests.fakes.input import RecordingInput
from tests.fakes.runtime import ScriptedRuntime, reply
from tests.fakes.screen import FakeScreen, picture

T = TypeVar("T")
QUICK = SettleLimits(minimum=0.0, reaction=0.03, quiet=0.02, maximum=0.3)
DONE = reply("computer.terminate(status='success', answer='saved')")
CLICK = reply("pyautogui.click(x=0.5, y=0.25)", action="Click Save")


class Desk:
    """A fake desktop on which every input event moves a white box, unless it is `dead`."""

    def __init__(self, *, dead: bool = False) -> None:
        self.screen = FakeScreen([picture()])
        self.input = RecordingInput()
        self.ring = FrameRing()
        self._dead = dead
        self._moves = 0

    def react(self) -> None:
        if not self._dead:
            self._moves += 1
            self.screen.show(picture((self._moves % 30 * 10, 20 * (self._moves // 30), 9, 18)))

    def start(
        self,
        replies: list[str | Exception],
        *,
        settings: LoopSettings | None = None,
        runtime: ScriptedRuntime | None = None,
        **kind,
    ) -> Iterator[Event]:
        self.runtime = runtime or ScriptedRuntime(replies)
        for event in run(
            "Save the file",
            runtime=self.runtime,
            screen=self.screen,
            input=self.input,
            prompt=load_prompt(),
            ring=self.ring,
            settings=settings or LoopSettings(settle=QUICK, last_settle=QUICK),
            **kind,
        ):
            if isinstance(event, ActionDone):
                self.react()
            yield event

    def last_question(self) -> str:
        """Everything the model was shown in words when it was last asked."""
        return "\n".join(turn.text for turn in self.runtime.requests[-1].turns)


def only(events: list[Event], kind: type[T]) -> T:
    found = [event for event in events if isinstance(event, kind)]
    assert len(found) == 1, found
    return found[0]


def test_a_run_yields_its_events_in_the_order_of_the_loop():
    events = list(Desk().start([CLICK, DONE]))
    kinds = [type(event) for event in events if not isinstance(event, TokenStreamed)]
    assert kinds == [
        RunStarted,
        *(StepStarted, FrameCaptured, ReplyReceived, ActionDecided, ActionDone, ScreenSettled),
        StepFinished,
        *(StepStarted, FrameCaptured, ReplyReceived, ActionDecided, ActionDone, StepFinished),
        FrameCaptured,
        RunFinished,
    ]
    finished = only(events, RunFinished)
    assert (finished.outcome, finished.answer, finished.steps) == ("success", "saved", 2)


def test_windows_are_told_when_they_are_others_than_before():
    desk = Desk()
    notes = WindowRef("Notes", "editor", Region(0, 0, 9, 9), active=True, popup=False)
    dialog = WindowRef("Save?", "editor", Region(2, 2, 4, 4), active=True, popup=False)
    desk.screen.stack = (notes,)
    told: list[WindowsSeen] = []
    for event in desk.start([CLICK, CLICK, CLICK, DONE]):
        if isinstance(event, ActionDone) and event.step == 2:
            desk.screen.stack = (dialog, notes)
        if isinstance(event, WindowsSeen):
            told.append(event)
    assert [(event.step, event.windows) for event in told] == [
        (1, (notes,)),
        (3, (dialog, notes)),
    ]


def test_the_reply_streams_as_thought_and_summary_before_it_is_acted_on():
    events = list(Desk().start([DONE]))
    streamed = [event for event in events if isinstance(event, TokenStreamed)]
    thought = "".join(event.text for event in streamed if event.channel == "thought")
    summary = "".join(event.text for event in streamed if event.channel == "summary")
    received = only(events, ReplyReceived)
    assert thought == received.thought == "Looking."
    assert summary.strip() == received.summary
    assert events.index(streamed[-1]) < events.index(received)


def test_a_click_lands_on_the_screen_point_of_its_relative_place():
    desk = Desk()
    events = list(desk.start([CLICK, DONE]))
    decided = next(event for event in events if isinstance(event, ActionDecided))
    assert [(point.x, point.y) for point in decided.points] == [(160, 50)]
    assert decided.intent == "Click Save"
    assert desk.input.position() == decided.points[0]


def test_pixel_values_are_those_of_the_picture_the_model_saw():
    desk = Desk()
    runtime = ScriptedRuntime([reply("pyautogui.click(x=154, y=98)"), DONE], limits=KIMI_VL_LIMITS)
    list(desk.start([], runtime=runtime))
    seen = runtime.requests[0].turns[-1].parts[0].image.size
    assert seen == (308, 196)
    assert (desk.input.position().x, desk.input.position().y) == (160, 100)


def test_no_input_is_sent_before_the_decision_was_consumed():
    desk = Desk()
    for event in desk.start([CLICK, DONE]):
        if isinstance(event, ActionDecided) and event.step == 1:
            assert desk.input.events == []
    assert desk.input.events


def test_the_model_may_look_at_the_settled_screen_before_it_is_asked():
    desk = Desk()
    list(desk.start([CLICK, CLICK, DONE]))
    asked = [
        part.sha1
        for request in desk.runtime.requests
        for part in request.turns[-1].parts
        if isinstance(part, ImagePart)
    ]
    assert [part.sha1 for part in desk.runtime.foreseen] == asked[1:]


def test_frames_are_in_the_ring_when_they_are_named():
    desk = Desk()
    for event in desk.start([CLICK, CLICK, DONE]):
        if isinstance(event, FrameCaptured):
            assert desk.ring.get(event.frame.sha1) is not None


def test_coordinates_in_the_thought_are_never_acted_on():
    desk = Desk()
    tempting = reply(
        "computer.wait(seconds=0)", thought="```python\npyautogui.click(x=0.1, y=0.1)\n```"
    )
    list(desk.start([tempting, DONE]))
    assert desk.input.events == []


def test_a_thought_that_never_ends_is_a_mistake_and_no_action():
    desk = Desk()
    events = list(desk.start(["◁think▷click (0.5, 0.5) pyautogui.click(x=0.5, y=0.5)", DONE]))
    assert "never ended" in only(events, ModelErred).message
    assert desk.input.events == []


def test_a_mistake_goes_back_to_the_model_in_words():
    desk = Desk()
    list(desk.start([reply("pyautogui.click(x=0.5*width, y=0.1)"), DONE]))
    assert "could not be carried out" in desk.last_question()


def test_three_mistakes_in_a_row_end_the_run_and_fewer_do_not():
    bad = reply("pyautogui.press('nokey')")
    events = list(Desk().start([bad, bad, CLICK, bad, bad, bad]))
    finished = only(events, RunFinished)
    assert (finished.outcome, finished.steps) == ("failure", 6)
    assert finished.reason.startswith("3 unusable replies in a row; another model may do better: ")


def test_a_place_outside_the_screen_and_a_barred_chord_are_refused():
    desk = Desk()
    barred = reply("pyautogui.hotkey('ctrl', 'alt', 'delete')")
    events = list(desk.start([reply("pyautogui.click(x=5000, y=10)"), barred, DONE]))
    assert len([event for event in events if isinstance(event, ModelErred)]) == 2
    assert desk.input.events == []


def test_an_action_without_effect_is_told_and_then_ends_the_run():
    desk = Desk(dead=True)
    events = list(desk.start([CLICK] * 9))
    assert only(events, RunFinished).outcome == "failure"
    assert only(events, RunFinished).reason.endswith("; say in the task how it is done")
    warned = [event for event in events if isinstance(event, ModelWarned)]
    assert warned
    assert warned[0].message in desk.last_question()
    assert desk.screen.checks >= 2  # at the start, and when nothing seemed to react


def test_budgets_for_steps_tokens_and_seconds_end_the_run_and_say_what_raises_them():
    def end(**budgets) -> RunFinished:
        settings = LoopSettings(settle=QUICK, last_settle=QUICK, budgets=Budgets(**budgets))
        return only(list(Desk().start([CLICK] * 9, settings=settings)), RunFinished)

    ended = end(steps=2)
    assert (ended.outcome, ended.steps) == ("limit", 2)
    remedy = "--max-steps or the setting “Step limit” raises it"
    assert ended.reason == f"the limit of 2 steps is reached; {remedy}"
    assert "tokens is reached; start again" in end(tokens=50).reason
    assert "seconds is reached; --max-seconds" in end(seconds=0.01).reason


def test_a_reply_is_never_asked_to_be_longer_than_the_tokens_left():
    desk = Desk()
    settings = LoopSettings(
        settle=QUICK, last_settle=QUICK, budgets=Budgets(tokens=70), sampling=Sampling()
    )
    list(desk.start([CLICK] * 9, settings=settings))
    first, *rest = [request.sampling.max_tokens for request in desk.runtime.requests]
    assert first == 70
    assert all(left < 70 for left in rest)


def test_a_question_is_asked_and_its_answer_told_to_the_model():
    desk = Desk()
    question = reply("computer.ask(question='Which one?', choices=['left', 'right'])")
    events = list(desk.start([question, DONE], answerer=lambda asked: asked.choices[1]))
    assert only(events, QuestionAsked).choices == ("left", "right")
    assert only(events, QuestionAnswered).answer == "right"
    assert "The person answered: right" in desk.last_question()


def test_an_unanswered_question_is_told_too():
    desk = Desk()
    list(desk.start([reply("computer.ask(question='Which one?')"), DONE]))
    assert "Nobody answered" in desk.last_question()


def test_a_question_of_the_model_waits_as_long_as_is_set():
    settings = LoopSettings(settle=QUICK, last_settle=QUICK, answer_seconds=7.0)
    question = reply("computer.ask(question='Which one?')")
    events = list(Desk().start([question, DONE], settings=settings))
    assert only(events, QuestionAsked).seconds == 7.0


def test_stopping_at_any_token_or_event_sends_nothing_more_and_holds_nothing():
    total = len(list(Desk().start([CLICK, DONE])))
    for stop_at in range(total):
        control, desk, after = Control(), Desk(), []
        for number, event in enumerate(desk.start([CLICK, DONE], control=control)):
            if number == stop_at:
                control.end()
                sent = len(desk.input.events)
            elif number > stop_at:
                after.append(event)
        assert len(desk.input.events) == sent
        assert not desk.input.held
        if after:
            assert after[-1].outcome in ("stopped", "success")


def test_a_stop_between_tokens_cancels_the_generation():
    control = Control()
    runtime = ScriptedRuntime([CLICK], on_token=lambda number: number == 5 and control.end())
    events = list(Desk().start([], runtime=runtime, control=control))
    assert runtime.tokens == 5
    assert only(events, ReplyReceived).ended_by == "cancelled"
    assert only(events, RunFinished).outcome == "stopped"


def test_a_hand_holds_the_run_up_at_any_token_or_event_and_it_goes_on_when_told():
    total = len(list(Desk().start([CLICK, DONE])))
    at_once = LoopSettings(settle=QUICK, last_settle=QUICK, hand_rest=0.0)
    held_up = 0
    for touched_at in range(3, total - 1):
        control, desk, held = Control(), Desk(), []
        replies = [CLICK, DONE, DONE]
        run = desk.start(replies, control=control, settings=at_once, answerer=lambda _: "go on")
        for number, event in enumerate(run):
            if number == touched_at:
                control.feel_hand("key")
                sent = len(desk.input.events)
            if isinstance(event, Paused):
                held.append(event.cause)
                assert len(desk.input.events) == sent
                assert not desk.input.held
            last = event
        assert last.outcome == "success"
        held_up += held == ["hand"]
    assert held_up > total // 2


def once(token: int, act: Callable[[], None]) -> Callable[[int], None]:
    """Something to be done before this token of a runtime, and never again."""
    left = [act]

    def before(number: int) -> None:
        if number == token and left:
            left.pop()()

    return before


def test_what_a_pause_broke_off_is_decided_anew_on_the_screen_as_it_is_then():
    control, desk = Control(), Desk()
    runtime = ScriptedRuntime([CLICK, DONE], on_token=once(5, control.pause))
    seen = []
    for event in desk.start([], runtime=runtime, control=control, answerer=lambda _: "go on"):
        if isinstance(event, Paused):
            desk.react()
        if isinstance(event, FrameCaptured):
            seen.append(event.frame.sha1)
    assert seen[0] != seen[1]
    assert desk.input.events == []
    assert len(runtime.requests) == 2


def test_a_hint_goes_on_from_the_thought_that_was_broken_off():
    control = Control()
    runtime = ScriptedRuntime([CLICK, DONE], on_token=once(9, control.pause))
    answers = ["not that one, the second"]
    list(Desk().start([], runtime=runtime, control=control, answerer=lambda _: answers.pop(0)))
    opening = runtime.requests[1].opening
    assert opening.startswith(THINK_OPEN)
    assert opening.endswith("\nnot that one, the second\n")
    assert len(opening) > len(THINK_OPEN) + len("\nnot that one, the second\n")


def test_a_veto_stops_the_act_before_any_input_and_the_model_decides_anew():
    control, desk = Control(), Desk()
    control.veto_seconds = 20.0
    runtime = ScriptedRuntime([CLICK, DONE])
    offered = []
    answers = ["the other button"]
    for event in desk.start(
        [], runtime=runtime, control=control, answerer=lambda _: answers.pop(0)
    ):
        if isinstance(event, VetoOffered):
            offered.append(event)
            control.veto()
    assert desk.input.events == []
    assert [event.points for event in offered] == [(((ScreenPoint(160, 50)),),)]
    assert runtime.requests[1].opening.endswith("the other button\n")
    assert VETOED_REMARK in "".join(turn.text for turn in runtime.requests[1].turns)
    assert answers == []


def test_what_is_not_vetoed_in_time_is_done_and_all_of_the_step_was_offered():
    control, desk = Control(), Desk()
    control.veto_seconds = 0.01
    two = reply("pyautogui.click(x=0.5, y=0.25)\npyautogui.click(x=0.1, y=0.1)")
    events = list(desk.start([two, DONE], control=control))
    offer = only(events, VetoOffered)
    assert len(offer.actions) == len(offer.points) == 2
    assert len([event for event in events if isinstance(event, ActionDone)]) == 3
    control.veto()  # too late
    assert control.paused is None


def test_without_time_for_a_veto_none_is_offered():
    events = list(Desk().start([CLICK, DONE]))
    assert not [event for event in events if isinstance(event, VetoOffered)]


def test_a_hint_into_a_running_thought_goes_on_from_it_without_a_question():
    control = Control()
    hint = once(9, lambda: control.hint("the second"))
    runtime = ScriptedRuntime([CLICK, DONE], on_token=hint)
    events = list(Desk().start([], runtime=runtime, control=control))
    assert only(events, HintGiven).hint == "the second"
    assert only(events, Paused).cause == "hint"
    assert not [event for event in events if isinstance(event, QuestionAsked)]
    opening = runtime.requests[1].opening
    assert opening.startswith(THINK_OPEN)
    assert opening.endswith("\nthe second\n")
    assert only(events, RunFinished).outcome == "success"


def test_while_a_hint_is_typed_the_run_holds_still_and_a_withdrawn_one_changes_nothing():
    control = Control()
    runtime = ScriptedRuntime([CLICK, DONE], on_token=once(9, control.listen))
    events = []
    for event in Desk().start([], runtime=runtime, control=control):
        events.append(event)
        if isinstance(event, Paused):
            control.hint("")
    assert not [event for event in events if isinstance(event, HintGiven)]
    thought = runtime.requests[1].opening.removeprefix(THINK_OPEN)
    assert thought
    assert "Looking.".startswith(thought)


def test_a_hint_given_while_a_hand_holds_the_run_up_is_the_answer():
    control = Control()
    at_once = LoopSettings(settle=QUICK, last_settle=QUICK, hand_rest=0.0)
    control.pause("hand")
    control.hint("slowly")
    runtime = ScriptedRuntime([DONE])
    events = list(Desk().start([], runtime=runtime, control=control, settings=at_once))
    assert not [event for event in events if isinstance(event, QuestionAsked)]
    assert runtime.requests[0].opening == f"{THINK_OPEN}\nslowly\n"


def test_step_by_step_a_hint_lets_its_step_be_done_before_it_asks_again():
    control, answers = Control(), ["one step", "go on"]
    control.pause()
    hint = once(9, lambda: control.hint("the second"))
    runtime = ScriptedRuntime([CLICK, CLICK, DONE], on_token=hint)
    run = Desk().start([], runtime=runtime, control=control, answerer=lambda _: answers.pop(0))
    kinds = [type(event) for event in run if isinstance(event, ActionDone | QuestionAsked)]
    assert kinds == [QuestionAsked, ActionDone, QuestionAsked, ActionDone]


def test_a_stop_while_a_hint_is_awaited_ends_the_run():
    control = Control()
    control.listen()
    events = []
    for event in Desk().start([CLICK], control=control):
        events.append(event)
        if isinstance(event, Paused):
            control.end()
    assert only(events, RunFinished).outcome == "stopped"


def test_step_by_step_it_asks_before_each():
    control, asked = Control(), []

    def answer(question: QuestionAsked) -> str:
        asked.append(question)
        return "one step" if len(asked) < 3 else "go on"

    control.pause()
    events = list(Desk().start([CLICK, CLICK, CLICK, DONE], control=control, answerer=answer))
    assert [event.step for event in events if isinstance(event, Paused)] == [0, 1, 2]
    assert only(events, RunFinished).steps == 4


@pytest.mark.parametrize(("answer", "why"), [("stop", "stopped"), (None, "nobody said")])
def test_a_pause_that_nobody_ends_ends_the_run(answer: str | None, why: str):
    control = Control()
    control.pause()
    events = list(Desk().start([CLICK], control=control, answerer=lambda _: answer))
    assert only(events, RunFinished).outcome == "stopped"
    assert why in only(events, RunFinished).reason
    assert not [event for event in events if isinstance(event, Resumed)]


def test_a_hand_that_answers_a_question_takes_nothing_over():
    control = Control()

    def answer(_: QuestionAsked) -> str:
        control.feel_hand("button")
        return "left"

    question = reply("computer.ask(question='Which one?', choices=['left', 'right'])")
    events = list(Desk().start([question, DONE], control=control, answerer=answer))
    assert not [event for event in events if isinstance(event, Paused)]


def test_a_known_error_ends_the_run_readably_and_is_raised_again():
    events: list[Event] = []
    started = Desk().start([CLICK, KnownError("the server is gone", remedy="start it")])
    with pytest.raises(KnownError, match="the server is gone"):
        collect(started, events)
    assert only(events, RunFinished).outcome == "error"
    assert only(events, RunFinished).reason == "the server is gone — start it"


def test_a_fault_of_ours_is_recorded_once_and_raised_again():
    events: list[Event] = []
    with pytest.raises(ZeroDivisionError):
        collect(Desk().start([ZeroDivisionError("boom")]), events)
    assert only(events, RunFinished).reason == "ZeroDivisionError: boom"


def collect(started: Iterator[Event], into: list[Event]) -> None:
    for event in started:  # one by one, so that what came before an error is kept
        into.append(event)


def test_a_consumer_that_leaves_early_leaves_nothing_held():
    desk = Desk()
    started = desk.start([reply("pyautogui.dragTo(x=0.9, y=0.9)"), DONE])
    next(event for event in started if isinstance(event, ActionDecided))
    started.close()
    assert not desk.input.held


def test_the_way_is_clear_whenever_the_agent_looks_or_acts():
    desk = Desk()
    clear = threading.Event()

    @contextmanager
    def unobstructed() -> Iterator[None]:
        clear.set()
        yield
        clear.clear()

    def guarded(call: Callable) -> Callable:
        def checked(*arguments):
            assert clear.is_set(), f"{call.__name__} while the way was not clear"
            return call(*arguments)

        return checked

    desk.screen.grab = guarded(desk.screen.grab)
    desk.input.move = guarded(desk.input.move)
    desk.input.button_down = guarded(desk.input.button_down)
    events = list(desk.start([CLICK, CLICK, DONE], unobstructed=unobstructed))
    assert only(events, RunFinished).outcome == "success"
    assert not clear.is_set()


def test_the_decision_is_shown_before_the_way_is_cleared():
    entered = threading.Event()

    @contextmanager
    def unobstructed() -> Iterator[None]:
        entered.set()
        yield

    for event in Desk().start([CLICK, DONE], unobstructed=unobstructed):
        if isinstance(event, FrameCaptured):
            entered.clear()
        if isinstance(event, ActionDecided):
            assert not entered.is_set()


def test_several_actions_of_one_reply_are_done_in_order():
    desk = Desk()
    both = reply("pyautogui.click(x=0.5, y=0.5)\npyautogui.write(message='hi')")
    events = list(desk.start([both, DONE]))
    decided = [event.index for event in events if isinstance(event, ActionDecided)]
    assert decided == [0, 1, 0]
    assert [event[1] for event in desk.input.events if event[0] == "write"] == ["h", "i"]


def test_a_key_comes_once_the_text_before_it_has_had_effect():
    both = reply("pyautogui.write(message='notes.txt')\npyautogui.press('enter')")
    done = [event.at for event in Desk().start([both, DONE]) if isinstance(event, ActionDone)]
    written, pressed = done[:2]
    assert pressed - written >= CONFIRM_SECONDS


def test_timing_names_where_a_step_went():
    events = list(Desk().start([CLICK, DONE]))
    timing = next(event.timing for event in events if isinstance(event, StepFinished))
    assert timing.settle > 0
    assert timing.decode >= 0
    assert timing.capture > 0


def test_what_the_model_saw_of_past_steps_is_the_trained_history():
    desk = Desk()
    list(desk.start([CLICK] * 5 + [DONE]))
    turns = desk.runtime.requests[-1].turns
    assert [turn.role for turn in turns] == [
        "system",
        "assistant",
        *("user", "assistant") * 3,
        "user",
    ]
    assert turns[1].text.startswith("# Step 1:\n## Action:\nClick Save\n# Step 2:")
    assert turns[0].parts == (load_prompt().system,)
    assert turns[-1].parts[0].transform.size == Size(320, 200)


def test_a_late_effect_still_belongs_to_the_run():
    desk = Desk()
    late = picture((200, 100, 60, 60))
    events: list[Event] = []
    for event in desk.start([DONE]):
        if isinstance(event, StepFinished):
            desk.screen.show(desk.screen.grab().pixels, late)
        events.append(event)
    before, after = [event for event in events if isinstance(event, FrameCaptured)]
    assert (before.step, after.step) == (1, 1)
    last = desk.ring.get(after.frame.sha1)
    assert last is not None
    assert (last.pixels == late).all()
