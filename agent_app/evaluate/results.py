"""What a model answered, as it is kept: a header line, then a line an item.

Each line is written whole in one go, so that whatever ends the work keeps what is done. A shard has
a file of its own; the result in a folder is all of its files together.
"""

from __future__ import annotations

import io
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from agent_app import __version__
from agent_app.episode.files import append_line, cannot_write, cut_half_line, hold, is_held
from agent_app.errors import KnownError
from agent_app.evaluate.items import BenchmarkName, Breakdown, Item, Published
from agent_app.evaluate.reading import decode, read_bytes
from agent_app.evaluate.scoring import Prediction, Verdict
from agent_app.model_runtime import EndedBy

FORMAT = "agent-app evaluation"
VERSION = 1

# what another run of the same thing may have otherwise
_FREE = {"app", "data", "notes", "missing", "shard", "published", "breakdowns", "started", "hosts"}
# what names the hosts of a served model: the same model may answer at another address
_ADDRESSES = {"detail", "source"}


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """Under what a benchmark was run: the header line.

    `items` is how many the benchmark has and `items_sha1` names them; `missing` are the ids of
    those without a picture. `source` is what the model was asked for by, `hosts` those of a served
    one; `shard` (i, n) counts from 1.
    """

    format: str = FORMAT
    version: int = VERSION
    app: str = __version__
    started: str = ""
    benchmark: BenchmarkName
    title: str
    data: str
    items: int
    items_sha1: str
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    breakdowns: tuple[Breakdown, ...] = ()
    published: tuple[Published, ...] = ()
    model: str
    detail: str
    source: str
    hosts: str = ""
    prompt_sha1: str
    temperature: float
    top_p: float
    seed: int | None
    max_tokens: int
    think: bool
    thinking_budget: int | None
    samples: int = 1
    limit: int | None = None
    shard: tuple[int, int] = (1, 1)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One reply; seconds are those that the runtime took."""

    thought: str
    summary: str | None
    ended_by: EndedBy
    prediction: Prediction
    verdict: Verdict
    seconds: float = 0.0
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One item. `asked` is the instruction as the model got it; `size` that of the picture.

    Of several answers `chosen` is the index of the one that stands for all.
    """

    item: Item
    size: tuple[int, int]
    asked: str
    answers: tuple[Answer, ...]
    chosen: int = 0

    @property
    def answer(self) -> Answer:
        return self.answers[self.chosen]

    @property
    def verdict(self) -> Verdict:
        return self.answer.verdict

    @property
    def is_right(self) -> bool:
        return self.verdict == "correct"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A whole result, of one file or of all shards in a folder."""

    conditions: Conditions
    results: tuple[Result, ...]


class ResultLog:
    """Writes results line by line; `done` is what the file held before."""

    def __init__(self, file: io.FileIO, done: Sequence[Result]) -> None:
        self._file = file
        self.done = tuple(done)

    def add(self, result: Result) -> None:
        """Append a line; raises KnownError when the disk refuses."""
        try:
            append_line(self._file, msgspec.json.encode(result))
        except OSError as error:
            raise cannot_write(error, Path(str(self._file.name))) from error


def file_of(folder: Path, shard: tuple[int, int]) -> Path:
    """Where the results of a shard are kept."""
    number, of = shard
    return folder / ("items.jsonl" if of == 1 else f"items-{number}-of-{of}.jsonl")


@contextmanager
def open_results(folder: Path, conditions: Conditions, *, resume: bool) -> Generator[ResultLog]:
    """Begin a file of results, or with `resume` go on with one made under the same conditions.

    Raises KnownError when there is one already, made under others or being written just now.
    """
    path = file_of(folder, conditions.shard)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        begun = path.exists() and path.stat().st_size > 0
        if begun and not resume:
            raise KnownError(
                f"{path} holds a result already",
                remedy="add --resume to go on with it, or give another --output",
            )
        before = read_file(path) if begun else None
        _check_same(path, before and before.conditions, conditions)
        if begun and is_held(path):
            raise KnownError(
                f"{path} is being written by another run", remedy="wait for it, or stop it"
            )
        for other in _files(folder):
            _check_same(other, read_conditions(other), conditions)
        with io.FileIO(path, "a") as file:
            hold(file)
            cut_half_line(path, file)
            if before is None:
                append_line(file, msgspec.json.encode(conditions))
            yield ResultLog(file, before.results if before is not None else ())
    except OSError as error:
        raise cannot_write(error, path) from error


def read_results(folder: Path) -> Outcome:
    """The result in a folder, of all its shards; raises KnownError when there is none."""
    paths = [folder] if folder.is_file() else _files(folder)
    if not paths:
        raise KnownError(
            f"{folder} holds no result", remedy="give a folder that an earlier --output made"
        )
    first: Conditions | None = None
    details: dict[str, None] = {}
    found: dict[str, Result] = {}
    for path in paths:
        outcome = read_file(path)
        if outcome is None:
            continue
        _check_same(path, first, outcome.conditions)
        first = first or outcome.conditions
        details[outcome.conditions.detail] = None
        for result in outcome.results:
            found.setdefault(result.item.id, result)
    if first is None:
        raise KnownError(f"{folder} holds no whole line", remedy="make the result anew")
    told = msgspec.structs.replace(first, detail="; ".join(details))  # shards may name other hosts
    return Outcome(told, tuple(found.values()))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("items*.jsonl") if path.stat().st_size > 0)


def _check_same(path: Path, before: Conditions | None, now: Conditions) -> None:
    """Raises KnownError when a file was made under other conditions."""
    if before is None:
        return
    free = _FREE | _ADDRESSES if before.hosts and now.hosts else _FREE
    differing = [
        name
        for name in Conditions.__struct_fields__
        if name not in free and getattr(before, name) != getattr(now, name)
    ]
    if differing:
        raise KnownError(
            f"{path} holds a result made under other conditions ({', '.join(differing)})",
            remedy="give another --output, or the same flags to go on with it",
        )


class _Identity(msgspec.Struct):
    format: str
    version: int


def read_conditions(path: Path) -> Conditions | None:
    """The header of a file of results; None while not even that is whole."""
    with path.open("rb") as file:
        line = file.readline(2**24)
    if not line.endswith(b"\n"):
        return None
    return _conditions(line, path)


def read_file(path: Path) -> Outcome | None:
    """One file of results; a last line that was cut off is left out.

    None when a kill left not even its header whole. Raises KnownError for anything else that is
    damaged, with its line.
    """
    *lines, _cut_off = read_bytes(path).split(b"\n")
    if not lines:
        return None
    conditions = _conditions(lines[0], path)
    results: list[Result] = []
    for number, line in enumerate(lines[1:], 2):
        where = f"line {number} of {path}"
        result = decode(line, Result, where, "result of an item")
        if not 0 <= result.chosen < len(result.answers):
            raise KnownError(f"{where} chooses no answer", remedy="make the result anew")
        results.append(result)
    return Outcome(conditions, tuple(results))


def _conditions(line: bytes, path: Path) -> Conditions:
    identity = decode(line, _Identity, str(path), "result of an evaluation")
    if identity.format != FORMAT:
        raise KnownError(
            f"{path} is no result of an evaluation", remedy="give the folder of an --output"
        )
    if identity.version > VERSION:
        raise KnownError(f"{path} was written by a newer agent-app", remedy="update agent-app")
    return decode(line, Conditions, str(path), "result of an evaluation")
