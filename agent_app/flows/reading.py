"""Reading a flow: as data alone, bounded, and with errors that name the line.

Every value is read as the text that stands there and becomes what its field is: `click: 5` clicks
the thing that reads “5”. Tags, aliases and doubled keys are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec
import yaml

from agent_app.episode.files import read_regular
from agent_app.errors import KnownError
from agent_app.flows.document import VERSION, Flow, Head, Place, Step
from agent_app.flows.steps import BLOCKS, CLAIMS, KINDS, Expect, Given, If, Options, Repeat, Target

_MOST_BYTES = 2**20
_DEEPEST = 40
_MOST_STEPS = 1000
_LISTS = ("setup", "steps", "teardown")
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
_REMEDY = "docs/flows.md says what a flow can hold"


_T = TypeVar("_T", bound=msgspec.Struct)


class _Wrong(Exception):
    """Something in a flow is not as it should be."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


@dataclass(frozen=True, slots=True)
class _Node:
    """A value of the file with its line; mappings know their keys' lines, too."""

    value: str | list[_Node] | dict[str, tuple[_Node, int]] | None
    line: int

    def plain(self) -> Any:
        """The value without lines."""
        if isinstance(self.value, dict):
            return {key: each.plain() for key, (each, _) in self.value.items()}
        if isinstance(self.value, list):
            return [each.plain() for each in self.value]
        return self.value


def read_flow(path: Path) -> Flow:
    """Read a flow's file.

    Raises KnownError, which names the file and the line, for one that is none.
    """
    try:
        text = read_regular(path, most=_MOST_BYTES).decode()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise KnownError(f"cannot read the flow {path}: {reason}", remedy=_REMEDY) from error
    try:
        return _Reading(path).flow(_load(text))
    except _Wrong as wrong:
        raise KnownError(f"{path}:{wrong.line}: {wrong.message}", remedy=_REMEDY) from wrong
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line = mark.line + 1 if mark is not None else 1
        said = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        message = f"{path}:{line}: it is no YAML: {' '.join(str(said).split())}"
        remedy = "look at the dashes and spaces, and put texts that hold : ? # or { into quotes"
        raise KnownError(message, remedy=remedy) from error
    except RecursionError as error:
        raise KnownError(f"{path}:1: it is nested too deep", remedy=_REMEDY) from error


def _load(text: str) -> _Node:
    depth = 0
    for token in cast("Iterable[Any]", cast("Any", yaml).scan(text, Loader=yaml.BaseLoader)):
        line = token.start_mark.line + 1
        if isinstance(token, yaml.AliasToken):
            raise _Wrong("aliases (*) are not read; use variables, or include another flow", line)
        if isinstance(token, _OPENING):
            depth += 1
        elif isinstance(token, _CLOSING):
            depth -= 1
        if depth > _DEEPEST:
            raise _Wrong("it is nested too deep", line)
    root = cast("Any", yaml).compose(text, Loader=yaml.BaseLoader)
    if root is None:
        raise _Wrong("it is empty", 1)
    return _node(root)


def _node(node: Any) -> _Node:
    line = int(node.start_mark.line) + 1
    if node.tag not in _PLAIN_TAGS:
        raise _Wrong(f"tags (such as {node.tag[:40]}) are not read", line)
    if isinstance(node, yaml.ScalarNode):
        plain = node.style is None and node.value in _NOTHING
        return _Node(None if plain else node.value, line)
    if isinstance(node, yaml.SequenceNode):
        return _Node([_node(each) for each in node.value], line)
    values: dict[str, tuple[_Node, int]] = {}
    for key, value in node.value:
        at = int(key.start_mark.line) + 1
        if not isinstance(key, yaml.ScalarNode):
            raise _Wrong("a key must be a plain word", at)
        if key.value in values:
            raise _Wrong(f"{_quoted(key.value)} stands here twice", at)
        values[key.value] = (_node(value), at)
    return _Node(values, line)


class _Reading:
    """One file on its way to a `Flow`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._steps = 0

    def flow(self, root: _Node) -> Flow:
        if not isinstance(root.value, dict):
            raise _Wrong("a flow is a mapping with `flow`, `steps` and more", root.line)
        version = root.value.get("flow")
        if version is None:
            raise _Wrong(f"it must say `flow: {VERSION}`, which is the format", root.line)
        if version[0].value != str(VERSION):
            what = f"its format is {version[0].plain()!r}, and this agent-app reads {VERSION}"
            raise _Wrong(what, version[1])
        if "steps" not in root.value:
            raise _Wrong("it has no `steps`", root.line)
        rest = {key: value for key, value in root.value.items() if key not in _LISTS}
        head = self._convert(_Node(rest, root.line), Head, "a flow", more=_LISTS)
        lists = {name: self._list(*root.value[name], name) for name in _LISTS if name in root.value}
        return Flow(self._path, head, **lists)

    def _list(self, node: _Node, line: int, name: str) -> tuple[Step, ...]:
        if node.value is None:
            return ()
        if not isinstance(node.value, list):
            raise _Wrong(f"`{name}` must be a list of steps, each with a dash before it", line)
        return tuple(self._step(each) for each in node.value)

    def _step(self, node: _Node) -> Step:
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise _Wrong(f"it has more than {_MOST_STEPS} steps", node.line)
        if not isinstance(node.value, dict):
            said = f"{_quoted(node.value)} is no step" if node.value else "this is no step"
            raise _Wrong(f"{said}: write a word, a colon and what it is about", node.line)
        words = [key for key in node.value if key in KINDS]
        if len(words) != 1:
            if words:
                raise _Wrong(f"one step has one word, and this has {_listed(words)}", node.line)
            key, (_, line) = next(iter(node.value.items()), ("", (node, node.line)))
            near = get_close_matches(key, KINDS, 1)
            there = f"is {_quoted(near[0])} meant?" if near else f"there are {_listed(KINDS)}"
            raise _Wrong(f"{_quoted(key)} is no kind of step; {there}", line)
        (word,) = words
        kind = KINDS[word]
        blocks = BLOCKS.get(kind, ())
        beside = {k: v for k, v in node.value.items() if k != word and k not in blocks}
        options = self._convert(
            _Node(beside, node.line), Options, f"a step {_quoted(word)}", more=(word, *blocks)
        )
        value, line = node.value[word]
        given = self._given(value, line, word, kind)
        lists = {name: self._list(*node.value[name], name) for name in blocks if name in node.value}
        if blocks and not lists:
            raise _Wrong(f"{_quoted(word)} needs {' or '.join(map(_quoted, blocks))}", line)
        return Step(given, Place(self._path, line), options, lists)

    def _given(self, value: _Node, line: int, word: str, kind: type[Given]) -> Given:
        fields = kind.__struct_fields__
        is_whole = isinstance(value.value, dict) and not (
            kind.short == "values" and "values" not in value.value
        )
        if not is_whole:
            if value.value is None and word != "expect_error":
                raise _Wrong(f"nothing stands at {_quoted(word)}", line)
            if not kind.short:
                raise _Wrong(f"{_quoted(word)} needs {_listed(fields)}", line)
            short = {} if value.value is None else {kind.short: (value, line)}
            value = _Node(short, line)
        given = self._convert(value, kind, _quoted(word))
        if wrong := _is_wrong(given):
            raise _Wrong(f"{_quoted(word)} {wrong}", line)
        return given

    def _convert(self, node: _Node, kind: type[_T], called: str, *, more: Iterable[str] = ()) -> _T:
        try:
            return msgspec.convert(node.plain(), kind, strict=False)
        except msgspec.ValidationError as error:
            raise self._in_words(error, node, kind, called, more) from error

    def _in_words(
        self,
        error: msgspec.ValidationError,
        node: _Node,
        kind: type[msgspec.Struct],
        called: str,
        more: Iterable[str],
    ) -> _Wrong:
        match = _AT.fullmatch(str(error))
        assert match is not None
        said, where = match["what"], match["where"] or ""
        at, line = _follow(node, where)
        inside = where.strip(".")
        subject = f"{_quoted(inside)} of {called}" if inside and inside != "[...]" else called
        if unknown := _UNKNOWN.fullmatch(said):
            name = unknown["name"]
            if isinstance(at.value, dict) and name in at.value:
                line = at.value[name][1]
            known = [*more, *kind.__struct_fields__] if not inside else []
            there = f"; there are {_listed(known)}" if known else ""
            return _Wrong(f"{subject} knows no {_quoted(name)}{there}", line)
        if missing := _MISSING.fullmatch(said):
            return _Wrong(f"{subject} needs {_quoted(missing['name'])}", line)
        if expected := _EXPECTED.fullmatch(said):
            wanted = " or ".join(_WORDS.get(w, w) for w in expected["wanted"].split(" | "))
            return _Wrong(f"{subject} must be {wanted}{expected['rest']}", line)
        return _Wrong(f"{subject}: {said}", line)


def _follow(node: _Node, where: str) -> tuple[_Node, int]:
    """The value at a path such as `.to.text` or `.mask[0]`, and its line."""
    line = node.line
    for name, index in re.findall(r"\.([^.\[]+)|\[(\d+)\]", where):
        if name and isinstance(node.value, dict) and name in node.value:
            node, line = node.value[name]
        elif index and isinstance(node.value, list) and int(index) < len(node.value):
            node = node.value[int(index)]
            line = node.line
    return node, line


def _is_wrong(given: Given) -> str:
    """What a value is in itself wrong with; empty when it is not."""
    match given:
        case Expect():
            claims = [name for name in CLAIMS if getattr(given, name) is not None]
            if len(claims) != 1:
                many = f"has {_listed(claims)}" if claims else "has none"
                return f"makes one claim of {_listed(CLAIMS)}, and this {many}"
            if claims[0] in ("text", "contains", "count") and given.of is None:
                return f"{claims[0]!r} needs `of`: of which thing"
        case If():
            conditions = (given.visible, given.hidden, given.equal)
            if sum(each is not None for each in conditions) != 1:
                return "needs one of “visible”, “hidden”, “equal”"
        case Repeat(until=until, until_hidden=hidden) if until is not None and hidden is not None:
            return "takes “until” or “until_hidden”, not both"
        case _:
            pass
    return _nothing_sought(given)


def _nothing_sought(given: msgspec.Struct) -> str:
    if isinstance(given, Target):
        if not (given.text or given.role or given.picture):
            return "needs “text”, “role” or “picture”"
        if given.text and given.picture:
            return "takes “text” or “picture”, not both"
    for name in given.__struct_fields__:
        value = getattr(given, name)
        several = cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,)
        for each in several:
            if isinstance(each, Target) and (wrong := _nothing_sought(each)):
                return f"{_quoted(name)} {wrong}"
            if each == "" and name in _THINGS:
                return f"{_quoted(name)} is empty"
    return ""


_THINGS = frozenset({"thing", "to", "into", "of", "field", "visible", "hidden"})


def _listed(names: Iterable[str] | Mapping[str, object]) -> str:
    return ", ".join(names)


def _quoted(text: object) -> str:
    plain = " ".join(str(text).split())
    return f"“{plain if len(plain) <= 60 else plain[:59] + '…'}”"
