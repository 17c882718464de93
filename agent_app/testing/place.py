"""Where tests run: a private desktop of this process's own, or one that is there already.

There is one at a time, because a process sends input to one display; a test that wants other
settings gets another one.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from Xlib.display import Display
from Xlib.error import ConnectionClosedError, DisplayError

from agent_app.errors import KnownError
from agent_app.input.x11_focus import Focus
from agent_app.model_runtime import ModelOptions
from agent_app.runtimes.reader.seeing.eyes import Eyes
from agent_app.screen.capture import open_screen
from agent_app.screen.frame import Screen
from agent_app.screen.windows import TopLevel, WindowList, WindowsUnknown, without_own
from agent_app.testing.looking import Looker
from agent_app.testing.settings import DesktopSettings
from agent_app.virtual import VirtualDesktop, end_program, start_program
from agent_app.workplace import Workplace, WorkplaceOptions

_BUSY_SECONDS = 0.1  # an office that starts took 0.4 to 1.1 s to answer, a ready one 0.05

_KEPT_FOLDERS = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")


class Place:
    """One desktop, open: its screen, its input, and what reads it; to be closed.

    Without `display` it is a private one; `environment` is that of an existing one. Raises
    KnownError when any part of it cannot be had.
    """

    def __init__(
        self,
        settings: DesktopSettings,
        *,
        display: str | None = None,
        model: str | None = None,
        model_name: str | None = None,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self.settings = settings
        self._windows: WindowList | None = None
        self._asking: Display | None = None
        with ExitStack() as opened:
            self._virtual: VirtualDesktop | None = None
            if display is None:
                home = opened.enter_context(
                    tempfile.TemporaryDirectory(prefix="agent-home-", ignore_cleanup_errors=True)
                )
                self._virtual = opened.enter_context(VirtualDesktop(settings.size, home=Path(home)))
                self.environment = self._virtual.environment
                self.home = Path(home)
                self._furnish()
            else:
                self.home = Path(environment.get("HOME", Path.home()))
                self.environment = {**environment, "DISPLAY": display}
            self.environment |= settings.environment()
            self.workplace = opened.enter_context(
                Workplace(
                    WorkplaceOptions(
                        model=model,
                        loading=ModelOptions(model_name=model_name),
                        take_over=False,
                    ),
                    environment=self.environment,
                )
            )
            self.screen = self.workplace.screen
            self.input = self.workplace.input
            opened.callback(self._disconnect)
            self.looker = Looker(
                self.screen,
                self.stack,
                lambda windows: opened.enter_context(Eyes(self.environment, recorded=windows)),
            )
            self._opened = opened.pop_all()

    @property
    def is_private(self) -> bool:
        return self._virtual is not None

    def stack(self) -> tuple[TopLevel, ...]:
        """The windows now, the topmost first, without this process's own."""
        try:
            if self._windows is None:
                self._windows = WindowList(self.environment["DISPLAY"])
            found = without_own(self._windows.read())
        except WindowsUnknown:
            self._windows = None
            return ()
        without = self.workplace.secrecy.without
        return tuple(replace(window, title=without(window.title)) for window in found)

    def is_busy(self) -> bool:
        """Whether the application with the focus is slow to read its events.

        One that cannot be asked is taken to be quick.
        """
        try:
            if self._asking is None:
                self._asking = Display(self.environment["DISPLAY"])
            asked = time.monotonic()
            Focus(self._asking).wait_until_read(otherwise=0.0)
        except (DisplayError, ConnectionClosedError):
            self._asking = None
            return False
        return time.monotonic() - asked > _BUSY_SECONDS

    def open_screen(self) -> Screen:
        """The same screen for another thread, which closes it."""
        return self.workplace.secrecy.screen(open_screen(self.environment))

    def start(
        self, words: Sequence[str], *, environment: Mapping[str, str], folder: Path
    ) -> subprocess.Popen[bytes]:
        """Start a program here. Raises KnownError when there is none of this name."""
        if self._virtual is not None:
            return self._virtual.launch(words, environment=environment, folder=folder)
        return start_program(words, {**self.environment, **environment}, folder=folder)

    def clear(self) -> None:
        """End what still has a window on a private desktop, whoever started it, and empty its home.

        What applications keep to start faster stays; files, settings and sessions would leak into
        the next test.
        """
        if self._virtual is None:
            return
        for sign in (signal.SIGTERM, signal.SIGKILL):
            for process in {window.process for window in self.stack() if window.process > 1}:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(process, sign)
        for folder in (self.home, *(Path(self.environment[name]) for name in _KEPT_FOLDERS)):
            for path in folder.iterdir():
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path, ignore_errors=True)  # what is ending may still write there
                else:
                    path.unlink(missing_ok=True)
        self._furnish()

    def _furnish(self) -> None:
        """Write what toolkits read of the settings into the home."""
        self.settings.write(home=self.home, config=Path(self.environment["XDG_CONFIG_HOME"]))

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """End a program and what it started."""
        end_program(process)

    def close(self) -> None:
        self._opened.close()

    def _disconnect(self) -> None:
        if self._windows is not None:
            with suppress(WindowsUnknown):
                self._windows.close()
        if self._asking is not None:
            with suppress(ConnectionClosedError):
                self._asking.close()


@dataclass
class Places:
    """The desktop of this process, which is another one when a test wants other settings."""

    display: str | None = None
    model: str | None = None
    model_name: str | None = None
    _current: Place | None = None

    def at(self, settings: DesktopSettings) -> Place:
        """The desktop with these settings, opened if need be.

        Raises KnownError when it cannot be had, or is an existing one and cannot be so.
        """
        current = self._current
        plain = replace(settings, fresh=False)
        if current is not None and not settings.fresh and current.settings == plain:
            return current
        self.close()
        if self.display is not None and settings.size != DesktopSettings().size:
            raise KnownError(
                "the size of an existing display cannot be chosen",
                remedy="leave out --agent-display, or the size",
            )
        self._current = Place(
            plain, display=self.display, model=self.model, model_name=self.model_name
        )
        return self._current

    def close(self) -> None:
        if self._current is not None:
            self._current.close()
            self._current = None
