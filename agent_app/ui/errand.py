"""Work in a thread of its own for a page that stays alive meanwhile."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Qt, Signal, Slot

from agent_app.errors import KnownError
from agent_app.model_runtime import Progress

_TELL_SECONDS = 0.05  # 20 times a second is smooth for a bar


class Cancelled(Exception):
    """Nobody waits for it any more."""


class Errand(QObject):
    """Does one thing after the other, each once; told of in the window's thread.

    What is to be done gets two functions: one tells how far it has come, the other shows something
    that was found. Both raise `Cancelled` once it is no longer wanted.

    **Signals:**

    - `progressed` (str, float, float): what is done, how much of how much
    - `found` (object): something that was shown
    - `done` (object): it has ended well, with this
    - `failed` (KnownError): it ended with a fault of the world
    - `crashed` (str): it ended with a fault of ours; a report to copy
    - `ended`: it has ended, whatever came of it; comes last
    """

    progressed = Signal(str, float, float)  # as floats: Qt's int has 32 bits
    found = Signal(object)
    done = Signal(object)
    failed = Signal(object)
    crashed = Signal(str)
    ended = Signal()
    _told = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread: threading.Thread | None = None
        self._cancelled = threading.Event()
        self._told_at = 0.0
        self._told.connect(self._on_told, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        """Whether it is under way."""
        return self._thread is not None

    def begin(self, work: Callable[[Progress, Callable[[object], None]], object]) -> None:
        """Do this now; nothing may be under way."""
        assert self._thread is None, "one thing at a time"
        self._cancelled.clear()
        self._thread = threading.Thread(
            target=self._run, args=(work,), name="agent-app errand", daemon=True
        )
        self._thread.start()

    def cancel(self) -> None:
        """Have it end at the next thing it tells; returns at once."""
        self._cancelled.set()

    def _run(self, work: Callable[[Progress, Callable[[object], None]], object]) -> None:
        tell = self._told.emit
        try:
            result = work(self._progress, self._show)
            tell(partial(self.done.emit, result))
        except Cancelled:
            pass
        except KnownError as error:
            tell(partial(self.failed.emit, error))
        except Exception:
            tell(partial(self.crashed.emit, traceback.format_exc()))
            raise  # the thread's hook prints it
        finally:
            tell(None)

    def _progress(self, what: str, done: int, total: int) -> None:
        self._check()
        now = time.monotonic()
        if now >= self._told_at + _TELL_SECONDS or done >= total:
            self._told_at = now
            self._told.emit(partial(self.progressed.emit, what, float(done), float(total)))

    def _show(self, thing: object) -> None:
        self._check()
        self._told.emit(partial(self.found.emit, thing))

    def _check(self) -> None:
        if self._cancelled.is_set():
            raise Cancelled

    @Slot(object)
    def _on_told(self, say: Callable[[], None] | None) -> None:
        if say is not None:
            if not self._cancelled.is_set():
                say()
            return
        assert self._thread is not None
        self._thread.join()
        self._thread = None
        self.ended.emit()
