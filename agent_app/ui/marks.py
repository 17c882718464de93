"""Marks on a screenshot: where the agent is about to act, and more quietly where it has."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, Protocol

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF

from agent_app.actions import Action, Click, Drag, Scroll
from agent_app.geometry import FrameTransform, ScreenPoint
from agent_app.ui.theme import MARK, MARK_LABEL, SPOKEN

Shape = Literal["ring", "arrow", "scroll", "none"]
# What is done at once; what may be said no to; what was said no to.
# What the thought speaks of.
Standing = Literal["target", "ghost", "vetoed", "spoken"]

_RING = 15.0
_DONE_RING = 8.0
_CORNER = 9.0  # the length of a side
_DISC = 9.0  # around the ring of a ghost
_LABEL_GAP = 12.0
_MARGIN = 8.0
_LABEL_CHARACTERS = 60
_ARC_UNIT = 16  # of a degree
_FARTHEST = 1e6  # pixels; Qt's lines go wrong somewhere beyond


@dataclass(frozen=True, slots=True)
class Mark:
    """One action on the frame: `points` in pixels of the frame, in the order they are used.

    `direction` is where a wheel turns: (1, 0) is right, (0, 1) is down. A ghost is drawn as what
    may still not come; `done` wins over `standing`.
    """

    shape: Shape
    points: tuple[QPointF, ...]
    label: str
    done: bool
    direction: tuple[int, int] = (0, 0)
    standing: Standing = "target"


class MarkedDeed(Protocol):
    """An action of a run that goes on, or of a recorded one."""

    @property
    def action(self) -> Action: ...
    @property
    def intent(self) -> str: ...
    @property
    def points(self) -> tuple[ScreenPoint, ...]: ...
    @property
    def done(self) -> bool: ...


def mark_of(deed: MarkedDeed, transform: FrameTransform, *, standing: Standing = "target") -> Mark:
    """The mark of an action on the frame it was decided on; a place beyond all sense has none."""
    points = tuple(_on_frame(deed.points, transform))
    label = " ".join(deed.intent.split())
    if len(label) > _LABEL_CHARACTERS:
        label = label[: _LABEL_CHARACTERS - 1] + "…"
    direction = (0, 0)
    shape: Shape = "ring" if points else "none"
    match deed.action:
        case Drag() if len(points) > 1:
            shape = "arrow"
        case Scroll(dx=dx, dy=dy) if points:
            shape, direction = "scroll", (_sign(dx), -_sign(dy))
        case Click(count=count) if points and count > 1:
            label = f"{label}  ×{count}"
        case _:
            pass
    return Mark(shape, points, label, deed.done, direction, standing)


def paint_mark(
    painter: QPainter,
    mark: Mark,
    scale: float,
    picture: QRectF,
    visible: QRectF | None = None,
    *,
    left: float = 1.0,
) -> None:
    """Draw a mark on a frame shown as `picture`, `scale` times its size.

    The label stays inside what is visible of the picture, and clear of the target. `left` is the
    share of the time in which a ghost may be said no to.
    """
    points = [picture.topLeft() + point * scale for point in mark.points]
    if mark.standing == "spoken":
        for point in points:
            _spoken(painter, point)
        _label(painter, mark, points, _RING, picture if visible is None else visible)
        return
    radius = _DONE_RING if mark.done else _RING
    painter.setOpacity(0.75 if mark.done else 1.0)
    if mark.standing == "ghost" and not mark.done:
        painter.setOpacity(0.9)
        for point in points[-1:]:
            _time_left(painter, point, radius + _DISC, left)
    match mark.shape:
        case "arrow":
            _arrow(painter, points[0], points[-1], done=mark.done)
            _ring(painter, points[0], radius / 2, done=mark.done, cross=False)
        case "scroll":
            x, y = mark.direction
            _ring(painter, points[0], radius, done=mark.done, cross=False)
            reach = QPointF(x, y) * radius * 2.6
            _arrow(painter, points[0], points[0] + reach, done=mark.done)
        case "ring":
            for point in points:
                _ring(painter, point, radius, done=mark.done, cross=True)
        case "none":
            pass
    if mark.standing == "vetoed" and not mark.done:
        for point in points[-1:]:
            _no(painter, point, radius + 5)
    if mark.standing == "ghost":
        radius += _DISC
    _label(painter, mark, points, radius, picture if visible is None else visible)
    painter.setOpacity(1.0)


def paint_line(painter: QPainter, x: float, picture: QRectF) -> None:
    """Draw the line between two pictures laid over each other, with a knob to drag it by."""
    for pen in (QPen(QColor(255, 255, 255, 220), 4), QPen(QColor(MARK), 1.6)):
        painter.setPen(pen)
        painter.drawLine(QPointF(x, picture.top()), QPointF(x, picture.bottom()))
    knob = QPointF(x, picture.center().y())
    painter.setPen(QPen(QColor(255, 255, 255, 220), 1.5))
    painter.setBrush(QColor(MARK))
    painter.drawEllipse(knob, 11, 11)
    painter.setPen(QPen(QColor("#ffffff"), 1.6))
    for side in (-1, 1):
        tip = knob + QPointF(7 * side, 0)
        painter.drawPolyline([tip + QPointF(-3 * side, -3), tip, tip + QPointF(-3 * side, 3)])


def label_place(size: QSizeF, target: QPointF | None, clear: float, picture: QRectF) -> QRectF:
    """Where a label goes: below its target or above it, `clear` pixels away, in the picture.

    Without a target it goes to the foot of the picture.
    """
    place = QRectF(QPointF(), size)
    inner = picture.adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
    if target is None:
        place.moveCenter(inner.center())
        place.moveBottom(inner.bottom())
        return place
    place.moveCenter(target)
    place.moveTop(target.y() + clear)
    if place.bottom() > inner.bottom():
        place.moveBottom(target.y() - clear)
    place.moveLeft(max(inner.left(), min(place.left(), inner.right() - place.width())))
    return place


def _pens(done: bool) -> tuple[QPen, QPen]:
    """A white halo and the mark's own line: readable on any ground."""
    width = 1.6 if done else 2.6
    return QPen(QColor(255, 255, 255, 220), width + 2.4), QPen(QColor(MARK), width)


def _ring(painter: QPainter, at: QPointF, radius: float, *, done: bool, cross: bool) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in _pens(done):
        painter.setPen(pen)
        painter.drawEllipse(at, radius, radius)
        if cross and not done:
            for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                ray = QPointF(x, y)
                painter.drawLine(at + ray * (radius - 5), at + ray * (radius + 6))
    painter.setPen(QPen(QColor(255, 255, 255, 220), 1.2))
    painter.setBrush(QColor(MARK))
    painter.drawEllipse(at, 2.8, 2.8)


def _time_left(painter: QPainter, at: QPointF, radius: float, left: float) -> None:
    """An arc around a ghost that closes to nothing as its time runs out, on a faint disc."""
    disc = QColor(MARK)
    disc.setAlpha(40)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(disc)
    painter.drawEllipse(at, radius, radius)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    room = QRectF(at.x() - radius, at.y() - radius, 2 * radius, 2 * radius)
    for pen in _pens(done=False):
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        painter.drawArc(room, 90 * _ARC_UNIT, round(-360 * left * _ARC_UNIT))


def _spoken(painter: QPainter, at: QPointF) -> None:
    """Four corners around a place."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (QPen(QColor(255, 255, 255, 220), 5), QPen(QColor(SPOKEN), 2.4)):
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
            corner = at + QPointF(x, y) * _RING
            painter.drawPolyline(
                [corner - QPointF(x * _CORNER, 0), corner, corner - QPointF(0, y * _CORNER)]
            )


def _no(painter: QPainter, at: QPointF, radius: float) -> None:
    """A line through what was not done."""
    reach = QPointF(radius, -radius) * math.sqrt(0.5)
    for pen in _pens(done=False):
        painter.setPen(pen)
        painter.drawLine(at - reach, at + reach)


def _arrow(painter: QPainter, start: QPointF, end: QPointF, *, done: bool) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    angle = math.atan2(end.y() - start.y(), end.x() - start.x())
    size = 9.0 if done else 13.0
    wings = [
        end - QPointF(math.cos(angle + side), math.sin(angle + side)) * size
        for side in (-0.45, 0.45)
    ]
    shaft_end = end - QPointF(math.cos(angle), math.sin(angle)) * (size * 0.7)
    for pen in _pens(done):
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.drawLine(start, shaft_end)
        painter.setBrush(pen.color())
        painter.drawPolygon(QPolygonF([end, *wings]))


def _label(
    painter: QPainter, mark: Mark, points: list[QPointF], radius: float, picture: QRectF
) -> None:
    """A pill beside the last point; at the foot of the picture for an action without a place."""
    if not mark.label or (mark.done and points):  # a mark of the past says its words in the list
        return
    metrics = QFontMetricsF(painter.font())
    room = picture.width() - 2 * _MARGIN - 20
    text = metrics.elidedText(mark.label, Qt.TextElideMode.ElideRight, room)
    size = QSizeF(metrics.horizontalAdvance(text) + 20, metrics.height() + 8)
    pill = label_place(size, points[-1] if points else None, radius + _LABEL_GAP, picture)
    path = QPainterPath()
    path.addRoundedRect(pill, pill.height() / 2, pill.height() / 2)
    painter.setPen(QPen(QColor(255, 255, 255, 220), 1.5))
    ground = QColor(SPOKEN if mark.standing == "spoken" else MARK_LABEL)
    painter.setBrush(QColor(70, 74, 82) if mark.done else ground)
    painter.drawPath(path)
    painter.setPen(QColor("#ffffff"))
    painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)


def _on_frame(points: Iterable[ScreenPoint], transform: FrameTransform) -> Iterator[QPointF]:
    for point in points:
        with suppress(OverflowError):  # a recorded number may have a thousand digits
            place = transform.screen_to_frame(point)
            if max(abs(place.x), abs(place.y)) < _FARTHEST:
                yield QPointF(place.x, place.y)


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)
