"""What every run does in the same way, whoever decides: looks, settles, asks, keeps its limits.

`loop` and the re-execution of an episode are courses; what a step is made of is theirs.
"""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, field, replace

from agent_app.actions import (
    CONFIRM_SECONDS,
    Action,
    Input,
    InputAction,
    Press,
    Write,
    perform,
)
from agent_app.asking import Answer, ask
from agent_app.control import Cause, Control
from agent_app.errors import EndReason, KnownError, RunEnded
from agent_app.events import (
    Budgets,
    Event,
    FrameCaptured,
    FrameRef,
    HintGiven,
    Outcome,
    Paused,
    QuestionAnswered,
    QuestionAsked,
    ReplyReceived,
    Resumed,
    RunFinished,
    RunStarted,
    Timing,
    TokenStreamed,
    VetoOffered,
    WindowRef,
    WindowsSeen,
)
from agent_app.geometry import FrameTransform, ScreenPoint
from agent_app.model_runtime import GenerationRequest, ModelRuntime, Reply
from agent_app.screen.frame import Frame, Screen
from agent_app.screen.ring import FrameRing
from agent_app.screen.settle import SelfMoving, Settled, SettleLimits, wait_until_settled
from agent_app.wording import Words, choice, say, words_of

AT_THE_END = SettleLimits(minimum=0.5, reaction=1.0, quiet=0.5, maximum=4.0)
BETWEEN_ACTIONS = SettleLimits(minimum=0.05, reaction=0.15, quiet=0.1, maximum=1.5)
_OUTCOMES: dict[EndReason, Outcome] = {
    "stopped": "stopped",
    "step limit": "limit",
    "time limit": "limit",
    "token limit": "limit",
    "mistakes": "failure",
    "loop": "failure",
    "miss": "failure",
}

GO_ON, ONE_STEP, STOP = choice("go on"), choice("one step"), choice("stop")
_OFFERS: dict[Cause, Words] = {
    "hand": say("You took over. Shall the agent go on, from what the screen shows now?"),
    "person": say("The run is paused. Shall it go on?"),
    "veto": say("You stopped this before it was done. What should the agent do instead?"),
}
_POLL = 0.05  # seconds

Answerer = Callable[[QuestionAsked], str | None]
Unobstructed = Callable[[], AbstractContextManager[None]]


def nobody(_question: QuestionAsked) -> str | None:
    """The answerer of a run that nobody watches."""
    return None


class HandedOver(Exception):
    """The run was paused in the middle of a step, which is over with that."""


@dataclass(kw_only=True)
class Course(ABC):
    """A run under way, over the seams of one desktop.

    A frame is in `ring` before the event that names it. `unobstructed` is entered while the agent
    looks and acts. What `control` is told ends the run, or holds it up, within one token and one
    input event. A pause by a hand lasts until nobody has touched anything for `hand_rest` seconds
    and the person, who is asked then, lets the run go on.
    """

    screen: Screen
    input: Input
    ring: FrameRing
    budgets: Budgets
    last_settle: SettleLimits = AT_THE_END
    answerer: Answerer = nobody
    unobstructed: Unobstructed = nullcontext
    control: Control = field(default_factory=Control)
    hand_rest: float = 1.5

    def __post_init__(self) -> None:
        self.self_moving = SelfMoving()
        self.started: float = time.monotonic()
        self.steps: int = 0
        self.tokens: int = 0
        self.windows: tuple[WindowRef, ...] = ()
        self.settled: Settled | None = None  # what the last step left, so nothing is captured twice
        self._written = -math.inf  # when the last text was

    @abstractmethod
    def begun(self) -> RunStarted:
        """The first event."""

    @abstractmethod
    def work(self) -> Generator[Event, None, RunFinished]:
        """All that lies between the first event and the last, which it returns."""

    def events(self) -> Iterator[Event]:
        """The whole run, from RunStarted to RunFinished.

        A KnownError ends the run with a `RunFinished` and is raised again, as is any fault of ours.
        No key or button is left down.
        """
        yield self.begun()
        try:
            with self.unobstructed(), self.control.hands_free():  # they have just started it
                self.screen.check()
            finished = yield from self.work()
        except RunEnded as ended:
            yield self.finished(_OUTCOMES[ended.reason], ended.told)
        except KnownError as error:
            yield self.finished("error", str(error))
            raise
        except Exception as error:  # a fault of ours: recorded here, told by whoever catches it
            yield self.finished("error", f"{type(error).__name__}: {error}")
            raise
        else:
            yield finished
        finally:
            self.input.release_all()

    def finished(self, outcome: Outcome, reason: str | Words, answer: str = "") -> RunFinished:
        """The last event, as of now."""
        now = time.monotonic()
        return RunFinished(
            outcome=outcome,
            reason=str(reason),
            answer=answer,
            steps=self.steps,
            seconds=now - self.started,
            tokens=self.tokens,
            at=now,
            words=words_of(reason),
        )

    def look(self) -> Frame:
        """What the screen shows now."""
        if self.settled:
            frame = self.settled.frame
        else:
            with self.unobstructed():
                frame = self.screen.grab()
        self.settled = None
        self.ring.add(frame)
        return frame

    def look_again(self, frame: Frame) -> Frame:
        """The screen just before input; what moved since the last look moves by itself."""
        now = self.screen.grab()
        self.self_moving.learn(frame, now)
        return now

    def look_last(self) -> Iterator[Event]:
        """The screen that the task leaves, once it has come to rest."""
        with self.unobstructed():
            settled = self.settle(self.screen.grab(), self.last_settle)
        self.ring.add(settled.frame)
        yield from self.tell_seen(self.steps, settled.frame)

    def settle(
        self, before: Frame, limits: SettleLimits, *, foresee: Callable[[Frame], None] | None = None
    ) -> Settled:
        """Wait until the screen has reacted and is quiet; what moves by itself is left out."""
        return wait_until_settled(
            self.screen,
            before,
            limits=limits,
            ring=self.ring,
            stop=self.control.halt,
            ignore=self.self_moving.boxes(time.monotonic()),
            foresee=foresee,
        )

    def tell_seen(self, number: int, frame: Frame) -> Iterator[Event]:
        """A frame, and the windows on it when they are others than before."""
        ref = FrameRef(frame.sha1, frame.transform, frame.monitor)
        yield FrameCaptured(number, ref, time.monotonic())
        windows = self.screen.windows()
        if windows != self.windows:
            self.windows = windows
            yield WindowsSeen(number, windows, time.monotonic())

    def think(
        self, number: int, runtime: ModelRuntime, request: GenerationRequest, watch: Stopwatch
    ) -> Generator[Event, None, Reply]:
        """Ask the model within what is left of the tokens, and pass on its reply as it comes."""
        left = self.budgets.tokens - self.tokens
        sampling = request.sampling
        request = replace(
            request,
            stop=self.control.halt,
            sampling=replace(sampling, max_tokens=min(sampling.max_tokens, left)),
        )
        with closing(ask(runtime, request)) as asked:
            while True:
                try:
                    pieces = next(asked)
                except StopIteration as end:
                    answer: Answer = end.value
                    break
                for piece in pieces:
                    yield TokenStreamed(number, piece.channel, piece.text, piece.restart)
                self.check_time()
        finish, reply = answer.finish, answer.reply
        self.tokens += finish.completion_tokens
        watch.add(encode=finish.encode_seconds)
        watch.add(prefill=finish.prefill_seconds or max(0.0, answer.first - finish.encode_seconds))
        watch.add(decode=answer.seconds - watch.spent["encode"] - watch.spent["prefill"])
        yield ReplyReceived(
            step=number,
            thought=reply.thought,
            summary=reply.summary,
            ended_by=reply.ended_by,
            prompt_tokens=finish.prompt_tokens,
            completion_tokens=finish.completion_tokens,
            at=time.monotonic(),
        )
        return reply

    def wait(self, seconds: float) -> None:
        """Do nothing, within the time that is left, and no longer than until a stop or a pause."""
        self.control.halt.wait(min(seconds, self.seconds_left()))

    def perform(self, action: InputAction, transform: FrameTransform) -> None:
        """Carry out an action of a frame; a key soon after a text waits until that has had effect.

        Raises ModelMistake as `perform` does, HandedOver when the run is paused meanwhile, RunEnded
        when it is stopped.
        """
        if isinstance(action, Press):
            self.wait(self._written + CONFIRM_SECONDS - time.monotonic())
        try:
            perform(action, input=self.input, transform=transform, stop=self.control.halt)
            if isinstance(action, Write):
                self._written = time.monotonic()
        except RunEnded as ended:
            self.check_halt()
            raise ended

    def hold(self) -> Iterator[Event]:
        """Hold still while the run is paused, and offer to go on.

        Raises RunEnded when it is stopped meanwhile, or nobody is there to let it go on.
        """
        while (cause := self.control.paused) and not self.control.stop.is_set():
            self.settled = None  # whatever it was, the person has been there since
            paused = time.monotonic()
            yield Paused(self.steps, cause, paused)
            yield from self._hear(cause)
            self.started += time.monotonic() - paused  # the run's time is not the person's
            yield Resumed(self.steps, time.monotonic())

    def _hear(self, cause: Cause) -> Iterator[Event]:
        """Wait for the hint that comes, or ask whether to go on, and let the run go on."""
        if cause == "hand":
            self._wait_for_rest()
        hint = self.control.wait_for_hint() if cause == "hint" else self.control.take_hint()
        self.check_stop()
        if hint is not None:
            if hint:
                yield HintGiven(self.steps, hint, time.monotonic())
            self.take_hint(hint)
            self.control.resume_step()
            return
        question, choices = self.offer(cause)
        answer = yield from self.ask(self.steps, question, choices)
        self.check_stop()
        if answer is None:
            raise RunEnded("stopped", say("it was paused, and nobody said that it may go on"))
        if answer == STOP:
            raise RunEnded("stopped")
        if answer in (GO_ON, ONE_STEP):
            self.control.resume(steps=1 if answer == ONE_STEP else None)
        else:
            self.take_hint(answer)
            self.control.resume_step()

    def wait_for_leave(self) -> Iterator[Event]:
        """Hold still until another step may begin, as `hold` does."""
        yield from self.hold()
        while not self.control.grants_step():
            yield from self.hold()

    def offer(self, cause: Cause) -> tuple[Words, tuple[str, ...]]:
        """What the person is asked after a pause, and the answers that they may choose from."""
        return _OFFERS[cause], (GO_ON, ONE_STEP, STOP)

    def take_hint(self, hint: str) -> None:  # noqa: B027 - what goes by a script has no use for it
        """What a person said instead of a plain yes, or into the run; empty when they did not."""

    def offer_veto(
        self,
        number: int,
        actions: Sequence[Action],
        points: Sequence[tuple[ScreenPoint, ...]],
    ) -> Iterator[Event]:
        """Leave the person time to say no to what a step is about to do, at these places of each.

        Raises HandedOver when they do, and as `check_halt` does.
        """
        seconds = self.control.veto_seconds
        if seconds <= 0:
            return
        offered = VetoOffered(number, tuple(actions), tuple(points), seconds, time.monotonic())
        with self.control.offering_veto():
            yield offered
            self.wait(seconds)
        self.check_halt()

    def _wait_for_rest(self) -> None:
        while not self.control.stop.wait(_POLL):
            if time.monotonic() - self.control.touched >= self.hand_rest:
                return

    def ask(
        self,
        number: int,
        question: str | Words,
        choices: tuple[str, ...],
        *,
        seconds: float | None = None,
    ) -> Generator[Event, None, str | None]:
        """Ask the person; None when nobody answered, within `seconds` if they are given."""
        asked = QuestionAsked(
            number, str(question), choices, time.monotonic(), seconds, words_of(question)
        )
        with self.control.hands_free():  # they may point at something, or show it
            yield asked
            answer = self.answerer(asked)
        yield QuestionAnswered(number, answer, time.monotonic())
        return answer

    def check_stop(self) -> None:
        """Raises RunEnded once the run is to stop."""
        if self.control.stop.is_set():
            raise RunEnded("stopped", self.control.reason)

    def check_halt(self) -> None:
        """Raises RunEnded once the run is to stop, HandedOver when it is to hold still."""
        self.check_stop()
        if self.control.paused:
            raise HandedOver

    def check_steps(self) -> None:
        """Raises RunEnded when there may be no further step."""
        if self.steps >= self.budgets.steps:
            limit = say("the limit of {count} steps is reached", count=self.steps)
            remedy = say("{limit}; --max-steps or the setting “Step limit” raises it", limit=limit)
            raise RunEnded("step limit", remedy)

    def check_time(self) -> None:
        """Raises RunEnded when the time is up."""
        if self.seconds_left() <= 0:
            seconds = f"{self.budgets.seconds:g}"
            limit = say("the limit of {seconds} seconds is reached", seconds=seconds)
            remedy = say(
                "{limit}; --max-seconds or the setting “Time limit” raises it", limit=limit
            )
            raise RunEnded("time limit", remedy)

    def seconds_left(self) -> float:
        """Of the run's own time."""
        return self.started + self.budgets.seconds - time.monotonic()


class Stopwatch:
    """Adds up where a step's time goes; time that consumers of events take is not in it."""

    def __init__(self) -> None:
        self.spent = dict.fromkeys(Timing.__struct_fields__, 0.0)

    @contextmanager
    def measure(self, part: str) -> Generator[None]:
        started = time.monotonic()
        try:
            yield
        finally:
            self.spent[part] += time.monotonic() - started

    def add(self, **seconds: float) -> None:
        for part, value in seconds.items():
            self.spent[part] += value

    def timing(self) -> Timing:
        return Timing(**self.spent)
