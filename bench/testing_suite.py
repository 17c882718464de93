"""How reliable and how fast tests are: a suite over real applications, run again and again.

    python bench/testing_suite.py [--runs 3] [--sizes 1280x800 1600x1000] [--themes '' dark]
        [--defects] [TEST ...]

Runs bench/suite in a pytest of its own, `--runs` times at each size and theme, then checks the
seeded defects (`--defects`). What an act costs is the time from its step's start to its input: it
holds the wait for a thing that its application has not drawn yet.
Prints a table, and one JSON document as its last line.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console

from agent_app.console import progress_bar
from agent_app.episode.reader import open_episode

SUITE = Path(__file__).parent / "suite"
sys.path.insert(0, str(SUITE))

from defects import DEFECTS, check, plugin  # noqa: E402 - of the folder named above


@dataclass
class Run:
    """One run of the suite. `acts` are seconds before each act's input."""

    name: str
    seconds: float
    load: float
    passed: list[str] = field(default_factory=list[str])
    failed: dict[str, str] = field(default_factory=dict[str, str])
    acts: list[float] = field(default_factory=list[float])


def main() -> int:
    options = _arguments()
    runs: list[Run] = []
    for size in options.sizes:
        for theme in options.themes:
            for number in range(options.runs):
                name = f"{size}{' ' + theme if theme else ''} #{number + 1}"
                run = _run(name, size, theme, options.tests)
                runs.append(run)
                print(_row(run), flush=True)
    ran = Counter(test for run in runs for test in (*run.passed, *run.failed))
    failed = Counter(test for run in runs for test in run.failed)
    flaky = sorted(test for test, times in failed.items() if times < ran[test])
    broken = sorted(test for test, times in failed.items() if times == ran[test])
    share = sum(failed[test] for test in flaky) / max(1, sum(ran.values()))
    print(f"{len(ran)} tests, {sum(ran.values())} executions: {share:.2%} flaked")
    for title, tests in (("flaky", flaky), ("always failing", broken)):
        for test in tests:
            why = next(run.failed[test] for run in runs if test in run.failed)
            print(f"  {title}: {test} ({failed[test]} of {ran[test]}): {why[:110]}")
    caught = 0
    if options.defects:
        outcomes = list(check())
        caught = sum(each.sound and each.caught and each.named for each in outcomes)
        print(f"defects: {caught} of {len(DEFECTS)} caught and named")
    print(
        json.dumps(
            {
                "bench": "testing_suite",
                "tests": len(ran),
                "flake_rate": share,
                "flaky": flaky,
                "broken": broken,
                "defects": {"of": len(DEFECTS), "caught": caught} if options.defects else None,
                "cores": os.cpu_count(),
                "machine": platform.machine(),
                "runs": [{**asdict(run), "acts": _quantiles(run.acts)} for run in runs],
            }
        )
    )
    return 0


def _run(name: str, size: str, theme: str, tests: list[str]) -> Run:
    load, started = os.getloadavg()[0], time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugin()),
                *(f"--junitxml={report}", f"--agent-output={folder}", "--agent-record=always"),
                *(f"--desktop-size={size}", f"--desktop-theme={theme}", *tests),
            ],
            cwd=SUITE,
            stdout=subprocess.DEVNULL,
            check=False,
        )
        run = Run(name, time.monotonic() - started, load)
        for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 - of our own
            test = f"{case.get('classname', '').split('.')[-1]}::{case.get('name')}"
            faults = [each for each in case if each.tag in ("failure", "error")]
            if faults:
                run.failed[test] = (faults[0].get("message") or "").split("\n")[0]
            else:
                run.passed.append(test)
        episodes = [path.parent for path in Path(folder).glob("*/episode.jsonl")]
        with progress_bar(Console(stderr=True), in_bytes=False) as tell:
            for number, path in enumerate(sorted(episodes), 1):
                run.acts += _findings(path)
                tell(f"{name}: reading recordings", number, len(episodes))
        return run


def _findings(path: Path) -> list[float]:
    """The seconds that finding took, for each act of one test's recording."""
    return [
        step.timing.encode
        for step in open_episode(path).steps
        if step.timing is not None and not (step.summary or "").startswith(("launch", "expect"))
    ]


def _quantiles(seconds: list[float]) -> dict[str, float]:
    if len(seconds) < 2:
        return {}
    cuts = statistics.quantiles(seconds, n=20)
    return {"count": len(seconds), "p50": statistics.median(seconds), "p95": cuts[18]}


def _row(run: Run) -> str:
    acts = _quantiles(run.acts)
    shown = f"{acts['p50'] * 1000:5.0f} / {acts['p95'] * 1000:5.0f} ms" if acts else ""
    return (
        f"{run.name:18} {len(run.passed):3} passed {len(run.failed):3} failed "
        f"{run.seconds:6.0f} s  act p50/p95 {shown}  load {run.load:.1f}"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("tests", nargs="*", help="only these, as pytest names them")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--sizes", nargs="+", default=["1280x800"])
    parser.add_argument("--themes", nargs="+", default=[""], help="GTK's; '' leaves it")
    parser.add_argument("--defects", action="store_true", help="check the seeded defects as well")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
