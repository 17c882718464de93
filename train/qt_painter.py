"""One picture of Qt widgets in the making: what stands on it, and where."""

from __future__ import annotations

import random
from collections.abc import Callable

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QStyle,
    QStyleOptionButton,
    QToolButton,
    QWidget,
)

from train.screens import Element
from train.words import label

SIZE = (1176, 840)  # pixels of each picture


class Painter:
    """One picture in the making: a root widget, and what stands on it."""

    def __init__(self, rng: random.Random, pool: str, ratio: float) -> None:
        self.rng = rng
        self.pool = pool
        self.ratio = ratio
        self.root = QWidget()
        self.size = QSize(round(SIZE[0] / ratio), round(SIZE[1] / ratio))
        self.root.setFixedSize(self.size)
        self.read: list[Callable[[], list[Element]]] = []
        self.used: set[str] = set()
        self._row = 0
        self._owners: dict[int, QWidget | None] = {}

    def name(self, *, fresh: bool = True, longest: int = 16) -> str:
        """A label; a fresh one stands nowhere else on this picture."""
        while True:
            text = label(self.rng, pool=self.pool, longest=longest)
            if not fresh or text.lower() not in self.used:
                self.used.add(text.lower())
                return text

    def next_row(self) -> int:
        self._row += 1
        return self._row

    def place(self, widget: QWidget, rect: QRect | None = None) -> tuple[float, ...]:
        """A widget's rectangle, or a part of it, on the picture."""
        rect = rect or widget.rect()
        corner = widget.mapTo(self.root, rect.topLeft())
        return (corner.x(), corner.y(), corner.x() + rect.width(), corner.y() + rect.height())

    def element(
        self,
        kind: str,
        text: str,
        widget: QWidget,
        *,
        rect: QRect | None = None,
        shown: bool = True,
        start: float | None = None,
        row: int = -1,
    ) -> Element:
        """`start` is where the label begins, in the widget's pixels; centred without it."""
        box = self.place(widget, rect)
        metrics = QFontMetrics(widget.font())
        width = metrics.horizontalAdvance(text)
        left = (box[0] + box[2] - width) / 2 if start is None else box[0] + start
        middle, half = (box[1] + box[3]) / 2, metrics.height() / 2
        ends = [left + metrics.horizontalAdvance(text[: end + 1]) for end in range(len(text))]
        k = self.ratio
        spot = (left * k, (middle - half) * k, (left + width) * k, (middle + half) * k)
        made = Element(
            kind,
            text,
            tuple(side * k for side in box),  # type: ignore[arg-type]
            spot if shown else None,
            tuple(round(end * k, 1) for end in ends) if shown else (),
            row=row,
        )
        self._owners[id(made)] = self._owner(widget)
        return made

    def _owner(self, widget: QWidget | None) -> QWidget | None:
        """The window, or the open menu, that a widget belongs to."""
        while widget is not None and widget.parentWidget() is not self.root:
            widget = widget.parentWidget()
        return widget

    def is_clear(self, element: Element) -> bool:
        """Whether nothing of another window lies over an element, and its own holds it."""
        x0, y0, x1, y1 = (side / self.ratio for side in element.box)
        spots = [(x, y) for x in (x0 + 1, (x0 + x1) / 2, x1 - 2) for y in (y0 + 1, y1 - 2)]
        owner = self._owners[id(element)]
        return all(self._owner(self.root.childAt(round(x), round(y))) is owner for x, y in spots)

    def button(self, parent: QWidget, text: str, *, row: int = -1) -> QWidget:
        made = QToolButton(parent) if self.rng.random() < 0.1 else QPushButton(parent)
        made.setText(text)
        if self.rng.random() < 0.1 and isinstance(made, QPushButton):
            made.setDefault(True)
        self.read.append(lambda: [self.element("button", text, made, row=row)])
        return made

    def caption(self, parent: QWidget, text: str, *, row: int = -1, colon: bool = False) -> QLabel:
        made = QLabel(text + ":" * colon, parent)

        def read() -> list[Element]:
            wide = QFontMetrics(made.font()).horizontalAdvance(made.text()) + 2
            whole = QRect(0, 0, min(made.width(), wide), made.height())
            return [self.element("text", text, made, rect=whole, start=0, row=row)]

        self.read.append(read)
        return made

    def entry(self, parent: QWidget, text: str, *, row: int = -1) -> QWidget:
        draw = self.rng.random()
        if draw < 0.75:
            made: QWidget = QLineEdit(parent)
            if self.rng.random() < 0.35:
                made.setText(self.name(fresh=False))
        else:
            made = QComboBox(parent)
            made.addItem(self.name(fresh=False))
        self.read.append(lambda: [self.element("field", text, made, shown=False, row=row)])
        return made

    def tick(self, parent: QWidget, text: str, *, row: int = -1) -> QWidget:
        is_check = self.rng.random() < 0.6
        made = QCheckBox(text, parent) if is_check else QRadioButton(text, parent)
        made.setChecked(self.rng.random() < 0.4)
        kind = "check" if is_check else "option"

        def read() -> list[Element]:
            option = QStyleOptionButton()
            made.initStyleOption(option)
            part = (
                QStyle.SubElement.SE_CheckBoxContents
                if is_check
                else QStyle.SubElement.SE_RadioButtonContents
            )
            inside = made.style().subElementRect(part, option, made)
            width = QFontMetrics(made.font()).horizontalAdvance(text)
            whole = QRect(0, 0, min(made.width(), inside.left() + width + 4), made.height())
            return [self.element(kind, text, made, rect=whole, start=inside.left(), row=row)]

        self.read.append(read)
        return made
