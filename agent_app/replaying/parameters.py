"""The texts that a re-execution types: as recorded, replaced, or secret.

A secret is typed and nowhere written: in the new recording its place is held by
`{{secret:NAME}}`, as it was in the old one.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from agent_app.actions import Action, Write
from agent_app.course import Course
from agent_app.episode.files import read_regular
from agent_app.errors import KnownError, RunEnded
from agent_app.events import Event, QuestionAnswered, QuestionAsked
from agent_app.markers import secret_names
from agent_app.replaying.script import Deed
from agent_app.wording import say

_MOST_BYTES = 2**20
_NOT_RECORDED = "(given, and not recorded)"


@dataclass
class Texts:
    """What is typed in place of what was recorded: `values` by the texts' names, and secrets.

    `secrets` are those that are known by their names; `ask` gets the others from the person, and
    `learn` is told of each of them.
    """

    values: Mapping[str, str] = field(default_factory=dict[str, str])
    secrets: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    learn: Callable[[Mapping[str, str]], None] | None = None

    def said(self, deed: Deed) -> Action:
        """The action as it is shown and recorded."""
        if isinstance(deed.action, Write) and deed.name in self.values:
            return Write(self.values[deed.name])
        return deed.action

    def unknown_secrets(self, action: Action) -> tuple[str, ...]:
        """The names of the secrets in a text that still have to be asked for."""
        text = action.text if isinstance(action, Write) else ""
        return tuple(name for name in secret_names([text]) if name not in self.secrets)

    def ask(
        self, course: Course, number: int, names: Sequence[str]
    ) -> Generator[Event, None, None]:
        """Ask the person for secrets; raises RunEnded when nobody tells them."""
        for name in names:
            question = say("What is to be typed for “{name}”? It is not recorded.", name=name)
            asked = QuestionAsked(number, str(question), (), time.monotonic(), words=question)
            yield asked
            answer = course.answerer(asked)
            told = None if answer is None else _NOT_RECORDED
            yield QuestionAnswered(number, told, time.monotonic())
            course.check_stop()
            if answer is None:
                missing = say("nobody said what is to be typed for “{name}”", name=name)
                raise RunEnded("miss", missing)
            self.secrets[name] = answer
            if self.learn is not None:
                self.learn({name: answer})


def read_params(given: Sequence[str]) -> dict[str, str]:
    """Read `NAME=VALUE` and files of them (.json, .toml); raises KnownError."""
    values: dict[str, str] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if equals and not Path(each).is_file():
            values[name.strip()] = value
        else:
            values |= _read_file(Path(each))
    return values


def check_params(
    values: Mapping[str, str], texts: Mapping[str, str], labels: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The values by the recording's own names of its texts.

    A text may be given by that name, by its label of `labels` in capitals or not, or by its number
    as `text_2`. Raises KnownError for a name that the recording has no text for, or for a text that
    is given twice.
    """
    labels = labels or {}
    ways = {f"text_{number}": name for number, name in enumerate(texts, 1)}
    ways |= {labels.get(name, name).casefold(): name for name in texts}
    ways |= {name: name for name in texts}
    found: dict[str, str] = {}
    unknown: list[str] = []
    for given, value in values.items():
        name = ways.get(given) or ways.get(given.casefold())
        if name is None:
            unknown.append(given)
        elif name in found:
            raise KnownError(
                f"the text {labels.get(name, name)} is given twice", remedy="give it once"
            )
        else:
            found[name] = value
    if unknown:
        known = ", ".join(labels.get(name, name) for name in texts) or "none: it types nothing"
        raise KnownError(
            f"the recording has no text {', '.join(map(repr, unknown))}",
            remedy=f"its texts are {known}; --list-params shows them",
        )
    return found


def _read_file(path: Path) -> dict[str, str]:
    try:
        data = read_regular(path, most=_MOST_BYTES)
        values: Any = (
            tomllib.loads(data.decode()) if path.suffix == ".toml" else msgspec.json.decode(data)
        )
        return msgspec.convert(values, dict[str, str])
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise KnownError(
            f"cannot read the texts of {path}: {error}",
            remedy="give NAME=VALUE, or a .json or .toml file that maps names to texts",
        ) from error
