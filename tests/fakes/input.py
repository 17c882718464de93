"""An input that touches nothing and remembers everything."""

from __future__ import annotations

import threading
from collections.abc import Callable

from agent_app.actions import Button
from agent_app.geometry import ScreenPoint

_ORIGIN = ScreenPoint(0, 0)


class RecordingInput:
    """Satisfies `Input`: `events` holds what was done, as tuples in order.

    `held` is what is down at the moment. `on_event` is called after each event, for a test that
    wants something to happen in the middle.
    """

    def __init__(self, at: ScreenPoint = _ORIGIN) -> None:
        self.events: list[tuple[str | int, ...]] = []
        self.held: list[tuple[str, str]] = []
        self.on_event: Callable[[], None] = lambda: None
        self.released = 0
        self.closed = False
        self._at = at

    def position(self) -> ScreenPoint:
        return self._at

    def move(self, point: ScreenPoint) -> None:
        self._at = point
        self._record("move", point.x, point.y)

    def button_down(self, button: Button) -> None:
        self.held.append(("button", button))
        self._record("button_down", button)

    def button_up(self, button: Button) -> None:
        self.held.remove(("button", button))
        self._record("button_up", button)

    def scroll(self, dx: int, dy: int) -> None:
        self._record("scroll", dx, dy)

    def key_down(self, key: str) -> None:
        self.held.append(("key", key))
        self._record("key_down", key)

    def key_up(self, key: str) -> None:
        self.held.remove(("key", key))
        self._record("key_up", key)

    def write(self, text: str, stop: threading.Event) -> None:
        """Records one event for each character, since that is how a real input sends them."""
        for character in text:
            if stop.is_set():
                return
            self._record("write", character)

    def release_all(self) -> None:
        self.released += 1
        while self.held:
            kind, name = self.held.pop()
            self.events.append((f"{kind}_up", name))

    def close(self) -> None:
        self.release_all()
        self.closed = True

    def _record(self, *event: str | int) -> None:
        self.events.append(event)
        self.on_event()
