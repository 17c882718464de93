"""Records a run: a tee that lets no event pass before it is written down.

The format and the order of what is on disk when are in `agent_app.episode.format`.

Measured on two cores (`python bench/recorder.py`), per step with a new 1080p frame: 1.3 ms when the
model thinks for 0.3 s, because encoding is done meanwhile, 24 ms when it answers at once. Of that
each fsync is 0.1 ms (an SSD without a write cache: a few), which is why every action is synced.
"""

from __future__ import annotations

import io
import itertools
import os
import re
import time
import unicodedata
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path

import cv2
import platformdirs

from agent_app import __version__
from agent_app.episode.files import cannot_write, sync_folder, write_whole
from agent_app.episode.format import (
    EVENTS_FILE,
    FRAMES_FOLDER,
    Header,
    encode_line,
    frame_path,
)
from agent_app.errors import KnownError
from agent_app.events import ActionDecided, Event, FrameCaptured, RunFinished, TokenStreamed
from agent_app.screen.frame import Frame, Pixels

# Level 1 with the Up filter: of all lossless encoders among the dependencies the fastest on real
# desktops (1280x800: 15 ms against 55 for Pillow's level 1 and 42 for its fastest WebP), at the
# same size; tools know PNG. WebP's best is half as large and 40 times as slow.
_PNG = [
    *(cv2.IMWRITE_PNG_COMPRESSION, 1),
    *(cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP),
]
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
        self._written: set[str] = set()
        self._pending: Future[None] | None = None
        try:
            taken = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
        except OSError as error:
            raise cannot_write(error, folder) from error
        if taken:
            raise KnownError(
                f"{folder} is there already and is not an empty folder",
                remedy="give the name of a new folder; an episode is never overwritten",
            )

    def tee(self, events: Iterator[Event]) -> Generator[Event]:
        """The same events, each passed on once it is written down; to be called once.

        Raises KnownError when the disk is full or may not be written; the episode up to there
        opens. When the consumer stops or fails, `events` is closed and so are the files.
        """
        with (
            ThreadPoolExecutor(max_workers=1, thread_name_prefix="episode-frames") as frame_writer,
            ExitStack() as cleanup,
        ):
            if isinstance(events, Generator):
                cleanup.callback(events.close)
            lines: io.FileIO | None = None
            for event in events:
                if not isinstance(event, TokenStreamed):
                    with self._refusal_named():
                        lines = lines or cleanup.enter_context(self._begin())
                        self._record(event, lines, frame_writer)
                yield event
            with self._refusal_named():
                self._finish_frame()

    def _begin(self) -> io.FileIO:
        """Make the folder and the header, and open the file behind it."""
        # screenshots are nobody else's business; a folder that was there keeps its permissions
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.folder / FRAMES_FOLDER).mkdir()
        now = datetime.now().astimezone()
        header = Header(app=__version__, created=now, at=time.monotonic())
        write_whole(self.folder / EVENTS_FILE, encode_line(header))
        sync_folder(self.folder.parent)
        return io.FileIO(self.folder / EVENTS_FILE, "a")

    def _record(self, event: Event, lines: io.FileIO, frame_writer: ThreadPoolExecutor) -> None:
        # What is about to be done must outlive a loss of power, with the frame it was decided on.
        durable = isinstance(event, (ActionDecided, RunFinished))
        if durable:
            self._finish_frame()
        _append(lines, encode_line(event))
        if durable:
            os.fsync(lines.fileno())
        if isinstance(event, FrameCaptured):
            self._finish_frame()  # one under way at most, so that memory stays bounded
            self._start_frame(event.frame.sha1, frame_writer)

    def _start_frame(self, sha1: str, frame_writer: ThreadPoolExecutor) -> None:
        """Encode a new frame beside the run: the model thinks for longer than that takes."""
        if sha1 in self._written or (frame := self._frames(sha1)) is None:
            return
        self._written.add(sha1)
        path = frame_path(self.folder, sha1)
        self._pending = frame_writer.submit(lambda: write_whole(path, encode_frame(frame.pixels)))

    def _finish_frame(self) -> None:
        """Wait for the frame under way; raises OSError when it could not be written."""
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.result()

    @contextmanager
    def _refusal_named(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            raise cannot_write(error, self.folder) from error


def encode_frame(pixels: Pixels) -> bytes:
    """A frame's pixels, (height, width, 3) RGB, as a lossless PNG."""
    encoded, data = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), _PNG)
    assert encoded
    return data.tobytes()


def default_library() -> Path:
    """Where episodes go when no folder is given: the user's data folder."""
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
