"""Figures of a result: how many are right, under every label that the benchmark breaks down by."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from agent_app.evaluate.items import Breakdown, RefusalTarget
from agent_app.evaluate.results import Outcome, Result
from agent_app.replaying.scores import percentile, wilson


@dataclass(frozen=True, slots=True)
class Row:
    """Some items. `low` and `high` bound the share that is right (Wilson, 95 %).

    A `mean` of other rows has no bounds and no items of its own.
    """

    name: str
    count: int
    correct: int
    wrong_format: int
    share: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under one heading."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Pace:
    """How long answers took, in seconds, and how many tokens they had, in the median."""

    median: float
    p95: float
    tokens: float


def row(name: str, results: Iterable[Result]) -> Row:
    """The figures of some items."""
    found = list(results)
    correct = sum(result.is_right for result in found)
    low, high = wilson(correct, len(found))
    return Row(
        name,
        len(found),
        correct,
        sum(result.verdict == "wrong_format" for result in found),
        correct / len(found) if found else 0.0,
        low,
        high,
    )


def tables(outcome: Outcome) -> tuple[Table, ...]:
    """The whole first, then every breakdown of the benchmark."""
    results = outcome.results
    broken = (_broken_down(results, each) for each in outcome.conditions.breakdowns)
    return (Table("All", tuple(_whole(results))), *(table for table in broken if table.rows))


def _whole(results: Sequence[Result]) -> Iterator[Row]:
    yield row("all", results)
    asked = [each for each in results if not isinstance(each.item.target, RefusalTarget)]
    refused = [each for each in results if isinstance(each.item.target, RefusalTarget)]
    if asked and refused:
        yield row("all but refusals", asked)
        yield row("refusals", refused)
    if any(_is_dialect(result) for result in results):
        strict = row("all, by the published parser alone", results)
        lost = sum(_is_dialect(result) and result.is_right for result in results)
        unread = sum(_is_dialect(result) for result in results)
        low, high = wilson(strict.correct - lost, strict.count)
        yield Row(
            strict.name,
            strict.count,
            strict.correct - lost,
            strict.wrong_format + unread,
            (strict.correct - lost) / strict.count,
            low,
            high,
        )
    if any(len(result.answers) > 1 for result in results):
        yield from _sampled(results)


def _sampled(results: Sequence[Result]) -> Iterator[Row]:
    """The mean of single samples, and how many items at least one of them gets right."""
    answers = [answer for result in results for answer in result.answers]
    right = sum(answer.verdict == "correct" for answer in answers)
    unread = sum(answer.verdict == "wrong_format" for answer in answers)
    # samples of one item hang together, so bounds as if they did not would be too narrow
    yield Row("single samples", len(answers), right, unread, right / len(answers), None, None)
    any_right = sum(any(a.verdict == "correct" for a in result.answers) for result in results)
    low, high = wilson(any_right, len(results))
    share = any_right / len(results)
    yield Row("any sample of an item", len(results), any_right, 0, share, low, high)


def _is_dialect(result: Result) -> bool:
    """Whether the point was read where the published parser reads none."""
    prediction = result.answer.prediction
    return prediction.kind == "point" and prediction.read_by == "dialect"


def members(results: Iterable[Result], by: Sequence[str]) -> dict[str, list[Result]]:
    """The items under each combination of labels; one with several of a kind is under each."""
    groups: dict[tuple[str, ...], list[Result]] = {}
    for result in results:
        for key in itertools.product(*(result.item.labels.get(name, ()) for name in by)):
            groups.setdefault(key, []).append(result)
    return {" · ".join(key): groups[key] for key in sorted(groups)}


def _broken_down(results: Sequence[Result], breakdown: Breakdown) -> Table:
    rows = [row(name, group) for name, group in members(results, breakdown.by).items()]
    if breakdown.mean and len(rows) > 1:
        share = statistics.fmean(each.share for each in rows)
        rows.append(Row(f"mean of the {len(rows)}", 0, 0, 0, share, None, None))
    return Table(breakdown.title, tuple(rows))


def pace(results: Sequence[Result]) -> Pace:
    """The time and the tokens of single answers."""
    answers = [answer for result in results for answer in result.answers]
    seconds = sorted(answer.seconds for answer in answers)
    return Pace(
        statistics.median(seconds) if seconds else 0.0,
        percentile(seconds, 0.95) or 0.0,
        statistics.median(a.completion_tokens for a in answers) if answers else 0.0,
    )
