"""A sign in the desktop's tray: what goes on, and the way to the window, a pause and a stop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from PySide6.QtCore import QObject, QPointF, Signal, Slot
from PySide6.QtGui import QAction, QColor, QIcon, QPainter, QPen
from PySide6.QtWidgets import QMenu, QSystemTrayIcon, QWidget

from agent_app.events import Event, QuestionAnswered, QuestionAsked
from agent_app.ui.theme import DARK, application_icon

State = Literal["resting", "running", "asking"]
_SIDES = (16, 22, 32, 48, 64)
_DOTS: dict[State, str] = {"running": DARK.good, "asking": DARK.warn}


class Tray(QObject):
    """Shows the state of the runs; a click on it brings the window.

    **Signals:**

    - `show_requested`: bring the window to the front
    - `pause_requested`: have the run hold still
    - `stop_requested`: end the run
    """

    show_requested = Signal()
    pause_requested = Signal()
    stop_requested = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.state: State = "resting"
        self._icons = {state: _icon(_DOTS.get(state)) for state in ("resting", *_DOTS)}
        self.menu = QMenu(window)
        self.show_action = self._action(self.tr("&Show the window"), self.show_requested)
        self.menu.addSeparator()
        self.pause_action = self._action(self.tr("&Pause"), self.pause_requested)
        self.stop_action = self._action(self.tr("S&top"), self.stop_requested)
        self.icon = QSystemTrayIcon(self)
        self.icon.setContextMenu(self.menu)
        self.icon.activated.connect(self._on_activated)
        self._show_state("resting")

    @staticmethod
    def is_there() -> bool:
        """Whether the desktop has a tray."""
        return QSystemTrayIcon.isSystemTrayAvailable()

    def show(self) -> None:
        """Put the sign into the tray."""
        self.icon.show()

    def hide(self) -> None:
        """Take it away."""
        self.icon.hide()

    @Slot()
    def on_started(self) -> None:
        """A run has begun."""
        self._show_state("running")

    @Slot()
    def on_finished(self) -> None:
        """A run is over."""
        self._show_state("resting")

    @Slot(object)
    def on_shown(self, events: Sequence[Event]) -> None:
        """These events of the run have been shown."""
        for event in events:
            if isinstance(event, QuestionAsked):
                self._show_state("asking")
            elif isinstance(event, QuestionAnswered):
                self._show_state("running")

    def _show_state(self, state: State) -> None:
        self.state = state
        words = {
            "resting": self.tr("agent-app: no run goes on"),
            "running": self.tr("agent-app: a run goes on"),
            "asking": self.tr("agent-app: a question waits for you"),
        }
        self.icon.setIcon(self._icons[state])
        self.icon.setToolTip(words[state])
        for action in (self.pause_action, self.stop_action):
            action.setEnabled(state != "resting")

    def _action(self, name: str, signal: object) -> QAction:
        action = self.menu.addAction(name)
        action.triggered.connect(signal)
        return action

    @Slot(QSystemTrayIcon.ActivationReason)
    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason == QSystemTrayIcon.ActivationReason.Trigger:
            self.show_requested.emit()


def _icon(dot: str | None) -> QIcon:
    """The application's icon, with a dot of this colour in its corner."""
    icon = QIcon()
    for side in _SIDES:
        pixmap = application_icon().pixmap(side, side)
        if dot is not None:
            painter = QPainter(pixmap)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.scale(pixmap.width() / 64, pixmap.height() / 64)
            painter.setPen(QPen(QColor("#ffffff"), 5))
            painter.setBrush(QColor(dot))
            painter.drawEllipse(QPointF(49, 49), 12, 12)
            painter.end()
        icon.addPixmap(pixmap, QIcon.Mode.Normal)
    return icon
