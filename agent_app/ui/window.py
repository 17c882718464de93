"""The main window: the task, the run and what is shown of it, and how the window closes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from agent_app.course import ONE_STEP
from agent_app.errors import KnownError
from agent_app.events import FrameCaptured, RunFinished
from agent_app.geometry import FrameTransform, Region
from agent_app.session import AgentSession
from agent_app.ui.curtain import Curtain
from agent_app.ui.snapshot import save_picture
from agent_app.ui.task import TaskPanel
from agent_app.ui.theme import Theme
from agent_app.ui.view import RunView
from agent_app.ui.viewer.episodes import EpisodesView
from agent_app.ui.worker import Batch, RunWorker

_TICK_MILLISECONDS = 200
_CLOSE_SECONDS = 10.0  # a run ends within a token and an input event; this is for one that hangs


class MainWindow(QWidget):
    """Starts runs and shows them.

    `result` is what came of the last run: its RunFinished, the KnownError that ended it, or the
    report of a fault of ours.

    **Signals:**

    - `started`: a run has been started
    - `shown` (tuple of Event): a batch of events has been shown
    - `finished`: a run is over, whatever came of it; `result` says what
    - `closed`: the window is closed and no run goes on
    - `theme_requested`: the person wants it dark, or light again
    """

    started = Signal()
    shown = Signal(object)
    finished = Signal()
    closed = Signal()
    theme_requested = Signal()

    def __init__(self, make_session: Callable[[str], AgentSession], theme: Theme) -> None:
        super().__init__()
        self._make_session = make_session
        self._worker: RunWorker | None = None
        self._session: AgentSession | None = None  # set in the run's thread
        self._curtain: Curtain | None = None
        self._closing = False
        self.result: RunFinished | KnownError | str | None = None
        self.setWindowTitle("agent-app")
        self.setMinimumSize(960, 600)
        self.resize(1280, 800)
        self.task = TaskPanel(self)
        self.task.started.connect(self.start)
        self.task.paused.connect(self.pause)
        self.task.stopped.connect(self.stop)
        self.view = RunView(theme, self.task, self)
        self.view.answered.connect(self._on_answered)
        self.view.hinted.connect(self._on_hinted)
        self.view.steer.typing_begun.connect(self._on_typing_begun)
        self.view.steer.vetoed.connect(self._on_vetoed)
        self.view.steer.veto_time_chosen.connect(self._on_veto_time_chosen)
        self.view.steer.step_requested.connect(self.step)
        self.view.replay_requested.connect(self.replay)
        self.episodes = EpisodesView(theme, self)
        self.episodes.theme_requested.connect(self.theme_requested)
        self._pages = QStackedLayout()
        self._pages.addWidget(self.view)
        self._pages.addWidget(self.episodes)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(12, 6, 12, 8)
        rows.setSpacing(6)
        rows.addLayout(self._tabs())
        rows.addLayout(self._pages, 1)
        self.task.box.setFocus()
        self._ticker = QTimer(self)
        self._ticker.setInterval(_TICK_MILLISECONDS)
        self._ticker.timeout.connect(self.view.tick)
        self._close_deadline = QTimer(self)
        self._close_deadline.setSingleShot(True)
        self._close_deadline.setInterval(round(_CLOSE_SECONDS * 1000))
        self._close_deadline.timeout.connect(self.give_up)

    def set_theme(self, theme: Theme) -> None:
        """Draw in these colours."""
        self.view.set_theme(theme)
        self.episodes.set_theme(theme)

    @Slot()
    def show_run(self) -> None:
        """Go to the run."""
        self.episodes.viewer.player.pause()
        self.run_tab.setChecked(True)
        self._pages.setCurrentWidget(self.view)

    @Slot()
    def show_episodes(self) -> None:
        """Go to what was recorded."""
        self.episodes_tab.setChecked(True)
        self._pages.setCurrentWidget(self.episodes)
        if self.episodes.viewer.folder is None:
            self.episodes.show_library()

    @Slot(object)
    def replay(self, folder: Path) -> None:
        """Watch a recorded run."""
        self.episodes.open(folder)
        self.show_episodes()

    @property
    def running(self) -> bool:
        """Whether a run goes on."""
        return self._worker is not None

    def keep_clear(self, region: Region | None, *, display: str | None = None) -> None:
        """From now on be off the screen while the agent looks and acts on this display."""
        self._curtain = Curtain(self, region=region, display=display)
        self._curtain.about_to_hide.connect(self._take_last_events)
        self._curtain.about_to_hide.connect(self.episodes.close_dialogs)

    def save_picture(self, path: Path) -> None:
        """Write the window as it looks now, also while it is hidden, as a PNG."""
        save_picture(self, path)

    @Slot(str)
    def start(self, task: str, *, stepwise: bool = False) -> None:
        """Run a task, unless a run goes on; `stepwise` asks before the first step already."""
        if self.running or self._closing:
            return
        self.result = None
        if self.task.box.toPlainText().strip() != task:
            self.task.box.setPlainText(task)
        self.task.set_running(True)
        veto_seconds = self.view.steer.time.value()
        curtain = self._curtain
        confirm = self.task.confirm
        unobstructed = nullcontext if curtain is None else curtain.unobstructed

        def make_session(task: str) -> AgentSession:
            session = self._session = self._make_session(task)
            session.offer_veto(veto_seconds)
            if stepwise:
                session.pause()
            session.confirm = confirm
            if curtain is not None:
                session.is_ours = curtain.is_ours
            return session

        worker = self._worker = RunWorker(make_session, task, unobstructed)
        worker.loading.connect(self.view.show_loading)
        worker.opened.connect(self.view.show_session)
        worker.delivered.connect(self._on_delivered)
        worker.failed.connect(self._on_failed)
        worker.crashed.connect(self._on_crashed)
        worker.ended.connect(self._on_ended)
        self.show_run()
        self.view.begin()
        self._ticker.start()
        worker.start()
        self.started.emit()

    @Slot()
    def stop(self) -> None:
        """End the run; returns at once."""
        if self._worker is not None:
            self._worker.stop()

    @Slot()
    def pause(self) -> None:
        """Have the run hold still; it asks whether to go on then. Returns at once."""
        if self._worker is not None and self._session is not None:
            self._session.pause()

    @Slot()
    def step(self) -> None:
        """Do one step, then ask: in a run that waits or goes on, or in one that begins so."""
        question = self.view.story.question
        if not self.running:
            if task := self.task.box.toPlainText().strip():
                self.start(task, stepwise=True)
        elif question is not None and ONE_STEP in question.choices:
            self.view.question.give(ONE_STEP)
        else:
            self.pause()

    @Slot()
    def give_up(self) -> None:
        """Close now, whether the run has ended or not."""
        if self._worker is not None:
            self._worker.abandon()
            self._worker = self._session = None
        self._closing = True
        self.close()

    def show_report(self, report: str) -> None:
        """Show a fault of ours."""
        self.view.error.show_report(report)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Stop the run first; the window closes when its thread has ended, or at the deadline."""
        if self._worker is not None:
            event.ignore()
            if not self._closing:
                self._closing = True
                self.hide()
                if self._curtain is not None:
                    self._curtain.abandon()
                self._worker.stop()
                self._worker.answer(None)
                self._close_deadline.start()
            return
        self._close_deadline.stop()
        self._ticker.stop()
        if self._curtain is not None:
            self._curtain.abandon()
        self.view.close_down()
        self.episodes.close_down()
        event.accept()
        self.closed.emit()

    def _tabs(self) -> QHBoxLayout:
        """The pages by their names."""
        row = QHBoxLayout()
        row.setSpacing(2)
        group = QButtonGroup(self)
        self.run_tab = QPushButton(self.tr("R&un"), self)
        self.run_tab.clicked.connect(self.show_run)
        self.episodes_tab = QPushButton(self.tr("&Episodes"), self)
        self.episodes_tab.clicked.connect(self.show_episodes)
        for tab in (self.run_tab, self.episodes_tab):
            tab.setProperty("role", "tab")
            tab.setCheckable(True)
            tab.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            group.addButton(tab)
            row.addWidget(tab)
        row.addStretch(1)
        self.run_tab.setChecked(True)
        return row

    @Slot(object)
    def _on_delivered(self, batch: Batch) -> None:
        if self._curtain is not None:
            for event in batch.events:
                if isinstance(event, FrameCaptured):
                    self._curtain.look_at(_region_of(event.frame.transform))
        self.view.take(batch)
        self.shown.emit(batch.events)

    @Slot(object)
    def _on_failed(self, error: KnownError) -> None:
        self._take_last_events()
        self.result = error
        self.view.error.show_known(error)

    @Slot(str)
    def _on_crashed(self, report: str) -> None:
        self._take_last_events()
        self.result = report
        self.show_report(report)

    @Slot()
    def _on_ended(self) -> None:
        self._take_last_events()
        assert self._worker is not None
        self._worker.deleteLater()
        self._worker = self._session = None
        self._ticker.stop()
        self.view.end()
        if self.result is None:
            self.result = self.view.story.finished
        self.task.set_running(False)
        if self._closing:
            self.close()
        self.finished.emit()

    @Slot(object)
    def _on_answered(self, answer: str | None) -> None:
        if self._worker is not None:
            self._worker.answer(answer)

    @Slot(str)
    def _on_hinted(self, hint: str) -> None:
        if self._session is not None:
            self._session.hint(hint)

    @Slot()
    def _on_typing_begun(self) -> None:
        if self._session is not None:
            self._session.listen()

    @Slot()
    def _on_vetoed(self) -> None:
        if self._session is not None:
            self._session.veto()

    @Slot(float)
    def _on_veto_time_chosen(self, seconds: float) -> None:
        if self._session is not None:
            self._session.offer_veto(seconds)

    @Slot()
    def _take_last_events(self) -> None:
        """Show what has come in already, such as what is about to be done."""
        if self._worker is not None:
            self._worker.deliver()


def _region_of(transform: FrameTransform) -> Region:
    """What a frame shows, in input units."""
    width = round(transform.size.width / transform.scale)
    height = round(transform.size.height / transform.scale)
    return Region(transform.origin.x, transform.origin.y, width, height)
