"""This project's own form of a benchmark: `benchmark.jsonl`, a header line, then a line an item.

What `make-desktop` writes; docs/evaluate.md tells how to write one by hand.
"""

from __future__ import annotations

import io
from pathlib import Path

import msgspec

from agent_app.episode.files import append_line, cannot_write, cut_half_line
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


class FolderWriter:
    """Writes a benchmark line by line, so that whatever ends the work keeps what is done.

    Raises KnownError when the folder holds another benchmark, or cannot be written.
    """

    def __init__(self, root: Path, header: Header) -> None:
        self._path = root / FILE
        try:
            root.mkdir(parents=True, exist_ok=True)
            begun = self._path.exists() and self._path.stat().st_size > 0
            if begun and self._path.read_bytes().split(b"\n")[0] != msgspec.json.encode(header):
                raise KnownError(
                    f"{self._path} holds a benchmark that was made otherwise",
                    remedy="give another folder, or the same flags to go on with it",
                )
            self._file = io.FileIO(self._path, "a")
            if begun:
                cut_half_line(self._path, self._file)
            else:
                append_line(self._file, msgspec.json.encode(header))
        except OSError as error:
            raise cannot_write(error, self._path) from error

    def add(self, item: Item) -> None:
        """Append an item."""
        try:
            append_line(self._file, msgspec.json.encode(item))
        except OSError as error:
            raise cannot_write(error, self._path) from error

    def close(self) -> None:
        self._file.close()
