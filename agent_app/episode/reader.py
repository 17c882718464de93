"""Opens an episode, whatever became of it: killed, cut off, damaged, or from another version."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from PIL import Image

from agent_app.episode.format import (
    EVENTS_FILE,
    KINDS,
    Header,
    RecordedEvent,
    UnknownEvent,
    decode_header,
    decode_line,
    frame_path,
)
from agent_app.episode.steps import steps_of
from agent_app.errors import KnownError
from agent_app.events import FrameCaptured, FrameRef, RunFinished, RunStarted
from agent_app.screen.frame import content_sha1

_PNG_SIZE = slice(16, 24)  # width and height, big-endian, in the first chunk


class Episode:
    """An episode that was opened.

    `events` are all that were recorded, unknown kinds among them. `run` and `end` are None when the
    episode was cut off before they were written.
    """

    def __init__(
        self,
        folder: Path,
        header: Header,
        events: tuple[RecordedEvent, ...],
        problems: Iterable[str],
    ) -> None:
        self.folder = folder
        self.header = header
        self.events = events
        self.run = next((event for event in events if isinstance(event, RunStarted)), None)
        self.end = next((event for event in events if isinstance(event, RunFinished)), None)
        self._frames = {e.frame.sha1: e.frame for e in events if isinstance(e, FrameCaptured)}
        self._problems = dict.fromkeys(problems)
        for sha1 in self._frames:
            self._path_of(sha1)
        self.steps = steps_of(events)

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the episode, as far as was looked: `frame` adds what it finds."""
        return tuple(self._problems)

    @property
    def frames(self) -> tuple[FrameRef, ...]:
        """Every different frame, in the order it was first seen."""
        return tuple(self._frames.values())

    def frame(self, sha1: str) -> Image.Image | None:
        """The pixels of a frame, RGB, checked against its name.

        None when the file is missing, altered, or no frame of this episode; `problems` says which.
        """
        ref = self._frames.get(sha1)
        if ref is None:
            self._report(f"{sha1[:12]!r} is no frame of this episode")
            return None
        path = self._path_of(sha1)
        if path is None:
            return None
        size = ref.transform.size
        try:
            data = path.read_bytes()
            # Compared before Pillow sees it: a small file can claim to be a huge picture.
            if data[_PNG_SIZE] == struct.pack(">II", size.width, size.height):
                with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
                    image.load()
                if image.mode == "RGB" and content_sha1(np.asarray(image)) == sha1:
                    return image
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            self._report(f"frame {sha1[:12]} cannot be read: {error}")
        else:
            self._report(f"frame {sha1[:12]} was altered: its pixels are not the recorded ones")
        return None

    def wall_clock(self, at: float) -> datetime:
        """The time, in the zone it was recorded in, of a moment on the monotonic clock."""
        return self.header.created + timedelta(seconds=at - self.header.at)

    def _path_of(self, sha1: str) -> Path | None:
        try:
            path = frame_path(self.folder, sha1)
        except ValueError as error:
            self._report(f"a frame has no proper name: {error}")
            return None
        if not path.is_file():
            self._report(f"frame {sha1[:12]} is missing")
            return None
        return path

    def _report(self, problem: str) -> None:
        self._problems[problem] = None


def open_episode(folder: Path) -> Episode:
    """Read an episode; what is damaged is left out and named in its `problems`.

    Raises KnownError when the folder holds no episode, or one of a newer format version.
    """
    try:
        data = (folder / EVENTS_FILE).read_bytes()
    except OSError as error:
        raise KnownError(
            f"{folder} holds no readable episode: {EVENTS_FILE}: {error.strerror}",
            remedy=f"give the folder of an episode, the one that holds {EVENTS_FILE}",
        ) from error
    first, *lines = data.split(b"\n")  # the last one is empty, or was cut off
    header = decode_header(first, folder=folder)
    events: list[RecordedEvent] = []
    problems: list[str] = []
    for number, line in enumerate(lines, start=2):
        cut_off = number == len(lines) + 1
        if cut_off and not line:
            break
        try:
            event = decode_line(line)
        except ValueError:
            problems.append(
                f"the last line ({number}) was cut off"
                if cut_off
                else f"line {number} is no event and was left out"
            )
            continue
        if isinstance(event, UnknownEvent) and event.type in KINDS:
            problems.append(f"line {number}: this {event.type} holds something unknown")
        events.append(event)
    return Episode(folder, header, tuple(events), problems)
