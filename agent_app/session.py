"""A desktop, a model and a task, wired: what the window and the console hold on to.

They start a session by iterating its events, and call `stop` and `answer` from any thread. Nothing
else reaches into the core.
"""

from __future__ import annotations

import os
import queue
import shlex
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import (
    AbstractContextManager,
    ExitStack,
    closing,
    contextmanager,
    nullcontext,
    suppress,
)
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, Self

from agent_app.actions import Input
from agent_app.calibration import corrected
from agent_app.control import Control, Touch
from agent_app.episode.recorder import EpisodeRecorder, content_hash, new_episode_folder
from agent_app.errors import KnownError, RunEnded
from agent_app.events import Event, Outcome, QuestionAsked, RunFinished
from agent_app.geometry import Region, ScreenPoint, Size
from agent_app.hiding.secrecy import Secrecy
from agent_app.input import open_input, watch_hands
from agent_app.loop import LoopSettings, run
from agent_app.markers import secret_names
from agent_app.model_runtime import (
    ModelOptions,
    ModelRuntime,
    Progress,
    RuntimeInfo,
    no_progress,
    open_runtime,
)
from agent_app.policy.rules import Confirm
from agent_app.policy.scene import Surroundings
from agent_app.prompting import Prompt, load_prompt
from agent_app.screen.capture import open_screen
from agent_app.screen.frame import Frame, Screen
from agent_app.screen.ring import FrameRing
from agent_app.screen.settle import SettleLimits, wait_until_settled
from agent_app.secret_store import SecretStore, open_store
from agent_app.typed import Fields
from agent_app.virtual import VirtualDesktop, start_program

if TYPE_CHECKING:
    from agent_app.runtimes.reader.surroundings import LiveSurroundings
    from agent_app.runtimes.reader.typed_fields import LiveFields

# The exit status of a command whose run ended so.
EXIT_STATUS: Mapping[Outcome, int] = MappingProxyType(
    {"success": 0, "error": 3, "failure": 4, "limit": 5, "stopped": 130}
)
_APP_START = SettleLimits(minimum=0.3, reaction=1.0, quiet=0.5, maximum=10.0)
_APP_START_SECONDS = 15.0


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


@dataclass(frozen=True, slots=True)
class WorkplaceOptions:
    """Where and with what the agent works: the command line's flags, read and checked.

    `monitor` counts from 1, 0 is all of them. With `virtual` the desktop is a private one of that
    size; `app` is a command that is started on the desktop first. What lies in `masks` is painted
    over at capture, so that neither the model nor a recording ever has it. With `take_over` a
    person's hand on mouse or keyboard holds a run up. `prompt` is the name
    of one that ships with the package, or the path of a file. `secrets` may be typed in every run,
    by their names, beside those that its task names.
    """

    model: str | None = None
    loading: ModelOptions = field(default_factory=ModelOptions)
    prompt: str | Path = "agent"
    monitor: int | None = None
    region: Region | None = None
    masks: tuple[Region, ...] = ()
    virtual: Size | None = None
    app: str | None = None
    take_over: bool = True
    secrets: tuple[str, ...] = ()
    settings: LoopSettings = field(default_factory=LoopSettings)


class Workplace:
    """The seams of one desktop, open; sessions run on it one after the other.

    The model is opened when the first session needs it, and serves them all; `why` then says which
    it is and for what reason. `secrets` are the person's. Raises KnownError when any other part of
    it cannot be had; whatever was opened before is closed again.
    """

    def __init__(
        self,
        options: WorkplaceOptions,
        *,
        environment: Mapping[str, str],
        secrets: SecretStore | None = None,
    ) -> None:
        self.options = options
        self.secrets = secrets or open_store(os.environ)
        self.prompt: Prompt = load_prompt(options.prompt)
        self.why = ""
        self.programs: tuple[str, ...] = ()  # that were launched, in order
        self._runtime: ModelRuntime | None = None
        with ExitStack() as opened:
            self.desktop = options.virtual and VirtualDesktop(options.virtual)
            if self.desktop:
                opened.callback(self.desktop.close)
                environment = self.desktop.environment
            self.environment = environment
            self.secrecy = Secrecy(environment)
            opened.callback(self.secrecy.close)
            screen = open_screen(
                environment,
                monitor=options.monitor,
                region=options.region,
                masks=options.masks,
            )
            self.screen: Screen = self.secrecy.screen(screen)
            opened.callback(self.screen.close)
            hand = opened.enter_context(closing(open_input(environment)))
            hand = corrected(hand, environment, screen.monitors())
            self.input: Input = self.secrecy.input(hand, self.screen)
            self.surroundings: Surroundings = opened.enter_context(_surroundings(environment))
            self.fields: Fields = opened.enter_context(_fields(environment))
            if options.app:
                self.launch(options.app)
            self._opened = opened.pop_all()

    def open_model(self, progress: Progress = no_progress) -> ModelRuntime:
        """The model; opened by the first call, which takes as long as its weights take to load.

        Raises KnownError when it cannot be had; another call tries again. What `progress` raises
        ends the opening.
        """
        if self._runtime is None:
            self._runtime, self.why = open_runtime(
                self.options.model,
                environment=self.environment,
                options=self.options.loading,
                progress=progress,
            )
            self._opened.callback(self.close_model)
        return self._runtime

    @property
    def model(self) -> RuntimeInfo | None:
        """The model that is open."""
        runtime = self._runtime
        return None if runtime is None else runtime.info

    def close_model(self) -> None:
        """Close the model, if it is open; whoever needs it opens it again."""
        runtime, self._runtime = self._runtime, None
        if runtime is not None:
            runtime.close()

    def launch(self, command: str) -> subprocess.Popen[bytes]:
        """Start a program on this desktop and wait until its window has come to rest.

        On a virtual desktop it ends with it; on the person's own it is theirs to close.
        """
        words = shlex.split(command)
        self.programs += (command,)
        before = self.screen.grab()
        launch = self.desktop.launch if self.desktop else self._launch_on_own_display
        process = launch(words)
        deadline = time.monotonic() + _APP_START_SECONDS
        settled = None
        while not (settled and settled.changed) and time.monotonic() < deadline:
            settled = wait_until_settled(
                self.screen, before, limits=_APP_START, ring=FrameRing(), stop=threading.Event()
            )
            if process.poll():
                raise KnownError(
                    f"{words[0]!r} ended at once with status {process.returncode}",
                    remedy="run it in a terminal to see why",
                )
        return process

    def _launch_on_own_display(self, words: Sequence[str]) -> subprocess.Popen[bytes]:
        return start_program(words, self.environment)

    def session(self, task: str, *, episode: Path | None = None) -> LiveSession:
        """A session for one task, recorded in `episode` or in a new folder of the library."""
        session = LiveSession(self, task, episode)
        session.confirm = self.options.settings.policy.confirm
        return session

    def close(self) -> None:
        """Close everything, the desktop last."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


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
            reason = "stopped while the run was being made ready"
            yield RunFinished("stopped", reason, "", 0, 0.0, 0, time.monotonic())
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


def _surroundings(environment: Mapping[str, str]) -> LiveSurroundings:
    # imported here: what reads texts is not needed to name a session
    from agent_app.runtimes.reader.surroundings import LiveSurroundings

    return LiveSurroundings(environment)


def _fields(environment: Mapping[str, str]) -> LiveFields:
    # imported here for the same reason
    from agent_app.runtimes.reader.typed_fields import LiveFields

    return LiveFields(environment)
