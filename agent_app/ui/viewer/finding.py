"""Finding words in an episode: in what its steps thought, said and did. Knows no Qt."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent_app.ui.phrases import deed_text
from agent_app.ui.story import Step, shown_text
from agent_app.ui.viewer.reel import Shot

_MOST = 5000


@dataclass(frozen=True, slots=True)
class Find:
    """A place: the shot by its index, and where the words stand.

    `piece` is the piece of the reply, -1 for the step's title and actions; `start` and `length` are
    characters of it, `words` what stands there.
    """

    index: int
    piece: int
    start: int
    length: int
    words: str


def find_all(shots: Sequence[Shot], words: str) -> tuple[Find, ...]:
    """Every place of these words as they stand, in order; capitals do not count."""
    return _find(map(_texts_of, shots), words)


def find_in_steps(steps: Sequence[Step], words: str) -> tuple[Find, ...]:
    """The same in the steps of a run that goes on: every place in their replies."""
    return _find((["", *(shown_text(text) for _, text in step.pieces)] for step in steps), words)


def _texts_of(shot: Shot) -> Sequence[str]:
    doing = (deed_text(each.action) for each in shot.step.actions)
    return ["\n".join((shot.title, *doing)), *(text for _, text in shot.pieces)]


def _find(all_texts: Iterable[Sequence[str]], words: str) -> tuple[Find, ...]:
    if not words.strip():
        return ()
    pattern = re.compile(re.escape(words.strip()), re.IGNORECASE)
    found: list[Find] = []
    for index, texts in enumerate(all_texts):
        for piece, text in enumerate(texts, start=-1):
            for match in pattern.finditer(text):
                words = match.group()
                found.append(Find(index, piece, match.start(), len(words), words))
                if len(found) == _MOST:
                    return tuple(found)
    return tuple(found)


def first_at(finds: Sequence[Find], index: int) -> int:
    """The first find at this shot or after it; the first of all when none follows."""
    at = bisect.bisect_left(finds, index, key=lambda find: find.index)
    return at if at < len(finds) else 0
