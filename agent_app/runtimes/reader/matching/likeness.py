"""How alike a wanted label and a text on the screen are, knowing what OCR confuses.

Each tier forgives more than the one before. What no tier forgives: a different digit, and a
different letter of another shape in a word of less than nine ("Insert" is not "Invert").
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from rapidfuzz.distance import Levenshtein


class Tier(IntEnum):
    """How much had to be forgiven; lower is better."""

    EXACT = 0
    SPELLING = 1  # typographic variants, a final ellipsis or colon, ornaments, shortcuts
    CASE = 2
    CONFUSED = 3  # what OCR takes for one another: 1 l I, 0 O, rn m, × x; spaces, accents
    FUZZY = 4
    PART = 5  # a stretch of a divided line, or several texts side by side


@dataclass(frozen=True, slots=True)
class Likeness:
    """A tier, and within it a score of 0..1 for people to read."""

    tier: Tier
    score: float


_SCORES = {Tier.EXACT: 1.0, Tier.SPELLING: 0.98, Tier.CASE: 0.95, Tier.CONFUSED: 0.9}

_VARIANTS = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′`´", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‐‑‒–—―−﹣", "-"),
        "⋯": "...",
    }
)
_ENDING = re.compile(r"[\s.:]+$")
_MNEMONIC = re.compile(r"(?<=[^\x00-\x7f])\s*\(_?[A-Za-z0-9]\)(?=[\s.:]*$)")  # 文件(F)
_UNDERSCORE = re.compile(r"(?<![A-Za-z0-9_])_(?=\w)")  # _File
_ORNAMENTS = "✓✔☑☐□■●○•▪◦▸►▶▹▾▼▿◂◀"
_ORNAMENT = re.compile(rf"^[{_ORNAMENTS}]\s*(?=\w)|(?<=\w)\s*[{_ORNAMENTS}›]$")
_SHORTCUT = re.compile(
    r"(?:\s+|(?<=[a-z.…]))(?:(?:Ctrl|Shift|Alt|Super|Meta)\s?\+\s?)+(?:\S|\w+)$|\s{2,}F\d{1,2}$"
)
_CONFUSIONS = str.maketrans(
    {
        **dict.fromkeys("1I|iıl", "l"),
        **dict.fromkeys("0Oo", "o"),
        **dict.fromkeys("×✕✖╳⨯xX", "x"),
    }
)
_JOINTS = re.compile(r"[\s_]+")
_DIVIDERS = re.compile(r"\s+[-–—|•·]\s+|\s{3,}|\t")
_DIGITS = re.compile(r"\d+")
_WORD = re.compile(r"\S+")

_LOOKALIKES = frozenset(
    frozenset(pair) for pair in "ce co eo hb nh uv vy gq ft lt lj lf nr mn sz dl dc ao yg".split()
)
_THIN = frozenset(".,:;'\"-·")
_COST_PER_LETTER = 0.12  # a lookalike (0.5) from five letters on, anything else (1) from nine on


def likeness(wanted: str, seen: str) -> Likeness | None:
    """How alike they are as whole labels, or None when they are different ones."""
    if wanted.strip() == seen.strip():
        return Likeness(Tier.EXACT, 1.0)
    for tier, form in ((Tier.SPELLING, spelled), (Tier.CASE, caseless), (Tier.CONFUSED, folded)):
        if form(wanted) == form(seen):
            return None if not form(wanted) else Likeness(tier, _SCORES[tier])
    return _fuzzy(wanted, seen)


@lru_cache(maxsize=8192)
def spelled(text: str) -> str:
    """The text without what typography, menus and toolkits add to it; letters keep their case."""
    plain = unicodedata.normalize("NFKC", text).translate(_VARIANTS)
    plain = "".join(char for char in plain if unicodedata.category(char) != "Cf")
    plain = " ".join(part for part in _SHORTCUT.sub("", plain.strip()).split())
    for pattern in (_ORNAMENT, _MNEMONIC, _UNDERSCORE):
        plain = pattern.sub("", plain) or plain
    return _ENDING.sub("", plain) or plain


@lru_cache(maxsize=8192)
def caseless(text: str) -> str:
    """`spelled`, and case forgotten."""
    return spelled(text).casefold()


@lru_cache(maxsize=8192)
def folded(text: str) -> str:
    """`caseless`, and what OCR confuses made the same; spaces and underscores forgotten."""
    plain = spelled(text)
    if plain == "|":  # a caret or a frame read as a character, more often than a one
        return plain
    plain = "".join(_without_accent(char) for char in plain)
    plain = plain.translate(_CONFUSIONS).casefold().translate(_CONFUSIONS)
    return _JOINTS.sub("", plain).replace("rn", "m").replace("vv", "w")


def resemblance(wanted: str, seen: str) -> float:
    """0..1 for naming what came nearest; decides nothing."""
    alike = Levenshtein.normalized_similarity(folded(wanted), folded(seen))
    return max(alike, 0.7) if contains(wanted, seen) else alike


def segments(text: str) -> list[tuple[int, int]]:
    """The stretches of a line between dashes, bars and wide gaps, as slices; none if undivided.

    `Untitled 1 - Editor` has two, `Save As…` none: single words of a label are other labels.
    """
    cuts = [match.span() for match in _DIVIDERS.finditer(text.strip())]
    if not cuts:
        return []
    lead = len(text) - len(text.lstrip())
    starts = [0, *(end for _, end in cuts)]
    ends = [*(start for start, _ in cuts), len(text.strip())]
    return [(lead + start, lead + end) for start, end in zip(starts, ends, strict=True)]


def contains(wanted: str, seen: str) -> bool:
    """Whether a text holds the wanted words, case ignored and, from six letters on, spaces too."""
    wanted_words, seen_words = caseless(wanted).split(), caseless(seen).split()
    span = len(wanted_words)
    for at in range(len(seen_words) - span + 1):
        row = seen_words[at : at + span]
        if row == wanted_words or [word.strip(".,:;!?()\"'") for word in row] == wanted_words:
            return True
    compact = folded(wanted)
    return len(compact) >= 6 and compact in folded(seen)


def _without_accent(char: str) -> str:
    """The plain Latin letter; other scripts keep their marks, which are no accents there."""
    base = unicodedata.normalize("NFD", char)[0]
    return base if base.isascii() else char


def _fuzzy(wanted: str, seen: str) -> Likeness | None:
    compact = folded(wanted)
    if min(len(compact), len(folded(seen))) < 4:
        return None
    if _DIGITS.findall(caseless(wanted)) != _DIGITS.findall(caseless(seen)):
        return None
    ours, theirs = caseless(wanted).split(), caseless(seen).split()
    if len(ours) == len(theirs):
        pairs = [(folded(one), folded(other)) for one, other in zip(ours, theirs, strict=True)]
    else:
        pairs = [(compact, folded(seen))]
    costs = [_cost(one, other) for one, other in pairs]
    for (one, _), cost in zip(pairs, costs, strict=True):
        if cost > _COST_PER_LETTER * len(one):
            return None
    return Likeness(Tier.FUZZY, round(0.9 - sum(costs) / (2 * len(compact)), 3))


def _cost(one: str, other: str) -> float:
    if abs(len(one) - len(other)) > 3:
        return float(len(one))
    total = 0.0
    for edit in Levenshtein.editops(one, other):
        before = one[edit.src_pos : edit.src_pos + 1]
        after = other[edit.dest_pos : edit.dest_pos + 1]
        if edit.tag == "replace":
            total += 0.5 if _look_alike(before, after) else 1.0
        else:
            total += 0.25 if (before if edit.tag == "delete" else after) in _THIN else 1.0
    return total


def _look_alike(one: str, other: str) -> bool:
    return frozenset((one, other)) in _LOOKALIKES


def where_held(wanted: str, seen: str) -> tuple[int, int] | None:
    """The stretch of whole words of a text that reads as wanted, as a slice; None without one."""
    words = [match.span() for match in _WORD.finditer(seen)]
    for begin, (start, _) in enumerate(words):
        for _, end in words[begin:]:
            sure = likeness(wanted, seen[start:end].strip(".,:;!?()\"'"))
            if sure is not None and sure.tier <= Tier.CONFUSED:
                return start, end
    return None
