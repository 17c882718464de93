"""The desktop's trash, as freedesktop.org's specification (version 1.0) has it.

A folder is renamed into `Trash/files`, and a note in `Trash/info` says where it was, so that a file
manager can put it back. The trash of the home folder serves its own disk, `.Trash-<uid>` at the top
of another disk that one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import count
from pathlib import Path
from urllib.parse import quote

from agent_app.errors import KnownError


def move_to_trash(folder: Path, *, environment: Mapping[str, str]) -> Path:
    """Move a folder to the trash and return where it lies there.

    Raises KnownError when there is no trash for its disk.
    """
    folder = folder.absolute()
    refusals: list[str] = []
    if sys.platform not in ("win32", "darwin"):
        for trash in _trashes(folder, environment):
            try:
                return _move(folder, trash)
            except OSError as error:
                refusals.append(f"{trash}: {error.strerror}")
    raise KnownError(
        f"there is no trash for {folder}" + "".join(f"; {refusal}" for refusal in refusals),
        remedy="delete it with --for-good --yes, which cannot be undone",
    )


def _trashes(folder: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    data = environment.get("XDG_DATA_HOME", "")
    home = Path(data) if data.startswith("/") else Path.home() / ".local" / "share"
    yield home / "Trash"
    top = folder.parent
    while not top.is_mount():
        top = top.parent
    yield top / f".Trash-{os.getuid()}"


def _move(folder: Path, trash: Path) -> Path:
    files, notes = trash / "files", trash / "info"
    for part in (files, notes):
        part.mkdir(mode=0o700, parents=True, exist_ok=True)
    if files.stat().st_dev != folder.stat().st_dev:
        raise OSError(0, "it is on another disk")
    now = datetime.now().isoformat(timespec="seconds")
    text = f"[Trash Info]\nPath={quote(str(folder))}\nDeletionDate={now}\n"
    for number in count(1):
        name = folder.name if number == 1 else f"{folder.name}.{number}"
        note = notes / f"{name}.trashinfo"
        try:
            with note.open("x", encoding="utf-8") as file:  # the note first: it takes the name
                file.write(text)
        except FileExistsError:
            continue
        try:
            folder.rename(files / name)
        except OSError:
            note.unlink()
            raise
        return files / name
    raise AssertionError("count never ends")
