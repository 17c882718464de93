"""The window that has the keyboard: whose it is, and whether it has read what was sent to it."""

from __future__ import annotations

import select
import time

from Xlib import X
from Xlib.display import Display
from Xlib.error import XError
from Xlib.protocol.event import ClientMessage
from Xlib.xobject.drawable import Window

# A window that answers pings does so as soon as it has read the events before; one that does not
# answer in this time is busy or hung. For windows without pings there is only waiting: 0.05 s were
# exact ten times out of ten on an idle machine, so this leaves room for a loaded one.
_ANSWER_SECONDS = 5.0
_SETTLE_SECONDS = 0.25
# Answers go to the root window: GTK's to who listens to its children, Qt's to its own listeners.
_ANSWERS = X.SubstructureNotifyMask | X.StructureNotifyMask


class Focus:
    """Looks at the focused window anew for each question."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._root: Window = display.screen().root
        self._serial = int(time.monotonic() * 1000) & 0xFFFFFFFF

    def client(self) -> int:
        """The focused window's client: what the ids of all its windows have in common; else 0."""
        try:
            window = self._window()
        except XError:
            return 0
        return 0 if window is None else window.id & ~self._display.display.info.resource_id_mask

    def names(self) -> tuple[str, str]:
        """WM_CLASS of the focused application (instance, class); empty when it has none."""
        try:
            window = self._window()
            while window is not None:
                if (names := window.get_wm_class()) is not None:
                    return names
                window = self._parent(window)
        except XError:  # it was closed under our eyes
            pass
        return "", ""

    def wait_until_read(self, *, otherwise: float = _SETTLE_SECONDS) -> bool:
        """Return once the focused application has read every event sent to it so far.

        It asks with _NET_WM_PING (EWMH), which applications answer in the order of their events,
        and waits `otherwise` seconds where the application does not take part. True when the
        application has said so itself.
        """
        try:
            window = self._pingable()
            if window is not None:
                return self._ping(window)
        except XError:  # it was closed under our eyes: nobody is left to read
            return False
        self._display.sync()
        time.sleep(otherwise)
        return False

    def _window(self) -> Window | None:
        focus = self._display.get_input_focus().focus
        if focus == X.NONE:
            return None
        if focus != X.PointerRoot:
            return focus
        window: Window = self._root  # without a window manager keys go to where the pointer is
        while child := window.query_pointer().child:
            window = child
        return window

    def _parent(self, window: Window) -> Window | None:
        return window.query_tree().parent or None

    def _pingable(self) -> Window | None:
        ping = self._display.get_atom("_NET_WM_PING")
        window = self._window()
        while window is not None and ping not in window.get_wm_protocols():
            window = self._parent(window)
        return window

    def _ping(self, window: Window) -> bool:
        protocols = self._display.get_atom("WM_PROTOCOLS")
        ping = self._display.get_atom("_NET_WM_PING")
        self._serial = (self._serial + 1) & 0xFFFFFFFF
        self._root.change_attributes(event_mask=_ANSWERS)
        try:
            question = (32, [ping, self._serial, window.id, 0, 0])
            window.send_event(ClientMessage(window=window, client_type=protocols, data=question))
            deadline = time.monotonic() + _ANSWER_SECONDS
            while (left := deadline - time.monotonic()) > 0:
                while self._display.pending_events():
                    event = self._display.next_event()
                    if event.type == X.ClientMessage and list(event.data[1][:2]) == question[1][:2]:
                        return True
                select.select([self._display], [], [], left)
            return False
        finally:
            self._root.change_attributes(event_mask=X.NoEventMask)
            self._display.sync()
