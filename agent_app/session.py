"""One run, wired: what the window and the console hold on to.

They start it by iterating `events`, and call `stop` and `answer` from any thread. Nothing else
reaches into the core.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from agent_app.events import Event
from agent_app.model_runtime import RuntimeInfo
from agent_app.screen.frame import Frame


class Session(Protocol):
    """A task that can be run once.

    `unobstructed` is entered while the agent looks and acts, for a window that must get out of the
    way; it is called in the thread that iterates `events`.
    """

    task: str
    runtime: RuntimeInfo
    unobstructed: Callable[[], AbstractContextManager[None]]

    def events(self) -> Iterator[Event]: ...
    def stop(self) -> None: ...
    def answer(self, text: str | None) -> None: ...
    def frame(self, sha1: str) -> Frame | None: ...
