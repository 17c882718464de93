"""A task on a workplace: what the window and the console hold on to.

They start a session by iterating its events, and call `stop` and `answer` from any thread. Nothing
else reaches into the core.
"""

from __future__ import annotations

import queue
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from agent_app.control import Control, Touch
from agent_app.episode.recorder import EpisodeRecorder, content_hash, new_episode_folder
from agent_app.errors import RunEnded
from agent_app.events import Event, Outcome, QuestionAsked, RunFinished
from agent_app.geometry import Region, ScreenPoint
from agent_app.input import watch_hands
from agent_app.loop import LoopSettings, run
from agent_app.markers import secret_names
from agent_app.model_runtime import Progress, RuntimeInfo, no_progress
from agent_app.policy.rules import Confirm
from agent_app.screen.frame import Frame
from agent_app.screen.ring import FrameRing
from agent_app.wording import say
from agent_app.workplace import Workplace

# The exit status of a command whose run ended so.
EXIT_STATUS: Mapping[Outcome, int] = MappingProxyType(
    {"success": 0, "error": 3, "failure": 4, "limit": 5, "stopped": 130}
)


class Session(Protocol):
    """A task that can be run once.

    `prepare` makes its model ready and may take its time; it comes before `events`, in the same
    thread, and `stop` ends it, too. `runtime` is None until then; `why` says which model was taken
    and for what reason. `unobstructed` is entered while the agent looks and acts, for a window that
    must get out of the way; it is called in the thread that iterates `events`. Whoever meets a
    `QuestionAsked` must call `answer`, with None when nobody can. `episode` is the folder that the
    run is recorded in, None when it is not.
    """

    task: str
    region: Region
    unobstructed: Callable[[], AbstractContextManager[None]]

    @property
    def runtime(self) -> RuntimeInfo | None: ...
    @property
    def why(self) -> str: ...
    @property
    def episode(self) -> Path | None: ...
    def prepare(self, progress: Progress) -> None: ...
    def events(self) -> Iterator[Event]: ...
    def stop(self) -> None: ...
    def answer(self, text: str | None) -> None: ...
    def frame(self, sha1: str) -> Frame | None: ...


class AgentSession(Session, Protocol):
    """A session in which the agent acts, and which can be held up: a pause ends with a question.

    `is_ours` says of a hand's touch, in any thread, that it is meant for the window and takes
    nothing over. `confirm` says when the person is asked before an action; it may be set until the
    run begins.
    """

    is_ours: Callable[[Touch, ScreenPoint], bool]
    confirm: Confirm

    def pause(self) -> None: ...

    def offer_veto(self, seconds: float) -> None:
        """From now on leave the person so much time to say no before an input; 0 is none."""
        ...

    def veto(self) -> None:
        """Have what the person is shown not done; nothing when nothing is offered."""
        ...

    def listen(self) -> None:
        """Hold the run up: the person begins to type a hint, and `hint` follows."""
        ...

    def hint(self, text: str) -> None:
        """Have the model go on from its thought with these words; empty when there are none."""
        ...


class RecordedSession(ABC):
    """What every `Session` on a workplace shares: it is recorded, stopped and answered alike.

    Recorded in `folder`, or in a new folder of the library.
    """

    def __init__(self, workplace: Workplace, task: str, folder: Path | None) -> None:
        self.task = task
        self.runtime: RuntimeInfo | None = None
        self.workplace = workplace
        self.region = workplace.screen.region
        self.unobstructed: Callable[[], AbstractContextManager[None]] = nullcontext
        self.ring = FrameRing()
        self.recorder = EpisodeRecorder(folder or new_episode_folder(task), self.ring.get)
        self.is_ours: Callable[[Touch, ScreenPoint], bool] = lambda _touch, _point: False
        self.control = Control()
        self.confirm: Confirm = "none"
        self._answers: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    @property
    def why(self) -> str:
        return self.workplace.why

    @property
    def episode(self) -> Path:
        return self.recorder.folder

    @abstractmethod
    def prepare(self, progress: Progress = no_progress) -> None:
        """Make everything ready and set `runtime`; a stop meanwhile is told by `events`."""

    @abstractmethod
    def run(self) -> Iterator[Event]:
        """The run itself; called once, when all is ready."""

    @abstractmethod
    def settings_sha1(self) -> str:
        """The hash of what the run is set to, for the recording."""

    def events(self) -> Iterator[Event]:
        if self.runtime is None and not self.control.stop.is_set():
            self.prepare()
        if self.runtime is None:
            reason = say("stopped while the run was being made ready")
            yield RunFinished("stopped", str(reason), "", 0, 0.0, 0, time.monotonic(), reason)
            return
        with self.watching_hands():
            yield from self.recorder.tee(
                self._told(),
                model_sha1=content_hash(self.runtime),
                settings_sha1=self.settings_sha1(),
            )

    def _told(self) -> Iterator[Event]:
        """The events with no secret in them."""
        events = self._asking_anew(self.run())
        try:
            for event in events:
                yield self.workplace.secrecy.cleaned(event)
        finally:
            events.close()

    def watching_hands(self) -> AbstractContextManager[object]:
        """Within it, a person's hand and the stop keys are felt."""
        environment = self.workplace.environment
        return watch_hands(environment, on_hand=self._feel_hand, on_stop=self.stop)

    @contextmanager
    def stoppable(self, progress: Progress) -> Generator[Progress]:
        """Within it, telling of progress after a stop ends what is being made ready."""

        def tell(what: str, done: int, total: int) -> None:
            if self.control.stop.is_set():
                raise RunEnded("stopped")
            progress(what, done, total)

        with suppress(RunEnded):
            yield tell

    def stop(self, reason: str = "") -> None:
        self.control.end(reason)
        self._answers.put(None)

    def pause(self) -> None:
        self.control.pause()

    def offer_veto(self, seconds: float) -> None:
        self.control.veto_seconds = seconds

    def veto(self) -> None:
        self.control.veto()

    def listen(self) -> None:
        self.control.listen()

    def hint(self, text: str) -> None:
        self.control.hint(text)

    def _feel_hand(self, touch: Touch, point: ScreenPoint) -> None:
        if self.workplace.options.take_over and not self.is_ours(touch, point):
            self.control.feel_hand(touch)

    def answer(self, text: str | None) -> None:
        self._answers.put(text)

    def frame(self, sha1: str) -> Frame | None:
        return self.ring.get(sha1)

    def wait_for_answer(self, question: QuestionAsked) -> str | None:
        """The next answer; None when none comes within the question's time."""
        try:
            return self._answers.get(timeout=question.seconds)
        except queue.Empty:
            return None

    def _asking_anew(self, events: Iterator[Event]) -> Generator[Event]:
        """The same events; what was answered before a question came is no answer to it."""
        with ExitStack() as cleanup:
            if isinstance(events, Generator):
                cleanup.callback(events.close)
            for event in events:
                if isinstance(event, QuestionAsked):
                    with suppress(queue.Empty):
                        while True:
                            self._answers.get_nowait()
                    if self.control.stop.is_set():
                        self._answers.put(None)
                yield event


class LiveSession(RecordedSession):
    """A `Session` in which the workplace's model works on a task."""

    def __init__(self, workplace: Workplace, task: str, *, episode: Path | None = None) -> None:
        super().__init__(workplace, task, episode)
        self.confirm: Confirm = workplace.options.settings.policy.confirm

    def prepare(self, progress: Progress = no_progress) -> None:
        """Open the model, unless the workplace has it.

        Raises KnownError for a secret that is not stored.
        """
        place = self.workplace
        names = (*place.options.secrets, *secret_names([self.task]))
        place.secrecy.allow(place.secrets.find(names))
        with self.stoppable(progress) as tell:
            self.runtime = place.open_model(tell).info

    def run(self) -> Iterator[Event]:
        place = self.workplace
        return run(
            self.task,
            runtime=place.open_model(),
            screen=place.screen,
            input=place.input,
            prompt=place.prompt,
            ring=self.ring,
            settings=self.settings,
            answerer=self.wait_for_answer,
            unobstructed=lambda: self.unobstructed(),
            control=self.control,
            programs=place.programs,
            surroundings=place.surroundings,
            fields=place.fields,
        )

    @property
    def settings(self) -> LoopSettings:
        """What the run is set to."""
        settings = self.workplace.options.settings
        policy = settings.policy.on_private_desktop(self.workplace.desktop is not None)
        return replace(settings, policy=policy.confirming(self.confirm))

    def settings_sha1(self) -> str:
        return content_hash(self.settings)
