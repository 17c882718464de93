"""A suite in the terminal: a line for each attempt, and what runs where below them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from agent_app.suite.crews import Crew, Place
from agent_app.suite.running import Tried
from agent_app.suite.store import Result
from agent_app.suite.summary import Summary, summarise
from agent_app.suite.tasks import Task

_STYLES = {"passed": "green", "skipped": "dim", "failed": "bold red", "error": "bold red"}
_MOST_ROWS = 20


def show_suite(
    told: Iterable[Tried | None],
    *,
    tasks: Sequence[Task],
    results: Mapping[str, Result],
    crew: Crew,
    console: Console,
) -> None:
    """Print a suite as it goes; in a file or a pipe, the lines of attempts alone."""
    begun, before = time.monotonic(), len(results)
    with Live(console=console, auto_refresh=False, transient=True) as live:
        for each in told:
            if each is not None:
                console.print(_line(each), soft_wrap=True)
            if console.is_terminal:
                spent = time.monotonic() - begun
                done = len(results) - before
                heading = _heading(summarise(tasks, results), done, spent)
                live.update(_table(heading, crew.running()), refresh=True)


def print_summary(summary: Summary, console: Console, where: str) -> None:
    """How many ended how, and where their recordings are."""
    for name in summary.flaky:
        console.print(Text(f"flaky: {name} passed after a failure", "yellow"), soft_wrap=True)
    counts = ", ".join(f"{number} {name}" for name, number in summary.outcomes.items())
    lost = f", {summary.deaths} of them died" if summary.deaths else ""
    left = f"; {summary.left} have no result yet" if summary.left else ""
    style = "bold green" if summary.is_good else "bold red"
    tasks = "1 task" if summary.tasks == 1 else f"{summary.tasks} tasks"
    line = f"{tasks}: {counts or 'none ended'}{left}"
    console.print(Text(f"{line} ({summary.attempts} attempts{lost})", style), soft_wrap=True)
    console.print(Text(f"results: {where}", "dim"), soft_wrap=True)


def _line(tried: Tried) -> Text:
    attempt = tried.attempt
    again = "" if tried.result is not None else ", again"
    text = Text(f"{attempt.outcome}{again}", _STYLES.get(attempt.outcome, "bold yellow"))
    text.append(f"  {tried.task.id}", "default")
    text.append(f"  {attempt.seconds:.1f} s on {attempt.where}", "dim")
    if attempt.reason:
        text.append(f"\n    {attempt.reason}", "default")
    return text


def _heading(summary: Summary, done: int, spent: float) -> str:
    counts = " · ".join(f"{number} {name}" for name, number in summary.outcomes.items())
    rate = done / spent if spent else 0.0
    left = f"{summary.left / rate:.0f} s left" if rate else ""
    pace = f"{3600 * rate:.0f} an hour" if rate else ""
    ended = f"{summary.tasks - summary.left} of {summary.tasks}"
    return "  ".join(part for part in (ended, counts, pace, left) if part)


def _table(heading: str, running: Mapping[str, Place]) -> Table:
    table = Table(title=heading, title_justify="left", box=None, pad_edge=False, expand=True)
    table.add_column("task", no_wrap=True, overflow="ellipsis", ratio=1)
    table.add_column("where", no_wrap=True)
    table.add_column("seconds", justify="right")
    now = time.monotonic()
    oldest = sorted(running.items(), key=lambda each: each[1].since)
    for task, place in oldest[:_MOST_ROWS]:
        table.add_row(Text(task), Text(place.where), f"{now - place.since:.0f}")
    if len(oldest) > _MOST_ROWS:
        table.add_row(Text(f"and {len(oldest) - _MOST_ROWS} more", "dim"), "", "")
    return table
