"""How reliable and how fast GUI tests are, and what the grounding cache is worth.

    python bench/testing.py [--suite FOLDER] [--runs 2] [--no-elsewhere] [--defects] [TEST ...]

A suite over real applications (bench/suite, or `--suite`) runs without a cache, then with an empty
one, then `--runs` times with what the first left, then on a larger and dark screen with the same
cache. What an act costs is the time from its step's start to its input: to find its target and to
see that it is stable, with the wait for what its application has not drawn yet. `--defects` checks
the faults sown into our own programs. Prints tables, then one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from rich.console import Console
from rich.table import Table

from agent_app.console import progress_bar
from agent_app.episode.reader import open_episode
from agent_app.episode.steps import EpisodeStep

ROOT = Path(__file__).parent.parent
SUITE = Path(__file__).parent / "suite"
BUDGET = 0.15  # seconds that a cached act may take to resolve, for half of them
ELSEWHERE_NAME = "larger, dark"
ELSEWHERE = ("--desktop-size=1600x1000", "--desktop-theme=dark")
sys.path.insert(0, str(SUITE))

from defects import DEFECTS, check, plugin  # noqa: E402 - of the folder named above


@dataclass
class Run:
    """One run of the suite; `counts` are of the cache, `acts` the seconds before each input."""

    name: str
    seconds: float = 0.0
    load: float = 0.0
    passed: list[str] = field(default_factory=list[str])
    failed: dict[str, str] = field(default_factory=dict[str, str])
    model_calls: int = 0
    counts: dict[str, int] = field(default_factory=dict[str, int])
    cached: list[float] = field(default_factory=list[float])
    found: list[float] = field(default_factory=list[float])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("tests", nargs="*", help="only these, as pytest names them")
    parser.add_argument("--suite", type=Path, default=SUITE, help="a folder of tests of your own")
    parser.add_argument("--runs", type=int, default=2, help="runs with a full cache")
    parser.add_argument("--no-elsewhere", action="store_true", help="not on another screen")
    parser.add_argument("--defects", action="store_true", help="check the sown faults as well")
    given = parser.parse_args()
    plan: list[tuple[str, Sequence[str]]] = [
        ("no cache", ["--agent-cache=off"]),
        ("empty cache", []),
        *[("full cache", [])] * given.runs,
    ]
    if given.suite == SUITE and not given.no_elsewhere:
        plan.append((ELSEWHERE_NAME, ELSEWHERE))
    console = Console(width=130)
    runs: list[Run] = []
    with tempfile.TemporaryDirectory(prefix="bench-testing-") as name:
        folder = Path(name, "suite")  # where a cache may be written
        shutil.copytree(given.suite, folder)
        with progress_bar(Console(stderr=True), in_bytes=False) as tell:
            for number, (what, arguments) in enumerate(plan):
                tell(what, number, len(plan))
                runs.append(run_suite(what, folder, [*arguments, *given.tests]))
            tell("done", len(plan), len(plan))
    show(runs, console)
    outcomes = list(check()) if given.defects else []
    caught = sum(each.sound and each.caught and each.named for each in outcomes)
    if outcomes:
        print(f"defects: {caught} of {len(DEFECTS)} caught and named")
    print(
        json.dumps(
            {
                "bench": "testing",
                "cores": os.cpu_count(),
                "machine": platform.machine(),
                "flake_rate": flake_rate(runs),
                "defects": {"of": len(outcomes), "caught": caught},
                "runs": [
                    asdict(run) | {"cached": spread(run.cached), "found": spread(run.found)}
                    for run in runs
                ],
            }
        )
    )


def run_suite(name: str, folder: Path, arguments: Sequence[str]) -> Run:
    """Run the tests of a folder once in a pytest of their own."""
    output, report = folder / "test-results", folder / "junit.xml"
    shutil.rmtree(output, ignore_errors=True)
    environment = {key: value for key, value in os.environ.items() if key != "CI"}
    environment["PYTHONPATH"] = str(ROOT)
    run = Run(name, load=os.getloadavg()[0])
    started = time.monotonic()
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", *plugin(), f"--junitxml={report}"),
            *("--agent-record=always", *arguments),
        ],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    run.seconds = time.monotonic() - started
    if done.returncode not in (0, 1):
        sys.exit(done.stdout + done.stderr)
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 - of our own
        test = f"{case.get('classname', '').split('.')[-1]}::{case.get('name')}"
        faults = [each for each in case if each.tag in ("failure", "error")]
        if faults:
            run.failed[test] = (faults[0].get("message") or "").split("\n")[0]
        else:
            run.passed.append(test)
        told = {each.get("name"): each.get("value", "") for each in case.iter("property")}
        run.model_calls += int(told.get("agent_model_calls", 0))
        for part in filter(None, told.get("agent_cache", "").split(", ")):
            count, what = part.split()
            run.counts[what] = run.counts.get(what, 0) + int(count)
    for path in output.glob("*/episode.jsonl"):
        for step in open_episode(path.parent).steps:
            for by_cache, seconds in resolved(step):
                (run.cached if by_cache else run.found).append(seconds)
    return run


def resolved(step: EpisodeStep) -> Iterator[tuple[bool, float]]:
    """Whether an act's target came from the cache, and its seconds; none for what is no act."""
    if step.timing is None or not any(each.done for each in step.actions):
        return
    if step.found:  # a step of an instruction done again
        yield True, sum(each.seconds for each in step.found)
    elif "by its" in step.thought:
        yield "by its cache" in step.thought, step.timing.encode


def flake_rate(runs: Sequence[Run]) -> float:
    """The share of executions on the same screen that failed, of tests that passed in another."""
    same = [run for run in runs if run.name != ELSEWHERE_NAME]
    passed = {test for run in same for test in run.passed}
    executions = sum(len(run.passed) + len(run.failed) for run in same)
    return sum(test in passed for run in same for test in run.failed) / max(1, executions)


def spread(seconds: Sequence[float]) -> dict[str, float]:
    if len(seconds) < 2:
        return {}
    cuts = statistics.quantiles(seconds, n=20)
    return {"count": len(seconds), "p50": statistics.median(seconds), "p95": cuts[18]}


def show(runs: Sequence[Run], console: Console) -> None:
    table = Table(title=f"{os.cpu_count()} cores")
    for title in ("run", "wall s", "load", "passed", "failed", "hits", "new", "healed", "model"):
        table.add_column(title, justify="left" if title == "run" else "right", no_wrap=True)
    for title in ("cached acts p50 / p95 ms", "others p50 / p95 ms"):
        table.add_column(title, justify="right")
    for run in runs:
        table.add_row(
            *(run.name, f"{run.seconds:.0f}", f"{run.load:.1f}"),
            *map(str, (len(run.passed), len(run.failed))),
            *(str(run.counts.get(each, 0)) for each in ("hits", "misses", "heals")),
            *(str(run.model_calls), _ms(run.cached), _ms(run.found)),
        )
    console.print(table)
    print(f"{flake_rate(runs):.2%} of the executions on the same screen flaked")
    for test in sorted({test for run in runs for test in run.failed}):
        failed = [run for run in runs if test in run.failed]
        names = ", ".join(dict.fromkeys(run.name for run in failed))
        why = failed[0].failed[test][:140]
        print(f"  {test}: failed in {len(failed)} of {len(runs)} ({names}): {why}")
    full = [run for run in runs if run.name == "full cache"]
    within = all(spread(run.cached).get("p50", 0.0) <= BUDGET for run in full)
    silent = not any(run.model_calls for run in full)
    print(f"cached acts within {BUDGET:g} s: {within}; the model never asked again: {silent}")


def _ms(seconds: Sequence[float]) -> str:
    shown = spread(seconds)
    return f"{1000 * shown['p50']:.0f} / {1000 * shown['p95']:.0f}" if shown else "–"


if __name__ == "__main__":
    main()
