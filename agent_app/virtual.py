"""A private desktop: its own X server, window manager and session bus, for the agent alone.

The user's own desktop stays free, and nothing that runs here can reach it. Everything started here
ends with it, also when this process is killed.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

from agent_app.errors import KnownError
from agent_app.geometry import Size

_PROGRAMS = {"Xvfb": "xvfb", "openbox": "openbox", "dbus-daemon": "dbus"}
_START_SECONDS = 15.0
_BACKGROUND = 0x2E3440

# Ends the process groups it was told of as soon as its input closes, which is also when we die, and
# then removes the folder that was theirs.
_KEEPER = """
while read p; do all="$all $p"; done
for p in $all; do kill -s TERM -- -$p; done 2>&-
sleep 1
rm -rf -- "$0"
"""
_OWN_FOLDERS = {
    "XDG_RUNTIME_DIR": "runtime",
    "XDG_CONFIG_HOME": "config",
    "XDG_DATA_HOME": "data",
    "XDG_CACHE_HOME": "cache",
    "XDG_STATE_HOME": "state",
}


def start_program(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    pass_fds: tuple[int, ...] = (),
    folder: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, silent; raises KnownError when there is none."""
    try:
        return subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=pass_fds,
            cwd=folder,
        )
    except OSError as error:
        raise KnownError(
            f"cannot start {command[0]!r}: {error.strerror}",
            remedy="check the name, or install the program",
        ) from error


class VirtualDesktop:
    """An Xvfb screen with openbox and a session bus (for the accessibility tree).

    `environment` is what a program needs to live on it. Programs start with settings of their own,
    empty and gone with the desktop, so they neither find nor change the person's; files are the
    person's, unless `home` is given as another HOME. Raises KnownError when a program is missing or
    does not start.
    """

    def __init__(self, size: Size, *, home: Path | None = None) -> None:
        missing = [package for name, package in _PROGRAMS.items() if shutil.which(name) is None]
        if missing:
            raise KnownError(
                "a virtual desktop needs programs that are not installed",
                remedy=f"install them: apt-get install {' '.join(missing)}",
            )
        self.size = size
        self._processes: list[subprocess.Popen[bytes]] = []
        self._folder = tempfile.TemporaryDirectory(prefix="agent-app-", ignore_cleanup_errors=True)
        self._keeper = subprocess.Popen(
            ["sh", "-c", _KEEPER, self._folder.name], stdin=subprocess.PIPE, start_new_session=True
        )
        self.environment = dict(os.environ)
        for variable, name in _OWN_FOLDERS.items():
            path = Path(self._folder.name, name)
            path.mkdir(mode=0o700)
            self.environment[variable] = str(path)
        for name in ("WAYLAND_DISPLAY", "NO_AT_BRIDGE", "AT_SPI_BUS_ADDRESS", "SESSION_MANAGER"):
            self.environment.pop(name, None)
        self.environment |= {
            "GDK_BACKEND": "x11",
            "GTK_MODULES": "gail:atk-bridge",
            "QT_QPA_PLATFORM": "xcb",
            "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
        }
        if home is not None:
            self.environment["HOME"] = str(home)
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    @property
    def display(self) -> str:
        """The X display's name, such as `:99`."""
        return self.environment["DISPLAY"]

    def launch(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a program on this desktop; it is ended with the desktop at the latest.

        `environment` is what it is told beside the desktop's own, `folder` where it starts.
        """
        return self._spawn(command, more=environment, folder=folder)

    def close(self) -> None:
        """End everything that was started here, newest first."""
        self._keeper.kill()
        self._keeper.communicate()
        for process in reversed(self._processes):
            end_program(process)
        self._processes.clear()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> None:
        number = self._answer_of(
            lambda fd: (
                ["Xvfb", "-displayfd", str(fd), "-screen", "0"]
                + [f"{self.size.width}x{self.size.height}x24", "-nolisten", "tcp", "-noreset"]
            )
        )
        self.environment["DISPLAY"] = f":{number}"
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = self._answer_of(
            lambda fd: ["dbus-daemon", "--session", "--nofork", f"--print-address={fd}"]
        )
        self._spawn(["openbox", "--sm-disable"])
        self._prepare_root()

    def _spawn(
        self,
        command: Sequence[str],
        *,
        more: Mapping[str, str] | None = None,
        pass_fds: tuple[int, ...] = (),
        folder: Path | None = None,
    ) -> subprocess.Popen[bytes]:
        environment = {**self.environment, **(more or {})}
        process = start_program(command, environment, pass_fds=pass_fds, folder=folder)
        self._processes.append(process)
        assert self._keeper.stdin is not None
        self._keeper.stdin.write(b"%d\n" % process.pid)
        self._keeper.stdin.flush()
        return process

    def _answer_of(self, command: Callable[[int], list[str]]) -> str:
        """Start a program that writes one line to a descriptor once it is ready; the line."""
        reading, writing = os.pipe()
        with os.fdopen(reading) as answer:
            try:
                process = self._spawn(command(writing), pass_fds=(writing,))
            finally:
                os.close(writing)
            line = answer.readline().strip()
        if not line:
            raise KnownError(
                f"{process.args[0]} did not start (status {process.wait()})",  # type: ignore[index]
                remedy="run it by hand to see why; `agent-app doctor` lists what is needed",
            )
        return line

    def _prepare_root(self) -> None:
        """Wait for the window manager, and paint the root: a black capture then means a fault."""
        from Xlib.display import Display

        connection = Display(self.display)
        try:
            root = connection.screen().root
            sign = connection.intern_atom("_NET_SUPPORTING_WM_CHECK")
            deadline = time.monotonic() + _START_SECONDS
            while root.get_full_property(sign, 0) is None:
                if time.monotonic() > deadline:
                    raise KnownError(
                        "the window manager did not start", remedy="run openbox by hand to see why"
                    )
                time.sleep(0.02)
            root.change_attributes(background_pixel=_BACKGROUND)
            root.clear_area()
            connection.sync()
        finally:
            connection.close()


def end_program(process: subprocess.Popen[bytes]) -> None:
    """End a process and its group: politely, then for certain."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
        except ProcessLookupError:
            break
        try:
            process.wait(timeout=2.0)
        except subprocess.TimeoutExpired:
            continue
    process.wait()
