"""Where a step's time went: one bar in seven colours, with every figure written out."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from agent_app.events import Timing
from agent_app.ui.theme import STAGES, Theme

_BAR_HEIGHT = 12.0
_GAP = 10.0
_DOT = 8.0


def seconds_text(seconds: float) -> str:
    """A duration as people read it: 12 ms, 1.24 s, 3 min 05 s."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.995:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


def paint_shares(painter: QPainter, timing: Timing, theme: Theme, room: QRectF) -> None:
    """The stages of a step as one bar, each in its colour."""
    for stage, (left, width) in _shares(timing, room.width()).items():
        colour = theme.stages[STAGES.index(stage)]
        place = QRectF(room.left() + left, room.top(), width, room.height())
        painter.fillRect(place, QColor(colour))


def percentile(timings: Sequence[Timing], share: float) -> Timing:
    """The nearest-rank percentile of each stage by itself; there must be a timing."""
    rank = max(0, math.ceil(share * len(timings)) - 1)
    values = {stage: sorted(getattr(each, stage) for each in timings)[rank] for stage in STAGES}
    return Timing(**values)


class TimingBar(QWidget):
    """The stages of one step as shares of its time; a tool tip explains each.

    Of several steps it shows the middle one of each stage, and says the 95th percentile beside it.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._timing: Timing | None = None
        self._worst: Timing | None = None
        self._hint = ""
        self._names = {
            "capture": self.tr("capture"),
            "encode": self.tr("encode"),
            "prefill": self.tr("prefill"),
            "decode": self.tr("decode"),
            "parse": self.tr("parse"),
            "act": self.tr("act"),
            "settle": self.tr("settle"),
        }
        self._meanings = {
            "capture": self.tr("taking the screenshot"),
            "encode": self.tr("turning the screenshot and the text into the model's input"),
            "prefill": self.tr("the model reading its input"),
            "decode": self.tr("the model thinking and answering"),
            "parse": self.tr("turning the answer into actions"),
            "act": self.tr("moving the pointer, clicking, typing"),
            "settle": self.tr("waiting until the screen came to rest"),
        }
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName(self.tr("Time of this step"))

    def set_theme(self, theme: Theme) -> None:
        """Draw in these colours."""
        self._theme = theme
        self.update()

    def show_timing(
        self, timing: Timing | None, hint: str = "", *, worst: Timing | None = None
    ) -> None:
        """Show where the time went; without a timing, `hint` in its place.

        With `worst`, the timing is the median of several, and this their 95th percentile.
        """
        if (timing, hint, worst) == (self._timing, self._hint, self._worst):
            return
        self._timing, self._worst = timing, worst
        self._hint = hint
        said = [
            f"{self._names[stage]} {self._said(stage, value)}" for stage, value in self._values()
        ]
        self.updateGeometry()
        self.setAccessibleDescription(", ".join(said) or hint)
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(420, self.heightForWidth(420))

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(240, self.heightForWidth(max(self.width(), 240)))

    def hasHeightForWidth(self) -> bool:  # noqa: N802 - Qt's name
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802 - Qt's name
        rows = -(-len(STAGES) // self._columns(width))
        return round(_BAR_HEIGHT + _GAP + rows * self.fontMetrics().height() * 1.25)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            for stage, value in self._values():
                places = (self._segments().get(stage), self._legend_places()[stage])
                if any(place is not None and place.contains(event.pos()) for place in places):
                    text = f"{self._names[stage]}: {seconds_text(value)}\n{self._meanings[stage]}"
                    QToolTip.showText(event.globalPos(), text, self)
                    return True
            QToolTip.hideText()
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track = QPainterPath()
        track.addRoundedRect(
            QRectF(0, 0, self.width(), _BAR_HEIGHT), _BAR_HEIGHT / 2, _BAR_HEIGHT / 2
        )
        painter.fillPath(track, QColor(self._theme.sunken))
        painter.save()
        painter.setClipPath(track)
        colours = dict(zip(STAGES, self._theme.stages, strict=True))
        for stage, place in self._segments().items():
            painter.fillRect(place, QColor(colours[stage]))
        painter.restore()
        if self._timing is None:
            painter.setPen(QColor(self._theme.muted))
            top = _BAR_HEIGHT + _GAP
            room = QRectF(0, top, self.width(), self.height() - top)
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft, self._hint)
        else:
            self._paint_legend(painter, colours)
        painter.end()

    def _paint_legend(self, painter: QPainter, colours: dict[str, str]) -> None:
        places = self._legend_places()
        metrics = self.fontMetrics()
        for stage, value in self._values():
            place = places[stage]
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours[stage]))
            painter.drawEllipse(
                QPointF(place.left() + _DOT / 2, place.center().y()), _DOT / 2, _DOT / 2
            )
            name = self._names[stage] + " "
            words = place.adjusted(_DOT + 6, 0, 0, 0)
            painter.setPen(QColor(self._theme.muted))
            painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, name)
            words.setLeft(words.left() + metrics.horizontalAdvance(name))
            painter.setPen(QColor(self._theme.text))
            painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, self._said(stage, value))

    def _said(self, stage: str, value: float) -> str:
        if self._worst is None:
            return seconds_text(value)
        return f"{seconds_text(value)} / {seconds_text(getattr(self._worst, stage))}"

    def _values(self) -> list[tuple[str, float]]:
        if self._timing is None:
            return []
        return [(stage, float(getattr(self._timing, stage))) for stage in STAGES]

    def _segments(self) -> dict[str, QRectF]:
        """The bar's pieces; one too short to see gets two pixels."""
        if self._timing is None:
            return {}
        shares = _shares(self._timing, self.width())
        return {
            stage: QRectF(left, 0, width, _BAR_HEIGHT) for stage, (left, width) in shares.items()
        }

    def _columns(self, width: int) -> int:
        longest = "prefill 00.00 s" if self._worst is None else "prefill 00.00 s / 00.00 s"
        cell = self.fontMetrics().horizontalAdvance(longest) + round(_DOT) + 22
        return min(len(STAGES), max(1, width // cell))

    def _legend_places(self) -> dict[str, QRectF]:
        columns = self._columns(self.width())
        cell = self.width() / columns
        line = self.fontMetrics().height() * 1.25
        top = _BAR_HEIGHT + _GAP
        return {
            stage: QRectF(n % columns * cell, top + n // columns * line, cell, line)
            for n, stage in enumerate(STAGES)
        }


def _shares(timing: Timing, width: float) -> dict[str, tuple[float, float]]:
    """Where each stage begins and how wide it is in a bar of this width; at least two pixels."""
    values = [(stage, float(getattr(timing, stage))) for stage in STAGES]
    total = sum(value for _, value in values)
    if total <= 0:
        return {}
    widths = {stage: max(2.0, width * value / total) for stage, value in values if value > 0}
    shrink = width / sum(widths.values())
    places: dict[str, tuple[float, float]] = {}
    left = 0.0
    for stage, each in widths.items():
        places[stage] = (left, each * shrink)
        left += each * shrink
    return places
