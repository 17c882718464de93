"""A window with one text field that reports itself: `python -m agent_app.ui.text_field`.

A program of its own, so that a check of the input also crosses the window manager and a toolkit. It
writes a line of JSON whenever something changes: the field's centre on the screen in pixels,
whether it is shown, whether a click gave it the focus, and its text. It ends when its standard
input does.
"""

from __future__ import annotations

import json
import sys

from PySide6.QtCore import QObject, QSocketNotifier, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QPlainTextEdit

TITLE = "agent-app doctor"
_REPORT_MILLISECONDS = 50  # the window manager may move the window at any time: look often


class _Field(QPlainTextEdit):
    """A plain text field that remembers whether it was clicked."""

    clicked = False

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802  (Qt's name)
        self.clicked = True
        super().mousePressEvent(event)


class _Reporter(QObject):
    """Writes what the field shows, when it differs from what was written last."""

    def __init__(self, field: _Field) -> None:
        super().__init__(field)
        self._field = field
        self._last = ""
        field.textChanged.connect(self.report)
        timer = QTimer(self, interval=_REPORT_MILLISECONDS)
        timer.timeout.connect(self.report)
        timer.start()

    def report(self) -> None:
        viewport = self._field.viewport()
        centre = viewport.mapToGlobal(viewport.rect().center())
        handle = self._field.windowHandle()
        state = {
            "x": centre.x(),
            "y": centre.y(),
            "shown": handle.isExposed(),
            "clicked": self._field.clicked and self._field.hasFocus(),
            "text": self._field.toPlainText(),
        }
        line = json.dumps(state)
        if line != self._last:
            self._last = line
            print(line, flush=True)  # noqa: T201  (the report is this program's output)


def main() -> int:
    """Show the field until the standard input ends."""
    application = QApplication(sys.argv)
    field = _Field()
    field.setWindowTitle(TITLE)
    field.setWindowFlag(Qt.WindowType.WindowStaysOnTopHint)
    field.setAccessibleName(TITLE)
    field.resize(420, 120)
    _Reporter(field)
    ending = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
    ending.activated.connect(application.quit)
    field.show()
    return application.exec()


if __name__ == "__main__":
    sys.exit(main())
