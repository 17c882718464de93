"""The main window: the task, the run and what is shown of it, and how the window closes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from agent_app.course import ONE_STEP
from agent_app.errors import KnownError
from agent_app.events import RunFinished
from agent_app.geometry import Region
from agent_app.policy.rules import Confirm
from agent_app.session import AgentSession
from agent_app.ui import Home
from agent_app.ui.compact import CompactStrip
from agent_app.ui.current import CurrentRun
from agent_app.ui.faults import fault_report
from agent_app.ui.navigation import Navigation
from agent_app.ui.pages.home import HomePages
from agent_app.ui.presence import Presence
from agent_app.ui.snapshot import save_picture
from agent_app.ui.task import TaskPanel
from agent_app.ui.theme import Theme
from agent_app.ui.trial import TASK
from agent_app.ui.view import RunView
from agent_app.ui.viewer.episodes import EpisodesView
from agent_app.ui.worker import Batch

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

    def __init__(
        self,
        make_session: Callable[[str], AgentSession],
        theme: Theme,
        *,
        home: Home | None = None,
    ) -> None:
        super().__init__()
        self._make_session = make_session
        self._closing = self._given_up = False
        self.result: RunFinished | KnownError | str | None = None
        self.setWindowTitle("agent-app")
        self.setMinimumSize(960, 600)
        self.resize(1280, 800)
        self.task = TaskPanel(self)
        self.task.started.connect(self.start)
        self.view = RunView(theme, self.task, self)
        self.view.steer.step_requested.connect(self.step)
        self.view.replay_requested.connect(self.replay)
        self.strip = CompactStrip()
        self.strip.vetoed.connect(self.view.steer.veto.click)
        self.strip.stopped.connect(self.task.stop_button.click)
        self._presence = Presence(self, self.strip)
        self.current = CurrentRun(self)
        self._connect_run()
        self.view.compact_requested.connect(self.make_compact)
        self.episodes = EpisodesView(theme, self)
        self._presence.about_to_hide.connect(self.episodes.close_dialogs)
        self.episodes.theme_requested.connect(self.theme_requested)
        pages = QStackedLayout()
        rows = QVBoxLayout(self)
        rows.setContentsMargins(12, 6, 12, 8)
        rows.setSpacing(10)
        self.navigation = Navigation(pages, self)
        self.navigation.add("run", self.tr("R&un"), lambda: self.view)
        self.navigation.add("episodes", self.tr("&Episodes"), lambda: self.episodes)
        self.home = None if home is None else HomePages(home, self.navigation, self)
        if self.home is not None:
            self.home.idle.connect(self._on_idle)
            self.home.trial_requested.connect(self.start_trial)
            self.home.confirm_chosen.connect(self.task.set_confirm)
            self.home.veto_chosen.connect(self.view.steer.time.setValue)
        self.navigation.page("episodes")  # it exists already, and has to lie somewhere
        rows.addWidget(self.navigation)
        rows.addLayout(pages, 1)
        self.navigation.show_page("run")
        self.navigation.changed.connect(self._on_page_changed)
        self.task.box.setFocus()
        self._ticker = QTimer(self)
        self._ticker.setInterval(_TICK_MILLISECONDS)
        self._ticker.timeout.connect(self.view.tick)
        self._ticker.timeout.connect(self._show_strip)
        self._close_deadline = QTimer(self)
        self._close_deadline.setSingleShot(True)
        self._close_deadline.setInterval(round(_CLOSE_SECONDS * 1000))
        self._close_deadline.timeout.connect(self.give_up)

    def _connect_run(self) -> None:
        """What the person wants goes to the run, and what it tells is shown."""
        run, view = self.current, self.view
        self.task.paused.connect(run.pause)
        self.strip.paused.connect(run.pause)
        self.task.stopped.connect(run.stop)
        view.answered.connect(run.answer)
        view.hinted.connect(run.hint)
        view.steer.typing_begun.connect(run.listen)
        view.steer.vetoed.connect(run.veto)
        view.steer.veto_time_chosen.connect(run.offer_veto)
        self._presence.about_to_hide.connect(run.deliver)
        run.loading.connect(view.show_loading)
        run.opened.connect(view.show_session)
        run.delivered.connect(self._on_delivered)
        run.failed.connect(self._on_failed)
        run.crashed.connect(self._on_crashed)
        run.ended.connect(self._on_ended)

    def set_theme(self, theme: Theme) -> None:
        """Draw in these colours."""
        self.view.set_theme(theme)
        self.episodes.set_theme(theme)

    @Slot()
    def show_run(self) -> None:
        """Go to the run."""
        self.navigation.show_page("run")

    @Slot()
    def show_episodes(self) -> None:
        """Go to what was recorded."""
        self.navigation.show_page("episodes")

    @Slot()
    def _on_idle(self) -> None:
        if self._closing and not self.running:
            self.close()

    @Slot(str)
    def _on_page_changed(self, key: str) -> None:
        if key == "run" and not self.running:
            self.task.box.setFocus()
        if key != "episodes":
            self.episodes.viewer.player.pause()
        elif self.episodes.viewer.folder is None:
            self.episodes.show_library()

    @Slot(object)
    def replay(self, folder: Path) -> None:
        """Watch a recorded run."""
        self.episodes.open(folder)
        self.show_episodes()

    @property
    def running(self) -> bool:
        """Whether a run goes on."""
        return self.current.running

    def keep_clear(self, region: Region | None, *, display: str | None = None) -> None:
        """From now on be off the screen while the agent looks and acts on this display."""
        self._presence.keep_clear(region, display)

    @Slot(str)
    def come_forward(self, task: str = "") -> None:
        """Show the window above others, with this task unless a run goes on."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        if QGuiApplication.platformName() != "offscreen":  # where nothing lies above another
            self.raise_()
        self.activateWindow()
        if task.strip() and not self.running:
            self.task.box.setPlainText(task)
            self.show_run()

    def save_picture(self, path: Path) -> None:
        """Write the window as it looks now, also while it is hidden, as a PNG."""
        save_picture(self, path)

    @Slot(str)
    def start(self, task: str, *, stepwise: bool = False) -> None:
        """Run a task, unless a run goes on; `stepwise` asks before the first step already."""
        if self.running or self._closing:
            return
        try:
            # where nothing says otherwise, the window may be on what the run looks at
            covers = self.home is None or self.home.home.office.own_display
        except KnownError as error:
            self.result = error
            self.show_run()
            self.view.error.show_known(error)
            return
        presence = self._presence if covers else None
        self._begin(task, self._make_session, presence, self.task.confirm, stepwise=stepwise)

    @Slot()
    def start_trial(self) -> None:
        """Show a first run, on a desktop of its own, unless a run goes on."""
        home = self.home
        if home is not None and not self.running and not self._closing:
            self._begin(TASK.strip(), lambda _task: home.begin_trial(), None, "none")

    def _begin(
        self,
        task: str,
        make: Callable[[str], AgentSession],
        presence: Presence | None,
        confirm: Confirm,
        *,
        stepwise: bool = False,
    ) -> None:
        self.result = None
        if self.task.box.toPlainText().strip() != task:
            self.task.box.setPlainText(task)
        self.task.set_running(True)
        if self.home is not None:
            self.home.set_running(True)
        self.show_run()
        self.view.begin()
        self._ticker.start()
        self.current.begin(
            task,
            make,
            presence=presence,
            confirm=confirm,
            veto_seconds=self.view.steer.time.value(),
            stepwise=stepwise,
        )
        self.started.emit()

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
            self.current.pause()

    @Slot()
    def make_compact(self) -> None:
        """Leave of the window a small strip that stays on top; a question brings it back."""
        self.strip.show_story(self.view.story, running=self.running)
        self._presence.make_compact()

    @Slot()
    def give_up(self) -> None:
        """Close now, whether the run has ended or not."""
        self.current.abandon()
        self._closing = self._given_up = True
        self.close()

    def show_report(self, report: str) -> None:
        """Show a fault of ours, on the page where it can be copied."""
        self.show_run()
        self.view.error.show_report(report)

    def show_crash(self, report: str) -> None:
        """Show what the start before this one has left behind when it died."""
        self.view.error.show_report(report, self.tr("agent-app ended unexpectedly the last time"))

    def without_secrets(self, text: str) -> str:
        """A text that may be copied and sent."""
        return text if self.home is None else self.home.home.office.without_secrets(text)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Stop the run first; the window closes when its thread has ended, or at the deadline."""
        if self.running:
            event.ignore()
            if not self._closing:
                self._closing = True
                self.hide()
                self._presence.abandon()
                self.current.stop()
                self.current.answer(None)
                self._close_deadline.start()
            return
        if self.home is not None and self.home.busy and not self._given_up:
            event.ignore()
            self._closing = True
            self.hide()
            self.home.close_down()
            self._close_deadline.start()
            return
        self._close_deadline.stop()
        self._ticker.stop()
        self._presence.abandon()
        self.strip.deleteLater()
        self.view.close_down()
        self.episodes.close_down()
        event.accept()
        self.closed.emit()

    @Slot(object)
    def _on_delivered(self, batch: Batch) -> None:
        self._presence.take(batch.events)
        self.view.take(batch)
        self._show_strip()
        self.shown.emit(batch.events)

    @Slot(object)
    def _on_failed(self, error: KnownError) -> None:
        self.result = error
        self.view.error.show_known(error)

    @Slot(str)
    def _on_crashed(self, trace: str) -> None:
        episode = self.current.episode
        self.result = fault_report(trace, hide=self.without_secrets, episode=episode)
        self.show_report(self.result)
        if self.home is not None:
            self.home.home.office.distrust_model()

    @Slot()
    def _on_ended(self) -> None:
        self._ticker.stop()
        self.view.end()
        if self.result is None:
            self.result = self.view.story.finished
        self.task.set_running(False)
        self._show_strip()
        if self.home is not None:
            self.home.set_running(False)
        if self._closing:
            self.close()
        self.finished.emit()

    @Slot()
    def _show_strip(self) -> None:
        if self.strip.isVisible():
            self._presence.show_story(self.view.story, running=self.running)
