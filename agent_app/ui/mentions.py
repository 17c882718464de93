"""What a thought says about the screen: labels it quotes, places it writes down. Knows no Qt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent_app.geometry import FramePoint, Size

# A quote stands free, so that no apostrophe and no closing mark begins one; what is written without
# spaces leaves it free, too. 60 characters are more than a label has.
_DENSE = r"\u3000-\u30ff\u3400-\u9fff\uac00-\ud7af\uff00-\uffef"
_QUOTES = ("“”", "‘’", "«»", "「」", '""', "''", "``")
_LABEL = "|".join(
    rf"(?<![^\s(\[{{:,={_DENSE}]){re.escape(left)}([^\s{left}{right}][^\n{left}{right}]{{0,59}})"
    rf"{re.escape(right)}(?:(?![^\W_])|(?=[{_DENSE}]))"
    for left, right in _QUOTES
)
_NUMBER = r"(-?\d{1,5}(?:\.\d{1,6})?)"
_PLACE = rf"(?:\(\s*(?:x\s*=\s*)?|\bx\s*=\s*){_NUMBER}\s*,\s*(?:y\s*=\s*)?{_NUMBER}(?:\s*\))?"
_MENTION = re.compile(rf"(?P<label>{_LABEL})|(?P<place>{_PLACE})")
_SENTENCE_END = re.compile(r"[.!?]\s|[。！？]|\n")
_LONGEST = 64  # characters of a mention, about
_UNSURE = 10  # characters at the end of a text that grows: a number there may be cut
_FAR = 160  # characters between a label and its place


@dataclass(frozen=True, slots=True)
class Mention:
    """Characters of a text that name something on the screen.

    `label` is what is quoted, empty for a place. `at` is a place as it is written, None for a
    label; `relative` when it counts from 0 to 1.
    """

    start: int
    end: int
    label: str = ""
    at: tuple[float, float] | None = None
    relative: bool = False


def find_mentions(text: str, known: Sequence[Mention] = (), *, reached: int = 0) -> list[Mention]:
    """All mentions of a text, in order; the `known` ones are those of its first `reached` part."""
    kept = [mention for mention in known if mention.end < reached - _UNSURE]
    start = max(kept[-1].end if kept else 0, reached - _LONGEST)
    return [*kept, *(_mention(match) for match in _MENTION.finditer(text, start))]


def _mention(match: re.Match[str]) -> Mention:
    start, end = match.span()
    parts = [group for group in match.groups() if group is not None]
    if match["label"] is not None:
        return Mention(start, end, label=parts[-1].strip())
    x, y = parts[-2:]
    relative = "." in x + y and 0 <= float(x) <= 1 and 0 <= float(y) <= 1
    return Mention(start, end, at=(float(x), float(y)), relative=relative)


def written_place(text: str, mentions: Sequence[Mention], mention: Mention) -> Mention | None:
    """The place that the same sentence writes down for a mention, or None.

    A label's is the first one behind it, as in `"Save" is at (12, 34)`.
    """
    if mention.at is not None:
        return mention
    for later in mentions:
        if later.start < mention.end or later.at is None:
            continue
        between = text[mention.end : later.start]
        if len(between) > _FAR or _SENTENCE_END.search(between):
            return None
        return later
    return None


def on_frame(place: Mention, frame: Size, seen: Size) -> FramePoint | None:
    """A written place in pixels of the frame; `seen` is the size at which the model has seen it.

    None for one that is not on it.
    """
    assert place.at is not None, "a label alone has no place"
    x, y = place.at
    if place.relative:
        x, y = x * frame.width, y * frame.height
    else:
        x, y = x * frame.width / seen.width, y * frame.height / seen.height
    if 0 <= x <= frame.width and 0 <= y <= frame.height:
        return FramePoint(x, y)
    return None
