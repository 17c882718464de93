"""Renders windows of real Qt widgets and packs them with their labels into one file.

    QT_QPA_PLATFORM=offscreen python -m train.qt_screens PACK.zip --count 1200 --seed 1
    QT_QPA_PLATFORM=offscreen python -m train.qt_screens HELD.zip --count 120 --seed 2 --held-out

A held-out pack is drawn in a style, in fonts and in sheets that the training pack never uses, with
known words, with words never trained, or with both.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import sys
import zipfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from PIL import Image
from PySide6.QtCore import QBuffer, QCoreApplication, QEvent, QIODevice, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetrics, QIcon, QPalette, QPixmap
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QMenu,
    QMenuBar,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QSlider,
    QStyle,
    QStyleFactory,
    QStyleOptionButton,
    QTabBar,
    QTableWidget,
    QTableWidgetItem,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from train.screens import Element, Scene
from train.words import label

SIZE = (1176, 840)  # pixels of each picture
_FAMILIES = (
    "DejaVu Sans",
    "DejaVu Sans",
    "DejaVu Sans Condensed",
    "DejaVu Serif",
    "Nimbus Sans",
    "Nimbus Sans",
    "Nimbus Roman",
    "DejaVu Sans Mono",
    "C059",
    "URW Bookman",
)
HELD_FAMILIES = ("P052", "Nimbus Sans Narrow", "Nimbus Mono PS")
_ACCENTS = "#3584e4 #2e7d32 #b71c1c #6a1b9a #e65100 #00695c #37474f #5d4037".split()


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
        self._used: set[str] = set()
        self._row = 0
        self._owners: dict[int, QWidget | None] = {}

    def name(self, *, fresh: bool = True, longest: int = 16) -> str:
        """A label; a fresh one stands nowhere else on this picture."""
        while True:
            text = label(self.rng, pool=self.pool, longest=longest)
            if not fresh or text.lower() not in self._used:
                self._used.add(text.lower())
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


# --- what windows are filled with ----------------------------------------------------------------


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


_FILLINGS = (_form, _form, _ticks, _rows, _rows, _items, _table, _prose)


def _window(painter: Painter, rect: QRect) -> None:
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
        colours.setColor(QPalette.ColorRole.Window, QColor(rng.choice(_ACCENTS)))
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
    rng.choice(_FILLINGS)(painter, inside)
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
    picture.fill(QColor(rng.choice(_ACCENTS)))
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


def _open_menu(painter: Painter) -> None:
    """A menu that is open, over whatever stands there."""
    rng = painter.rng
    menu = QMenu(painter.root)
    menu.setWindowFlags(Qt.WindowType.Widget)
    texts = [painter.name() for _ in range(rng.randint(3, 8))]
    actions = []
    for text in texts:
        actions.append(menu.addAction(text))
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


# --- how they look -------------------------------------------------------------------------------


def _palette(rng: random.Random) -> QPalette:
    draw = rng.random()
    if draw < 0.35:
        return QPalette(QColor(*(rng.randrange(225, 250) for _ in range(3))))
    if draw < 0.6:
        grey = rng.randrange(28, 70)
        return QPalette(QColor(grey, grey, min(255, grey + rng.randrange(12))))
    base = QColor.fromHsv(rng.randrange(360), rng.randrange(10, 70), rng.randrange(190, 250))
    made = QPalette(base)
    made.setColor(QPalette.ColorRole.Highlight, QColor(rng.choice(_ACCENTS)))
    return made


def _sheet(rng: random.Random) -> str:
    """A flat theme of random colours, corners and spaces."""
    dark = rng.random() < 0.35
    ground, ink = ("#202124", "#e8eaed") if dark else ("#fafafa", "#1f1f1f")
    raised = ("#3c4043", "#2d2f31") if dark else ("#ffffff", "#e9ecef")
    accent, corner, space = rng.choice(_ACCENTS), rng.randrange(0, 10), rng.randrange(3, 9)
    filled = rng.random() < 0.4
    button = (
        f"background: {accent}; color: white; border: none"
        if filled
        else f"background: {raised[1]}; border: 1px solid #8a8f94"
    )
    return f"""
QWidget {{ background: {ground}; color: {ink}; }}
QPushButton, QToolButton {{ {button}; border-radius: {corner}px;
  padding: {space}px {2 * space}px; }}
QLineEdit, QComboBox {{ background: {raised[0]}; border: 1px solid #8a8f94;
  border-radius: {corner // 2}px; padding: {space // 2 + 1}px; }}
QTabBar::tab {{ padding: {space}px {2 * space}px; border-bottom: 2px solid transparent; }}
QTabBar::tab:selected {{ border-bottom: 2px solid {accent}; }}
QFrame#window {{ border: 1px solid #8a8f94; }}
"""


def _held_sheet(rng: random.Random) -> str:
    ground = rng.choice(("#fdf6e3", "#e3f2fd", "#1b2b34", "#2e3440"))
    ink = "#1d1d1d" if ground[1] in "fe" else "#eceff4"
    return f"""
QWidget {{ background: {ground}; color: {ink}; }}
QPushButton {{ border: 2px solid {ink}; border-radius: 3px; padding: 5px 14px; }}
QLineEdit, QComboBox {{ border: none; border-bottom: 2px solid {ink}; padding: 4px; }}
QFrame#window {{ border: 2px dashed {ink}; }}
"""


def _dress(app: QApplication, rng: random.Random, *, held_out: bool) -> None:
    font = QFont(rng.choice(HELD_FAMILIES if held_out else _FAMILIES))
    font.setPixelSize(rng.choice((11, 12, 12, 13, 13, 14, 14, 15, 16, 18)))
    font.setHintingPreference(rng.choice(tuple(QFont.HintingPreference)))
    font.setBold(rng.random() < 0.12)
    app.setFont(font)
    app.setStyleSheet("")
    if held_out:
        app.setStyle(QStyleFactory.create("Windows" if rng.random() < 0.7 else "Fusion"))
        app.setPalette(_palette(rng))
        if app.style().name() == "fusion":
            app.setStyleSheet(_held_sheet(rng))
        return
    app.setStyle(QStyleFactory.create("Fusion"))
    app.setPalette(_palette(rng))
    if rng.random() < 0.4:
        app.setStyleSheet(_sheet(rng))


def render(app: QApplication, seed: int, *, held_out: bool, pool: str) -> Scene:
    """One picture of one to three windows and sometimes an open menu."""
    rng = random.Random(seed)
    _dress(app, rng, held_out=held_out)
    ratio = rng.choice((1.0, 1.0, 1.0, 1.25, 1.5))
    painter = Painter(rng, pool, ratio)
    ground = painter.root.palette()
    tint = QColor.fromHsv(rng.randrange(360), rng.randrange(120), rng.randrange(40, 250))
    ground.setColor(QPalette.ColorRole.Window, tint)
    painter.root.setPalette(ground)
    width, height = painter.size.width(), painter.size.height()
    columns = rng.choice((2, 3, 3, 4) if ratio < 1.2 else (1, 2, 2, 3))
    lines = rng.choice((1, 2, 2, 3) if ratio < 1.2 else (1, 2, 2))
    for column in range(columns):
        for line in range(lines):
            if rng.random() < 0.1:
                continue
            w, h = width // columns, height // lines
            left = column * w + rng.randrange(0, max(1, w // 12))
            top = line * h + rng.randrange(0, max(1, h // 12))
            right, bottom = (column + 1) * w - rng.randrange(2, 20), (line + 1) * h - 4
            _window(painter, QRect(QPoint(left, top), QPoint(right, bottom)))
    if rng.random() < 0.25:
        _open_menu(painter)
    picture = QPixmap(*SIZE)
    picture.setDevicePixelRatio(ratio)
    painter.root.ensurePolished()
    painter.root.show()
    app.processEvents()
    painter.root.render(picture)
    found = [element for read in painter.read for element in read()]
    elements, hidden = _visible([(one, painter.is_clear(one)) for one in found])
    painter.root.close()
    painter.root.deleteLater()
    # without an event loop nobody else carries it out, and a new sheet would dress every old widget
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return Scene(_as_pil(picture), elements, hidden)


def _visible(
    found: list[tuple[Element, bool]],
) -> tuple[tuple[Element, ...], frozenset[str]]:
    """What lies wholly on the picture, under nothing and with its whole label."""
    kept: list[Element] = []
    hidden: set[str] = set()
    for element, is_clear in found:
        x0, y0, x1, y1 = element.box
        inside = x0 >= 0 and y0 >= 0 and x1 <= SIZE[0] and y1 <= SIZE[1] and x1 - x0 > 5 < y1 - y0
        cut = element.text is not None and (
            element.text[2] > x1 + 2 or element.text[0] < x0 - 2 or element.text[3] > y1 + 6
        )
        if inside and is_clear and not cut:
            kept.append(element)
        else:
            hidden.add(element.label)
    return tuple(kept), frozenset(hidden)


def _as_pil(picture: QPixmap) -> Image.Image:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "BMP")
    return Image.open(io.BytesIO(buffer.data().data())).convert("RGB")


# --- packs ---------------------------------------------------------------------------------------


def write_pack(path: Path, count: int, *, seed: int, held_out: bool) -> None:
    """`count` pictures, each as lossless WebP and its labels as JSON, in one zip."""
    app = QApplication(sys.argv[:1])
    there = {family.split(" [")[0] for family in QFontDatabase.families()}
    missing = {*_FAMILIES, *HELD_FAMILIES} - there
    if missing:
        raise SystemExit(f"fonts are missing: {', '.join(sorted(missing))}")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as pack:
        for number in range(count):
            pool = ("known", "kept")[number % 2] if held_out else "train"
            scene = render(app, seed * 1_000_003 + number, held_out=held_out, pool=pool)
            picture = io.BytesIO()
            scene.image.save(picture, "WEBP", lossless=True, quality=50, method=1)
            pack.writestr(f"{number:05}.webp", picture.getvalue(), zipfile.ZIP_STORED)
            pack.writestr(f"{number:05}.json", json.dumps(_as_json(scene, pool)))


def _as_json(scene: Scene, pool: str) -> dict[str, Any]:
    return {
        "pool": pool,
        "hidden": sorted(scene.hidden),
        "elements": [asdict(element) for element in scene.elements],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pack", type=Path)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--held-out", action="store_true")
    options = parser.parse_args()
    write_pack(options.pack, options.count, seed=options.seed, held_out=options.held_out)


if __name__ == "__main__":
    main()
