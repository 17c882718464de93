"""What was read in recorded pictures, kept in the user's cache folder for the next time.

Reading takes seconds, and a recorded picture never changes: each reading is a file named by the
content of its picture and by what read it. Nothing here is needed; what is damaged or gone is read
again. The oldest ones make room for new ones.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import logging
import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import msgspec
import platformdirs

from agent_app.episode.files import read_regular
from agent_app.model_runtime import ImagePart
from agent_app.runtimes.reader import seeing
from agent_app.runtimes.reader.sight import Sight

_MOST_FILES = 4096  # some 10 kB each
_MOST_BYTES = 2 * 2**20  # of one
_KEPT = 0.75  # of the most, once there are more
_SUFFIX = ".reading"
_DIGEST = hashlib.sha1().digest_size

_log = logging.getLogger(__name__)


def default_folder() -> Path:
    """Where readings are kept: the user's cache folder."""
    return platformdirs.user_cache_path("agent-app", appauthor=False) / "readings"


class Remembered:
    """Reads pictures as `read` does, but none twice, not even in another process."""

    def __init__(
        self,
        read: Callable[[ImagePart], Sight],
        folder: Path | None = None,
        *,
        most: int = _MOST_FILES,
    ) -> None:
        self._read = read
        self._folder = folder or default_folder()
        self._most = most

    def __call__(self, part: ImagePart) -> Sight:
        """What can be read in a picture whose `sha1` is that of its pixels."""
        path = self._folder / (_name(part) + _SUFFIX)
        sight = _load(path)
        if sight is None:
            sight = self._read(part)
            self._save(path, sight)
        return sight

    def _save(self, path: Path, sight: Sight) -> None:
        content = msgspec.json.encode(sight)
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as file:
                file.write(hashlib.sha1(content).digest() + content)
            Path(file.name).replace(path)
            self._make_room()
        except OSError as error:  # no harm but for the time it takes to read it again
            _log.info("a reading was not kept: %s", error)

    def _make_room(self) -> None:
        with os.scandir(self._folder) as entries:
            files = [entry for entry in entries if entry.is_file(follow_symlinks=False)]
        if len(files) <= self._most:
            return
        files.sort(key=lambda entry: entry.stat(follow_symlinks=False).st_mtime)
        for entry in files[: len(files) - int(_KEPT * self._most)]:
            Path(entry.path).unlink(missing_ok=True)


def _load(path: Path) -> Sight | None:
    """A reading as it was saved; None when it is not there or not whole."""
    try:
        data = read_regular(path, most=_MOST_BYTES)
        digest, content = data[:_DIGEST], data[_DIGEST:]
        if hashlib.sha1(content).digest() != digest:
            return None
        sight = msgspec.json.decode(content, type=Sight)
        path.touch()  # it is used: others go first
    except (OSError, msgspec.MsgspecError):
        return None
    return sight


def _name(part: ImagePart) -> str:
    size, image = part.transform.size, part.image.size
    return hashlib.sha1(f"{_reader()} {part.sha1} {size} {image}".encode()).hexdigest()


@cache
def _reader() -> str:
    """Names what reads, by its own code and the library with its models."""
    digest = hashlib.sha1()
    for path in sorted(Path(seeing.__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    for name in ("agent-app", "rapidocr"):
        try:
            digest.update(importlib.metadata.version(name).encode())
        except importlib.metadata.PackageNotFoundError:
            digest.update(b"?")
    return digest.hexdigest()
