"""One step in words: what it did, how it went, what was thought, where its time went."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from agent_app.episode.steps import EpisodeAction
from agent_app.events import FrameRef
from agent_app.ui.cards import PlainText
from agent_app.ui.labels import LineLabel, plain_tip
from agent_app.ui.marks import mark_of
from agent_app.ui.phrases import deed_text
from agent_app.ui.scrolling import Page, scrolling
from agent_app.ui.story import shown_line
from agent_app.ui.theme import Theme
from agent_app.ui.thought import ThoughtView
from agent_app.ui.timing import TimingBar, seconds_text
from agent_app.ui.viewer.finding import Find
from agent_app.ui.viewer.reel import Reel, Shot

_LONGEST_CHIP = 40  # characters, as are these
_LONGEST_TITLE = 140
_LONGEST_DEED = 1000


class Details(QFrame):
    """The panel beside the screen."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", True)
        self._reel: Reel | None = None
        self._shot: Shot | None = None
        self.number = QLabel(self)
        self.number.setProperty("role", "heading")
        self.result = QLabel(self)
        self.result.setProperty("role", "chip")
        self.result.setTextFormat(Qt.TextFormat.PlainText)
        self.took = QLabel(self)
        self.took.setProperty("role", "muted")
        self.took.setAccessibleName(self.tr("How long the step took"))
        head = QHBoxLayout()
        head.setSpacing(10)
        for widget in (self.number, self.result):
            head.addWidget(widget)
        head.addStretch(1)
        head.addWidget(self.took)
        self.title = QLabel(self)
        self.title.setProperty("role", "title")
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setWordWrap(True)
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.title.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.deeds = PlainText(self)
        self.deeds.setAccessibleName(self.tr("Actions of this step"))
        self.window_line = LineLabel(self)
        self.window_line.setProperty("role", "muted")
        self.window_line.setAccessibleName(self.tr("Window in front"))
        self.thought = ThoughtView(theme, self)
        self.thought.setPlaceholderText(self.tr("No thought was recorded."))
        self.thought.setMinimumHeight(90)
        # an area that scrolls would give it all that it asks for
        self.thought.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.timing = TimingBar(theme, self)
        page = Page()
        rows = QVBoxLayout(page)
        rows.setContentsMargins(14, 12, 14, 12)
        rows.setSpacing(8)
        rows.addLayout(head)
        rows.addWidget(self.title)
        rows.addWidget(self.deeds)
        rows.addWidget(self.window_line)
        rows.addSpacing(2)
        rows.addWidget(_heading(self.tr("Thought"), self))
        rows.addWidget(self.thought, 1)
        rows.addLayout(self._time_head())
        rows.addWidget(self.timing)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(1, 1, 1, 1)
        whole.addWidget(scrolling(page, self))

    def set_theme(self, theme: Theme) -> None:
        """Draw in these colours."""
        self.thought.set_theme(theme)
        self.timing.set_theme(theme)

    def show_reel(self, reel: Reel | None) -> None:
        """Show another episode; which step is said next."""
        self._reel, self._shot = reel, None
        self.number.setText("")
        self._say_result(self.tr("no steps were recorded") if reel is not None else "", "muted")
        self.took.setText("")
        self.title.setText("")
        self.deeds.hide()
        self.window_line.hide()
        self.thought.show_pieces(())
        self._show_time()

    def show_shot(self, shot: Shot) -> None:
        """Show a step."""
        if shot is self._shot or self._reel is None:
            return
        self._shot = shot
        last = self._reel.shots[-1].step.number
        of = self.tr("Step {number} of {last}")
        self.number.setText(of.format(number=shot.step.number, last=last))
        self._say_result(shot.result, shot.tone)
        self.took.setText(seconds_text(shot.ended - shot.began))
        self.title.setText(shown_line(shot.title, _LONGEST_TITLE))
        self.title.setToolTip(plain_tip(shot.title))
        lines = [self._line(each, shot.step.frame_before) for each in shot.step.actions]
        self.deeds.setPlainText("\n".join(lines))
        self.deeds.setVisible(bool(lines))
        self._show_window(shot)
        self.thought.show_pieces(shot.pieces)
        self.thought.verticalScrollBar().setValue(0)
        self._show_time()

    def show_found(self, find: Find | None) -> None:
        """Mark the words that were found; None marks none."""
        self.title.setSelection(0, 0)
        self.deeds.setTextCursor(QTextCursor(self.deeds.document()))
        if find is None or find.piece >= 0:
            piece, start, length = (find.piece, find.start, find.length) if find else (-1, 0, 0)
            self.thought.show_found(piece, start, length)
        elif find.start < len(self.title.text()):
            self.thought.show_found(-1, 0, 0)
            self.title.setSelection(find.start, find.length)
        else:
            self.thought.show_found(-1, 0, 0)
            self.deeds.find(find.words)

    def text(self) -> str:
        """The step as text to copy."""
        if self._shot is None:
            return ""
        parts = (
            f"{self.number.text()}: {self._shot.title}",
            self.deeds.toPlainText(),
            *(text for _, text in self._shot.pieces),
            self._shot.result,
        )
        return "\n\n".join(part for part in parts if part)

    def _show_window(self, shot: Shot) -> None:
        """Say which window was in front, where the recording tells."""
        active = next((window for window in shot.step.windows_before if window.active), None)
        self.window_line.setVisible(active is not None)
        if active is not None:
            said = self.tr("in front: “{title}” ({application})")
            self.window_line.set_line(
                said.format(title=active.title, application=active.application)
            )

    def _time_head(self) -> QHBoxLayout:
        self.of_step = QPushButton(self.tr("This step"), self)
        self.of_run = QPushButton(self.tr("Whole run"), self)
        row = QHBoxLayout()
        row.setSpacing(2)
        row.addWidget(_heading(self.tr("Time"), self))
        row.addStretch(1)
        group = QButtonGroup(self)
        for button in (self.of_step, self.of_run):
            button.setProperty("role", "tab")
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(self._show_time)
            group.addButton(button)
            row.addWidget(button)
        self.of_step.setChecked(True)
        self.of_step.setAccessibleName(self.tr("Time of this step"))
        self.of_run.setAccessibleName(self.tr("Time of the whole run"))
        return row

    def _show_time(self) -> None:
        whole = self.of_run.isChecked()
        timing = None
        if whole and self._reel is not None:
            timing = self._reel.totals
        elif self._shot is not None:
            timing = self._shot.timing
        self.timing.show_timing(timing, self.tr("No times were recorded."))

    def _say_result(self, text: str, tone: str) -> None:
        short = shown_line(text, _LONGEST_CHIP)
        self.result.setText(short)
        self.result.setToolTip(plain_tip(text) if short.endswith("…") else "")
        self.result.setAccessibleName(self.tr("Result"))
        self.result.setAccessibleDescription(short)
        self.result.setVisible(bool(short))
        self.result.setProperty("tone", tone)
        self.result.style().unpolish(self.result)
        self.result.style().polish(self.result)

    def _line(self, each: EpisodeAction, frame: FrameRef | None) -> str:
        """An action with its places in pixels of the frame it was decided on."""
        doing = deed_text(each.action).replace("\n", "⏎").replace("\r", "⏎")
        said = shown_line(doing, _LONGEST_DEED)
        points = mark_of(each, frame.transform).points if frame is not None else ()
        places = " → ".join(f"({point.x():.0f}, {point.y():.0f})" for point in points)
        if places:
            said = f"{said}  {places}"
        return said if each.done else self.tr("{action}  — not carried out").format(action=said)


def _heading(text: str, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    label.setProperty("role", "heading")
    return label
