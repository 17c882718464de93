"""Finding words in what a screen shows, however they are written there.

Case, accents, typography and what character recognition confuses are forgotten on both sides. A
word is found as a whole one, or as several run together or apart ("Log out", "Logout"); in scripts
that write without spaces, or hang endings on words, anywhere in the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

_LETTERS = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "ß": "ss"})
_ARABIC = str.maketrans({"ى": "ي", "ة": "ه", "ـ": None})
_CONFUSED = str.maketrans({"l": "i", "1": "i", "|": "i", "0": "o"})
_VOICED = frozenset("\u3099\u309a")  # the marks that make another kana, which are no accents
_WORD = re.compile(r"[^\W_]+|\|")
# Han, kana, Hangul, Thai, Lao, Khmer, Burmese
_JOINED = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]"
)
_PREFIXES = ("وال", "بال", "ال", "لل", "و", "ل", "ب")  # Arabic: the, and, to, with
_MOST_SCANNED = 20_000  # characters of one text; no label is as long


@dataclass(frozen=True, slots=True)
class WordList:
    """Words, ready to be found: `whole` by their letters, `parts` for scripts without spaces."""

    whole: dict[str, str]
    parts: tuple[tuple[str, str], ...]
    longest: int

    def find(self, text: str) -> str | None:
        """The first word of the list that stands in a text, as the list spells it."""
        plain = spelled(text[:_MOST_SCANNED])
        tokens = _WORD.findall(plain)
        for start in range(len(tokens)):
            joined = ""
            for token in tokens[start:]:
                joined += token
                if len(joined) > self.longest:
                    break
                if found := self.whole.get(_shape(joined)) or self._prefixed(joined):
                    return found
        compact = "".join(tokens)
        return next((word for part, word in self.parts if part in compact), None)

    def is_all_of(self, text: str) -> bool:
        """Whether a text is one of the words and nothing else."""
        compact = "".join(_WORD.findall(spelled(text[:_MOST_SCANNED])))
        return _shape(compact) in self.whole or any(part == compact for part, _ in self.parts)

    def _prefixed(self, token: str) -> str | None:
        for prefix in _PREFIXES:
            if token.startswith(prefix) and (
                found := self.whole.get(_shape(token.removeprefix(prefix)))
            ):
                return found
        return None


@lru_cache(maxsize=64)
def word_list(words: tuple[str, ...]) -> WordList:
    """The words, ready to be found."""
    whole: dict[str, str] = {}
    parts: list[tuple[str, str]] = []
    for word in words:
        compact = "".join(_WORD.findall(spelled(word)))
        if not compact:
            continue
        if _JOINED.search(compact) and len(compact) > 1:
            parts.append((compact, word))
        else:
            whole.setdefault(_shape(compact), word)
    longest = max((len(word) for word in whole), default=0) + max(map(len, _PREFIXES))
    return WordList(whole, tuple(parts), 2 * longest)


def first_found(words: WordList, texts: Sequence[str]) -> tuple[str, str] | None:
    """The first word of a list in the first text that holds one, and that text."""
    for text in texts:
        if word := words.find(text):
            return word, text
    return None


@lru_cache(maxsize=4096)
def spelled(text: str) -> str:
    """A text without case, accents, ligatures, widths, vowel signs and what is never seen."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    kept = (
        char
        for char in unicodedata.normalize("NFD", plain)
        if unicodedata.category(char) not in ("Mn", "Cf") or char in _VOICED
    )
    return unicodedata.normalize("NFC", "".join(kept)).translate(_LETTERS).translate(_ARABIC)


def _shape(word: str) -> str:
    """A word with what recognition takes for one another made the same."""
    return word.translate(_CONFUSED).replace("rn", "m").replace("vv", "w")
