"""A long day: steps on real applications in one process, and what it costs by then.

    python bench/soak.py [--steps 1000] [--size 1280x800] [--programs mousepad,xterm]

The reader works in an editor, a calculator, a file manager, a terminal and a Qt program, one after
the other and again and again: each is started, worked in, its menus and dialogs opened and closed,
and is ended. Every visit is a run of its own with its own recording. After each turn the process's
memory, open files, threads and what it holds in the X server are counted, and every frame that the
recordings name is read back. Prints a table and one line of JSON; exits with 1 when something grew,
was lost or failed.
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
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from Xlib.display import Display
from Xlib.ext import res

from agent_app.console import progress_bar
from agent_app.episode.reader import open_episode
from agent_app.events import Budgets, Event, FrameCaptured, RunFinished, StepFinished
from agent_app.geometry import Size
from agent_app.loop import LoopSettings
from agent_app.session import LiveSession
from agent_app.virtual import end_program
from agent_app.workplace import Workplace, WorkplaceOptions

# What is done on each visit: the command, in which {folder} has some files, and the steps.
VISITS = {
    "mousepad": (
        "mousepad --disable-server",
        """
        type "one"
        press enter
        type "two"
        press ctrl+a
        press ctrl+c
        open menu "View" > "Line Numbers"
        press ctrl+end
        type "three"
        press ctrl+o
        press esc
        press ctrl+f
        type "one"
        press esc
        click "Document"
        press esc
        press ctrl+end
        type "four\\nfive"
        press shift+home
        press ctrl+q
        click "Don't Save"
        """,
    ),
    "galculator": (
        "galculator",
        """
        type "12*12"
        press enter
        press esc
        type "7+8"
        press enter
        click "View"
        press esc
        open menu "Help" > "About"
        press esc
        type "99"
        press backspace
        press esc
        click "Edit"
        press esc
        type "2*21"
        press enter
        """,
    ),
    "pcmanfm": (
        "pcmanfm {folder}",
        """
        click "alpha.txt"
        click "beta.txt"
        press f2
        press esc
        press ctrl+a
        click "gamma.txt"
        press alt+enter
        press esc
        press ctrl+shift+n
        press esc
        open menu "View" > "Show Hidden"
        click "Edit"
        press esc
        right click "alpha.txt"
        press esc
        open menu "Help" > "About"
        press esc
        press ctrl+a
        """,
    ),
    "xterm": (
        "xterm -geometry 100x30",
        """
        type "echo hello\\n"
        type "seq 40\\n"
        press ctrl+l
        type "ls -l {folder}\\n"
        type "echo $((6*7))"
        press enter
        press up
        press enter
        type "cat"
        press enter
        type "said again\\n"
        press ctrl+d
        type "clear"
        press enter
        """,
    ),
    "featherpad": (
        "featherpad --standalone",
        """
        type "uno"
        press enter
        type "dos"
        press ctrl+a
        press ctrl+c
        press ctrl+end
        press ctrl+v
        press ctrl+f
        type "dos"
        press enter
        press esc
        click "Options"
        press esc
        press ctrl+z
        press ctrl+end
        type "tres"
        press ctrl+o
        press esc
        """,
    ),
}
_FILES = ("alpha.txt", "beta.txt", "gamma.txt", "delta.txt")
_MOST_GROWTH = 50.0  # MB, once everything has been in use
_MOST_SLOWER = 1.25  # times, the last turn's own time a step by the second's


@dataclass(frozen=True)
class Count:
    """The process after a turn: memory in MB, open files, threads, resources in the X server.

    `steps` are all so far; those of the turn took `p50` and `p95` milliseconds, and `medians` are
    those of each visit. `cpu` is this process's own time a step, which other work on the machine
    does not lengthen.
    """

    steps: int
    memory: float
    files: int
    threads: int
    resources: int
    p50: float
    p95: float
    medians: dict[str, float]
    cpu: float
    frames: int
    frames_lost: int


@dataclass(frozen=True)
class Visit:
    """A run in one program: how long its steps took, and what became of its frames.

    `cpu` is the process's own time for all of them, in milliseconds.
    """

    took: list[float]
    cpu: float
    frames: int
    lost: int
    failed: str


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--size", default="1280x800")
    parser.add_argument("--programs", default=",".join(VISITS), help="of these, in this order")
    options = parser.parse_args()
    size = Size(*(int(part) for part in options.size.split("x")))
    programs = options.programs.split(",")
    settings = LoopSettings(budgets=Budgets(steps=10_000, seconds=36_000.0))
    chosen = WorkplaceOptions(model="reader", virtual=size, settings=settings)
    console = Console()
    counts: list[Count] = []
    failed: list[str] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        Workplace(chosen, environment=os.environ) as place,
        progress_bar(console, in_bytes=False) as progress,
    ):
        shown = Path(folder) / "files"
        shown.mkdir()
        for name in _FILES:
            (shown / name).write_text("a text\n")
        done = 0
        while done < options.steps and not failed:
            visits: dict[str, Visit] = {}
            for program in programs:
                progress(f"Working in {program}", done, options.steps)
                episode = Path(folder) / f"{len(counts)}-{program}"
                visits[program] = visit = visited(place, program, shown, episode)
                done += len(visit.took)
                if visit.failed:
                    failed.append(f"{program}, turn {len(counts) + 1}: {visit.failed}")
            counts.append(counted(done, visits, place.environment["DISPLAY"]))
    print_counts(counts, console)
    wrong = [*failed, *faults(counts)]
    result = {"bench": "soak", "size": options.size, "programs": programs, "wrong": wrong}
    print(json.dumps(result | {"turns": [asdict(count) for count in counts]}))
    return 1 if wrong else 0


def visited(place: Workplace, program: str, folder: Path, episode: Path) -> Visit:
    """Start a program, work in it, and end it."""
    command, steps = (part.replace("{folder}", str(folder)) for part in VISITS[program])
    process = place.launch(command)
    began = time.process_time()
    try:
        events = list(LiveSession(place, steps, episode=episode).events())
    finally:
        end_program(process)
    cpu = 1000 * (time.process_time() - began)
    ends = [event for event in events if isinstance(event, RunFinished)]
    failed = [
        f"{end.outcome}: {end.answer or end.reason}" for end in ends if end.outcome != "success"
    ]
    named, lost = frames_of(events, episode)
    took = [
        1000 * sum(getattr(event.timing, part) for part in event.timing.__struct_fields__)
        for event in events
        if isinstance(event, StepFinished)
    ]
    return Visit(took, cpu, named, lost, failed[0] if failed else "")


def frames_of(events: Sequence[Event], episode: Path) -> tuple[int, int]:
    """How many frames a run names, and how many of them, or of its steps' first ones, are lost."""
    seen = {event.step: event.frame.sha1 for event in events if isinstance(event, FrameCaptured)}
    named = set(seen.values())
    recorded = open_episode(episode)
    lost = sum(recorded.pixels(sha1) is None for sha1 in named)
    lost += sum(event.step not in seen for event in events if isinstance(event, StepFinished))
    return len(named), lost


def counted(done: int, visits: dict[str, Visit], display: str) -> Count:
    """What the process holds on to now, and what its last turn took."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    took = [each for visit in visits.values() for each in visit.took]
    return Count(
        done,
        round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1),
        len(os.listdir("/proc/self/fd")),
        threading.active_count(),
        resources_of(display),
        round(statistics.median(took), 1),
        round(statistics.quantiles(took, n=20)[-1], 1),
        {name: round(statistics.median(visit.took), 1) for name, visit in visits.items()},
        round(sum(visit.cpu for visit in visits.values()) / len(took), 1),
        sum(visit.frames for visit in visits.values()),
        sum(visit.lost for visit in visits.values()),
    )


def resources_of(display: str) -> int:
    """How many windows, pixmaps, contexts and the like this process holds in the X server."""
    connection: Any = Display(display)
    try:
        connection.res_query_version()
        asked = [{"client": 0, "mask": res.LocalClientPIDMask}]
        ids = connection.res_query_client_ids(asked).ids
        ours = {each.spec.client for each in ids if list(each.value) == [os.getpid()]}
        own = connection.display.info.resource_id_base
        return sum(
            kind.count
            for client in ours - {own}
            for kind in connection.res_query_client_resources(client).types
        )
    finally:
        connection.close()


def faults(counts: list[Count]) -> list[str]:
    """What grew or was lost, from the second turn on: by then everything has been in use."""
    if len(counts) < 4:
        return []
    first, last = counts[1], counts[-1]
    slower = last.cpu / first.cpu
    found = {
        f"memory grew by {last.memory - first.memory:.0f} MB": last.memory - first.memory
        > _MOST_GROWTH,
        f"{last.files - first.files} more open files": last.files > first.files,
        f"{last.threads - first.threads} more threads": last.threads > first.threads,
        f"{last.resources - first.resources} more in the X server": last.resources
        > first.resources,
        f"{sum(count.frames_lost for count in counts)} frames lost": any(
            count.frames_lost for count in counts
        ),
        f"a step takes {slower:.2f} times the work": slower > _MOST_SLOWER,
    }
    return [what for what, is_so in found.items() if is_so]


def print_counts(counts: list[Count], console: Console) -> None:
    table = Table(title="after each turn")
    headings = "steps,memory MB,files,threads,X resources,step p50,p95 ms,own ms,frames,lost"
    for heading in headings.split(","):
        table.add_column(heading, justify="right")
    for count in counts:
        table.add_row(
            *(str(count.steps), f"{count.memory:.0f}", str(count.files), str(count.threads)),
            *(str(count.resources), f"{count.p50:.0f}", f"{count.p95:.0f}", f"{count.cpu:.0f}"),
            *(str(count.frames), str(count.frames_lost)),
        )
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
