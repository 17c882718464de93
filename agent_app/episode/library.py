"""A folder of episodes: what is in it, found again by what was asked, thought, done and answered.

The episodes are the truth. The index beside them (`index.sqlite3`) is made from them, kept up by
looking at the folder each time, and made anew when it is lost, damaged or of another version.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Self

from agent_app.episode.entry import Entry, read_entry
from agent_app.episode.files import cannot_write
from agent_app.episode.format import EVENTS_FILE
from agent_app.episode.index import Index, Match
from agent_app.episode.tags import change_tags
from agent_app.episode.trash import move_to_trash
from agent_app.errors import KnownError


class Library:
    """The episodes in one folder; a folder that is not there is an empty library.

    Looks at the folder anew each time it is asked. To be closed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._index = Index(folder)

    def close(self) -> None:
        """Close the index."""
        self._index.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def entries(self, *, tags: Sequence[str] = ()) -> tuple[Entry, ...]:
        """Every episode, or those that have all these tags; the newest first."""
        entries = self._index.entries(self._folders())
        return tuple(entry for entry in entries if set(tags) <= set(entry.tags))

    def search(self, words: str) -> tuple[Match, ...]:
        """Where all these words stand together, the best episode first, its best places first.

        The last letters of a word may be missing; capitals and accents do not count.
        """
        return self._index.search(words, self._folders())

    def find(self, name: str) -> Path:
        """An episode's folder, by its path or by a part of its name that no other one has.

        Raises KnownError when there is none, or more than one.
        """
        if (Path(name) / EVENTS_FILE).is_file():
            return Path(name)
        folders = [folder for folder in self._folders() if name in folder.name]
        exact = [folder for folder in folders if folder.name == name]
        if len(found := exact or folders) == 1 and name:
            return found[0]
        if not folders or not name:
            raise KnownError(
                f"no episode {name!r} in {self.folder}",
                remedy="give a folder, or a part of a name that `agent-app episodes` shows",
            )
        names = ", ".join(folder.name for folder in folders[:5])
        raise KnownError(
            f"{len(folders)} episodes have {name!r} in their names: {names}"
            + (", …" if len(folders) > 5 else ""),
            remedy="give more of the name",
        )

    def tag(
        self, folder: Path, *, add: Iterable[str] = (), remove: Iterable[str] = ()
    ) -> tuple[str, ...]:
        """Change an episode's tags; what it has then. Raises KnownError."""
        return change_tags(folder, add=add, remove=remove)

    def delete(
        self, folder: Path, *, for_good: bool = False, environment: Mapping[str, str] = os.environ
    ) -> Path | None:
        """Move an episode to the desktop's trash, and say where; `for_good` removes it instead.

        Raises KnownError when it is still being recorded, and when there is no trash.
        """
        if read_entry(folder).state == "running":
            raise KnownError(f"{folder} is being recorded", remedy="stop that run first")
        if not for_good:
            return move_to_trash(folder, environment=environment)
        try:
            shutil.rmtree(folder)
        except OSError as error:
            raise cannot_write(error, folder) from error
        return None

    def reindex(self) -> int:
        """Make the index anew from the episodes; how many there are."""
        self._index.forget()
        return len(self.entries())

    def _folders(self) -> tuple[Path, ...]:
        """The folders that hold an episode; links are not followed."""
        try:
            with os.scandir(self.folder) as found:
                folders = [Path(each.path) for each in found if each.is_dir(follow_symlinks=False)]
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise KnownError(
                f"cannot read the library {self.folder}: {error.strerror}",
                remedy="give another folder: --library DIR",
            ) from error
        return tuple(sorted(each for each in folders if (each / EVENTS_FILE).is_file()))
