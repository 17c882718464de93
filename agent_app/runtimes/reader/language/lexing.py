"""Instructions as tokens: quotes of every kind, arrows, and where one step ends.

Knows nothing of verbs or labels; `steps` gives the tokens their meaning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TokenKind = Literal["word", "quoted", "arrow", "comma", "break"]

_CLOSERS = {
    '"': '"',
    "'": "'’",
    "“": "”",
    "„": "“”",
    "‘": "’'",
    "‚": "‘’",
    "«": "»",
    "‹": "›",
    "「": "」",
    "『": "』",
    "＂": "＂",
}
_APOSTROPHES = "'’‘"  # also found inside words, so they close only before a word's end
_ARROWS = ("->", "→", "▸", "►", "›", ">", "＞")
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "'": "'", "\\": "\\"}


class UnclosedQuoteError(Exception):
    """A quote that opens at `start` and never ends."""

    def __init__(self, start: int) -> None:
        super().__init__(start)
        self.start = start


@dataclass(frozen=True, slots=True)
class Lexeme:
    """A word, a quoted text, an arrow, a comma or the end of a step, with its place in the text.

    `text` is the word as written, or what the quotes hold with its escapes resolved.
    `ends_sentence` tells of a full stop behind it.
    """

    kind: TokenKind
    text: str
    start: int
    end: int
    ends_sentence: bool = False

    @property
    def lower(self) -> str:
        """The word in lower case with straight apostrophes; empty for a quoted text."""
        return "" if self.kind == "quoted" else self.text.lower().replace("’", "'")


def lex(text: str) -> tuple[Lexeme, ...]:
    """The tokens of an instruction; raises UnclosedQuoteError."""
    found: list[Lexeme] = []
    at = 0
    while at < len(text):
        lexeme = _next(text, at)
        if lexeme is not None:
            found.append(lexeme)
            at = lexeme.end + lexeme.ends_sentence
        else:
            at += 1
    return tuple(found)


def _next(text: str, at: int) -> Lexeme | None:
    char = text[at]
    if char in "\n;；":
        return Lexeme("break", char, at, at + 1)
    if char.isspace():
        return None
    if char == "," or char == "，":
        return Lexeme("comma", char, at, at + 1)
    if _opens_quote(text, at):
        return _quoted(text, at)
    for arrow in _ARROWS:
        if text.startswith(arrow, at):
            return Lexeme("arrow", arrow, at, at + len(arrow))
    return _word(text, at)


def _opens_quote(text: str, at: int) -> bool:
    char = text[at]
    if char not in _CLOSERS:
        return False
    if char == "'":
        return at == 0 or not (text[at - 1].isalnum())
    return True


def _quoted(text: str, start: int) -> Lexeme:
    closers = _CLOSERS[text[start]]
    held: list[str] = []
    at = start + 1
    while at < len(text):
        char = text[at]
        if char == "\\" and at + 1 < len(text) and text[at + 1] in _ESCAPES:
            held.append(_ESCAPES[text[at + 1]])
            at += 2
            continue
        if char in closers and not (char in _APOSTROPHES and _inside_word(text, at)):
            return Lexeme("quoted", "".join(held), start, at + 1, _is_full_stop(text, at + 1))
        held.append(char)
        at += 1
    raise UnclosedQuoteError(start)


def _inside_word(text: str, at: int) -> bool:
    return at + 1 < len(text) and text[at + 1].isalnum()


def _is_full_stop(text: str, at: int) -> bool:
    if not text.startswith((".", "。"), at):
        return False
    return at + 1 == len(text) or text[at + 1].isspace() or text[at + 1] in ";；"


def _word(text: str, start: int) -> Lexeme:
    at = start
    while at < len(text):
        char = text[at]
        if char.isspace():
            break
        # behind a plus, a character is the name of a key: `ctrl+;`
        after_plus = at > start + 1 and text[at - 1] == "+" and text[at - 2] != "+"
        if at > start and not after_plus:
            opens = char != "'" and char not in _APOSTROPHES and char in _CLOSERS
            if char in ";；,，" or opens or text.startswith(_ARROWS, at):
                break
        at += 1
    word = text[start:at]
    single_stop = len(word) > 1 and word[-1] in ".。" and word[-2] not in ".。+…"
    if single_stop:
        return Lexeme("word", word[:-1], start, at - 1, True)
    return Lexeme("word", word, start, at)
