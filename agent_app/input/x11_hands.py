"""Feeling a person's hand on an X display while the agent works on it.

Raw events of XInput2 carry the device they come from: the agent's own go through XTEST. The stop
keys count from any device, for the agent may not press them (`agent_app.policy`); so somebody who
works through VNC, whose hand comes through XTEST as well, can still stop it.
"""

from __future__ import annotations

import math
import select
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from Xlib import X
from Xlib.error import ConnectionClosedError
from Xlib.ext import xinput

from agent_app.control import Touch
from agent_app.geometry import ScreenPoint
from agent_app.input.x11_devices import RAW_FIELDS, connect, program_devices, select_raw
from agent_app.input.x11_keymap import Keymap
from agent_app.keys import STOP_CHORD, without_side
from agent_app.xdisplay import x_display

REACH = 24.0  # pixels from where it lay: a shaken table moves a mouse by less
_REACH_SECONDS = 0.5
_POLL_SECONDS = 0.1  # when nothing comes, to notice that the watch is over
_RAW_TOUCH_BEGIN = 22  # of XI2.h; the library does not name it
_KINDS = (
    xinput.RawKeyPress,
    xinput.RawKeyRelease,
    xinput.RawButtonPress,
    xinput.RawMotion,
    _RAW_TOUCH_BEGIN,
)
_PADDING = 4  # between the fields of a raw event and its valuators
_FIXED = struct.Struct("=iI")  # a whole number and its fraction in 32 bits


class HandWatch:
    """Calls `on_hand` at each touch of a person's hand, and `on_stop` with the reason for a stop.

    Both are called in a thread of the watch's own. `on_hand` gets what was done and where the
    pointer is then; moves count from `REACH` pixels within half a second. A stop is the stop keys,
    pressed together on any device, the pointer in a corner of the screen, brought there by a hand,
    or the loss of the display. Raises KnownError when the display cannot be listened to.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        on_hand: Callable[[Touch, ScreenPoint], None],
        on_stop: Callable[[str], None],
    ) -> None:
        self._on_hand = on_hand
        self._on_stop = on_stop
        self._display: Any = connect(x_display(environment), ("XInputExtension",))
        try:
            self._programs = select_raw(self._display, _KINDS)
            self._axes = _Axes(self._display)
            self._read_keymap()
        except BaseException:
            self._display.close()
            raise
        screen = self._display.screen()
        right, bottom = screen.width_in_pixels - 1, screen.height_in_pixels - 1
        self._corners = {ScreenPoint(x, y) for x in (0, right) for y in (0, bottom)}
        self._reach = Reach()
        self._down: set[int] = set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="feeling hands", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop watching; calling it twice is harmless."""
        if self._ended.is_set():
            return
        self._ended.set()
        self._thread.join()
        with suppress(ConnectionClosedError):
            self._display.close()

    def _watch(self) -> None:
        display = self._display
        try:
            while not self._ended.is_set():
                if not display.pending_events():
                    select.select([display], [], [], _POLL_SECONDS)
                while display.pending_events():
                    self._take(display.next_event())
        except (ConnectionClosedError, OSError, ValueError):  # a closed socket cannot be selected
            if not self._ended.is_set():
                self._on_stop("the display is gone")

    def _take(self, event: Any) -> None:
        if event.type == X.MappingNotify:
            self._keymap_is_old = True
            return
        kind = getattr(event, "evtype", None)
        if kind == xinput.HierarchyChanged:
            self._programs = program_devices(self._display)
            self._axes = _Axes(self._display)
        elif kind in _KINDS:
            _, _, detail, source, _, _ = RAW_FIELDS.unpack_from(event.data)
            if kind == xinput.RawKeyRelease:
                self._down.discard(detail)
            elif kind == xinput.RawKeyPress:
                self._press(detail)
            if source not in self._programs and kind != xinput.RawKeyRelease:
                self._feel(kind, source, event.data)

    def _press(self, code: int) -> None:
        self._down.add(code)
        if self._keymap_is_old and len(self._down) >= len(STOP_CHORD):
            self._read_keymap()
        if frozenset(STOP_CHORD) <= {self._names.get(code, "") for code in self._down}:
            self._on_stop(f"{'+'.join(STOP_CHORD)} was pressed")

    def _feel(self, kind: int, source: int, data: bytes) -> None:
        here = self._display.screen().root.query_pointer()
        point = ScreenPoint(here.root_x, here.root_y)
        if kind == xinput.RawMotion:
            moved = self._axes.moved(source, data)
            if point in self._corners:
                self._on_stop("the pointer was moved into a corner of the screen")
            elif moved is not None and self._reach.is_far(*moved, now=time.monotonic()):
                self._on_hand("motion", point)
        else:
            self._on_hand("key" if kind == xinput.RawKeyPress else "button", point)

    def _read_keymap(self) -> None:
        self._keymap_is_old = False
        names = Keymap(self._display).names()
        self._names = {code: without_side(name) for code, name in names.items()}


class Reach:
    """Tells a hand that moves the mouse from a table that shakes it."""

    def __init__(self) -> None:
        self._moves: deque[tuple[float, float, float]] = deque()

    def is_far(self, dx: float, dy: float, *, now: float) -> bool:
        """Whether the moves of the last half second, this one too, lead away from where it lay."""
        self._moves.append((now, dx, dy))
        while self._moves[0][0] < now - _REACH_SECONDS:
            self._moves.popleft()
        x = sum(move[1] for move in self._moves)
        y = sum(move[2] for move in self._moves)
        return math.hypot(x, y) >= REACH


class _Axes:
    """What the numbers of a moved device mean: steps of a mouse, or places on a tablet."""

    def __init__(self, display: Any) -> None:
        screen = display.screen()
        sides = (screen.width_in_pixels, screen.height_in_pixels)
        self._scales: dict[tuple[int, int], float] = {}  # pixels a unit, of absolute axes
        self._last: dict[tuple[int, int], float] = {}
        for device in display.xinput_query_device(xinput.AllDevices).devices:
            for part in device.classes:
                if part.type != xinput.ValuatorClass or part.number > 1 or not part.mode:
                    continue
                span = float(part.max) - float(part.min)
                if span > 0:
                    self._scales[device.deviceid, part.number] = sides[part.number] / span

    def moved(self, device: int, data: bytes) -> tuple[float, float] | None:
        """By how many pixels a raw motion went; None when its pointer stayed, as in scrolling."""
        words = RAW_FIELDS.unpack_from(data)[4]
        start = RAW_FIELDS.size + _PADDING
        mask = int.from_bytes(data[start : start + 4 * words], "little")
        start += 4 * words
        moved = [0.0, 0.0]
        for axis in range(2):
            if not mask >> axis & 1:
                continue
            whole, fraction = _FIXED.unpack_from(data, start)
            start += _FIXED.size
            value = whole + fraction / 2**32
            scale = self._scales.get((device, axis))
            if scale is not None:
                last = self._last.get((device, axis), value)
                self._last[device, axis] = value
                value = (value - last) * scale
            moved[axis] = value
        return (moved[0], moved[1]) if mask & 3 else None
