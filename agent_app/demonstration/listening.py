"""Listening to the hand on an X display, without grabbing or holding up anything.

Two connections, because the server tells half of it on each (see `attribution`). Moves of the
pointer are not listened to, a fast mouse sends a thousand in a second: where it rests is polled.
"""

from __future__ import annotations

import queue
import select
import struct
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from Xlib import X
from Xlib.error import ConnectionClosedError
from Xlib.ext import record, xinput

from agent_app.demonstration.attribution import Attributed, Attribution, CoreEvent, RawEvent
from agent_app.demonstration.hand import ButtonChanged, HandEvent, KeyChanged
from agent_app.demonstration.keyboard import Keyboard
from agent_app.errors import KnownError
from agent_app.geometry import ScreenPoint
from agent_app.input.x11_devices import RAW_FIELDS, connect, program_devices, select_raw
from agent_app.xdisplay import x_display

_RAW = {
    xinput.RawKeyPress: ("key", True),
    xinput.RawKeyRelease: ("key", False),
    xinput.RawButtonPress: ("button", True),
    xinput.RawButtonRelease: ("button", False),
}
_CORE = {
    X.KeyPress: ("key", True),
    X.KeyRelease: ("key", False),
    X.ButtonPress: ("button", True),
    X.ButtonRelease: ("button", False),
}
_CORE_FIELDS = struct.Struct("=BBHIIIIhhhhHBx")  # xEvent of the core protocol (Xproto.h)
_NOTHING = (0, 0)
_POLL_SECONDS = 0.1  # when nothing comes, to notice that the listening is over
_CLOCK_WRAPS = 1 << 32  # milliseconds


class Listener:
    """Puts the events of a person's hand into `events`; None there means that the display is gone.

    A hand is any device but the ones through which programs send input (XTEST); with `injected`
    those count, too: a person who works through VNC or a remote desktop comes by them. Raises
    KnownError when the display cannot be listened to.
    """

    def __init__(self, environment: Mapping[str, str], *, injected: bool = False) -> None:
        if not sys.platform.startswith("linux"):
            raise KnownError(
                "a demonstration can be recorded on X11 only, for now",
                remedy="record on a Linux machine with an X11 session",
            )
        self.events: queue.SimpleQueue[HandEvent | None] = queue.SimpleQueue()
        self._injected = injected
        self._attribution = Attribution()
        self._lock = threading.Lock()
        self._keyboard = Keyboard(environment)
        self._keymap_is_old = False
        self._ended = threading.Event()
        self._gone_said = False
        name = x_display(environment)
        try:
            self._raw, self._core, self._control = (
                connect(name, ("RECORD", "XInputExtension")) for _ in range(3)
            )
            self._programs = select_raw(self._raw, _RAW)
            self._context = self._make_context()
        except BaseException:
            self._keyboard.close()
            raise
        self._threads = [
            threading.Thread(target=target, name=f"listening to {what}")
            for target, what in ((self._listen_raw, "devices"), (self._listen_core, "events"))
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Stop listening; calling it twice is harmless."""
        if self._ended.is_set():
            return
        self._ended.set()
        with suppress(ConnectionClosedError):
            self._control.record_disable_context(self._context)
            self._control.sync()
        for thread in self._threads:
            thread.join()
        for display in (self._raw, self._core, self._control):
            with suppress(ConnectionClosedError):
                display.close()
        self._keyboard.close()

    def _make_context(self) -> int:
        """The record of all keys and buttons, wherever they go."""
        everything: dict[str, Any] = {
            "core_requests": _NOTHING,
            "core_replies": _NOTHING,
            "ext_requests": _NOTHING * 2,
            "ext_replies": _NOTHING * 2,
            "delivered_events": _NOTHING,
            "device_events": (X.KeyPress, X.ButtonRelease),
            "errors": _NOTHING,
            "client_started": False,
            "client_died": False,
        }
        control: Any = self._control
        context: int = control.record_create_context(0, [record.AllClients], [everything])
        control.sync()
        return context

    def _listen_raw(self) -> None:
        display: Any = self._raw
        try:
            while not self._ended.is_set():
                if not display.pending_events():
                    select.select([display], [], [], _POLL_SECONDS)
                with self._lock:
                    while display.pending_events():
                        self._on_raw(display.next_event())
                    self._pass_on()
        except (ConnectionClosedError, OSError, ValueError):  # a closed socket cannot be selected
            self._say_gone()

    def _on_raw(self, event: Any) -> None:
        if event.type == X.MappingNotify:
            self._keymap_is_old = True
        elif (kind := getattr(event, "evtype", None)) == xinput.HierarchyChanged:
            self._programs = program_devices(self._control)
        elif kind in _RAW:
            _, at, detail, source, _, _ = RAW_FIELDS.unpack_from(event.data)
            what, down = _RAW[kind]
            raw = RawEvent(what, down, detail, at, source)  # type: ignore[arg-type]
            self._attribution.add_raw(raw, time.monotonic())

    def _listen_core(self) -> None:
        display: Any = self._core
        try:
            display.record_enable_context(self._context, self._on_record)
        except (ConnectionClosedError, OSError):
            self._say_gone()

    def _on_record(self, reply: Any) -> None:
        if reply.category != record.FromServer:
            return
        now = time.monotonic()
        with self._lock:
            for start in range(0, len(reply.data) - _CORE_FIELDS.size + 1, 32):
                fields = _CORE_FIELDS.unpack_from(reply.data, start)
                kind, detail, _, at, _, _, _, x, y, _, _, state, _ = fields
                if kind in _CORE:
                    what, down = _CORE[kind]
                    core = CoreEvent(what, down, detail, at, ScreenPoint(x, y), state)  # type: ignore[arg-type]
                    self._attribution.add_core(core, now)
            self._pass_on()

    def _pass_on(self) -> None:
        now = time.monotonic()
        for part in self._attribution.attributed(now):
            if self._injected or part.device not in self._programs:
                self.events.put(self._as_hand(part, now))

    def _as_hand(self, part: Attributed, now: float) -> HandEvent:
        event = part.event
        at = _on_our_clock(event.time, now)
        if event.kind == "button":
            return ButtonChanged(at, event.down, event.code, event.point)
        if not event.down:
            return KeyChanged(at, False, event.code)
        if self._keymap_is_old:
            self._keymap_is_old = False
            self._keyboard.read_layout()
        meaning = self._keyboard.press(event.code, event.state)
        return KeyChanged(
            at, True, event.code, meaning.name, meaning.text, part.repeat, meaning.quiet
        )

    def _say_gone(self) -> None:
        if not self._ended.is_set():
            self.events.put(None)


def _on_our_clock(milliseconds: int, now: float) -> float:
    """An X server's time as ours: both are the system's monotonic clock, the server's wraps.

    A server that counts otherwise (another machine's) is taken to have said it just now.
    """
    ours = int(now * 1000)
    behind = (ours - milliseconds) % _CLOCK_WRAPS
    return (ours - behind) / 1000 if behind < 60_000 else now
