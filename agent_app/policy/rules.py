"""What a `policy.toml` says, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Literal

from agent_app.actions import (
    Action,
    Click,
    Drag,
    Hold,
    Hotkey,
    Move,
    Press,
    Scroll,
    Write,
)
from agent_app.geometry import Region

Verdict = Literal["allow", "ask", "refuse"]
Confirm = Literal["none", "risky", "all"]
"""When the person is asked: never, before what the rules say, or before every action."""
Kind = Literal["click", "drag", "scroll", "move", "type", "press"]

_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Hours:
    """A span of the day in minutes after midnight, on `days` (0 is Monday).

    One that ends before it begins goes on into the next day.
    """

    days: frozenset[int]
    start: int
    end: int

    def hold(self, now: datetime) -> bool:
        """Whether this moment lies in it."""
        minute, today = now.hour * 60 + now.minute, now.weekday()
        if self.start < self.end:
            return today in self.days and self.start <= minute < self.end
        return (today in self.days and minute >= self.start) or (
            (today - 1) % 7 in self.days and minute < self.end
        )


ALWAYS = Hours(frozenset(range(7)), 0, _DAY)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: every condition that is given has to hold, by one of its values.

    `applications`, `titles` and `hosts` are patterns in which `*` stands for anything; `keys` are
    chords without the side of a key.
    """

    name: str
    verdict: Verdict
    why: str = ""
    applications: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    regions: tuple[Region, ...] = ()
    words: tuple[str, ...] = ()
    keys: tuple[frozenset[str], ...] = ()
    actions: tuple[Kind, ...] = ()
    hours: tuple[Hours, ...] = ()


@dataclass(frozen=True, slots=True)
class RiskWords:
    """Words of one kind of risk, in many languages, and why they are one."""

    name: str
    why: str
    verdict: Verdict
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """All of a policy. `confirm` is for a person's own display; `answer_seconds` is how long a
    question waits. `private_terminals` is for terminals on a private desktop."""

    confirm: Confirm
    answer_seconds: float
    terminals: Verdict
    private_terminals: Verdict
    passwords: Verdict
    unknown: Verdict
    terminal_applications: tuple[str, ...]
    unread: Verdict
    browsers: tuple[str, ...]
    risks: tuple[RiskWords, ...]
    confirming: tuple[str, ...]
    rules: tuple[Rule, ...]


def kind_of(action: Action) -> Kind | None:
    """What kind of input an action is; None for one that sends none."""
    match action:
        case Click():
            return "click"
        case Drag():
            return "drag"
        case Scroll():
            return "scroll"
        case Move():
            return "move"
        case Write():
            return "type"
        case Press() | Hotkey() | Hold():
            return "press"
        case _:
            return None


def is_like(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a name is like one of the patterns, upper and lower case aside."""
    plain = name.casefold()
    return any(fnmatchcase(plain, pattern.casefold()) for pattern in patterns)
