"""Runs scripts on stages, one after the other, and keeps what came of each."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .counting import code_lines
from .staging import CONDITIONS, Condition, NotReady, staged
from .tasks import Task
from .tools import FOLDER, Tool, run_script, with_plugin

PLAIN = "plain"
Verdict = Literal["passed", "failed", "wrong"]


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a script; `wrong` is a script that is content though its task is not done."""

    tool: str
    task: str
    condition: str
    verdict: Verdict
    seconds: float
    processor: float
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


class Bench:
    """A folder of copies of all scripts, with their pictures; what tools write stays in there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._scripts = folder / "scripts"
        shutil.copytree(FOLDER, self._scripts, ignore=shutil.ignore_patterns("__pycache__"))

    def capture(self, task: Task) -> str:
        """Take a task's pictures on the plain desktop; what went wrong, or nothing."""
        pictures = self._pictures(task)
        pictures.mkdir(parents=True)
        with (
            staged(CONDITIONS[PLAIN], self._folder) as stage,
            stage.application(task.command(stage), task.window),
        ):
            words = with_plugin(stage, self._scripts / "capture.py")
            words += ["--agent-cache=off", "-k", f"test_{task.name}"]
            return run_script(
                words, stage, folder=self._scripts, more={"PICTURES": str(pictures)}
            ).fault

    def run(self, tool: Tool, task: Task, condition: Condition) -> Run:
        """One run of the tool's script for a task, on a desktop of its own."""
        script = tool.script(task.name)
        assert script is not None
        copy = self._scripts / script.relative_to(FOLDER)
        folder = self._pictures(task) if tool.looks else copy.parent
        names = (tool.name, task.name, condition.name)
        try:
            with (
                staged(condition, self._folder) as stage,
                stage.application(task.command(stage), task.window),
            ):
                outcome = run_script(tool.words(stage, copy), stage, folder=folder)
                times = (outcome.seconds, outcome.processor)
                fault = outcome.fault or task.fault(stage)
                if not fault:
                    return Run(*names, "passed", *times)
                stage.picture().save(self._folder / f"{'-'.join(names)}.png")
                return Run(*names, "failed" if outcome.fault else "wrong", *times, fault)
        except NotReady as error:
            return Run(*names, "failed", 0.0, 0.0, f"the application did not start: {error}")

    def entry(self, tool: Tool, task: Task, runs: Iterable[Run]) -> Entry:
        script = tool.script(task.name)
        if script is None:
            return Entry(tool, task, None, 0, ())
        text = script.read_text("utf-8")
        pictures = sum(f'"{path.stem}"' in text for path in self._pictures(task).glob("*.png"))
        return Entry(tool, task, code_lines(text), pictures if tool.looks else 0, tuple(runs))

    def _pictures(self, task: Task) -> Path:
        return self._folder / "pictures" / task.name


def plan(
    tools: Sequence[Tool], tasks: Sequence[Task], conditions: Sequence[Condition], runs: int
) -> Iterator[tuple[Task, Tool, Condition]]:
    """What is run, in this order: each tool's plain runs first, for it may learn from them."""
    for task in tasks:
        for tool in tools:
            if tool.script(task.name) is not None:
                for condition in conditions:
                    for _ in range(runs if condition.name == PLAIN else 1):
                        yield task, tool, condition
