"""Writing a flow: as a person would, with plain values where there is nothing else to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec
import yaml

from agent_app.flows.document import VERSION, kind_of
from agent_app.flows.schema import schema_line
from agent_app.flows.steps import Given, Target


@dataclass(frozen=True, slots=True)
class Line:
    """A step to be written; `note` is what it is for."""

    given: Given
    note: str = ""


@dataclass
class Draft:
    """A flow to be written. `recorded` is the run that it comes from."""

    name: str
    size: str = ""
    variables: dict[str, str] = field(default_factory=dict[str, str])
    setup: list[Line] = field(default_factory=list[Line])
    steps: list[Line] = field(default_factory=list[Line])
    recorded: str = ""


def flow_text(draft: Draft) -> str:
    """The file's text."""
    data: dict[str, Any] = {"flow": VERSION}
    if draft.name:
        data["name"] = draft.name
    if draft.recorded:
        data["recorded"] = draft.recorded
    if draft.size:
        data["desktop"] = {"size": draft.size}
    if draft.variables:
        data["variables"] = dict(draft.variables)
    if draft.setup:
        data["setup"] = list(map(_step, draft.setup))
    data["steps"] = list(map(_step, draft.steps))
    return f"{schema_line()}\n{_dumped(data)}"


def steps_text(lines: Sequence[Line]) -> str:
    """Steps alone, to be put behind those of a file."""
    return _dumped(list(map(_step, lines))) if lines else ""


def _step(line: Line) -> dict[str, Any]:
    step: dict[str, Any] = {kind_of(line.given): _short(line.given)}
    if line.note:
        step["note"] = line.note
    return step


def _short(given: Given) -> Any:
    """What stands at a step's word: the plain value where that is all."""
    data = {
        name: _value(value)
        for name, value in msgspec.structs.asdict(given).items()
        if value != _default(type(given), name)
    }
    is_short = list(data) == [given.short]
    if is_short and (given.short == "values" or not isinstance(data[given.short], dict)):
        return data[given.short]
    return _inline(data)


class _Inline(dict[str, Any]):
    """A mapping that is written on one line."""


def _inline(data: Any) -> Any:
    return _Inline(cast("dict[str, Any]", data)) if isinstance(data, dict) else data


def _value(value: object) -> Any:
    match value:
        case Target():
            return _inline(_short(value))
        case tuple():
            return [_value(each) for each in cast("tuple[object, ...]", value)]
        case Mapping():
            return dict(cast("Mapping[str, object]", value))
        case _:
            return value


def _default(kind: type[Given], name: str) -> object:
    found = next(each for each in msgspec.structs.fields(kind) if each.name == name)
    if found.default_factory is not msgspec.NODEFAULT:
        return found.default_factory()
    return found.default


def _dumped(data: Any) -> str:
    """YAML with texts of several lines as such, and short mappings on one line."""

    class Dumper(yaml.SafeDumper):
        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
            del indentless  # lists stand below their key, indented
            return super().increase_indent(flow, False)

    def represent(dumper: Any, text: str) -> Any:
        lines = text.split("\n")
        plain = all(line.isprintable() and line.strip() for line in lines[:-1])
        is_block = len(lines) > 2 and plain
        style = "|" if is_block else '"' if len(lines) > 1 else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    def represent_inline(dumper: Any, value: _Inline) -> Any:
        return dumper.represent_mapping("tag:yaml.org,2002:map", value, flow_style=True)

    yaml.add_representer(str, represent, Dumper=Dumper)
    yaml.add_representer(_Inline, represent_inline, Dumper=Dumper)
    return yaml.dump(data, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=100)
