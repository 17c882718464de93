"""Where a step's time goes: real tasks with the reader on real applications, on a private desktop.

    python bench/steps.py [--size 1280x800] [--rounds 3]

Prints p50 and p95 of every part over all steps that sent input, then one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from agent_app.events import ActionDecided, Event, RunFinished, StepFinished, Timing
from agent_app.geometry import Size
from agent_app.session import LiveSession
from agent_app.workplace import Workplace, WorkplaceOptions

TASK = """
type "one"
press enter
open menu "Edit" > "Select All"
press ctrl+c
open menu "View" > "Line Numbers"
click "Document"
press esc
open menu "Help" > "About"
click "Close"
open menu "Search" > "Find"
type "one"
press esc
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="1280x800")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    size = Size(*(int(part) for part in options.size.split("x")))
    steps: list[Timing] = []
    outcomes: list[str] = []
    for _ in range(options.rounds):
        with (
            tempfile.TemporaryDirectory() as folder,
            Workplace(
                WorkplaceOptions(model="reader", virtual=size, app="mousepad"),
                environment=os.environ,
            ) as place,
        ):
            events = list(LiveSession(place, TASK, episode=Path(folder) / "episode").events())
            steps += timings(events)
            outcomes += [e.outcome for e in events if isinstance(e, RunFinished)]
    report(steps, outcomes, options.size)


def timings(events: list[Event]) -> list[Timing]:
    """The timings of the steps that decided on an action, the first (cold) one left out."""
    acted = {event.step for event in events if isinstance(event, ActionDecided)}
    return [
        event.timing
        for event in events
        if isinstance(event, StepFinished) and event.step in acted and event.step > 1
    ]


def report(steps: list[Timing], outcomes: list[str], size: str) -> None:
    parts = {name: [getattr(step, name) for step in steps] for name in Timing.__struct_fields__}
    parts["whole step"] = [sum(values) for values in zip(*parts.values(), strict=True)]
    table = Table(title=f"{len(steps)} steps at {size}, reader")
    for heading in ("part", "p50 ms", "p95 ms"):
        table.add_column(heading, justify="left" if heading == "part" else "right")
    result: dict[str, object] = {"bench": "steps", "size": size, "steps": len(steps)}
    for name, values in parts.items():
        p50, p95 = statistics.median(values), statistics.quantiles(values, n=20)[-1]
        table.add_row(name, f"{p50 * 1000:.1f}", f"{p95 * 1000:.1f}")
        result[name] = {"p50_ms": round(p50 * 1000, 1), "p95_ms": round(p95 * 1000, 1)}
    Console().print(table)
    print(json.dumps(result | {"outcomes": outcomes}))


if __name__ == "__main__":
    main()
