"""A test as a run: told from outside, recorded like every other one.

A test's code drives, so its run is pushed: whatever happens is told to the `Trial`, and is on disk
when `tell` returns.
"""

from __future__ import annotations

import time
import uuid
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from agent_app.course import Course
from agent_app.episode.recorder import content_hash
from agent_app.errors import KnownError
from agent_app.events import (
    Budgets,
    Event,
    FrameCaptured,
    FrameRef,
    Outcome,
    RunFinished,
    RunStarted,
    WindowRef,
    WindowsSeen,
)
from agent_app.markers import marker, secret_names
from agent_app.model_runtime import Progress, RuntimeInfo, no_progress
from agent_app.screen.frame import Frame
from agent_app.screen.settle import SettleLimits
from agent_app.session import RecordedSession
from agent_app.typed import Typing
from agent_app.workplace import Workplace

_INFO = RuntimeInfo("test", "a test's own code decides", image_limits=None)
_BUDGETS = Budgets(steps=100_000, seconds=86_400.0)  # pytest's own limits are a test's limits
# What an act does is waited for until the screen is quiet for two looks; a locator waits for more.
EFFECT = SettleLimits(minimum=0.0, reaction=0.25, quiet=0.05, maximum=1.0)


@dataclass(kw_only=True)
class Trial(Course):
    """One test under way; `tell` hands on its events, in the order they happen."""

    task: str
    programs: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        super().__post_init__()
        self._told: deque[Event] = deque()
        self._end: tuple[Outcome, str] | None = None

    def begun(self) -> RunStarted:
        return RunStarted(
            run=uuid.uuid4().hex,
            task=self.task,
            model=_INFO.name,
            prompt_sha1="",
            monitors=self.screen.monitors(),
            budgets=self.budgets,
            at=self.started,
            programs=tuple(self.programs),
        )

    def work(self) -> Generator[Event, None, RunFinished]:
        while self._end is None:
            while self._told:
                yield self._told.popleft()
        outcome, reason = self._end
        return self.finished(outcome, reason)

    def put(self, event: Event) -> None:
        """The event that `work` passes on next."""
        self._told.append(event)

    def end(self, outcome: Outcome, reason: str) -> None:
        """What `work` ends with."""
        self._end = (outcome, reason)

    def seen(self, number: int, frame: Frame, windows: tuple[WindowRef, ...]) -> Iterator[Event]:
        """A frame, and the windows on it when they are others than before."""
        self.ring.add(frame)
        ref = FrameRef(frame.sha1, frame.transform, frame.monitor)
        yield FrameCaptured(number, ref, time.monotonic())
        if windows != self.windows:
            self.windows = windows
            yield WindowsSeen(number, windows, time.monotonic())


class TrialSession(RecordedSession):
    """A test's run on a workplace, recorded in a folder.

    With `attended` a person may be at the desktop, and can stop it there. `notes` are of what was
    typed and did not arrive, which a failure may come of.
    """

    def __init__(
        self, workplace: Workplace, task: str, folder: Path, *, attended: bool = False
    ) -> None:
        super().__init__(workplace, task, folder)
        self._attended = attended
        self._heard: set[str] = set()  # the secrets that texts of the screen named
        self.trial = Trial(
            screen=workplace.screen,
            input=workplace.input,
            ring=self.ring,
            budgets=_BUDGETS,
            control=self.control,
            task=task,
        )
        self.typing = Typing(self.trial, workplace.fields)
        self.notes: list[str] = []
        self._events: Iterator[Event] | None = None

    def prepare(self, progress: Progress = no_progress) -> None:
        del progress
        self.workplace.secrecy.allow({})
        self.runtime = _INFO

    def allow_secrets(self, names: Sequence[str]) -> None:
        """The test's own words name these secrets, which may be typed from now on.

        Raises KnownError for one that is not stored, or that the screen has named before.
        """
        for name in names:
            if name in self._heard:
                raise KnownError(
                    f"the screen itself showed {marker(name)}",
                    remedy="type secrets that the test names, not what it has read",
                )
        secrecy = self.workplace.secrecy
        new = [name for name in names if name not in secrecy.values]
        secrecy.learn(self.workplace.secrets.find(new))

    def heard(self, text: str) -> str:
        """A text of the screen, as a test may have it; what it names is no secret to be typed."""
        self._heard.update(secret_names([text]))
        return self.workplace.secrecy.without(text)

    def watching_hands(self) -> AbstractContextManager[object]:
        return super().watching_hands() if self._attended else nullcontext()

    def run(self) -> Iterator[Event]:
        return self.trial.events()

    def settings_sha1(self) -> str:
        return content_hash(EFFECT)

    def tell(self, events: Sequence[Event] | Iterator[Event]) -> None:
        """Record events; those of what is about to be done are on disk when this returns."""
        for event in events:
            if self._events is None:
                self._events = iter(self.events())
                next(self._events)  # the run's start
            self.trial.put(event)
            next(self._events)

    def finish(self, outcome: Outcome, reason: str) -> None:
        """End the recording; calling it twice is harmless."""
        if self._events is None:
            return
        self.trial.end(outcome, reason)
        for _ in self._events:
            pass
        self._events = None
