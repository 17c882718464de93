"""Reading a flow: as data alone, bounded, and with errors that name the line.

Every value is read as the text that stands there and becomes what its field is: `click: 5` clicks
the thing that reads “5”. Tags, aliases and doubled keys are refused.
"""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import cast

import msgspec

from agent_app.flows.document import VERSION, Flow, Head, Place, Step
from agent_app.flows.nodes import Node, Wrong, convert, listed, quoted, read_file
from agent_app.flows.steps import BLOCKS, CLAIMS, KINDS, Expect, Given, If, Options, Repeat, Target

_MOST_STEPS = 1000
_LISTS = ("setup", "steps", "teardown")
_REMEDY = "docs/flows.md says what a flow can hold"


def read_flow(path: Path) -> Flow:
    """Read a flow's file.

    Raises KnownError, which names the file and the line, for one that is none.
    """
    return read_file(path, lambda root: flow_of(path, root), called="flow", remedy=_REMEDY)


def flow_of(path: Path, root: Node) -> Flow:
    """A flow that stands in a file; raises Wrong for one that is none."""
    return _Reading(path).flow(root)


class _Reading:
    """One file on its way to a `Flow`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._steps = 0

    def flow(self, root: Node) -> Flow:
        if not isinstance(root.value, dict):
            raise Wrong("a flow is a mapping with `flow`, `steps` and more", root.line)
        version = root.value.get("flow")
        if version is None:
            raise Wrong(f"it must say `flow: {VERSION}`, which is the format", root.line)
        if version[0].value != str(VERSION):
            what = f"its format is {version[0].plain()!r}, and this agent-app reads {VERSION}"
            raise Wrong(what, version[1])
        if "steps" not in root.value:
            raise Wrong("it has no `steps`", root.line)
        rest = {key: value for key, value in root.value.items() if key not in _LISTS}
        head = convert(Node(rest, root.line), Head, "a flow", more=_LISTS)
        lists = {name: self._list(*root.value[name], name) for name in _LISTS if name in root.value}
        return Flow(self._path, head, **lists)

    def _list(self, node: Node, line: int, name: str) -> tuple[Step, ...]:
        if node.value is None:
            return ()
        if not isinstance(node.value, list):
            raise Wrong(f"`{name}` must be a list of steps, each with a dash before it", line)
        return tuple(self._step(each) for each in node.value)

    def _step(self, node: Node) -> Step:
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise Wrong(f"it has more than {_MOST_STEPS} steps", node.line)
        if not isinstance(node.value, dict):
            said = f"{quoted(node.value)} is no step" if node.value else "this is no step"
            raise Wrong(f"{said}: write a word, a colon and what it is about", node.line)
        words = [key for key in node.value if key in KINDS]
        if len(words) != 1:
            if words:
                raise Wrong(f"one step has one word, and this has {listed(words)}", node.line)
            key, (_, line) = next(iter(node.value.items()), ("", (node, node.line)))
            near = get_close_matches(key, KINDS, 1)
            there = f"is {quoted(near[0])} meant?" if near else f"there are {listed(KINDS)}"
            raise Wrong(f"{quoted(key)} is no kind of step; {there}", line)
        (word,) = words
        kind = KINDS[word]
        blocks = BLOCKS.get(kind, ())
        beside = {k: v for k, v in node.value.items() if k != word and k not in blocks}
        options = convert(
            Node(beside, node.line), Options, f"a step {quoted(word)}", more=(word, *blocks)
        )
        value, line = node.value[word]
        given = self._given(value, line, word, kind)
        lists = {name: self._list(*node.value[name], name) for name in blocks if name in node.value}
        if blocks and not lists:
            raise Wrong(f"{quoted(word)} needs {' or '.join(map(quoted, blocks))}", line)
        return Step(given, Place(self._path, line), options, lists)

    def _given(self, value: Node, line: int, word: str, kind: type[Given]) -> Given:
        fields = kind.__struct_fields__
        is_whole = isinstance(value.value, dict) and not (
            kind.short == "values" and "values" not in value.value
        )
        if not is_whole:
            if value.value is None and word != "expect_error":
                raise Wrong(f"nothing stands at {quoted(word)}", line)
            if not kind.short:
                raise Wrong(f"{quoted(word)} needs {listed(fields)}", line)
            short = {} if value.value is None else {kind.short: (value, line)}
            value = Node(short, line)
        given = convert(value, kind, quoted(word))
        if wrong := _is_wrong(given):
            raise Wrong(f"{quoted(word)} {wrong}", line)
        return given


def _is_wrong(given: Given) -> str:
    """What a value is in itself wrong with; empty when it is not."""
    match given:
        case Expect():
            claims = [name for name in CLAIMS if getattr(given, name) is not None]
            if len(claims) != 1:
                many = f"has {listed(claims)}" if claims else "has none"
                return f"makes one claim of {listed(CLAIMS)}, and this {many}"
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
                return f"{quoted(name)} {wrong}"
            if each == "" and name in _THINGS:
                return f"{quoted(name)} is empty"
    return ""


_THINGS = frozenset({"thing", "to", "into", "of", "field", "visible", "hidden"})
