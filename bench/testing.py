"""What the grounding cache is worth: a small suite without it, with an empty one, and again.

    python bench/testing.py [--suite FOLDER] [--runs 1]

Real applications on a private desktop, one test for each; `--suite` takes another folder of tests.
The suite runs without a cache, then with an empty one, then again, then on a larger and dark screen
with the same cache (which `--suite` leaves out). An act's resolve time is what its step took to
find its target and see that it is stable, with the application's own time where it had to be waited
for; other programs' load counts, so it is told too. Prints tables, then one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from rich.console import Console
from rich.table import Table

from agent_app.console import progress_bar
from agent_app.episode.reader import open_episode
from agent_app.episode.steps import EpisodeStep

ROOT = Path(__file__).parent.parent
BUDGET = 0.15  # seconds that a cached act may take to resolve, for half of them
SUITE = """
import pytest

pytestmark = pytest.mark.agent({settings})


def test_editor(desktop):
    editor = desktop.launch("mousepad")
    desktop.type("one two")
    editor.find("Edit").click()
    editor.find("Select All").click()
    editor.find("Document").click()
    editor.find("Auto Indent").click()
    editor.find("Search").click()
    editor.find("Find and Replace...").click()
    desktop.find("Close").click()


def test_calculator(desktop):
    calculator = desktop.launch("galculator")
    for key in "7", "8", "9":
        calculator.find(key, role="button").click()
    calculator.find("View").click()
    calculator.find("Scientific Mode").click()


def test_files(desktop):
    (desktop.home / "letter.txt").write_text("x")
    files = desktop.launch(["pcmanfm", str(desktop.home)])
    files.find("letter.txt").right_click()
    files.find("Copy").click()
    files.find("View").click()
    desktop.press("escape")


def test_terminal(desktop):
    terminal = desktop.launch("xterm -T Terminal -fa Monospace -fs 12 -e sh -c 'echo Ready; cat'")
    terminal.find("Ready").double_click()
    desktop.type("Steady\\n")
    terminal.find("Steady").first.click()
    terminal.find("Ready").click()


def test_instruction(desktop):
    desktop.launch("galculator")
    desktop.do("Click “8”. Click “Help”. Click “About”")
"""


@dataclass
class Run:
    """One run of the suite; `acts` are (by the cache, resolve seconds)."""

    name: str
    seconds: float = 0.0
    passed: int = 0
    failed: int = 0
    calls: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    acts: list[tuple[bool, float]] = field(default_factory=list)

    def p50(self, cached: bool) -> float | None:
        times = [seconds for by_cache, seconds in self.acts if by_cache is cached]
        return statistics.median(times) if times else None

    def p90(self, cached: bool) -> float | None:
        times = sorted(seconds for by_cache, seconds in self.acts if by_cache is cached)
        return times[int(0.9 * (len(times) - 1))] if times else None


def run_suite(name: str, folder: Path, *arguments: str) -> Run:
    output = folder / "test-results"
    shutil.rmtree(output, ignore_errors=True)
    environment = {key: value for key, value in os.environ.items() if key != "CI"}
    environment |= {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    words = [
        *(sys.executable, "-m", "pytest", "-q", "-p", "agent_app.testing.plugin"),
        *("--agent-record", "always", "--agent-timeout", "20", "--junitxml", "junit.xml"),
        *arguments,
    ]
    started = time.monotonic()
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)
    run = Run(name, seconds=time.monotonic() - started)
    if done.returncode not in (0, 1):
        sys.exit(done.stdout + done.stderr)
    for case in ElementTree.parse(folder / "junit.xml").iter("testcase"):  # noqa: S314 - our own
        bad = case.find("failure") is not None or case.find("error") is not None
        run.failed += bad
        run.passed += not bad
        told = {each.get("name"): each.get("value", "") for each in case.iter("property")}
        run.calls += int(told.get("agent_model_calls", 0))
        for part in filter(None, told.get("agent_cache", "").split(", ")):
            count, what = part.split()
            run.counts[what] = run.counts.get(what, 0) + int(count)
    for episode in output.iterdir():
        if episode.is_dir():
            for step in open_episode(episode).steps:
                run.acts += resolved(step)
    if run.failed:
        print(done.stdout[-4000:])
    return run


def resolved(step: EpisodeStep) -> list[tuple[bool, float]]:
    """Whether an act's target came from the cache, and its seconds; none for what is no act."""
    if step.timing is None or not any(each.done for each in step.actions):
        return []
    if step.found:  # a step of an instruction done again
        return [(True, sum(each.seconds for each in step.found))]
    if "by its" not in step.thought:
        return []
    return [("by its cache" in step.thought, step.timing.encode)]


def write_suite(folder: Path, settings: str) -> None:
    (folder / "test_suite.py").write_text(SUITE.replace("{settings}", settings))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suite", type=Path, help="a folder of tests of your own")
    parser.add_argument("--runs", type=int, default=1, help="runs with a full cache")
    given = parser.parse_args()
    console = Console(width=120)
    runs: list[Run] = []
    with (
        tempfile.TemporaryDirectory(prefix="bench-testing-") as name,
        progress_bar(console, in_bytes=False) as told,
    ):
        folder = Path(name)
        if given.suite:
            shutil.copytree(given.suite, folder, dirs_exist_ok=True)
        else:
            write_suite(folder, "")
        plan = [("no cache", ["--agent-cache", "off"]), ("empty cache", [])]
        plan += [("full cache", [])] * given.runs
        if not given.suite:
            plan.append(("larger, dark", []))
        for number, (what, arguments) in enumerate(plan):
            told(what, number, len(plan))
            if what == "larger, dark":
                write_suite(folder, 'size="1600x1000", theme="dark"')
            runs.append(run_suite(what, folder, *arguments))
        told("done", len(plan), len(plan))
    show(runs, console)


def show(runs: list[Run], console: Console) -> None:
    table = Table(title=f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for title in ("run", "wall s", "passed", "failed", "hits", "new", "healed", "model"):
        table.add_column(title, justify="left" if title == "run" else "right", no_wrap=True)
    table.add_column("cached p50 / p90 ms", justify="right")
    table.add_column("found p50 / p90 ms", justify="right")
    lines: list[dict[str, Any]] = []
    for run in runs:
        counts = [run.counts.get(each, 0) for each in ("hits", "misses", "heals")]
        table.add_row(
            run.name,
            f"{run.seconds:.0f}",
            *map(str, (run.passed, run.failed, *counts, run.calls)),
            *(f"{_ms(run.p50(cached))} / {_ms(run.p90(cached))}" for cached in (True, False)),
        )
        lines.append(
            {
                "run": run.name,
                "seconds": round(run.seconds, 1),
                "passed": run.passed,
                "failed": run.failed,
                "hits": counts[0],
                "new": counts[1],
                "healed": counts[2],
                "model_calls": run.calls,
                "cached_p50_s": run.p50(True),
                "found_p50_s": run.p50(False),
            }
        )
    console.print(table)
    full = [line for line in lines if line["run"] == "full cache"]
    within = all((line["cached_p50_s"] or 0) <= BUDGET for line in full)
    silent = all(line["model_calls"] == 0 for line in full)
    print(
        f"within {BUDGET:g} s: {'yes' if within else 'no'}; no calls: {'yes' if silent else 'no'}"
    )
    print(json.dumps({"bench": "testing", "load": os.getloadavg()[0], "runs": lines}))


def _ms(seconds: float | None) -> str:
    return "–" if seconds is None else f"{1000 * seconds:.0f}"


if __name__ == "__main__":
    main()
