"""Writes frames beside the run: at once as what changed, then smaller when there is time.

(figures)
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from agent_app.episode.differences import Prints, changed_rects, tile_prints
from agent_app.episode.files import write_whole
from agent_app.episode.format import frame_path
from agent_app.episode.pictures import (
    CHANGES_SUFFIX,
    MAX_DEPTH,
    MAX_RECTS,
    MAX_SIDE,
    Rect,
    cut_out,
    decode_picture,
    encode_changes,
    encode_png,
    encode_webp,
    lay_out,
    split_changes,
)
from agent_app.geometry import Size
from agent_app.screen.frame import Frame, Pixels

_MOST_BASES = 12
_BASE_BYTES = 100_000_000
_MOST_CHANGED = 0.6  # of a frame: more than this is written whole
_GROUP = 64  # frames that one damaged whole frame can cost, itself among them
_LEAST_WORTH_SHRINKING = 2048  # bytes: below, a second writing saves less than a block of the disk
_SHRINKING_AT_THE_END = 3.0  # seconds that closing waits for frames to become smaller


@dataclass(frozen=True, slots=True, eq=False)
class _Base:
    """A frame that later ones may be written as changes to; `root` is the whole one below it."""

    sha1: str
    pixels: Pixels
    prints: Prints
    depth: int
    root: str


class FrameWriter:
    """The frames of one episode, each written once; one is under way at most.

    To be closed, which waits for what is under way. Not for use from several threads.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: set[str] = set()
        self._bases: list[_Base] = []  # the one used last is the last
        self._group_sizes: dict[str, int] = {}
        self._pending: Future[None] | None = None
        self._shrinking: list[Future[None]] = []
        self._writer = ThreadPoolExecutor(1, "episode-frames")
        self._shrinker = ThreadPoolExecutor(1, "episode-shrink", _give_way)

    def start(self, frame: Frame) -> None:
        """Write a frame while the run goes on, once the one before is written; raises OSError."""
        self.finish()  # so that memory stays bounded
        self._known.add(frame.sha1)
        self._pending = self._writer.submit(self._write, frame.sha1, frame.pixels)

    def has(self, sha1: str) -> bool:
        """Whether this frame is written or under way."""
        return sha1 in self._known

    def finish(self) -> None:
        """Wait until the frame under way is on the disk; raises OSError when it cannot be."""
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.result()

    def close(self) -> None:
        """Wait for the frame under way, and a little for others to become smaller."""
        self._writer.shutdown()
        wait(self._shrinking, timeout=_SHRINKING_AT_THE_END)
        self._shrinker.shutdown(cancel_futures=True)
        for shrinking in self._shrinking:
            if not shrinking.cancelled():
                with suppress(OSError):  # the disk is full: what is there is whole, only larger
                    shrinking.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self, sha1: str, pixels: Pixels) -> None:
        size = Size(pixels.shape[1], pixels.shape[0])
        prints = tile_prints(pixels)
        base = self._most_alike(pixels, prints)
        rects = changed_rects(pixels, base.pixels) if base is not None else []
        if base is None or not _worth_it(rects, size):
            path = frame_path(self._folder, sha1, ".png")
            write_whole(path, encode_png(pixels))
            self._shrink_later(_shrink_whole, path, size)
            self._keep(_Base(sha1, pixels, prints, 0, sha1))
        else:
            path = frame_path(self._folder, sha1, CHANGES_SUFFIX)
            data = encode_changes(base.sha1, rects, encode_png(cut_out(pixels, rects)))
            write_whole(path, data)
            if len(data) >= _LEAST_WORTH_SHRINKING:
                self._shrink_later(_shrink_changes, path, size)
            self._bases.remove(base)
            self._bases.append(base)
            self._keep(_Base(sha1, pixels, prints, base.depth + 1, base.root))

    def _most_alike(self, pixels: Pixels, prints: Prints) -> _Base | None:
        """The base that leaves least to write; one that stands deeper has to halve that.

        So depth is kept for where it pays, such as a window that was opened and is now worked in.
        """
        best: tuple[int, _Base] | None = None
        for base in self._bases:
            if (
                base.pixels.shape != pixels.shape
                or base.depth >= MAX_DEPTH
                or self._group_sizes[base.root] >= _GROUP
            ):
                continue
            changed = int(np.count_nonzero(base.prints != prints))
            if changed > _MOST_CHANGED * prints.size:
                continue
            cost = changed << base.depth
            if best is None or cost <= best[0]:
                best = cost, base
        return best and best[1]

    def _keep(self, base: _Base) -> None:
        self._group_sizes[base.root] = self._group_sizes.get(base.root, 0) + 1
        self._bases.append(base)
        while len(self._bases) > 1 and (
            len(self._bases) > _MOST_BASES
            or sum(each.pixels.nbytes for each in self._bases) > _BASE_BYTES
        ):
            del self._bases[0]

    def _shrink_later(self, shrink: Callable[[Path, Size], None], path: Path, size: Size) -> None:
        self._shrinking.append(self._shrinker.submit(shrink, path, size))


def _worth_it(rects: Sequence[Rect], size: Size) -> bool:
    """Whether changes are fewer than the frame, and a picture of them can be of any codec."""
    if not 0 < len(rects) <= MAX_RECTS:
        return False
    laid_out = lay_out(rects).size
    return (
        laid_out.width * laid_out.height <= _MOST_CHANGED * size.width * size.height
        and laid_out.height <= MAX_SIDE
        and laid_out.width <= MAX_SIDE
    )


def _shrink_whole(path: Path, size: Size) -> None:
    if max(size.width, size.height) > MAX_SIDE:
        return
    small = _shrunk(path.read_bytes(), size)
    if small is not None:
        # Whoever reads meanwhile asks for the PNG first, and finds one or the other.
        write_whole(path.with_suffix(".webp"), small)
        path.unlink()


def _shrink_changes(path: Path, size: Size) -> None:
    changes, picture = split_changes(path.read_bytes(), size)
    small = _shrunk(picture, lay_out(changes.rects).size)
    if small is not None:
        write_whole(path, encode_changes(changes.base, changes.rects, small))


def _shrunk(png: bytes, size: Size) -> bytes | None:
    """The same picture as a WebP, None when that is not smaller."""
    pixels = decode_picture(png, size)
    small = encode_webp(pixels)
    assert np.array_equal(decode_picture(small, size), pixels)
    return small if len(small) < len(png) else None


def _give_way() -> None:
    """Let every other thread of the machine go first; elsewhere a thread has no priority."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
