"""What can be put behind a locator: who finds what text does not, and who remembers what was found.

A locator asks in this order: the `Memory`, if there is one; the reader (texts, roles, pictures);
the `Grounder`, if there is one and the reader finds nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from agent_app.geometry import FrameBox
from agent_app.runtimes.reader.sight import Element
from agent_app.testing.description import Description
from agent_app.testing.looking import View
from agent_app.testing.memory_file import RememberedTask


@dataclass(frozen=True, slots=True)
class Thing:
    """Something on the screen; boxes are in pixels of the frame it was found on.

    An act goes to the middle of `box`; `extent` is all of it. `how` it was found is "text", "role",
    "picture", "title", "window", "cache" or "model". `window` is its window's title. `read_as` is
    what was read, where that is not what was looked for.
    """

    box: FrameBox
    how: str
    text: str = ""
    role: str = ""
    window: str = ""
    enabled: bool = True
    checked: bool | None = None
    element: Element | None = None
    read_as: str = ""

    @property
    def extent(self) -> FrameBox:
        if self.element is not None and self.element.extent is not None:
            return self.element.extent
        return self.box


Need = Literal["place", "state", "proof"]


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for, on what; `rooms` are where it may lie, in pixels of the frame.

    With the `need` of its place alone, something is done there; with that of its "state", what its
    application tells of it just now counts, too; "proof" is for what a test reads or expects.
    """

    description: Description
    view: View
    rooms: tuple[FrameBox, ...]
    need: Need = "proof"


class Grounder(Protocol):
    """Finds a thing by what its description says in a person's words: a model."""

    def ground(self, sought: Sought) -> Thing | None:
        """The one thing that is meant, or None when it is not there.

        Called at most once for each different frame, and only when the reader found nothing.
        """
        ...


class Memory(Protocol):
    """Remembers where things were found, beside the test."""

    def recall(self, sought: Sought) -> Thing | None:
        """Where it is, verified on this very frame; None when it is not known or not so."""
        ...

    def patience(self, sought: Sought) -> float:
        """Seconds for which it is worth waiting until what is remembered shows; 0 if nothing is."""
        ...

    def found(self, sought: Sought, thing: Thing) -> None:
        """It was found, by `recall` or otherwise, and what was done with it worked."""
        ...


class TaskMemory(Protocol):
    """Remembers what was done for an instruction, beside the test."""

    def task(self, instruction: str) -> RememberedTask | None:
        """What was done for the next use of this instruction, None when that is not known."""
        ...

    def did_again(self, instruction: str) -> None:
        """Every remembered step was done again."""
        ...

    def did(self, instruction: str, *, model: str, first: int, last: int) -> None:
        """It was carried out, by the model at least in part, in these steps of the recording."""
        ...
