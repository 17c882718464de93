"""Words for places, things and labels, safe inside a reply.

Whatever was read from the screen goes through `quote` or `literal`: it stays on one line, and no
mark of the reply's own format survives in it, so that text on the screen is never taken for a part
of the reply.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent_app.geometry import FrameBox, Size
from agent_app.runtimes.reader.candidates import Candidate
from agent_app.runtimes.reader.sight import Sight

_LONGEST = 60
_SAFE = str.maketrans(
    {"◁": "<", "▷": ">", "`": "'", "“": '"', "”": '"', "\n": "⏎", "\r": "⏎", "\t": "⇥"}
)
_ESCAPED = {"`": "\\x60", "◁": "\\u25c1", "▷": "\\u25b7"}


def quote(text: str) -> str:
    """The text in quotes, on one line, shortened when it is long."""
    plain = "".join(char if char.isprintable() else " " for char in text.translate(_SAFE))
    return f"“{plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + '…'}”"


def literal(text: str) -> str:
    """A Python literal of the text that holds neither code fences nor marks of thought."""
    written = repr(text)
    for char, escape in _ESCAPED.items():
        written = written.replace(char, escape)
    return written


def literals(texts: Sequence[str]) -> str:
    """A Python list of them."""
    return f"[{', '.join(literal(text) for text in texts)}]"


def place(box: FrameBox, size: Size) -> str:
    """About where on the screen a box lies, in words."""
    center = box.center
    row = _third(center.y / size.height, "top", "", "bottom")
    column = _third(center.x / size.width, "left", "", "right")
    return f"{row} {column}".strip() or "middle"


def describe(candidate: Candidate, size: Size) -> str:
    """A candidate with its role, its window and its place."""
    role = f" ({quote(candidate.role)[1:-1]})" if candidate.role else ""
    window = f" in {quote(candidate.window)}" if candidate.window else ""
    center = candidate.box.center
    where = f"{place(candidate.box, size)}, at ({center.x:.0f}, {center.y:.0f})"
    grey = "" if candidate.enabled else ", greyed out"
    return f"{quote(candidate.text)}{role}{window}, {where}{grey}"


def score(candidate: Candidate) -> str:
    """How it was matched and who read it."""
    how = candidate.tier.name.lower()
    seen = {"ocr": "OCR", "accessibility": "accessibility tree"}
    by = " and ".join(seen[source] for source in candidate.source.split("+"))
    return f"{how} {candidate.score:.2f}, by {by}"


def summary(sight: Sight, seconds: float) -> str:
    """What was read, how, and how long it took."""
    pixels = sum(element.source == "ocr" for element in sight.elements)
    told = len(sight.elements) - pixels
    active = next((window for window in sight.windows if window.active), None)
    lines = [
        f"{len(sight.elements)} texts in {seconds:.2f} s: {told} from the accessibility tree, "
        f"{pixels} by OCR; {len(sight.windows)} windows"
        + (f", {quote(active.title)} is active." if active else ".")
    ]
    return " ".join([*lines, *(f"Not read: {quote(note)[1:-1]}." for note in sight.notes)])


def _third(share: float, low: str, middle: str, high: str) -> str:
    if share < 1 / 3:
        return low
    return middle if share <= 2 / 3 else high
