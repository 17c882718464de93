"""Words for places, things and what was considered."""

from __future__ import annotations

from agent_app.geometry import FrameBox, Size
from agent_app.runtimes.reader.language.steps import LAST, Target
from agent_app.runtimes.reader.matching.candidates import Candidate
from agent_app.runtimes.reader.matching.choosing import Ambiguous, Found, Match, Missing
from agent_app.runtimes.reader.quoting import quote
from agent_app.runtimes.reader.sight import Sight

_SHOWN = 6  # candidates that a thought tells of


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


def wanted(target: Target) -> str:
    """The target in the words of an instruction."""
    words = [quote(target.text)]
    if target.ordinal is not None:
        words.insert(0, "the last" if target.ordinal == LAST else f"number {target.ordinal} of")
    if target.kind is not None:
        words.append(f"({target.kind})")
    words += [f"{relation.where} {quote(relation.other)}" for relation in target.relations]
    if target.window is not None:
        words.append(f"in {quote(target.window)}")
    return " ".join(words)


def account(found: Found, size: Size) -> str:
    """What was considered, why one was taken and what was refused."""
    match found:
        case Match(candidate=candidate, why=why, refused=refused):
            rows = [f"Found {describe(candidate, size)}: {score(candidate)}; {why}."]
            rows += [
                f"Refused {describe(other, size)}: {score(other)}." for other in refused[:_SHOWN]
            ]
        case Ambiguous(candidates=candidates):
            rows = [f"{len(candidates)} read alike:"]
            rows += [f"- {describe(c, size)}: {score(c)}" for c in candidates[:_SHOWN]]
        case Missing(reason=reason, nearest=nearest):
            rows = [f"{_sentence(reason)}."]
            rows += [f"Near: {describe(c, size)}, alike by {c.score:.2f}." for c in nearest]
    return "".join(f"{row}\n" for row in rows)


def not_found(target: Target, missing: Missing, size: Size) -> str:
    """Why nothing was found, what was wanted and what came nearest."""
    rows = "; ".join(describe(candidate, size) for candidate in missing.nearest)
    near = f"; what comes nearest: {rows}" if rows else ""
    qualified = "" if wanted(target) == quote(target.text) else f" (wanted {wanted(target)})"
    return f"{missing.reason}{qualified}{near}"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
