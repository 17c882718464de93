"""What the pages share: a heading, and cards below each other that scroll."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

WIDEST = 860  # pixels: longer lines are hard to read


class Page(QWidget):
    """A heading with a line below it, and `body`, which scrolls when it is high."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        inner = QWidget(self)
        inner.setProperty("role", "page")
        inner.setMaximumWidth(WIDEST)
        self.body = QVBoxLayout(inner)
        self.body.setContentsMargins(4, 4, 12, 12)
        self.body.setSpacing(12)
        self.area = QScrollArea(self)
        self.area.setProperty("role", "page")
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(inner)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self.area)

    def introduce(self, title: str, about: str) -> tuple[QLabel, QLabel]:
        """Say what the page is and what it is good for; the labels that say it."""
        labels = text_label(title, self, role="headline"), text_label(about, self, role="muted")
        rows = QVBoxLayout()
        rows.setSpacing(4)
        for label in labels:
            rows.addWidget(label)
        self.body.addLayout(rows)
        return labels

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(WIDEST, 600)


class Section(QFrame):
    """A card with a title; `rows` is what it holds."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", True)
        self.rows = QVBoxLayout(self)
        self.rows.setContentsMargins(16, 12, 16, 14)
        self.rows.setSpacing(8)
        if title:
            self.rows.addWidget(text_label(title, self, role="title"))


def text_label(text: str, parent: QWidget, *, role: str = "") -> QLabel:
    """Plain text over as many lines as it takes."""
    label = QLabel(text, parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    if role:
        label.setProperty("role", role)
    return label


def set_tone(widget: QWidget, tone: str) -> None:
    """Draw a part as good, bad or worth a look."""
    widget.setProperty("tone", tone)
    widget.style().unpolish(widget)
    widget.style().polish(widget)
