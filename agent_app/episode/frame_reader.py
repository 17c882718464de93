"""Rebuilds an episode's frames from their files, each checked against its name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from agent_app.episode.files import read_regular
from agent_app.episode.format import FRAMES_FOLDER, frame_path
from agent_app.episode.pictures import (
    CHANGES_SUFFIX,
    MAX_DEPTH,
    WHOLE_SUFFIXES,
    decode_picture,
    paste,
    split_changes,
)
from agent_app.geometry import Size
from agent_app.screen.frame import Pixels, content_sha1

_KEPT_BYTES = 64_000_000


class FrameReader:
    """The frames in an episode's folder; `report` is told what is wrong with one, in words.

    The frames last asked for are kept, so that going through an episode decodes each file once.
    """

    def __init__(self, folder: Path, report: Callable[[str], None]) -> None:
        self._folder = folder
        self._report = report
        self._kept: dict[str, Pixels] = {}  # the one asked for last is the last

    def is_there(self, sha1: str) -> bool:
        """Whether a file of this frame is there; if none is, or it cannot be, that is reported."""
        return self._file_of(sha1) is not None

    def read(self, sha1: str, size: Size) -> Pixels | None:
        """The pixels of a frame, (height, width, 3) RGB; None when they cannot be had."""
        return self._read(sha1, size, MAX_DEPTH)

    def _read(self, sha1: str, size: Size, depth: int) -> Pixels | None:
        kept = self._kept.pop(sha1, None)
        if kept is not None and kept.shape[:2] == (size.height, size.width):
            self._kept[sha1] = kept
            return kept
        path = self._file_of(sha1)
        if path is None:
            return None
        try:
            data = read_regular(path, most=size.width * size.height * 4 + 2**20)
            if path.suffix == CHANGES_SUFFIX:
                changes, picture = split_changes(data, size)
                if depth == 0:
                    raise ValueError("it is built from too many others")
                base = self._read(changes.base, size, depth - 1)
                if base is None:
                    raise ValueError(f"it is built from {changes.base[:12]!r}, which cannot be")
                pixels = paste(base, changes, picture)
            else:
                pixels = decode_picture(data, size)
        except OSError as error:
            self._report(f"frame {sha1[:12]} cannot be read: {error.strerror}")
            return None
        except ValueError as error:
            self._report(f"frame {sha1[:12]} cannot be read: {error}")
            return None
        if content_sha1(pixels) != sha1:
            self._report(f"frame {sha1[:12]} was altered: its pixels are not the recorded ones")
            return None
        self._keep(sha1, pixels)
        return pixels

    def _keep(self, sha1: str, pixels: Pixels) -> None:
        self._kept[sha1] = pixels
        while len(self._kept) > 1 and sum(map(_nbytes, self._kept.values())) > _KEPT_BYTES:
            del self._kept[next(iter(self._kept))]

    def _file_of(self, sha1: str) -> Path | None:
        if (self._folder / FRAMES_FOLDER).is_symlink():
            self._report(f"{FRAMES_FOLDER} is a link, which is not followed")
            return None
        try:
            # The PNG first: while its run goes on, it is removed after the WebP is there.
            for suffix in (*WHOLE_SUFFIXES, CHANGES_SUFFIX):
                path = frame_path(self._folder, sha1, suffix)
                if path.is_file():
                    return path
        except ValueError as error:
            self._report(f"a frame has no proper name: {error}")
            return None
        self._report(f"frame {sha1[:12]} is missing")
        return None


def _nbytes(pixels: Pixels) -> int:
    return pixels.nbytes
