"""What the agent may do, and how each of it becomes input.

An `Action` says where and what in the model's own coordinates (`RelativePoint`); `perform` turns it
into single input events on an `Input`, checks the stop flag before each, and leaves no key or
button down whatever happens. The backends are in `agent_app.input`.
"""

from __future__ import annotations

import math
import re
import threading
import unicodedata
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Literal, Protocol

import msgspec

from agent_app.errors import ModelMistake, RunEnded
from agent_app.geometry import FrameTransform, RelativePoint, ScreenPoint
from agent_app.keys import MODIFIERS, canonical_key

Button = Literal["left", "middle", "right"]

# What one action may ask for. More than this is a model that has lost its way, and would keep the
# keyboard busy for minutes.
MAX_CLICKS = 10
MAX_NOTCHES = 100
MAX_PRESSES = 200
MAX_KEYS_TOGETHER = 6
MAX_HOLD_SECONDS = 30.0
MAX_TEXT_CHARACTERS = 10_000

# A drag without moves in between lands some pixels off, because window managers follow the pointer
# by its motion events: measured on a title bar, 7 px off at once, 2 px in 0.3 s.
DRAG_SECONDS = 0.3
# Between a text and the key that confirms it. GTK's file dialogs enable their button 0.13 to 0.2 s
# after a text that came faster than from any hand, and drop an Enter that comes before.
CONFIRM_SECONDS = 0.3
_DRAG_MOVES = 20


_TIMES = {1: "", 2: "double", 3: "triple"}


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


def target_points(action: Action, transform: FrameTransform) -> tuple[ScreenPoint, ...]:
    """The places on the screen that an action touches, in the order it does."""
    places = places_of(action)
    return tuple(transform.relative_to_screen(place) for place in places if place is not None)


def places_of(action: Action) -> tuple[RelativePoint | None, ...]:
    """Where an action happens: one place, a drag's start and end, or none.

    None is where the pointer is.
    """
    match action:
        case Click(at=at) | Move(at=at) | Scroll(at=at):
            return (at,)
        case Drag(start=start, end=end):
            return (start, end)
        case _:
            return ()


def describe_action(action: Action) -> str:
    """An action in a few words, such as `double click` or `ctrl+s`."""
    match action:
        case Click(button=button, count=count, modifiers=held):
            words = [*held, "" if button == "left" else button, _TIMES.get(count, f"{count}×")]
            return " ".join([word for word in words if word] + ["click"])
        case Move():
            return "move the pointer"
        case Drag(modifiers=held):
            return " ".join([*held, "drag"])
        case Scroll(dx=dx, dy=dy):
            turns = [(dy, "up" if dy > 0 else "down"), (dx, "right" if dx > 0 else "left")]
            return " ".join(["scroll", *(f"{way} {abs(by)}" for by, way in turns if by)])
        case Press(keys=keys, count=count):
            return " ".join(keys) + (f" ×{count}" if count > 1 else "")
        case Hotkey(keys=keys):
            return "+".join(keys)
        case Hold(keys=keys, seconds=seconds):
            return f"hold {'+'.join(keys)} for {seconds:g} s"
        case Write(text=text):
            return f"“{text}”"
        case Wait(seconds=seconds):
            return f"wait {seconds:g} s"
        case Terminate(status=status, answer=answer):
            return f"{status}: {answer}" if answer else status
        case AskHuman(question=question):
            return f"asks: {question}"


def perform(
    action: InputAction, *, input: Input, transform: FrameTransform, stop: threading.Event
) -> None:
    """Carry out an action as single input events, looking at `stop` before each of them.

    Whatever happens, no key or button stays down. Raises ModelMistake, before any event is sent,
    for an action that is out of bounds or names no key; RunEnded once `stop` is set.
    """
    hand = _Hand(input, transform, stop)
    try:
        match action:
            case Click():
                _click(action, hand)
            case Move(at=at):
                hand.move(at)
            case Drag():
                _drag(action, hand)
            case Scroll():
                _scroll(action, hand)
            case Press(keys=keys, count=count):
                _check("keys pressed", len(keys) * count, 1, MAX_PRESSES)
                for key in _keys(keys) * count:
                    hand.tap(key)
            case Hotkey(keys=keys):
                with hand.holding(_keys_together(keys)):
                    pass
            case Hold(keys=keys, seconds=seconds):
                _check("seconds", seconds, 0, MAX_HOLD_SECONDS)
                with hand.holding(_keys_together(keys)):
                    hand.wait(seconds)
            case Write(text=text):
                _write(text, hand)
    finally:
        input.release_all()


class _Hand:
    """Sends single events, each only after a look at the stop flag."""

    def __init__(self, input: Input, transform: FrameTransform, stop: threading.Event) -> None:
        self._input = input
        self._transform = transform
        self._stop = stop

    def _go_on(self) -> Input:
        if self._stop.is_set():
            raise RunEnded("stopped")
        return self._input

    def position(self) -> ScreenPoint:
        return self._input.position()

    def place(self, at: RelativePoint) -> ScreenPoint:
        return self._transform.relative_to_screen(at)

    def move(self, to: RelativePoint | ScreenPoint) -> None:
        self._go_on().move(self.place(to) if isinstance(to, RelativePoint) else to)

    def button_down(self, button: Button) -> None:
        self._go_on().button_down(button)

    def button_up(self, button: Button) -> None:
        self._go_on().button_up(button)

    def scroll(self, dx: int, dy: int) -> None:
        self._go_on().scroll(dx, dy)

    def tap(self, key: str) -> None:
        self._go_on().key_down(key)
        self._go_on().key_up(key)

    def write(self, text: str) -> None:
        self._go_on().write(text, self._stop)
        self._go_on()  # a text cut short by the stop flag was not written

    def wait(self, seconds: float) -> None:
        self._stop.wait(seconds)
        self._go_on()

    @contextmanager
    def holding(self, keys: Sequence[str]) -> Generator[None]:
        """Keys down in this order, up in the opposite one; on a fault `perform` lets them go."""
        for key in keys:
            self._go_on().key_down(key)
        yield
        for key in reversed(keys):
            self._go_on().key_up(key)


def _click(action: Click, hand: _Hand) -> None:
    _check("clicks", action.count, 1, MAX_CLICKS)
    modifiers = _modifiers(action.modifiers)
    if action.at is not None:
        hand.move(action.at)
    with hand.holding(modifiers):
        for _ in range(action.count):
            hand.button_down(action.button)
            hand.button_up(action.button)


def _drag(action: Drag, hand: _Hand) -> None:
    modifiers = _modifiers(action.modifiers)
    if action.start is not None:
        hand.move(action.start)
    start = hand.position() if action.start is None else hand.place(action.start)
    end = hand.place(action.end)
    with hand.holding(modifiers):
        hand.button_down(action.button)
        for done in range(1, _DRAG_MOVES + 1):
            hand.wait(DRAG_SECONDS / _DRAG_MOVES)
            share = done / _DRAG_MOVES
            hand.move(
                ScreenPoint(
                    round(start.x + (end.x - start.x) * share),
                    round(start.y + (end.y - start.y) * share),
                )
            )
        hand.button_up(action.button)


def _scroll(action: Scroll, hand: _Hand) -> None:
    _check("notches", abs(action.dx) + abs(action.dy), 1, MAX_NOTCHES)
    modifiers = _modifiers(action.modifiers)
    if action.at is not None:
        hand.move(action.at)
    with hand.holding(modifiers):
        for _ in range(abs(action.dy)):
            hand.scroll(0, int(math.copysign(1, action.dy)))
        for _ in range(abs(action.dx)):
            hand.scroll(int(math.copysign(1, action.dx)), 0)


def _write(text: str, hand: _Hand) -> None:
    _check("characters", len(text), 0, MAX_TEXT_CHARACTERS)
    parts = re.split(r"(\r?\n|\t)", text)
    for character in "".join(parts[::2]):
        if unicodedata.category(character) in ("Cc", "Cs"):  # controls, and halves of a pair
            raise ModelMistake(
                f"the text holds the character U+{ord(character):04X}, which cannot be typed. "
                "Press keys by their names instead."
            )
    written = list(filter(None, parts))
    for index, part in enumerate(written):
        if part == "\t":
            hand.tap("tab")
        elif part.endswith("\n"):
            if 0 < index == len(written) - 1:
                hand.wait(CONFIRM_SECONDS)
            hand.tap("enter")
        else:
            hand.write(part)


def _check(what: str, value: float, least: int, most: float) -> None:
    if not least <= value <= most:  # NaN fails this comparison too
        raise ModelMistake(f"{value} {what} in one action; it must be {least} to {most:g}.")


def _keys(names: Sequence[str]) -> list[str]:
    return [canonical_key(name) for name in names]


def _keys_together(names: Sequence[str]) -> list[str]:
    keys = _keys(names)
    _check("keys together", len(keys), 1, MAX_KEYS_TOGETHER)
    if len(set(keys)) < len(keys):
        raise ModelMistake(f"{'+'.join(names)} names a key twice.")
    return keys


def _modifiers(names: Sequence[str]) -> list[str]:
    keys = _keys_together(names) if names else []
    for key in keys:
        if key.removesuffix("left").removesuffix("right") not in MODIFIERS:
            raise ModelMistake(f"{key} is no modifier; use {', '.join(MODIFIERS)}.")
    return keys
