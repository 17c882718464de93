"""Windows that cover every screen and show a target: `python -m agent_app.ui.targets`.

A program of its own, so that a click crosses the window manager and a toolkit before it counts. It
is told by lines `SCREEN TARGET COLOUR` what to show (each from 0), and answers with lines of JSON:
how many screens there are, what was drawn, and how far beside the target's middle a click arrived,
in input units. It ends when its standard input does. An argument is what is said on the windows.
"""

from __future__ import annotations

import json
import os
import sys

from PySide6.QtCore import QPoint, QPointF, QRectF, QSocketNotifier, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QScreen
from PySide6.QtWidgets import QApplication, QWidget

TITLE = "agent-app calibration"
_WORDS = "Clicks are being tried out here. Leave mouse and keyboard alone; touching them ends it."
_GROUND, _LETTERS = QColor(32, 36, 42), QColor(150, 158, 170)
_COLOURS = (QColor(255, 0, 255), QColor(0, 255, 255))  # in turn
_RADIUS, _MARGIN = 12, 24  # device pixels
_IN_A_ROW = 3


class _Cover(QWidget):
    """Covers one screen; shows a target, or none.

    **Signals:**
    - `drawn()`: what it was told to show has been painted.
    - `clicked(object)`: it was clicked, so far beside the target's middle; None without one.
    """

    drawn = Signal()
    clicked = Signal(object)

    def __init__(self, screen: QScreen, words: str) -> None:
        # no window manager places, frames or delays it
        bypass = Qt.WindowType.X11BypassWindowManagerHint
        flags = Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowStaysOnTopHint | bypass
        super().__init__(None, flags)
        self.setWindowTitle(TITLE)
        self.setAccessibleName(words)
        self._words = words
        self.setScreen(screen)
        self.setGeometry(screen.geometry())
        self._target: int | None = None
        self._colour = 0
        self._told = False

    def show_target(self, target: int | None, colour: int) -> None:
        """Show this one of the targets, or none."""
        self._target = target
        self._colour = colour
        self._told = False
        self.update()

    def _middle(self, target: int) -> QPoint:
        """A target's middle, a whole device pixel."""
        scale = self.devicePixelRatioF()
        width, height = round(self.width() * scale), round(self.height() * scale)
        column, row = target % _IN_A_ROW, target // _IN_A_ROW
        across = (_MARGIN, width // 2, width - 1 - _MARGIN)[column]
        return QPoint(across, (_MARGIN, height // 2, height - 1 - _MARGIN)[row])

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  (Qt's name)
        painter = QPainter(self)
        painter.fillRect(self.rect(), _GROUND)
        painter.setPen(_LETTERS)
        below = self.rect().adjusted(40, 40 + self.height() // 4, -40, -40)
        centred = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        painter.drawText(below, int(centred | Qt.TextFlag.TextWordWrap), self._words)
        if self._target is not None:
            scale = self.devicePixelRatioF()
            painter.scale(1 / scale, 1 / scale)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(_COLOURS[self._colour])
            middle = QPointF(self._middle(self._target)) + QPointF(0.5, 0.5)
            painter.drawEllipse(
                QRectF(middle.x() - _RADIUS, middle.y() - _RADIUS, 2 * _RADIUS, 2 * _RADIUS)
            )
        painter.end()
        if not self._told:
            self._told = True
            QTimer.singleShot(0, self.drawn.emit)  # once this has been handed to the server

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802  (Qt's name)
        if self._target is None:
            self.clicked.emit(None)
            return
        scale = self.devicePixelRatioF()
        middle = self._middle(self._target)
        beside = QPointF(event.position() * scale) - QPointF(middle)
        # macOS counts input in its own units, of which a pixel is a part
        unit = scale if sys.platform == "darwin" else 1.0
        self.clicked.emit((round(beside.x(), 3) / unit, round(beside.y(), 3) / unit))


class _Board:
    """All covers, driven by lines and answering by lines."""

    def __init__(self, application: QApplication, words: str) -> None:
        self._application = application
        self._covers = [_Cover(screen, words) for screen in application.screens()]
        self._rest = b""
        for number, cover in enumerate(self._covers):
            cover.clicked.connect(self._on_clicked)
            cover.drawn.connect(lambda number=number: self._on_drawn(number))
            cover.show()
            cover.raise_()
        self._shown: list[int] | None = None
        self._input = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
        self._input.activated.connect(self._on_told)
        self._say(screens=len(self._covers))

    def _on_told(self) -> None:
        more = os.read(sys.stdin.fileno(), 4096)
        if not more:
            self._application.quit()
            return
        *lines, self._rest = (self._rest + more).split(b"\n")
        for line in lines:
            screen, target, colour = (int(word) for word in line.split())
            self._shown = [screen, target, colour]
            for number, cover in enumerate(self._covers):
                cover.raise_()
                cover.show_target(target if number == screen else None, colour)

    def _on_drawn(self, number: int) -> None:
        if self._shown is not None and number == self._shown[0]:
            self._say(drawn=self._shown)

    def _on_clicked(self, beside: tuple[float, float] | None) -> None:
        self._say(offset=beside)

    def _say(self, **told: object) -> None:
        print(json.dumps(told), flush=True)  # noqa: T201  (the report is this program's output)


def main() -> int:
    """Cover the screens until the standard input ends."""
    application = QApplication(sys.argv)
    said = application.arguments()[1:]
    _board = _Board(application, said[0] if said else _WORDS)
    return application.exec()


if __name__ == "__main__":
    sys.exit(main())
