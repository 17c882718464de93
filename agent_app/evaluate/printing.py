"""A result in the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from agent_app.evaluate.comparing import Flips, flips_line
from agent_app.evaluate.results import Outcome
from agent_app.evaluate.tables import tables
from agent_app.evaluate.wording import (
    bounds,
    extent,
    pace_line,
    published_line,
    remarks,
    share_words,
)
from agent_app.replaying.report import plain

_MOST_ROWS = 40  # of one table: the report has them all
_MOST_FLIPS = 20


def print_outcome(outcome: Outcome, console: Console) -> None:
    """The tables, what others have published, and what one must know to read them."""
    if not outcome.results:
        console.print("No item was asked.")
        return
    for table in tables(outcome):
        grid = _grid(table.title, "items", "right", "95 % sure", "unreadable")
        for each in table.rows[:_MOST_ROWS]:
            grid.add_row(
                Text(plain(each.name)),
                str(each.count or ""),
                share_words(each),
                bounds(each),
                str(each.wrong_format or ""),
            )
        console.print(grid)
    console.print(Text(f"{extent(outcome)}. {pace_line(outcome.results)}."), soft_wrap=True)
    for figure in outcome.conditions.published:
        console.print(Text(published_line(figure), style="dim"), soft_wrap=True)
    for remark in remarks(outcome):
        console.print(Text(plain(remark), style="yellow"), soft_wrap=True)


def print_comparison(flips: Flips, console: Console) -> None:
    """What changed sides, in every table of the benchmark."""
    for table in flips.tables():
        grid = _grid(table.title, "items", "before", "now", "gained", "lost")
        for each in table.rows[:_MOST_ROWS]:
            grid.add_row(
                Text(plain(each.name)),
                str(each.count or ""),
                *each.shares,
                Text(str(each.gained or ""), style="green"),
                Text(str(each.lost or ""), style="red"),
            )
        console.print(grid)
    for word, style, pairs in (("gained", "green", flips.gained), ("lost", "red", flips.lost)):
        for _, now in pairs[:_MOST_FLIPS]:
            told = f"{word}  {plain(now.item.id)}  {plain(now.item.instruction)[:100]}"
            console.print(Text(told, style=style), soft_wrap=True)
        if len(pairs) > _MOST_FLIPS:
            console.print(Text(f"{word}  … {len(pairs) - _MOST_FLIPS} more", style=style))
    console.print(Text(flips_line(flips), style="bold"), soft_wrap=True)
    for remark in flips.remarks:
        console.print(Text(remark, style="yellow"), soft_wrap=True)


def _grid(title: str, *headings: str) -> Grid:
    grid = Grid(box=None, pad_edge=False, header_style="dim")
    grid.add_column(plain(title), overflow="fold", min_width=24)
    for heading in headings:
        grid.add_column(heading, justify="right", no_wrap=True)
    return grid
