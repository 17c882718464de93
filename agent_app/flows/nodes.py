"""YAML as data alone: bounded, every value the text that stands there, each with its line.

Tags, aliases and doubled keys are refused. What is wrong is said in words, with its line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec
import yaml

from agent_app.episode.files import read_regular
from agent_app.errors import KnownError

_MOST_BYTES = 2**20
_DEEPEST = 40
_OPENING = (
    yaml.BlockMappingStartToken,
    yaml.BlockSequenceStartToken,
    yaml.FlowMappingStartToken,
    yaml.FlowSequenceStartToken,
)
_CLOSING = (yaml.BlockEndToken, yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)
_PLAIN_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("str", "seq", "map"))
_NOTHING = ("", "~", "null")
_AT = re.compile(r"(?P<what>.*?)(?: - at (?:key in )?`\$?(?P<where>[^`]*)`)?", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<name>\w+)`")
_EXPECTED = re.compile(r"Expected `(?P<wanted>[^`]+)`(?:, got `(?P<got>[^`]+)`)?(?P<rest>.*)")
_WORDS = {
    "str": "a text",
    "int": "a number",
    "float": "a number",
    "bool": "true or false",
    "object": "a mapping",
    "array": "a list",
    "null": "nothing",
}

_T = TypeVar("_T", bound=msgspec.Struct)


class Wrong(Exception):
    """Something in a file is not as it should be, at a line of it."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the file with its line; mappings know their keys' lines, too."""

    value: str | list[Node] | dict[str, tuple[Node, int]] | None
    line: int

    def plain(self) -> Any:
        """The value without lines."""
        if isinstance(self.value, dict):
            return {key: each.plain() for key, (each, _) in self.value.items()}
        if isinstance(self.value, list):
            return [each.plain() for each in self.value]
        return self.value


_Read = TypeVar("_Read")


def read_file(path: Path, read: Callable[[Node], _Read], *, called: str, remedy: str) -> _Read:
    """What `read` makes of a file's content; it raises `Wrong` for what it cannot take.

    Raises KnownError, which names the file and the line; `called` is what such a file is.
    """
    try:
        text = read_regular(path, most=_MOST_BYTES).decode()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise KnownError(f"cannot read the {called} {path}: {reason}", remedy=remedy) from error
    try:
        return read(_load(text))
    except Wrong as wrong:
        raise KnownError(f"{path}:{wrong.line}: {wrong.message}", remedy=remedy) from wrong
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line = mark.line + 1 if mark is not None else 1
        said = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        message = f"{path}:{line}: it is no YAML: {' '.join(str(said).split())}"
        advice = "look at the dashes and spaces, and put texts that hold : ? # or { into quotes"
        raise KnownError(message, remedy=advice) from error
    except RecursionError as error:
        raise KnownError(f"{path}:1: it is nested too deep", remedy=remedy) from error


def _load(text: str) -> Node:
    depth = 0
    for token in cast("Iterable[Any]", cast("Any", yaml).scan(text, Loader=yaml.BaseLoader)):
        line = token.start_mark.line + 1
        if isinstance(token, yaml.AliasToken):
            raise Wrong("aliases (*) are not read; use variables, or include another flow", line)
        if isinstance(token, _OPENING):
            depth += 1
        elif isinstance(token, _CLOSING):
            depth -= 1
        if depth > _DEEPEST:
            raise Wrong("it is nested too deep", line)
    root = cast("Any", yaml).compose(text, Loader=yaml.BaseLoader)
    if root is None:
        raise Wrong("it is empty", 1)
    return _node(root)


def _node(node: Any) -> Node:
    line = int(node.start_mark.line) + 1
    if node.tag not in _PLAIN_TAGS:
        raise Wrong(f"tags (such as {node.tag[:40]}) are not read", line)
    if isinstance(node, yaml.ScalarNode):
        plain = node.style is None and node.value in _NOTHING
        return Node(None if plain else node.value, line)
    if isinstance(node, yaml.SequenceNode):
        return Node([_node(each) for each in node.value], line)
    values: dict[str, tuple[Node, int]] = {}
    for key, value in node.value:
        at = int(key.start_mark.line) + 1
        if not isinstance(key, yaml.ScalarNode):
            raise Wrong("a key must be a plain word", at)
        if key.value in values:
            raise Wrong(f"{quoted(key.value)} stands here twice", at)
        values[key.value] = (_node(value), at)
    return Node(values, line)


def convert(node: Node, kind: type[_T], called: str, *, more: Iterable[str] = ()) -> _T:
    """A value as a type of ours, which is `called` so; `more` are keys that may stand beside.

    Raises Wrong.
    """
    try:
        return msgspec.convert(node.plain(), kind, strict=False)
    except msgspec.ValidationError as error:
        raise _in_words(error, node, kind, called, more) from error


def _in_words(
    error: msgspec.ValidationError,
    node: Node,
    kind: type[msgspec.Struct],
    called: str,
    more: Iterable[str],
) -> Wrong:
    match = _AT.fullmatch(str(error))
    assert match is not None
    said, where = match["what"], match["where"] or ""
    at, line = _follow(node, where)
    inside = where.strip(".")
    subject = f"{quoted(inside)} of {called}" if inside and inside != "[...]" else called
    if unknown := _UNKNOWN.fullmatch(said):
        name = unknown["name"]
        if isinstance(at.value, dict) and name in at.value:
            line = at.value[name][1]
        known = [*more, *kind.__struct_fields__] if not inside else []
        there = f"; there are {listed(known)}" if known else ""
        return Wrong(f"{subject} knows no {quoted(name)}{there}", line)
    if missing := _MISSING.fullmatch(said):
        return Wrong(f"{subject} needs {quoted(missing['name'])}", line)
    if expected := _EXPECTED.fullmatch(said):
        wanted = " or ".join(_WORDS.get(w, w) for w in expected["wanted"].split(" | "))
        return Wrong(f"{subject} must be {wanted}{expected['rest']}", line)
    return Wrong(f"{subject}: {said}", line)


def _follow(node: Node, where: str) -> tuple[Node, int]:
    """The value at a path such as `.to.text` or `.mask[0]`, and its line."""
    line = node.line
    for name, index in re.findall(r"\.([^.\[]+)|\[(\d+)\]", where):
        if name and isinstance(node.value, dict) and name in node.value:
            node, line = node.value[name]
        elif index and isinstance(node.value, list) and int(index) < len(node.value):
            node = node.value[int(index)]
            line = node.line
    return node, line


def listed(names: Iterable[str] | Mapping[str, object]) -> str:
    """Names in one line."""
    return ", ".join(names)


def quoted(text: object) -> str:
    """A text in quotation marks, on one line, at most 60 characters."""
    plain = " ".join(str(text).split())
    return f"“{plain if len(plain) <= 60 else plain[:59] + '…'}”"
