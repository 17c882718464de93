"""Looking back: what was on the screen in the last seconds, and is gone by now.

Nothing is read until somebody asks; then each different frame of that time is, and of each only
what differs from the one before.
"""

from __future__ import annotations

import difflib
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from agent_app.geometry import Size
from agent_app.runtimes.reader.language.steps import Target
from agent_app.runtimes.reader.matching.choosing import Match
from agent_app.runtimes.reader.matching.finding import find
from agent_app.runtimes.reader.matching.likeness import Tier
from agent_app.runtimes.reader.quoting import quote
from agent_app.runtimes.reader.sight import Element, Sight
from agent_app.screen.frame import Frame
from agent_app.testing.failures import ExpectationFailed, hidden
from agent_app.testing.looking import View
from agent_app.testing.stage import Stage
from agent_app.testing.waiting import CallLog

__tracebackhide__ = hidden

_MOST_NAMED = 40  # of one frame: what a note said instead often stands last
_MOST_NEAREST = 3


@dataclass(frozen=True, slots=True)
class Sighting:
    """A text that was there, on which frame, and how many seconds ago."""

    text: str
    frame: Frame
    ago: float


def assert_seen(stage: Stage, text: str, last: float) -> None:
    """Raises ExpectationFailed when no frame of the last seconds shows the text."""
    with stage.step(f"look back: {quote(text)} was seen in the last {last:g} s") as step:
        log = CallLog()
        read: dict[str, None] = {}
        seen = _look_back(stage, text, last, log, read)
        if seen is not None:
            step.see(_view(seen.frame))
            step.say(log)
            step.judge(True, f"{quote(seen.text)} was there {seen.ago:.1f} s ago")
            return
        message = f"{quote(text)} was not seen in the last {last:g} s"
        step.judge(False, message)
        raise ExpectationFailed(message, _named(text, read, log), log, stage.looker.look())


def never_seen(stage: Stage, text: str, last: float) -> None:
    """Raises ExpectationFailed when a frame of the last seconds shows the text."""
    with stage.step(f"look back: {quote(text)} was not seen in the last {last:g} s") as step:
        log = CallLog()
        seen = _look_back(stage, text, last, log, {})
        if seen is None:
            step.see(stage.looker.look())
            step.say(log)
            step.judge(True, "it was not there")
            return
        message = f"{quote(text)} was seen {seen.ago:.1f} s ago, as {quote(seen.text)}"
        step.judge(False, message)
        raise ExpectationFailed(message, (), log, _view(seen.frame))


def _look_back(
    stage: Stage, text: str, last: float, log: CallLog, read: dict[str, None]
) -> Sighting | None:
    """The latest frame that shows the text; what the others show is added to `read`."""
    stage.session.ring.add(stage.looker.look().frame)
    now = time.monotonic()
    for frame in reversed(stage.session.ring.since(now - last)):  # most often it was just there
        ago = now - frame.time
        texts = stage.looker.reader.texts(frame.for_model(None))
        shown = _reading(texts, text, frame.size)
        if shown is not None:
            log.add(f"{ago:.1f} s ago: {quote(shown)}")
            return Sighting(shown, frame, ago)
        others = [each.text for each in texts if each.text not in read]  # than later
        read.update(dict.fromkeys(others))
        names = ", ".join(map(quote, others[:_MOST_NAMED]))
        log.add(f"{ago:.1f} s ago: {names or ('nothing else' if texts else 'nothing to read')}")
    return None


def _reading(texts: Sequence[Element], wanted: str, size: Size) -> str | None:
    """The text that says what is wanted, whole or in part; None when nothing does for certain."""
    found = find(Sight(tuple(texts)), Target(wanted), purpose="read", size=size)
    if isinstance(found, Match) and found.candidate.tier is not Tier.FUZZY:
        return found.candidate.text
    return None


def _named(text: str, read: Collection[str], log: CallLog) -> list[str]:
    """What was there instead, and how much was looked at."""
    count = sum(times for _, _, times in log.lines)
    nearest = difflib.get_close_matches(text, read, _MOST_NEAREST)
    lines = [f"nearest   {', '.join(map(quote, nearest))}"] if nearest else []
    return [*lines, f"read      {count} frame{'' if count == 1 else 's'} of that time"]


def _view(frame: Frame) -> View:
    """A frame of the past as a view; which windows were there then is not known."""
    return View(frame, (), lambda _view: Sight(()))
