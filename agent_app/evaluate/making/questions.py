"""Instructions by template for the elements of a picture, each meaning exactly one of them."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from agent_app.evaluate.making.labelling import Thing, plain
from agent_app.geometry import FrameBox

Template = Literal["text", "role and name", "relation", "refusal"]
Where = Literal["left of", "right of", "above", "below"]

_FARTHEST = 400  # pixels between an element and the one that it is told by
_OVERLAP = 0.5  # of the lower one's height: this much side by side is one row


@dataclass(frozen=True, slots=True)
class Question:
    """An instruction and the element it means; none for one that is to be refused."""

    instruction: str
    template: Template
    thing: Thing | None


def questions(things: Sequence[Thing], titles: Sequence[str], *, most: int) -> tuple[Question, ...]:
    """At most so many instructions on one picture, spread over templates, kinds and roles.

    Which are taken depends on their words alone, so that the same screen asks the same.
    """
    asked = [*_by_text(things, titles), *_by_role(things), *_by_relation(things)]
    strata: dict[tuple[str, str, str], list[Question]] = {}
    for each in sorted(asked, key=lambda one: _lot(one.instruction)):
        assert each.thing is not None
        key = (each.template, each.thing.kind, each.thing.role)
        strata.setdefault(key, []).append(each)
    rounds = itertools.zip_longest(*(strata[key] for key in sorted(strata)))
    mixed = [each for one in rounds for each in one if each is not None]
    taken: list[Question] = []
    for each in mixed:  # each element once as long as there are others
        if all(each.thing != other.thing for other in taken):
            taken.append(each)
    taken += [each for each in mixed if each not in taken]
    return tuple(taken[:most])


def refusals(
    names: Iterable[Thing], seen: Sequence[str], *, most: int, salt: str
) -> tuple[Question, ...]:
    """Instructions for elements of other pictures that this one does not show.

    `seen` is every name and text of the picture; what one of them holds is not taken.
    """
    here = [plain(each) for each in seen]
    absent: dict[str, Thing] = {}
    for thing in names:
        name = plain(thing.name)
        if len(name) > 3 and not any(name in other or other in name for other in here if other):
            absent.setdefault(name, thing)
    drawn = sorted(absent.values(), key=lambda thing: _lot(salt + thing.name))
    return tuple(
        Question(_click(thing, with_role=bool(number % 2)), "refusal", None)
        for number, thing in enumerate(drawn[:most])
    )


def _lot(words: str) -> str:
    """A drawing of lots that comes out the same every time."""
    return hashlib.sha1(words.encode()).hexdigest()


def _click(thing: Thing, *, with_role: bool) -> str:
    return f'click the "{thing.name}" {thing.role}' if with_role else f'click "{thing.name}"'


def _by_text(things: Sequence[Thing], titles: Sequence[str]) -> Iterator[Question]:
    """By what is written on it, where that is written nowhere else."""
    taken = {plain(title) for title in titles}
    for thing in things:
        twins = sum(plain(other.name) == plain(thing.name) for other in things)
        if thing.kind == "text" and twins == 1 and plain(thing.name) not in taken:
            yield Question(_click(thing, with_role=False), "text", thing)


def _by_role(things: Sequence[Thing]) -> Iterator[Question]:
    """By its name and what it is, where nothing else of that kind has the name."""
    for thing in things:
        twins = [
            other
            for other in things
            if plain(other.name) == plain(thing.name) and other.role == thing.role
        ]
        if twins == [thing]:
            yield Question(_click(thing, with_role=True), "role and name", thing)


def _by_relation(things: Sequence[Thing]) -> Iterator[Question]:
    """By its name and its neighbour, which is named nowhere else."""
    for thing in things:
        if thing.kind != "text":
            continue
        twins = [other for other in things if plain(other.name) == plain(thing.name)]
        anchors = [
            other
            for other in things
            if other.kind == "text" and sum(plain(o.name) == plain(other.name) for o in things) == 1
        ]
        for anchor, where in _neighbours(thing, anchors):
            if [twin for twin in twins if _lies(twin.box, where, anchor.box)] == [thing]:
                told = f'{_click(thing, with_role=False)} {where} "{anchor.name}"'
                yield Question(told, "relation", thing)
                break


def _neighbours(thing: Thing, anchors: Sequence[Thing]) -> Iterator[tuple[Thing, Where]]:
    """What lies beside an element, the nearest first, and on which side the element lies of it."""
    ways: tuple[Where, ...] = ("right of", "below", "left of", "above")
    found: list[tuple[float, int, Thing, Where]] = [
        (_gap(thing.box, where, anchor.box), order, anchor, where)
        for anchor in anchors
        if plain(anchor.name) != plain(thing.name)
        for order, where in enumerate(ways)
        if _lies(thing.box, where, anchor.box)
    ]
    found.sort(key=lambda each: (each[0], each[1], each[2].name))
    for _, _, anchor, where in found:
        yield anchor, where


def _gap(box: FrameBox, where: Where, anchor: FrameBox) -> float:
    match where:
        case "right of":
            return box.left - anchor.right
        case "left of":
            return anchor.left - box.right
        case "below":
            return box.top - anchor.bottom
        case "above":
            return anchor.top - box.bottom


def _lies(box: FrameBox, where: Where, anchor: FrameBox) -> bool:
    """Whether a box lies so of another one, in its row or its column and not far."""
    if not -2 <= _gap(box, where, anchor) <= _FARTHEST:
        return False
    if where in ("left of", "right of"):
        shared = min(box.bottom, anchor.bottom) - max(box.top, anchor.top)
        return shared >= _OVERLAP * min(box.height, anchor.height)
    shared = min(box.right, anchor.right) - max(box.left, anchor.left)
    return shared >= _OVERLAP * min(box.width, anchor.width)
