"""The episodes of a library as a list, looked up in a thread so that the window never waits."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QCoreApplication,
    QModelIndex,
    QObject,
    QRectF,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from agent_app.episode.entry import Entry
from agent_app.episode.library import Library
from agent_app.errors import KnownError
from agent_app.ui.steps import Index
from agent_app.ui.story import shown_line
from agent_app.ui.theme import Theme
from agent_app.ui.timing import seconds_text

LISTED_ROLE = int(Qt.ItemDataRole.UserRole) + 1
_TONES = {
    "success": "good",
    "failure": "bad",
    "error": "bad",
    "unreadable": "bad",
    "stopped": "warn",
    "limit": "warn",
    "running": "live",
}
_LONGEST = 400
_PADDING = 10


@dataclass(frozen=True, slots=True)
class Listed:
    """An episode in the list; `found` is where the words that were looked for stand in it."""

    entry: Entry
    found: str = ""

    @property
    def title(self) -> str:
        """The task, or the folder's name when there is none."""
        return shown_line(self.entry.task, _LONGEST) or self.entry.name

    @property
    def facts(self) -> str:
        """How it ended, and the rest of what is known in a line."""
        entry = self.entry
        translate = QCoreApplication.translate
        steps = (
            translate("Entries", "1 step")
            if entry.steps == 1
            else translate("Entries", "{n} steps").format(n=entry.steps)
        )
        facts = (
            translate("Entries", entry.state)
            if entry.state != "limit"
            else translate("Entries", "limit reached"),
            entry.created[:16].replace("T", " "),
            shown_line(entry.model, 60),
            steps,
            seconds_text(entry.seconds) if 0 < entry.seconds < 1e7 else "",
            megabytes(entry.bytes),
            translate("Entries", "damaged") if entry.problems else "",
        )
        return "  ·  ".join(fact for fact in facts if fact)


class Lookup(QObject):
    """Asks the library; while it is busy, only the last question is kept. To be closed.

    **Signals:**

    - `listed` (tuple of Listed): the answer, the newest first, or the best found first
    - `failed` (KnownError): the library cannot be read
    - `crashed` (str): a fault of ours; a report to copy
    """

    listed = Signal(object)
    failed = Signal(object)
    crashed = Signal(str)
    _answered = Signal(object)

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self._thread: threading.Thread | None = None
        self._next: str | None = None
        self._answered.connect(self._on_answered, Qt.ConnectionType.QueuedConnection)

    def ask(self, words: str) -> None:
        """List the episodes that hold these words; without any, all of them."""
        if self._thread is not None:
            self._next = words
            return
        self._thread = threading.Thread(
            target=self._run, args=(words,), name="agent-app library", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Wait for the thread; nothing is told any more."""
        self._next = None
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    @Slot(object)
    def _on_answered(self, tell: Callable[[], None]) -> None:
        if self._thread is None:
            return  # closed meanwhile
        self._thread.join()
        self._thread = None
        tell()
        if self._next is not None:
            words, self._next = self._next, None
            self.ask(words)

    def _run(self, words: str) -> None:
        try:
            with Library(self._folder) as library:
                self._answered.emit(partial(self.listed.emit, _listed(library, words)))
        except KnownError as error:
            self._answered.emit(partial(self.failed.emit, error))
        except Exception:
            self._answered.emit(partial(self.crashed.emit, traceback.format_exc()))
            raise  # the thread's hook prints it


def _listed(library: Library, words: str) -> tuple[Listed, ...]:
    if not words.strip():
        return tuple(Listed(entry) for entry in library.entries())
    best: dict[Path, Listed] = {}
    for match in library.search(words):
        where = f"{match.kind}, step {match.step}" if match.step else match.kind
        seen = match.kind == "task"  # which is in the list anyway
        found = "" if seen else f"{where}: {_around(match.text, words)}"
        best.setdefault(match.entry.folder, Listed(match.entry, found))
    return tuple(best.values())


def _around(text: str, words: str) -> str:
    """The part of a text where the first of the words stands; one line."""
    at = text.casefold().find(words.split()[0].casefold())
    start = max(0, at - 60)
    part = shown_line(text[start:], 240)
    return f"… {part}" if start else part


class EntryListModel(QAbstractListModel):
    """One row for each episode; `LISTED_ROLE` gives it."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[Listed, ...] = ()

    @property
    def rows(self) -> tuple[Listed, ...]:
        """What is shown."""
        return self._rows

    def show_rows(self, rows: tuple[Listed, ...]) -> None:
        """Show these."""
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's own
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.title
            case Qt.ItemDataRole.AccessibleTextRole:
                tags = ", ".join(row.entry.tags)
                return ". ".join(part for part in (row.title, row.facts, tags, row.found) if part)
            case _ if role == LISTED_ROLE:
                return row
            case _:
                return None


class EntryDelegate(QStyledItemDelegate):
    """Draws an episode: its task, the facts with the tags behind them, and what was found."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        metrics = option.fontMetrics  # type: ignore[attr-defined]  # not in the stubs
        row: Listed = index.data(LISTED_ROLE)
        lines = 3 if row.found else 2
        return QSize(300, lines * (metrics.height() + 4) + 2 * _PADDING)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        theme = self.theme
        row: Listed = index.data(LISTED_ROLE)
        room: QRectF = option.rect.toRectF()  # type: ignore[attr-defined]  # not in the stubs
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]  # not in the stubs
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            chosen = state & QStyle.StateFlag.State_Selected
            painter.setBrush(QColor(theme.accent_soft if chosen else theme.window))
            painter.drawRoundedRect(room.adjusted(1, 1, -1, -1), 6, 6)
        painter.setBrush(QColor(theme.tone(_TONES.get(row.entry.state, "muted"))[1]))
        height = painter.fontMetrics().height()
        painter.drawEllipse(QRectF(room.left() + 12, room.top() + _PADDING + height / 2 - 4, 8, 8))
        line = QRectF(room.left() + 32, room.top() + _PADDING, room.width() - 44, height)
        font = QFont(painter.font())
        strong = QFont(font)
        strong.setWeight(QFont.Weight.DemiBold)
        painter.setFont(strong)
        _write(painter, line, row.title, theme.text)
        painter.setFont(font)
        line.translate(0, height + 4)
        width = _write(painter, line, row.facts, theme.muted)
        self._paint_tags(painter, row.entry.tags, line.adjusted(width + 12, 0, 0, 0))
        if row.found:
            line.translate(0, height + 4)
            _write(painter, line, row.found, theme.text)
        painter.restore()

    def _paint_tags(self, painter: QPainter, tags: tuple[str, ...], room: QRectF) -> None:
        metrics = QFontMetricsF(painter.font())
        for tag in tags:
            chip = QRectF(room.left(), room.top() - 1, metrics.horizontalAdvance(tag) + 14, 0)
            chip.setHeight(metrics.height() + 2)
            if chip.right() > room.right():
                return
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self.theme.sunken))
            painter.drawRoundedRect(chip, 7, 7)
            painter.setPen(QColor(self.theme.text))
            painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, tag)
            room.setLeft(chip.right() + 6)


def _write(painter: QPainter, room: QRectF, text: str, colour: str) -> float:
    """One line, cut where it does not fit; how wide it became."""
    metrics = QFontMetricsF(painter.font())
    fitting = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room.width())
    painter.setPen(QColor(colour))
    painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, fitting)
    return metrics.horizontalAdvance(fitting)


def megabytes(size: int) -> str:
    """How much an episode takes on the disk; `size` is in bytes."""
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.0f} KB"
