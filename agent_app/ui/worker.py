"""The thread that iterates a run, and the one signal that brings its events to the window."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from agent_app.errors import KnownError
from agent_app.events import ActionDecided, Event, TokenStreamed
from agent_app.session import Session

BATCH_SECONDS = 0.04  # 25 a second look continuous and leave the event loop idle in between
_SHOW_SECONDS = 0.25  # for the window to show a target; a window that hangs holds no run up


@dataclass(frozen=True, slots=True)
class Batch:
    """Events in their order, neighbouring pieces of the reply joined; `tokens` counts them."""

    events: tuple[Event, ...]
    tokens: int


def _parts(batch: Batch) -> Iterator[Batch]:
    """The batch cut after each decision, so that a target is on show before it is done with."""
    start = 0
    tokens = batch.tokens
    for at, event in enumerate(batch.events, start=1):
        if isinstance(event, ActionDecided) or at == len(batch.events):
            yield Batch(batch.events[start:at], tokens)
            start, tokens = at, 0


class RunWorker(QObject):
    """Runs one task in a thread of its own.

    Events collect until the window takes them, at most once in `BATCH_SECONDS`, however fast they
    come. The thread waits for the window only when an action was decided, and not for long.

    **Signals:**

    - `loading` (str, float, float): what is made ready for the run, and how many bytes of how many
    - `opened` (Session): the run is made, its model is ready, and it is about to start
    - `delivered` (Batch): what happened since the last one, in the window's thread
    - `failed` (KnownError): the run ended with a fault of the world
    - `crashed` (str): the run ended with a fault of ours; a report to copy
    - `ended`: the thread has nothing more to say; comes once, and last
    """

    loading = Signal(str, float, float)  # as floats: Qt's int has 32 bits
    opened = Signal(object)
    delivered = Signal(object)
    failed = Signal(object)
    crashed = Signal(str)
    ended = Signal()
    _arrived = Signal()
    _thread_ended = Signal()

    def __init__(
        self,
        make_session: Callable[[str], Session],
        task: str,
        unobstructed: Callable[[], AbstractContextManager[None]],
    ) -> None:
        super().__init__()
        self._make_session = make_session
        self._task = task
        self._unobstructed = unobstructed
        self._lock = threading.Lock()
        self._target_shown = threading.Event()
        self._session: Session | None = None
        self._stopped = False
        self._abandoned = False
        self._pending: list[Event] = []
        self._tokens = 0
        self._delivered_at = 0.0
        self._loading_told_at = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.deliver)
        self._arrived.connect(self._on_arrived, Qt.ConnectionType.QueuedConnection)
        self._thread_ended.connect(self._on_thread_ended, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._run, name="agent-app run", daemon=True)

    def start(self) -> None:
        """Make the session and run it."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the run to end; also while it is still being made. Returns at once."""
        with self._lock:
            self._stopped = True
            session = self._session
        if session is not None:
            session.stop()

    def answer(self, text: str | None) -> None:
        """Answer the run's question; None says that nobody will."""
        if self._session is not None:
            self._session.answer(text)

    def join(self, seconds: float) -> bool:
        """Wait for the thread; whether it has ended."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def abandon(self) -> None:
        """Say nothing any more: the window is going and the thread did not end in time."""
        self._abandoned = True
        self._timer.stop()

    @Slot()
    def deliver(self) -> None:
        """Deliver what has collected, now. Only in the window's thread."""
        self._timer.stop()
        with self._lock:
            batch = Batch(tuple(self._pending), self._tokens)
            self._pending = []
            self._tokens = 0
        self._delivered_at = time.monotonic()
        for part in _parts(batch):
            self.delivered.emit(part)
        if any(isinstance(event, ActionDecided) for event in batch.events):
            self._target_shown.set()

    @Slot()
    def _on_arrived(self) -> None:
        due = self._delivered_at + BATCH_SECONDS - time.monotonic()
        if due <= 0:
            self.deliver()
        elif not self._timer.isActive():
            self._timer.start(max(1, round(due * 1000)))

    @Slot()
    def _on_thread_ended(self) -> None:
        self._thread.join()  # it ends right after this signal: nothing is left when `ended` comes
        self.ended.emit()

    def _run(self) -> None:
        try:
            session = self._make_session(self._task)
            session.unobstructed = self._unobstructed
            with self._lock:
                self._session = session
                stopped = self._stopped
            if stopped:
                session.stop()
            session.prepare(self._tell_loading)
            self._tell(self.opened, session)
            for event in session.events():
                self._target_shown.clear()
                self._collect(event)
                if isinstance(event, ActionDecided):  # its target is seen before it is acted on
                    self._target_shown.wait(_SHOW_SECONDS)
        except KnownError as error:
            self._tell(self.failed, error)
        except Exception:
            self._tell(self.crashed, traceback.format_exc())
            raise  # the thread's hook prints it
        finally:
            self._tell(self._thread_ended)

    def _tell_loading(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now >= self._loading_told_at + BATCH_SECONDS or done >= total:
            self._loading_told_at = now
            self._tell(self.loading, what, float(done), float(total))

    def _tell(self, signal: object, *arguments: object) -> None:
        if not self._abandoned:
            signal.emit(*arguments)  # type: ignore[attr-defined]  # the stubs' bound signal has no public name

    def _collect(self, event: Event) -> None:
        with self._lock:
            first = not self._pending
            last = self._pending[-1] if self._pending else None
            if isinstance(event, TokenStreamed):
                self._tokens += 1
                if (
                    isinstance(last, TokenStreamed)
                    and (last.step, last.channel) == (event.step, event.channel)
                    and not event.restart
                ):
                    event = TokenStreamed(
                        last.step, last.channel, last.text + event.text, last.restart
                    )
                    self._pending.pop()
            self._pending.append(event)
        if first:
            self._tell(self._arrived)
