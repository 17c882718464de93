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
_CONFUSED = str.maketrans({"l": "i", "1": "i", "|": "i", "0": "o", "3": "e", "4": "a", "5": "s"})
# Letters of Cyrillic, Greek and Armenian, and small capitals, that are drawn like Latin ones once
# upper case is forgotten. Both sides are written so, which leaves those languages' words alone.
_ALIKE = str.maketrans(
    {
        other: latin
        for latin, others in {
            "a": "\u0430\u03b1\u0251\u1d00",
            "b": "\u0432\u044c\u03b2\u0299",
            "c": "\u0441\u1d04",
            "d": "\u0501\u03b4\u1d05",
            "e": "\u0435\u03b5\u1d07",
            "f": "\ua730",
            "g": "\u0261\u0262\u0581",
            "h": "\u043d\u04bb\u0570\u029c",
            "i": "\u0456\u03b9\u04cf\u0269\u026a\u029f",
            "j": "\u0458\u1d0a",
            "k": "\u043a\u03ba\u1d0b",
            "m": "\u043c\u03bc\u1d0d",
            "n": "\u03b7\u03bd\u0578\u0274",
            "o": "\u043e\u03bf\u0585\u1d0f",
            "p": "\u0440\u03c1\u1d18",
            "q": "\u051b",
            "r": "\u0433\u0280",
            "s": "\u0455\ua731",
            "t": "\u0442\u03c4\u1d1b",
            "u": "\u057d\u03c5\u1d1c",
            "v": "\u0475\u1d20",
            "w": "\u051d\u03c9\u1d21",
            "x": "\u0445\u03c7",
            "y": "\u0443\u03b3\u028f",
            "z": "\u03b6\u1d22",
        }.items()
        for other in others
    }
)
_UNSEEN = "\u115f\u1160"  # Hangul's fillers, which are letters
_TURNED = "\u202e"  # from here on the text is shown from right to left
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
        found = self._find(text[:_MOST_SCANNED])
        if found is None and _TURNED in text:
            found = self._find(text[:_MOST_SCANNED][::-1])
        return found

    def _find(self, text: str) -> str | None:
        plain = spelled(text)
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
        if (unicodedata.category(char) not in ("Mn", "Me", "Cf") and char not in _UNSEEN)
        or char in _VOICED
    )
    return unicodedata.normalize("NFC", "".join(kept)).translate(_LETTERS).translate(_ARABIC)


def _shape(word: str) -> str:
    """A word with what recognition, or an eye, takes for one another made the same."""
    return word.translate(_ALIKE).translate(_CONFUSED).replace("rn", "m").replace("vv", "w")
