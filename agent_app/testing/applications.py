"""Applications under test: started, watched, and always ended."""

from __future__ import annotations

import os
import subprocess

from agent_app.runtimes.reader.quoting import quote
from agent_app.testing.description import Description, Owner
from agent_app.testing.locator import Scope
from agent_app.testing.place import Place
from agent_app.testing.stage import Stage


class Application(Scope):
    """A program that a test started; things are found in its windows alone.

    Its windows are those of the process, of whatever that started, and of a program that was
    running and opened a window for it.
    """

    def __init__(
        self, stage: Stage, place: Place, command: str, process: subprocess.Popen[bytes]
    ) -> None:
        self.command = command
        self.name = os.path.basename(command.split()[0])
        self._place = place
        self._process = process
        self._others: set[int] = set()
        super().__init__(stage, Description(owner=Owner(self.name, self.owns)))

    def __repr__(self) -> str:
        return f"Application({self.command!r})"

    @property
    def status(self) -> int | None:
        """The exit status; None while it runs."""
        return self._process.poll()

    @property
    def windows(self) -> tuple[str, ...]:
        """The titles of its windows, the topmost first."""
        return tuple(
            each.title for each in self._place.stack() if not each.popup and self.owns(each.process)
        )

    def owns(self, process: int) -> bool:
        """Whether a process is this application's."""
        if process in self._others or process == self._process.pid:
            return True
        try:
            return os.getsid(process) == self._process.pid  # it was started in a session of its own
        except (ProcessLookupError, PermissionError):
            return False

    def adopt(self, process: int) -> None:
        """A program that was running opened this application's window."""
        self._others.add(process)

    def end(self) -> None:
        """End it and all that it started; calling it twice is harmless."""
        self._place.end(self._process)

    def fell(self) -> str:
        """That it ended with an error, in words; empty when it did not."""
        status = self.status
        return f"{quote(self.command)} ended with status {status}" if status else ""
