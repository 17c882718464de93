"""One desktop at work: Mousepad, and the reader that follows steps in it; says when it is ready."""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import psutil

from agent_app.events import RunFinished, StepFinished
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
open menu "Search" > "Find"
type "one"
press esc
"""
WARM_UP = 'type "warm"; click "File"; press esc'


def processor_seconds(root: psutil.Process) -> float:
    """What a process and all that it started have used so far."""
    used = 0.0
    for process in [root, *root.children(recursive=True)]:
        times = process.cpu_times()
        used += times.user + times.system + times.children_user + times.children_system
    return used


def megabytes(process: psutil.Process) -> float:
    """A process's share of memory: what it has alone, and its part of what it shares."""
    return float(process.memory_full_info().pss) / 1e6


def main() -> None:
    options = WorkplaceOptions(model="reader", virtual=Size(1280, 800), app="mousepad")
    root = psutil.Process()
    with (
        tempfile.TemporaryDirectory() as folder,
        Workplace(options, environment=os.environ) as place,
    ):
        for _ in LiveSession(place, WARM_UP, episode=Path(folder) / "warm").events():
            pass
        print("ready", flush=True)
        sys.stdin.readline()
        used, begun = processor_seconds(root), time.monotonic()
        ends, outcome = [begun], ""
        for event in LiveSession(place, TASK, episode=Path(folder) / "episode").events():
            if isinstance(event, StepFinished):
                ends.append(time.monotonic())
            elif isinstance(event, RunFinished):
                outcome = event.outcome
        told = {
            "steps": len(ends) - 1,
            "seconds": ends[-1] - begun,
            "cpu": processor_seconds(root) - used,
            "p50": statistics.median(after - before for before, after in pairwise(ends)),
            "megabytes": sum(megabytes(each) for each in [root, *root.children(recursive=True)]),
            "agent": megabytes(root),
            "outcome": outcome,
        }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
