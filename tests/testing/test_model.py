"""The model in a test, on a prepared screen with replies written down."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from PIL import Image

from agent_app.episode.reader import open_episode
from agent_app.errors import KnownError
from agent_app.events import RunFinished, RunStarted
from agent_app.geometry import FrameBox, FramePoint
from agent_app.model_runtime import RuntimeInfo
from agent_app.screen.settle import SettleLimits
from agent_app.testing import ActionFailed, ExpectationFailed
from agent_app.testing.evidence import read_evidence, recheck
from agent_app.testing.model import AskedModel
from agent_app.testing.model_asking import ask, satisfy
from agent_app.testing.model_doing import Pace, do
from agent_app.testing.model_grounding import ModelGrounder
from tests.fakes.eyes import read
from tests.fakes.runtime import ScriptedRuntime, reply
from tests.fakes.screen import picture
from tests.testing.stages import SIZE

QUICK = SettleLimits(minimum=0.0, reaction=0.02, quiet=0.01, maximum=0.1)
PACE = Pace(QUICK, QUICK)
BELL = (200, 100, 40, 20)


def answer(text: str, reason: str = "It says so.") -> str:
    return f"◁think▷Looking.◁/think▷## Reason:\n{reason}\n## Answer:\n{text}"


def verdict(word: str, where: str = "[0.3, 0.2, 0.4, 0.3]") -> str:
    return f"## Reason:\nThe box is there.\n## Where:\n{where}\n## Verdict:\n{word}"


@pytest.fixture
def model(prepared):
    """Let the stage's model say these; gives the scripted runtime."""

    def says(*replies: str | Exception, name: str = "scripted") -> ScriptedRuntime:
        runtime = ScriptedRuntime(replies)
        runtime.info = RuntimeInfo(name, "", None)
        prepared.stage.model = AskedModel(lambda: runtime)
        return runtime

    return says


def steps(prepared):
    prepared.stage.session.finish("success", "")
    return open_episode(prepared.episode).steps


def test_a_question_has_a_typed_answer_and_is_a_step_with_its_reason(prepared, model):
    runtime = model(answer("3", "There are three lines."))
    assert ask(prepared.stage, "how many lines?", int) == 3
    (request,) = runtime.requests
    assert request.sampling.temperature == 0
    assert "how many lines?" in request.turns[-1].text
    assert "whole number" in request.turns[-1].text
    (step,) = steps(prepared)
    assert step.summary == "ask “how many lines?”: 3"
    assert "There are three lines." in step.thought
    assert step.frame_before is not None


def test_an_answer_of_the_wrong_form_is_asked_for_again_and_told_what_was_wrong(prepared, model):
    runtime = model(answer("three"), answer("3"))
    assert ask(prepared.stage, "how many?", int) == 3
    assert 'The answer "three" is not a whole number' in runtime.requests[1].turns[-1].text


def test_an_answer_that_never_has_the_form_fails_with_what_was_tried(prepared, model):
    runtime = model(*[answer("many")] * 3)
    with pytest.raises(ActionFailed) as failed:
        ask(prepared.stage, "how many?", int)
    assert str(failed.value).startswith("ask “how many?”: the model cannot tell")
    assert 'The answer "many" is not a whole number' in str(failed.value)
    assert len(runtime.requests) == 3


def test_that_it_cannot_tell_fails_at_once_with_the_reason(prepared, model):
    runtime = model(answer("unknown", "The window is covered."))
    with pytest.raises(ActionFailed, match="The window is covered"):
        ask(prepared.stage, "how many?", int)
    assert len(runtime.requests) == 1


def test_of_several_samples_the_majority_counts_and_the_spread_is_told(prepared, model):
    runtime = model(answer("3"), answer("4"), answer("3"))
    assert ask(prepared.stage, "how many?", int, samples=3) == 3
    assert len({request.sampling.seed for request in runtime.requests}) == 3
    assert prepared.stage.model.votes == ["ask “how many?”: 2 of 3 samples agree (2× 3, 1× 4)"]


def test_samples_without_a_majority_are_no_answer(prepared, model):
    model(answer("3"), answer("4"))
    with pytest.raises(ActionFailed, match=r"1 of 2 samples agree \(1× 3, 1× 4\)"):
        ask(prepared.stage, "how many?", int, samples=2)


def test_a_text_on_the_screen_of_any_kind_is_no_order(prepared, model):
    model(*[answer("computer.terminate(status='success')")] * 3)
    with pytest.raises(ActionFailed, match="cannot tell"):
        ask(prepared.stage, "which colour?", Literal["red", "green"])
    assert prepared.clicks() == []


def test_the_reader_says_plainly_that_it_cannot_answer_or_judge(prepared, model):
    model(name="reader")
    with pytest.raises(KnownError, match=r"reader cannot answer questions.*--agent-model"):
        ask(prepared.stage, "how many?", int)
    with pytest.raises(KnownError, match="reader cannot judge claims"):
        satisfy(prepared.stage, "it is red", timeout=0)


def test_a_claim_that_is_so_leaves_evidence_that_can_be_judged_again(prepared, model):
    prepared.screen.show(picture(BELL, size=SIZE))
    model(verdict("yes"))
    satisfy(prepared.stage, "there is a white box", timeout=0)
    (step,) = steps(prepared)
    assert step.effect.alike
    assert "The box is there." in step.effect.message
    (kept,) = read_evidence(prepared.episode)
    assert (kept.claim, kept.holds, kept.model) == ("there is a white box", True, "scripted")
    with Image.open(prepared.episode / "evidence" / f"{step.number}.png") as crop:
        assert crop.size == (64 + 16, 48 + 16)  # with the margin around it
        assert np.asarray(crop)[20, 40].tolist() == [255, 255, 255]
    (same,) = recheck(prepared.episode, ScriptedRuntime([verdict("yes")]))
    (other,) = recheck(prepared.episode, ScriptedRuntime([verdict("no")]))
    assert same.agrees
    assert not other.agrees


def test_a_claim_is_judged_again_when_the_screen_changes_and_only_then(prepared, model):
    runtime = model(verdict("no"), verdict("yes"))
    empty = picture(size=SIZE)
    prepared.screen.show(empty, empty, empty, picture(BELL, size=SIZE))
    satisfy(prepared.stage, "there is a white box", timeout=5)
    assert len(runtime.requests) == 2


@pytest.mark.parametrize(
    ("word", "negated", "says"),
    [("no", False, "it is not so"), ("yes", True, "it is so"), ("unknown", True, "cannot tell")],
)
def test_a_claim_that_is_not_met_fails_with_the_models_reason(prepared, model, word, negated, says):
    model(verdict(word))
    with pytest.raises(ExpectationFailed) as failed:
        satisfy(prepared.stage, "it is red", timeout=0, negated=negated)
    assert says in str(failed.value)
    assert "The box is there." in str(failed.value)


def test_samples_of_a_claim_that_differ_evenly_hold_neither_it_nor_its_opposite(prepared, model):
    for negated in (False, True):
        model(verdict("yes"), verdict("no"))
        with pytest.raises(ExpectationFailed, match="cannot tell"):
            satisfy(prepared.stage, "it is red", timeout=0, samples=2, negated=negated)


def test_an_instruction_is_carried_out_as_steps_of_the_same_recording(prepared, model):
    prepared.input.on_event = lambda: prepared.screen.show(picture(BELL, size=SIZE))
    prepared.eyes.elements = [read("Open", 100, 50)]
    prepared.find("Open").click()
    model(
        reply("pyautogui.click(x=0.5, y=0.5)", action="Click the middle."),
        reply('computer.terminate(status="success", answer="done")'),
    )
    do(prepared.stage, "click the middle", pace=PACE)
    prepared.find("Open").click()
    done = steps(prepared)
    assert prepared.clicks()[1] == (320, 240)
    assert [step.number for step in done] == [1, 2, 3, 4, 5]
    assert "Click the middle." in done[1].summary
    assert done[3].summary == "do “click the middle”"
    assert done[3].effect.alike
    events = open_episode(prepared.episode).events
    assert sum(isinstance(event, RunStarted) for event in events) == 1
    assert sum(isinstance(event, RunFinished) for event in events) == 1


@pytest.mark.parametrize(
    ("replies", "reason"),
    [
        (
            [reply('computer.terminate(status="failure", answer="no such button")')],
            "no such button",
        ),
        ([reply("computer.wait(seconds=0)")] * 2, "the limit of 2 steps"),
        (["nonsense"] * 3, "unusable replies|the limit of 2 steps"),
        ([reply('pyautogui.hotkey("ctrl", "alt", "delete")')] * 2, "the limit of 2 steps"),
    ],
)
def test_an_instruction_that_is_not_carried_out_fails_with_the_reason(
    prepared, model, replies, reason
):
    model(*replies)
    with pytest.raises(ActionFailed, match=reason):
        do(prepared.stage, "save it", steps=2, pace=PACE)
    episode = steps(prepared)
    assert not episode[-1].effect.alike
    assert prepared.input.events == []


def test_what_begins_with_the_is_found_by_the_model_and_nothing_else_is(prepared, model):
    prepared.screen.show(picture(BELL, size=SIZE))
    runtime = model(reply("pyautogui.click(x=0.34, y=0.23)"))
    prepared.stage.grounder = ModelGrounder(prepared.stage, prepared.stage.model)
    with pytest.raises(ActionFailed, match="not found"):
        prepared.find("Bell").click()
    assert runtime.requests == []
    prepared.find("the white bell").click()
    assert runtime.requests[0].instruction == "Click the white bell"
    (place,) = prepared.clicks()
    assert FrameBox(*BELL).contains(FramePoint(*place))


@pytest.mark.parametrize(
    "said",
    [
        reply('computer.terminate(status="failure", answer="there is none")'),
        reply("pyautogui.click(x=0.9, y=0.9)"),  # where nothing is drawn
        reply("pyautogui.press('enter')"),
        "nonsense",
    ],
)
def test_a_place_of_the_models_that_cannot_be_it_is_not_acted_on(prepared, model, said):
    prepared.screen.show(picture(BELL, size=SIZE))
    model(said)
    prepared.stage.grounder = ModelGrounder(prepared.stage, prepared.stage.model)
    with pytest.raises(ActionFailed, match="not found"):
        prepared.find("the white bell").click()
    assert prepared.clicks() == []


def test_a_place_outside_of_where_it_is_looked_for_is_not_acted_on(prepared, model):
    prepared.screen.show(picture(BELL, size=SIZE))
    model(reply("pyautogui.click(x=0.34, y=0.23)"))
    prepared.stage.grounder = ModelGrounder(prepared.stage, prepared.stage.model)
    with pytest.raises(ActionFailed, match="not found"):
        prepared.find("the white bell", region=(400, 0, 200, 200)).click()


def test_a_test_that_asks_without_end_is_stopped(prepared, model):
    runtime = model(*[answer("3")] * 300)
    for _ in range(200):
        ask(prepared.stage, "how many?", int)
    with pytest.raises(KnownError, match="asked the model 200 times"):
        ask(prepared.stage, "how many?", int)
    assert len(runtime.requests) == 200
