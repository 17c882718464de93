"""What the agent may do, and how each of it becomes input.

An `Action` says where and what in the model's own coordinates (`RelativePoint`); `perform` turns it
into single input events on an `Input`, checks the stop flag before each, and leaves no key or
button down whatever happens. The backends are in `agent_app.input`.
"""

from __future__ import annotations

import threading
from typing import Literal, Protocol

import msgspec

from agent_app.geometry import RelativePoint, ScreenPoint

Button = Literal["left", "middle", "right"]


class Click(msgspec.Struct, frozen=True, tag="click"):
    """One or more clicks; without a place, where the pointer is."""

    at: RelativePoint | None = None
    button: Button = "left"
    count: int = 1
    modifiers: tuple[str, ...] = ()


class Move(msgspec.Struct, frozen=True, tag="move"):
    """Move the pointer and press nothing."""

    at: RelativePoint


class Drag(msgspec.Struct, frozen=True, tag="drag"):
    """Press at `start` (or where the pointer is), move, release at `end`."""

    end: RelativePoint
    start: RelativePoint | None = None
    button: Button = "left"
    modifiers: tuple[str, ...] = ()


class Scroll(msgspec.Struct, frozen=True, tag="scroll"):
    """Turn the wheel by notches: `dy` > 0 is up, `dx` > 0 is right."""

    dx: int = 0
    dy: int = 0
    at: RelativePoint | None = None
    modifiers: tuple[str, ...] = ()


class Press(msgspec.Struct, frozen=True, tag="press"):
    """Press and release keys, one after the other, the whole row `count` times."""

    keys: tuple[str, ...]
    count: int = 1


class Hotkey(msgspec.Struct, frozen=True, tag="hotkey"):
    """Press keys together: down in this order, up in the opposite one."""

    keys: tuple[str, ...]


class Hold(msgspec.Struct, frozen=True, tag="hold"):
    """Hold keys down together for some seconds."""

    keys: tuple[str, ...]
    seconds: float


class Write(msgspec.Struct, frozen=True, tag="write"):
    """Type a text in any script; a newline is Enter, a tab is Tab."""

    text: str


class Wait(msgspec.Struct, frozen=True, tag="wait"):
    """Do nothing for some seconds."""

    seconds: float


class Terminate(msgspec.Struct, frozen=True, tag="terminate"):
    """The task is over."""

    status: Literal["success", "failure"]
    answer: str = ""


class AskHuman(msgspec.Struct, frozen=True, tag="ask_human"):
    """Ask the person; `choices` are the answers offered, if any."""

    question: str
    choices: tuple[str, ...] = ()


InputAction = Click | Move | Drag | Scroll | Press | Hotkey | Hold | Write
Action = InputAction | Wait | Terminate | AskHuman


class Input(Protocol):
    """The seam to the pointer and the keyboard; positions are in the input system's units."""

    def position(self) -> ScreenPoint: ...
    def move(self, point: ScreenPoint) -> None: ...
    def button_down(self, button: Button) -> None: ...
    def button_up(self, button: Button) -> None: ...
    def scroll(self, dx: int, dy: int) -> None: ...
    def key_down(self, key: str) -> None: ...
    def key_up(self, key: str) -> None: ...

    def write(self, text: str, stop: threading.Event) -> None:
        """Type printable text of any script exactly; returns early once `stop` is set."""
        ...

    def release_all(self) -> None:
        """Let go of every key and button this input holds; calling it twice is harmless."""
        ...

    def close(self) -> None: ...
