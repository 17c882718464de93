"""Which part of a picture is shown, and how large: fitted, or at a zoom around a place."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSizeF

ZOOMS: tuple[float, ...] = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 8.0)


class Viewport:
    """Where a picture of a size lies in a room, in the room's units.

    `zoom` is pixels of the display for one of the picture; None is as large as fits, and never
    enlarged. `ratio` is pixels of the display for one unit. A zoomed picture lies on whole pixels,
    so that at 1.0 it is shown exactly, and never leaves a gap that it could fill.
    """

    def __init__(self) -> None:
        self.zoom: float | None = None
        self._centre = QPointF(0.5, 0.5)  # of the room, in shares of the picture

    def place(self, size: QSizeF, room: QRectF, ratio: float) -> QRectF:
        """The whole picture's rectangle; zoomed, it may reach outside the room."""
        if self.zoom is None:
            scale = min(1.0, room.width() / size.width(), room.height() / size.height())
            wide, high = round(size.width() * scale), round(size.height() * scale)
            shown = QRectF(0, 0, max(1, wide), max(1, high))
            shown.moveCenter(room.center())
            shown.moveTopLeft(QPointF(round(shown.left()), round(shown.top())))
            return shown
        scale = self.zoom / ratio
        wide, high = size.width() * scale, size.height() * scale
        left = _edge(room.left(), room.width(), wide, self._centre.x())
        top = _edge(room.top(), room.height(), high, self._centre.y())
        return QRectF(round(left * ratio) / ratio, round(top * ratio) / ratio, wide, high)

    def zoom_to(
        self, zoom: float | None, size: QSizeF, room: QRectF, ratio: float, at: QPointF
    ) -> None:
        """Change the zoom so that the place of the picture at this point stays there."""
        before = self.place(size, room, ratio)
        inner = QPointF(
            min(max((at.x() - before.left()) / before.width(), 0.0), 1.0),
            min(max((at.y() - before.top()) / before.height(), 0.0), 1.0),
        )
        self.zoom = zoom
        if zoom is None:
            return
        wide, high = size.width() * zoom / ratio, size.height() * zoom / ratio
        self._look(
            inner.x() + (room.center().x() - at.x()) / wide,
            inner.y() + (room.center().y() - at.y()) / high,
            QSizeF(wide, high),
            room,
        )

    def pan(self, by: QPointF, size: QSizeF, room: QRectF, ratio: float) -> None:
        """Move the picture by so much, no further than to its edges."""
        if self.zoom is not None:
            wide, high = size.width() * self.zoom / ratio, size.height() * self.zoom / ratio
            self._look(
                self._centre.x() - by.x() / wide,
                self._centre.y() - by.y() / high,
                QSizeF(wide, high),
                room,
            )

    def centre_on(self, place: QPointF, size: QSizeF, room: QRectF, ratio: float) -> None:
        """Bring a place of a zoomed picture to the middle of the room, as far as its edges go."""
        if self.zoom is not None:
            shown = size * (self.zoom / ratio)
            self._look(place.x() / size.width(), place.y() / size.height(), shown, room)

    def scale(self, size: QSizeF, room: QRectF, ratio: float) -> float:
        """Pixels of the display for one of the picture, fitted or zoomed."""
        if self.zoom is not None:
            return self.zoom
        return self.place(size, room, ratio).width() / size.width() * ratio

    def _look(self, x: float, y: float, shown: QSizeF, room: QRectF) -> None:
        self._centre = QPointF(
            _within(x, room.width() / shown.width()), _within(y, room.height() / shown.height())
        )


def _within(centre: float, seen: float) -> float:
    """A centre so that no more than the picture is seen; `seen` is the room's share of it."""
    return 0.5 if seen >= 1 else min(max(centre, seen / 2), 1 - seen / 2)


def _edge(start: float, room: float, length: float, centre: float) -> float:
    return start + room / 2 - _within(centre, room / length) * length
