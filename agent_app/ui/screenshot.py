"""The screenshot pane: what the agent saw, with what it was about to do drawn on it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QImage,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from agent_app.screen.frame import Pixels
from agent_app.ui.marks import Mark, paint_line, paint_mark
from agent_app.ui.pictures import Shrink, shrunk
from agent_app.ui.theme import Theme
from agent_app.ui.viewport import ZOOMS, Viewport

_CORNER = 6.0
_STILL = 4.0  # pixels that a click may move


class ScreenshotView(QWidget):
    """Shows one frame, as large as fits and never enlarged, or zoomed, with marks on it.

    With Ctrl the wheel zooms where the pointer is; a zoomed picture is moved by dragging it or by
    the wheel; a double click goes to 100 % and back. At 100 % each pixel of the frame is one of the
    display. A second picture can be laid over the first one from a line to the right.

    **Signals:**

    - `pointed` (QPointF): the person has clicked on this place, in pixels of the frame
    - `zoomed`: it is shown at another size
    - `wiped` (float): the person has moved the line, to this share of the picture's width
    """

    pointed = Signal(QPointF)
    zoomed = Signal()
    wiped = Signal(float)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._picture: Pixels | None = None
        self._other: Pixels | None = None
        self._line = 0.5
        self._scaled: dict[int, QPixmap] = {}
        self._marks: tuple[Mark, ...] = ()
        self._hint = ""
        self._left = 1.0
        self._viewport = Viewport()
        self._shrink: Shrink = shrunk
        self._dragged: QPointF | None = None
        self._pressed: QPointF | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 90)
        self.setAccessibleName(self.tr("Screenshot"))

    @property
    def picture(self) -> Pixels | None:
        """The frame shown, at its own size: (height, width, 3) RGB."""
        return self._picture

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The marks drawn on it."""
        return self._marks

    @property
    def hint(self) -> str:
        """What is said in the place of a picture."""
        return self._hint if self._picture is None else ""

    @property
    def fitted(self) -> bool:
        """Whether the whole frame is shown, as large as fits."""
        return self._viewport.zoom is None

    @property
    def scale(self) -> float:
        """Pixels of the display for one of the frame."""
        if self._picture is None:
            return 1.0
        return self._viewport.scale(self._size(), self._room(), self.devicePixelRatioF())

    def set_theme(self, theme: Theme) -> None:
        """Draw in these colours."""
        self._theme = theme
        self.update()

    def shrink_by(self, shrink: Shrink) -> None:
        """Bring frames to their size by this, such as one that has done it already."""
        self._shrink = shrink

    def show_picture(
        self,
        picture: Pixels | None,
        marks: tuple[Mark, ...],
        hint: str = "",
        *,
        other: Pixels | None = None,
    ) -> None:
        """Show a frame with its marks; without one, `hint` says why there is none.

        `other`, of the same size, is laid over it to the right of the line.
        """
        if other is not None and (picture is None or other.shape != picture.shape):
            other = None
        if (
            picture is self._picture
            and other is self._other
            and marks == self._marks
            and hint == self._hint
        ):
            return
        if picture is not self._picture or other is not self._other:
            self._scaled.clear()
        self._picture = picture
        self._other = other
        self._marks = marks
        self._hint = hint
        described = ", ".join(mark.label for mark in marks if mark.label)
        self.setAccessibleDescription(described or self.hint)
        self._show_cursor()
        self.update()
        self.zoomed.emit()

    @Slot(float)
    def count_down(self, left: float) -> None:
        """This share of the time for a veto is left."""
        self._left = left
        self.update()

    def set_line(self, share: float) -> None:
        """Lay the second picture over the first one from here on, in shares of the width."""
        self._line = min(max(share, 0.0), 1.0)
        self.update()

    def fit(self) -> None:
        """Show the whole frame."""
        self._zoom_to(None, self._room().center())

    def show_pixels(self) -> None:
        """Show the frame at 100 %: one pixel as one of the display."""
        self._zoom_to(1.0, self._focus())

    def zoom_by(self, steps: int, at: QPointF | None = None) -> None:
        """Enlarge by so many steps, or reduce, and keep what is at this point where it is."""
        now = self.scale
        if steps > 0:
            zoom = next((zoom for zoom in ZOOMS if zoom > now * 1.01), ZOOMS[-1])
        else:
            zoom = next((zoom for zoom in reversed(ZOOMS) if zoom < now * 0.99), ZOOMS[0])
        self._zoom_to(zoom, at or self._focus())

    def bring_to_view(self, place: QPointF) -> None:
        """Move a zoomed frame so that this place of it, in its pixels, is seen."""
        at = self._on_screen(place)
        if not self.fitted and not self._room().adjusted(24, 24, -24, -24).contains(at):
            self._viewport.centre_on(place, self._size(), self._room(), self.devicePixelRatioF())
            self.update()

    def picture_rect(self) -> QRectF:
        """Where the frame is drawn, in this widget's coordinates; zoomed, it may reach outside."""
        return self._viewport.place(self._size(), self._room(), self.devicePixelRatioF())

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(640, 400)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._scaled.clear()
        super().changeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        super().resizeEvent(event)
        self.zoomed.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        turned = event.angleDelta()
        if self._picture is None:
            event.ignore()
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier and turned.y():
            self.zoom_by(1 if turned.y() > 0 else -1, event.position())
        elif not self.fitted:
            self._pan(QPointF(turned) / 2)
        else:
            event.ignore()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        if self._picture is not None:
            self._zoom_to(1.0 if self.fitted else None, event.position())

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        if event.button() == Qt.MouseButton.LeftButton and self._picture is not None:
            self._dragged = self._pressed = event.position()
            if self._other is not None:
                self._wipe(event.position())
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        if self._dragged is None or self._picture is None:
            return
        if self._other is not None:
            self._wipe(event.position())
        else:
            self._pan(event.position() - self._dragged)
        self._dragged = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        pressed, self._pressed = self._pressed, None
        self._dragged = None
        if pressed is None or self._picture is None or self._other is not None:
            return
        shown = self.picture_rect()
        if (event.position() - pressed).manhattanLength() <= _STILL and shown.contains(pressed):
            scale = self._size().width() / shown.width()
            self.pointed.emit((pressed - shown.topLeft()) * scale)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self._theme.line), 1))
        painter.setBrush(QColor(self._theme.sunken))
        painter.drawRoundedRect(self._room(), 8, 8)
        if self._picture is None:
            self._paint_hint(painter)
        else:
            self._paint_picture(painter, self._picture)
        painter.end()

    def _size(self) -> QSizeF:
        assert self._picture is not None
        height, width, _ = self._picture.shape
        return QSizeF(width, height)

    def _room(self) -> QRectF:
        return self.contentsRect().adjusted(1, 1, -1, -1).toRectF()

    def _on_screen(self, place: QPointF) -> QPointF:
        """Where a place of the frame, in its pixels, lies in this widget."""
        shown = self.picture_rect()
        return shown.topLeft() + place * (shown.width() / self._size().width())

    def _focus(self) -> QPointF:
        """What the person looks at, as far as one can tell: the last mark, else the middle."""
        room, places = self._room(), [mark.points[-1] for mark in self._marks if mark.points]
        if self._picture is not None and places:
            at = self._on_screen(places[-1])
            if room.contains(at):
                return at
        return room.center()

    def _zoom_to(self, zoom: float | None, at: QPointF) -> None:
        if self._picture is None:
            return
        ratio = self.devicePixelRatioF()
        self._viewport.zoom_to(zoom, self._size(), self._room(), ratio, at)
        self._show_cursor()
        self.update()
        self.zoomed.emit()

    def _pan(self, by: QPointF) -> None:
        self._viewport.pan(by, self._size(), self._room(), self.devicePixelRatioF())
        self.update()

    def _wipe(self, at: QPointF) -> None:
        shown = self.picture_rect()
        self.set_line((at.x() - shown.left()) / shown.width())
        self.wiped.emit(self._line)

    def _show_cursor(self) -> None:
        if self._picture is None or (self.fitted and self._other is None):
            self.unsetCursor()
        else:
            wiping = self._other is not None
            shapes = Qt.CursorShape
            self.setCursor(shapes.SplitHCursor if wiping else shapes.OpenHandCursor)

    def _paint_hint(self, painter: QPainter) -> None:
        room = self._room()
        painter.setPen(QColor(self._theme.muted))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(room.adjusted(24, 24, -24, -24), flags, self._hint)

    def _paint_picture(self, painter: QPainter, picture: Pixels) -> None:
        shown = self.picture_rect()
        visible = shown & self._room()
        outline = QPainterPath()
        outline.addRoundedRect(visible, _CORNER, _CORNER)
        painter.save()
        painter.setClipPath(outline)
        self._paint_pixels(painter, picture, shown, visible)
        if self._other is not None:
            over = QRectF(visible)
            over.setLeft(max(visible.left(), shown.left() + self._line * shown.width()))
            painter.setClipRect(over, Qt.ClipOperation.IntersectClip)
            self._paint_pixels(painter, self._other, shown, visible)
        painter.restore()
        painter.setPen(QPen(QColor(self._theme.line), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(outline)
        painter.setClipRect(visible)
        if self._other is not None:
            paint_line(painter, shown.left() + self._line * shown.width(), visible)
        scale = shown.width() / picture.shape[1]
        for mark in self._marks:
            paint_mark(painter, mark, scale, shown, visible, left=self._left)

    def _paint_pixels(
        self, painter: QPainter, picture: Pixels, shown: QRectF, visible: QRectF
    ) -> None:
        if self.fitted:
            painter.drawPixmap(shown.topLeft(), self._scaled_to(picture, shown))
            return
        scale = shown.width() / picture.shape[1]
        height, width, _ = picture.shape
        image = QImage(picture.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        source = QRectF((visible.topLeft() - shown.topLeft()) / scale, visible.size() / scale)
        # enlarged pixels stay squares; reduced ones would vanish
        smooth = scale * self.devicePixelRatioF() < 1
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.drawImage(visible, image, source)

    def _scaled_to(self, picture: Pixels, shown: QRectF) -> QPixmap:
        """The frame at the size it is drawn; scaled once, not at every repaint."""
        ratio = self.devicePixelRatioF()
        size = (shown.size() * ratio).toSize()
        scaled = self._scaled.get(id(picture))
        if scaled is None or scaled.size() != size:
            width, height = size.width(), size.height()
            pixels = self._shrink(picture, width, height)
            image = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
            scaled = QPixmap.fromImage(image)  # copies the pixels
            scaled.setDevicePixelRatio(ratio)
            self._scaled[id(picture)] = scaled
        return scaled
