"""Typing a text that names secrets: each marker becomes its secret on the way to the keyboard."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from agent_app.actions import Button, Input
from agent_app.errors import ModelMistake
from agent_app.geometry import ScreenPoint
from agent_app.markers import MARKER


class SecretInput:
    """An `Input` that types `values` for the markers that name them.

    `typing` is entered with the name while one is typed. A marker of any other name is not typed at
    all: that raises ModelMistake, before anything of that text is.
    """

    def __init__(
        self,
        inner: Input,
        values: Mapping[str, str],
        typing: Callable[[str], AbstractContextManager[None]],
    ) -> None:
        self._inner = inner
        self._values = values
        self._typing = typing

    def write(self, text: str, stop: threading.Event) -> None:
        pieces = MARKER.split(text)  # texts, and in between the names
        for name in pieces[1::2]:
            if name not in self._values:
                raise ModelMistake(
                    f"there is no secret “{name}” that may be typed in this run. Only a person can "
                    f"allow one: named in the task, or with --secret {name}."
                )
        for at, piece in enumerate(pieces):
            if stop.is_set():
                return
            if at % 2:
                with self._typing(piece):
                    self._inner.write(self._values[piece], stop)
            elif piece:
                self._inner.write(piece, stop)

    def position(self) -> ScreenPoint:
        return self._inner.position()

    def move(self, point: ScreenPoint) -> None:
        self._inner.move(point)

    def button_down(self, button: Button) -> None:
        self._inner.button_down(button)

    def button_up(self, button: Button) -> None:
        self._inner.button_up(button)

    def scroll(self, dx: int, dy: int) -> None:
        self._inner.scroll(dx, dy)

    def key_down(self, key: str) -> None:
        self._inner.key_down(key)

    def key_up(self, key: str) -> None:
        self._inner.key_up(key)

    def release_all(self) -> None:
        self._inner.release_all()

    def close(self) -> None:
        self._inner.close()
