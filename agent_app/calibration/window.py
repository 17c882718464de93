"""The board: windows with targets, in a process of their own (`agent_app.ui.targets`)."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any, Self

from agent_app.calibration.measuring import Offset
from agent_app.errors import KnownError

_START_SECONDS = 60.0
_DRAWN_SECONDS = 15.0


class BoardWindow:
    """A running `agent_app.ui.targets`, as a `Board`; it shows these words, "" for its own.

    Raises KnownError when it does not start.
    """

    def __init__(self, environment: Mapping[str, str], words: str = "") -> None:
        surroundings = dict(environment)
        if sys.platform.startswith("linux"):
            surroundings["QT_QPA_PLATFORM"] = "xcb"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "agent_app.ui.targets", *([words] if words else [])],
            env=surroundings,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._listener = threading.Thread(target=self._listen, name="targets", daemon=True)
        self._listener.start()
        try:
            told = self._next(_START_SECONDS)
            if told is None:
                raise KnownError(
                    "the window with the targets does not show", remedy="look at agent-app doctor"
                )
        except BaseException:
            self.close()
            raise
        self.screens = int(told["screens"])

    def show(self, screen: int, target: int, colour: int) -> None:
        """Have it drawn, and wait until it is."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{screen} {target} {colour}\n".encode())
        self._process.stdin.flush()
        deadline = time.monotonic() + _DRAWN_SECONDS
        while told := self._next(max(0.0, deadline - time.monotonic())):
            if told.get("drawn") == [screen, target, colour]:
                return

    def arrival(self, seconds: float) -> Offset | None:
        """Where the next click arrived beside the target."""
        told = self._next(seconds)
        if told is None or told.get("offset") is None:
            return None
        dx, dy = told["offset"]
        return Offset(float(dx), float(dy))

    def close(self) -> None:
        """End the windows."""
        self._process.kill()
        self._process.wait()
        self._listener.join()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert stream is not None
            stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _next(self, seconds: float) -> dict[str, Any] | None:
        """What it says next; None when it says nothing in this time."""
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            return None
        if not line:
            assert self._process.stderr is not None
            said = self._process.stderr.read().decode(errors="replace").strip().splitlines()
            raise KnownError(
                f"the window with the targets is gone: {said[-1] if said else 'no reason given'}",
                remedy="look at agent-app doctor, which says what a window needs",
            )
        return json.loads(line)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(b"")
