"""What a flow's author is told when a step fails: the file, the line, the step, and why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from agent_app.errors import KnownError
from agent_app.flows.document import Place, Step
from agent_app.testing.failures import DesktopFailure

_AROUND = 2  # lines shown before the one that failed


class FlowFailed(AssertionError):
    """A step did not do what it should; `reason` is why, in a line, and `told` is all of it.

    The message also holds the lines of the flow.
    """

    def __init__(self, message: str, reason: str, told: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.told = told


def failed_at(step: Step, error: Exception, included: Sequence[Place]) -> FlowFailed:
    """The failure of a step, with its lines of the flow; `included` are the includes it is in."""
    if isinstance(error, DesktopFailure):
        reason, rest = error.headline, str(error).removeprefix(error.headline).strip("\n")
    elif isinstance(error, KnownError):
        reason, rest = error.message, f"  → {error.remedy}"
    else:
        reason, *more = str(error).splitlines() or [type(error).__name__]
        rest = "\n".join(more)
    what = f"{step.options.note}: " if step.options.note else ""
    lines = [f"{step.place}: {what}{reason}", "", *excerpt(step.place)]
    lines += [f"  included by {place}" for place in reversed(included)]
    message = "\n".join([*lines, "", rest] if rest else lines)
    return FlowFailed(message, reason, f"{reason}\n{rest}")


def excerpt(place: Place) -> list[str]:
    """The line of a place and those before it, numbered."""
    lines = _lines(place.path)
    first = max(1, place.line - _AROUND)
    return [
        f"  {'>' if number == place.line else ' '} {number:4} | {lines[number - 1]}"
        for number in range(first, place.line + 1)
        if number <= len(lines)
    ]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):  # it was read before, and is gone now
        return []
