"""How much fits: desktops on a processor, and sessions at one model server.

    python bench/scale.py [attempts] [desktops] [keeping] [sessions] [--counts 1 2 4] [--seconds 20]
                          [--first 0.129]

`attempts`: whole attempts of a suite, one after the other: the reader follows ten steps in
Mousepad, from the start of the process to the film. Processor time of all, and what is left behind.

`desktops`: so many private desktops at a time, each with Mousepad and the reader working in it, all
of their processes bound to one core: steps a second, processor time and memory for each.

`keeping`: how long a folder takes for what an attempt leaves, and its result.

`sessions`: so many sessions at a loopback server that keeps the times of a real one, as vLLM was
measured on one H200 (`docs/scale.md`): pictures and prompts one after the other, then a token for
each reply at a time. A session packs a 1280x800 screenshot, asks, reads a reply of 300 tokens and
rests as long as acting and settling take. Bound to no core. `--first` is what the server takes for
a step's pictures and prompt, in seconds.

Prints tables, then one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from textwrap import indent
from typing import Any

from capacity.desktop import TASK
from capacity.replayed_server import DECODE, FIRST, serve

from agent_app.suite.attempt import Attempt, Job, attempt
from agent_app.suite.store import FolderFiles, Head, Result, Store
from agent_app.suite.tasks import Task, read_tasks

HERE = Path(__file__).parent
WHAT = ["attempts", "desktops", "keeping", "sessions"]
TASKS = f"""\
suite: 1
tasks:
  - id: ten steps
    instruction: |
{indent(TASK.strip(), " " * 6)}
    apps: [mousepad --disable-server]
    steps: 20
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", nargs="*", choices=[*WHAT, []], default=[])
    parser.add_argument("--counts", type=int, nargs="+", help="how many at a time")
    parser.add_argument("--seconds", type=float, default=20.0, help="that a session asks for")
    parser.add_argument("--first", type=float, default=FIRST, help="seconds to a first token")
    options = parser.parse_args()
    what = options.what or WHAT
    found: dict[str, Any] = {"bench": "scale", "load before": os.getloadavg()[0]}
    if "attempts" in what:
        found["attempts"] = attempts("reader")
        with serve() as url:
            found["attempts with a server"] = attempts(url)
    if "desktops" in what:
        found["desktops"] = desktops(options.counts or [1, 2, 4])
    if "keeping" in what:
        found["keeping ms"] = keeping()
    if "sessions" in what:
        found["sessions"] = sessions(
            options.counts or [1, 2, 4, 8, 16], options.seconds, options.first
        )
    print(json.dumps(found))


def attempts(model: str, count: int = 3) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    print(f"attempts of ten steps, decided by {model}, from process to film")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "TASKS.yaml")
        path.write_text(TASKS)
        (task,) = read_tasks(path, root=path.parent, plain=Task(id="", model=model))
        for number in range(count):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            found = attempt(Job(task, number + 1), path.parent, "here")
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
            row = {
                "outcome": found.attempt.outcome,
                "cpu s": round(used, 2),
                "seconds": found.attempt.seconds,
                "files": len(found.files),
                "kB": round(sum(map(len, found.files.values())) / 1000),
                "kB of the film": round(
                    sum(len(data) for name, data in found.files.items() if name.endswith(".html"))
                    / 1000
                ),
            }
            rows.append(row)
            print("  ".join(f"{key} {value}" for key, value in row.items()))
    return rows


def desktops(counts: list[int]) -> list[dict[str, Any]]:
    core = max(os.sched_getaffinity(0))
    rows: list[dict[str, Any]] = []
    print("desktops on one core: steps/s in all, s of processor for a step, MB for each desktop")
    for count in counts:
        told = together(count, ["taskset", "-c", str(core)], "desktop.py")
        row = {
            "desktops": count,
            "steps a second": round(sum(each["steps"] / each["seconds"] for each in told), 2),
            "cpu s a step": round(mean(each["cpu"] / each["steps"] for each in told), 3),
            "step s, p50": round(mean(each["p50"] for each in told), 2),
            "MB each": round(mean(each["megabytes"] for each in told)),
            "MB of the agent": round(mean(each["agent"] for each in told)),
            "outcomes": sorted({each["outcome"] for each in told}),
        }
        rows.append(row)
        print("  ".join(f"{key} {value}" for key, value in row.items()))
    return rows


def keeping(attempts: int = 300) -> float:
    """Milliseconds for the files of one attempt, and its result."""
    left = {f"episode/frames/{number}.webp": os.urandom(12_000) for number in range(16)}
    with tempfile.TemporaryDirectory() as folder:
        files = FolderFiles(Path(folder, "out"))
        store = Store(files, Head(tasks=attempts, tasks_sha1=""), resume=False)
        began = time.monotonic()
        for number in range(attempts):
            store.keep(f"task-{number}", 1, left)
            passed = Attempt(number=1, outcome="passed")
            store.add(f"task-{number}", Result(id=str(number), attempts=(passed,)))
        spent = 1000 * (time.monotonic() - began) / attempts
        files.close()
    print(f"keeping 16 files of 12 kB and a result: {spent:.1f} ms")
    return round(spent, 2)


def sessions(counts: list[int], seconds: float, first: float) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    print(f"sessions at a server that takes {first * 1000:.0f} ms to a first token, then")
    print("  ".join(f"{1 / DECODE(number):.0f} tok/s each with {number}" for number in counts))
    with serve(first) as url:
        for count in counts:
            told = together(count, [], "session.py", url, str(seconds))
            row = {
                "sessions": count,
                "steps a second": round(sum(each["steps"] / each["seconds"] for each in told), 2),
                "step s, p50": round(mean(each["p50"] for each in told), 2),
                "first token s, p50": round(mean(each["first"] for each in told), 2),
                "tokens a second": round(sum(each["tokens"] / each["seconds"] for each in told)),
                "cpu s a step": round(mean(each["cpu"] / each["steps"] for each in told), 3),
            }
            rows.append(row)
            print("  ".join(f"{key} {value}" for key, value in row.items()))
    return rows


def together(count: int, before: list[str], script: str, *arguments: str) -> list[dict[str, Any]]:
    """Start so many processes, let them begin at the same moment, and read what each measured."""
    command = [*before, sys.executable, str(HERE / "capacity" / script), *arguments]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(count)
    ]
    for process in started:
        assert process.stdout is not None
        process.stdout.readline()  # it is ready
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return [json.loads(process.communicate()[0].splitlines()[-1]) for process in started]


def mean(values: Any) -> float:
    numbers = list(values)
    return sum(numbers) / len(numbers)


if __name__ == "__main__":
    main()
