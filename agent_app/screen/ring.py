"""The frames of the last seconds, each kept once: for looking back, recording and showing."""

from __future__ import annotations

import threading
from collections import deque

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
        self._frames: deque[Frame] = deque()
        self._by_sha1: dict[str, Frame] = {}
        self._bytes = 0

    def add(self, frame: Frame) -> None:
        """Keep a frame, unless the ring holds this very picture already."""
        with self._lock:
            if frame.sha1 in self._by_sha1:
                return
            self._frames.append(frame)
            self._by_sha1[frame.sha1] = frame
            self._bytes += frame.pixels.nbytes
            while len(self._frames) > 1 and (
                self._bytes > self._max_bytes or frame.time - self._frames[0].time > self._seconds
            ):
                oldest = self._frames.popleft()
                del self._by_sha1[oldest.sha1]
                self._bytes -= oldest.pixels.nbytes

    def get(self, sha1: str) -> Frame | None:
        """The frame with this content, while it is kept."""
        with self._lock:
            return self._by_sha1.get(sha1)

    def since(self, time: float) -> tuple[Frame, ...]:
        """The frames captured at or after a monotonic time, oldest first."""
        with self._lock:
            return tuple(frame for frame in self._frames if frame.time >= time)
