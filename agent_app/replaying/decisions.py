"""What a model decided on recorded screens, as it is kept: a header line, then a line a step.

`decisions.jsonl` is flushed after each line, so that whatever ends the work keeps what is done, and
the same command goes on from there. A last line that was cut off is taken as it is.
"""

from __future__ import annotations

import io
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal

import msgspec

from agent_app.actions import Action
from agent_app.episode.files import append_line, cannot_write, cut_half_line, open_regular
from agent_app.errors import KnownError
from agent_app.model_runtime import EndedBy
from agent_app.replaying.comparison import Comparison

FORMAT = "agent-app decisions"
VERSION = 1
DECISIONS_FILE = "decisions.jsonl"
_MOST_LINE_BYTES = 16 * 2**20
_MOST_LINES = 1_000_000

Verdict = Literal["same", "other", "mistake"]


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """Under what the model was asked: the header line, and what has to be equal to go on.

    `model` and `detail` are as the runtime names itself, with precision and engine; `source` is
    what it was asked for by. `hint` continues the recorded thought at step `from_step`.
    """

    format: str = FORMAT
    version: int = VERSION
    model: str
    detail: str
    source: str
    prompt_sha1: str
    temperature: float
    top_p: float
    seed: int | None
    max_tokens: int
    think: bool
    thinking_budget: int | None
    images: int
    samples: int
    from_step: int | None = None
    hint: str = ""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One reply. `mistake` says why nothing of it can be carried out; `actions` are empty then."""

    thought: str
    summary: str | None
    ended_by: EndedBy
    intent: str = ""
    actions: tuple[Action, ...] = ()
    mistake: str = ""
    comparison: Comparison | None = None
    seconds: float = 0.0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def agrees(self) -> bool:
        return self.comparison is not None and self.comparison.agrees


class Spread(msgspec.Struct, frozen=True):
    """How far several samples of one step lie apart.

    `majority` is the share of them that decided like the chosen one, `right` the share that agrees
    with the recording. `distance` is the median distance of their first places to the medoid among
    them, in pixels, `share` the same of the diagonal; None when fewer than two name a place.
    """

    majority: float
    right: float
    distance: float | None
    share: float | None


class StepDecision(msgspec.Struct, frozen=True, kw_only=True):
    """One step of one episode: what was recorded, and what the model decides now.

    `chosen` is the index of the sample that stands for all: of those that most agree with, the one
    in their middle. `frame` is the sha1 of the screen.
    """

    episode: str
    step: int
    frame: str
    intent: str = ""
    recorded: tuple[Action, ...] = ()
    samples: tuple[Sample, ...]
    chosen: int = 0
    spread: Spread | None = None
    verdict: Verdict

    @property
    def sample(self) -> Sample:
        return self.samples[self.chosen]

    @property
    def moved(self) -> float | None:
        """How far the first place moved, in pixels."""
        comparison = self.sample.comparison
        return comparison.moved if comparison is not None else None


class Decisions(msgspec.Struct, frozen=True):
    """A whole result, read back."""

    conditions: Conditions
    steps: tuple[StepDecision, ...]

    def of(self, episode: str) -> dict[int, StepDecision]:
        """The decisions on one episode, by step."""
        return {each.step: each for each in self.steps if each.episode == episode}


class DecisionLog:
    """Writes decisions line by line; `done` is what the file held before."""

    def __init__(self, file: io.FileIO, done: Sequence[StepDecision]) -> None:
        self._file = file
        self.done = tuple(done)

    def add(self, decision: StepDecision) -> None:
        """Append a line in one write; raises KnownError when the disk refuses."""
        try:
            append_line(self._file, msgspec.json.encode(decision))
        except OSError as error:
            raise cannot_write(error, Path(str(self._file.name))) from error


@contextmanager
def open_log(path: Path, conditions: Conditions) -> Generator[DecisionLog]:
    """Begin a file of decisions, or go on with one that was made under the same conditions.

    Raises KnownError when it was made under others, or cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        begun = path.exists() and path.stat().st_size > 0
        before = read_decisions(path) if begun else None
        if before is not None and before.conditions != conditions:
            differing = ", ".join(
                name
                for name in Conditions.__struct_fields__
                if getattr(before.conditions, name) != getattr(conditions, name)
            )
            raise KnownError(
                f"{path} holds decisions made under other conditions ({differing})",
                remedy="give another --output, or the same flags to go on with it",
            )
        with io.FileIO(path, "a") as file:
            if before is None:
                append_line(file, msgspec.json.encode(conditions))
            else:
                cut_half_line(path, file)
            yield DecisionLog(file, before.steps if before is not None else ())
    except OSError as error:
        raise cannot_write(error, path) from error


def read_decisions(path: Path) -> Decisions:
    """Read a result, given its file or the folder that holds it.

    Raises KnownError when there is none, or a newer version wrote it. A last line that was cut off
    is left out; any other that is damaged is refused with its number.
    """
    path = path / DECISIONS_FILE if path.is_dir() else path
    try:
        with open_regular(path) as file:
            return _read(file.readline(_MOST_LINE_BYTES), _lines(file), path)
    except OSError as error:
        raise KnownError(
            f"cannot read {path}: {error.strerror or error}",
            remedy=f"give a folder that an earlier --output made, with {DECISIONS_FILE} in it",
        ) from error


class _Identity(msgspec.Struct):
    format: str
    version: int


def _read(first: bytes, lines: Iterator[bytes], path: Path) -> Decisions:
    try:
        identity = msgspec.json.decode(first, type=_Identity)
        if identity.format != FORMAT:
            raise msgspec.ValidationError("another format")
        if identity.version > VERSION:
            raise KnownError(f"{path} was written by a newer agent-app", remedy="update agent-app")
        conditions = msgspec.json.decode(first, type=Conditions)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise KnownError(
            f"{path} holds no decisions: {error}", remedy="give the result of an earlier --output"
        ) from error
    decoder = msgspec.json.Decoder(StepDecision)
    steps: list[StepDecision] = []
    for number, line in enumerate(lines, 2):
        if not line.endswith(b"\n"):  # what a killed writer leaves
            break
        try:
            step = decoder.decode(line)
            _check(step)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise KnownError(
                f"line {number} of {path} is no decision: {error}",
                remedy="remove that line, or make the result anew",
            ) from error
        if number > _MOST_LINES:
            raise KnownError(f"{path} has more than {_MOST_LINES} lines", remedy="split it")
        steps.append(step)
    return Decisions(conditions, tuple(steps))


def _check(step: StepDecision) -> None:
    if not 0 <= step.chosen < len(step.samples):
        raise msgspec.ValidationError("no sample is the chosen one")


def _lines(file: BinaryIO) -> Iterator[bytes]:
    while line := file.readline(_MOST_LINE_BYTES):
        yield line
