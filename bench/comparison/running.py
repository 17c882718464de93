"""Runs scripts on stages, one after the other, and keeps what came of each."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Literal

from .counting import code_lines
from .staging import CONDITIONS, Condition, NotReady, Stage, staged
from .tasks import TASKS, Task
from .tools import FOLDER, Outcome, Tool, run_script, with_plugin

PLAIN, START = "plain", "nothing"
_CAPTURES = 3  # tries at a task's pictures
_LANES = 3  # scripts mostly wait
Verdict = Literal["passed", "failed", "wrong"]


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a script; `wrong` is a script that is content though its task is not done."""

    tool: str
    task: str
    condition: str
    verdict: Verdict
    seconds: float
    why: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is told of one tool at one task. Without a script, `lines` is nothing."""

    tool: Tool
    task: Task
    lines: int | None
    pictures: int
    runs: tuple[Run, ...]

    def under(self, condition: str) -> list[Run]:
        return [run for run in self.runs if run.condition == condition]

    def passes(self, condition: str) -> bool:
        """Whether each run under a condition passed."""
        runs = self.under(condition)
        return bool(runs) and all(run.verdict == "passed" for run in runs)

    @property
    def seconds(self) -> float | None:
        """The median of the plain runs that passed."""
        times = [run.seconds for run in self.under(PLAIN) if run.verdict == "passed"]
        return statistics.median(times) if times else None

    @property
    def taken(self) -> int:
        """How many of the plain runs passed."""
        return sum(run.verdict == "passed" for run in self.under(PLAIN))


class Bench:
    """A folder of copies of all scripts, with their pictures; what tools write stays in there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._scripts = folder / "scripts"
        shutil.copytree(FOLDER, self._scripts, ignore=shutil.ignore_patterns("__pycache__"))

    def capture(self, task: Task) -> str:
        """Take a task's pictures on the plain desktop; what went wrong, or nothing."""
        pictures = self._pictures(task.name)
        pictures.mkdir(parents=True)
        fault = ""
        for _ in range(_CAPTURES):
            with self._open(task, CONDITIONS[PLAIN]) as stage:
                words = with_plugin(stage, self._scripts / "capture.py")
                words += ["--agent-cache=off", "--agent-timeout=20", "-k", f"test_{task.name}"]
                more = {"PICTURES": str(pictures)}
                fault = run_script(words, stage, folder=self._scripts, more=more).fault
            if not fault:
                break
        return fault

    def start_up(self, tool: Tool) -> Run:
        """One run of the tool's script that does nothing, beside an application that it can use."""
        task = next(task for task in TASKS.values() if tool.script(task.name))
        with self._open(task, CONDITIONS[PLAIN]) as stage:
            outcome = self._do(tool, START, stage)
        verdict = "failed" if outcome.fault else "passed"
        return Run(tool.name, START, PLAIN, verdict, outcome.seconds, outcome.fault)

    def run(self, tool: Tool, task: Task, condition: Condition) -> Run:
        """One run of the tool's script for a task, on a desktop of its own."""
        names = (tool.name, task.name, condition.name)
        try:
            with self._open(task, condition) as stage:
                outcome = self._do(tool, task.name, stage)
                fault = outcome.fault or task.fault(stage)
                if not fault:
                    return Run(*names, "passed", outcome.seconds)
                stage.picture().save(self._folder / f"{'-'.join(names)}.png")
                verdict = "failed" if outcome.fault else "wrong"
                return Run(*names, verdict, outcome.seconds, fault)
        except NotReady as error:
            return Run(*names, "failed", 0.0, f"the application did not start: {error}")

    def entry(self, tool: Tool, task: Task, runs: Iterable[Run]) -> Entry:
        """What is told of a tool at a task, of all runs there were."""
        own = tuple(run for run in runs if (run.tool, run.task) == (tool.name, task.name))
        script = tool.script(task.name)
        if script is None:
            return Entry(tool, task, None, 0, own)
        text = script.read_text("utf-8")
        taken = self._pictures(task.name).glob("*.png") if tool.looks else ()
        pictures = sum(f'"{path.stem}"' in text for path in taken)
        return Entry(tool, task, code_lines(text), pictures, own)

    @contextmanager
    def _open(self, task: Task, condition: Condition) -> Generator[Stage]:
        with (
            staged(condition, self._folder / "stages" / task.name) as stage,
            stage.application(task.command(stage), task.window),
        ):
            yield stage

    def _do(self, tool: Tool, name: str, stage: Stage) -> Outcome:
        script = tool.script(name)
        assert script is not None
        copy = self._scripts / script.relative_to(FOLDER)
        pictures = self._pictures(name)
        folder = pictures if tool.looks and pictures.exists() else copy.parent
        return run_script(tool.words(stage, copy), stage, folder=folder)

    def _pictures(self, task: str) -> Path:
        return self._folder / "pictures" / task


@dataclass
class Series:
    """All runs of a bench. `tell` is told what is done, how much is, and how much there is."""

    bench: Bench
    tools: Sequence[Tool]
    tasks: Sequence[Task]
    tell: Callable[[str, int, int], None]
    runs: list[Run] = field(default_factory=list[Run])

    def time(self, times: int) -> None:
        """Run all scripts under the plain condition, one after the other with nothing beside."""
        pairs = [(tool, task) for task in self.tasks for tool in self._able(task)]
        for number, (tool, task) in enumerate(pairs):
            self.tell(f"{task.name} with {tool.name}", number, len(pairs))
            self.runs += (self.bench.run(tool, task, CONDITIONS[PLAIN]) for _ in range(times))
        for tool in self.tools:
            self.runs += (self.bench.start_up(tool) for _ in range(times))

    def change(self, conditions: Sequence[Condition]) -> None:
        """Run all scripts under other conditions; some tasks at a time, for nothing is timed.

        What fails is run once more, and has broken when it fails again.
        """
        done, lock = count(1), Lock()
        total = len(conditions) * sum(len(self._able(task)) for task in self.tasks)

        def work(task: Task) -> None:
            for tool in self._able(task):
                for condition in conditions:
                    run = self.bench.run(tool, task, condition)
                    if run.verdict != "passed":
                        run = self.bench.run(tool, task, condition)
                    with lock:
                        self.runs.append(run)
                        self.tell(
                            f"{task.name} with {tool.name}, {run.condition}", next(done), total
                        )

        with ThreadPoolExecutor(_LANES) as workers:
            list(workers.map(work, self.tasks))

    def _able(self, task: Task) -> list[Tool]:
        return [tool for tool in self.tools if tool.script(task.name)]
