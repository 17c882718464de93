"""Labels for texts of any length."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QWidget

from agent_app.ui.story import shown_text

_LONGEST_TIP = 1000
_LONGEST_LINE = 2000


class LineLabel(QLabel):
    """One line of plain text, cut with an ellipsis where it does not fit; the tip has all of it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)

    def set_line(self, text: str) -> None:
        """Show this as one line."""
        lines = (line.strip() for line in shown_text(text[:_LONGEST_LINE]).splitlines())
        self.setText(" · ".join(line for line in lines if line))
        self.setToolTip(plain_tip(text))

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(40, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        painter = QPainter(self)
        room = self.contentsRect()
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        self.style().drawItemText(painter, room, flags, self.palette(), True, text)
        painter.end()


def plain_tip(text: str) -> str:
    """The text as a tool tip; one that Qt could take for markup is escaped."""
    short = text if len(text) <= _LONGEST_TIP else text[: _LONGEST_TIP - 1] + "…"
    if "<" not in short:
        return short
    escaped = short.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<p style='white-space: pre-wrap'>{escaped}</p>"


def homely(path: Path) -> str:
    """A path as people write it: what is in their own folder begins with ~."""
    try:
        return str(Path("~", path.relative_to(Path.home())))
    except (ValueError, RuntimeError):  # elsewhere, or nobody knows where their folder is
        return str(path)
