"""The frames of the last seconds, each kept once: for looking back, recording and showing."""

from __future__ import annotations

import threading
from collections import OrderedDict

from agent_app.screen.frame import Frame


class FrameRing:
    """A bounded store of recent frames, oldest dropped first; safe to use from any thread.

    `seconds` is how far it reaches back from the newest frame, `max_bytes` how much it may hold;
    the newest frame is always kept.
    """

    def __init__(self, *, seconds: float = 30.0, max_bytes: int = 400_000_000) -> None:
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._frames: OrderedDict[str, Frame] = OrderedDict()  # by content, oldest first
        self._bytes = 0

    def add(self, frame: Frame) -> None:
        """Keep a frame; of the same picture, only the one captured last is kept."""
        with self._lock:
            before = self._frames.get(frame.sha1)
            if before is not None and before.time >= frame.time:
                return
            self._bytes += frame.pixels.nbytes
            if before is not None:
                self._drop(before)
            self._frames[frame.sha1] = frame
            while len(self._frames) > 1:
                oldest = next(iter(self._frames.values()))
                if self._bytes <= self._max_bytes and frame.time - oldest.time <= self._seconds:
                    break
                self._drop(oldest)

    def get(self, sha1: str) -> Frame | None:
        """The frame with this content, while it is kept."""
        with self._lock:
            return self._frames.get(sha1)

    def since(self, time: float) -> tuple[Frame, ...]:
        """The frames seen last at or after a monotonic time, oldest first."""
        with self._lock:
            return tuple(frame for frame in self._frames.values() if frame.time >= time)

    def _drop(self, frame: Frame) -> None:
        del self._frames[frame.sha1]
        self._bytes -= frame.pixels.nbytes
