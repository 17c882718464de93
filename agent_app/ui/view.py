"""A run as it is shown: steps, screenshot, thought, cards and status, all told from one story."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt, Signal, Slot
from PySide6.QtWidgets import QApplication, QLabel, QSplitter, QVBoxLayout, QWidget

from agent_app.events import StepFinished, TokenStreamed
from agent_app.session import Session
from agent_app.ui.cards import ErrorCard, LoadingCard, ResultCard
from agent_app.ui.linking import Links
from agent_app.ui.pane import StepPane
from agent_app.ui.phrases import spoken
from agent_app.ui.pictures import FramePictures
from agent_app.ui.question import QuestionCard
from agent_app.ui.run_keys import install, told_commands
from agent_app.ui.status import RateMeter, StatusLine
from agent_app.ui.steps import StepDelegate, StepList, StepListModel
from agent_app.ui.story import Step, Story
from agent_app.ui.theme import Theme
from agent_app.ui.thought_panel import ThoughtPanel
from agent_app.ui.viewer.finder import Finder
from agent_app.ui.viewer.finding import Find, find_in_steps
from agent_app.ui.viewer.keysheet import KeySheet
from agent_app.ui.worker import Batch


class RunView(QWidget):
    """Shows one run and follows it, or holds still on the step that the person looks at.

    `above_steps` is put above the list of steps. Nothing here starts, stops or decides anything.

    **Signals:**

    - `answered` (str | None): the person's answer to the run's question; None is no answer
    - `hinted` (str): a hint into the run; an empty one when it was withdrawn
    - `compact_requested`: leave of the window a small strip
    - `replay_requested` (Path): show the episode of the run that is over
    """

    answered = Signal(object)
    hinted = Signal(str)
    compact_requested = Signal()
    replay_requested = Signal(object)

    def __init__(self, theme: Theme, above_steps: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.story = Story(spoken)
        self._episode: Path | None = None
        self._opening = False
        self._running = False
        self._following = True
        self._selecting = False
        self._pictures = FramePictures(lambda _sha1: None)
        self._rate = RateMeter()
        self.model = StepListModel(self)
        self.steps = StepList(self)
        self.steps.setModel(self.model)
        self._delegate = StepDelegate(theme, self.steps, bars=True)
        self.steps.setItemDelegate(self._delegate)
        self.steps.selectionModel().currentChanged.connect(self._on_step_chosen)
        self.pane = StepPane(theme, self)
        self.pane.live_requested.connect(self.show_live)
        self.pane.view_chosen.connect(self._show_step)
        self.steer = self.pane.steer
        self.steer.hinted.connect(self._on_hinted)
        self.question = QuestionCard(self)
        self.question.answered.connect(self.answered)
        self.outcome = ResultCard(self)
        self.outcome.replay_requested.connect(self._on_replay_requested)
        self.error = ErrorCard(self)
        self.loading = LoadingCard(self)
        for card in (self.error, self.loading, self.question, self.outcome):
            self.pane.add_card(card)
        self.thought_panel = ThoughtPanel(theme, self)
        self.thought = self.thought_panel.view
        self.links = Links(self.thought, self)
        self.links.changed.connect(self._show_picture)
        self.pane.screenshot.pointed.connect(self.links.point_at)
        self.finder = Finder(self.thought_panel.search, self, find=find_in_steps)
        self.finder.found.connect(self._on_found)
        self.status = StatusLine(self)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(8)
        rows.addWidget(self._columns(above_steps), 1)
        rows.addWidget(self.status)
        install(self)
        self.keys = KeySheet(told_commands(self), self)

    def set_theme(self, theme: Theme) -> None:
        """Draw in these colours."""
        self._delegate.set_theme(theme)
        self.pane.set_theme(theme)
        self.thought_panel.set_theme(theme)

    def begin(self) -> None:
        """Forget the last run; another one is being made."""
        self.story = Story(spoken)
        self._episode = None
        self.outcome.replay.hide()
        self._opening = self._running = True
        self._following = True
        self.steer.set_running(True)
        self._rate = RateMeter()
        self._pictures = FramePictures(lambda _sha1: None)
        self.model.show_story(self.story)
        self.thought_panel.forget()
        self.links.show_step(None, None)
        self.finder.search_in(self.story.steps)
        for card in (self.question, self.outcome, self.error, self.loading):
            card.hide()
        self.pane.view = "target"
        self.pane.show_idle()
        self.pane.offer_live("")
        self.steps.setFocus()
        self.tick()

    @Slot(str, float, float)
    def show_loading(self, what: str, done: float, total: float) -> None:
        """The model is being made ready: `done` of `total` bytes."""
        if self._opening:
            if not self.loading.isVisible():
                self.pane.show_idle(
                    self.tr("The agent looks at the screen once its model is ready.")
                )
            self.loading.show_progress(what, done, total)

    def show_session(self, session: Session) -> None:
        """The run is made: this is its model, and where its frames are."""
        self._opening = False
        self.loading.hide()
        self.pane.show_idle()
        self._pictures = FramePictures(session.frame)
        self._episode = session.episode
        self.links.limits = None if session.runtime is None else session.runtime.image_limits
        self.status.show_model(session.runtime, session.why)

    def take(self, batch: Batch) -> None:
        """Show what has happened."""
        before = self.story.step
        for event in batch.events:
            self.story.apply(event)
            if isinstance(event, StepFinished):
                self.pane.time.add(event.timing)
        if batch.tokens:
            self._rate.count(batch.tokens, time.monotonic())
        if all(isinstance(event, TokenStreamed) for event in batch.events):
            self._show_thought()
            return
        self.model.follow()
        if self._following and (self._shows_end or self.story.step is not before):
            self.pane.view = "target"
            self._select_live()
        self.steer.show_offer(None if self.story.step is None else self.story.step.offer)
        self._show_step()
        self._show_cards()
        self._show_progress()

    def tick(self) -> None:
        """Bring up to date what changes with time alone."""
        self.model.follow()
        self.question.count_down()
        self.status.show_memory()
        self._show_progress()

    def end(self) -> None:
        """Nothing more will happen."""
        self._running = self._opening = False
        self.steer.set_running(False)
        self.loading.hide()
        self.story.end(time.monotonic())
        self.question.show_question(None)
        self.outcome.replay.setVisible(self._episode is not None)
        self.tick()

    @Slot()
    def search(self) -> None:
        """Look for words in all that was thought."""
        self.thought_panel.search.field.setFocus()
        self.thought_panel.search.field.selectAll()

    @Slot()
    def show_live(self) -> None:
        """Show what happens now."""
        self._following = True
        self._select_live()
        self._show_step()

    @Slot()
    def show_keys(self) -> None:
        """Show what each key does."""
        self.keys.open_list()

    def close_down(self) -> None:
        """End what goes on in the background."""
        self.links.texts.close()

    # Building

    def _columns(self, above_steps: QWidget) -> QSplitter:
        left = QSplitter(Qt.Orientation.Vertical, self)
        left.addWidget(above_steps)
        left.addWidget(_titled(self.tr("Steps"), self.steps))
        left.setSizes([230, 430])
        left.setHandleWidth(10)
        left.setChildrenCollapsible(False)
        columns = QSplitter(Qt.Orientation.Horizontal, self)
        for widget, least, stretch in (
            (left, 240, 0),
            (self.pane, 420, 1),
            (self.thought_panel, 240, 0),
        ):
            columns.addWidget(widget)
            columns.setStretchFactor(columns.count() - 1, stretch)
            widget.setMinimumWidth(least)
        columns.setSizes([256, 690, 310])
        columns.setHandleWidth(12)
        columns.setChildrenCollapsible(False)
        return columns

    # What the person looks at

    @Slot(QModelIndex, QModelIndex)
    def _on_step_chosen(self, chosen: QModelIndex, _before: QModelIndex) -> None:
        if self._selecting or not chosen.isValid():
            return
        self.finder.index = chosen.row()
        last = chosen.row() == self.model.rowCount() - 1
        self._following = last and self.story.finished is None
        self._show_step()

    @Slot(object)
    def _on_found(self, find: Find | None) -> None:
        """Show the step that has the words, and mark them."""
        if find is None:
            self.thought.show_found(-1, 0, 0)
            return
        if self._chosen() is not self.model.step_at(find.index):
            self.steps.setCurrentIndex(self.model.index(find.index))
        self.thought_panel.unfold()
        self.thought.show_found(find.piece, find.start, find.length)

    @Slot(str)
    def _on_hinted(self, hint: str) -> None:
        """What is typed while a question is open is its answer."""
        if self.story.question is None:
            self.hinted.emit(hint)
        elif hint:
            self.question.give(hint)

    @Slot()
    def _on_replay_requested(self) -> None:
        self.replay_requested.emit(self._episode)

    def _chosen(self) -> Step | None:
        """The step to show; None when there is none yet."""
        if self._following:
            return self.story.step
        return self.model.step_at(self.steps.currentIndex().row())

    @property
    def _shows_end(self) -> bool:
        """Whether what is to be shown is the screen as the run left it."""
        story = self.story
        return self._following and story.finished is not None and story.final_frame is not None

    def _select_live(self) -> None:
        """Select the step under way; none when the end is shown, so that each can be chosen."""
        last = self.model.index(self.model.rowCount() - 1)
        self._selecting = True  # it is not the person who chooses
        self.steps.setCurrentIndex(QModelIndex() if self._shows_end else last)
        self._selecting = False
        self.steps.scrollTo(last)

    # What is shown

    def _show_thought(self) -> None:
        step = self._chosen()
        self.thought_panel.show_step(step)
        if step is not None and step.state == "thinking":
            self.links.follow()

    @Slot()
    def _show_picture(self) -> None:
        """The screen of the step with its marks."""
        step = self._chosen()
        if step is not None and not self._shows_end:
            self.pane.show_step(step, self.story, self._pictures, more=self.links.marks)

    def _show_step(self) -> None:
        step = self._chosen()
        ended = self.story.finished is not None
        frame = None if step is None or step.frame is None else step.frame
        self.links.show_step(step, None if frame is None else self._pictures.get(frame.sha1))
        if step is not None and step.deeds:
            self.links.let_go()
        if self._shows_end:
            self.pane.show_end(self.story, self._pictures)
        self._show_picture()
        words = self.tr("Show the end") if ended else self.tr("Back to live")
        self.pane.offer_live("" if self._following else words)
        self._show_thought()

    def _show_cards(self) -> None:
        if self.story.question is not None:
            QApplication.alert(self.window())
        typing = self.steer.typing and self.steer.field.hasFocus()
        self.question.show_question(self.story.question, leave=self.story.leave)
        if typing:  # what is being typed is the answer, and no key press on a button
            self.steer.field.setFocus()
        if self.story.finished is not None:
            self.outcome.show_result(self.story.finished)

    def _show_progress(self) -> None:
        rate = self._rate.rate(time.monotonic()) if self._running else None
        self.status.show_progress(self.story, rate, opening=self._opening)


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
