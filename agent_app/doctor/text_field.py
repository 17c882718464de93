"""A text field in a process of its own, to type into and to read back."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Self

from agent_app.errors import KnownError


class TextField:
    """A running `agent_app.ui.text_field`; `seconds` bounds each wait for it."""

    def __init__(self, environment: Mapping[str, str], *, seconds: float = 10.0) -> None:
        self._seconds = seconds
        surroundings = dict(environment)
        surroundings["QT_ENABLE_HIGHDPI_SCALING"] = "0"  # its pixels are then the input's
        if sys.platform.startswith("linux"):
            surroundings["QT_QPA_PLATFORM"] = "xcb"
            surroundings["QT_LINUX_ACCESSIBILITY_ALWAYS_ON"] = "1"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "agent_app.ui.text_field"],
            env=surroundings,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._listener = threading.Thread(target=self._listen, name="doctor-field", daemon=True)
        self._listener.start()
        self._state: dict[str, Any] = {"shown": False, "clicked": False, "text": "", "x": 0, "y": 0}

    def wait_for(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The field's state once the condition holds, or as it was when the time was over.

        Raises KnownError when the window could not be started or is gone.
        """
        deadline = time.monotonic() + self._seconds
        while not condition(self._state):
            try:
                line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                break
            if not line:
                assert self._process.stderr is not None
                said = self._process.stderr.read().decode(errors="replace").strip().splitlines()
                raise KnownError(
                    f"a window did not start: {said[-1] if said else 'no reason given'}",
                    remedy="install what Qt loads on X11: libxcb-cursor0 libxkbcommon-x11-0 "
                    "libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 libegl1 libgl1 libdbus-1-3",
                )
            self._state = json.loads(line)
        return self._state

    def close(self) -> None:
        """End the window."""
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

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(b"")
