"""What a setting's value may be: checked as TOML has it, and read from a line of text.

Every check raises ValueError; `wanted` says what would have been right, for the person.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast

from agent_app.errors import KnownError
from agent_app.geometry import Region, Size

Value = str | int | float | bool | tuple[str, ...]
_YES = {"true": True, "yes": True, "on": True, "1": True}
_NO = {"false": False, "no": False, "off": False, "0": False}


class Kind(Protocol):
    """A kind of values."""

    @property
    def wanted(self) -> str:
        """What a value has to be, such as "a whole number above 0"."""
        ...

    def take(self, given: object) -> Value:
        """A value as it stands in the file."""
        ...

    def read(self, text: str) -> Value:
        """A value as a person writes it in one line."""
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text that is not empty; `check` raises KnownError for one that means nothing."""

    wanted: str = "a text"
    check: Callable[[str], object] = str

    def take(self, given: object) -> Value:
        if not isinstance(given, str) or not given.strip() or not given.isprintable():
            raise ValueError(self.wanted)
        try:
            self.check(given)
        except KnownError as error:
            raise ValueError(error.message) from error
        return given

    def read(self, text: str) -> Value:
        return self.take(text.strip())


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]

    @property
    def wanted(self) -> str:
        return "one of " + ", ".join(self.words)

    def take(self, given: object) -> Value:
        if given not in self.words:
            raise ValueError(self.wanted)
        return cast("str", given)

    def read(self, text: str) -> Value:
        return self.take(text.strip())


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from `least` on."""

    least: int = 1

    @property
    def wanted(self) -> str:
        return f"a whole number from {self.least} on"

    def take(self, given: object) -> Value:
        if not isinstance(given, int) or isinstance(given, bool) or given < self.least:
            raise ValueError(self.wanted)
        return given

    def read(self, text: str) -> Value:
        return self.take(int(text))


@dataclass(frozen=True, slots=True)
class Number:
    """A finite number from `least` to `most`, or above `least` where `above` is set."""

    least: float = 0.0
    most: float = math.inf
    above: bool = False

    @property
    def wanted(self) -> str:
        end = "" if self.most == math.inf else f" and up to {self.most:g}"
        return f"a number {'above' if self.above else 'from'} {self.least:g}" + (
            end or ("" if self.above else " on")
        )

    def take(self, given: object) -> Value:
        if not isinstance(given, int | float) or isinstance(given, bool):
            raise ValueError(self.wanted)
        inside = self.least <= given <= self.most and math.isfinite(given)
        if not inside or (self.above and given == self.least):
            raise ValueError(self.wanted)
        return float(given)

    def read(self, text: str) -> Value:
        return self.take(float(text))


@dataclass(frozen=True, slots=True)
class Switch:
    """On or off."""

    wanted: str = "true or false"

    def take(self, given: object) -> Value:
        if not isinstance(given, bool):
            raise ValueError(self.wanted)
        return given

    def read(self, text: str) -> Value:
        word = text.strip().lower()
        if word not in _YES | _NO:
            raise ValueError(self.wanted)
        return (_YES | _NO)[word]


@dataclass(frozen=True, slots=True)
class Several:
    """A list of texts, in one line with semicolons between them; it may be empty."""

    each: Text

    @property
    def wanted(self) -> str:
        return f"a list, each of it {self.each.wanted}"

    def take(self, given: object) -> Value:
        if not isinstance(given, list | tuple):
            raise ValueError(self.wanted)
        found = cast("list[object]", given)
        return tuple(str(self.each.take(one)) for one in found)

    def read(self, text: str) -> Value:
        return self.take([part.strip() for part in text.split(";") if part.strip()])


def shown(value: Value | None) -> str:
    """A value in one line, as `read` takes it; nothing for None."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case tuple():
            return "; ".join(value)
        case float():
            return f"{value:g}"
        case _:
            return str(value)


REGION = Text("X,Y,W,H in the screen's units, such as 0,0,1280,800", Region.parse)
SIZE = Text("WIDTHxHEIGHT in pixels, such as 1280x800", Size.parse)
