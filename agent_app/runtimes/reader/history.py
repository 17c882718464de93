"""Where a run stands, worked out from the marks that the reader left in its own replies.

Each reply's action begins with a mark, `[2/5]` or `[2.1/5]`, and a word that tells what it was. The
reader keeps nothing else of a run, so a run can be forked or replayed from its turns alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from agent_app.model_runtime import ImagePart, Turn
from agent_app.runtimes.reader.language.steps import Click, Drag, OpenMenu, Step, Type

# how the loop begins what it says after a step
MISTAKE = "That reply could not be carried out"
NO_EFFECT = "Nothing on the screen changed"
ANSWER = "The person answered:"

VETO = "A person stopped this step"

_NOTES = (MISTAKE, NO_EFFECT, ANSWER, VETO)

LOOK = "Look again"
WAIT = "Keep waiting"
ASK = "Ask"
FINISH = "Finish"
GIVE_UP = "Give up"

# the heading stands at the beginning of a line or right behind the thought, as in a reply
_MARK = re.compile(
    r"(?:^|◁/think▷)[ \t]*## Action:[ \t]*\n\[(\d+)(?:\.(\d+))?/(\d+)\] ([^\n]*)", re.MULTILINE
)


def mark(step: int, part: int, steps: int) -> str:
    """The mark of a reply; a step done in one reply has part 0."""
    return f"[{step}.{part}/{steps}]" if part else f"[{step}/{steps}]"


@dataclass(frozen=True, slots=True)
class Past:
    """One earlier reply, and what was said about it."""

    step: int
    part: int
    line: str
    notes: tuple[str, ...] = ()

    def said(self, word: str) -> bool:
        return self.line.startswith(word)

    @property
    def acted(self) -> bool:
        return not any(self.said(word) for word in (LOOK, WAIT, ASK, FINISH, GIVE_UP))

    def note(self, beginning: str) -> str | None:
        """What the loop said that begins so, or None."""
        return next((note for note in self.notes if note.startswith(beginning)), None)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the run stands.

    `step` counts from 1 and is one past the last when all is done; `part` is the level of a menu
    path, from 1, or 0. `attempts` were made at it and failed, the last one for `trouble`; `looks`
    were spent looking again since, `waits` waiting. `answers` are the person's, by the part they
    were asked about; None where nobody answered.
    """

    step: int = 1
    part: int = 0
    attempts: int = 0
    trouble: str = ""
    looks: int = 0
    waits: int = 0
    answers: dict[int, tuple[str | None, ...]] = field(
        default_factory=dict[int, tuple[str | None, ...]]
    )


def progress(turns: Sequence[Turn], steps: Sequence[Step]) -> Progress:
    """Where a run of these steps stands after these turns."""
    past = _past(turns, steps)
    if not past:
        return Progress(part=_first_part(steps, 1))
    last = past[-1]
    if last.said(FINISH):
        return Progress(step=len(steps) + 1)
    trouble = _trouble(last, steps[last.step - 1])
    if last.acted and not trouble:
        return _after(last, steps)
    menu = isinstance(steps[last.step - 1].deed, OpenMenu)
    here: list[Past] = []
    for entry in reversed(past):
        if entry.step != last.step or (menu and entry.part != last.part):
            break
        here.insert(0, entry)
    attempts = [index for index, entry in enumerate(here) if entry.acted]
    since = here[attempts[-1] + 1 :] if attempts else here
    answers: dict[int, tuple[str | None, ...]] = {}
    for entry in here:
        if entry.said(ASK):
            answers[entry.part] = (*answers.get(entry.part, ()), _answer(entry))
    return Progress(
        step=last.step,
        part=last.part if menu else 0,
        attempts=len(attempts),
        trouble=_trouble(here[attempts[-1]], steps[last.step - 1]) if attempts else "",
        looks=sum(entry.said(LOOK) for entry in since),
        waits=sum(entry.said(WAIT) for entry in since),
        answers=answers,
    )


def _past(turns: Sequence[Turn], steps: Sequence[Step]) -> list[Past]:
    """The replies of this run; what was said about one stands in lines behind it."""
    past: list[Past] = []
    for turn in turns:
        at = 0
        if turn.role == "assistant":
            for match in _MARK.finditer(turn.text):
                _add_notes(past, turn.text[at : match.start()])
                at = match.end()
                step, part, of, line = match.groups()
                if int(of) == len(steps) and 1 <= int(step) <= len(steps):
                    past.append(Past(int(step), int(part or 0), line))
        is_task = any(isinstance(part, ImagePart) for part in turn.parts)
        if turn.role == "assistant" or (turn.role == "user" and not is_task):
            _add_notes(past, turn.text[at:])
    return past


def _add_notes(past: list[Past], text: str) -> None:
    notes = tuple(line for line in text.splitlines() if line.startswith(_NOTES))
    if past and notes:
        last = past[-1]
        past[-1] = Past(last.step, last.part, last.line, (*last.notes, *notes))


def _trouble(entry: Past, step: Step) -> str:
    """Why a deed must be done again, or nothing.

    Keys, scrolling and resting the pointer may well change nothing; the rest is done to change
    something.
    """
    for fault in (MISTAKE, VETO):
        if (said := entry.note(fault)) is not None:
            return said
    if isinstance(step.deed, Click | Type | OpenMenu | Drag):
        return entry.note(NO_EFFECT) or ""
    return ""


def _after(entry: Past, steps: Sequence[Step]) -> Progress:
    deed = steps[entry.step - 1].deed
    if isinstance(deed, OpenMenu) and entry.part < len(deed.path):
        return Progress(step=entry.step, part=entry.part + 1)
    return Progress(step=entry.step + 1, part=_first_part(steps, entry.step + 1))


def _first_part(steps: Sequence[Step], number: int) -> int:
    menu = number <= len(steps) and isinstance(steps[number - 1].deed, OpenMenu)
    return 1 if menu else 0


def _answer(entry: Past) -> str | None:
    said = entry.note(ANSWER)
    return (said.removeprefix(ANSWER).strip() or None) if said else None
