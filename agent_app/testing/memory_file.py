"""The grounding cache on disk: one JSON file for each test, to be read and reviewed, and crops.

    agent-cache/<module>/<test>.json    what that test found and did: a `CacheFile`
    agent-cache/<module>/<sha1>.png     what it looked like, by content

The folder comes with the tests and so from anyone: all of it is bounded and checked before use.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from agent_app.actions import Action
from agent_app.episode.files import cannot_write, read_regular, write_whole
from agent_app.errors import KnownError
from agent_app.replaying.anchor import Anchor
from agent_app.replaying.effects import Effect
from agent_app.replaying.store import (
    Drawings,
    checked,
    drawing_name,
    drawing_named,
    write_drawings,
)
from agent_app.replaying.windows import WindowName

if sys.platform != "win32":
    import fcntl

FOLDER = "agent-cache"
VERSION = 1
_MOST_BYTES = 16 * 2**20
_MOST = 500  # things, tasks, or steps of a task
_LONGEST = 2000  # characters
_LONGEST_NAME = 80
_FARTHEST = 65_536.0  # pixels
_NO_NAME = re.compile(r"[^\w.\[\]=,+-]+")
_CROP = re.compile(rb"[0-9a-f]{40}")


class RememberedThing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a locator found: its description, the desktop's layout, and what it looked like.

    `how` is how it was found then; `width` and `height` are in pixels of the frame.
    """

    what: str
    layout: str
    how: str
    text: str = ""
    role: str = ""
    width: float
    height: float
    anchor: Anchor


class RememberedAction(msgspec.Struct, frozen=True, omit_defaults=True):
    """One action; it is done where its `target`, the name of an anchor, is, not where it was."""

    do: Action
    target: str = ""


class RememberedStep(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is done, in which window the keyboard is before it, and what is expected of it."""

    intent: str
    actions: tuple[RememberedAction, ...]
    keyboard: WindowName | None = None
    expect: Effect = Effect()


class RememberedTask(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was done for an instruction, step by step; a step's targets name the `anchors`."""

    task: str
    layout: str
    model: str = ""
    steps: tuple[RememberedStep, ...]
    anchors: dict[str, Anchor]


class CacheFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that one test remembers."""

    version: int = msgspec.field(default=VERSION, name="agent_cache")
    things: tuple[RememberedThing, ...] = ()
    tasks: tuple[RememberedTask, ...] = ()

    @property
    def anchors(self) -> Iterator[Anchor]:
        for thing in self.things:
            yield thing.anchor
        for task in self.tasks:
            yield from task.anchors.values()


class _Version(msgspec.Struct):
    agent_cache: int


# the version is written, although it is the default
_encoder = msgspec.json.Encoder(enc_hook=drawing_name)
_decoder = msgspec.json.Decoder(CacheFile, dec_hook=drawing_named)


@dataclass(frozen=True, slots=True)
class CachePath:
    """Where one test's cache lies."""

    folder: Path
    name: str

    @classmethod
    def of(cls, module: Path, test: str) -> CachePath:
        """For a test of a module; names that are no names of files get a hash of themselves."""
        plain = _NO_NAME.sub("-", test)[:_LONGEST_NAME].strip(".-") or "test"
        if plain != test:
            plain += "-" + hashlib.sha1(test.encode("utf-8", "replace")).hexdigest()[:8]
        return cls(module.parent / FOLDER / module.stem, plain)

    @property
    def file(self) -> Path:
        return self.folder / f"{self.name}.json"

    def load(self) -> CacheFile:
        """What is remembered; nothing when there is no file.

        Raises KnownError for one that is damaged, or of a newer version.
        """
        try:
            data = read_regular(self.file, most=_MOST_BYTES)
        except FileNotFoundError:
            return CacheFile()
        except OSError as error:
            raise self._unreadable(error.strerror or str(error)) from error
        try:
            version = msgspec.json.decode(data, type=_Version).agent_cache
            if version != VERSION:
                raise ValueError(f"its version is {version}, and this agent-app reads {VERSION}")
            return self._checked(_decoder.decode(data))
        except OSError as error:
            missing = os.path.basename(str(error.filename or ""))
            raise self._unreadable(f"{missing}: {error.strerror or error}") from error
        except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
            raise self._unreadable(" ".join(str(error).split())) from error

    def save(self, content: CacheFile) -> None:
        """Replace what is remembered; crops that no test of the module uses any more go.

        Other processes may save other tests of the module meanwhile. Raises KnownError when it
        cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with _locked(self.folder):
                if content.things or content.tasks:
                    write_drawings(self.folder, content.anchors)
                    write_whole(self.file, _encoded(content))
                else:
                    self.file.unlink(missing_ok=True)
                self._forget_crops()
        except OSError as error:
            raise cannot_write(error, self.folder) from error

    def _forget_crops(self) -> None:
        used = {
            name.decode()
            for path in self.folder.glob("*.json")
            for name in _CROP.findall(path.read_bytes())
        }
        for path in self.folder.glob("*.png"):
            if _CROP.fullmatch(path.stem.encode()) and path.stem not in used:
                path.unlink(missing_ok=True)

    def _unreadable(self, reason: str) -> KnownError:
        return KnownError(
            f"cannot read the cache {self.file}: {reason}",
            remedy="delete it, and run the test once to have it written anew",
        )

    def _checked(self, content: CacheFile) -> CacheFile:
        """With its pictures; raises ValueError or OSError for what `save` would not write."""
        _demand(len(content.things) <= _MOST and len(content.tasks) <= _MOST, "more than it may")
        read: Drawings = {}
        return CacheFile(
            things=tuple(self._thing(each, read) for each in content.things),
            tasks=tuple(self._task(each, read) for each in content.tasks),
        )

    def _thing(self, thing: RememberedThing, read: Drawings) -> RememberedThing:
        _demand_short(thing.what, thing.layout, thing.how, thing.text, thing.role)
        for side in (thing.width, thing.height):
            _demand(math.isfinite(side) and 0 < side <= _FARTHEST, "a thing without a proper size")
        anchor = checked("0.0.0", thing.anchor, self.folder, read)
        return msgspec.structs.replace(thing, anchor=anchor)

    def _task(self, task: RememberedTask, read: Drawings) -> RememberedTask:
        _demand_short(task.task, task.layout, task.model)
        _demand(len(task.steps) <= _MOST and len(task.anchors) <= _MOST, "a task too long")
        _demand(all(len(step.actions) <= _MOST for step in task.steps), "a step too long")
        anchors = {
            key: checked(key, anchor, self.folder, read) for key, anchor in task.anchors.items()
        }
        return msgspec.structs.replace(task, anchors=anchors)


def _encoded(content: CacheFile) -> bytes:
    data = msgspec.json.decode(_encoder.encode(content))
    data = {"agent_cache": VERSION, **data}
    return msgspec.json.format(msgspec.json.encode(data), indent=1) + b"\n"


@contextmanager
def _locked(folder: Path) -> Generator[None]:
    """The only one that writes into a folder, among processes that ask."""
    if sys.platform == "win32":  # folders cannot be opened there
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _demand_short(*texts: str) -> None:
    _demand(all(len(text) <= _LONGEST for text in texts), "a text too long")


def _demand(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(f"it holds {otherwise}")
