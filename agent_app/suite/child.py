"""The process of one attempt: pytest, with a note of what came of it; it ends with its parent.

`python -m agent_app.suite.child NOTE ARGUMENT…`: NOTE is the file to write, the arguments are
pytest's.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import msgspec
import pytest

from agent_app.egress import keep_quiet
from agent_app.episode.files import write_whole
from agent_app.suite.attempt import Note


class Watcher:
    """A plugin of pytest that counts what passed and keeps why the first thing did not."""

    def __init__(self) -> None:
        self.passed = self.failed = self.skipped = 0
        self.reason = ""

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._keep(report)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed += 1
            self._keep(report)
        elif report.skipped:
            self.skipped += 1
        elif report.when == "call":
            self.passed += 1

    def _keep(self, report: pytest.CollectReport | pytest.TestReport) -> None:
        crash = getattr(report.longrepr, "reprcrash", None)
        text = str(crash.message) if crash is not None else report.longreprtext
        lines = [line for line in text.splitlines() if line.strip()]
        errors = [line.removeprefix("E").strip() for line in lines if line.startswith("E   ")]
        self.reason = self.reason or next(iter((*errors, *lines)), "")


def main(arguments: list[str]) -> int:
    """Run pytest and write the note."""
    note, *rest = arguments
    threading.Thread(target=_end_with_parent, args=(os.dup(0),), daemon=True).start()
    keep_quiet()
    watcher = Watcher()
    status = int(pytest.main(rest, plugins=[watcher]))
    told = Note(status, watcher.passed, watcher.failed, watcher.skipped, watcher.reason)
    write_whole(Path(note), msgspec.json.encode(told))
    return status


def _end_with_parent(pipe: int) -> None:
    """Wait until nobody holds the pipe's other end: whoever started this is gone.

    Whatever it started is ended by the keeper of its desktop.
    """
    os.read(pipe, 1)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
