"""Attempts are processes of their own: what comes of them, and that they end."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from agent_app import cli
from agent_app.episode.reader import open_episode
from agent_app.suite.attempt import Attempted, Job, attempt
from agent_app.suite.store import Result
from agent_app.suite.summary import Summary
from agent_app.suite.tasks import Task

ROOT = Path(__file__).parent.parent.parent
TESTS = """
import os, pathlib, signal, sys, time
import pytest

HERE = pathlib.Path(__file__).parent

def test_passes():
    print("said")

def test_fails():
    assert "this" == "that"

@pytest.mark.skip
def test_skips(): ...

def test_hangs():
    (HERE / "pid").write_text(str(os.getpid()))
    time.sleep(600)

def test_dies():
    os.kill(os.getpid(), signal.SIGKILL)

def test_dies_once():
    died = HERE / "died"
    if not died.exists():
        died.touch()
        os.kill(os.getpid(), signal.SIGKILL)

def test_fails_once():
    failed = HERE / "failed"
    if not failed.exists():
        failed.touch()
        raise ValueError("the first time")
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The suite's folder, with no plugins of pytest but ours: they take seconds to load."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "test_a.py").write_text(TESTS)
    (tmp_path / "test_bad.py").write_text("import nothing_of_this_name\n")
    return tmp_path


def tried(target: str, *, seconds: float = 60) -> Attempted:
    return attempt(Job(Task(id="x", target=target, seconds=seconds), 1), Path.cwd(), "here")


@pytest.mark.parametrize(
    ("target", "outcome", "reason"),
    [
        ("test_a.py::test_passes", "passed", ""),
        ("test_a.py::test_fails", "failed", "AssertionError: assert 'this' == 'that'"),
        ("test_a.py::test_skips", "skipped", ""),
        ("test_a.py::test_dies", "died", "its process was ended by signal 9"),
        ("test_a.py::test_gone", "error", "test_gone"),
        ("test_bad.py", "error", "nothing_of_this_name"),
    ],
)
def test_what_comes_of_an_attempt_is_told(target: str, outcome: str, reason: str):
    found = tried(target)
    assert found.attempt.outcome == outcome
    assert reason in found.attempt.reason
    assert bool(reason) == bool(found.attempt.reason)
    assert b"output.txt" not in found.files["output.txt"]


def test_an_attempt_that_takes_too_long_is_ended():
    found = tried("test_a.py::test_hangs", seconds=1)
    assert found.attempt.outcome == "timeout"
    assert found.attempt.reason == "it took more than 1 s"


def test_an_attempt_ends_when_its_worker_is_killed(folder: Path, wait_until: Callable[..., None]):
    script = (
        "from pathlib import Path; from agent_app.suite.attempt import *\n"
        "attempt(Job(Task(id='x', target='test_a.py::test_hangs'), 1), Path.cwd(), 'here')"
    )
    pid = folder / "pid"
    with subprocess.Popen([sys.executable, "-c", script]) as worker:
        try:
            wait_until(lambda: pid.exists() and pid.read_text(), seconds=60)
        finally:
            worker.kill()
    gone = Path(f"/proc/{pid.read_text()}")
    wait_until(lambda: not gone.exists())


def test_a_suite_survives_a_killed_worker_and_counts_each_task_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    names = ["passes", "dies_once", "fails_once", "skips"]
    tests = [f"test_a.py::test_{name}" for name in names]
    command = ["suite", *tests, "--output", "out", "--workers", "2", "--retries", "1"]
    assert cli.main(command) == 0, capsys.readouterr()
    said = capsys.readouterr().out
    assert "died, again  test_a.py::test_dies_once" in said
    assert "flaky: test_a.py::test_fails_once" in said
    summary = msgspec.json.decode((folder / "out" / "summary.json").read_bytes(), type=Summary)
    assert (summary.tasks, summary.left, summary.attempts, summary.deaths) == (4, 0, 6, 1)
    assert summary.outcomes == {"passed": 3, "skipped": 1}
    results = [
        msgspec.json.decode(path.read_bytes(), type=Result)
        for path in (folder / "out" / "results").iterdir()
    ]
    assert sorted(each.id for each in results) == sorted(tests)

    assert cli.main(command) == 3
    assert "holds a suite already" in capsys.readouterr().err
    assert cli.main([*command, "--resume"]) == 0
    assert "again" not in capsys.readouterr().out
    assert cli.main([*command[:2], *command[-6:], "--resume"]) == 3
    assert "of other tasks" in capsys.readouterr().err


def test_a_suite_that_is_interrupted_ends_its_attempts_and_says_what_is_left(
    folder: Path, wait_until: Callable[..., None]
):
    command = ["suite", "test_a.py::test_passes", "test_a.py::test_hangs", "--workers", "1"]
    with subprocess.Popen(
        [sys.executable, "-m", "agent_app", *command, "--output", "out"],
        stdout=subprocess.PIPE,
        text=True,
    ) as suite:
        try:
            pid = folder / "pid"
            wait_until(lambda: pid.exists() and pid.read_text(), seconds=60)
            suite.send_signal(signal.SIGINT)
            said, _ = suite.communicate(timeout=60)
        finally:
            suite.kill()
    assert suite.returncode == 130
    assert "2 tasks: 1 passed; 1 have no result yet" in said
    assert not Path(f"/proc/{pid.read_text()}").exists()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--workers", "0"], "somebody has to work"),
        (["--seconds", "0"], "an attempt needs time"),
        (["--ray", "1.2.3.4:6379", "--workers", "2"], "a cluster says itself"),
    ],
)
def test_flags_that_make_no_sense_are_refused(
    flags: list[str], said: str, capsys: pytest.CaptureFixture[str]
):
    assert cli.main(["suite", "test_a.py", "--output", "out", *flags]) == 3
    assert said in capsys.readouterr().err


@pytest.mark.desktop
def test_an_instruction_is_carried_out_on_a_desktop_of_its_own_and_leaves_an_episode(folder: Path):
    (folder / "TASKS.yaml").write_text(
        """\
suite: 1
tasks:
  - id: greet
    instruction: press ctrl+q
    apps: [mousepad --disable-server]
    desktop: {size: 800x600}
    seconds: 100
    expect:
      - {no_window: Mousepad}
"""
    )
    assert cli.main(["suite", "TASKS.yaml", "--output", "out", "--workers", "1"]) == 0
    (kept,) = (folder / "out" / "attempts").iterdir()
    (episode,) = [path for path in kept.iterdir() if path.is_dir()]
    steps = [step.summary for step in open_episode(episode).steps]
    assert any("Press ctrl+q" in (summary or "") for summary in steps), steps
    assert episode.with_name(f"{episode.name}.html").stat().st_size > 10_000
    assert len(list(kept.glob("*.flow.yaml"))) == 1
