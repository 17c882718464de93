"""A suite's course and its results: each task has one, whatever is lost on the way."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import fsspec
import msgspec
import pytest
from rich.console import Console
from rich.text import Text

from agent_app.errors import KnownError
from agent_app.suite.attempt import Attempt, Attempted, Job, Outcome
from agent_app.suite.crews import Place
from agent_app.suite.running import run_suite
from agent_app.suite.showing import show_suite
from agent_app.suite.store import FolderFiles, Head, RemoteFiles, Result, Store, open_files
from agent_app.suite.summary import junit, summarise
from agent_app.suite.tasks import Task

HEAD = Head(tasks=3, tasks_sha1="of these tasks")
A, B, C = (Task(id=name, target=name) for name in "abc")


class ScriptedCrew:
    """Each task's attempts end as the script says, in this order."""

    where = "a script"

    def __init__(self, **script: Sequence[Outcome]) -> None:
        self._script = {name: iter(outcomes) for name, outcomes in script.items()}
        self.submitted: list[tuple[str, int]] = []

    def submit(self, job: Job) -> Future[Any]:
        self.submitted.append((job.task.id, job.number))
        future: Future[Any] = Future()
        future.set_result(next(self._script[job.task.id]))
        return future

    def attempted(self, job: Job, future: Future[Any]) -> Attempted:
        outcome: Outcome = future.result()
        attempt = Attempt(number=job.number, outcome=outcome, reason=f"why {outcome}", seconds=1.5)
        return Attempted(attempt, {"output.txt": f"{job.task.id} {job.number}".encode()})

    def running(self) -> Mapping[str, Place]:
        return {}

    def close(self) -> None: ...


@pytest.fixture(params=["folder", "memory"])
def output(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A place for results: a folder, or storage behind fsspec."""
    if request.param == "folder":
        yield str(tmp_path / "out")
        return
    memory = fsspec.filesystem("memory")
    yield "memory://bucket/suite"
    memory.rm("/bucket", recursive=True)


def tried(tasks: Sequence[Task], crew: ScriptedCrew, store: Store) -> list[tuple[str, str, bool]]:
    told = run_suite(tasks, crew, store)
    return [(each.task.id, each.attempt.outcome, each.result is None) for each in told if each]


def opened(output: str, *, resume: bool = False) -> tuple[Store, Any]:
    files = open_files(output)
    try:
        return Store(files, HEAD, resume=resume), files
    except KnownError:
        files.close()
        raise


def test_a_task_is_tried_again_as_often_as_it_may_fail(output: str):
    crew = ScriptedCrew(a=["failed", "timeout", "passed"], b=["error", "failed"], c=["skipped"])
    store, files = opened(output)
    tasks = [
        msgspec.structs.replace(A, retries=2),
        msgspec.structs.replace(B, retries=1),
        msgspec.structs.replace(C, retries=5),
    ]
    told = tried(tasks, crew, store)
    assert [each for each in told if not each[2]] == [
        ("c", "skipped", False),
        ("b", "failed", False),
        ("a", "passed", False),
    ]
    summary = summarise(tasks, store.results)
    assert summary.outcomes == {"passed": 1, "skipped": 1, "failed": 1}
    assert summary.flaky == ("a",)
    assert (summary.attempts, summary.left, summary.is_good) == (6, 0, False)
    assert files.read(f"attempts/{A.file_name}.3/output.txt") == b"a 3"
    files.close()


def test_a_lost_worker_takes_no_retry_and_makes_nothing_flaky_but_ends_at_last(output: str):
    crew = ScriptedCrew(a=["died", "died", "passed"], b=["died"] * 3, c=["died", "failed"])
    store, files = opened(output)
    tried([A, B, C], crew, store)
    assert {name: each.outcome for name, each in store.results.items()} == {
        "a": "passed",
        "b": "died",
        "c": "failed",
    }
    summary = summarise([A, B, C], store.results)
    assert (summary.deaths, summary.flaky) == (6, ())
    files.close()


def test_a_task_has_all_its_retries_left_after_a_death(output: str):
    store, files = opened(output)
    task = msgspec.structs.replace(A, retries=1)
    tried([task], ScriptedCrew(a=["died", "failed", "passed"]), store)
    assert store.results["a"].outcome == "passed"
    files.close()


def test_after_a_crash_what_has_a_result_is_kept_and_the_rest_is_tried(output: str):
    store, files = opened(output)
    told = run_suite([A, B, C], ScriptedCrew(a=["passed"], b=["passed"], c=["passed"]), store)
    first = next(each for each in told if each is not None)
    files.close()  # the end comes between two results: two attempts were made and not counted

    again, files = opened(output, resume=True)
    assert set(again.results) == {first.task.id}
    left = {"a", "b", "c"} - {first.task.id}
    crew = ScriptedCrew(**{name: ["failed"] for name in left})
    tried([A, B, C], crew, again)
    assert set(crew.submitted) == {(name, 1) for name in left}
    outcomes = summarise([A, B, C], again.results).outcomes
    assert outcomes == {"passed": 1, "failed": 2}
    files.close()


def test_a_terminal_shows_what_runs_where_and_how_long_it_will_take(tmp_path: Path):
    class Busy(ScriptedCrew):
        def running(self) -> Mapping[str, Place]:
            return {"b": Place("gpu2 1a2b3c", time.monotonic() - 61)}

    store, files = opened(str(tmp_path / "out"))
    crew = Busy(a=["failed"], b=["passed"])
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=90, legacy_windows=False)
    told = run_suite([A, B], crew, store)
    show_suite(told, tasks=[A, B], results=store.results, crew=crew, console=console)
    files.close()
    shown = Text.from_ansi(screen.getvalue()).plain
    assert "failed  a" in shown
    assert re.search(r"1 of 2 +1 failed +\d+ an hour +\d+ s left", shown)
    assert re.search(r"\bb +gpu2 1a2b3c +61\b", shown)


def test_what_an_earlier_time_left_of_an_attempt_is_not_overwritten(output: str):
    store, files = opened(output)
    store.keep(A.file_name, store.next_number(A.file_name), {"film.html": b"of the first time"})
    files.close()
    again, files = opened(output, resume=True)
    crew = ScriptedCrew(a=["passed"])
    tried([A], crew, again)
    assert crew.submitted == [("a", 2)]
    assert files.read(f"attempts/{A.file_name}.1/film.html") == b"of the first time"
    files.close()


def test_the_first_result_of_a_task_is_the_one_that_counts(output: str):
    files = open_files(output)
    assert files.write_once("results/a.json", b"1")
    assert not files.write_once("results/a.json", b"2")
    assert files.read("results/a.json") == b"1"
    assert files.names("results") == ["a.json"]
    assert files.read("results/b.json") is None
    assert files.names("nothing") == []
    files.close()


def test_results_of_other_tasks_and_damaged_ones_are_not_gone_on_with(output: str):
    store, files = opened(output)
    with pytest.raises(KnownError, match="holds a suite already"):
        Store(files, HEAD, resume=False)
    with pytest.raises(KnownError, match="other tasks"):
        Store(files, Head(tasks=3, tasks_sha1="others"), resume=True)
    newer = msgspec.json.encode(msgspec.structs.replace(HEAD, version=9))
    tried([A], ScriptedCrew(a=["passed"]), store)
    files.write({f"results/{B.file_name}.json": b'{"id": "b", "attem'})
    with pytest.raises(KnownError, match=rf"{B.file_name}.json is damaged"):
        Store(files, HEAD, resume=True)
    files.write({"suite.json": newer})
    with pytest.raises(KnownError, match="no suite that this agent-app reads"):
        Store(files, HEAD, resume=True)
    files.close()


def test_two_suites_do_not_write_into_one_folder(tmp_path: Path):
    first = FolderFiles(tmp_path)
    with pytest.raises(KnownError, match="another suite writes"):
        FolderFiles(tmp_path)
    first.close()
    FolderFiles(tmp_path).close()


def test_names_from_a_worker_stay_in_their_attempts_folder(tmp_path: Path):
    store, files = opened(str(tmp_path / "out"))
    store.keep("a", 1, {"../../../x": b"", "/x": b"", "": b"", "ok/y": b"1"})
    files.close()
    assert (tmp_path / "out" / "attempts" / "a.1" / "ok" / "y").read_bytes() == b"1"
    assert not list(tmp_path.rglob("x"))


def test_storage_that_cannot_be_used_is_one_clear_line():
    with pytest.raises(KnownError, match="cannot use nothing://x"):
        RemoteFiles("nothing://x")


def test_junit_names_every_task_once_whatever_its_texts_hold():
    ended = {
        "a": Result(id="a", attempts=(Attempt(number=1, outcome="passed"),)),
        'b<&">\x00': Result(
            id='b<&">\x00',
            attempts=(
                Attempt(number=1, outcome="died"),
                Attempt(number=2, outcome="failed", reason='1 < 2 & "x"\x1b[31m', seconds=2),
            ),
        ),
        "c": Result(id="c", attempts=(Attempt(number=1, outcome="error", reason="gone"),)),
    }
    tasks = [Task(id=name) for name in [*ended, "left"]]
    suite = ElementTree.fromstring(junit(tasks, ended))
    assert [suite.get(name) for name in ("tests", "failures", "errors")] == ["3", "1", "1"]
    cases = {case.get("name"): [each.tag for each in case] for case in suite}
    assert cases == {"a": [], 'b<&">�': ["failure"], "c": ["error"]}
