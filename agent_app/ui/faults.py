"""What is told when we fail: a report to copy, without secrets, and what a crash has left."""

from __future__ import annotations

import faulthandler
import platform
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO

import PySide6
from PySide6.QtGui import QGuiApplication

from agent_app import __version__

_LONGEST = 200_000  # characters of a report that is left behind


def fault_report(
    trace: str, *, hide: Callable[[str], str] = str, episode: Path | None = None
) -> str:
    """A traceback with what whoever reads it has to know; `hide` takes secrets out of a text."""
    lines = [versions()]
    if episode is not None:
        lines.append(f"What was recorded up to there: {episode}")
    return hide("\n".join([*lines, "", trace.strip()]))


def versions() -> str:
    """Which versions of what run here, in one line."""
    app = QGuiApplication.instance()
    shown = QGuiApplication.platformName() if isinstance(app, QGuiApplication) else "no window"
    return (
        f"agent-app {__version__}, Python {platform.python_version()}, Qt {PySide6.__version__} "
        f"({shown}), {platform.platform(terse=True)}"
    )


class CrashLog:
    """Keeps what can still be said when the whole process dies, for the next start.

    A library that fails in its own code ends the process without an exception; the interpreter then
    writes down where each thread was. `last` is what the start before has left, empty when it ended
    as it should.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "crash.log"
        self._file: IO[str] | None = None
        self.last = ""
        with suppress(OSError):  # without such a folder there is no log
            folder.mkdir(parents=True, exist_ok=True)
            if self._path.exists():
                text = self._path.read_text("utf-8", errors="replace")[:_LONGEST]
                if text.partition("\n")[2].strip():  # its first line says who wrote it
                    self.last = text.strip()
            self._file = self._path.open("w", encoding="utf-8")
            self._file.write(f"{versions()}, started {datetime.now():%Y-%m-%d %H:%M}\n")
            self._file.flush()
            faulthandler.enable(self._file)

    def close(self) -> None:
        """All went well: nothing is left behind."""
        if self._file is not None:
            faulthandler.disable()
            self._file.close()
            self._file = None
            with suppress(OSError):
                self._path.unlink()
