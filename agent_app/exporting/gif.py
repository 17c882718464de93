"""An episode as an animated GIF, kept small enough to be dropped into an issue or a chat."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from agent_app.episode.files import cannot_write, write_whole
from agent_app.episode.reader import Episode
from agent_app.errors import KnownError
from agent_app.exporting.film import Film
from agent_app.model_runtime import Progress

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

LARGEST = 10_000_000  # bytes: what GitHub takes
_WIDTHS = (960, 720, 540, 400)  # tried in this order until it is small enough
_MOVES = 5
_COLORS = 128


class _TooLargeError(Exception):
    pass


class _Limited(io.BytesIO):
    """Takes no more than `LARGEST` bytes, so that a film too large is given up early."""

    def write(self, data: ReadableBuffer, /) -> int:
        if self.tell() + memoryview(data).nbytes > LARGEST:
            raise _TooLargeError
        return super().write(data)


def write_gif(episode: Episode, output: Path, progress: Progress) -> Sequence[str]:
    """Write the widest film that fits into `LARGEST`; what it cannot hold, one sentence each.

    Raises KnownError when none fits, and when the file cannot be written.
    """
    for width in _WIDTHS:
        data = _Limited()
        pictures = _pictures(episode, width, progress)
        try:
            next(pictures).save(
                data, "GIF", save_all=True, append_images=pictures, loop=0, disposal=1
            )
        except _TooLargeError:
            continue
        try:
            write_whole(output, data.getvalue())
        except OSError as error:
            raise cannot_write(error, output) from error
        return [
            f"all colours: a picture has at most {_COLORS}",
            "the time that things took: the film is told at a pace for reading",
        ]
    raise KnownError(
        f"the run is too long for a GIF of at most {LARGEST / 1e6:.0f} MB",
        remedy="export it to mp4 or html",
    )


def _pictures(episode: Episode, width: int, progress: Progress) -> Iterator[Image.Image]:
    """The shots with few colours; how long each is seen stands where Pillow looks for it."""
    total = len(episode.steps) + 1
    for told, shot in Film(episode, width=width, moves=_MOVES).shots():
        reduced = shot.picture.quantize(
            _COLORS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
        )
        reduced.info["duration"] = round(1000 * shot.seconds)
        progress(f"steps, {width} pixels wide", told + 1, total)
        yield reduced
