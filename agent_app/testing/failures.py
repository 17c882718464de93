"""Errors for someone who sees them first: what was looked for, and what was there instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agent_app.errors import KnownError
from agent_app.runtimes.reader.quoting import quote
from agent_app.testing.looking import View
from agent_app.testing.resolving import Resolution
from agent_app.testing.seams import Thing
from agent_app.testing.waiting import CallLog

_MOST_THINGS = 6


class DesktopFailure(AssertionError):
    """A test's claim about the desktop does not hold; `log` is what was tried, line by line.

    `headline` is its first line, `view` what was seen last.
    """

    def __init__(self, headline: str, details: Sequence[str], log: CallLog, view: View) -> None:
        self.headline = headline
        self.log = log
        self.view = view
        tried = "\n".join(f"    {line}" for line in str(log).splitlines())
        lines = [headline, "", *(f"  {line}" for line in details)]
        super().__init__("\n".join(lines) + (f"\n  what was tried:\n{tried}" if tried else ""))

    __module__ = "agent_app.testing"


class ActionFailed(DesktopFailure):
    """A thing could not be acted on within the time."""

    __module__ = "agent_app.testing"


class ExpectationFailed(DesktopFailure):
    """What was expected was not so within the time."""

    __module__ = "agent_app.testing"


def hidden(error: Any) -> bool:
    """Whether pytest leaves our frames out of a traceback: where the test or the world is wrong.

    `error` is pytest's ExceptionInfo; it asks whatever a module has as `__tracebackhide__`.
    """
    return bool(error.errisinstance((DesktopFailure, KnownError)))


def said(thing: Thing) -> str:
    """A thing in a few words, such as `button “Save” at 40,12 in “Editor”`."""
    words = [thing.role or ""] if thing.role not in ("title", "window") else [thing.role]
    words += [quote(thing.text)] if thing.text else [thing.how]
    words.append(f"at {thing.box.center.x:.0f},{thing.box.center.y:.0f}")
    if thing.window:
        words.append(f"in {quote(thing.window)}")
    return " ".join(word for word in words if word)


def found_instead(resolution: Resolution, view: View) -> list[str]:
    """What was there instead of the one thing, line by line."""
    lines: list[str] = []
    if resolution.reason:
        lines.append(f"but       {resolution.reason}")
    shown = resolution.things or resolution.nearest
    if shown:
        name = "found     " if resolution.things else "nearest   "
        for number, thing in enumerate(shown[:_MOST_THINGS]):
            mark = f"{number}. " if resolution.things else ""
            lines.append((name if number == 0 else " " * len(name)) + mark + said(thing))
        if len(shown) > _MOST_THINGS:
            lines.append(f"          and {len(shown) - _MOST_THINGS} more")
    windows = [
        quote(window.title) + (" (active)" if window.active else "")
        for window in view.windows
        if window.title and not window.popup
    ]
    lines.append(f"windows   {', '.join(windows) or 'none'}")
    return lines
