"""The process that collects: pytest, with a note of what it found.

`python -m agent_app.suite.collector NOTE ARGUMENT…`: NOTE is the file to write, the arguments are
pytest's.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import pytest

from agent_app.suite.collecting import Found


class Collector:
    """A plugin of pytest that notes what it found."""

    def __init__(self) -> None:
        self.found = Found([], "")

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        tests = [(str(item.path), item.nodeid.partition("::")[2]) for item in session.items]
        self.found = Found(tests, self.found.problem)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and not self.found.problem:
            self.found = Found([], report.longreprtext.strip())


def main(arguments: list[str]) -> int:
    """Collect and write the note."""
    note, *rest = arguments
    collector = Collector()
    status = int(pytest.main(rest, plugins=[collector]))
    Path(note).write_bytes(msgspec.json.encode(collector.found))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
