"""One attempt at a task: a process of its own, on a desktop of its own, within a time.

A process, because input goes to one display, and because whatever it does or leaves then ends
with it. What it leaves comes back as files in memory: its machine may share no disk with us.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from agent_app.flows.document import SUFFIX
from agent_app.suite.collecting import NO_PLUGINS, plugin_flags
from agent_app.suite.tasks import Task
from agent_app.virtual import end_program

Outcome = Literal["passed", "skipped", "failed", "error", "timeout", "died"]
"""`error`: it could not be tried, such as a test that cannot be imported. `died`: its process, its
worker or its node was lost."""

_OUTPUT, _SAID, _NOTE = "output", "output.txt", "note.json"
_MOST_SAID = 2**20  # bytes of what pytest printed, from its end
_MOST_REASON = 500
_CHILD = "agent_app.suite.child"
_NO_TESTS, _INTERRUPTED = 5, 2


class Job(msgspec.Struct, frozen=True):
    """A task to be tried for the `number`-th time; `flags` are pytest's."""

    task: Task
    number: int
    flags: tuple[str, ...] = ()


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one. `where` is the worker or the node, `started` a time in UTC."""

    number: int
    outcome: Outcome
    reason: str = ""
    where: str = ""
    started: str = ""
    seconds: float = 0.0


class Note(msgspec.Struct, frozen=True):
    """What the process says of itself: pytest's exit status and counts, and the first failure."""

    status: int
    passed: int
    failed: int
    skipped: int
    reason: str


class Attempted(msgspec.Struct, frozen=True):
    """An attempt and the files that it left, by their names in its folder."""

    attempt: Attempt
    files: dict[str, bytes]


Started = Callable[[subprocess.Popen[bytes]], AbstractContextManager[None]]


def attempt(
    job: Job, root: Path, where: str, started: Started = lambda _process: nullcontext()
) -> Attempted:
    """Try a task from the folder `root`.

    `started` is given the process and entered while it runs.
    """
    task = job.task
    begun, now = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
    with tempfile.TemporaryDirectory(prefix="agent-suite-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "tmp").mkdir()
        late = False
        # what the attempt leaves in its TMPDIR goes when it does
        environment = {**os.environ, "TMPDIR": str(folder / "tmp")}
        if not task.target:
            environment[NO_PLUGINS] = "1"  # an instruction needs ours alone, and starts sooner
        with (folder / _SAID).open("wb") as said:
            process = subprocess.Popen(
                [sys.executable, "-m", _CHILD, *_arguments(job, folder, environment)],
                cwd=root,
                env=environment,
                stdin=subprocess.PIPE,  # never written to: when it closes, we are gone
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            with process, started(process):
                try:
                    process.wait(task.seconds)
                except subprocess.TimeoutExpired:
                    late = True
                finally:
                    end_program(process)
        outcome, reason = _outcome(folder, process.returncode)
        if late:
            outcome, reason = "timeout", f"it took more than {task.seconds:g} s"
        found = Attempt(
            number=job.number,
            outcome=outcome,
            reason=reason.replace(f"{folder}/", "")[:_MOST_REASON],
            where=where,
            started=now,
            seconds=round(time.monotonic() - begun, 2),
        )
        return Attempted(found, _files(folder))


def _arguments(job: Job, folder: Path, environment: Mapping[str, str]) -> list[str]:
    """What the process is told: the note's file, then pytest's arguments."""
    task = job.task
    target = [task.target]
    if not task.target:
        path = folder / f"{task.file_name}{SUFFIX}"
        path.write_text(task.flow, "utf-8")
        target = [str(path), "--rootdir", str(folder)]
    arguments = [str(folder / _NOTE), *target, "-q", *plugin_flags(environment)]
    arguments += ["-o", f"cache_dir={folder / 'tmp' / 'pytest'}"]
    arguments += ["--agent-output", str(folder / _OUTPUT), "--agent-record", "always"]
    # beside the tests nothing is written: it would be lost on another machine
    arguments += ["--agent-cache", "read-only", "--agent-baselines", "none"]
    for name, value in task.variables.items():
        arguments += ["--agent-var", f"{name}={value}"]
    if task.model:
        arguments += ["--agent-model", task.model]
    if task.model_name:
        arguments += ["--agent-model-name", task.model_name]
    return [*arguments, *job.flags]


def _outcome(folder: Path, status: int) -> tuple[Outcome, str]:
    try:
        note = msgspec.json.decode((folder / _NOTE).read_bytes(), type=Note)
    except FileNotFoundError:
        if status < 0:
            return "died", f"its process was ended by signal {-status}"
        return "error", _complaint(folder / _SAID) or f"its process ended with status {status}"
    if note.status == 0:
        return ("passed" if note.passed else "skipped"), ""
    if note.failed and note.status != _INTERRUPTED:
        return "failed", note.reason
    if note.status == _NO_TESTS:
        return "error", "there is no such test"
    return "error", note.reason or _complaint(folder / _SAID) or f"pytest's status {note.status}"


def _complaint(path: Path) -> str:
    """What pytest says is wrong: the line of its error, else the last one."""
    lines = [line.strip() for line in path.read_text("utf-8", errors="replace").splitlines()]
    errors = [line for line in lines if line.startswith("ERROR")]
    return next((line for line in (*errors, *reversed(lines)) if line), "")


def _files(folder: Path) -> dict[str, bytes]:
    """What is kept: recordings, films, what pytest printed, and an instruction's flow."""
    files = {_SAID: (folder / _SAID).read_bytes()[-_MOST_SAID:]}
    files |= {path.name: path.read_bytes() for path in folder.glob(f"*{SUFFIX}")}
    output = folder / _OUTPUT
    for path in sorted(output.rglob("*")):
        if path.is_file() and not path.is_symlink():
            files[path.relative_to(output).as_posix()] = path.read_bytes()
    return files
