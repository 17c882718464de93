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
    yield f"# {_cell(conditions.title)}: {_cell(conditions.source)}"
    yield ""
    yield f"{_cell(model_line(conditions))}. {extent(outcome)}. {pace_line(outcome.results)}."
    yield f"agent-app {_cell(conditions.app)}, data {_cell(conditions.data)}."
    for table in tables(outcome):
        yield ""
        yield f"## {_cell(table.title)}"
        yield ""
        yield from _table(_HEADINGS, [_row(each) for each in table.rows])
    if conditions.published:
        yield ""
        yield "## Published by others, not measured here"
        yield ""
        for figure in conditions.published:
            yield f"- {_cell(published_line(figure))}"
    told = list(remarks(outcome))
    if told:
        yield ""
        yield "## To be known"
        yield ""
        for remark in told:
            yield f"- {_cell(remark)}"
    yield from _misses([each for each in outcome.results if not each.is_right])


def _misses(missed: Sequence[Result]) -> Iterator[str]:
    if not missed:
        return
    yield ""
    yield f"## Missed ({len(missed)})"
    yield ""
    yield from _table(("item", "asked", "right would be", "answered"), map(_miss, missed))


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
    yield f"# {_cell(now.title)}: from {_cell(before.source)} to {_cell(now.source)}"
    yield ""
    yield f"- before: {_cell(model_line(before))}"
    yield f"- now: {_cell(model_line(now))}"
    yield ""
    yield _cell(flips_line(flips))
    for remark in flips.remarks:
        yield f"- {_cell(remark)}"
    for table in flips.tables():
        yield ""
        yield f"## {_cell(table.title)}"
        yield ""
        rows = [
            (each.name, str(each.count), *each.shares, str(each.gained), str(each.lost))
            for each in table.rows
        ]
        yield from _table(("", "items", "before", "now", "gained", "lost"), rows)
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
        yield from _table(("item", "asked", "before", "now"), rows)
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


def _table(
    headings: Sequence[str], rows: Iterator[Sequence[str]] | Sequence[Sequence[str]]
) -> Iterator[str]:
    yield f"| {' | '.join(headings)} |"
    yield "|" + " --- |" * len(headings)
    for row in rows:
        yield f"| {' | '.join(_cell(each) for each in row)} |"


def _cell(text: str) -> str:
    """A text on one line that is no markup: instructions and replies may hold anything."""
    escaped = plain(text)
    for sign in "\\`*_[]<>|":
        escaped = escaped.replace(sign, f"\\{sign}")
    return escaped
