"""The index of a library: everything in it can be made again from the episodes."""

from __future__ import annotations

import itertools
import os
import re
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from agent_app.episode.entry import Entry, TextKind, read_entry_and_texts, stamp_of

INDEX_FILE = "index.sqlite3"
_VERSION = 1  # of the tables; those of another one are made anew
_TABLES = f"""
CREATE TABLE episodes (name BLOB PRIMARY KEY, stamp TEXT, state TEXT, created TEXT, entry BLOB);
CREATE VIRTUAL TABLE texts USING fts5(
    words, name UNINDEXED, kind UNINDEXED, step UNINDEXED, text UNINDEXED,
    tokenize = "unicode61 remove_diacritics 2"
);
PRAGMA user_version = {_VERSION};
"""
_MOST_MATCHES = 500
_BUSY_SECONDS = 5.0
# Scripts that put no spaces between words: each character is a word, a word a phrase of them.
_UNSPACED = re.compile(r"([\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])")

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Match:
    """Words that were found: in which episode, in what, at which step (0 for none)."""

    entry: Entry
    kind: TextKind
    step: int
    text: str


class Index:
    """What the episodes in a folder hold; before each answer, what changed is read again.

    Where nothing can be written, it is made in memory. What is wrong with the file never reaches
    the caller: it is made anew.
    """

    def __init__(self, library: Path) -> None:
        self._library = library
        self._in_memory = False
        self._connection: sqlite3.Connection | None = None

    def close(self) -> None:
        """Close the file; the next question opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def forget(self) -> None:
        """Remove everything, the file itself as well."""
        self.close()
        for name in (INDEX_FILE, f"{INDEX_FILE}-journal"):
            try:
                (self._library / name).unlink(missing_ok=True)
            except OSError:  # a folder that is not ours to write in
                self._in_memory = True

    def entries(self, folders: Sequence[Path]) -> tuple[Entry, ...]:
        """All of these episodes, the newest first."""
        query = "SELECT name, entry FROM episodes ORDER BY created DESC, name DESC"
        return self._asked(
            folders, lambda database: tuple(map(self._entry, database.execute(query)))
        )

    def search(self, words: str, folders: Sequence[Path]) -> tuple[Match, ...]:
        """Where all these words stand together: episodes by their best place, places by rank."""
        plain = re.sub(r'["\0]', " ", words).split()
        question = " ".join(f'"{_spaced(word)}"*' for word in plain)
        query = (
            "SELECT episodes.name, entry, kind, step, text FROM texts"
            " JOIN episodes ON episodes.name = texts.name"
            " WHERE texts MATCH ? ORDER BY rank, created DESC LIMIT ?"
        )

        def ask(database: sqlite3.Connection) -> tuple[Match, ...]:
            rows = database.execute(query, (question, _MOST_MATCHES))
            found = [Match(self._entry(row[:2]), *row[2:]) for row in rows]
            best: dict[Path, int] = {}
            for place, match in enumerate(found):
                best.setdefault(match.entry.folder, place)
            return tuple(sorted(found, key=lambda match: best[match.entry.folder]))

        return self._asked(folders, ask) if question else ()

    def _asked(self, folders: Sequence[Path], ask: Callable[[sqlite3.Connection], _T]) -> _T:
        for attempt in itertools.count(1):
            try:
                database = self._opened()
                self._refresh(database, folders)
                return ask(database)
            except sqlite3.OperationalError:  # busy, read-only, a full disk: leave the file alone
                if self._in_memory:
                    raise
                self.close()
                self._in_memory = True
            except sqlite3.DatabaseError:  # damaged, or no database at all
                if self._in_memory:
                    raise
                self.forget()
                self._in_memory = attempt > 1
        raise AssertionError("count never ends")

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            path = self._library / INDEX_FILE
            if self._in_memory or not self._library.is_dir():
                self._connection = sqlite3.connect(":memory:")
            else:
                with suppress(OSError):  # then SQLite has the same trouble, and says so
                    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # it quotes episodes
                self._connection = sqlite3.connect(path, timeout=_BUSY_SECONDS)
            version: int = self._connection.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, _VERSION):
                raise sqlite3.DatabaseError("another version's tables")
            if version == 0:
                self._connection.executescript(_TABLES)
        return self._connection

    def _refresh(self, database: sqlite3.Connection, folders: Sequence[Path]) -> None:
        """Read what changed since; of what is running, no file tells when it is over."""
        query = "SELECT name, stamp FROM episodes WHERE state != 'running'"
        known: dict[bytes, str] = dict(database.execute(query))
        names: set[bytes] = {row[0] for row in database.execute("SELECT name FROM episodes")}
        here = {os.fsencode(folder.name): folder for folder in folders}
        stamps = {name: stamp_of(folder) for name, folder in here.items()}
        changed = [name for name in here if known.get(name) != stamps[name]]
        if not changed and names <= here.keys():
            return
        with database:
            for name in {*(names - here.keys()), *changed}:
                database.execute("DELETE FROM episodes WHERE name = ?", (name,))
                database.execute("DELETE FROM texts WHERE name = ?", (name,))
            for name in changed:
                _add(database, name, stamps[name], here[name])

    def _entry(self, row: tuple[bytes, bytes]) -> Entry:
        entry = msgspec.json.decode(row[1], type=Entry, dec_hook=lambda kind, text: kind(text))
        return msgspec.structs.replace(entry, folder=self._library / os.fsdecode(row[0]))


def _add(database: sqlite3.Connection, name: bytes, stamp: str, folder: Path) -> None:
    entry, texts = read_entry_and_texts(folder)
    # the folder is known by the name, which need not be text that JSON can hold
    record = msgspec.json.encode(entry, enc_hook=lambda _: "")
    database.execute(
        "INSERT INTO episodes VALUES (?, ?, ?, ?, ?)",
        (name, stamp, entry.state, entry.created, record),
    )
    database.executemany(
        "INSERT INTO texts VALUES (?, ?, ?, ?, ?)",
        ((_spaced(text), name, kind, step, text) for kind, step, text in texts if text.strip()),
    )


def _spaced(text: str) -> str:
    return _UNSPACED.sub(r" \1 ", text)
