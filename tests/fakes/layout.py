"""What is wrong with how a window is laid out: cut off, overlapping, nameless, out of Tab's reach.

As a program it brings up every page and prints what is wrong with each as one JSON object:
`python -m tests.fakes.layout LANGUAGE…`.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QSplitterHandle,
    QWidget,
)

from agent_app.ui import languages
from agent_app.ui.application import make_application
from agent_app.ui.labels import LineLabel
from agent_app.ui.sheet import Sheet
from agent_app.ui.theme import LIGHT, apply_theme
from agent_app.ui.viewer.strip import Preview
from tests.fakes.mail import CHINESE, ENGLISH, WINDOW, Words
from tests.fakes.pages import CRASH, PAGES, Pages

Kind = TypeVar("Kind", bound=QWidget)
SLACK = 1  # pixels: rounding at fractions of a scale
SIZES = ((1280, 800), (960, 600))
_WHOLE = (QAbstractSpinBox, QAbstractScrollArea, QComboBox, QLineEdit)  # whose parts are Qt's own
_ABOVE = (Sheet, Preview)  # lie over others by design
_NO_PROSE = re.compile(r"apt-get.*|`[^`]*`|vLLM at \S+")  # what is typed, or named
_ENGLISH = re.compile(r"[A-Za-z']{2,}(?: [a-z']+){2,}")  # a few words in a row


def problems(top: QWidget) -> list[str]:
    """What is wrong with what is to be seen of a window."""
    seen = [top, *(each for each in top.findChildren(QWidget) if _is_seen(each, top))]
    found = [f"{_name(each)} {wrong}" for each in seen for wrong in _cut_off(each)]
    found += _overlaps(seen)
    found += [f"{_name(each)} has no accessible name" for each in seen if _is_nameless(each)]
    return found


def out_of_reach(top: QWidget) -> list[str]:
    """What can have the focus, and never gets it by Tab."""
    sheets = [each for each in top.findChildren(Sheet) if each.isVisible()]
    within = sheets[0] if sheets else top
    wanted = [
        each
        for each in within.findChildren(QWidget)
        if each.isVisible()
        and each.isEnabled()
        and each.focusPolicy() & Qt.FocusPolicy.TabFocus
        and each.focusProxy() is None
        and not isinstance(each.parent(), _WHOLE)
    ]
    top.activateWindow()
    reached: list[QWidget] = []
    while (focused := QApplication.focusWidget() or top) not in reached:
        reached.append(focused)
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    groups = [each.group() for each in reached if isinstance(each, QAbstractButton)]
    return [
        f"{_name(each)} is out of Tab's reach"
        for each in wanted
        if each not in reached
        # of a group of radio buttons Tab reaches one, and the arrows the others
        and not (isinstance(each, QAbstractButton) and each.group() and each.group() in groups)
    ]


def english(top: QWidget, words: tuple[Words, ...] = (ENGLISH, CHINESE)) -> list[str]:
    """Texts in a translated window that are still English, but for what the run has said."""
    told = CRASH + "".join(
        "\n".join((each.task, each.answer, *itertools.chain(*each.steps))) for each in words
    )
    shown = [each.text() for kind in (QLabel, QAbstractButton) for each in _visible(top, kind)]
    shown += [each.toPlainText() for each in _visible(top, QPlainTextEdit)]
    lines = [line for text in shown for line in text.splitlines() if line.strip() not in told]
    texts = [_NO_PROSE.sub("", line.replace(WINDOW.title, "")) for line in lines]
    return [f"still English: {text}" for text in texts if _ENGLISH.search(text)]


def _visible(top: QWidget, kind: type[Kind]) -> list[Kind]:
    return [each for each in top.findChildren(kind) if each.isVisible()]


def _is_seen(widget: QWidget, top: QWidget) -> bool:
    return widget.isVisible() and widget.window() is top and not isinstance(widget.parent(), _WHOLE)


def _cut_off(widget: QWidget) -> Iterator[str]:
    metrics = QFontMetrics(widget.font())
    if isinstance(widget, QLabel) and not isinstance(widget, LineLabel) and widget.text():
        room = widget.contentsRect()
        if widget.wordWrap():
            if widget.heightForWidth(widget.width()) > widget.height() + SLACK:
                yield f"is lower than its lines: {widget.height()}"
            longest = max(metrics.horizontalAdvance(word) for word in widget.text().split())
            if longest > room.width() + SLACK and widget.text().isascii():
                yield f"has a word that is wider than it: {longest} > {room.width()}"
        elif _lacks(widget, widget.sizeHint().width(), widget.sizeHint().height()):
            yield f"is {widget.size().toTuple()} and needs {widget.sizeHint().toTuple()}"
    elif isinstance(widget, QAbstractButton | QComboBox | QAbstractSpinBox):
        needs = widget.sizeHint()
        if isinstance(widget, QComboBox):
            needs = widget.minimumSizeHint()
        if _lacks(widget, needs.width(), needs.height()):
            yield f"is {widget.size().toTuple()} and needs {needs.toTuple()}"
    elif isinstance(widget, QLineEdit) and not widget.text():
        needs = metrics.horizontalAdvance(widget.placeholderText()) + 12
        if needs > widget.width():
            yield f"has a longer placeholder: {needs} > {widget.width()}"
    parent = widget.parentWidget()
    if parent is None or isinstance(widget, Preview):
        return
    scrolls = isinstance(parent.parent(), QAbstractScrollArea)
    if not scrolls and not parent.rect().adjusted(-SLACK, -SLACK, SLACK, SLACK).contains(
        widget.geometry()
    ):
        yield f"{widget.geometry().getRect()} leaves its parent {parent.rect().getRect()}"


def _lacks(widget: QWidget, width: int, height: int) -> bool:
    return width > widget.width() + SLACK or height > widget.height() + SLACK


def _overlaps(seen: list[QWidget]) -> Iterator[str]:
    by_parent: dict[int, list[QWidget]] = {}
    for widget in seen:
        if isinstance(widget, (*_ABOVE, QSplitterHandle)) or widget.parent() is None:
            continue
        by_parent.setdefault(id(widget.parent()), []).append(widget)
    for siblings in by_parent.values():
        for one, other in itertools.combinations(siblings, 2):
            if not (one.geometry() & other.geometry()).isEmpty():
                yield f"{_name(one)} lies on {_name(other)}"


def _is_nameless(widget: QWidget) -> bool:
    if widget.focusPolicy() == Qt.FocusPolicy.NoFocus or widget.isWindow():
        return False
    told = QAccessible.queryAccessibleInterface(widget)
    return told is None or not told.text(QAccessible.Text.Name).strip()


def _name(widget: QWidget) -> str:
    text = getattr(widget, "text", None)
    said = text() if callable(text) else widget.accessibleName()
    return f"{type(widget).__name__} “{str(said)[:50]}”"


def main(chosen: list[str]) -> None:
    app = make_application([])
    apply_theme(app, LIGHT)
    found: dict[str, list[str]] = {}
    for language in chosen:
        languages.install(app, language, None)
        with tempfile.TemporaryDirectory() as home:
            os.environ["HOME"] = os.environ["XDG_DATA_HOME"] = home
            pages = Pages(Path(home), LIGHT, language)
            for page in PAGES:
                seen = pages.show(page)
                wrong = {each: None for top in seen for each in problems(top)}
                if seen == (pages.window,):
                    wrong |= dict.fromkeys(out_of_reach(pages.window))
                    pages.window.resize(*SIZES[1])
                    pages.settle()
                    small = [f"when small: {each}" for each in problems(pages.window)]
                    wrong |= dict.fromkeys(small)
                if language != "en":
                    wrong |= {each: None for top in seen for each in english(top)}
                found[f"{page}, {language}"] = list(wrong)
            pages.close()
    sys.stdout.write(json.dumps(found))
    QApplication.shutdown(app)


if __name__ == "__main__":
    main(sys.argv[1:])
