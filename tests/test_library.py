"""The library: episodes found, filed and thrown away, with an index that may be lost."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent_app import cli
from agent_app.episode import trash
from agent_app.episode.format import EVENTS_FILE
from agent_app.episode.index import INDEX_FILE
from agent_app.episode.library import Library
from agent_app.episode.reader import open_episode
from agent_app.episode.recorder import EpisodeRecorder
from agent_app.episode.tags import TAGS_FILE
from agent_app.errors import KnownError
from tests.fakes.episodes import MadeUpRun


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three episodes, the last one recorded last."""
    for name, thought in (
        ("1-menus", "I öpen the Ménu."),
        ("2-letter", "Now 写一封信给你。"),
        ("3-sums", "Six times seven."),
    ):
        MadeUpRun(2, thought=thought).record(tmp_path / "library" / name)
    return tmp_path / "library"


@pytest.fixture
def library(folder: Path) -> Iterator[Library]:
    with Library(folder) as opened:
        yield opened


def names(library: Library, **options: list[str]) -> list[str]:
    return [entry.name for entry in library.entries(**options)]


def test_it_lists_what_was_recorded_newest_first(library: Library):
    newest, *others = library.entries()
    assert newest.name == "3-sums"
    assert [entry.name for entry in others] == ["2-letter", "1-menus"]
    assert (newest.state, newest.task, newest.answer) == ("success", "Make it up", "42")
    assert (newest.model, newest.steps, newest.seconds) == ("scripted", 2, 30.0)
    assert newest.problems == ()
    files = [path for path in newest.folder.rglob("*") if path.is_file()]
    assert newest.bytes == sum(path.stat().st_size for path in files)


def test_a_folder_that_is_not_there_is_an_empty_library(tmp_path: Path):
    with Library(tmp_path / "nowhere") as library:
        assert library.entries() == ()
        assert library.search("anything") == ()
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("menu", "1-menus"),
        ("OPEN men", "1-menus"),
        ("封信", "2-letter"),
        ("seven times", "3-sums"),
        ('"seven', "3-sums"),
        ("sev\0en", None),
        ("menu seven", None),
        ("AND", None),
        ("* ( NEAR", None),
        ("", None),
    ],
)
def test_words_are_found_in_thoughts(words: str, found: str | None, library: Library):
    matches = library.search(words)
    assert {match.entry.name for match in matches} == ({found} if found else set())
    assert all(match.kind == "thought" and match.step in (1, 2) for match in matches)


@pytest.mark.parametrize(
    ("words", "kind", "step"),
    [("make it up", "task", 0), ("greet", "action", 1), ("42", "answer", 0)],
)
def test_words_are_found_in_tasks_actions_and_answers(
    words: str, kind: str, step: int, library: Library
):
    matches = library.search(words)
    assert {match.entry.name for match in matches} == {"1-menus", "2-letter", "3-sums"}
    assert (kind, step) in {(match.kind, match.step) for match in matches}


def test_what_changes_in_the_folder_is_seen(library: Library, folder: Path):
    assert len(library.entries()) == 3
    shutil.rmtree(folder / "1-menus")
    MadeUpRun(1, thought="A kangaroo.").record(folder / "4-new")
    assert names(library) == ["4-new", "3-sums", "2-letter"]
    assert [match.entry.name for match in library.search("kangaroo")] == ["4-new"]
    assert library.search("menu") == ()


def test_an_episode_being_recorded_is_running_and_then_it_is_not(library: Library, folder: Path):
    run = MadeUpRun(1)
    stream = EpisodeRecorder(folder / "live", run.kept.get).tee(run.events())
    next(stream)
    (entry,) = (entry for entry in library.entries() if entry.name == "live")
    assert entry.state == "running"
    with pytest.raises(KnownError, match="is being recorded"):
        library.delete(folder / "live", for_good=True)
    stream.close()
    (entry,) = (entry for entry in library.entries() if entry.name == "live")
    assert entry.state == "cut off"


def test_damaged_episodes_are_listed_as_such(library: Library, folder: Path):
    (folder / "1-menus" / EVENTS_FILE).write_bytes(b"nothing\n")
    shutil.rmtree(folder / "2-letter" / "frames")
    by_name = {entry.name: entry for entry in library.entries()}
    assert by_name["1-menus"].state == "unreadable"
    assert "does not begin with the header" in by_name["1-menus"].problems[0]
    assert by_name["2-letter"].state == "success"
    assert all("is missing" in problem for problem in by_name["2-letter"].problems)
    assert len(by_name["2-letter"].problems) == 3


def spoil_with_garbage(index: Path) -> None:
    index.write_bytes(b"no database at all" * 100)


def spoil_in_the_middle(index: Path) -> None:
    data = index.read_bytes()
    index.write_bytes(data[:4096] + b"\xff" * 8192 + data[12288:])


def make_newer(index: Path) -> None:
    with sqlite3.connect(index) as database:
        database.execute("DROP TABLE texts")
        database.execute("PRAGMA user_version = 99")
    database.close()


def drop_a_table(index: Path) -> None:
    with sqlite3.connect(index) as database:
        database.execute("DROP TABLE texts")
    database.close()


@pytest.mark.parametrize(
    "spoil", [Path.unlink, spoil_with_garbage, spoil_in_the_middle, make_newer, drop_a_table]
)
def test_a_lost_or_damaged_index_is_made_anew(spoil: Callable[[Path], object], folder: Path):
    with Library(folder) as library:
        library.tag(folder / "3-sums", add=["maths"])
        before = library.entries()
    spoil(folder / INDEX_FILE)
    with Library(folder) as library:
        assert library.entries() == before
        assert {match.entry.name for match in library.search("seven")} == {"3-sums"}


def test_an_index_that_is_locked_is_left_alone(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("agent_app.episode.index._BUSY_SECONDS", 0.01)
    with Library(folder) as library:
        before = library.entries()
    other = sqlite3.connect(folder / INDEX_FILE, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with Library(folder) as library:
        assert library.entries() == before
    other.execute("ROLLBACK")
    assert other.execute("SELECT count(*) FROM episodes").fetchone() == (3,)
    other.close()


def test_the_index_is_its_owners_alone(library: Library, folder: Path):
    library.entries()
    assert (folder / INDEX_FILE).stat().st_mode & 0o077 == 0


def test_tags_stay_with_the_episode(library: Library, folder: Path):
    assert library.tag(folder / "3-sums", add=["sums", "zwei Worte", "sums "]) == (
        "sums",
        "zwei Worte",
    )
    assert library.tag(folder / "3-sums", remove=["sums"], add=["x"]) == ("x", "zwei Worte")
    assert names(library, tags=["x", "zwei Worte"]) == ["3-sums"]
    assert names(library, tags=["sums"]) == []
    library.reindex()
    assert names(library, tags=["x"]) == ["3-sums"]


@pytest.mark.parametrize("tag", ["", "  ", "two\nlines", "x" * 61, "\x1b[31m"])
def test_a_tag_that_is_no_word_is_refused(tag: str, library: Library, folder: Path):
    with pytest.raises(KnownError, match="is no tag"):
        library.tag(folder / "3-sums", add=[tag])


@pytest.mark.parametrize("content", [b"", b"{}", b'{"tags":[1]}', b'{"tags":["\\n"]}', b"\xff"])
def test_damaged_tags_are_no_tags(content: bytes, library: Library, folder: Path):
    (folder / "3-sums" / TAGS_FILE).write_bytes(content)
    assert names(library)[0] == "3-sums"
    assert library.entries()[0].tags == ()


def test_an_episode_is_found_by_a_part_of_its_name_that_no_other_has(
    library: Library, folder: Path, tmp_path: Path
):
    assert library.find("sums") == folder / "3-sums"
    elsewhere = MadeUpRun(1).record(tmp_path / "elsewhere")
    assert library.find(str(elsewhere)) == elsewhere
    MadeUpRun(1).record(folder / "3-sums-again")
    assert library.find("3-sums") == folder / "3-sums", "a whole name is meant as it is"
    with pytest.raises(KnownError, match="2 episodes have 'sum'"):
        library.find("sum")
    for nothing in ("", "nothing", "..", "../library"):
        with pytest.raises(KnownError, match="no episode"):
            library.find(nothing)


def test_a_link_in_the_library_is_not_followed(library: Library, folder: Path, tmp_path: Path):
    MadeUpRun(1).record(tmp_path / "elsewhere")
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    assert "link" not in names(library)


def test_a_deleted_episode_is_in_the_trash_and_can_be_put_back(
    library: Library, folder: Path, tmp_path: Path
):
    environment = {"XDG_DATA_HOME": str(tmp_path / "data")}
    trashed = library.delete(folder / "3-sums", environment=environment)
    assert trashed == tmp_path / "data" / "Trash" / "files" / "3-sums"
    assert open_episode(trashed).problems == ()
    assert "3-sums" not in names(library)
    note = tmp_path / "data" / "Trash" / "info" / "3-sums.trashinfo"
    header, path, date = note.read_text().splitlines()
    assert header == "[Trash Info]"
    assert path == f"Path={folder / '3-sums'}"
    assert date.startswith("DeletionDate=20")


def test_two_of_one_name_both_find_room_in_the_trash(
    library: Library, folder: Path, tmp_path: Path
):
    environment = {"XDG_DATA_HOME": str(tmp_path / "data")}
    library.delete(folder / "3-sums", environment=environment)
    MadeUpRun(1).record(folder / "3-sums")
    trashed = library.delete(folder / "3-sums", environment=environment)
    assert trashed is not None
    assert trashed.name == "3-sums.2"


def test_without_a_trash_nothing_is_deleted(
    library: Library, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "file").touch()
    monkeypatch.setattr(trash, "_trashes", lambda *_: [tmp_path / "file" / "Trash"])
    with pytest.raises(KnownError, match=r"no trash for .*: Not a directory") as refusal:
        library.delete(folder / "3-sums")
    assert "--for-good --yes" in refusal.value.remedy
    assert open_episode(folder / "3-sums").problems == ()


def agent_app(folder: Path, *arguments: str) -> int:
    return cli.main(["episodes", *arguments, "--library", str(folder)])


def test_the_command_lists_searches_shows_tags_and_reindexes(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "120")
    assert cli.main(["episodes", "--library", str(folder)]) == 0
    assert "3 episodes" in (listed := capsys.readouterr().out)
    assert "3-sums" in listed
    assert "Make it up" in listed
    assert agent_app(folder, "tag", "sums", "maths") == 0
    assert agent_app(folder, "list", "--tag", "maths") == 0
    assert "1 episode," in (listed := capsys.readouterr().out)
    assert "#maths" in listed
    assert agent_app(folder, "search", "six", "times") == 0
    assert "thought 1: Six times seven." in capsys.readouterr().out
    assert agent_app(folder, "show", "sums") == 0
    shown = capsys.readouterr().out
    for part in ("Make it up", "success", "42", "maths", "scripted", "Click it; Greet"):
        assert part in shown
    assert agent_app(folder, "reindex") == 0
    assert "3 episodes" in capsys.readouterr().out


def test_the_command_deletes_for_good_only_when_that_is_meant(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    assert agent_app(folder, "delete", "sums", "--for-good") == 3
    assert "add --yes" in capsys.readouterr().err
    assert (folder / "3-sums").exists()
    assert agent_app(folder, "delete", "sums", "--for-good", "--yes") == 0
    assert not (folder / "3-sums").exists()


def test_the_command_prints_nothing_that_a_terminal_would_obey(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    MadeUpRun(1, thought="\x1b]0;owned\x07[red]kangaroo[/red]\r").record(folder / "4-\x1b[31m")
    for arguments in ((), ("search", "kangaroo"), ("show", "4-")):
        assert agent_app(folder, *arguments) == 0
    out = capsys.readouterr().out
    assert "[red]kangaroo" in out
    assert "\x1b" not in out
    assert "\x07" not in out


def test_a_library_where_no_index_can_be_written_is_read(folder: Path):
    (folder / INDEX_FILE).mkdir()
    with Library(folder) as library:
        assert len(library.entries()) == 3
        assert len(library.search("seven")) == 2
        assert library.reindex() == 3
