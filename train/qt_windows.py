"""What the windows of a picture are filled with: forms, lists, tables, menus, bars."""

from __future__ import annotations

import random

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPalette, QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QListWidget,
    QMenu,
    QMenuBar,
    QProgressBar,
    QSizePolicy,
    QSlider,
    QTabBar,
    QTableWidget,
    QTableWidgetItem,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from train.qt_looks import ACCENTS
from train.qt_painter import Painter
from train.screens import Element
from train.words import short_labels


def _form(painter: Painter, parent: QWidget) -> None:
    rng, grid = painter.rng, QGridLayout(parent)
    above = rng.random() < 0.25
    for line in range(rng.randint(2, 6)):
        text, row = painter.name(), painter.next_row()
        caption = painter.caption(parent, text, row=row, colon=rng.random() < 0.4)
        entry = painter.entry(parent, text, row=row)
        if above:
            grid.addWidget(caption, 2 * line, 0)
            grid.addWidget(entry, 2 * line + 1, 0)
        else:
            side = Qt.AlignmentFlag.AlignRight if rng.random() < 0.5 else Qt.AlignmentFlag.AlignLeft
            grid.addWidget(caption, line, 0, side)
            grid.addWidget(entry, line, 1)
            if rng.random() < 0.2:
                again = rng.choice(("Browse", "Change", "Edit", "Clear"))
                grid.addWidget(painter.button(parent, again, row=row), line, 2)
    for line in range(rng.randint(0, 3)):
        grid.addWidget(painter.tick(parent, painter.name()), 20 + line, 0, 1, 2)
    _buttons(painter, parent, grid)


def _buttons(painter: Painter, parent: QWidget, grid: QGridLayout) -> None:
    bar = QHBoxLayout()
    if painter.rng.random() < 0.6:
        bar.addStretch()
    for _ in range(painter.rng.randint(1, 4)):
        bar.addWidget(painter.button(parent, painter.name(longest=12)))
    grid.addLayout(bar, 40, 0, 1, 3)
    grid.setRowStretch(39, 1)


def _ticks(painter: Painter, parent: QWidget) -> None:
    grid = QGridLayout(parent)
    for line in range(painter.rng.randint(3, 8)):
        for column in range(painter.rng.choice((1, 1, 2))):
            grid.addWidget(painter.tick(parent, painter.name(longest=13)), line, column)
    _buttons(painter, parent, grid)


def _rows(painter: Painter, parent: QWidget) -> None:
    """Each row its name, and the same buttons again."""
    rng, grid = painter.rng, QGridLayout(parent)
    again = [painter.name(longest=10) for _ in range(rng.randint(1, 2))]
    for line in range(rng.randint(3, 7)):
        row = painter.next_row()
        grid.addWidget(painter.caption(parent, painter.name(longest=12), row=row), line, 0)
        for column, text in enumerate(again):
            grid.addWidget(painter.button(parent, text, row=row), line, column + 1)


def _items(painter: Painter, parent: QWidget) -> None:
    grid, made = QGridLayout(parent), QListWidget(parent)
    texts = [painter.name() for _ in range(painter.rng.randint(3, 12))]
    made.addItems(texts)
    if painter.rng.random() < 0.5:
        made.setCurrentRow(painter.rng.randrange(len(texts)))
    grid.addWidget(made, 0, 0, 1, 2)

    def read() -> list[Element]:
        found: list[Element] = []
        view = made.viewport()
        for row, text in enumerate(texts):
            rect = made.visualItemRect(made.item(row))
            if view.rect().contains(rect.adjusted(0, 0, -rect.width() + 5, 0)):
                rect = rect.intersected(view.rect())
                found.append(painter.element("item", text, view, rect=rect, start=3))
        return found

    painter.read.append(read)
    _buttons(painter, parent, grid)


def _table(painter: Painter, parent: QWidget) -> None:
    rng, grid = painter.rng, QGridLayout(parent)
    rows, columns = rng.randint(3, 9), rng.randint(2, 4)
    made = QTableWidget(rows, columns, parent)
    made.verticalHeader().setVisible(rng.random() < 0.3)
    heads = [painter.name(longest=10) for _ in range(columns)]
    made.setHorizontalHeaderLabels(heads)
    texts = [[painter.name(longest=10) for _ in range(columns)] for _ in range(rows)]
    for row, line in enumerate(texts):
        for column, text in enumerate(line):
            made.setItem(row, column, QTableWidgetItem(text))
    grid.addWidget(made, 0, 0, 1, 3)

    def read() -> list[Element]:
        view, found = made.viewport(), []
        for row, line in enumerate(texts):
            for column, text in enumerate(line):
                rect = made.visualItemRect(made.item(row, column))
                if view.rect().contains(rect) and painter.element("item", text, view, rect=rect):
                    one = painter.element("item", text, view, rect=rect, start=4)
                    if one.text and one.text[2] <= one.box[2]:
                        found.append(one)
        return found

    painter.read.append(read)
    if rng.random() < 0.5:
        _buttons(painter, parent, grid)


def _prose(painter: Painter, parent: QWidget) -> None:
    """A message with a few buttons, as dialogs have it."""
    grid, rng = QGridLayout(parent), painter.rng
    for line in range(rng.randint(1, 3)):
        grid.addWidget(painter.caption(parent, painter.name(longest=18)), line, 0)
    if rng.random() < 0.4:
        bar = QProgressBar(parent)
        bar.setValue(rng.randrange(101))
        grid.addWidget(bar, 5, 0)
    if rng.random() < 0.3:
        grid.addWidget(QSlider(Qt.Orientation.Horizontal, parent), 6, 0)
    _buttons(painter, parent, grid)


def _keys(painter: Painter, parent: QWidget) -> None:
    """Keys in a grid, as calculators have them."""
    rng, grid = painter.rng, QGridLayout(parent)
    grid.setSpacing(rng.randrange(0, 8))
    columns = rng.randint(3, 7)
    texts = short_labels(rng, columns * rng.randint(3, 6), painter.used)
    for number, text in enumerate(texts):
        made = painter.button(parent, text)
        made.setMinimumSize(20, 20)
        made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        grid.addWidget(made, number // columns, number % columns)


def _notes(painter: Painter, parent: QWidget) -> None:
    """Lines of plain text, some long, some with what they tell beside them."""
    rng, grid = painter.rng, QGridLayout(parent)
    for line in range(rng.randint(3, 8)):
        row = painter.next_row()
        text = painter.name(longest=36 if rng.random() < 0.6 else 14)
        told = painter.caption(parent, text, row=row, colon=rng.random() < 0.5)
        grid.addWidget(told, line, 0)
        if rng.random() < 0.6:
            grid.addWidget(painter.caption(parent, painter.name(longest=12), row=row), line, 1)
    _buttons(painter, parent, grid)


_FILLINGS = (_form, _form, _ticks, _rows, _rows, _items, _table, _prose)
_TRAINED_FILLINGS = (*_FILLINGS, _keys, _notes)  # keys are no known words


def add_window(painter: Painter, rect: QRect) -> None:
    rng = painter.rng
    frame = QFrame(painter.root)
    frame.setObjectName("window")
    frame.setAutoFillBackground(True)
    frame.setFrameShape(QFrame.Shape.Box if rng.random() < 0.7 else QFrame.Shape.NoFrame)
    frame.setGeometry(rect)
    column = QVBoxLayout(frame)
    column.setContentsMargins(1, 1, 1, 1)
    column.setSpacing(rng.randrange(0, 8))
    if rng.random() < 0.7:
        title = painter.caption(frame, painter.name())
        title.setAutoFillBackground(True)
        colours = title.palette()
        colours.setColor(QPalette.ColorRole.Window, QColor(rng.choice(ACCENTS)))
        colours.setColor(QPalette.ColorRole.WindowText, QColor("white"))
        title.setPalette(colours)
        title.setFixedHeight(rng.randrange(22, 32))
        column.addWidget(title)
    if rng.random() < 0.45:
        _menu_bar(painter, frame, column)
    if rng.random() < 0.4:
        _tool_bar(painter, frame, column)
    if rng.random() < 0.4:
        _tabs(painter, frame, column)
    inside = QWidget(frame)
    rng.choice(_TRAINED_FILLINGS if painter.pool == "train" else _FILLINGS)(painter, inside)
    column.addWidget(inside, 1)
    frame.resize(frame.size().expandedTo(frame.minimumSizeHint()))


def _menu_bar(painter: Painter, frame: QFrame, column: QVBoxLayout) -> None:
    bar = QMenuBar(frame)
    bar.setNativeMenuBar(False)
    texts = [painter.name(longest=9) for _ in range(painter.rng.randint(3, 6))]
    actions = [bar.addAction(text) for text in texts]
    column.addWidget(bar)

    def read() -> list[Element]:
        pairs = zip(texts, actions, strict=True)
        rects = [(text, bar.actionGeometry(action)) for text, action in pairs]
        return [
            painter.element("menu", text, bar, rect=rect)
            for text, rect in rects
            if bar.rect().contains(rect)
        ]

    painter.read.append(read)


def _tool_bar(painter: Painter, frame: QFrame, column: QVBoxLayout) -> None:
    bar, rng = QToolBar(frame), painter.rng
    with_icons = rng.random() < 0.4
    if with_icons:
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        bar.setIconSize(QSize(20, 20))
    texts = [painter.name(longest=9) for _ in range(rng.randint(2, 6))]
    actions = [bar.addAction(text) for text in texts]
    if with_icons:
        for action in actions:
            action.setIcon(_swatch(rng))
    column.addWidget(bar)

    def read() -> list[Element]:
        found: list[Element] = []
        for text, action in zip(texts, actions, strict=True):
            made = bar.widgetForAction(action)
            inside = bar.rect().contains(made.geometry())
            if made.isVisibleTo(painter.root) and inside:
                found.append(painter.element("button", text, made))
        return found

    painter.read.append(read)


def _swatch(rng: random.Random) -> QIcon:
    picture = QPixmap(20, 20)
    picture.fill(QColor(rng.choice(ACCENTS)))
    return QIcon(picture)


def _tabs(painter: Painter, frame: QFrame, column: QVBoxLayout) -> None:
    bar = QTabBar(frame)
    bar.setUsesScrollButtons(False)
    texts = [painter.name(longest=10) for _ in range(painter.rng.randint(2, 5))]
    for text in texts:
        bar.addTab(text)
    bar.setCurrentIndex(painter.rng.randrange(len(texts)))
    bar.setElideMode(Qt.TextElideMode.ElideNone)
    column.addWidget(bar)

    def read() -> list[Element]:
        rects = [(text, bar.tabRect(at)) for at, text in enumerate(texts)]
        return [
            painter.element("tab", text, bar, rect=rect)
            for text, rect in rects
            if bar.rect().contains(rect)
        ]

    painter.read.append(read)


def open_menu(painter: Painter) -> None:
    """A menu that is open, over whatever stands there."""
    rng = painter.rng
    menu = QMenu(painter.root)
    menu.setWindowFlags(Qt.WindowType.Widget)
    texts = [painter.name() for _ in range(rng.randint(3, 8))]
    actions = []
    with_keys = rng.random() < 0.5
    for text in texts:
        actions.append(menu.addAction(text))
        if with_keys and rng.random() < 0.6:
            actions[-1].setShortcut(
                f"{rng.choice(('Ctrl', 'Alt'))}+{rng.choice('ABCDEFNOPQSVWXZ')}"
            )
        if rng.random() < 0.2:
            menu.addSeparator()
    hint = menu.sizeHint()
    room = painter.size - hint
    corner = QPoint(rng.randrange(max(1, room.width())), rng.randrange(max(1, room.height())))
    menu.setGeometry(QRect(corner, hint))
    menu.show()
    menu.raise_()

    def read() -> list[Element]:
        pairs = zip(texts, actions, strict=True)
        return [
            painter.element("item", text, menu, rect=menu.actionGeometry(action), start=26)
            for text, action in pairs
        ]

    painter.read.append(read)
