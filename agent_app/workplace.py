"""The desktop and the model that sessions work on: the seams of one workplace, wired and open."""

from __future__ import annotations

import os
import shlex
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from agent_app.actions import Input
from agent_app.calibration import corrected
from agent_app.errors import KnownError
from agent_app.geometry import Region, Size
from agent_app.hiding.secrecy import Secrecy
from agent_app.input import open_input
from agent_app.loop import LoopSettings
from agent_app.model_runtime import (
    ModelOptions,
    ModelRuntime,
    Progress,
    RuntimeInfo,
    no_progress,
    open_runtime,
)
from agent_app.policy.scene import Surroundings
from agent_app.prompting import Prompt, load_prompt
from agent_app.screen.capture import open_screen
from agent_app.screen.frame import Screen
from agent_app.screen.ring import FrameRing
from agent_app.screen.settle import SettleLimits, wait_until_settled
from agent_app.secret_store import SecretStore, open_store
from agent_app.typed import Fields
from agent_app.virtual import VirtualDesktop, start_program

if TYPE_CHECKING:
    from agent_app.runtimes.reader.surroundings import LiveSurroundings
    from agent_app.runtimes.reader.typed_fields import LiveFields

_APP_START = SettleLimits(minimum=0.3, reaction=1.0, quiet=0.5, maximum=10.0)
_APP_START_SECONDS = 15.0


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

    def close(self) -> None:
        """Close everything, the desktop last."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _surroundings(environment: Mapping[str, str]) -> LiveSurroundings:
    # imported here: what reads texts is not needed to name a session
    from agent_app.runtimes.reader.surroundings import LiveSurroundings

    return LiveSurroundings(environment)


def _fields(environment: Mapping[str, str]) -> LiveFields:
    # imported here for the same reason
    from agent_app.runtimes.reader.typed_fields import LiveFields

    return LiveFields(environment)
