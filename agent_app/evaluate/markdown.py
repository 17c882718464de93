"""A result in Markdown: the tables, and what was missed, to be put beside other notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent_app import __version__
from agent_app.evaluate.comparing import Flips, flips_line
from agent_app.evaluate.results import Outcome, Result
from agent_app.evaluate.tables import Row, tables
from agent_app.evaluate.wording import (
    bounds,
    extent,
    model_line,
    pace_line,
    prediction_words,
    published_line,
    remarks,
    share_words,
    target_words,
)
from agent_app.replaying.report import plain

_MOST_MISSES = 500
_HEADINGS = ("", "items", "right", "share", "95 % sure", "unreadable")


def markdown(outcome: Outcome) -> str:
    """The whole report of one result."""
    return "\n".join(_lines(outcome)) + "\n"


def _lines(outcome: Outcome) -> Iterator[str]:
    conditions = outcome.conditions
    yield f"# {escaped(conditions.title)}: {escaped(conditions.source)}"
    yield ""
    yield f"{escaped(model_line(conditions))}. {extent(outcome)}. {pace_line(outcome.results)}."
    yield f"agent-app {escaped(conditions.app)}, data {escaped(conditions.data)}."
    for table in tables(outcome):
        yield ""
        yield f"## {escaped(table.title)}"
        yield ""
        yield from grid(_HEADINGS, [_row(each) for each in table.rows])
    if conditions.published:
        yield ""
        yield "## Published by others, not measured here"
        yield ""
        for figure in conditions.published:
            yield f"- {escaped(published_line(figure))}"
    told = list(remarks(outcome))
    if told:
        yield ""
        yield "## To be known"
        yield ""
        for remark in told:
            yield f"- {escaped(remark)}"
    yield from _misses([each for each in outcome.results if not each.is_right])


def _misses(missed: Sequence[Result]) -> Iterator[str]:
    if not missed:
        return
    yield ""
    yield f"## Missed ({len(missed)})"
    yield ""
    yield from grid(("item", "asked", "right would be", "answered"), map(_miss, missed))


def _miss(result: Result) -> Sequence[str]:
    return (
        result.item.id,
        result.item.instruction[:160],
        target_words(result.item.target),
        prediction_words(result.answer.prediction, result.size),
    )


def comparison_markdown(flips: Flips) -> str:
    """Two results side by side."""
    return "\n".join(_comparison(flips)) + "\n"


def _comparison(flips: Flips) -> Iterator[str]:
    before, now = flips.before.conditions, flips.now.conditions
    yield f"# {escaped(now.title)}: from {escaped(before.source)} to {escaped(now.source)}"
    yield ""
    yield f"- before: {escaped(model_line(before))}"
    yield f"- now: {escaped(model_line(now))}"
    yield ""
    yield escaped(flips_line(flips))
    for remark in flips.remarks:
        yield f"- {escaped(remark)}"
    for table in flips.tables():
        yield ""
        yield f"## {escaped(table.title)}"
        yield ""
        rows = [
            (each.name, str(each.count), *each.shares, str(each.gained), str(each.lost))
            for each in table.rows
        ]
        yield from grid(("", "items", "before", "now", "gained", "lost"), rows)
    for heading, pairs in (("Gained", flips.gained), ("Lost", flips.lost)):
        if not pairs:
            continue
        yield ""
        yield f"## {heading} ({len(pairs)})"
        yield ""
        rows = [
            (
                now.item.id,
                now.item.instruction[:160],
                prediction_words(was.answer.prediction, was.size),
                prediction_words(now.answer.prediction, now.size),
            )
            for was, now in pairs[:_MOST_MISSES]
        ]
        yield from grid(("item", "asked", "before", "now"), rows)
    yield ""
    yield f"agent-app {__version__}"


def _row(row: Row) -> Sequence[str]:
    is_mean = row.low is None and not row.count
    return (
        row.name,
        "" if is_mean else str(row.count),
        "" if is_mean else str(row.correct),
        share_words(row),
        bounds(row),
        "" if is_mean else str(row.wrong_format),
    )


def grid(
    headings: Sequence[str], rows: Iterator[Sequence[str]] | Sequence[Sequence[str]]
) -> Iterator[str]:
    """A table, its cells escaped."""
    yield f"| {' | '.join(headings)} |"
    yield "|" + " --- |" * len(headings)
    for row in rows:
        yield f"| {' | '.join(escaped(each) for each in row)} |"


def escaped(text: str) -> str:
    """A text on one line that is no markup: instructions and replies may hold anything."""
    line = plain(text)
    for sign in "\\`*_[]<>|":
        line = line.replace(sign, f"\\{sign}")
    return line
