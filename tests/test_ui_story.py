"""The run as the window tells it."""

from __future__ import annotations

from agent_app.actions import Click, Wait
from agent_app.events import (
    ActionDecided,
    ActionDone,
    Event,
    ModelErred,
    QuestionAnswered,
    QuestionAsked,
    ReplyReceived,
    StepStarted,
    TokenStreamed,
)
from agent_app.geometry import RelativePoint
from agent_app.ui.story import Story
from tests.fakes.session import TIMING, ScriptedSession, drawn_frame

CLICK = Click(RelativePoint(0.1, 0.1))


def told(*events: Event) -> Story:
    story = Story()
    for event in events:
        story.apply(event)
    return story


def scripted() -> ScriptedSession:
    return ScriptedSession(lambda _session: iter(()))


def test_an_ordinary_step_ends_with_its_thought_deeds_and_times() -> None:
    session = scripted()
    frame = drawn_frame("a")
    story = told(
        session.started(), *session.play_step(1, frame, CLICK, "Click it", points=[(3, 4)])
    )
    step = story.steps[0]
    assert step.state == "done"
    assert step.pieces == [("thought", "Let me look at the screen."), ("summary", "Click it")]
    assert [(deed.intent, deed.done) for deed in step.deeds] == [("Click it", True)]
    assert step.frame is not None
    assert step.frame.sha1 == frame.sha1
    assert step.timing == TIMING
    assert step.tokens_per_second == step.completion_tokens / TIMING.decode


def test_a_second_frame_is_the_state_at_the_end() -> None:
    session = scripted()
    first, second = drawn_frame("a"), drawn_frame("b")
    story = told(
        *session.play_step(1, first, CLICK, "Click it"),
        session.captured(1, second),
        session.finished("success"),
    )
    assert story.final_frame is not None
    assert story.final_frame.sha1 == second.sha1
    assert story.steps[0].frame is not None
    assert story.steps[0].frame.sha1 == first.sha1


def test_a_frame_of_a_step_that_never_started_is_the_state_at_the_end() -> None:
    session = scripted()
    story = told(
        *session.play_step(1, drawn_frame("a"), CLICK, "x"), session.captured(2, drawn_frame("b"))
    )
    assert story.final_frame is not None
    assert len(story.steps) == 1


def test_a_restart_takes_back_the_reply_but_not_the_one_before() -> None:
    story = told(
        StepStarted(1, 0.0),
        TokenStreamed(1, "summary", "nonsense"),
        ModelErred(1, "that was nonsense", 0.0),
        TokenStreamed(1, "summary", "so it "),
        TokenStreamed(1, "thought", "so it is", restart=True),
        TokenStreamed(1, "summary", "Click"),
    )
    assert story.steps[0].pieces == [
        ("summary", "nonsense"),
        ("note", "that was nonsense"),
        ("thought", "so it is"),
        ("summary", "Click"),
    ]


def test_a_reply_that_was_not_streamed_is_told_whole() -> None:
    story = told(StepStarted(1, 0.0), ReplyReceived(1, "I think", "Click", "stop", 1, 2, 0.0))
    assert story.steps[0].pieces == [("thought", "I think"), ("summary", "Click")]


def test_a_run_that_ends_within_a_step_ends_the_step() -> None:
    session = scripted()
    story = told(StepStarted(1, 0.0), session.finished("stopped"))
    assert story.steps[0].state == "ended"
    assert story.steps[0].seconds is not None


def test_several_actions_are_done_one_by_one() -> None:
    story = told(
        StepStarted(1, 0.0),
        ActionDecided(1, 0, CLICK, "Click it", (), 0.0),
        ActionDecided(1, 1, Wait(1.0), "Wait", (), 0.0),
        ActionDone(1, 0, 0.0),
    )
    assert [deed.done for deed in story.steps[0].deeds] == [True, False]


def test_a_question_stands_until_it_is_answered() -> None:
    asked = QuestionAsked(1, "Really?", (), 0.0)
    story = told(StepStarted(1, 0.0), asked)
    assert story.question is asked
    assert story.steps[0].state == "asking"
    story.apply(QuestionAnswered(1, "yes", 0.0))
    assert story.question is None
