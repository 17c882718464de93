"""A session that plays a script: real events, real frames, no model and no screen."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from agent_app.actions import Action, Terminate
from agent_app.control import Touch
from agent_app.events import (
    ActionDecided,
    ActionDone,
    Budgets,
    Event,
    FrameCaptured,
    FrameRef,
    Outcome,
    QuestionAnswered,
    QuestionAsked,
    ReplyReceived,
    RunFinished,
    RunStarted,
    ScreenSettled,
    StepFinished,
    StepStarted,
    Timing,
    TokenStreamed,
)
from agent_app.geometry import FrameTransform, Monitor, Region, ScreenPoint, Size
from agent_app.model_runtime import Channel, Progress, RuntimeInfo
from agent_app.policy.rules import Confirm
from agent_app.screen.frame import Frame
from agent_app.wording import Words, words_of

TIMING = Timing(0.004, 0.031, 0.42, 1.9, 0.0006, 0.035, 0.31)


_SIZE = Size(640, 400)


def drawn_frame(text: str, *, size: Size = _SIZE, origin: tuple[int, int] = (0, 0)) -> Frame:
    """A frame with a text on it, so that no two texts give the same frame."""
    image = Image.new("RGB", (size.width, size.height), "#dfe6ee")
    draw = ImageDraw.Draw(image)
    draw.rectangle((40, 40, size.width - 40, size.height - 40), fill="#ffffff", outline="#8899aa")
    draw.text((60, 60), text, fill="#112233")
    return framed(image, origin=origin)


def framed(image: Image.Image, *, origin: tuple[int, int] = (0, 0)) -> Frame:
    """An image as the frame of a capture at this place."""
    pixels = np.asarray(image.convert("RGB"))
    transform = FrameTransform(ScreenPoint(*origin), 1.0, Size(image.width, image.height))
    return Frame(pixels, transform, 1, time.monotonic())


class ScriptedSession:
    """Plays the events that `script(session)` yields, in the thread that iterates.

    A script may enter `session.unobstructed()`, look at `session.stopped` and call `session.ask`.
    """

    def __init__(
        self,
        script: Callable[[ScriptedSession], Iterator[Event]],
        *,
        task: str = "a task",
        detail: str = "plays a script",
        prepare: Callable[[ScriptedSession, Progress], None] = lambda _session, _progress: None,
    ) -> None:
        self.task = task
        self.why = "scripted: as a test wants it"
        self.episode: Path | None = None
        self._prepare = prepare
        self.runtime = RuntimeInfo("scripted", detail, None)
        self.unobstructed: Callable[[], AbstractContextManager[None]] = nullcontext
        self.is_ours: Callable[[Touch, ScreenPoint], bool] = lambda _touch, _point: False
        self.confirm: Confirm = "none"
        self.paused = threading.Event()
        self.vetoed = threading.Event()
        self.listening = threading.Event()
        self.hints: list[str] = []
        self.veto_seconds = 0.0
        self.stopped = threading.Event()
        self.asked = threading.Event()
        self.answers: list[str | None] = []
        self._answered = threading.Event()
        self._script = script
        self._frames: dict[str, Frame] = {}

    def prepare(self, progress: Progress) -> None:
        self._prepare(self, progress)

    def events(self) -> Iterator[Event]:
        yield from self._script(self)

    def stop(self) -> None:
        self.stopped.set()
        self._answered.set()

    def pause(self) -> None:
        self.paused.set()

    def offer_veto(self, seconds: float) -> None:
        self.veto_seconds = seconds

    def veto(self) -> None:
        self.vetoed.set()

    def listen(self) -> None:
        self.listening.set()

    def hint(self, text: str) -> None:
        self.hints.append(text)

    def answer(self, text: str | None) -> None:
        self.answers.append(text)
        self._answered.set()

    def frame(self, sha1: str) -> Frame | None:
        return self._frames.get(sha1)

    def forget_frames(self) -> None:
        self._frames.clear()

    # For scripts

    def started(self, *, steps: int = 50) -> RunStarted:
        monitor = Monitor(1, Region(0, 0, 1280, 800))
        now = time.monotonic()
        return RunStarted("run", self.task, "scripted", "", (monitor,), Budgets(steps=steps), now)

    def captured(self, step: int, frame: Frame) -> FrameCaptured:
        self._frames[frame.sha1] = frame
        ref = FrameRef(frame.sha1, frame.transform, frame.monitor)
        return FrameCaptured(step, ref, time.monotonic())

    def streamed(
        self, step: int, channel: Channel, text: str, *, rate: float = 0
    ) -> Iterator[Event]:
        """The text in pieces of about a token, `rate` a second; 0 is all at once."""
        for piece in re.findall(r"\s*\S{1,4}", text):
            if self.stopped.is_set():
                return
            yield TokenStreamed(step, channel, piece)
            if rate:
                self.stopped.wait(1 / rate)

    def ask(
        self,
        step: int,
        question: str | Words,
        choices: Sequence[str] = (),
        *,
        seconds: float | None = None,
    ) -> Iterator[Event]:
        self._answered.clear()
        told = str(question), tuple(choices), time.monotonic(), seconds, words_of(question)
        yield QuestionAsked(step, *told)
        self.asked.set()
        self._answered.wait(20)
        answer = self.answers[-1] if self.answers else None
        yield QuestionAnswered(step, answer, time.monotonic())

    def play_step(
        self,
        step: int,
        frame: Frame,
        action: Action,
        intent: str,
        *,
        points: Sequence[tuple[int, int]] = (),
        thought: str = "Let me look at the screen.",
        timing: Timing = TIMING,
        rate: float = 0,
        act_seconds: float = 0,
        changed: bool = True,
    ) -> Iterator[Event]:
        """All events of an ordinary step; it looks and acts unobstructed."""
        yield StepStarted(step, time.monotonic())
        with self.unobstructed():
            yield self.captured(step, frame)
        yield from self.streamed(step, "thought", thought, rate=rate)
        yield from self.streamed(step, "summary", intent, rate=rate)
        tokens = len(re.findall(r"\s*\S{1,4}", thought + " " + intent))
        now = time.monotonic()
        yield ReplyReceived(step, thought, intent, "stop", 900, tokens, now)
        where = tuple(ScreenPoint(x, y) for x, y in points)
        yield ActionDecided(step, 0, action, intent, where, now)
        if not isinstance(action, Terminate):
            with self.unobstructed():
                self.stopped.wait(act_seconds)
                yield ActionDone(step, 0, time.monotonic())
                yield ScreenSettled(step, True, changed, 0.3, time.monotonic())
        yield StepFinished(step, timing, time.monotonic())

    def finished(
        self, outcome: Outcome, *, steps: int = 1, answer: str = "", reason: str = ""
    ) -> RunFinished:
        now = time.monotonic()
        return RunFinished(outcome, reason or outcome, answer, steps, 12.3, 456, now)
