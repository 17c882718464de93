"""The applications whose screens a benchmark is made of, and the keys that show more of them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass

from agent_app.errors import KnownError


@dataclass(frozen=True, slots=True)
class State:
    """How an application is shown: the keys that lead there from the state before."""

    name: str
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Application:
    """A program and the states that it is pictured in, one after the other.

    `{home}` in its command is the made home folder.
    """

    name: str
    command: tuple[str, ...]
    states: tuple[State, ...]


def _application(command: str, menu: str, dialog: str) -> Application:
    words = tuple(command.split())
    states = (
        State("window"),
        State("menu", (menu,)),
        State("dialog", ("Escape", "Escape", *dialog.split())),
    )
    return Application(words[0], words, states)


APPLICATIONS = {
    each.name: each
    for each in (
        _application("mousepad {home}/notes.txt", "F10", "ctrl+o"),
        _application("galculator", "F10", "ctrl+p"),
        _application("pcmanfm {home}", "F10", "ctrl+a alt+Return"),
        _application("gedit {home}/notes.txt", "F10", "ctrl+h"),
        _application("gnome-calculator", "F10", "F1"),
        _application("featherpad {home}/notes.txt", "F10", "ctrl+f"),
        _application("speedcrunch", "F10", "F1"),
    )
}


def applications(names: Sequence[str]) -> tuple[Application, ...]:
    """The named ones, or those of the known ones that are installed.

    A name that is not known is taken as a command, and pictured as it starts. Raises KnownError
    when one is not installed, or none is.
    """
    if not names:
        found = tuple(
            each for each in APPLICATIONS.values() if shutil.which(each.command[0]) is not None
        )
        if not found:
            raise KnownError(
                "none of the known applications is installed",
                remedy=f"install one, such as {', '.join(APPLICATIONS)}, or name one with --app",
            )
        return found
    chosen: list[Application] = []
    for name in names:
        words = tuple(name.split())
        known = APPLICATIONS.get(name)
        if not words or shutil.which(words[0]) is None:
            raise KnownError(f"{name!r} is not installed", remedy="install it, or leave it out")
        chosen.append(known or Application(words[0], words, (State("window"),)))
    return tuple(chosen)
