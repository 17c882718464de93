"""The JSON schema of flows, made of the types, for completion in editors."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import msgspec

from agent_app.episode.files import cannot_write, write_whole
from agent_app.flows.document import SUFFIX, VERSION, Head
from agent_app.flows.steps import BLOCKS, KINDS, Given, Options

SCHEMA_FILE = "flow.schema.json"
_LINE = "# yaml-language-server: $schema="
_REF = "#/$defs/{name}"
_STEPS = {"type": ["array", "null"], "items": {"$ref": "#/$defs/Step"}}


def make_schema() -> bytes:
    """The schema as JSON."""
    kinds = list(KINDS.values())
    _, defs = msgspec.json.schema_components([*kinds, Options, Head], ref_template=_REF)
    defs = {name: _loosened(each) for name, each in defs.items()}
    head, options = defs.pop("Head"), defs.pop("Options")
    defs["Step"] = {"anyOf": [_step(word, kind, defs, options) for word, kind in KINDS.items()]}
    head["properties"] |= {
        "flow": {"const": VERSION, "description": "The version of the format."},
        "setup": _STEPS | {"description": "Steps before the others; when one fails, so do all."},
        "steps": _STEPS | {"description": "What is tested."},
        "teardown": _STEPS | {"description": "Steps that are done at the end, come what may."},
    }
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A flow of agent-app: a GUI test",
        **head,
        "required": ["flow", "steps"],
        "$defs": defs,
    }
    return msgspec.json.format(msgspec.json.encode(schema, order="deterministic"), indent=1) + b"\n"


def shipped_schema() -> bytes:
    """The schema as it comes with this version."""
    return (files("agent_app.flows") / SCHEMA_FILE).read_bytes()


def schema_line() -> str:
    """The first line of a flow that lies beside the schema."""
    return f"{_LINE}{SCHEMA_FILE}"


def write_schema(folder: Path) -> list[Path]:
    """Put the schema into a folder, and its line into the flows there that name none.

    Returns the files that were written. Raises KnownError when one cannot be.
    """
    path = folder / SCHEMA_FILE
    written: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_bytes() != shipped_schema():
            write_whole(path, shipped_schema())
            written.append(path)
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            text = path.read_bytes()
            if _LINE.encode() not in text:
                write_whole(path, schema_line().encode() + b"\n" + text)
                written.append(path)
    except OSError as error:
        raise cannot_write(error, path) from error
    return written


def _step(word: str, kind: type[Given], defs: dict[str, Any], options: Any) -> dict[str, Any]:
    """A step with this word, the options, and its lists of steps."""
    whole: dict[str, Any] = {"$ref": _REF.format(name=kind.__name__)}
    about = defs[kind.__name__].get("description", "")
    value = {"anyOf": [*_shorts(kind, defs), whole]} if kind.short else whole
    blocks = BLOCKS.get(kind, ())
    return {
        "type": "object",
        "properties": {
            word: value | {"description": about},
            **dict.fromkeys(blocks, _STEPS),
            **options["properties"],
        },
        "required": [word, *(blocks if len(blocks) == 1 else ())],
        "additionalProperties": False,
    }


def _shorts(kind: type[Given], defs: dict[str, Any]) -> Iterable[Any]:
    """What may stand at a word in the place of a mapping."""
    field = dict(defs[kind.__name__]["properties"][kind.short])
    field.pop("default", None)
    forms = field.get("anyOf", [field])
    return [form for form in forms if form.get("type") not in ("null",) and "$ref" not in form] + (
        [{"type": "null"}] if kind.__name__ == "ExpectError" else []
    )


def _loosened(value: Any) -> Any:
    """A plain number or a truth is a text, too: `click: 5`."""
    if isinstance(value, list):
        return [_loosened(each) for each in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    found = {key: _loosened(each) for key, each in cast("dict[str, Any]", value).items()}
    if found.get("type") == "string" and "enum" not in found and "pattern" not in found:
        found["type"] = ["string", "number", "boolean"]
    return found
