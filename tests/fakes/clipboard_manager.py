"""A clipboard manager as freedesktop.org describes it: keeps the clipboard of those who leave."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from Xlib import X, Xatom
from Xlib.display import Display
from Xlib.protocol.event import SelectionNotify


class ClipboardManager(threading.Thread):
    """Waits for one request to save the clipboard, and asks for all formats in one go.

    `saved` holds them by name; `refused` is what the owner would not give.
    """

    def __init__(self, display_name: str, formats: Sequence[str]) -> None:
        super().__init__(name="clipboard manager", daemon=True)
        self._formats = formats
        self.saved: dict[str, bytes] = {}
        self.refused: set[str] = set()
        self._display = Display(display_name)
        self._atom = self._display.get_atom
        self._window = self._display.screen().root.create_window(
            0, 0, 1, 1, 0, X.CopyFromParent, event_mask=X.PropertyChangeMask
        )
        self._window.set_selection_owner(self._atom("CLIPBOARD_MANAGER"), X.CurrentTime)
        self._display.sync()

    def run(self) -> None:
        request = self._event(X.SelectionRequest)
        assert request.target == self._atom("SAVE_TARGETS")
        place = self._atom("PAIRS")
        pairs = [n for name in self._formats for n in (self._atom(name), self._atom(f"P {name}"))]
        self._window.change_property(place, self._atom("ATOM_PAIR"), 32, pairs)
        self._window.convert_selection(
            self._atom("CLIPBOARD"), self._atom("MULTIPLE"), place, X.CurrentTime
        )
        assert self._event(X.SelectionNotify).property == place
        answered = self._window.get_full_property(place, X.AnyPropertyType).value
        for name, given in zip(self._formats, answered[1::2], strict=True):
            if given == X.NONE:
                self.refused.add(name)
            else:
                self.saved[name] = self._window.get_full_property(given, X.AnyPropertyType).value
        done = SelectionNotify(
            time=request.time,
            requestor=request.requestor,
            selection=request.selection,
            target=request.target,
            property=X.NONE,
        )
        request.requestor.send_event(done)
        self._display.sync()

    def close(self) -> None:
        """Wait for the thread to end, and disconnect."""
        self.join(timeout=10)
        assert not self.is_alive()
        self._display.close()

    def timestamp_and_formats(self) -> tuple[int, set[str]]:
        """What the clipboard's owner says of itself, asked in the caller's thread."""
        stamp = self._ask("TIMESTAMP").value[0]
        names = {self._display.get_atom_name(atom) for atom in self._ask("TARGETS").value}
        return stamp, names

    def _ask(self, target: str) -> Any:
        place = self._atom("ANSWER")
        self._window.convert_selection(
            self._atom("CLIPBOARD"), self._atom(target), place, X.CurrentTime
        )
        assert self._event(X.SelectionNotify).property == place
        return self._window.get_full_property(place, Xatom.ATOM if target == "TARGETS" else 0)

    def _event(self, kind: int) -> Any:
        while True:
            event = self._display.next_event()
            if event.type == kind:
                return event
