"""The run that goes on, if any: its thread, its session, and what the person wants of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from agent_app.errors import KnownError
from agent_app.policy.rules import Confirm
from agent_app.session import AgentSession
from agent_app.ui.presence import Presence
from agent_app.ui.worker import RunWorker


class CurrentRun(QObject):
    """One run at a time, from the making of its session to the end of its thread.

    What is wanted of it while none goes on comes to nothing. Each of its calls returns at once.

    **Signals:**

    - `loading` (str, float, float): what is made ready for the run, and how many bytes of how many
    - `opened` (Session): the run is made, its model is ready, and it is about to start
    - `delivered` (Batch): what has happened since the last one
    - `failed` (KnownError): the run ended with a fault of the world
    - `crashed` (str): the run ended with a fault of ours; a traceback
    - `ended`: no run goes on any more; all that it told has been delivered
    """

    loading = Signal(str, float, float)
    opened = Signal(object)
    delivered = Signal(object)
    failed = Signal(object)
    crashed = Signal(str)
    ended = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._worker: RunWorker | None = None
        self._session: AgentSession | None = None  # set in the run's thread

    @property
    def running(self) -> bool:
        """Whether a run goes on."""
        return self._worker is not None

    @property
    def episode(self) -> Path | None:
        """The folder that the run is recorded in; None when it is not, or not yet."""
        return None if self._session is None else self._session.episode

    def begin(
        self,
        task: str,
        make: Callable[[str], AgentSession],
        *,
        presence: Presence | None,
        confirm: Confirm,
        veto_seconds: float,
        stepwise: bool = False,
    ) -> None:
        """Begin a run, whose session `make` makes in the run's thread; none may go on.

        `presence` gets us out of its way, where we can be in it. `stepwise` asks before the first
        step already.
        """
        assert self._worker is None, "one run at a time"

        def make_session(task: str) -> AgentSession:
            session = self._session = make(task)
            session.offer_veto(veto_seconds)
            if stepwise:
                session.pause()
            session.confirm = confirm
            if presence is not None:
                session.is_ours = presence.is_ours
            return session

        unobstructed = nullcontext if presence is None else presence.unobstructed
        worker = self._worker = RunWorker(make_session, task, unobstructed)
        worker.loading.connect(self.loading)
        worker.opened.connect(self.opened)
        worker.delivered.connect(self.delivered)
        worker.failed.connect(self._on_failed)
        worker.crashed.connect(self._on_crashed)
        worker.ended.connect(self._on_ended)
        worker.start()

    @Slot()
    def deliver(self) -> None:
        """Deliver what has come in already, such as what is about to be done."""
        if self._worker is not None:
            self._worker.deliver()

    @Slot()
    def stop(self) -> None:
        """End the run."""
        if self._worker is not None:
            self._worker.stop()

    @Slot()
    def pause(self) -> None:
        """Have the run hold still; it asks whether to go on then."""
        if self._session is not None:
            self._session.pause()

    @Slot(object)
    def answer(self, answer: str | None) -> None:
        """Answer the run's question; None says that nobody will."""
        if self._worker is not None:
            self._worker.answer(answer)

    @Slot()
    def listen(self) -> None:
        """Hold the run up for a hint that is being typed."""
        if self._session is not None:
            self._session.listen()

    @Slot(str)
    def hint(self, hint: str) -> None:
        """Say this into the run; empty takes the hint back."""
        if self._session is not None:
            self._session.hint(hint)

    @Slot()
    def veto(self) -> None:
        """Have what is shown not done."""
        if self._session is not None:
            self._session.veto()

    @Slot(float)
    def offer_veto(self, seconds: float) -> None:
        """From now on show what is about to be done for so long."""
        if self._session is not None:
            self._session.offer_veto(seconds)

    def abandon(self) -> None:
        """Let go of the run, whether it has ended or not: nothing more is heard of it."""
        if self._worker is not None:
            self._worker.abandon()
        self._worker = self._session = None

    @Slot(object)
    def _on_failed(self, error: KnownError) -> None:
        self.deliver()
        self.failed.emit(error)

    @Slot(str)
    def _on_crashed(self, trace: str) -> None:
        self.deliver()
        self.crashed.emit(trace)

    @Slot()
    def _on_ended(self) -> None:
        self.deliver()
        assert self._worker is not None
        self._worker.deleteLater()
        self._worker = self._session = None
        self.ended.emit()
