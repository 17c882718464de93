"""Questions and claims about the screen, put to the model; never remembered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from agent_app.errors import ModelMistake
from agent_app.flows.steps import MOST_SAMPLES
from agent_app.model_runtime import Sampling
from agent_app.prompting import Prompt, load_prompt
from agent_app.runtimes.reader.quoting import quote
from agent_app.testing.evidence import Evidence, keep_evidence
from agent_app.testing.failures import ActionFailed, ExpectationFailed, hidden
from agent_app.testing.looking import View
from agent_app.testing.model import AskedModel, model_of
from agent_app.testing.model_answers import (
    Judgement,
    check_type,
    form_of,
    is_unknown,
    judgement_of,
    read_answer,
    reason_in,
    sections,
    whole_text,
)
from agent_app.testing.stage import Stage
from agent_app.testing.steps import Step
from agent_app.testing.waiting import CallLog, Deadline

__tracebackhide__ = hidden

T = TypeVar("T")

_TRIES = 3  # for one answer whose form is wrong
_TEMPERATURE = 0.8  # of several samples: the same one again and again would say nothing
_UNDECIDED = "unknown"


def ask(stage: Stage, question: str, kind: type[T], *, samples: int = 1) -> T:
    """What the model answers about the screen as it is now, as a value of this type.

    Of several samples it is what most of them say. Raises ActionFailed when there is no such
    answer, KnownError when the model cannot be asked, and TypeError or ValueError for what cannot
    be asked for.
    """
    check_type(kind)
    _check_samples(samples)
    model = model_of(stage, "answer questions")
    model.require_sight("answer questions")
    prompt = load_prompt("asking")
    instruction = f"{question}\n\nThe form of the answer: {form_of(kind)}."
    log = CallLog()
    with stage.step(f"ask {quote(question)}") as step:
        view = stage.looker.look()
        votes: list[T | None] = []
        for sampling in _samplings(samples):
            answer = _answer(stage, model, step, view, prompt, instruction, sampling, kind, log)
            votes.append(answer)
        winner, said = _counted([_written(each) for each in votes])
        if samples > 1:
            model.votes.append(f"{step.summary}: {said}")
        log.add(said)
        if winner == _UNDECIDED:
            raise ActionFailed(f"{step.summary}: {said}", (), log, view)
        step.summary = f"{step.summary}: {winner}"
        step.say(log)
        chosen = next(each for each in votes if _written(each) == winner)
        assert chosen is not None
        return chosen


def satisfy(
    stage: Stage,
    claim: str,
    *,
    timeout: float,
    samples: int = 1,
    negated: bool = False,
    soft: bool = False,
) -> None:
    """Ask the model about each different screen until it says that a claim is so (or is not).

    What it went by is kept in the recording. Raises ExpectationFailed at the deadline, or keeps
    it for the test's end.
    """
    _check_samples(samples)
    model = model_of(stage, "judge claims")
    model.require_sight("judge claims")
    prompt = load_prompt("judging")
    summary = f"expect the desktop {'not ' if negated else ''}to satisfy {quote(claim)}"
    deadline, log = Deadline(timeout), CallLog()
    asked: set[str] = set()
    judged: Judgement | None = None
    with stage.step(summary) as step:
        view = stage.looker.look()
        for _ in deadline.tries():
            view = stage.looker.look()
            if view.frame.sha1 in asked:
                continue
            asked.add(view.frame.sha1)
            judged = _judged(stage, model, step, view, prompt, claim, samples, log)
            if judged.holds is not None and judged.holds is not negated:
                break
        assert judged is not None
        met = judged.holds is not None and judged.holds is not negated
        keep_evidence(
            stage.session.episode,
            Evidence(
                step=step.number,
                claim=claim,
                negated=negated,
                frame=view.frame.sha1,
                holds=judged.holds,
                reason=judged.reason,
                box=judged.box,
                samples=samples,
                model=model.runtime.info.name,
                prompt_sha1=prompt.sha1,
            ),
            view.frame.image,
        )
        step.say(log)
        says = {True: "it is so", False: "it is not so", None: "it cannot tell"}[judged.holds]
        message = f"{summary}: the model says that {says}: {judged.reason or 'without a reason'}"
        step.judge(met, message)
        if met:
            return
        failure = ExpectationFailed(message, [f"waited    {timeout:g} s"], log, view)
        if not soft:
            raise failure
        stage.failures.append(failure)


def _answer(
    stage: Stage,
    model: AskedModel,
    step: Step,
    view: View,
    prompt: Prompt,
    instruction: str,
    sampling: Sampling,
    kind: type[T],
    log: CallLog,
) -> T | None:
    """One sample, asked again while its form is wrong; None when the model cannot tell."""
    remark = ""
    for _ in range(_TRIES):
        reply = model.reply(
            stage,
            step,
            view,
            prompt=prompt,
            instruction=instruction,
            sampling=sampling,
            remark=remark,
        )
        try:
            parts = sections(whole_text(reply))
            text = parts.get("answer", "")
            reason = reason_in(parts)
            if is_unknown(text, kind):
                log.add(f"the model cannot tell: {reason}")
                return None
            answer = read_answer(text, kind)
        except ModelMistake as mistake:
            remark = str(mistake)
            log.add(remark)
            continue
        log.add(f"{_written(answer)}: {reason}")
        return answer
    return None


def _judged(
    stage: Stage,
    model: AskedModel,
    step: Step,
    view: View,
    prompt: Prompt,
    claim: str,
    samples: int,
    log: CallLog,
) -> Judgement:
    """What most samples say; without a majority, that it cannot be told."""
    votes: list[Judgement] = []
    for sampling in _samplings(samples):
        reply = model.reply(stage, step, view, prompt=prompt, instruction=claim, sampling=sampling)
        try:
            vote = judgement_of(reply)
        except ModelMistake as mistake:
            vote = Judgement(None, str(mistake))
        log.add(f"{_written(vote.holds)}: {vote.reason}")
        votes.append(vote)
    winner, said = _counted([_written(each.holds) for each in votes])
    if samples > 1:
        log.add(said)
        model.votes.append(f"{step.summary}: {said}")
    if winner == _UNDECIDED:
        return Judgement(None, votes[0].reason if samples == 1 else said)
    return next(each for each in votes if _written(each.holds) == winner)


def _counted(votes: Sequence[str]) -> tuple[str, str]:
    """What most votes say, and how they spread, in words; undecided when no one is ahead."""
    counts = Counter(votes).most_common()
    (first, most), *others = counts
    if others and others[0][1] == most:
        first = _UNDECIDED
    if len(votes) == 1:
        return first, "the model cannot tell" if first == _UNDECIDED else f"it says {first}"
    spread = ", ".join(f"{count}× {vote}" for vote, count in counts)
    return first, f"{most} of {len(votes)} samples agree ({spread})"


def _written(answer: object) -> str:
    if answer is None:
        return _UNDECIDED
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    return msgspec.json.encode(answer).decode()


def _samplings(samples: int) -> list[Sampling]:
    if samples == 1:
        return [Sampling(temperature=0.0)]
    return [Sampling(temperature=_TEMPERATURE, seed=seed) for seed in range(samples)]


def _check_samples(samples: int) -> None:
    if not 1 <= samples <= MOST_SAMPLES:
        raise ValueError(f"samples must be 1 to {MOST_SAMPLES}, not {samples}")
