"""Where a suite's results are: a folder, or storage that fsspec knows, such as `s3://bucket/name`.

`suite.json` says what is tried. `attempts/TASK.N/` holds what an attempt left. `results/TASK.json`
is written whole, once, after all of that: a task has ended when it is there, and is counted by it.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import os
import re
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import msgspec

from agent_app import __version__
from agent_app.episode.files import cannot_write, hold, is_held, write_whole
from agent_app.errors import KnownError
from agent_app.suite.attempt import Attempt, Outcome

FORMAT = "agent-app suite"
VERSION = 1
SUITE_FILE, RESULTS, ATTEMPTS = "suite.json", "results", "attempts"
_NUMBER = re.compile(r"(?P<task>.+)\.(?P<number>\d+)")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://.+")


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What a suite is, so that another one does not go on with its results."""

    format: str = FORMAT
    version: int = VERSION
    app: str = __version__
    tasks: int
    tasks_sha1: str


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """A task that has ended: as its last attempt did."""

    id: str
    attempts: tuple[Attempt, ...]

    @property
    def last(self) -> Attempt:
        return self.attempts[-1]

    @property
    def outcome(self) -> Outcome:
        return self.last.outcome

    @property
    def is_flaky(self) -> bool:
        """Whether it passed, after it had failed."""
        before = {each.outcome for each in self.attempts[:-1]}
        return self.outcome == "passed" and bool(before - {"died"})


class Files(Protocol):
    """A place for files by name, such as `results/a.json`; each call may raise KnownError."""

    where: str

    def read(self, name: str) -> bytes | None: ...
    def names(self, folder: str) -> list[str]: ...
    def write(self, files: Mapping[str, bytes]) -> None: ...
    def write_once(self, name: str, data: bytes) -> bool:
        """Write a file whole, or not at all when there is one; whether it was written."""
        ...

    def close(self) -> None: ...


class FolderFiles:
    """A folder. One suite at a time writes into it."""

    def __init__(self, folder: Path) -> None:
        self.where = str(folder)
        self._folder = folder
        with self._refusals():
            folder.mkdir(parents=True, exist_ok=True)
            lock = folder / "suite.lock"
            if lock.exists() and is_held(lock):
                raise KnownError(
                    f"another suite writes into {folder}", remedy="wait for it, or stop it"
                )
            self._lock = io.FileIO(lock, "a")
            hold(self._lock)

    def read(self, name: str) -> bytes | None:
        with self._refusals():
            try:
                return (self._folder / name).read_bytes()
            except FileNotFoundError:
                return None

    def names(self, folder: str) -> list[str]:
        with self._refusals():
            path = self._folder / folder
            return sorted(each.name for each in path.iterdir()) if path.is_dir() else []

    def write(self, files: Mapping[str, bytes]) -> None:
        with self._refusals():
            for name, data in files.items():
                path = self._folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)

    def write_once(self, name: str, data: bytes) -> bool:
        with self._refusals():
            path = self._folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists():  # nobody else writes here
                return False
            write_whole(path, data)
        return True

    def close(self) -> None:
        self._lock.close()

    @contextlib.contextmanager
    def _refusals(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            raise cannot_write(error, self._folder) from error


class RemoteFiles:
    """Storage that fsspec knows; an object there is whole or not there."""

    def __init__(self, url: str) -> None:
        if importlib.util.find_spec("fsspec") is None:
            raise KnownError(f"{url} needs fsspec", remedy="pip install 'agent-app[s3]'")
        fsspec: Any = importlib.import_module("fsspec")
        self.where = url
        with self._refusals():
            self._system, path = fsspec.core.url_to_fs(url)
            self._root = path.rstrip("/")

    def read(self, name: str) -> bytes | None:
        with self._refusals():
            try:
                return bytes(self._system.cat_file(self._at(name)))
            except FileNotFoundError:
                return None

    def names(self, folder: str) -> list[str]:
        with self._refusals():
            self._system.invalidate_cache()
            try:
                found = self._system.ls(self._at(folder), detail=False)
            except FileNotFoundError:
                return []
            return sorted(str(each).rstrip("/").rpartition("/")[2] for each in found)

    def write(self, files: Mapping[str, bytes]) -> None:
        with self._refusals():  # all at a time: one after the other takes seconds
            self._system.pipe({self._at(name): data for name, data in files.items()})

    def write_once(self, name: str, data: bytes) -> bool:
        with self._refusals():
            try:
                self._system.pipe_file(self._at(name), data, mode="create")
            except FileExistsError:
                return False
        return True

    def close(self) -> None:
        pass

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}"

    @contextlib.contextmanager
    def _refusals(self) -> Generator[None]:
        """What a storage refuses is an OSError; what fsspec lacks for it, one of these."""
        try:
            yield
        except (OSError, ImportError, ValueError) as error:
            said = " ".join(str(error).split()) or type(error).__name__
            raise KnownError(
                f"cannot use {self.where}: {said}",
                remedy="check the address and its credentials; s3:// needs the extra s3",
            ) from error


def open_files(output: str) -> Files:
    """The files at a folder's path or a URL; raises KnownError."""
    return RemoteFiles(output) if _URL.fullmatch(output) else FolderFiles(Path(output))


class Store:
    """The results of one suite."""

    def __init__(self, files: Files, head: Head, *, resume: bool) -> None:
        self._files = files
        self.where = files.where
        before = files.read(SUITE_FILE)
        if before is None:
            files.write_once(SUITE_FILE, msgspec.json.encode(head))
        else:
            self._check(before, head, resume=resume)
        self.results = dict(self._read()) if before is not None else {}
        self._numbers = self._read_numbers()

    def next_number(self, file_name: str) -> int:
        """The number of a task's next attempt, which none of an earlier time has."""
        number = self._numbers.get(file_name, 0) + 1
        self._numbers[file_name] = number
        return number

    def keep(self, file_name: str, number: int, files: Mapping[str, bytes]) -> None:
        """Keep what an attempt left."""
        folder = f"{ATTEMPTS}/{file_name}.{number}"
        kept = {f"{folder}/{name}": data for name, data in files.items() if _is_plain(name)}
        self._files.write(kept)

    def add(self, file_name: str, result: Result) -> None:
        """Count a task as ended; the first result of a task is the one that counts."""
        data = msgspec.json.encode(result)
        if self._files.write_once(f"{RESULTS}/{file_name}.json", data):
            self.results[result.id] = result

    def write(self, name: str, data: bytes) -> None:
        """Write a file about the whole."""
        self._files.write({name: data})

    def _check(self, data: bytes, head: Head, *, resume: bool) -> None:
        before = _decoded(data, Head, f"{self.where}/{SUITE_FILE}")
        if before.format != FORMAT or before.version > VERSION:
            raise KnownError(
                f"{self.where} holds no suite that this agent-app reads",
                remedy="give another --output",
            )
        if not resume:
            raise KnownError(
                f"{self.where} holds a suite already",
                remedy="add --resume to go on with it, or give another --output",
            )
        if before.tasks_sha1 != head.tasks_sha1:
            raise KnownError(
                f"{self.where} holds the results of other tasks, or of another model",
                remedy="give another --output, or the same tasks to go on with them",
            )

    def _read(self) -> Iterator[tuple[str, Result]]:
        for name in self._files.names(RESULTS):
            if not name.endswith(".json"):
                continue  # what a crash left of one
            data = self._files.read(f"{RESULTS}/{name}") or b""
            result = _decoded(data, Result, f"{self.where}/{RESULTS}/{name}")
            if not result.attempts:
                raise KnownError(
                    f"{name} in {self.where} tells of no attempt", remedy="delete that file"
                )
            yield result.id, result

    def _read_numbers(self) -> dict[str, int]:
        numbers: dict[str, int] = {}
        for name in self._files.names(ATTEMPTS):
            if match := _NUMBER.fullmatch(name):
                task = match["task"]
                numbers[task] = max(numbers.get(task, 0), int(match["number"]))
        return numbers


def _is_plain(name: str) -> bool:
    """Whether a name is one that an attempt gives, and stays in its folder."""
    return bool(name) and not os.path.isabs(name) and ".." not in name.split("/")


def _decoded(data: bytes, kind: Any, where: str) -> Any:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.MsgspecError as error:
        raise KnownError(
            f"{where} is damaged: {error}", remedy="delete that file, or give another --output"
        ) from error
