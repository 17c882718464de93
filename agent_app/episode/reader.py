"""Opens an episode, whatever became of it: killed, cut off, damaged, hostile, or an older one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from agent_app.episode.files import open_regular
from agent_app.episode.format import (
    EVENTS_FILE,
    KINDS,
    MAX_BYTES,
    MAX_LINE_BYTES,
    MAX_LINES,
    Header,
    RecordedEvent,
    UnknownEvent,
    decode_header,
    decode_line,
    encode_line,
    recorded_version,
    upgrade_line,
)
from agent_app.episode.frame_reader import FrameReader
from agent_app.episode.steps import steps_of
from agent_app.errors import KnownError
from agent_app.events import (
    ActionJudged,
    FrameCaptured,
    FrameRef,
    RunFinished,
    RunStarted,
    encode_event,
)
from agent_app.screen.frame import Pixels

_MOST_PROBLEMS = 200


class Episode:
    """An episode that was opened.

    `events` are all that were recorded, unknown kinds among them. `run` and `end` are None when the
    episode was cut off before they were written. `version` is that of the format it was written in;
    `header` and `events` are as the newest one has them.
    """

    def __init__(self, folder: Path, lines: _Lines) -> None:
        self.folder = folder
        self.header = lines.header
        self.version = lines.version
        self.events = tuple(lines.events)
        self.run = next((event for event in self.events if isinstance(event, RunStarted)), None)
        self.end = next((event for event in self.events if isinstance(event, RunFinished)), None)
        self._unusual = lines.unusual
        self._problems = lines.problems
        self._frames = {
            event.frame.sha1: event.frame
            for event in self.events
            if isinstance(event, (FrameCaptured, ActionJudged))
        }
        self._reader = FrameReader(folder, self._problems.add)
        for sha1 in self._frames:
            self._reader.is_there(sha1)
        self.steps = steps_of(self.events)

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the episode, as far as was looked: `frame` adds what it finds."""
        return tuple(self._problems)

    @property
    def frames(self) -> tuple[FrameRef, ...]:
        """Every different frame, in the order it was first seen."""
        return tuple(self._frames.values())

    def lines(self) -> Iterator[bytes]:
        """The episode's lines, to be written again: what this version does not know is in them."""
        yield encode_line(self.header)
        for number, event in enumerate(self.events):
            yield self._unusual.get(number) or encode_line(event)

    def frame(self, sha1: str) -> Image.Image | None:
        """The pixels of a frame, RGB, checked against its name.

        None when the file is missing, altered, or no frame of this episode; `problems` says which.
        """
        pixels = self.pixels(sha1)
        return None if pixels is None else Image.fromarray(pixels)

    def pixels(self, sha1: str) -> Pixels | None:
        """The same as an array, (height, width, 3) RGB; not to be written to."""
        ref = self._frames.get(sha1)
        if ref is None:
            self._problems.add(f"{sha1[:12]!r} is no frame of this episode")
            return None
        return self._reader.read(sha1, ref.transform.size)

    def wall_clock(self, at: float) -> datetime:
        """The time, in the zone it was recorded in, of a moment on the monotonic clock.

        A moment that no calendar has is that of the header.
        """
        try:
            return self.header.created + timedelta(seconds=at - self.header.at)
        except (OverflowError, ValueError):
            return self.header.created


def open_episode(folder: Path) -> Episode:
    """Read an episode; what is damaged is left out and named in its `problems`.

    Raises KnownError when the folder holds no episode, or one of a newer format version.
    """
    try:
        with open_regular(folder / EVENTS_FILE) as file:
            return Episode(folder, _Lines.read(file, folder))
    except OSError as error:
        raise KnownError(
            f"{folder} holds no readable episode: {EVENTS_FILE}: {error.strerror}",
            remedy=f"give the folder of an episode, the one that holds {EVENTS_FILE}",
        ) from error


class _Problems(dict[str, None]):
    """What is wrong, each once, in order, and not more than anyone reads."""

    def add(self, problem: str) -> None:
        if len(self) < _MOST_PROBLEMS:
            self[problem] = None
        else:
            self["there are more problems than are named here"] = None


@dataclass(slots=True)
class _Lines:
    """What `episode.jsonl` holds. `unusual` are the lines that encoding an event would change."""

    header: Header
    version: int
    events: list[RecordedEvent] = field(default_factory=list[RecordedEvent])
    unusual: dict[int, bytes] = field(default_factory=dict[int, bytes])
    problems: _Problems = field(default_factory=_Problems)

    @classmethod
    def read(cls, file: BinaryIO, folder: Path) -> _Lines:
        first = file.readline(MAX_LINE_BYTES)
        version = recorded_version(first, folder=folder)
        start = file.tell()
        header = decode_header(first, folder=folder, first_event=file.readline(MAX_LINE_BYTES))
        file.seek(start)
        lines = cls(header, version)
        lines._read_events(file)
        return lines

    def _read_events(self, file: BinaryIO) -> None:
        number = 1
        while line := file.readline(MAX_LINE_BYTES + 1):
            number += 1
            if number > MAX_LINES or file.tell() > MAX_BYTES:
                self.problems.add(f"the file is too long: after line {number - 1} it was left out")
                return
            if len(line) > MAX_LINE_BYTES:
                self.problems.add(f"line {number} is too long and was left out")
                while line and not line.endswith(b"\n"):
                    line = file.readline(MAX_LINE_BYTES)
            else:
                self._read_event(line, number)

    def _read_event(self, line: bytes, number: int) -> None:
        cut_off = not line.endswith(b"\n")
        line = upgrade_line(line.removesuffix(b"\n"), version=self.version)
        try:
            event = decode_line(line)
        except ValueError:
            self.problems.add(
                f"the last line ({number}) was cut off"
                if cut_off
                else f"line {number} is no event and was left out"
            )
            return
        if isinstance(event, UnknownEvent):
            if event.type in KINDS:
                self.problems.add(f"line {number}: this {event.type} holds something unknown")
        elif encode_event(event) != line:
            self.unusual[len(self.events)] = line + b"\n"
        self.events.append(event)
