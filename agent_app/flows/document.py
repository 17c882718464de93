"""A flow as it was read: what a file says, and where in it each step stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from agent_app.flows.steps import KINDS, Given, Options

VERSION = 2  # 1 was a list of recorded actions
SUFFIX = ".flow.yaml"


class Surroundings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the desktop is to be like; see `DesktopSettings` for each of them."""

    size: Annotated[str, Meta(pattern=r"^\d{3,5}x\d{3,5}$")] | None = None
    scale: Annotated[float, Meta(gt=0, le=8)] | None = None
    locale: str | None = None
    theme: str | None = None
    font: str | None = None
    fresh: bool | None = None

    def given(self) -> dict[str, object]:
        """Those that are given, by their names."""
        named = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in named.items() if value is not None}


class Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a flow says besides its steps.

    `flow` is the version of the format. `recorded` is the run that it was exported from.
    """

    flow: int
    name: str = ""
    desktop: Surroundings | None = None
    variables: dict[str, str] = {}
    recorded: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, from 1."""

    path: Path
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Step:
    """One step; `blocks` are the lists of steps beside it, by their names."""

    given: Given
    place: Place
    options: Options = field(default_factory=Options)
    blocks: Mapping[str, tuple[Step, ...]] = field(default_factory=dict[str, "tuple[Step, ...]"])

    @property
    def kind(self) -> str:
        """The word that it stands at."""
        return kind_of(self.given)


@dataclass(frozen=True, slots=True)
class Flow:
    """A whole file."""

    path: Path
    head: Head
    setup: tuple[Step, ...] = ()
    steps: tuple[Step, ...] = ()
    teardown: tuple[Step, ...] = ()

    @property
    def title(self) -> str:
        return self.head.name or self.path.name.removesuffix(SUFFIX)


def kind_of(given: Given) -> str:
    """The word in a flow for what is given."""
    return next(word for word, each in KINDS.items() if type(given) is each)
