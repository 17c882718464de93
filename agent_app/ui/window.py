"""The main window: puts the parts together and passes a run's events to them."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from PySide6.QtCore import QModelIndex, QSignalBlocker, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QListView,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from agent_app.errors import KnownError
from agent_app.events import RunFinished, TokenStreamed
from agent_app.geometry import Region
from agent_app.session import Session
from agent_app.ui.cards import ErrorCard, QuestionCard, ResultCard
from agent_app.ui.curtain import Curtain
from agent_app.ui.pane import StepPane
from agent_app.ui.screenshot import FramePictures
from agent_app.ui.status import RateMeter, StatusLine
from agent_app.ui.steps import StepDelegate, StepListModel
from agent_app.ui.story import Step, Story
from agent_app.ui.task import TaskPanel
from agent_app.ui.theme import Theme
from agent_app.ui.thought import ThoughtView
from agent_app.ui.worker import Batch, RunWorker

_TICK_MILLISECONDS = 200
_CLOSE_SECONDS = 10.0  # a run ends within a token and an input event; this is for one that hangs


class MainWindow(QWidget):
    """Everything there is to see and do.

    `result` is what came of the last run: its RunFinished, the KnownError that ended it, or the
    report of a fault of ours.

    **Signals:**

    - `started`: a run has been started
    - `shown` (tuple of Event): a batch of events has been shown
    - `finished`: a run is over, whatever came of it; `result` says what
    - `closed`: the window is closed and no run goes on
    """

    started = Signal()
    shown = Signal(object)
    finished = Signal()
    closed = Signal()

    def __init__(self, make_session: Callable[[str], Session], theme: Theme) -> None:
        super().__init__()
        self._make_session = make_session
        self._story = Story()
        self._worker: RunWorker | None = None
        self._session: Session | None = None
        self._curtain: Curtain | None = None
        self._pictures = FramePictures(lambda _sha1: None)
        self._rate = RateMeter()
        self._following = True
        self._closing = False
        self.result: RunFinished | KnownError | str | None = None
        self._build(theme)
        self._ticker = QTimer(self)
        self._ticker.setInterval(_TICK_MILLISECONDS)
        self._ticker.timeout.connect(self._on_ticked)
        self._close_deadline = QTimer(self)
        self._close_deadline.setSingleShot(True)
        self._close_deadline.setInterval(round(_CLOSE_SECONDS * 1000))
        self._close_deadline.timeout.connect(self.give_up)

    @property
    def running(self) -> bool:
        """Whether a run goes on."""
        return self._worker is not None

    def keep_clear(self, region: Region | None, *, display: str | None = None) -> None:
        """From now on be off the screen while the agent looks and acts on this display."""
        self._curtain = Curtain(self, region=region, display=display)
        self._curtain.about_to_hide.connect(self._on_about_to_hide)

    def set_theme(self, theme: Theme) -> None:
        """Draw in these colours."""
        self._delegate.set_theme(theme)
        self.pane.set_theme(theme)
        self.thought.set_theme(theme)

    def save_picture(self, path: Path) -> None:
        """Write the window as it looks now, also while it is hidden, as a PNG."""
        if not self.grab().save(str(path), "PNG"):
            raise KnownError(
                f"cannot write the picture {path}", remedy="check the folder and the free space"
            )

    @Slot(str)
    def start(self, task: str) -> None:
        """Run a task, unless a run goes on."""
        if self.running or self._closing:
            return
        self._story = Story()
        self._session = None
        self.result = None
        self._rate = RateMeter()
        self._following = True
        self.model.show_story(self._story)
        self.thought.show_pieces(())
        for card in (self.question, self.outcome, self.error):
            card.hide()
        self.pane.show_idle()
        self.pane.offer_live("")
        if self.task.box.toPlainText().strip() != task:
            self.task.box.setPlainText(task)
        self.task.set_running(True)
        self.steps.setFocus()
        unobstructed = nullcontext if self._curtain is None else self._curtain.unobstructed
        worker = self._worker = RunWorker(self._make_session, task, unobstructed)
        worker.opened.connect(self._on_opened)
        worker.delivered.connect(self._on_delivered)
        worker.failed.connect(self._on_failed)
        worker.crashed.connect(self._on_crashed)
        worker.ended.connect(self._on_ended)
        worker.start()
        self._ticker.start()
        self._show_progress()
        self.started.emit()

    @Slot()
    def stop(self) -> None:
        """End the run; returns at once."""
        if self._worker is not None:
            self._worker.stop()

    @Slot()
    def give_up(self) -> None:
        """Close now, whether the run has ended or not."""
        if self._worker is not None:
            self._worker.abandon()
            self._worker = None
        self._closing = True
        self.close()

    def show_report(self, report: str) -> None:
        """Show a fault of ours."""
        self.error.show_report(report)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Stop the run first; the window closes when its thread has ended, or at the deadline."""
        if self._worker is not None:
            event.ignore()
            if not self._closing:
                self._closing = True
                self.hide()
                self._worker.stop()
                self._worker.answer(None)
                self._close_deadline.start()
            return
        self._close_deadline.stop()
        self._ticker.stop()
        if self._curtain is not None:
            self._curtain.abandon()
        event.accept()
        self.closed.emit()

    # Building

    def _build(self, theme: Theme) -> None:
        self.setWindowTitle("agent-app")
        self.setMinimumSize(960, 600)
        self.resize(1280, 800)
        self.task = TaskPanel(self)
        self.task.started.connect(self.start)
        self.task.stopped.connect(self.stop)
        self.model = StepListModel(self)
        self.steps = QListView(self)
        self.steps.setModel(self.model)
        self._delegate = StepDelegate(theme, self.steps)
        self.steps.setItemDelegate(self._delegate)
        self.steps.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.steps.setAccessibleName(self.tr("Steps"))
        self.steps.selectionModel().currentChanged.connect(self._on_step_chosen)
        self.pane = StepPane(theme, self)
        self.pane.live_requested.connect(self._on_live_requested)
        self.question = QuestionCard(self)
        self.question.answered.connect(self._on_answered)
        self.outcome = ResultCard(self)
        self.error = ErrorCard(self)
        for card in (self.error, self.question, self.outcome):
            self.pane.add_card(card)
        self.thought = ThoughtView(theme, self)
        self.status = StatusLine(self)

        left = QSplitter(Qt.Orientation.Vertical, self)
        left.addWidget(self.task)
        left.addWidget(_titled(self.tr("Steps"), self.steps))
        left.setSizes([230, 430])
        left.setChildrenCollapsible(False)
        columns = QSplitter(Qt.Orientation.Horizontal, self)
        for widget, least, stretch in (
            (left, 220, 0),
            (self.pane, 420, 1),
            (_titled(self.tr("Thought"), self.thought), 240, 0),
        ):
            columns.addWidget(widget)
            columns.setStretchFactor(columns.count() - 1, stretch)
            widget.setMinimumWidth(least)
        columns.setSizes([256, 690, 310])
        columns.setHandleWidth(12)
        columns.setChildrenCollapsible(False)
        left.setHandleWidth(10)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(12, 12, 12, 8)
        rows.setSpacing(8)
        rows.addWidget(columns, 1)
        rows.addWidget(self.status)
        QShortcut(QKeySequence(Qt.Key.Key_F5), self, self._on_live_requested)
        self.task.box.setFocus()

    # What the run says

    @Slot(object)
    def _on_opened(self, session: Session) -> None:
        self._session = session
        self._pictures = FramePictures(session.frame)
        self.status.show_model(session.runtime)

    @Slot(object)
    def _on_delivered(self, batch: Batch) -> None:
        before = self._story.step
        for event in batch.events:
            self._story.apply(event)
        if batch.tokens:
            self._rate.count(batch.tokens, time.monotonic())
        if all(isinstance(event, TokenStreamed) for event in batch.events):
            self._show_thought()
        else:
            self.model.follow()
            if self._following and self._story.step is not before:
                self._select_last()
            self._watch(self._story.step)
            self._show_step()
            self._show_cards()
            self._show_progress()
        self.shown.emit(batch.events)

    @Slot(object)
    def _on_failed(self, error: KnownError) -> None:
        self._take_last_events()
        self.result = error
        self.error.show_known(error)

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
        self._worker = None
        self._ticker.stop()
        self.question.show_question(None)
        if self.result is None:
            self.result = self._story.finished
        self.task.set_running(False)
        self.model.follow()
        self._show_progress()
        if self._closing:
            self.close()
        self.finished.emit()

    @Slot()
    def _on_about_to_hide(self) -> None:
        self._take_last_events()  # what is about to be done is seen before the window goes

    def _take_last_events(self) -> None:
        if self._worker is not None:
            self._worker.deliver()

    def _watch(self, step: Step | None) -> None:
        """Tell the curtain what the agent looks at."""
        if self._curtain is not None and step is not None and step.frame is not None:
            transform = step.frame.transform
            size, origin = transform.size, transform.origin
            width, height = (round(side / transform.scale) for side in (size.width, size.height))
            self._curtain.look_at(Region(origin.x, origin.y, width, height))

    # What the person does

    @Slot(object)
    def _on_answered(self, answer: str | None) -> None:
        if self._worker is not None:
            self._worker.answer(answer)

    @Slot(QModelIndex, QModelIndex)
    def _on_step_chosen(self, chosen: QModelIndex, _before: QModelIndex) -> None:
        if not chosen.isValid():
            return
        last = chosen.row() == self.model.rowCount() - 1
        self._following = last and self._story.finished is None
        self._show_step()

    @Slot()
    def _on_live_requested(self) -> None:
        self._following = True
        self._select_last()
        self._show_step()

    @Slot()
    def _on_ticked(self) -> None:
        self.model.follow()
        self._show_progress()

    # What is shown

    def _chosen(self) -> Step | None:
        """The step to show; None when there is none yet."""
        if self._following:
            return self._story.step
        return self.model.step_at(self.steps.currentIndex().row())

    def _select_last(self) -> None:
        last = self.model.index(self.model.rowCount() - 1)
        selection = self.steps.selectionModel()
        with QSignalBlocker(selection):  # it is not the person who chooses
            self.steps.setCurrentIndex(last)
        self.steps.scrollTo(last)
        self.steps.viewport().update()

    def _show_thought(self) -> None:
        step = self._chosen()
        self.thought.show_pieces(() if step is None else step.pieces)

    def _show_step(self) -> None:
        step = self._chosen()
        ended = self._story.finished is not None
        if self._following and ended and self._story.final_frame is not None:
            self.pane.show_end(self._story, self._pictures)
        elif step is not None:
            self.pane.show_step(step, self._pictures)
        words = self.tr("Show the end") if ended else self.tr("Back to live")
        self.pane.offer_live("" if self._following else words)
        self._show_thought()

    def _show_cards(self) -> None:
        asked = self._story.question
        if asked is not None:
            QApplication.alert(self)
        self.question.show_question(asked)
        if self._story.finished is not None:
            self.outcome.show_result(self._story.finished)

    def _show_progress(self) -> None:
        rate = self._rate.rate(time.monotonic()) if self.running else None
        opening = self.running and self._session is None
        self.status.show_progress(self._story, rate, opening=opening)


def _titled(title: str, widget: QWidget) -> QWidget:
    """A part with its heading above it."""
    holder = QWidget()
    heading = QLabel(title, holder)
    heading.setProperty("role", "heading")
    heading.setBuddy(widget)
    rows = QVBoxLayout(holder)
    rows.setContentsMargins(0, 0, 0, 0)
    rows.setSpacing(8)
    rows.addWidget(heading)
    rows.addWidget(widget, 1)
    return holder
