"""The text of a thought in a text document: how its places are counted, and how it is set."""

from __future__ import annotations

import bisect
import re

from PySide6.QtGui import QColor, QFont, QTextBlockFormat, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QTextEdit

_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)\]]*\s+|[。！？]+|\n+")


def sentence_at(text: str, at: int) -> tuple[int, int]:
    """Where the sentence, or the line, begins and ends that this character is in."""
    starts = [0, *(end.end() for end in _SENTENCE_END.finditer(text)), len(text)]
    index = max(1, bisect.bisect_right(starts, at))
    return starts[index - 1], starts[min(index, len(starts) - 1)]


def characters_before(text: str, units: int) -> int:
    """How many characters of a text lie before so many units of UTF-16."""
    if text.isascii():
        return units
    at = min(units, len(text))
    while at > 0 and utf16_units(text[:at]) > units:
        at -= 1
    return at


def utf16_units(text: str) -> int:
    """How many places of a text document a text takes."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def marked_by(cursor: QTextCursor, characters: QTextCharFormat) -> QTextEdit.ExtraSelection:
    """A mark over what a cursor selects, in these characters."""
    mark = QTextEdit.ExtraSelection()
    mark.cursor = cursor  # type: ignore[attr-defined]  # not in the stubs
    mark.format = characters  # type: ignore[attr-defined]  # not in the stubs
    return mark


def block_format(above: int, ground: str | None = None) -> QTextBlockFormat:
    """A paragraph, so many pixels below the one above it, on this colour if any."""
    block = QTextBlockFormat()
    block.setTopMargin(above)
    block.setLineHeight(125, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
    if ground is not None:
        block.setBackground(QColor(ground))
        block.setLeftMargin(2)
    return block


def character_format(colour: str, weight: QFont.Weight = QFont.Weight.Normal) -> QTextCharFormat:
    """Letters of this colour."""
    characters = QTextCharFormat()
    characters.setForeground(QColor(colour))
    characters.setFontWeight(weight)
    return characters
