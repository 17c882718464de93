"""A small order book in Qt, with faults that can be switched on: `orders.py [DEFECT]`.

It writes orders.txt into the folder it was started in. What the faults are is told in defects.py.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QMainWindow,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

_LATE_MS = 12_000
_NOTE_MS = 1_200
_FLASH_MS = 350


class Orders(QMainWindow):
    """The order book's window."""

    def __init__(self, defect: str) -> None:
        super().__init__()
        self._defect = defect
        self._orders: list[str] = []
        self.customer, self.quantity, self.price = QLineEdit(), QLineEdit("1"), QLineEdit("0")
        self.total, self.note = QLabel("Total: 0.00"), QLabel(" ")
        self.gift = QCheckBox("Gift wrap")
        self.shipping = QComboBox()
        self.shipping.addItems(["Standard", "Economy", "Express"])
        self.list = QListWidget()
        self.add = QPushButton("Add order")
        self.remove, self.save = QPushButton("Remove"), QPushButton("Save")
        self.clear, self.about = QPushButton("Clear"), QPushButton("About")
        self.save.setEnabled(False)
        self._lay_out()
        for field in (self.quantity, self.price):
            field.textChanged.connect(self.on_price_changed)
        self.add.clicked.connect(self.on_add)
        self.remove.clicked.connect(self.on_remove)
        self.save.clicked.connect(self.on_save)
        self.clear.clicked.connect(self.on_clear)
        self.about.clicked.connect(self.on_about)
        if defect != "dead-shortcut":
            QShortcut(QKeySequence("Ctrl+L"), self).activated.connect(self.on_clear)
        self._spoil()
        self._name()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow("Customer", self.customer)
        form.addRow("Quantity", self.quantity)
        form.addRow("Unit price", self.price)
        form.addRow("Shipping", self.shipping)
        buttons = QHBoxLayout()
        for button in (self.add, self.remove, self.clear, self.save, self.about):
            buttons.addWidget(button)
        body = QWidget()
        column = QVBoxLayout(body)
        column.addLayout(form)
        for each in (self.gift, self.total):
            column.addWidget(each)
        column.addLayout(buttons)
        column.addWidget(self.list)
        column.addWidget(self.note)
        self.setCentralWidget(body)
        self.resize(560, 480)

    def _spoil(self) -> None:
        """The faults that are there from the start."""
        match self._defect:
            case "missing-button":
                self.remove.hide()
            case "wrong-label":
                self.add.setText("Add odrer")
            case "checked-at-start":
                self.gift.setChecked(True)
            case "missing-choice":
                self.shipping.removeItem(2)
            case "tab-order":
                self.setTabOrder(self.customer, self.price)
                self.setTabOrder(self.price, self.quantity)
            case "cut-text":
                self.customer.setMaxLength(8)
            case "stuck-window":
                self.setFixedSize(560, 480)
            case _:
                pass

    def _name(self) -> None:
        star = "*" if self.save.isEnabled() and self._defect != "unmarked-change" else ""
        self.setWindowTitle(f"{star}Orders ({len(self._orders)})")

    def _say(self, text: str, milliseconds: int = _NOTE_MS) -> None:
        self.note.setText(text)
        QTimer.singleShot(milliseconds, lambda: self.note.setText(" "))

    def on_price_changed(self) -> None:
        try:
            quantity, price = int(self.quantity.text() or 0), float(self.price.text() or 0)
        except ValueError:
            self.total.setText("Total: not a number")
            return
        quantity += self._defect == "off-by-one"
        shown = f"Total: {quantity * price:.2f}"
        late = _LATE_MS if self._defect == "late-label" else 0
        QTimer.singleShot(late, lambda: self.total.setText(shown))

    def on_add(self) -> None:
        wrap = ", gift" if self.gift.isChecked() else ""
        shipping = self.shipping.currentText()
        order = f"{self.customer.text()}: {self.quantity.text()} pieces, {shipping}{wrap}"
        for _ in range(2 if self._defect == "added-twice" else 1):
            place = 0 if self._defect == "wrong-order" else len(self._orders)
            self._orders.insert(place, order)
        self._show()
        if self._defect != "disabled-control":
            self.save.setEnabled(True)
        if self._defect == "flashed-error":
            self._say("Internal error 17", _FLASH_MS)
        self._name()

    def on_remove(self) -> None:
        if self._defect == "crash":
            os._exit(7)
        row = self.list.currentRow()
        if row >= 0:
            self._orders.pop(row)
            self._show()
        self._name()

    def on_clear(self) -> None:
        if self._defect == "dead-button":
            return
        for field, text in ((self.customer, ""), (self.quantity, "1"), (self.price, "0")):
            field.setText(text)

    def on_save(self) -> None:
        saved = len(self._orders)
        if self._defect != "nothing-saved":
            Path("orders.txt").write_text("\n".join(self._orders) + "\n", "utf-8")
        self.save.setEnabled(False)
        self._say(f"Saved {saved + (self._defect == 'lying-toast')} orders")
        self._name()

    def on_about(self) -> None:
        dialog = QDialog(self)
        dialog.setWindowTitle("About Orders")
        column = QVBoxLayout(dialog)
        column.addWidget(QLabel("Orders, version 2.1"))
        close = QPushButton("Understood")
        if self._defect != "open-dialog":
            close.clicked.connect(dialog.accept)
        column.addWidget(close)
        dialog.show()

    def _show(self) -> None:
        self.list.clear()
        self.list.addItems(self._orders)


def main() -> int:
    app = QApplication(sys.argv[:1])
    window = Orders(sys.argv[1] if len(sys.argv) > 1 else "")
    window.show()
    return app.exec()


if __name__ == "__main__":
    sys.exit(main())
