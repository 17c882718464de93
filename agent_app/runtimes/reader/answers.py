"""Choices that a person is offered, and what their answer picks."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent_app.geometry import Size
from agent_app.runtimes.reader.language.parsing import parse_qualifiers
from agent_app.runtimes.reader.language.steps import LAST, Target
from agent_app.runtimes.reader.language.vocabulary import ordinal_of
from agent_app.runtimes.reader.matching.candidates import Candidate
from agent_app.runtimes.reader.matching.likeness import caseless, contains
from agent_app.runtimes.reader.narration import describe

MOST_CHOICES = 12
_NUMBER = re.compile(r"(?:number|no\.?|#)?\s*\(?(\d{1,2})[.)]*")
_PARTS = re.compile("[,;.:!，。；：！]")
_NOISE = re.compile(r"\b(?:the|one)\b")


def narrowed(hint: str, target: Target) -> Target | None:
    """The target as a hint qualifies it, all of it or its last part, as in `no, the second`.

    None for a hint that does not.
    """
    for part in (hint, *reversed(_PARTS.split(hint))):
        found = parse_qualifiers(part.strip(), target)
        if found is not None:
            return found
    return None


def choices_for(candidates: Sequence[Candidate], size: Size) -> tuple[str, ...]:
    """One numbered line for each candidate, the first dozen of them."""
    return tuple(
        f"{number}. {describe(candidate, size)}"
        for number, candidate in enumerate(candidates[:MOST_CHOICES], start=1)
    )


def pick(answer: str, candidates: Sequence[Candidate], choices: Sequence[str]) -> Candidate | None:
    """The candidate that an answer names: by a choice's words, its number or part of its words.

    None when it names none, or more than one.
    """
    offered = list(zip(candidates, choices, strict=False))
    for candidate, choice in offered:
        if caseless(choice) == caseless(answer):
            return candidate
    said = " ".join(_NOISE.sub(" ", caseless(answer)).split())
    match = _NUMBER.fullmatch(said)
    number = int(match[1]) if match else ordinal_of(said)
    if number is not None:
        if number == LAST:
            return offered[-1][0]
        return offered[number - 1][0] if 1 <= number <= len(offered) else None
    named = [candidate for candidate, choice in offered if said and contains(said, choice)]
    return named[0] if len(named) == 1 else None
