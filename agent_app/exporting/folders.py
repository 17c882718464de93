"""A folder that an export fills, with the list of what could not be put into it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from agent_app.episode.files import cannot_write, write_whole
from agent_app.episode.reader import Episode
from agent_app.events import FrameRef

LOST = "lost.txt"


class Folder:
    """Entered, it is there; a refusal of the system inside it is raised as KnownError."""

    def __init__(self, path: Path, episode: Episode) -> None:
        self.path = path
        self._episode = episode
        self._lost: dict[str, int | None] = {}

    def __enter__(self) -> Self:
        try:
            # screenshots are nobody else's business; a folder that was there stays as it is
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(error, self.path) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, OSError):
            raise cannot_write(error, self.path) from error

    def save_frame(self, ref: FrameRef, name: Path) -> bool:
        """Write a frame as PNG under this name; False, and noted as lost, when it is damaged."""
        image = self._episode.frame(ref.sha1)
        if image is None:
            self.lose("frames that are missing or damaged")
            return False
        path = self.path / name
        path.parent.mkdir(exist_ok=True)
        data = io.BytesIO()
        image.save(data, "PNG", compress_level=4)
        write_whole(path, data.getvalue())
        return True

    def lose(self, what: str, *, count: int | None = 1) -> None:
        """Note what the format cannot hold, once more; without a count, as such."""
        self._lost[what] = None if count is None else (self._lost.get(what) or 0) + count

    def finish(self) -> Sequence[str]:
        """All that was lost, one sentence each, also written to `lost.txt`."""
        lost = [what if count is None else f"{what}: {count}" for what, count in self._lost.items()]
        write_whole(self.path / LOST, "".join(f"{each}\n" for each in lost).encode())
        return lost
