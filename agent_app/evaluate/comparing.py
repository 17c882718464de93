"""Two results of one benchmark, item by item: what was gained, what was lost, and is it chance?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent_app.errors import KnownError
from agent_app.evaluate.results import Outcome, Result
from agent_app.evaluate.tables import members, row, tables
from agent_app.evaluate.wording import share_words
from agent_app.replaying.scores import chance_of

_RARE = 0.05

Pair = tuple[Result, Result]


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """Some items, before and now."""

    name: str
    count: int
    shares: tuple[str, str]
    gained: int
    lost: int


@dataclass(frozen=True, slots=True)
class ChangeTable:
    """Rows under one heading."""

    title: str
    rows: tuple[ChangeRow, ...]


@dataclass(frozen=True, slots=True)
class Flips:
    """The items that both results have, in the order of the later one."""

    before: Outcome
    now: Outcome
    pairs: tuple[Pair, ...]
    remarks: tuple[str, ...]

    @property
    def gained(self) -> Sequence[Pair]:
        return [(was, now) for was, now in self.pairs if now.is_right and not was.is_right]

    @property
    def lost(self) -> Sequence[Pair]:
        return [(was, now) for was, now in self.pairs if was.is_right and not now.is_right]

    @property
    def chance(self) -> float:
        """McNemar's test, exact: how likely so uneven flips are when neither is better."""
        return chance_of(len(self.gained), len(self.lost))

    def tables(self) -> Iterator[ChangeTable]:
        """Every table of the benchmark, with both results in it."""
        before = Outcome(self.now.conditions, tuple(was for was, _ in self.pairs))
        now = Outcome(self.now.conditions, tuple(now for _, now in self.pairs))
        gained = {now.item.id for _, now in self.gained}
        lost = {now.item.id for _, now in self.lost}
        whole = row("all", now.results)
        was = row("all", before.results)
        yield ChangeTable(
            "All",
            (
                ChangeRow(
                    "all",
                    whole.count,
                    (share_words(was), share_words(whole)),
                    len(gained),
                    len(lost),
                ),
            ),
        )
        earlier = {each.title: {r.name: r for r in each.rows} for each in tables(before)}
        for table, ids in zip(tables(now)[1:], _members(now), strict=True):
            rows = tuple(
                ChangeRow(
                    each.name,
                    each.count,
                    (share_words(earlier[table.title][each.name]), share_words(each)),
                    len(ids.get(each.name, set()) & gained),
                    len(ids.get(each.name, set()) & lost),
                )
                for each in table.rows
            )
            yield ChangeTable(table.title, rows)


def compare(before: Outcome, now: Outcome) -> Flips:
    """Put two results side by side; only an item that was the same question in both is compared.

    Raises KnownError when there is none.
    """
    known = {result.item.id: result for result in before.results}
    pairs: list[Pair] = []
    changed = alone = 0
    for result in now.results:
        was = known.pop(result.item.id, None)
        if was is None:
            alone += 1
        elif (was.item.target, was.item.instruction) != (
            result.item.target,
            result.item.instruction,
        ):
            changed += 1
        else:
            pairs.append((was, result))
    if not pairs:
        raise KnownError(
            "the two results have no item in common", remedy="give two results of one benchmark"
        )
    remarks: list[str] = []
    if alone or known:
        remarks.append(f"left out: {len(known)} items only before, {alone} only now")
    if changed:
        remarks.append(f"left out: {changed} items whose question or answer changed")
    return Flips(before, now, tuple(pairs), tuple(remarks))


def flips_line(flips: Flips) -> str:
    """What changed sides, and whether that may be chance."""
    gained, lost = len(flips.gained), len(flips.lost)
    was, now = (row("", (pair[at] for pair in flips.pairs)) for at in (0, 1))
    told = (
        f"{share_words(was)} of {len(flips.pairs)} items before, {share_words(now)} now. "
        f"{gained} gained, {lost} lost"
    )
    if not gained + lost:
        return told + ": no item changed sides."
    likely = "which may well be chance" if flips.chance > _RARE else "which is hardly chance"
    return f"{told}, {likely} (p = {flips.chance:.2g}, exact McNemar test)."


def _members(outcome: Outcome) -> Iterator[dict[str, set[str]]]:
    """The ids under each row's name, for every breakdown that has rows."""
    for breakdown in outcome.conditions.breakdowns:
        if found := members(outcome.results, breakdown.by):
            yield {name: {each.item.id for each in some} for name, some in found.items()}
