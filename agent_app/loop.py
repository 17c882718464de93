"""The loop: see, think, ground, act, settle, and say so.

`run` is the only place that knows this order. It yields typed events and nothing else; who consumes
them sets the pace, so a recorder that writes an event before it asks for the next one has it on
disk before anything is done about it.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Generator, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial

from agent_app.actions import (
    Action,
    AskHuman,
    Input,
    InputAction,
    Terminate,
    Wait,
    target_points,
)
from agent_app.approval import Deed, Permissions, Way
from agent_app.asking import (
    PAUSED_REMARK,
    VETOED_REMARK,
    answer_remark,
    decide,
    excerpt,
    hinted,
    mistake_remark,
    told,
)
from agent_app.control import Control
from agent_app.course import (
    AT_THE_END,
    BETWEEN_ACTIONS,
    Answerer,
    Course,
    HandedOver,
    Stopwatch,
    Unobstructed,
    nobody,
)
from agent_app.errors import ModelMistake, RunEnded
from agent_app.events import (
    ActionDecided,
    ActionDone,
    Budgets,
    Event,
    ModelErred,
    ModelWarned,
    RunFinished,
    RunStarted,
    ScreenSettled,
    StepFinished,
    StepStarted,
)
from agent_app.grounding import Decision
from agent_app.guard import LoopGuard
from agent_app.model_runtime import GenerationRequest, ImagePart, ModelRuntime, Reply, Sampling
from agent_app.policy import Policy
from agent_app.policy.scene import Surroundings
from agent_app.prompting import History, Prompt
from agent_app.screen.frame import Frame, Screen
from agent_app.screen.ring import FrameRing
from agent_app.screen.settle import Settled, SettleLimits
from agent_app.typed import Fields, Typing
from agent_app.wording import say, words_of

ANSWER_SECONDS = 600.0  # a person who watches has answered by then, or has left
_MISTAKES_IN_A_ROW = 3


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """What a run is set to.

    `images` is how many past screenshots the model sees again. `last_settle` is for the end of the
    task: an effect that comes late, such as a file being saved, still belongs to the run. A
    model's question that nobody answers within `answer_seconds` stays unanswered; None waits.
    """

    budgets: Budgets = field(default_factory=Budgets)
    sampling: Sampling = field(default_factory=Sampling)
    policy: Policy = field(default_factory=Policy)
    settle: SettleLimits = field(default_factory=SettleLimits)
    last_settle: SettleLimits = AT_THE_END
    images: int = 3
    hand_rest: float = 1.5
    answer_seconds: float | None = ANSWER_SECONDS


def run(
    task: str,
    *,
    runtime: ModelRuntime,
    screen: Screen,
    input: Input,
    prompt: Prompt,
    ring: FrameRing,
    settings: LoopSettings | None = None,
    answerer: Answerer = nobody,
    unobstructed: Unobstructed = nullcontext,
    control: Control | None = None,
    programs: tuple[str, ...] = (),
    surroundings: Surroundings | None = None,
    fields: Fields | None = None,
) -> Iterator[Event]:
    """Work on a task until it ends, yielding what happens as it happens.

    A frame is in `ring` before the event that names it. `unobstructed` is entered while the agent
    looks and acts. `control` ends the run, or holds it up, within one token and one input event. A
    KnownError ends the run with a `RunFinished` and is raised again, as is any fault of ours. No
    key or button is left down. `programs` were started on the desktop for it. `surroundings` tell
    policy what stands where an action goes; without them it knows the windows alone. By `fields`
    typed text is read back.
    """
    settings = settings or LoopSettings()
    yield from _Run(
        screen=screen,
        input=input,
        ring=ring,
        budgets=settings.budgets,
        last_settle=settings.last_settle,
        hand_rest=settings.hand_rest,
        answerer=answerer,
        unobstructed=unobstructed,
        control=control or Control(),
        task=task,
        runtime=runtime,
        settings=settings,
        prompt=prompt,
        programs=programs,
        surroundings=surroundings,
        fields=fields,
    ).events()


@dataclass(kw_only=True)
class _Run(Course):
    task: str
    runtime: ModelRuntime
    settings: LoopSettings
    prompt: Prompt
    programs: tuple[str, ...]
    surroundings: Surroundings | None
    fields: Fields | None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.permissions = Permissions(self, self.settings.policy, self.surroundings)
        self.history = History(self.prompt, self.task, images=self.settings.images)
        self.typing = Typing(self, self.fields, self.history.remark)
        self.guard = LoopGuard()
        self.mistakes = 0
        self.opening = ""  # of the next reply, when a thought was broken off and a hint put into it
        self.thought = ""  # that a pause broke off

    def begun(self) -> RunStarted:
        return RunStarted(
            run=uuid.uuid4().hex,
            task=self.task,
            model=self.runtime.info.name,
            prompt_sha1=self.prompt.sha1,
            monitors=self.screen.monitors(),
            budgets=self.settings.budgets,
            at=self.started,
            programs=self.programs,
        )

    def work(self) -> Generator[Event, None, RunFinished]:
        end = None
        while end is None:
            yield from self.wait_for_leave()
            self._check_budgets()
            self.steps += 1
            end = yield from self._step(self.steps)
        yield from self.look_last()
        return self.finished(end.status, say("the model ended the task"), end.answer)

    def _step(self, number: int) -> Generator[Event, None, Terminate | None]:
        watch = Stopwatch()
        yield StepStarted(number, time.monotonic())
        with watch.measure("capture"):
            frame = self.look()
            image = frame.for_model(self.runtime.info.image_limits)
        yield from self.tell_seen(number, frame)
        request = GenerationRequest(
            self.history.turns(image),
            self.task,
            opening=self.opening,
            sampling=self.settings.sampling,
        )
        self.opening = self.thought = ""
        reply = yield from self.think(number, self.runtime, request, watch)
        end = None
        try:
            self.check_halt()
            with watch.measure("parse"):
                decision = self._decide(reply, image, frame)
        except HandedOver:
            self.thought = reply.thought
        except ModelMistake as mistake:
            kept = excerpt(reply.summary)
            self.history.add(number, image=image, thought=reply.thought, action=kept)
            yield from self._err(number, mistake)
        else:
            said = told(decision.intent, decision.actions)
            self.history.add(number, image=image, thought=reply.thought, action=said)
            try:
                end = yield from self._act(number, decision, frame, watch)
                self.mistakes = 0
            except ModelMistake as mistake:
                yield from self._err(number, mistake)
            except HandedOver:
                vetoed = self.control.paused == "veto"
                self.history.remark(VETOED_REMARK if vetoed else PAUSED_REMARK)
        yield StepFinished(number, watch.timing(), time.monotonic())
        return end

    def take_hint(self, hint: str) -> None:
        self.opening = hinted(self.thought, hint)

    def _decide(self, reply: Reply, image: ImagePart, frame: Frame) -> Decision:
        """Typed actions that policy allows; raises ModelMistake for anything else."""

        def allow(action: Action) -> None:
            points = target_points(action, frame.transform)
            self.settings.policy.check(action, points=points, region=self.screen.region)

        return decide(reply, image, allow=allow)

    def _act(
        self, number: int, decision: Decision, frame: Frame, watch: Stopwatch
    ) -> Generator[Event, None, Terminate | None]:
        """Carry out a decision, and wait until the screen has settled after it."""
        before = frame
        touched = False
        with Way(self.unobstructed) as way:
            for index, action in enumerate(decision.actions):
                points = target_points(action, frame.transform)
                intent = decision.intent
                yield ActionDecided(number, index, action, intent, points, time.monotonic())
                self.check_halt()
                if isinstance(action, InputAction):
                    if not (touched or self.settings.policy.confirm == "all"):  # which asks
                        coming = decision.actions[index:]
                        places = [target_points(each, frame.transform) for each in coming]
                        yield from self.offer_veto(number, coming, places)
                    deed = Deed(number, index, action, points)
                    look = partial(self._look_to_act, way, frame, touched=touched)
                    now = yield from self.permissions.clear_to_act(deed, look, watch, way.obstruct)
                    before = before if touched else now
                    touched = True
                    yield from self.typing.do(number, action, frame.transform, watch)
                else:
                    yield from self._do_without_input(number, action)
                yield ActionDone(number, index, time.monotonic())
                if isinstance(action, Terminate):
                    return action
            if touched:
                self.check_halt()
                with watch.measure("settle"):
                    self.settled = self.settle(before, self.settings.settle, foresee=self._foresee)
        if self.settled:
            yield ScreenSettled(
                number,
                self.settled.settled,
                self.settled.changed,
                self.settled.seconds,
                time.monotonic(),
            )
            yield from self._watch_for_loops(number, decision, self.settled)
        return None

    def _look_to_act(self, way: Way, frame: Frame, *, touched: bool) -> Frame:
        """The screen as it is now; when the step has sent input already, after its effect."""
        way.clear()
        if touched:
            return self.settle(self.screen.grab(), BETWEEN_ACTIONS).frame
        return self.look_again(frame)

    def _foresee(self, frame: Frame) -> None:
        self.runtime.foresee(lambda: frame.for_model(self.runtime.info.image_limits))

    def _do_without_input(self, number: int, action: Action) -> Iterator[Event]:
        match action:
            case Wait(seconds=seconds):
                self.wait(seconds)
            case AskHuman(question=question, choices=choices):
                asked, seconds = time.monotonic(), self.settings.answer_seconds
                answer = yield from self.ask(number, question, choices, seconds=seconds)
                self.started += time.monotonic() - asked  # the run's time is not the person's
                self.history.remark(answer_remark(answer))
            case _:
                pass

    def _watch_for_loops(
        self, number: int, decision: Decision, settled: Settled
    ) -> Iterator[Event]:
        message = self.guard.observe(
            decision.actions, changed=settled.changed, screen=settled.frame.sha1
        )
        if message:
            self.screen.check()  # a capture that froze looks like a screen that does not react
            yield ModelWarned(number, str(message), time.monotonic(), words_of(message))
            self.history.remark(str(message))

    def _err(self, number: int, mistake: ModelMistake) -> Iterator[Event]:
        """Tell the model what was wrong with its reply; the third in a row ends the run."""
        self.mistakes += 1
        yield ModelErred(number, str(mistake), time.monotonic(), words_of(mistake.told))
        self.history.remark(mistake_remark(str(mistake)))
        if self.mistakes >= _MISTAKES_IN_A_ROW:
            told = say(
                "{count} unusable replies in a row; another model may do better: {last}",
                count=self.mistakes,
                last=mistake.told,
            )
            raise RunEnded("mistakes", told)

    def _check_budgets(self) -> None:
        self.check_stop()
        self.check_steps()
        if self.tokens >= self.budgets.tokens:
            limit = say("the limit of {count} tokens is reached", count=self.tokens)
            remedy = say("{limit}; start again with what is left of the task", limit=limit)
            raise RunEnded("token limit", remedy)
        self.check_time()
