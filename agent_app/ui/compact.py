"""The run in a small strip that stays on top, and goes out of the way of what it is about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeySequence, QMouseEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from agent_app.events import VetoOffered
from agent_app.geometry import ScreenPoint
from agent_app.ui.labels import LineLabel
from agent_app.ui.phrases import spoken
from agent_app.ui.story import Step, Story, shown_line
from agent_app.ui.theme import MARK
from agent_app.ui.xserver import XProbe

_WIDTH = 640
_MARGIN = 16  # pixels between the strip and the edge of the screen
_CLEAR = 48  # pixels that are kept free around a target
_LONGEST_LINE = 200  # characters


class CompactStrip(QWidget):
    """How far the run is, in two lines, and what holds it up.

    `display` is the name of the X display that it is on, where that is known.

    **Signals:**

    - `opened`: the person wants the whole window back
    - `vetoed`, `paused`, `stopped`: what they want of the run
    """

    opened = Signal()
    vetoed = Signal()
    paused = Signal()
    stopped = Signal()

    def __init__(self) -> None:
        super().__init__(
            None,
            Qt.WindowType.Tool
            | Qt.WindowType.FramelessWindowHint
            | Qt.WindowType.WindowStaysOnTopHint,
        )
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setWindowTitle(self.tr("agent-app: the run"))
        self.setAccessibleName(self.tr("The run, in short"))
        self.display: str | None = None
        self._dragged: QPoint | None = None
        self.dot = QLabel("●", self)
        self.dot.setStyleSheet(f"color: {MARK}")
        self.dot.setAccessibleName(self.tr("A run goes on"))
        self.title = LineLabel(self)
        self.title.setProperty("role", "title")
        self.line = LineLabel(self)
        self.line.setProperty("role", "muted")
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addWidget(self.title)
        texts.addWidget(self.line)
        self.veto = self._button(self.tr("&Veto"), self.tr("Do not do what it is about to (Esc)"))
        self.veto.setProperty("role", "danger")
        self.veto.clicked.connect(self.vetoed)
        self.pause = self._button(self.tr("&Pause"), self.tr("Hold still (Ctrl+P)"))
        self.pause.clicked.connect(self.paused)
        self.stop = self._button(self.tr("St&op"), self.tr("Stop at once (Ctrl+.)"))
        self.stop.setProperty("role", "danger")
        self.stop.clicked.connect(self.stopped)
        self.open = self._button(self.tr("&Window"), self.tr("Back to the whole window (Ctrl+M)"))
        self.open.clicked.connect(self.opened)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 10, 8)
        row.setSpacing(6)
        row.addWidget(self.dot)
        row.addLayout(texts, 1)
        for button in (self.veto, self.pause, self.stop, self.open):
            row.addWidget(button)
        for keys, button in (
            ("Esc", self.veto),
            ("Ctrl+P", self.pause),
            ("Ctrl+.", self.stop),
            ("Ctrl+M", self.open),
        ):
            QShortcut(QKeySequence(keys), self, button.click)
        self.setFixedWidth(_WIDTH)
        self.show_story(Story(), running=False)

    def show_story(self, story: Story, *, running: bool) -> None:
        """Say how far the run is, and get out of the way of what it is about to touch."""
        step = story.step
        self.dot.setVisible(running)
        self.pause.setEnabled(running)
        self.stop.setEnabled(running)
        offer = step.offer if step is not None else None
        self.veto.setEnabled(running and offer is not None)
        self.title.set_line(self._title(story, step, running=running))
        self.line.set_line(_last_words(story, step))
        if step is not None and running:
            self.keep_away(_targets(step, offer))

    def place(self) -> None:
        """Go to the upper right corner of the screen."""
        self.adjustSize()
        self.move(self._places()[0])

    def keep_away(self, targets: Sequence[ScreenPoint]) -> None:
        """Move to a corner that is far from these places when the strip is on one of them."""
        if not (targets and self.isVisible()):
            return
        here = self._here()
        if not any(_is_near(here, target) for target in targets):
            return
        free = [
            place
            for place in self._places()
            if not any(_is_near(QRect(place, self.size()), target) for target in targets)
        ]
        if free:
            self.move(free[0])

    def _here(self) -> QRect:
        """Where the strip lies: a window manager's frame that comes late misleads Qt about it."""
        if self.display is None or QGuiApplication.platformName() != "xcb":
            return self.geometry()
        with closing(XProbe(self.display)) as server:
            place = server.place(int(self.winId()))
        return QRect(place.left, place.top, place.width, place.height)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Nothing ends with the strip: the window comes back."""
        event.ignore()
        self.opened.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        self._dragged = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        if self._dragged is not None:
            self.move(event.globalPosition().toPoint() - self._dragged)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        self._dragged = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802, ARG002 - Qt's
        self.opened.emit()

    def _places(self) -> list[QPoint]:
        """The corners of the screen that the strip is on, and the middles of its upper and lower
        edge."""
        screen = self.screen() or QGuiApplication.primaryScreen()
        room = screen.availableGeometry().adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        right, below = room.right() + 1 - self.width(), room.bottom() + 1 - self.height()
        middle = (room.left() + right) // 2
        lefts = (right, room.left(), middle)
        return [QPoint(left, top) for top in (room.top(), below) for left in lefts]

    def _title(self, story: Story, step: Step | None, *, running: bool) -> str:
        if story.finished is not None:
            return {
                "success": self.tr("Done"),
                "failure": self.tr("Not done"),
                "stopped": self.tr("Stopped"),
                "limit": self.tr("A limit was reached"),
                "error": self.tr("Ended by an error"),
            }[story.finished.outcome]
        if step is None:
            return self.tr("Getting ready…") if running else self.tr("No run")
        number = self.tr("Step {number}").format(number=step.number)
        return f"{number}  ·  {step.intent}" if step.intent else number

    def _button(self, text: str, about: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setToolTip(about)
        button.setAccessibleName(about)
        return button


def _last_words(story: Story, step: Step | None) -> str:
    """What came of the run, or what was thought last."""
    if story.finished is not None:
        ended = story.finished
        return shown_line(ended.answer or spoken(ended.words or ended.reason), _LONGEST_LINE)
    pieces = step.pieces if step is not None else []
    text = next((text for kind, text in reversed(pieces) if kind != "summary"), "")
    words = text.rstrip().rpartition("\n")[2]
    return shown_line(words[-_LONGEST_LINE:], _LONGEST_LINE)


def _targets(step: Step, offer: VetoOffered | None) -> list[ScreenPoint]:
    points: Iterable[tuple[ScreenPoint, ...]] = (deed.points for deed in step.deeds[-1:])
    return [point for part in (*points, *(offer.points if offer else ())) for point in part]


def _is_near(place: QRect, target: ScreenPoint) -> bool:
    return place.adjusted(-_CLEAR, -_CLEAR, _CLEAR, _CLEAR).contains(target.x, target.y)
