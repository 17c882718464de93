"""Lending the clipboard: a text is put there for one paste, then what was there comes back.

On X11 the clipboard is not stored anywhere: its owner answers requests for as long as it lives
(ICCCM, chapter 2). So everything the previous owner offers is read first, in every format, and a
thread of ours answers for it afterwards, until someone copies something new or we are closed.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal

from Xlib import X, Xatom
from Xlib.display import Display
from Xlib.error import ConnectionClosedError, XError
from Xlib.protocol.event import SelectionNotify
from Xlib.xobject.drawable import Window

SelectionName = Literal["CLIPBOARD", "PRIMARY"]

_TAKE_SECONDS = 3.0  # for the application to ask for the text after the paste keys
_FORMAT_SECONDS = 2.0  # for the owner to give one format, and each piece of a large one
_READ_SECONDS = 6.0  # for all formats together; an owner slower than this loses the rest
_KEEP_OUT = "x-kde-passwordManagerHint"
_PIECE = 65536  # bytes in one property; larger values go in pieces (INCR)

# Requests to the owner rather than formats of what it holds.
_NOT_CONTENT = (
    *("TARGETS", "MULTIPLE", "TIMESTAMP", "SAVE_TARGETS"),
    *("DELETE", "INSERT_PROPERTY", "INSERT_SELECTION"),
)


@dataclass(frozen=True, slots=True)
class _Value:
    """A property's value as python-xlib has it: bytes, or an array of numbers."""

    type: int
    format: int
    data: Any

    def piece(self, at: int) -> Any:
        """The piece that starts at this item."""
        return self.data[at : at + _PIECE * 8 // self.format]


_Offer = dict[int, _Value]  # formats (atoms) and what they hold


class Clipboard:
    """The clipboard of one X display; `connect` opens a connection for it when first needed."""

    def __init__(self, connect: Callable[[], Display]) -> None:
        self._connect = connect
        self._owner: _Owner | None = None

    @contextmanager
    def lent(
        self, text: str, selections: Sequence[SelectionName], client: int
    ) -> Generator[Callable[[], bool]]:
        """Hold the text in these selections, and give back what they held.

        Yields a function that waits for this client to take the text, and says whether it or at
        least another one did: an application may have several connections to the display.
        """
        if self._owner is None:
            self._owner = _Owner(self._connect())
            self._owner.start()
        owner = self._owner
        owner.lend(text, selections, client)
        try:
            yield lambda: owner.taken.wait(_TAKE_SECONDS) or owner.taken_by_another
        finally:
            owner.give_back(selections)

    def close(self) -> None:
        """End the thread; a clipboard manager, where there is one, keeps what was in our care."""
        if self._owner is not None:
            self._owner.stop()
            self._owner = None


class _Owner(threading.Thread):
    """Owns selections and answers for them; the lock is held by whoever uses the connection."""

    def __init__(self, display: Display) -> None:
        super().__init__(name="clipboard", daemon=True)
        self.taken = threading.Event()
        self.taken_by_another = False
        self._display = display
        # Requestors may be gone before they are answered; that is theirs to deal with.
        display.set_error_handler(lambda _error, _request: None)
        self._atom = display.get_atom
        self._window: Window = display.screen().root.create_window(
            0, 0, 1, 1, 0, X.CopyFromParent, X.InputOnly, event_mask=X.PropertyChangeMask
        )
        self._offers: dict[int, _Offer] = {}
        self._saved: dict[int, _Offer] = {}
        self._since: dict[int, int] = {}
        self._client = 0
        self._sending: dict[tuple[int, int], tuple[Window, _Value, int]] = {}
        self._lock = threading.Lock()
        self._wake_read, self._wake_write = os.pipe()

    def run(self) -> None:
        # Whoever uses the clipboard next is told that the connection is closed; the number of a
        # closed one is no good for select, which is the ValueError.
        with suppress(ConnectionClosedError, ValueError):
            while self._wake_read not in select.select([self._display, self._wake_read], [], [])[0]:
                with self._lock:
                    self._handle_events()

    def stop(self) -> None:
        """End the thread and disconnect."""
        try:
            with self._lock:
                self._hand_over()
        finally:
            os.write(self._wake_write, b"!")
            self.join()
            os.close(self._wake_read)
            os.close(self._wake_write)
            self._display.close()

    def lend(self, text: str, selections: Sequence[SelectionName], client: int) -> None:
        """Read what these selections hold, and hold the text in them."""
        utf8 = text.encode()
        kinds = ("UTF8_STRING", "text/plain;charset=utf-8")
        with self._lock:
            self._display.sync()
            self._handle_events()  # someone may have copied something since
            offer = {self._atom(kind): _Value(self._atom(kind), 8, utf8) for kind in kinds}
            if text.isascii():
                offer[Xatom.STRING] = _Value(Xatom.STRING, 8, utf8)
            # Klipper and others keep nothing that says so of itself: what is lent for one paste is
            # no history of the person's, and may be a secret.
            offer[self._atom(_KEEP_OUT)] = _Value(self._atom(_KEEP_OUT), 8, b"secret")
            for name in selections:
                selection = self._atom(name)
                self._saved[selection] = self._content(selection)
                self._own(selection, offer)
            self.taken.clear()
            self.taken_by_another = False
            self._client = client
            self._handle_events()

    def give_back(self, selections: Sequence[SelectionName]) -> None:
        """Hold what was read before, or nothing if there was nothing."""
        with self._lock:
            self._client = 0
            self._handle_events()
            for name in selections:
                selection = self._atom(name)
                saved = self._saved.pop(selection)
                if selection not in self._offers:  # someone copied something new meanwhile
                    continue
                if saved:
                    self._own(selection, saved)
                else:
                    del self._offers[selection]
                    nobody = self._display.create_resource_object("window", X.NONE)
                    nobody.set_selection_owner(selection, self._since[selection])
            self._display.sync()
            self._handle_events()

    def _hand_over(self) -> None:
        """Ask a clipboard manager to keep what the clipboard holds (freedesktop.org's protocol)."""
        manager = self._atom("CLIPBOARD_MANAGER")
        if self._atom("CLIPBOARD") in self._offers and self._display.get_selection_owner(manager):
            self._convert(manager, self._atom("SAVE_TARGETS"))

    def _own(self, selection: int, offer: _Offer) -> None:
        self._since[selection] = self._now()
        self._offers[selection] = offer
        self._window.set_selection_owner(selection, self._since[selection])
        self._display.sync()

    def _now(self) -> int:
        """The server's time; ICCCM wants it rather than "now" when a selection is taken."""
        stamp = self._atom("AGENT_APP_TIME")
        self._window.change_property(stamp, Xatom.INTEGER, 32, [])
        event = self._next(lambda e: e.type == X.PropertyNotify and e.atom == stamp)
        return X.CurrentTime if event is None else event.time

    # Reading what another owner holds

    def _content(self, selection: int) -> _Offer:
        if selection in self._offers:
            return self._offers[selection]
        if not self._display.get_selection_owner(selection):
            return {}
        targets = self._convert(selection, self._atom("TARGETS"))
        if targets is None or targets.format != 32:
            return {}
        deadline = time.monotonic() + _READ_SECONDS
        skipped = {self._atom(name) for name in _NOT_CONTENT}
        content: _Offer = {}
        for target in targets.data:
            if target in skipped or time.monotonic() > deadline:
                continue
            value = self._convert(selection, target)
            if value is not None:
                content[target] = value
        return content

    def _convert(self, selection: int, target: int) -> _Value | None:
        """Ask the owner for one format; None when it refuses or does not answer."""
        place = self._atom("AGENT_APP_SELECTION")
        self._window.delete_property(place)
        self._window.convert_selection(selection, target, place, X.CurrentTime)
        answer = self._next(
            lambda e: e.type == X.SelectionNotify and (e.selection, e.target) == (selection, target)
        )
        if answer is None or answer.property == X.NONE:
            return None
        value = self._read(place)
        if value is None or value.type != self._atom("INCR"):
            self._window.delete_property(place)
            return value
        return self._read_in_pieces(place)

    def _read_in_pieces(self, place: int) -> _Value | None:
        pieces: list[_Value] = []
        while True:
            self._window.delete_property(place)  # asks for the next piece
            if self._next(self._is_new_value_of(place)) is None:
                return None
            piece = self._read(place)
            if piece is None:
                return None
            if not len(piece.data):
                self._window.delete_property(place)
                break
            pieces.append(piece)
        if not pieces:
            return _Value(piece.type, piece.format, piece.data)
        if isinstance(pieces[0].data, bytes):
            whole = b"".join(each.data for each in pieces)
        else:
            whole = [number for each in pieces for number in each.data]
        return _Value(pieces[0].type, pieces[0].format, whole)

    def _is_new_value_of(self, place: int) -> Callable[[Any], bool]:
        return lambda e: (
            e.type == X.PropertyNotify and e.atom == place and e.state == X.PropertyNewValue
        )

    def _read(self, place: int) -> _Value | None:
        found = self._window.get_full_property(place, X.AnyPropertyType)
        return None if found is None else _Value(found.property_type, found.format, found.value)

    # Answering for what we hold

    def _next(self, matches: Callable[[Any], bool]) -> Any | None:
        """The next event that matches, the others being handled; None when it does not come."""
        deadline = time.monotonic() + _FORMAT_SECONDS
        while True:
            while self._display.pending_events():
                event = self._display.next_event()
                if matches(event):
                    return event
                self._handle(event)
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            select.select([self._display], [], [], left)

    def _handle_events(self) -> None:
        while self._display.pending_events():
            self._handle(self._display.next_event())

    def _handle(self, event: Any) -> None:
        if event.type == X.SelectionRequest:
            with suppress(XError):  # the requestor is gone
                self._answer(event)
        elif event.type == X.SelectionClear:
            self._offers.pop(event.atom, None)
        elif event.type == X.PropertyNotify and event.state == X.PropertyDelete:
            key = (event.window.id, event.atom)
            if key in self._sending:
                self._send_piece(key)

    def _answer(self, request: Any) -> None:
        place = request.property or request.target  # old clients leave the property out
        offer = self._offers.get(request.selection)
        given = offer is not None and self._give(request, offer, request.target, place)
        request.requestor.send_event(
            SelectionNotify(
                time=request.time,
                requestor=request.requestor,
                selection=request.selection,
                target=request.target,
                property=place if given else X.NONE,
            )
        )
        self._display.flush()
        content = offer is not None and request.target in offer
        if given and content and self._is_client(request.requestor):
            self.taken.set()
        elif given and content:
            self.taken_by_another = True

    def _give(self, request: Any, offer: _Offer, target: int, place: int) -> bool:
        """Put one format into the requestor's property."""
        window: Window = request.requestor
        if target == self._atom("MULTIPLE"):
            return self._give_multiple(request, offer, place)
        if target == self._atom("TARGETS"):
            own = [self._atom(name) for name in ("TARGETS", "TIMESTAMP", "MULTIPLE")]
            value = _Value(Xatom.ATOM, 32, [*own, *offer])
        elif target == self._atom("TIMESTAMP"):
            value = _Value(Xatom.INTEGER, 32, [self._since[request.selection]])
        elif target in offer:
            value = offer[target]
        else:
            return False
        if len(value.data) * value.format // 8 <= _PIECE:
            window.change_property(place, value.type, value.format, value.data)
            return True
        size = len(value.data) * value.format // 8
        window.change_attributes(event_mask=X.PropertyChangeMask)
        window.change_property(place, self._atom("INCR"), 32, [size])
        self._sending[(window.id, place)] = (window, value, 0)
        return True

    def _give_multiple(self, request: Any, offer: _Offer, place: int) -> bool:
        """Several formats at once: pairs of format and property; 0 marks what was refused."""
        asked = request.requestor.get_full_property(place, X.AnyPropertyType)
        if asked is None or asked.format != 32:
            return False
        answered: list[int] = []
        for target, each in zip(asked.value[::2], asked.value[1::2], strict=False):
            given = self._give(request, offer, target, each)
            answered += [target, each if given else X.NONE]
        request.requestor.change_property(place, asked.property_type, 32, answered)
        return True

    def _send_piece(self, key: tuple[int, int]) -> None:
        """The next piece of a large value; the empty one that ends it comes last."""
        window, value, at = self._sending[key]
        piece = value.piece(at)
        window.change_property(key[1], value.type, value.format, piece)
        if len(piece):
            self._sending[key] = (window, value, at + len(piece))
        else:
            del self._sending[key]
        self._display.flush()

    def _is_client(self, window: Window) -> bool:
        return window.id & ~self._display.display.info.resource_id_mask == self._client
