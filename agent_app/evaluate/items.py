"""What a benchmark asks: a picture, an instruction, and where a right answer lies."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

BenchmarkName = Literal["screenspot-v2", "screenspot-pro", "osworld-g", "folder"]


class BoxTarget(msgspec.Struct, frozen=True, tag="box"):
    """A rectangle in pixels of the annotated picture; its edges belong to it."""

    left: float
    top: float
    width: float
    height: float


class PolygonTarget(msgspec.Struct, frozen=True, tag="polygon"):
    """A polygon in pixels of the annotated picture, its corners in order."""

    points: tuple[tuple[float, float], ...]


class RefusalTarget(msgspec.Struct, frozen=True, tag="refusal"):
    """Nothing: the picture does not show what is asked for, and a right answer says so."""


Target = BoxTarget | PolygonTarget | RefusalTarget


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One question. `picture` is a path below the benchmark's folder.

    `size` is the picture's width and height as annotated, None where only the file tells. `labels`
    are what the item counts under, by the name of a breakdown; an item may have several of one.
    """

    id: str
    picture: str
    instruction: str
    target: Target
    size: tuple[int, int] | None = None
    labels: dict[str, tuple[str, ...]] = {}


class Breakdown(msgspec.Struct, frozen=True):
    """A table of the result: one row for each combination of these labels that occurs.

    With `mean` the table ends with the plain mean of its rows.
    """

    title: str
    by: tuple[str, ...]
    mean: bool = False


class Published(msgspec.Struct, frozen=True):
    """A figure that others have published, in percent; it is quoted, never reproduced here."""

    who: str
    what: str
    percent: float
    source: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """A benchmark as it was found in a folder.

    `pictures` are the folders that the pictures may lie in. `notes` say what was found there that
    is not as published; `missing` names the items, by id, whose picture is not there: they are
    listed, never counted.
    """

    name: BenchmarkName
    title: str
    root: Path
    items: tuple[Item, ...]
    breakdowns: tuple[Breakdown, ...]
    published: tuple[Published, ...] = ()
    notes: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def sha1(self) -> str:
        """The hash of every question and its answer, in order."""
        return hashlib.sha1(msgspec.json.encode(self.items)).hexdigest()

    @property
    def askable(self) -> tuple[Item, ...]:
        """The items whose picture is there."""
        gone = set(self.missing)
        return tuple(item for item in self.items if item.id not in gone)


def chosen(items: Sequence[Item], *, limit: int | None, shard: tuple[int, int]) -> tuple[Item, ...]:
    """The items of one run, in the benchmark's own order, the same for the same flags.

    With a limit they are spread evenly over all items, so that a short run sees every part; shard
    (i, n) counts from 1 and takes every n-th of what is left.
    """
    if limit is not None and limit < len(items):
        items = [items[at * len(items) // limit] for at in range(limit)]
    number, of = shard
    return tuple(items[number - 1 :: of])
