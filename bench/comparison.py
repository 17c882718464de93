"""The same GUI tests with agent-app and with what people use today, side by side.

    python bench/comparison.py [--tools agent_app dogtail …] [--tasks editor …]
        [--conditions plain dark size font] [--runs 3] [--keep FOLDER]

Every script runs in a process of its own on a fresh private desktop where its application is
open already; what came of it is checked by code that knows no tool. Under `plain` it runs `--runs`
times, then once under each other condition, unchanged. Seconds are those of the script's whole
process.
Prints two tables in Markdown and what failed and why, then one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from comparison.running import PLAIN, Bench, Series
from comparison.staging import CONDITIONS
from comparison.table import details, faults, summary
from comparison.tasks import TASKS
from comparison.tools import TOOLS
from rich.console import Console

from agent_app.console import progress_bar


def main() -> int:
    options = _arguments()
    tools = [TOOLS[name] for name in options.tools]
    tasks = [TASKS[name] for name in options.tasks]
    conditions = [CONDITIONS[name] for name in options.conditions]
    if missing := [f"{tool.name}: {tool.missing()}" for tool in tools if tool.missing()]:
        print(*missing, "install packaging/debian-bench.txt, or choose --tools", sep="\n")
        return 1
    started, load = time.monotonic(), os.getloadavg()[0]
    with (
        tempfile.TemporaryDirectory(prefix="comparison-", ignore_cleanup_errors=True) as name,
        progress_bar(Console(stderr=True), in_bytes=False) as tell,
    ):
        bench = Bench(Path(options.keep or name))
        if any(tool.looks for tool in tools):
            for number, task in enumerate(tasks):
                tell(f"taking the pictures of {task.name}", number, len(tasks))
                if fault := bench.capture(task):
                    print(f"the pictures of {task.name} could not be taken: {fault}")
                    return 1
        series = Series(bench, tools, tasks, tell)
        series.time(options.runs)
        series.change([each for each in conditions if each.name != PLAIN])
        runs = series.runs
        entries = [bench.entry(tool, task, runs) for task in tasks for tool in tools]
    print(summary(entries, runs), details(entries), *faults(runs), sep="\n\n")
    print(
        json.dumps(
            {
                "bench": "comparison",
                "seconds": round(time.monotonic() - started, 1),
                "load": load,
                "cores": os.cpu_count(),
                "python": platform.python_version(),
                "lines": {f"{e.tool.name}/{e.task.name}": e.lines for e in entries},
                "pictures": {f"{e.tool.name}/{e.task.name}": e.pictures for e in entries},
                "runs": [{**asdict(run), "seconds": round(run.seconds, 2)} for run in runs],
            }
        )
    )
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--tools", nargs="+", choices=TOOLS, default=list(TOOLS))
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--conditions", nargs="+", choices=CONDITIONS, default=list(CONDITIONS))
    parser.add_argument("--runs", type=int, default=3, help=f"under the condition {PLAIN}")
    parser.add_argument("--keep", help="an absent folder for pictures and recordings to stay in")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
