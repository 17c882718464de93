"""A run with one step of every kind, whose texts are whatever a test wants them to be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from agent_app.actions import (
    Action,
    AskHuman,
    Click,
    Drag,
    Hold,
    Hotkey,
    Move,
    Press,
    Scroll,
    Terminate,
    Wait,
    Write,
    target_points,
)
from agent_app.episode.reader import Episode, open_episode
from agent_app.episode.recorder import EpisodeRecorder
from agent_app.events import (
    ActionDecided,
    ActionDone,
    Budgets,
    Event,
    FrameCaptured,
    FrameRef,
    ModelErred,
    ModelWarned,
    QuestionAnswered,
    QuestionAsked,
    ReplyReceived,
    RunFinished,
    RunStarted,
    ScreenSettled,
    StepFinished,
    StepStarted,
    Timing,
)
from agent_app.geometry import FrameTransform, Monitor, Region, RelativePoint, ScreenPoint, Size
from agent_app.screen.frame import Frame

SIZE = Size(320, 200)
TRANSFORM = FrameTransform(ScreenPoint(-320, 40), 1.0, SIZE)
MONITOR = Monitor(1, Region(-320, 40, 320, 200))


def at(x: float, y: float) -> RelativePoint:
    """The middle of a pixel of the frame."""
    return RelativePoint((x + 0.5) / SIZE.width, (y + 0.5) / SIZE.height)


ACTIONS: tuple[tuple[Action, ...], ...] = (
    (Click(at(0, 0)),),
    (Click(at(100, 50), count=2), Write("héllo 'x' \"y\" \\ 你好\n")),
    (Click(at(319, 199), "right"), Click(at(10, 20), "middle"), Click(at(5, 6), count=3)),
    (Click(at(30, 40), modifiers=("ctrl", "shift")),),
    (Move(at(60, 70)), Drag(at(200, 150), at(20, 30)), Drag(at(11, 12), button="right")),
    (Scroll(dy=-5, at=at(80, 90)), Scroll(dx=3), Scroll(dx=1, dy=2, at=at(8, 9))),
    (Press(("enter",)), Press(("down", "tab"), 3), Hotkey(("ctrl", "shift", "s"))),
    (Hold(("shift", "a"), 1.5), Wait(2.0)),
    (AskHuman("Which one?", ("red", "green")),),
    (Terminate("success", "It's “42”"),),
)


class ExampleRun:
    """One step for each row of `actions`; every text in it is `says`.

    Each step's frame is the last one with a square more, so that most of it stays the same.
    """

    def __init__(
        self,
        *,
        says: str = "Look there.",
        actions: tuple[tuple[Action, ...], ...] = ACTIONS,
        outcome: str = "success",
    ) -> None:
        self.says, self.actions, self.outcome = says, actions, outcome
        self.kept: dict[str, Frame] = {}
        colors = np.random.default_rng(7).integers(0, 256, (25, 40, 3), np.uint8)
        self._pixels = colors.repeat(8, axis=0).repeat(8, axis=1)

    def frame(self, number: int) -> FrameRef:
        pixels = self._pixels = self._pixels.copy()
        left, top = 17 * number % 300, 11 * number % 180
        pixels[top : top + 12, left : left + 15] = (255, 20 * number % 256, 0)
        pixels.flags.writeable = False
        frame = Frame(pixels, TRANSFORM, 1, float(number))
        self.kept[frame.sha1] = frame
        return FrameRef(frame.sha1, TRANSFORM, 1)

    def events(self) -> Iterator[Event]:
        says = self.says
        yield RunStarted("r1", says, "scripted", "0" * 40, (MONITOR,), Budgets(), 0.0)
        clock = 0.0
        for step, actions in enumerate(self.actions, 1):
            clock = 2.0 * step
            yield StepStarted(step, clock)
            yield FrameCaptured(step, self.frame(step), clock + 0.1)
            yield ReplyReceived(step, says, says, "stop", 100, 10, clock + 1)
            if step == 2:
                yield ModelErred(step, says, clock + 1)
            if step == 3:
                yield ModelWarned(step, says, clock + 1)
            for index, action in enumerate(actions):
                points = target_points(action, TRANSFORM)
                yield ActionDecided(step, index, action, says, points, clock + 1.1)
                if isinstance(action, AskHuman):
                    yield QuestionAsked(step, says, action.choices, clock + 1.2)
                    yield QuestionAnswered(step, says, clock + 1.2)
                yield ActionDone(step, index, clock + 1.2)
            yield ScreenSettled(step, True, True, 0.5, clock + 1.7)
            yield StepFinished(step, Timing(0.01, 0.02, 0.3, 0.6, 0.001, 0.1, 0.5), clock + 1.8)
        yield FrameCaptured(len(self.actions) + 1, self.frame(len(self.actions) + 1), clock + 2)
        yield RunFinished(
            self.outcome, says, says, len(self.actions), clock, 10 * len(self.actions), clock + 2
        )

    def episode(self, folder: Path) -> Episode:
        """Record the run, and open what was recorded."""
        for _ in EpisodeRecorder(folder, self.kept.get).tee(self.events()):
            pass
        return open_episode(folder)
