"""The reply as it streams: the thought quiet, what it comes to strong, remarks set apart."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PySide6.QtGui import (
    QColor,
    QFont,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
)
from PySide6.QtWidgets import QTextEdit, QWidget

from agent_app.ui.story import PieceKind
from agent_app.ui.theme import Theme

_AT_END = 4  # pixels
_FENCE = re.compile(r"^`{1,3}\w*(?:\n|\Z)", re.MULTILINE)  # also while it is still arriving


class ThoughtView(QTextEdit):
    """A read-only text of pieces (thought, summary, note); the fences around code are left out.

    It stays at the end while text arrives, unless the person has scrolled up to read.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: list[tuple[PieceKind, str]] = []
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.setAccessibleName(self.tr("Thought"))
        self.setPlaceholderText(self.tr("The model's thought appears here."))
        self.document().setDocumentMargin(6)
        self._set_formats()

    def set_theme(self, theme: Theme) -> None:
        """Draw in these colours."""
        self._theme = theme
        self._set_formats()
        pieces = self._shown
        self.show_pieces(())
        self.show_pieces(pieces)

    def show_pieces(self, pieces: Sequence[tuple[PieceKind, str]]) -> None:
        """Show these; when they only go on from what is shown, the rest is appended."""
        pieces = [(kind, _FENCE.sub("", text).lstrip("\n")) for kind, text in pieces]
        shown = self._shown
        if not _continues(shown, pieces):
            self.clear()
            shown = []
        bar = self.verticalScrollBar()
        follows = not shown or bar.value() >= bar.maximum() - _AT_END
        if shown:
            kind, text = pieces[len(shown) - 1]
            self._insert(kind, text[len(shown[-1][1]) :], begins=False)
        for kind, text in pieces[len(shown) :]:
            self._insert(kind, text, begins=True)
        self._shown = pieces
        if follows:
            bar.setValue(bar.maximum())

    def _insert(self, kind: PieceKind, text: str, *, begins: bool) -> None:
        if not (text or begins):
            return
        ground, characters = self._formats[kind]
        block = QTextBlockFormat(ground)
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.beginEditBlock()
        if begins and self.document().isEmpty():
            cursor.setBlockFormat(block)
        elif begins:
            cursor.insertBlock(block, characters)
        first, *lines = text.split("\n")
        cursor.insertText(first, characters)
        block.setTopMargin(0)  # only a piece's first line stands off from the one above
        for line in lines:  # a block for each: Qt lays the last block out anew at every token
            cursor.insertBlock(block, characters)
            cursor.insertText(line, characters)
        cursor.endEditBlock()

    def _set_formats(self) -> None:
        theme = self._theme
        self._formats: dict[PieceKind, tuple[QTextBlockFormat, QTextCharFormat]] = {
            "thought": (_block(6), _characters(theme.muted)),
            "summary": (_block(14), _characters(theme.text, QFont.Weight.DemiBold)),
            "note": (_block(14, theme.warn_soft), _characters(theme.warn)),
        }


def _continues(
    shown: Sequence[tuple[PieceKind, str]], pieces: Sequence[tuple[PieceKind, str]]
) -> bool:
    if not shown or len(pieces) < len(shown):
        return False
    (kind, text), (new_kind, new_text) = shown[-1], pieces[len(shown) - 1]
    return (
        list(shown[:-1]) == list(pieces[: len(shown) - 1])
        and kind == new_kind
        and new_text.startswith(text)
    )


def _block(above: int, ground: str | None = None) -> QTextBlockFormat:
    block = QTextBlockFormat()
    block.setTopMargin(above)
    block.setLineHeight(125, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
    if ground is not None:
        block.setBackground(QColor(ground))
        block.setLeftMargin(2)
    return block


def _characters(colour: str, weight: QFont.Weight = QFont.Weight.Normal) -> QTextCharFormat:
    characters = QTextCharFormat()
    characters.setForeground(QColor(colour))
    characters.setFontWeight(weight)
    return characters
