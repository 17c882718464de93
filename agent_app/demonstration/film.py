"""What the screen showed lately, kept all the time, so that the moment before an input is at hand.

A person does not wait for a camera: when a button goes down, the picture it was decided on must
have been taken already.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from agent_app.errors import KnownError
from agent_app.events import WindowRef
from agent_app.geometry import ScreenPoint
from agent_app.hiding.shots import Shot
from agent_app.screen.change import changed_boxes, is_caret
from agent_app.screen.frame import Screen

# A capture and a comparison are 3 ms at 1920x1080 on two cores: 6 % of one while a person works.
_BUSY_SECONDS = 0.05
_IDLE_SECONDS = 0.2
_ACTIVE_SECONDS = 2.0  # after the last input or change
_WINDOWS_SECONDS = 0.1  # asking for the windows takes some milliseconds
_MOST_BYTES = 400_000_000
_REST_PIXELS = 3
_RESTS = 100
_CHANGES = 1000


@dataclass(slots=True)
class Rest:
    """Where the pointer stood still, and from when to when."""

    point: ScreenPoint
    began: float
    ended: float


class Film:
    """Captures a screen in a thread of its own, which is the only one that uses it from then on.

    `pointer` says where the pointer is. A fault of the capture ends it and is kept in `fault`.
    """

    def __init__(self, screen: Screen, pointer: Callable[[], ScreenPoint]) -> None:
        self.fault: KnownError | None = None
        self._screen = screen
        self._pointer = pointer
        self._lock = threading.Lock()
        self._shots: deque[Shot] = deque()
        self._rests: deque[Rest] = deque(maxlen=_RESTS)
        self._bytes = 0
        self._active_until = 0.0
        self._changes: deque[float] = deque(maxlen=_CHANGES)  # by more than a caret
        self._looked_at = 0.0
        self._ended = threading.Event()
        before = self._screen.windows()
        frame, taken = self._screen.grab(), time.monotonic()
        self._shoot(Shot(frame, taken, self._screen.windows(), before))
        self._thread = threading.Thread(target=self._run, name="filming the screen")
        self._thread.start()

    def wake(self) -> None:
        """Something was done: look often for a while."""
        self._active_until = time.monotonic() + _ACTIVE_SECONDS

    def before(self, at: float) -> Shot:
        """What was on the screen just before a moment, or the oldest that is still kept."""
        with self._lock:
            return next(
                (shot for shot in reversed(self._shots) if shot.taken <= at), self._shots[0]
            )

    def last(self) -> Shot:
        """What is on the screen."""
        with self._lock:
            return self._shots[-1]

    def active_windows(self, began: float, ended: float) -> tuple[WindowRef, ...]:
        """The windows that had the focus between two moments, as far as was seen."""
        shots = [self.before(began)]
        with self._lock:
            shots += [shot for shot in self._shots if began < shot.taken <= ended]
        return tuple(
            dict.fromkeys(window for shot in shots for window in shot.windows if window.active)
        )

    def last_change(self, until: float) -> float:
        """When the screen last changed by more than a caret, up to a moment."""
        with self._lock:
            return next((at for at in reversed(self._changes) if at <= until), 0.0)

    def looked_at(self) -> float:
        """When it was last looked at."""
        return self._looked_at

    def rests(self, began: float, ended: float) -> tuple[Rest, ...]:
        """Where the pointer rested between two moments."""
        with self._lock:
            return tuple(r for r in self._rests if r.began >= began and r.ended <= ended)

    def close(self) -> None:
        """Stop capturing; calling it twice is harmless."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._ended.is_set():
                now = time.monotonic()
                self._look(now)
                busy = now < self._active_until or self.last_change(now) > now - _ACTIVE_SECONDS
                self._ended.wait(_BUSY_SECONDS if busy else _IDLE_SECONDS)
        except KnownError as error:
            self.fault = error

    def _look(self, now: float) -> None:
        self._see_pointer(now)
        frame = self._screen.grab()
        taken = time.monotonic()
        last = self._shots[-1]
        boxes = changed_boxes(last.frame.pixels, frame.pixels)
        windows = last.windows
        if boxes or now - self._windows_at >= _WINDOWS_SECONDS:
            windows = self._screen.windows()
            self._windows_at = time.monotonic()
        if any(not is_caret(box) for box in boxes):
            with self._lock:
                self._changes.append(frame.time)
        if boxes or windows != last.windows:
            self._shoot(Shot(frame, taken, windows, last.windows))
        self._looked_at = frame.time

    _windows_at = 0.0

    def _shoot(self, shot: Shot) -> None:
        with self._lock:
            self._shots.append(shot)
            self._bytes += shot.frame.pixels.nbytes
            while len(self._shots) > 2 and self._bytes > _MOST_BYTES:
                self._bytes -= self._shots.popleft().frame.pixels.nbytes

    def _see_pointer(self, now: float) -> None:
        point = self._pointer()
        with self._lock:
            rest = self._rests[-1] if self._rests else None
            if rest is not None and _near(rest.point, point):
                rest.ended = now
                return
            self._rests.append(Rest(point, now, now))
        self.wake()


def _near(one: ScreenPoint, other: ScreenPoint) -> bool:
    return max(abs(one.x - other.x), abs(one.y - other.y)) <= _REST_PIXELS
