"""How a test waits: one deadline made at the start, short waits at first, and a log of each try."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

WAITS = (0.0, 0.02, 0.1, 0.1, 0.5)  # seconds before each try; the last one goes on
DEFAULT_SECONDS = 5.0
_MOST_LINES = 40


class Deadline:
    """A moment that is passed down to whatever waits; `seconds` is from now."""

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._at = clock() + seconds

    def left(self) -> float:
        """Seconds that are left, never below zero."""
        return max(0.0, self._at - self._clock())

    def spent(self) -> float:
        """Seconds that have gone."""
        return self.seconds - self.left()

    def tries(self, sleep: Callable[[float], None] = time.sleep) -> Iterator[int]:
        """Count the tries from 1, waiting before each; the last one is made at the deadline."""
        count = 0
        while True:
            pause = WAITS[min(count, len(WAITS) - 1)]
            left = self.left()
            if pause:
                sleep(min(pause, left))
            count += 1
            yield count
            if left <= pause:
                return


@dataclass
class CallLog:
    """What was tried, line by line, with the seconds since the start.

    A line that says the same as the one before it only counts.
    """

    started: float = field(default_factory=time.monotonic)
    lines: list[tuple[float, str, int]] = field(default_factory=list[tuple[float, str, int]])

    def add(self, text: str) -> None:
        if self.lines and self.lines[-1][1] == text:
            at, _, count = self.lines[-1]
            self.lines[-1] = (at, text, count + 1)
            return
        self.lines.append((time.monotonic() - self.started, text, 1))

    def __str__(self) -> str:
        shown = self.lines[-_MOST_LINES:]
        return "\n".join(
            f"{at:6.2f} s  {text}" + (f"  (×{count})" if count > 1 else "")
            for at, text, count in shown
        )
