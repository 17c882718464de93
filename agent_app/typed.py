"""Typed text is read back where an application tells it, repaired once, and reported otherwise.

Runs, re-executions and tests all type through `Typing`. A field that is not told of, a password, a
secret and a text of several lines or fields are not read back; an Enter or Tab at the end of a text
comes after that.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Protocol

from agent_app.actions import CONFIRM_SECONDS, MAX_PRESSES, InputAction, Press, Write
from agent_app.course import Course, Stopwatch
from agent_app.events import Event, ModelWarned
from agent_app.geometry import FrameTransform
from agent_app.markers import MARKER

_ARRIVES_SECONDS = 1.5  # an application may take keys a while after they were sent
_POLL_SECONDS = 0.03
_NO_BREAK = "\u00a0"  # browsers put it in the place of some spaces
_BASIC = 0xFFFF  # beyond, toolkits count places in a text differently
_LINE = re.compile(r"([^\r\n\t]+)([\r\n\t]*)")  # and what leaves it
_REPAIRED = (
    "The text did not arrive as it was typed, so it was typed again; now it stands there as it "
    "should."
)


@dataclass(frozen=True, slots=True)
class FieldText:
    """What stands in the field that has the keyboard; `start` to `end` is selected.

    Without a selection both are the caret's place. `name` is the field's own, for the run.
    """

    name: tuple[str, str]
    text: str
    start: int
    end: int


class Fields(Protocol):
    """Who can tell what stands in fields; nothing here raises for what an application does."""

    def field(self) -> FieldText | None:
        """The field with the keyboard; None when there is none, or it is not told, or secret."""
        ...

    def again(self, field: FieldText) -> FieldText | None:
        """The same field, as it is now; None when it tells no more."""
        ...

    def input_method(self) -> str:
        """The name of the input method that is active on the desktop; empty without one."""
        ...


def is_typed(text: str, before: FieldText, after: FieldText) -> bool:
    """Whether a field holds a text that was typed into it.

    An application may add to it, such as by completing a word.
    """
    wanted, had, has = (each.replace(_NO_BREAK, " ") for each in (text, before.text, after.text))
    if has == had[: before.start] + wanted + had[before.end :]:
        return True
    replaced = had[before.start : before.end].count(wanted)
    return has.count(wanted) > had.count(wanted) - replaced


def arrived_instead(before: FieldText, after: FieldText) -> str | None:
    """What arrived in the place of a typed text, if that is certain and the caret is behind it."""
    if any(ord(sign) > _BASIC for sign in before.text + after.text):
        return None
    head, tail = before.text[: before.start], before.text[before.end :]
    long_enough = len(after.text) >= len(head) + len(tail)
    if not (long_enough and after.text.startswith(head) and after.text.endswith(tail)):
        return None
    middle = after.text[len(head) : len(after.text) - len(tail)]
    return middle if after.start == after.end == len(head) + len(middle) else None


class Typing:
    """Does actions of one run, and sees to it that what is typed arrives.

    `remark` tells a model what it ought to know. Without one, as in tests and re-executions, all of
    a text is typed whatever came of its line; a model is left to end a line that is not right.
    """

    def __init__(
        self,
        course: Course,
        fields: Fields | None,
        remark: Callable[[str], None] | None = None,
    ) -> None:
        self._course = course
        self._fields = fields
        self._remark = remark
        self._noticed = fields is None

    def do(
        self, number: int, action: InputAction, transform: FrameTransform, watch: Stopwatch
    ) -> Generator[Event, None, None]:
        """Carry out an action; raises as `Course.perform` does."""
        if isinstance(action, Write):
            yield from self._notice(number)
        told = ""
        with watch.measure("act"):
            if self._fields is not None and isinstance(action, Write):
                told = self._type(self._fields, action, transform)
            else:
                self._course.perform(action, transform)
        if told:
            yield from self._tell(number, told)

    def _notice(self, number: int) -> Generator[Event, None, None]:
        """Say once, before anything is typed, that an input method is active."""
        if self._noticed or self._fields is None:
            return
        self._noticed = True
        if name := self._fields.input_method():
            yield from self._tell(
                number,
                f"An input method ({name}) is active on this desktop and may change what is "
                "typed. Check on the screen that the text is right.",
            )

    def _tell(self, number: int, message: str) -> Generator[Event, None, None]:
        yield ModelWarned(number, message, time.monotonic())
        if self._remark is not None:
            self._remark(message)

    def _type(self, fields: Fields, action: Write, transform: FrameTransform) -> str:
        """Type a text, reading it back where that can be; what there is to say of it."""
        line = None if MARKER.search(action.text) else _LINE.fullmatch(action.text)
        before = None if line is None else fields.field()
        if line is None or before is None:
            self._course.perform(action, transform)
            return ""
        text, ending = line.groups()
        self._course.perform(Write(text), transform)
        arrived, told = self._checked(fields, before, Write(text), transform)
        if ending and (arrived or self._remark is None):
            if "\n" in ending:
                self._course.wait(CONFIRM_SECONDS)
            self._course.perform(Write(ending), transform)
        elif ending:
            told += " What was to follow it (Enter or Tab) was not pressed."
        return told

    def _checked(
        self, fields: Fields, before: FieldText, action: Write, transform: FrameTransform
    ) -> tuple[bool, str]:
        """Read a text back, and type it again if it is not right.

        Returns whether it is right now, as far as is told, and what there is to say of it.
        """
        after = self._awaited(fields, before, action.text)
        if after is None or is_typed(action.text, before, after):
            return True, ""
        instead = arrived_instead(before, after)
        now = fields.field()
        if instead and len(instead) <= MAX_PRESSES and now is not None and now.name == before.name:
            self._course.perform(Press(("backspace",), count=len(instead)), transform)
            self._course.perform(action, transform)
            again = self._awaited(fields, before, action.text)
            if again is not None and is_typed(action.text, before, again):
                return True, _REPAIRED
            after = again or after
        return False, (
            f"The field does not hold the text as it was typed: it was {len(before.text)} "
            f"characters long, {len(action.text)} were typed, and now it is {len(after.text)} "
            "long. Look at it, and correct it if need be."
        )

    def _awaited(self, fields: Fields, before: FieldText, text: str) -> FieldText | None:
        """The field once it holds the text, else as it is after a while."""
        deadline = time.monotonic() + _ARRIVES_SECONDS
        while True:
            after = fields.again(before)
            if after is None or is_typed(text, before, after) or time.monotonic() > deadline:
                return after
            self._course.wait(_POLL_SECONDS)
            self._course.check_halt()
