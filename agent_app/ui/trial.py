"""The window of a first run: `python -m agent_app.ui.trial`. A name goes in, a greeting comes out.

A program of its own, so that a first run needs no other application to be installed.
"""

from __future__ import annotations

import sys

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QApplication, QFormLayout, QLabel, QLineEdit, QPushButton, QWidget

TASK = """\
type "Ada" into "Name"
click "Greet"
check that "Hello, Ada!" is visible
"""
_POINTS = 14  # as large as in a well set dialog, for whoever reads it


class Trial(QWidget):
    """Greets whoever is named."""

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("A first run")
        self.name = QLineEdit(self)
        self.name.setAccessibleName("Name")
        self.greet = QPushButton("Greet", self)
        self.greet.clicked.connect(self._on_greet)
        self.greeting = QLabel("Nobody has been greeted yet.", self)
        rows = QFormLayout(self)
        rows.setContentsMargins(32, 32, 32, 32)
        rows.setSpacing(20)
        rows.addRow("Name", self.name)
        rows.addRow("", self.greet)
        rows.addRow(self.greeting)
        self.resize(480, 260)

    @Slot()
    def _on_greet(self) -> None:
        self.greeting.setText(f"Hello, {self.name.text().strip() or 'you'}!")


def main() -> int:
    """Show the window until it is closed."""
    application = QApplication(sys.argv)
    font = application.font()
    font.setPointSize(_POINTS)
    application.setFont(font)
    trial = Trial()
    trial.show()
    return application.exec()


if __name__ == "__main__":
    sys.exit(main())
