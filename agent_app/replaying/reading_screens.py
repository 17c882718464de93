"""What reads texts while a run is done again."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack

from agent_app.model_runtime import ImagePart
from agent_app.replaying.remembered import Remembered
from agent_app.runtimes.reader.seeing.eyes import Eyes
from agent_app.runtimes.reader.sight import Sight


class Readers:
    """What reads the live desktop, and what reads pictures alone; each opened when it is needed.

    `recall` reads pictures of a recording, and remembers them for the next time. To be closed.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._opened = ExitStack()
        self._live: Eyes | None = None
        self._still: Eyes | None = None
        self.recall = Remembered(self.read)

    def look(self, part: ImagePart) -> Sight:
        """What can be read on the desktop, of which this is a frame taken just now."""
        if self._live is None:
            self._live = self._opened.enter_context(Eyes(self._environment))
        return self._live.look(part)

    def read(self, part: ImagePart) -> Sight:
        """What can be read in a picture."""
        if self._still is None:
            self._still = self._opened.enter_context(Eyes({}))
        return self._still.look(part)

    def __enter__(self) -> Readers:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()
