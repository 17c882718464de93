"""The viewer's keys: one table, which is also what the list of keys shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence


@dataclass(frozen=True, slots=True)
class Command:
    """What some keys do. A key is one character as typed, or as Qt writes it, such as `Ctrl+F`."""

    keys: tuple[str, ...]
    about: str
    do: Callable[[], object]


def command_of(commands: Sequence[Command]) -> Mapping[str, Command]:
    """The commands by their keys, each as `names_of` gives it."""
    return {_normal(key): command for command in commands for key in command.keys}


def names_of(event: QKeyEvent) -> tuple[str, ...]:
    """The names a key press may go by: what it types, and which keys are down.

    A keyboard may have `?` or `+` anywhere, so what it types counts first.
    """
    plain = event.modifiers() & ~(
        Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
    )
    typed = event.text()
    names: list[str] = []
    if plain == Qt.KeyboardModifier.NoModifier and typed.strip() and typed.isprintable():
        names.append(typed.lower())
    without_keypad = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    names.append(QKeySequence(without_keypad.value | event.key()).toString())
    return tuple(names)


def _normal(key: str) -> str:
    return key.lower() if len(key) == 1 else QKeySequence(key).toString()


def shown_key(key: str) -> str:
    """A key as it is printed on a keyboard."""
    signs = {"Left": "←", "Right": "→", "Up": "↑", "Down": "↓", "Return": "Enter", "-": "−"}
    parts = key.split("+") if len(key) > 1 and not key.endswith("+") else [key]
    return "+".join(signs.get(part, part) for part in parts)
