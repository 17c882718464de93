"""This project's own form of a benchmark: `benchmark.jsonl`, a header line, then a line an item.

What `make-desktop` writes; docs/evaluate.md tells how to write one by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from agent_app.episode.files import cannot_write, write_whole
from agent_app.errors import KnownError
from agent_app.evaluate.items import Breakdown, Dataset, Item
from agent_app.evaluate.reading import (
    check_folder,
    check_items,
    check_targets,
    decode,
    inside,
    read_bytes,
    resized,
)
from agent_app.geometry import Size

FILE = "benchmark.jsonl"
FORMAT = "agent-app benchmark"
VERSION = 1


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The first line. `about` says in words how the benchmark was made."""

    format: str = FORMAT
    version: int = VERSION
    name: str
    about: str = ""
    breakdowns: tuple[Breakdown, ...] = ()


class _Identity(msgspec.Struct):
    format: str
    version: int


def read_folder(root: Path) -> Dataset:
    """A benchmark of this project's own form; raises KnownError when it cannot be read."""
    check_folder(root, "a benchmark", holds=FILE)
    path = root / FILE
    lines = read_bytes(path).split(b"\n")
    identity = decode(lines[0], _Identity, f"line 1 of {path}", "header of a benchmark")
    if identity.format != FORMAT or identity.version > VERSION:
        raise KnownError(
            f"{path} is {identity.format!r} of version {identity.version}",
            remedy=f"give a folder of {FORMAT!r} up to version {VERSION}, or update agent-app",
        )
    header = decode(lines[0], Header, f"line 1 of {path}", "header of a benchmark")
    notes: list[str] = []
    items: list[Item] = []
    for number, line in enumerate(lines[1:], 2):
        if not line.strip():
            continue
        if number == len(lines):
            notes.append(f"the last line of {path.name} was cut off, and is left out")
            break
        where = f"line {number} of {path}"
        item = decode(line, Item, where, "item of a benchmark")
        inside(root, "", item.picture, where)
        items.append(item)
    missing = check_items(items, root)
    sizes = [Size(*item.size) if item.size is not None else None for item in items]
    notes += check_targets(items, sizes, str(path))
    notes += resized(items, root)
    return Dataset(
        "folder",
        header.name,
        root,
        tuple(items),
        header.breakdowns,
        notes=tuple(notes),
        missing=missing,
    )


def write_folder(root: Path, header: Header, items: Sequence[Item]) -> None:
    """Write the questions beside their pictures; raises KnownError when they cannot be written."""
    path = root / FILE
    lines = [msgspec.json.encode(header), *map(msgspec.json.encode, items)]
    try:
        write_whole(path, b"\n".join(lines) + b"\n")
    except OSError as error:
        raise cannot_write(error, path) from error
