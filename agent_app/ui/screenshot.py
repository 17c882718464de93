"""The screenshot pane: what the agent saw, with what it was about to do drawn on it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import cv2
import numpy as np
from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from agent_app.screen.frame import Frame, Pixels
from agent_app.ui.marks import Mark, paint_mark
from agent_app.ui.theme import Theme

_KEPT = 8  # frames; 6 MB each at 1080p
_CORNER = 6.0


class FramePictures:
    """The pixels of a run's frames, by sha1; only the latest used are kept.

    `load` gives a frame, or None when it is no longer there.
    """

    def __init__(self, load: Callable[[str], Frame | None]) -> None:
        self._load = load
        self._kept: OrderedDict[str, Pixels] = OrderedDict()

    def get(self, sha1: str) -> Pixels | None:
        """(height, width, 3) RGB, or None when the frame is no longer there."""
        if sha1 in self._kept:
            self._kept.move_to_end(sha1)
            return self._kept[sha1]
        frame = self._load(sha1)
        if frame is None:
            return None
        self._kept[sha1] = frame.pixels
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return frame.pixels


class ScreenshotView(QWidget):
    """Shows one frame, as large as fits and never enlarged, with marks on it."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._picture: Pixels | None = None
        self._scaled: QPixmap | None = None
        self._marks: tuple[Mark, ...] = ()
        self._hint = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 150)
        self.setAccessibleName(self.tr("Screenshot"))

    @property
    def picture(self) -> Pixels | None:
        """The frame shown, at its own size: (height, width, 3) RGB."""
        return self._picture

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The marks drawn on it."""
        return self._marks

    def set_theme(self, theme: Theme) -> None:
        """Draw in these colours."""
        self._theme = theme
        self.update()

    def show_picture(self, picture: Pixels | None, marks: tuple[Mark, ...], hint: str = "") -> None:
        """Show a frame with its marks; without one, `hint` says why there is none."""
        if picture is self._picture and marks == self._marks and hint == self._hint:
            return
        if picture is not self._picture:
            self._scaled = None
        self._picture = picture
        self._marks = marks
        self._hint = hint
        described = ", ".join(mark.label for mark in marks if mark.label)
        self.setAccessibleDescription(described or hint)
        self.update()

    def picture_rect(self) -> QRectF:
        """Where the frame is drawn, in this widget's coordinates."""
        assert self._picture is not None
        height, width, _ = self._picture.shape
        room = self.contentsRect().adjusted(1, 1, -1, -1).toRectF()
        scale = min(1.0, room.width() / width, room.height() / height)
        shown = QRectF(0, 0, round(width * scale), round(height * scale))
        shown.moveCenter(room.center())
        shown.moveTop(room.top())
        return shown.translated(round(shown.left()) - shown.left(), 0)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(640, 400)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._scaled = None
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._picture is None:
            self._paint_hint(painter)
        else:
            self._paint_picture(painter, self._picture)
        painter.end()

    def _paint_hint(self, painter: QPainter) -> None:
        room = self.contentsRect().adjusted(1, 1, -1, -1).toRectF()
        painter.setPen(QPen(QColor(self._theme.line), 1))
        painter.setBrush(QColor(self._theme.sunken))
        painter.drawRoundedRect(room, 8, 8)
        painter.setPen(QColor(self._theme.muted))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(room.adjusted(24, 24, -24, -24), flags, self._hint)

    def _paint_picture(self, painter: QPainter, picture: Pixels) -> None:
        shown = self.picture_rect()
        pixmap = self._scaled_to(picture, shown)
        outline = QPainterPath()
        outline.addRoundedRect(shown, _CORNER, _CORNER)
        painter.save()
        painter.setClipPath(outline)
        painter.drawPixmap(shown.topLeft(), pixmap)
        painter.restore()
        painter.setPen(QPen(QColor(self._theme.line), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(outline)
        painter.setClipRect(shown)
        scale = shown.width() / picture.shape[1]
        for mark in self._marks:
            paint_mark(painter, mark, scale, shown)

    def _scaled_to(self, picture: Pixels, shown: QRectF) -> QPixmap:
        """The frame at the size it is drawn; scaled once, not at every repaint."""
        ratio = self.devicePixelRatioF()
        size = (shown.size() * ratio).toSize()
        if self._scaled is None or self._scaled.size() != size:
            width, height = size.width(), size.height()
            pixels = _shrunk(picture, width, height)
            image = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
            self._scaled = QPixmap.fromImage(image)  # copies the pixels
            self._scaled.setDevicePixelRatio(ratio)
        return self._scaled


def _shrunk(picture: Pixels, width: int, height: int) -> Pixels:
    """The picture at this size, smoothly.

    Halving is ten times as quick as averaging by any other factor, so it is all that is done, once
    the picture has been brought to twice the size.
    """
    if picture.shape[:2] == (height, width):
        return np.ascontiguousarray(picture)
    while picture.shape[1] >= 4 * width:
        picture = _resized(picture, picture.shape[1] // 2, picture.shape[0] // 2, cv2.INTER_AREA)
    picture = _resized(picture, 2 * width, 2 * height, cv2.INTER_LINEAR)
    return _resized(picture, width, height, cv2.INTER_AREA)


def _resized(picture: Pixels, width: int, height: int, how: int) -> Pixels:
    return cv2.resize(picture, (width, height), interpolation=how).astype(np.uint8, copy=False)
