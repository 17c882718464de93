"""Tells what came of a comparison, as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from .counting import code_lines
from .running import PLAIN, START, Entry, Run

CHANGES = {"dark": "dark theme", "size": "larger screen and window", "font": "larger font"}


def summary(entries: Sequence[Entry], runs: Sequence[Run]) -> str:
    """A row for each tool."""
    conditions = [name for name in CHANGES if any(each.under(name) for each in entries)]
    rows = [
        ["", "tasks done", "lines a test", "shared lines", "pictures a test", "seconds a test"]
        + ["of these start-up"]
        + [f"survives {CHANGES[name]}" for name in conditions]
    ]
    for tool in dict.fromkeys(each.tool.name for each in entries):
        own = [each for each in entries if each.tool.name == tool]
        done = [each for each in own if each.passes(PLAIN)]
        shared = own[0].tool.shared
        rows.append(
            [
                own[0].tool.title,
                f"{len(done)} of {len(own)}",
                _mean([each.lines for each in own if each.lines is not None]),
                str(code_lines(shared.read_text("utf-8"))) if shared else "0",
                _mean([each.pictures for each in own if each.lines is not None]),
                _mean([each.seconds for each in done if each.seconds is not None]),
                _start_up([run for run in runs if run.tool == tool]),
                *(
                    f"{sum(each.passes(name) for each in done)} of {len(done)}"
                    for name in conditions
                ),
            ]
        )
    return _markdown(rows)


def details(entries: Sequence[Entry]) -> str:
    """A row for each task, a column for each tool: lines, seconds, and what breaks it."""
    tools = list(dict.fromkeys(each.tool.name for each in entries))
    titles = {each.tool.name: each.tool.title for each in entries}
    rows = [["", *(titles[tool] for tool in tools)]]
    for task in dict.fromkeys(each.task.name for each in entries):
        cells = {each.tool.name: each for each in entries if each.task.name == task}
        first = next(iter(cells.values())).task
        row = [f"{first.application}: {first.steps}"]
        rows.append(row + [_cell(cells[tool]) if tool in cells else "–" for tool in tools])
    return _markdown(rows)


def faults(runs: Sequence[Run]) -> list[str]:
    """A line for each run that did not pass, with its script's own last words."""
    return [
        f"{run.task} with {run.tool}, {run.condition}: {run.verdict} after {run.seconds:.1f} s: "
        f"{run.why[:160]}"
        for run in runs
        if run.verdict != "passed"
    ]


def _cell(entry: Entry) -> str:
    if entry.lines is None:
        return f"cannot: {entry.tool.unable}"
    words = [f"{entry.lines} lines"]
    if entry.pictures:
        words.append(f"{entry.pictures} pictures")
    words.append("–" if entry.seconds is None else f"{entry.seconds:.1f} s")
    if entry.taken < len(entry.under(PLAIN)):
        words.append(f"passes {entry.taken} of {len(entry.under(PLAIN))}")
    broken = [name for name in CHANGES if entry.under(name) and not entry.passes(name)]
    tried = [name for name in CHANGES if entry.under(name)]
    if tried:
        words.append(f"**breaks: {', '.join(broken)}**" if broken else "holds")
    return ", ".join(words)


def _start_up(runs: Sequence[Run]) -> str:
    seconds = [run.seconds for run in runs if run.task == START and run.verdict == "passed"]
    return f"{statistics.median(seconds):.1f}" if seconds else "–"


def _mean(numbers: Sequence[float]) -> str:
    return f"{statistics.mean(numbers):.1f}" if numbers else "–"


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    """A table whose first row is its head."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "| --- " * len(rows[0]) + "|", *lines[1:]])
