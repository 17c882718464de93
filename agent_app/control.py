"""What a person may do to a run from any thread: end it, hold it up, and let it go on."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Literal

Cause = Literal["hand", "person"]  # a hand on mouse or keyboard; somebody who pressed Pause
Touch = Literal["key", "button", "motion"]

_LETTING_GO_SECONDS = 1.0  # in which a hand that has just answered may still move the mouse


class Control:
    """One run's stop and pause.

    `stop` is set once and for good. `halt` is set while no token may be drawn and no input sent:
    from the stop on, and during a pause.
    """

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.halt = threading.Event()
        self.reason = ""  # why it was stopped, where there is more to say than that it was
        self.paused: Cause | None = None
        self.touched = 0.0  # when a hand was last felt, by the monotonic clock
        self._free = 0
        self._letting_go = 0.0
        self._steps: int | None = None
        self._lock = threading.Lock()

    def end(self, reason: str = "") -> None:
        """Stop the run; the first reason stays."""
        with self._lock:
            if not self.stop.is_set():
                self.reason = reason
            self.stop.set()
            self.halt.set()

    def pause(self, cause: Cause = "person") -> None:
        """Hold the run up until `resume`; a pause that lasts already keeps its cause."""
        with self._lock:
            self.paused = self.paused or cause
            self.halt.set()

    def resume(self, *, steps: int | None = None) -> None:
        """Let the run go on, for so many steps or until somebody pauses it again."""
        with self._lock:
            self.paused = None
            self._steps = steps
            if not self.stop.is_set():
                self.halt.clear()

    def feel_hand(self, touch: Touch) -> None:
        """A person's hand is on the mouse or the keyboard: hold the run up, unless it may be."""
        self.touched = time.monotonic()
        if self._free or (touch == "motion" and self.touched < self._letting_go):
            return
        self.pause("hand")

    @contextmanager
    def hands_free(self) -> Generator[None]:
        """Within it, and in moving the mouse away just afterwards, a hand takes nothing over."""
        self._free += 1
        try:
            yield
        finally:
            self._letting_go = time.monotonic() + _LETTING_GO_SECONDS
            self._free -= 1

    def grants_step(self) -> bool:
        """Whether another step may begin; when those that were granted are done it is paused."""
        with self._lock:
            if self._steps is None:
                return True
            if self._steps > 0:
                self._steps -= 1
                return True
            self._steps = None
            self.paused = self.paused or "person"
            self.halt.set()
            return False
