"""From single movements of hand and fingers to whole actions.

A reply may press a button, move and release it, or hold a key while it clicks. An `Action` is whole
in itself, so nothing stays pressed between two of them: `Gestures` folds such movements together
and refuses what has no whole.
"""

from __future__ import annotations

from typing import Literal

from agent_app.actions import (
    Action,
    AskHuman,
    Button,
    Click,
    Drag,
    Hold,
    Hotkey,
    Move,
    Press,
    Scroll,
    Terminate,
    Wait,
    Write,
)
from agent_app.errors import ModelMistake
from agent_app.geometry import RelativePoint
from agent_app.keys import MODIFIERS

MAX_ACTIONS = 32  # of one reply: more than a person would do without looking again


class Gestures:
    """Collects one reply's movements; `actions` gives the whole. Every method may refuse."""

    def __init__(self) -> None:
        self._actions: list[Action] = []
        self._pointer: RelativePoint | None = None  # where the reply has left it, if it said
        self._moved = False  # the pointer went to `_pointer`, and no action says so yet
        self._button: Button | None = None  # held down
        self._pressed_at: RelativePoint | None = None
        self._dragged = False
        self._held: list[str] = []  # keys, in the order they went down
        self._unused = False  # the last key that went down has done nothing yet
        self._held_seconds = 0.0  # since then

    def actions(self) -> tuple[Action, ...]:
        """The whole actions; refused while a key or a button is still down."""
        if self._button is not None:
            raise ModelMistake(
                "mouseDown has no mouseUp after it: a button cannot stay down between two replies. "
                "Write pyautogui.click(...), or moveTo(...) and dragTo(...)."
            )
        if self._held:
            names = ", ".join(self._held)
            raise ModelMistake(
                f"keyDown has no keyUp after it for: {names}. A key cannot stay down between two "
                "replies: release it, or write pyautogui.hotkey(...)."
            )
        self._settle_move()
        return tuple(self._actions)

    def click(self, at: RelativePoint | None, button: Button, count: int) -> None:
        self._refuse_while_dragging("a click")
        self._add(Click(self._go(at), button, count, self._modifiers()))

    def move(self, at: RelativePoint) -> None:
        if self._button is None:
            self._settle_move()
        elif self._dragged:
            raise ModelMistake(
                "A drag goes straight from its start to its end: between mouseDown and mouseUp "
                "write one moveTo only, and draw the next line with another drag."
            )
        else:
            self._dragged = True
        self._pointer, self._moved = at, self._button is None

    def button_down(self, at: RelativePoint | None, button: Button) -> None:
        self._refuse_while_dragging("another mouseDown")
        self._pressed_at = self._go(at)
        self._button, self._dragged = button, False

    def button_up(self, at: RelativePoint | None, button: Button) -> None:
        if self._button != button:
            raise ModelMistake(
                f"mouseUp releases the {button} button, which no mouseDown before it pressed. "
                "Write pyautogui.click(...), or moveTo(...) and dragTo(...)."
            )
        end = self._pointer if at is None else at
        self._button = None
        if end is None or (end == self._pressed_at and not self._dragged):
            self._add(Click(self._pressed_at, button, 1, self._modifiers()))
        else:
            self._add(Drag(end, self._pressed_at, button, self._modifiers()))
        self._pointer = end

    def drag(self, start: RelativePoint | None, end: RelativePoint, button: Button) -> None:
        self._refuse_while_dragging("a drag")
        self._add(Drag(end, self._go(start), button, self._modifiers()))
        self._pointer = end

    def scroll(self, at: RelativePoint | None, *, dx: int = 0, dy: int = 0) -> None:
        self._refuse_while_dragging("a scroll")
        if dx == dy == 0:
            raise ModelMistake("A scroll of 0 does nothing: write how many notches, such as -5.")
        self._add(Scroll(dx, dy, self._go(at), self._modifiers()))

    def press(self, keys: tuple[str, ...], count: int = 1) -> None:
        self._keyboard("a key press")
        if not self._held:
            self._add(Press(keys, count))
            return
        held = self._use_held()
        for _ in range(min(count, MAX_ACTIONS + 1)):
            for key in keys:
                self._add(Hotkey((*held, key)))

    def hotkey(self, keys: tuple[str, ...]) -> None:
        self._keyboard("a hotkey")
        chord = (*self._use_held(), *keys)
        self._add(Press(chord) if len(chord) == 1 else Hotkey(chord))

    def key_down(self, key: str) -> None:
        self._keyboard("keyDown")
        if key in self._held:
            raise ModelMistake(f'The key "{key}" is down already: write its keyUp first.')
        self._wait_out()
        self._held.append(key)
        self._unused = True

    def key_up(self, key: str) -> None:
        self._keyboard("keyUp")
        if key not in self._held:
            raise ModelMistake(f'keyUp("{key}") has no keyDown("{key}") before it.')
        if self._unused:
            chord, duration = tuple(self._held), self._held_seconds
            self._unused, self._held_seconds = False, 0.0
            if duration > 0:
                self._add(Hold(chord, duration))
            else:
                self._add(Press(chord) if len(chord) == 1 else Hotkey(chord))
        self._held.remove(key)

    def hold(self, keys: tuple[str, ...], seconds: float) -> None:
        self._keyboard("a held key")
        self._add(Hold((*self._use_held(), *keys), seconds))

    def write(self, text: str) -> None:
        self._keyboard("writing")
        if self._held:
            raise ModelMistake(
                f"Text cannot be written while {', '.join(self._held)} is down: write keyUp first, "
                "or use pyautogui.hotkey(...)."
            )
        self._add(Write(text))

    def wait(self, seconds: float) -> None:
        if self._button is not None:
            if not self._dragged:
                raise ModelMistake(
                    "A button cannot be held down for a time: write a click or a drag."
                )
            return  # a drag takes the time it needs
        self._settle_move()
        if self._unused:
            self._held_seconds += seconds
        else:
            self._add(Wait(seconds))

    def terminate(self, status: Literal["success", "failure"], answer: str) -> None:
        self._refuse_while_dragging("the end")
        self._settle_move()
        self._add(Terminate(status, answer))

    def ask(self, question: str, choices: tuple[str, ...] = ()) -> None:
        self._refuse_while_dragging("a question")
        self._settle_move()
        self._add(AskHuman(question, choices))

    def _add(self, action: Action) -> None:
        last = self._actions[-1] if self._actions else None
        if isinstance(last, Terminate):
            raise ModelMistake("Nothing can follow computer.terminate: it must be the last call.")
        if isinstance(last, AskHuman):
            raise ModelMistake(
                "Nothing can follow a question to the person: wait for the answer, then go on."
            )
        if len(self._actions) >= MAX_ACTIONS:
            raise ModelMistake(
                f"The reply holds more than {MAX_ACTIONS} actions. Do the first few and look at "
                "the screen again."
            )
        self._actions.append(action)

    def _go(self, at: RelativePoint | None) -> RelativePoint | None:
        """Where the next action happens; a move that only led there needs no action of its own."""
        if at is not None:
            if self._moved and at != self._pointer:
                self._settle_move()
            self._pointer = at
        self._moved = False
        return self._pointer

    def _settle_move(self) -> None:
        if self._moved and self._pointer is not None:
            self._moved = False
            self._add(Move(self._pointer))

    def _keyboard(self, what: str) -> None:
        self._refuse_while_dragging(what)
        self._settle_move()

    def _refuse_while_dragging(self, what: str) -> None:
        if self._button is not None:
            raise ModelMistake(
                f"Between mouseDown and mouseUp there can be one moveTo and nothing else, "
                f"but there is {what}."
            )

    def _wait_out(self) -> None:
        """The time slept with keys down that turned out to be held for something else."""
        duration, self._held_seconds = self._held_seconds, 0.0
        if duration > 0:
            self._add(Wait(duration))

    def _use_held(self) -> tuple[str, ...]:
        self._wait_out()
        self._unused = False
        return tuple(self._held)

    def _modifiers(self) -> tuple[str, ...]:
        for key in self._held:
            if not key.startswith(MODIFIERS):
                raise ModelMistake(
                    f'The key "{key}" cannot be held for a mouse action: only '
                    f"{', '.join(MODIFIERS)} can."
                )
        return self._use_held()
