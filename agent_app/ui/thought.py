"""The reply as it streams: the thought quiet, what it comes to strong, remarks set apart."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
)
from PySide6.QtWidgets import QTextEdit, QWidget

from agent_app.ui.mentions import Mention, find_mentions
from agent_app.ui.scrolling import GroundedBar
from agent_app.ui.story import GrowingText, PieceKind
from agent_app.ui.theme import Theme
from agent_app.ui.thought_text import (
    block_format,
    character_format,
    characters_before,
    marked_by,
    sentence_at,
    utf16_units,
)

_AT_END = 4  # pixels
_UNSURE = 8  # mentions at the end of a text that grows, which may have become others
_LINE_REACH = 20  # pixels from the middle of a line that still mean it


class ThoughtView(QTextEdit):
    """A read-only text of pieces (thought, summary, note); the fences around code are left out.

    It stays at the end while text arrives, unless the person has scrolled up to read. With `links`,
    what a piece quotes or writes down of the screen is shown as a link: a click chooses it, and so
    does Enter with the cursor on it.

    **Signals:**

    - `mention_chosen` (int, Mention): the person wants to see what is meant, in this piece
    - `copy_requested`: the person wants to copy, and nothing is selected
    """

    mention_chosen = Signal(int, object)
    copy_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None, *, links: bool = False) -> None:
        super().__init__(parent)
        self._theme = theme
        self._links = links
        self._mentions: list[list[Mention]] = []  # of each piece
        self._pressed: QPoint | None = None
        self._texts: list[GrowingText] = []
        self._shown: list[tuple[PieceKind, str]] = []
        self._reached: tuple[int, int, int, int] | None = None
        self._found: tuple[int, int, int] | None = None
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.setAccessibleName(self.tr("Thought"))
        # with a ground of their own, nothing behind them is painted anew for each word
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._bar = GroundedBar(self)
        self.setVerticalScrollBar(self._bar)
        if links:
            self.setMouseTracking(True)
            self.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse
                | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
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
        del self._texts[len(pieces) :]
        self._texts += (GrowingText() for _ in pieces[len(self._texts) :])
        pieces = [
            (kind, grown.show(text))
            for (kind, text), grown in zip(pieces, self._texts, strict=True)
        ]
        shown = self._shown
        if pieces == shown:
            return
        if not _continues(shown, pieces):
            self.clear()
            shown = []
            self._mentions = []
            self._reached = self._found = None
            self.setExtraSelections([])
        bar = self.verticalScrollBar()
        follows = not shown or bar.value() >= bar.maximum() - _AT_END
        edit = QTextCursor(self.document())
        edit.beginEditBlock()  # what is new is laid out once, with its links
        if shown:
            kind, text = pieces[len(shown) - 1]
            self._insert(kind, text[len(shown[-1][1]) :], begins=False)
        for kind, text in pieces[len(shown) :]:
            self._insert(kind, text, begins=True)
        grown = len(shown) - 1 if shown else 0
        reached = len(shown[-1][1]) if shown else 0
        self._shown = pieces
        if self._links:
            self._find_links(max(0, grown), reached)
        edit.endEditBlock()
        if follows:
            bar.setValue(bar.maximum())

    @property
    def pieces(self) -> Sequence[tuple[PieceKind, str]]:
        """What is shown."""
        return self._shown

    def mentions(self, piece: int) -> Sequence[Mention]:
        """What a piece says of the screen, in order."""
        return self._mentions[piece] if 0 <= piece < len(self._mentions) else ()

    def mention_at(self, position: int) -> tuple[int, Mention] | None:
        """The mention at a position of the document, and its piece."""
        start = 0
        for piece, (_, text) in enumerate(self._shown):
            end = start + utf16_units(text)
            if position <= end:
                at = characters_before(text, position - start)
                for mention in self.mentions(piece):
                    if mention.start <= at < mention.end:
                        return piece, mention
                return None
            start = end + 1
        return None

    def go_to_mention(self, by: int) -> None:
        """Choose the next mention behind the cursor, or the one before it."""
        places = [
            (self._cursor(piece, mention.start, mention.end).selectionStart(), piece, mention)
            for piece in range(len(self._shown))
            for mention in self.mentions(piece)
        ]
        if not places:
            return
        here = self.textCursor().position()
        coming = [place for place in places if (place[0] > here if by > 0 else place[0] < here)]
        at, piece, mention = (coming or places)[0 if by > 0 else -1]
        cursor = self.textCursor()
        cursor.setPosition(at)
        self.setTextCursor(cursor)
        self.mention_chosen.emit(piece, mention)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), QColor(self._theme.surface))
        painter.end()
        super().paintEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        super().mouseMoveEvent(event)
        if self._links and not event.buttons():
            over = self._mention_under(event.position().toPoint()) is not None
            shapes = Qt.CursorShape
            self.viewport().setCursor(shapes.PointingHandCursor if over else shapes.IBeamCursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        self._pressed = event.position().toPoint()
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        super().mouseReleaseEvent(event)
        at = event.position().toPoint()
        pressed, self._pressed = self._pressed, None
        found = self._mention_under(at)
        if found is not None and pressed is not None and not self.textCursor().hasSelection():
            self.mention_chosen.emit(*found)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        found = None
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            found = self.mention_at(self.textCursor().position())
        if self._links and found is not None:
            self.mention_chosen.emit(*found)
        elif event.matches(QKeySequence.StandardKey.Copy) and not self.textCursor().hasSelection():
            self.copy_requested.emit()
        else:
            super().keyPressEvent(event)

    def _mention_under(self, at: QPoint) -> tuple[int, Mention] | None:
        cursor = self.cursorForPosition(at)
        found = self.mention_at(cursor.position()) if self._links else None
        if found is None or abs(self.cursorRect(cursor).center().y() - at.y()) > _LINE_REACH:
            return None
        return found

    def _find_links(self, first: int, reached: int) -> None:
        """Find what the pieces from this one on mention, and show it as links."""
        for piece in range(first, len(self._shown)):
            kind, text = self._shown[piece]
            known = self._mentions[piece] if piece < len(self._mentions) else []
            found = known if kind == "note" else find_mentions(text, known, reached=reached)
            del self._mentions[piece:]
            self._mentions.append(found)
            sure = max(0, len(known) - _UNSURE)
            for mention in found[sure:]:
                if mention not in known[sure:]:
                    self._cursor(piece, mention.start, mention.end).mergeCharFormat(self._link)
            reached = 0

    def show_reached(self, share: float | None) -> None:
        """Mark the sentence of the thought in which this share of it ends; None marks none.

        What is still to come is fainter.
        """
        piece = next((n for n, (kind, _) in enumerate(self._shown) if kind == "thought"), None)
        if share is None or share >= 1 or piece is None:
            marked = None
        else:
            text = self._shown[piece][1]
            at = min(round(share * len(text)), max(0, len(text) - 1))
            marked = (piece, *sentence_at(text, at), len(text))
        if marked != self._reached:
            self._reached = marked
            self._show_marks()
            if marked is not None:
                self._bring_to_view(self._cursor(piece or 0, marked[1], marked[2]))

    def show_found(self, piece: int, start: int, length: int) -> None:
        """Mark words that were found in a piece and bring them into view; a piece of -1 is none."""
        self._found = (piece, start, length) if 0 <= piece < len(self._shown) else None
        self._show_marks()
        if self._found is not None:
            self._bring_to_view(self._cursor(piece, start, start + length))

    def _show_marks(self) -> None:
        theme = self._theme
        marks: list[QTextEdit.ExtraSelection] = []
        if self._reached is not None:
            piece, start, end, whole = self._reached
            here, coming = character_format(theme.text), character_format(theme.faint)
            here.setBackground(QColor(theme.accent_soft))
            marks.append(marked_by(self._cursor(piece, start, end), here))
            marks.append(marked_by(self._cursor(piece, end, whole), coming))
        if self._found is not None:
            found = character_format(theme.on_accent)
            found.setBackground(QColor(theme.accent))
            piece, start, length = self._found
            marks.append(marked_by(self._cursor(piece, start, start + length), found))
        self.setExtraSelections(marks)

    def _cursor(self, piece: int, start: int, end: int) -> QTextCursor:
        """A cursor over characters of a piece; a text document counts in units of UTF-16."""
        text = self._shown[piece][1]
        if piece == len(self._shown) - 1:  # most are asked for near the end: count from there
            last = self.document().characterCount() - 1
            first, last = last - utf16_units(text[start:]), last - utf16_units(text[end:])
        else:
            before = sum(utf16_units(text) + 1 for _, text in self._shown[:piece])
            first, last = before + utf16_units(text[:start]), before + utf16_units(text[:end])
        cursor = QTextCursor(self.document())
        cursor.setPosition(first)
        cursor.setPosition(last, QTextCursor.MoveMode.KeepAnchor)
        return cursor

    def _bring_to_view(self, cursor: QTextCursor) -> None:
        cursor.setPosition(cursor.selectionEnd())
        place = self.cursorRect(cursor)
        bar = self.verticalScrollBar()
        height = self.viewport().height()
        if place.top() < 0 or place.bottom() > 0.75 * height:
            bar.setValue(bar.value() + place.bottom() - round(0.6 * height))

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
        self._link = QTextCharFormat()
        self._link.setForeground(QColor(theme.accent))
        self._link.setFontUnderline(True)
        self._bar.ground = QColor(theme.surface)
        self._formats: dict[PieceKind, tuple[QTextBlockFormat, QTextCharFormat]] = {
            "thought": (block_format(6), character_format(theme.muted)),
            "summary": (block_format(14), character_format(theme.text, QFont.Weight.DemiBold)),
            "note": (block_format(14, theme.warn_soft), character_format(theme.warn)),
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
