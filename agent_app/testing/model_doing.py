"""An instruction carried out in a test: from the cache, step by step, or by the agent's own loop.

Both are part of the test's recording: their steps go on counting where it stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from msgspec.structs import replace

from agent_app.events import Budgets, Event, RunFinished, RunStarted, TokenStreamed, WindowsSeen
from agent_app.loop import LoopSettings, run
from agent_app.markers import secret_names
from agent_app.model_runtime import ImagePart
from agent_app.prompting import load_prompt
from agent_app.replaying.execution import Replay
from agent_app.replaying.execution_steps import ReplaySettings
from agent_app.replaying.finding import Finder
from agent_app.replaying.parameters import Texts
from agent_app.runtimes.reader.quoting import quote
from agent_app.runtimes.reader.sight import Sight
from agent_app.screen.settle import SettleLimits
from agent_app.testing.failures import ActionFailed, hidden
from agent_app.testing.memory_file import RememberedTask
from agent_app.testing.memory_tasks import script_again
from agent_app.testing.model import model_of
from agent_app.testing.stage import Stage
from agent_app.testing.trial import EFFECT
from agent_app.testing.waiting import CallLog

__tracebackhide__ = hidden

STEPS, SECONDS = 10, 120.0
_AGAIN = SettleLimits(minimum=0.0, reaction=0.25, quiet=0.1, maximum=2.0)
_EFFECT_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the agent's loop waits for the screen."""

    settle: SettleLimits = field(default_factory=SettleLimits)
    last_settle: SettleLimits = EFFECT


def do(
    stage: Stage,
    instruction: str,
    *,
    steps: int = STEPS,
    seconds: float = SECONDS,
    pace: Pace | None = None,
) -> None:
    """Carry out an instruction, within so many steps of the model and seconds.

    What worked before is done again, each target and effect verified; from where that fails, the
    model is asked. Raises ActionFailed with the reason when it does not succeed, and KnownError
    when there is no model that could do it.
    """
    summary = f"do {quote(instruction)}"
    trial = stage.session.trial
    if secrets := secret_names([instruction]):
        stage.session.allow_secrets(secrets)
    first, log = trial.steps + 1, CallLog()
    known = None if stage.tasks is None else stage.tasks.task(instruction)
    ended: RunFinished | None = None
    if known is not None:
        ended = _told(stage, _again(stage, known))
        if ended.outcome == "success":
            assert stage.tasks is not None
            stage.tasks.did_again(instruction)
            _conclude(stage, summary, log, f"as in the cache: {ended.reason}")
            return
        log.add(f"the cache no longer fits: {ended.reason}")
    model = model_of(stage, "carry out an instruction")
    pace = pace or Pace()
    settings = LoopSettings(
        budgets=Budgets(steps=steps, seconds=seconds),
        policy=stage.policy,
        settle=pace.settle,
        last_settle=pace.last_settle,
    )
    ended = _told(
        stage,
        run(
            instruction,
            runtime=model.runtime,
            screen=trial.screen,
            input=trial.input,
            prompt=load_prompt("agent"),
            ring=trial.ring,
            settings=settings,
            control=trial.control,
            surroundings=stage.surroundings,
            fields=stage.session.workplace.fields,
        ),
    )
    why = f"{ended.reason}: {ended.answer}" if ended.answer else ended.reason
    if ended.outcome == "success" and stage.tasks is not None:
        name = model.runtime.info.name
        stage.tasks.did(instruction, model=name, first=first, last=trial.steps)
    _conclude(stage, summary, log, why, failed=ended.outcome != "success")


def _again(stage: Stage, task: RememberedTask) -> Iterator[Event]:
    """A remembered task, done again."""
    trial, secrecy = stage.session.trial, stage.session.workplace.secrecy
    settings = ReplaySettings(
        policy=stage.policy.written_by_person(),
        settle=_AGAIN,
        last_settle=EFFECT,
        patience=stage.timeout,
        short_patience=min(stage.timeout, 2.0),
        effect_patience=min(stage.timeout, _EFFECT_SECONDS),
    )
    return Replay(
        screen=trial.screen,
        input=trial.input,
        ring=trial.ring,
        budgets=settings.budgets,
        last_settle=settings.last_settle,
        control=trial.control,
        script=script_again(task),
        finder=Finder(lambda part: _look(stage, part)),
        read=lambda part: Sight(stage.looker.reader.texts(part)),
        texts=Texts(secrets=secrecy.values, learn=secrecy.learn),
        settings=settings,
        fields=stage.session.workplace.fields,
    ).events()


def _look(stage: Stage, part: ImagePart) -> Sight:
    """What can be read in a frame taken just now; by its pixels alone once it has changed."""
    view = stage.looker.look()
    if view.frame.sha1 == part.sha1:
        return view.sight
    return Sight(stage.looker.reader.texts(part))


def _told(stage: Stage, events: Iterator[Event]) -> RunFinished:
    """Record a run's events as those of the test, up to how it ended."""
    trial = stage.session.trial
    before = trial.steps
    ended: RunFinished | None = None
    try:
        for event in events:
            match event:
                case RunStarted() | TokenStreamed():
                    continue
                case RunFinished():
                    ended = event
                    continue
                case WindowsSeen():
                    trial.windows = event.windows
                case _:
                    pass
            number = event.step + before
            trial.steps = max(trial.steps, number)
            stage.session.tell([replace(event, step=number)])
    finally:
        stage.looker.forget()
    assert ended is not None, "every run tells how it ended"
    trial.tokens += ended.tokens
    return ended


def _conclude(
    stage: Stage, summary: str, log: CallLog, message: str, *, failed: bool = False
) -> None:
    """One more step of the recording says how it ended."""
    with stage.step(summary) as step:
        view = stage.looker.look()
        log.add(message)
        step.see(view)
        step.say(log)
        step.judge(not failed, message)
        if failed:
            raise ActionFailed(f"{summary}: {message}", (), log, view)
