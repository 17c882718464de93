"""`${name}` in a flow's texts, and `${env:NAME}`, which is of the environment: for secrets."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, cast

import msgspec

from agent_app.errors import KnownError

_VARIABLE = re.compile(r"\$\$|\$\{(?P<name>[^{}]*)\}")
_MOST_CHARACTERS = 100_000
_ENVIRONMENT = "env:"

T = TypeVar("T", bound=msgspec.Struct)


def substituted(given: T, variables: Mapping[str, str]) -> T:
    """The same with the variables' values in every text; `$$` is a dollar sign.

    Raises KnownError for a variable that there is not.
    """
    return msgspec.convert(_in(msgspec.to_builtins(given), variables), type(given), strict=False)


def with_values(text: str, variables: Mapping[str, str]) -> str:
    """A text with the variables' values."""

    def value(match: re.Match[str]) -> str:
        name = match["name"]
        if name is None:
            return "$"
        if name.startswith(_ENVIRONMENT) and name not in variables:
            return _of_environment(name.removeprefix(_ENVIRONMENT))
        if name not in variables:
            raise KnownError(
                f"there is no variable {name!r}",
                remedy=f"there are {', '.join(sorted(variables)) or 'none'}; add it to `variables`",
            )
        return variables[name]

    found = _VARIABLE.sub(value, text)
    if len(found) > _MOST_CHARACTERS:
        raise KnownError(
            f"a text has more than {_MOST_CHARACTERS} characters", remedy="use shorter variables"
        )
    return found


def escaped(text: str) -> str:
    """A text as it must stand in a flow to be itself."""
    return text.replace("$", "$$")


def variable_of(text: str, *, of: Literal["flow", "environment"]) -> tuple[str, ...]:
    """The variables in a text: the environment's; or the flow's one that is all of it, if so."""
    if of == "environment":
        names = (match["name"] or "" for match in _VARIABLE.finditer(text))
        return tuple(n.removeprefix(_ENVIRONMENT) for n in names if n.startswith(_ENVIRONMENT))
    whole = _VARIABLE.fullmatch(text)
    name = "" if whole is None else whole["name"] or ""
    return () if not name or name.startswith(_ENVIRONMENT) else (name,)


def _of_environment(name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise KnownError(
            f"the environment has no variable {name!r}", remedy=f"set it: {name}=… agent-app test …"
        )
    return value


def _in(value: Any, variables: Mapping[str, str]) -> Any:
    match value:
        case str():
            return with_values(value, variables)
        case list() | tuple():
            return [_in(each, variables) for each in cast("list[Any]", value)]
        case dict():
            items = cast("dict[str, Any]", value).items()
            return {key: _in(each, variables) for key, each in items}
        case _:
            return value
