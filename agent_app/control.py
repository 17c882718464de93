"""What a person may do to a run from any thread: end it, hold it up, and let it go on."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Literal

# A hand on mouse or keyboard; somebody who pressed Pause, said no to what was about to be done, or
# has a hint to give.
Cause = Literal["hand", "person", "veto", "hint"]
Touch = Literal["key", "button", "motion"]

VETO_SECONDS = 1.0  # a person's first look at a mark, and the time to press a key
MOST_VETO_SECONDS = 30.0
_POLL = 0.05  # seconds
_LETTING_GO_SECONDS = 1.0  # in which a hand that has just answered may still move the mouse


class Control:
    """One run's stop and pause.

    `stop` is set once and for good. `halt` is set while no token may be drawn and no input sent:
    from the stop on, and during a pause. `veto_seconds` is how long the person may look at what is
    about to be done, and say no to it, before it is done; it may be changed at any time.
    """

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.halt = threading.Event()
        self.reason = ""  # why it was stopped, where there is more to say than that it was
        self.paused: Cause | None = None
        self.touched = 0.0  # when a hand was last felt, by the monotonic clock
        self.veto_seconds = 0.0
        self._vetoable = False
        self._hints: queue.SimpleQueue[str] = queue.SimpleQueue()
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

    def veto(self) -> None:
        """Have what is about to be done not done, while that is offered, and hold the run up."""
        with self._lock:
            vetoable, self._vetoable = self._vetoable, False
        if vetoable:
            self.pause("veto")

    @contextmanager
    def offering_veto(self) -> Generator[None]:
        """Within it a veto is heard."""
        self._vetoable = True
        try:
            yield
        finally:
            self._vetoable = False

    def listen(self) -> None:
        """Hold the run up for a hint that the person is about to give."""
        self.pause("hint")

    def hint(self, text: str) -> None:
        """Give the run a hint, and let it go on; an empty one lets it go on as it was."""
        self._hints.put(text)
        self.listen()

    def wait_for_hint(self) -> str | None:
        """The hint that was given, or will be; None when the run is stopped instead."""
        while not self.stop.is_set():
            with suppress(queue.Empty):
                return self._hints.get(timeout=_POLL)
        return None

    def take_hint(self) -> str | None:
        """A hint that has been given already, or None."""
        with suppress(queue.Empty):
            return self._hints.get_nowait()
        return None

    def resume(self, *, steps: int | None = None) -> None:
        """Let the run go on, for so many steps or until somebody pauses it again."""
        with self._lock:
            self._steps = steps
            self._go_on()

    def resume_step(self) -> None:
        """Let the run go on as before: with the step it was in, where it goes step by step."""
        with self._lock:
            self._steps = None if self._steps is None else 1
            self._go_on()

    def _go_on(self) -> None:
        if not self._hints.empty():  # it came while the pause was ending
            self.paused = "hint"
        else:
            self.paused = None
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
