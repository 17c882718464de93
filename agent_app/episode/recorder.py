"""Records a run: a tee that lets no event pass before it is written down.

The format and the order of what is on disk when are in `agent_app.episode.format`.

Measured on two cores (`python bench/episodes.py`), per step with a new 1080p frame: 0.8 ms when the
model thinks for 0.3 s, because encoding is done meanwhile, 8 ms when it answers at once. Of that
each fsync is 0.1 ms (an SSD without a write cache: a few), which is why every action is synced.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import itertools
import json
import os
import re
import time
import unicodedata
from collections.abc import Callable, Generator, Iterator, Sequence, Set
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import msgspec
import platformdirs

from agent_app import __version__
from agent_app.episode.files import cannot_write, hold, sync_folder, write_whole
from agent_app.episode.format import (
    EVENTS_FILE,
    FRAMES_FOLDER,
    Header,
    encode_line,
)
from agent_app.episode.frame_writer import FrameWriter
from agent_app.errors import KnownError
from agent_app.events import (
    LIVE_ONLY,
    ActionDecided,
    ActionJudged,
    Event,
    FrameCaptured,
    RunFinished,
    RunStarted,
)
from agent_app.screen.frame import Frame
from agent_app.settings import own_settings

_SLUG_LENGTH = 40


class EpisodeRecorder:
    """Writes the events of one run, and the frames they name, into a folder of its own.

    `frames` finds a frame by its sha1 while it is recent; one that it no longer has is missing in
    the episode. The folder is made when the first event comes. Raises KnownError when there is
    something in it already.
    """

    def __init__(self, folder: Path, frames: Callable[[str], Frame | None]) -> None:
        self.folder = folder
        self._frames = frames
        try:
            taken = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
        except OSError as error:
            raise cannot_write(error, folder) from error
        if taken:
            raise KnownError(
                f"{folder} is there already and is not an empty folder",
                remedy="give the name of a new folder; an episode is never overwritten",
            )

    def tee(
        self, events: Iterator[Event], *, model_sha1: str = "", settings_sha1: str = ""
    ) -> Generator[Event]:
        """The same events, each passed on once it is written down; to be called once.

        The hashes go into the header: `content_hash` of what the model and the settings are. Raises
        KnownError when the disk is full or may not be written; the episode up to there opens. When
        the consumer stops or fails, `events` is closed and so are the files.
        """
        with FrameWriter(self.folder) as frames, ExitStack() as cleanup:
            if isinstance(events, Generator):
                cleanup.callback(events.close)
            lines: io.FileIO | None = None
            for event in events:
                if not isinstance(event, LIVE_ONLY):
                    with self._refusal_named():
                        if lines is None:
                            header = _header(event, model_sha1, settings_sha1)
                            lines = cleanup.enter_context(self._begin(header))
                        self._record(event, lines, frames)
                yield event
            with self._refusal_named():
                frames.finish()

    def _begin(self, header: Header) -> io.FileIO:
        """Make the folder and the header, and open the file behind it."""
        # screenshots are nobody else's business; a folder that was there keeps its permissions
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.folder / FRAMES_FOLDER).mkdir()
        write_whole(self.folder / EVENTS_FILE, encode_line(header))
        sync_folder(self.folder.parent)
        lines = io.FileIO(self.folder / EVENTS_FILE, "a")
        hold(lines)
        return lines

    def _record(self, event: Event, lines: io.FileIO, frames: FrameWriter) -> None:
        # What is about to be done must outlive a loss of power, with the frame it was decided on.
        durable = isinstance(event, (ActionDecided, RunFinished))
        if durable:
            frames.finish()
        _append(lines, encode_line(event))
        if durable:
            os.fsync(lines.fileno())
        if isinstance(event, (FrameCaptured, ActionJudged)):
            sha1 = event.frame.sha1
            if not frames.has(sha1) and (frame := self._frames(sha1)) is not None:
                frames.start(frame)

    @contextmanager
    def _refusal_named(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            raise cannot_write(error, self.folder) from error


def content_hash(value: object) -> str:
    """The sha1 of a frozen value made of plain ones: the same in every process."""
    return hashlib.sha1(json.dumps(_ordered(value)).encode()).hexdigest()


def default_library() -> Path:
    """Where episodes go when no folder is given: as it is set, else the user's data folder.

    Raises KnownError for settings that are wrong.
    """
    chosen = own_settings().episodes
    if chosen is not None:
        return Path(chosen).expanduser()
    return platformdirs.user_data_path("agent-app", appauthor=False) / "episodes"


def new_episode_folder(task: str, *, library: Path | None = None) -> Path:
    """A folder that is not there yet, named by the local time and the task; it is not made."""
    words = re.sub(r"[\W_]+", "-", unicodedata.normalize("NFC", task.lower())).strip("-")
    name = datetime.now().strftime("%Y%m%d-%H%M%S")
    if slug := words[:_SLUG_LENGTH].strip("-"):
        name += f"-{slug}"
    folder = first = (library or default_library()) / name
    for number in itertools.count(2):
        if not os.path.lexists(folder):
            break
        folder = first.with_name(f"{first.name}-{number}")
    return folder


def _ordered(value: Any) -> Any:
    """A value as JSON has it; a set, whose order differs between processes, is sorted."""
    if isinstance(value, msgspec.Struct):
        return _ordered(msgspec.structs.asdict(value))
    if dataclasses.is_dataclass(value):
        names = [part.name for part in dataclasses.fields(value)]
        return {name: _ordered(getattr(value, name)) for name in names}
    match value:
        case set() | frozenset():
            return sorted((_ordered(part) for part in cast("Set[Any]", value)), key=json.dumps)
        case list() | tuple():
            return [_ordered(part) for part in cast("Sequence[Any]", value)]
        case dict():
            items = cast("dict[str, Any]", value).items()
            return {key: _ordered(part) for key, part in items}
        case _:
            return value


def _header(first: Event, model_sha1: str, settings_sha1: str) -> Header:
    header = Header(
        app=__version__,
        created=datetime.now().astimezone(),
        at=time.monotonic(),
        model_sha1=model_sha1,
        settings_sha1=settings_sha1,
    )
    if isinstance(first, RunStarted):
        header = msgspec.structs.replace(
            header, model=first.model, prompt_sha1=first.prompt_sha1, monitors=first.monitors
        )
    return header


def _append(lines: io.FileIO, line: bytes) -> None:
    """Append a line in one write(2); what a full disk took of it is taken back."""
    end = lines.seek(0, os.SEEK_END)
    rest = memoryview(line)
    try:
        while rest:
            rest = rest[lines.write(rest) :]
    except OSError:
        with suppress(OSError):  # a line cut off at the end is legal
            lines.truncate(end)
        raise
