"""The list of steps: number, intent, how it went, how long it took."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any, Literal

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from agent_app.events import Timing
from agent_app.ui.labels import plain_tip
from agent_app.ui.phrases import deed_text
from agent_app.ui.story import Deed, Step, Story, shown_line
from agent_app.ui.theme import Theme
from agent_app.ui.timing import paint_shares, seconds_text

Index = QModelIndex | QPersistentModelIndex
STEP_ROLE = int(Qt.ItemDataRole.UserRole) + 1
DETAIL_ROLE = STEP_ROLE + 1
ROW_ROLE = STEP_ROLE + 2

RowTone = Literal["live", "good", "warn", "bad", "info", "muted"]

_PADDING = 8
_BADGE = 24.0
_BAR = 5  # pixels for the bar and the gap above it
_LONGEST_DEED = 60  # characters
_LONG_NUMBER = 4  # digits, which need smaller ones


@dataclass(frozen=True, slots=True)
class Row:
    """How a step looks in a list: its number, how it goes or went, the colour of its second line.

    The tone "live" is of a step under way. With a timing it has a thin bar of where its time went.
    """

    number: int
    tone: RowTone
    detail_tone: RowTone = "muted"
    timing: Timing | None = None


class StepList(QListView):
    """The list, which says what it is for while it is empty."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setAccessibleName(self.tr("Steps"))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        super().paintEvent(event)
        if self.model().rowCount():
            return
        painter = QPainter(self.viewport())
        painter.setPen(self.palette().placeholderText().color())
        room = self.viewport().rect().adjusted(_PADDING, _PADDING, -_PADDING, -_PADDING)
        painter.drawText(room, Qt.TextFlag.TextWordWrap, self.tr("Each step appears here."))
        painter.end()


class StepListModel(QAbstractListModel):
    """The steps of a story, one row each.

    `STEP_ROLE` gives the Step itself, `DETAIL_ROLE` the second line of its row, `ROW_ROLE` its Row.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._story = Story()
        self._rows = 0
        self._looks: dict[int, tuple[str, str, Row]] = {}  # of the last rows, as they were told

    def show_story(self, story: Story) -> None:
        """Show another run."""
        self.beginResetModel()
        self._story = story
        self._rows = len(story.steps)
        self._looks = {}
        self.endResetModel()

    def follow(self) -> None:
        """Take over what has happened in the story since: new rows, and the last ones changed."""
        before, now = self._rows, len(self._story.steps)
        if now > before:
            self.beginInsertRows(QModelIndex(), before, now - 1)
            self._rows = now
            self.endInsertRows()
        last = range(max(0, before - 2), now)
        looks = {row: self._look(self._story.steps[row]) for row in last}
        for row in last:
            if row < before and looks[row] != self._looks.get(row):  # new ones have been told
                self.dataChanged.emit(self.index(row), self.index(row))
        self._looks = looks

    def step_at(self, row: int) -> Step | None:
        """The step of a row, or None when there is no such row."""
        return self._story.steps[row] if 0 <= row < self._rows else None

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's own
        return 0 if parent.isValid() else self._rows

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        step = self.step_at(index.row()) if index.isValid() else None
        if step is None:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._title(step)
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tip("\n".join(deed.intent for deed in step.deeds)) or None
            case Qt.ItemDataRole.AccessibleTextRole:
                said = self.tr("Step {number}: {title}, {detail}")
                return said.format(
                    number=step.number, title=self._title(step), detail=self._detail(step)
                )
            case _ if role == STEP_ROLE:
                return step
            case _ if role == DETAIL_ROLE:
                return self._detail(step)
            case _ if role == ROW_ROLE:
                return replace(_row(step), timing=step.timing)
            case _:
                return None

    def _look(self, step: Step) -> tuple[str, str, Row]:
        return self._title(step), self._detail(step), replace(_row(step), timing=step.timing)

    def _title(self, step: Step) -> str:
        intent = " ".join(step.intent.split())
        if intent:
            more = len(step.deeds) - 1
            return f"{intent}  +{more}" if more else intent
        return {
            "looking": self.tr("Looking"),
            "thinking": self.tr("Thinking"),
            "asking": self.tr("A question"),
            "mistake": self.tr("No usable answer"),
        }.get(step.state, self.tr("Nothing done"))

    def _detail(self, step: Step) -> str:
        state = {
            "looking": self.tr("looking at the screen"),
            "thinking": self.tr("thinking"),
            "offering": self.tr("about to act"),
            "acting": self.tr("acting"),
            "asking": self.tr("waiting for you"),
            "settling": self.tr("waiting for the screen to settle"),
            "done": self.tr("done"),
            "broken off": self.tr("broken off"),
            "mistake": self.tr("could not be carried out"),
            "ended": self.tr("ended here"),
        }[step.state]
        if step.state == "done" and step.changed is False:
            state = self.tr("done, nothing changed")
        elif step.state == "done" and step.settled is False:
            state = self.tr("done, the screen kept moving")
        if step.seconds is not None:
            took = seconds_text(step.seconds)
        else:
            took = f"{time.monotonic() - step.started:.0f} s"
        return " · ".join((state, took, *map(_deed_text, step.deeds[:1])))


class StepDelegate(QStyledItemDelegate):
    """Draws a row: the number in a circle that says how it went, two lines of text.

    With `bars` there is room for where the time of each step went.
    """

    def __init__(self, theme: Theme, parent: QWidget, *, bars: bool = False) -> None:
        super().__init__(parent)
        self._theme = theme
        self._bars = bars

    def set_theme(self, theme: Theme) -> None:
        """Draw in these colours."""
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802, ARG002
        metrics: QFontMetrics = option.fontMetrics  # type: ignore[attr-defined]  # not in the stubs
        bar = _BAR if self._bars else 0
        return QSize(120, 2 * metrics.height() + 2 * _PADDING + 2 + bar)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        theme = self._theme
        row: Row = index.data(ROW_ROLE)
        room: QRectF = option.rect.toRectF()  # type: ignore[attr-defined]  # not in the stubs
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]  # not in the stubs
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.accent_soft))
            painter.drawRoundedRect(room.adjusted(1, 1, -1, -1), 6, 6)
        centre = QPointF(room.left() + _PADDING + _BADGE / 2, room.center().y())
        self._paint_badge(painter, row, centre)
        text = room.adjusted(_PADDING * 2 + _BADGE, _PADDING, -_PADDING, -_PADDING)
        metrics = painter.fontMetrics()
        title = QRectF(text.left(), text.top(), text.width(), metrics.height())
        detail = title.translated(0, metrics.height() + 2)
        for place, words, colour in (
            (title, index.data(), theme.text),
            (detail, index.data(DETAIL_ROLE), theme.tone(row.detail_tone)[1]),
        ):
            painter.setPen(QColor(colour))
            fitting = metrics.elidedText(words, Qt.TextElideMode.ElideRight, int(place.width()))
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, fitting)
        if self._bars and row.timing is not None:
            top = detail.bottom() + 4
            paint_shares(painter, row.timing, theme, QRectF(text.left(), top, text.width(), 3))
        painter.restore()

    def _paint_badge(self, painter: QPainter, row: Row, centre: QPointF) -> None:
        theme = self._theme
        ground, line = theme.tone(row.tone)
        painter.setPen(QPen(QColor(line), 1.2))
        painter.setBrush(QColor(ground))
        painter.drawEllipse(centre, _BADGE / 2, _BADGE / 2)
        font = QFont(painter.font())
        number_font = QFont(font)
        number_font.setBold(True)
        digits = len(str(row.number))
        number_font.setPointSizeF(font.pointSizeF() * (0.66 if digits >= _LONG_NUMBER else 0.86))
        painter.setFont(number_font)
        painter.setPen(QColor(theme.on_accent if ground == theme.accent else line))
        badge = QRectF(0, 0, _BADGE, _BADGE)
        badge.moveCenter(centre)
        painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, str(row.number))
        painter.setFont(font)
        if row.tone in ("good", "warn", "bad"):
            self._paint_result(painter, row.tone, QPointF(badge.right() - 1, badge.bottom() - 3))

    def _paint_result(self, painter: QPainter, tone: RowTone, at: QPointF) -> None:
        """A small tick, or an exclamation mark, at the badge's lower right."""
        good = tone == "good"
        painter.setPen(QPen(QColor(self._theme.surface), 1.5))
        painter.setBrush(QColor(self._theme.tone(tone)[1]))
        painter.drawEllipse(at, 6, 6)
        pen = QPen(QColor(self._theme.surface), 1.6)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        if good:
            painter.drawPolyline(
                [at + QPointF(x, y) for x, y in ((-2.6, 0.2), (-0.7, 2.2), (2.7, -2))]
            )
        else:
            painter.drawLine(at + QPointF(0, -3), at + QPointF(0, 0.6))
            painter.drawPoint(at + QPointF(0, 2.9))


def _deed_text(deed: Deed) -> str:
    """An action and where it goes, such as `click (412, 230)`."""
    places = " → ".join(f"({point.x}, {point.y})" for point in deed.points)
    said = shown_line(deed_text(deed.action), _LONGEST_DEED)
    return f"{said} {places}" if places else said


def _row(step: Step) -> Row:
    quiet = step.changed is False or step.settled is False
    match step.state:
        case "done":
            return Row(step.number, "warn", "warn") if quiet else Row(step.number, "good")
        case "mistake":
            return Row(step.number, "warn", "warn")
        case "ended" | "broken off":
            return Row(step.number, "muted")
        case _:
            return Row(step.number, "live", "warn" if quiet else "muted")
