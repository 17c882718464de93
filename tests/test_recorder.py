"""The recorder: nothing passes it unwritten, and nothing that happens to it costs the episode."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent_app.episode.format import EVENTS_FILE
from agent_app.episode.reader import open_episode
from agent_app.episode.recorder import EpisodeRecorder, new_episode_folder
from agent_app.errors import KnownError
from agent_app.events import (
    ActionDecided,
    Event,
    FrameCaptured,
    StepStarted,
    TokenStreamed,
    encode_event,
)
from tests.fakes.episodes import MadeUpRun

ROOT = Path(__file__).parent.parent


@contextmanager
def recording_process(folder: Path, *arguments: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.fakes.episodes", str(folder), *map(str, arguments)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def told(lines: list[str]) -> int:
    """How many events the process said were recorded; its last line may be cut off."""
    whole = [line for line in lines if line.endswith("\n") and not line.startswith("refused")]
    return int(whole[-1]) if whole else 0


@pytest.mark.slow
@pytest.mark.parametrize("trial", range(50))
def test_an_episode_opens_after_its_process_was_killed_at_any_moment(trial: int, tmp_path: Path):
    wait_for = random.Random(trial).randrange(1, 200)
    with recording_process(tmp_path / "e", 1_000_000, 100) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(wait_for)]
        process.kill()
        lines += process.stdout.readlines()
    flushed = told(lines)
    assert flushed >= wait_for
    episode = open_episode(tmp_path / "e")
    expected = MadeUpRun(steps=flushed // 5 + 2, thought="x" * 100).recorded_events()
    assert list(episode.events[:flushed]) == expected[:flushed]
    assert len(episode.events) <= flushed + 1
    assert all("cut off" in p or "is missing" in p for p in episode.problems)
    decided = [e.step for e in episode.events if isinstance(e, ActionDecided)]
    for captured in episode.events:
        if isinstance(captured, FrameCaptured) and captured.step in decided:
            assert episode.frame(captured.frame.sha1) is not None


def test_every_event_is_on_disk_before_the_consumer_sees_it(tmp_path: Path):
    run = MadeUpRun(3)
    seen: list[Event] = []
    for event in EpisodeRecorder(tmp_path / "e", run.kept.get).tee(run.events()):
        seen.append(event)
        if isinstance(event, TokenStreamed):
            continue
        last_line = (tmp_path / "e" / EVENTS_FILE).read_bytes().splitlines()[-1]
        assert last_line == encode_event(event)
        if isinstance(event, ActionDecided):
            sha1 = run.frame(event.step).sha1
            assert open_episode(tmp_path / "e").frame(sha1) is not None
    assert seen == list(run.events())


def test_the_source_goes_on_only_when_the_consumer_asks(tmp_path: Path):
    run = MadeUpRun(1)
    produced: list[Event] = []

    def source() -> Iterator[Event]:
        for event in run.events():
            produced.append(event)
            yield event

    stream = EpisodeRecorder(tmp_path / "e", run.kept.get).tee(source())
    for number, _ in enumerate(stream, start=1):
        assert len(produced) == number


def test_equal_screens_are_stored_once(tmp_path: Path):
    run = MadeUpRun(1)
    same = run.frame(7)
    events = [FrameCaptured(step, same, float(step)) for step in range(5)]
    asked: list[str] = []

    def frames(sha1: str):
        asked.append(sha1)
        return run.kept[sha1]

    assert list(EpisodeRecorder(tmp_path / "e", frames).tee(iter(events))) == events
    assert [file.stem for file in (tmp_path / "e" / "frames").iterdir()] == [same.sha1]
    assert asked == [same.sha1]


def test_a_frame_that_is_gone_already_is_missing_in_the_episode_and_nothing_else(tmp_path: Path):
    run = MadeUpRun(2)
    list(EpisodeRecorder(tmp_path / "e", lambda _: None).tee(run.events()))
    episode = open_episode(tmp_path / "e")
    assert list(episode.events) == run.recorded_events()
    assert len(episode.problems) == 3
    assert all("is missing" in problem for problem in episode.problems)


def test_a_consumer_that_stops_closes_the_source_and_the_files(tmp_path: Path):
    run = MadeUpRun(5)
    closed = threading.Event()

    def source() -> Iterator[Event]:
        try:
            yield from run.events()
        finally:
            closed.set()

    stream = EpisodeRecorder(tmp_path / "e", run.kept.get).tee(source())
    for event in stream:
        if isinstance(event, FrameCaptured) and event.step == 2:
            break
    stream.close()
    assert closed.is_set()
    assert not [t for t in threading.enumerate() if t.name.startswith("episode-frames")]
    episode = open_episode(tmp_path / "e")
    assert episode.end is None
    assert episode.problems == ()
    assert [step.number for step in episode.steps] == [1, 2]


def test_an_exception_of_the_source_passes_through_and_is_not_recorded(tmp_path: Path):
    def source() -> Iterator[Event]:
        yield StepStarted(1, 0.0)
        raise OSError(28, "the application's own trouble")

    with pytest.raises(OSError, match="own trouble"):
        list(EpisodeRecorder(tmp_path / "e", lambda _: None).tee(source()))
    assert list(open_episode(tmp_path / "e").events) == [StepStarted(1, 0.0)]


def test_nothing_is_made_before_the_first_event(tmp_path: Path):
    recorder = EpisodeRecorder(tmp_path / "e", lambda _: None)
    assert list(recorder.tee(iter([]))) == []
    assert not (tmp_path / "e").exists()


def test_an_empty_folder_is_used_and_any_other_is_refused(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    MadeUpRun(1).record(tmp_path / "empty")
    (tmp_path / "file").touch()
    for taken in ("empty", "file"):
        with pytest.raises(KnownError, match="is there already"):
            EpisodeRecorder(tmp_path / taken, lambda _: None)
    assert open_episode(tmp_path / "empty").problems == ()


@pytest.mark.parametrize(
    ("thought_length", "limit"),
    [pytest.param(20, 20_000, id="a frame"), pytest.param(30_000, 200_000, id="the events")],
)
def test_a_file_that_may_not_grow_ends_the_recording_and_the_episode_opens(
    thought_length: int, limit: int, tmp_path: Path
):
    with recording_process(tmp_path / "e", 1000, thought_length, limit) as process:
        lines = process.communicate(timeout=60)[0].splitlines(keepends=True)
    assert process.returncode == 0
    assert lines[-1].startswith(f"refused: cannot write {tmp_path / 'e'}: File too large")
    assert "free some space" in lines[-1]
    check_opens_up_to(told(lines), tmp_path / "e", thought_length)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[tuple[Path, tuple[int, ...]]]:
    """A folder where 300 kB fit, and what the recording program is told to make it so.

    A file system of that size where one may be mounted, else a limit on the size of files.
    """
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(folder)]
    mounted = (
        shutil.which("mount") is not None
        and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    )
    yield folder, () if mounted else (300_000,)
    if mounted:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("thought_length", [20, 30_000])
def test_a_full_disk_ends_the_recording_and_the_episode_opens(
    thought_length: int, small_disk: tuple[Path, tuple[int, ...]]
):
    folder = small_disk[0] / "e"
    with recording_process(folder, 1000, thought_length, *small_disk[1]) as process:
        lines = process.communicate(timeout=60)[0].splitlines(keepends=True)
    assert process.returncode == 0
    assert lines[-1].startswith(f"refused: cannot write {folder}: ")
    check_opens_up_to(told(lines), folder, thought_length)


def check_opens_up_to(flushed: int, folder: Path, thought_length: int) -> None:
    assert flushed > 1
    episode = open_episode(folder)
    expected = MadeUpRun(flushed // 5 + 2, thought="x" * thought_length).recorded_events()
    assert list(episode.events[:flushed]) == expected[:flushed]
    assert [p for p in episode.problems if "is missing" not in p] == []
    assert not list((folder / "frames").glob("*.tmp"))


def test_an_episode_is_its_owners_alone(tmp_path: Path):
    folder = MadeUpRun(1).record(tmp_path / "library" / "e")
    assert folder.stat().st_mode & 0o077 == 0


def test_a_folder_that_may_not_be_made_is_refused_with_what_to_do(tmp_path: Path):
    (tmp_path / "file").touch()
    recorder = EpisodeRecorder(tmp_path / "file" / "e", lambda _: None)
    with pytest.raises(KnownError, match="cannot write") as refusal:
        list(recorder.tee(MadeUpRun(1).events()))
    assert refusal.value.remedy


@pytest.mark.parametrize(
    ("task", "ending"),
    [
        ("Open Mousepad, then type!", "-open-mousepad-then-type"),
        ("写一封信 to Zoë", "-写一封信-to-zoë"),
        ("../../etc/passwd", "-etc-passwd"),
        ("x" * 500, "-" + "x" * 40),
    ],
)
def test_a_folder_is_named_by_the_task(task: str, ending: str, tmp_path: Path):
    folder = new_episode_folder(task, library=tmp_path)
    assert folder.parent == tmp_path
    assert folder.name.endswith(ending)


def test_a_second_run_in_the_same_second_gets_its_own_folder(tmp_path: Path):
    folders = set()
    for _ in range(5):
        folder = new_episode_folder("?!", library=tmp_path)
        folder.mkdir()
        folders.add(folder)
    assert len(folders) == 5
