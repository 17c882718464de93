"""A form of a few fields that `agent-app demo --model small` fills in: `python -m … FILE`.

Its button writes what was entered into FILE.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QWidget,
)

_FIELDS = ("Name", "City")
_PLACE = (340, 210, 520, 260)  # left, top, width, height: the middle of a usual screen


class DemoForm(QWidget):
    """Two fields, a check box and two buttons."""

    def __init__(self, saved: Path) -> None:
        super().__init__()
        self._saved = saved
        self.setWindowTitle("A form")
        grid = QGridLayout(self)
        self._fields: dict[str, QLineEdit] = {}
        for row, name in enumerate(_FIELDS):
            self._fields[name] = QLineEdit()
            grid.addWidget(QLabel(name), row, 0)
            grid.addWidget(self._fields[name], row, 1)
        self._remember = QCheckBox("Remember")
        grid.addWidget(self._remember, len(_FIELDS), 0, 1, 2)
        buttons = QHBoxLayout()
        buttons.addStretch()
        for name, action in (("Clear", self.clear), ("Save", self.save)):
            button = QPushButton(name)
            button.clicked.connect(action)
            buttons.addWidget(button)
        grid.addLayout(buttons, len(_FIELDS) + 2, 0, 1, 2)
        grid.setRowStretch(len(_FIELDS) + 1, 1)

    def clear(self) -> None:
        for entry in self._fields.values():
            entry.clear()
        self._remember.setChecked(False)

    def save(self) -> None:
        lines = [f"{name}: {entry.text()}" for name, entry in self._fields.items()]
        lines.append(f"Remember: {'yes' if self._remember.isChecked() else 'no'}")
        self._saved.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    application = QApplication(sys.argv[:1])
    form = DemoForm(Path(sys.argv[1]))
    form.setGeometry(*_PLACE)
    form.show()
    application.exec()


if __name__ == "__main__":
    main()
