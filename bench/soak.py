"""A long day: steps on real applications in one process, and what it costs by then.

    python bench/soak.py [--steps 1000] [--size 1280x800]

The reader works through the same dozen steps in an editor, again and again, every hundred of them a
run of its own with its own recording. After each run the process's memory, open files and threads
are counted, and every frame that the recording names is read back. Prints a table and one line of
JSON; exits with 1 when something grew, was lost or failed.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import sys
import tempfile
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from agent_app.console import progress_bar
from agent_app.episode.reader import open_episode
from agent_app.events import Budgets, Event, FrameCaptured, RunFinished, StepFinished
from agent_app.geometry import Size
from agent_app.loop import LoopSettings
from agent_app.session import LiveSession
from agent_app.workplace import Workplace, WorkplaceOptions

ROUND = """
press ctrl+a
type "one"
press enter
type "two"
press ctrl+a
press ctrl+c
open menu "View" > "Line Numbers"
press ctrl+end
type "three"
click "Document"
press esc
press shift+home
"""
_ROUNDS_OF_RUN = 8
_MOST_GROWTH = 50.0  # MB, once everything has been in use
_MOST_SLOWER = 1.25  # times, the last quarter's median step by the second's


@dataclass(frozen=True)
class Count:
    """The process after a run: memory in MB, open files, threads; its steps in milliseconds."""

    steps: int
    memory: float
    files: int
    threads: int
    p50: float
    p95: float
    frames: int
    frames_lost: int


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--size", default="1280x800")
    options = parser.parse_args()
    size = Size(*(int(part) for part in options.size.split("x")))
    counts: list[Count] = []
    failed: list[str] = []
    settings = LoopSettings(budgets=Budgets(steps=10_000, seconds=36_000.0))
    chosen = WorkplaceOptions(model="reader", virtual=size, app="mousepad", settings=settings)
    console = Console()
    with (
        tempfile.TemporaryDirectory() as folder,
        Workplace(chosen, environment=os.environ) as place,
        progress_bar(console, in_bytes=False) as progress,
    ):
        done = 0
        while done < options.steps and not failed:
            progress("Working", done, options.steps)
            episode = Path(folder) / f"run-{len(counts)}"
            events: list[Event] = []
            for event in LiveSession(place, ROUND * _ROUNDS_OF_RUN, episode=episode).events():
                events.append(event)
                if isinstance(event, StepFinished):
                    progress("Working", done + event.step, options.steps)
            failed += [
                f"{event.outcome}: {event.reason}"
                for event in events
                if isinstance(event, RunFinished) and event.outcome != "success"
            ]
            done += sum(isinstance(event, StepFinished) for event in events)
            counts.append(counted(done, events, episode))
    print_counts(counts, console)
    wrong = [*failed, *faults(counts)]
    result = {"bench": "soak", "size": options.size, "wrong": wrong}
    print(json.dumps(result | {"runs": [asdict(count) for count in counts]}))
    return 1 if wrong else 0


def counted(done: int, events: list[Event], episode: Path) -> Count:
    """What the process holds on to now, and what came of its last run."""
    took = [
        1000 * sum(getattr(event.timing, part) for part in event.timing.__struct_fields__)
        for event in events
        if isinstance(event, StepFinished)
    ]
    seen = {event.step: event.frame.sha1 for event in events if isinstance(event, FrameCaptured)}
    named = set(seen.values())
    recorded = open_episode(episode)
    lost = sum(recorded.pixels(sha1) is None for sha1 in named)
    lost += sum(event.step not in seen for event in events if isinstance(event, StepFinished))
    del recorded
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Count(
        done,
        round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1),
        len(os.listdir("/proc/self/fd")),
        threading.active_count(),
        round(statistics.median(took), 1),
        round(statistics.quantiles(took, n=20)[-1], 1),
        len(named),
        lost,
    )


def faults(counts: list[Count]) -> list[str]:
    """What grew or was lost, from the second run on: by then everything has been in use."""
    if len(counts) < 4:
        return []
    first, last = counts[1], counts[-1]
    quarter = max(1, len(counts) // 4)
    before = statistics.median(count.p50 for count in counts[1 : 1 + quarter])
    after = statistics.median(count.p50 for count in counts[-quarter:])
    found = {
        f"memory grew by {last.memory - first.memory:.0f} MB": last.memory - first.memory
        > _MOST_GROWTH,
        f"{last.files - first.files} more open files": last.files > first.files,
        f"{last.threads - first.threads} more threads": last.threads > first.threads,
        f"{sum(count.frames_lost for count in counts)} frames lost": any(
            count.frames_lost for count in counts
        ),
        f"a step takes {after / before:.2f} times as long": after > _MOST_SLOWER * before,
    }
    return [what for what, is_so in found.items() if is_so]


def print_counts(counts: list[Count], console: Console) -> None:
    table = Table(title="after each run")
    for heading in ("steps", "memory MB", "files", "threads", "step p50", "p95 ms", "frames"):
        table.add_column(heading, justify="right")
    for count in counts:
        table.add_row(
            *(str(count.steps), f"{count.memory:.0f}", str(count.files), str(count.threads)),
            *(f"{count.p50:.0f}", f"{count.p95:.0f}", str(count.frames)),
        )
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
