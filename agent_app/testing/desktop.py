"""The desktop under test: what a test starts from."""

from __future__ import annotations

import shlex
import shutil
import time
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar, overload

import numpy as np
from PIL import Image

from agent_app.actions import InputAction, Scroll, Write, describe_action
from agent_app.episode.reader import open_episode
from agent_app.errors import KnownError
from agent_app.exporting.html import write_html
from agent_app.geometry import ScreenPoint
from agent_app.model_runtime import no_progress
from agent_app.policy import Policy
from agent_app.runtimes.reader.quoting import quote
from agent_app.testing.applications import Application
from agent_app.testing.description import Description
from agent_app.testing.failures import hidden
from agent_app.testing.locator import Locator, Scope, key_action
from agent_app.testing.lookback import assert_seen, never_seen
from agent_app.testing.looking import Sampler
from agent_app.testing.model_asking import ask
from agent_app.testing.model_doing import SECONDS, STEPS, do
from agent_app.testing.place import Place
from agent_app.testing.stage import Stage
from agent_app.testing.trial import TrialSession
from agent_app.testing.waiting import DEFAULT_SECONDS, CallLog, Deadline

__tracebackhide__ = hidden

T = TypeVar("T")

_START_SECONDS = 15.0
_READY_SECONDS = 8.0  # at most: some windows never stand still
_STILL_SECONDS = 0.35  # shorter than a caret's blink
_LOOK_SECONDS = 0.05
_NO_VARIABLES: Mapping[str, str] = MappingProxyType({})


class Desktop(Scope):
    """The screen, the keyboard and the pointer, under one test; to be closed.

    `task` names the test, `folder` is where it lies, `episode` where its run is recorded.
    """

    def __init__(
        self,
        place: Place,
        *,
        task: str,
        folder: Path,
        episode: Path,
        timeout: float = DEFAULT_SECONDS,
    ) -> None:
        self.place = place
        self.session = TrialSession(place.workplace, task, episode, attended=not place.is_private)
        stage = Stage(place.screen, place.looker, self.session, folder, timeout)
        stage.remarks = self._fallen
        stage.policy = Policy().on_private_desktop(place.is_private)
        stage.surroundings = place.workplace.surroundings
        super().__init__(stage, Description())
        self.is_finished = False
        self.failed = False
        self._applications: list[Application] = []
        if place.is_private:  # a pointer left over a button makes it show a tip
            region = place.screen.region
            place.input.move(ScreenPoint(region.width - 1, region.height // 2))
        self._sampler = Sampler(place.open_screen, self.session.ring.add)

    @property
    def windows(self) -> tuple[str, ...]:
        """The titles of all windows, the topmost first."""
        return tuple(each.title for each in self.place.stack() if not each.popup)

    @property
    def home(self) -> Path:
        """The home folder of the applications; on a private desktop theirs alone."""
        return self.place.home

    def launch(
        self,
        command: str | Sequence[str],
        *,
        environment: Mapping[str, str] = _NO_VARIABLES,
        folder: Path | None = None,
        timeout: float = _START_SECONDS,
    ) -> Application:
        """Start a program and wait for its window; it ends with the test at the latest.

        It starts in `folder`, which is `home` if none is given, with the desktop's environment and
        what `environment` adds.
        Raises KnownError when it cannot be started, ends at once, or shows no window in time.
        """
        words = shlex.split(command) if isinstance(command, str) else list(command)
        said = shlex.join(words)
        deadline = Deadline(timeout)
        before = {(each.process, each.title) for each in self.place.stack()}
        self.session.trial.programs.append(said)
        with self.stage.step(f"launch {said}") as step:
            process = self.place.start(words, environment=environment, folder=folder or self.home)
            application = Application(self.stage, self.place, said, process)
            self._applications.append(application)
            for _ in deadline.tries():
                if self._shows(application, before):
                    break
                if application.status:
                    raise KnownError(
                        application.fell() + " before it showed a window",
                        remedy="run it in a terminal to see why",
                    )
            else:
                raise KnownError(
                    f"{quote(said)} showed no window within {timeout:g} s",
                    remedy="give it more time: launch(command, timeout=60)",
                )
            self._await_ready(application, Deadline(min(_READY_SECONDS, deadline.left())))
            step.see(self.stage.looker.look())
            step.say(CallLog())
            step.judge(True, f"its window shows after {deadline.seconds - deadline.left():.1f} s")
        return application

    def window(self, title: str) -> Locator:
        """A window by its title, a part of it, or its application's name; a scope to find in."""
        return Locator(
            self.stage, Description(text=title, role="window"), within=Description(window=title)
        )

    def type(self, text: str) -> None:
        """Type where the keyboard's focus is; a newline is Enter, a tab is Tab."""
        self._send(f"type {quote(text)}", [Write(text)])

    def press(self, *keys: str) -> None:
        """Press keys where the focus is, such as `"enter"` or `"ctrl+s"`, one after the other."""
        self._send(f"press {' '.join(keys)}", [key_action(each) for each in keys])

    def scroll(self, *, up: int = 0, down: int = 0, left: int = 0, right: int = 0) -> None:
        """Turn the wheel where the pointer is, by so many notches."""
        turn = Scroll(right - left, up - down)
        self._send(describe_action(turn), [turn])

    def assert_seen(self, text: str, *, last: float = 5.0) -> None:
        """A text was on the screen at some moment of the last seconds, though it may be gone."""
        assert_seen(self.stage, text, last)

    def never_seen(self, text: str, *, last: float = 5.0) -> None:
        """A text was on the screen at no moment of the last seconds."""
        never_seen(self.stage, text, last)

    def do(self, instruction: str, *, steps: int = STEPS, timeout: float = SECONDS) -> None:
        """Let the agent carry out an instruction, in so many of its steps and seconds at most.

        What it did is remembered, and done again the next time. Raises ActionFailed with the reason
        when it does not succeed.
        """
        do(self.stage, instruction, steps=steps, seconds=timeout)

    @overload
    def ask(self, question: str, *, samples: int = 1) -> str: ...
    @overload
    def ask(self, question: str, kind: type[T], *, samples: int = 1) -> T: ...
    @overload
    def ask(self, question: str, kind: Any, *, samples: int = 1) -> Any: ...
    def ask(self, question: str, kind: Any = str, *, samples: int = 1) -> Any:
        """What the model answers about the screen as it is now, as a value of type `kind`.

        Of several samples, what most of them say. Raises ActionFailed when it cannot tell.
        """
        answer = ask(self.stage, question, kind, samples=samples)
        self.session.heard(str(answer))
        return answer

    def screenshot(self) -> Image.Image:
        """What the screen shows now."""
        return self.place.screen.grab().image

    def finish(self, *, failed: bool, reason: str = "") -> None:
        """End the recording with the screen as it is; calling it twice is harmless."""
        if self.is_finished:
            return
        self.is_finished, self.failed = True, failed
        trial = self.session.trial
        if trial.steps:
            view = self.stage.looker.look()
            self.session.tell(trial.seen(trial.steps, view.frame, view.refs))
        self.session.finish("failure" if failed else "success", reason)

    def write_film(self) -> Path:
        """The recording as one HTML file, beside it."""
        episode = self.session.episode
        path = episode.with_name(f"{episode.name}.html")
        write_html(open_episode(episode), path, no_progress)
        return path

    def forget(self) -> None:
        """Delete the recording: nobody asked for it."""
        shutil.rmtree(self.session.episode, ignore_errors=True)

    def close(self) -> None:
        """End every application, the newest first; what is recorded stays."""
        self.finish(failed=False, reason="the test was left")
        self._sampler.close()
        for application in reversed(self._applications):
            application.end()
        self.place.clear()

    def _shows(self, application: Application, before: Set[tuple[int, str]]) -> bool:
        """Whether an application has a window, or a program that was running opened one for it."""
        stack = [each for each in self.place.stack() if not each.popup]
        if any(application.owns(each.process) for each in stack):
            return True
        running = {process for process, _ in before}
        new = [each for each in stack if (each.process, each.title) not in before]
        handed = next((each.process for each in new if each.process in running), None)
        if application.status == 0 and handed is not None:
            application.adopt(handed)
            return True
        return False

    def _await_ready(self, application: Application, deadline: Deadline) -> None:
        """Wait until its window has the focus, is drawn, reads its events and stands still.

        What is typed before goes nowhere.
        """
        last, since = None, 0.0
        while deadline.left():
            view = self.stage.looker.look()
            mine = [each for each in view.stack if each.active and application.owns(each.process)]
            shown = None
            if mine and not self.place.is_busy():
                box = view.frame.transform.region_to_box(mine[0].content)
                left, top = max(0, int(box.left)), max(0, int(box.top))
                shown = view.frame.pixels[top : int(box.bottom), left : int(box.right)]
            if shown is None or not shown.size or int(shown.min()) == int(shown.max()):
                last = None
            elif last is None or not np.array_equal(shown, last):
                last, since = shown, time.monotonic()
            elif time.monotonic() - since >= _STILL_SECONDS:
                return
            time.sleep(_LOOK_SECONDS)

    def _fallen(self) -> list[str]:
        """Which applications ended with an error."""
        return [fell for application in self._applications if (fell := application.fell())]

    def _send(self, summary: str, actions: Sequence[InputAction]) -> None:
        self.stage.act([], summary, lambda _places: actions, timeout=0)
