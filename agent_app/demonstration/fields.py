"""Which field has the keyboard, and whether it is one for passwords: AT-SPI, over D-Bus.

Applications tell when the focus moves; each field is asked once what it is. An application that
does not take part tells nothing, and then nothing is known of its fields.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from jeepney import DBusAddress, HeaderFields, Message, MessageType, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from agent_app.geometry import Region
from agent_app.runtimes.reader.seeing.atspi import (
    ACTIVE,
    COMPONENT,
    DAEMON,
    FOCUSED,
    PROPERTIES,
    REGISTRY,
    ROOT,
    SHOWING,
    TEXT,
    TREE,
    bus_address,
    method_call,
    state_bits,
)
from agent_app.runtimes.reader.seeing.bus import Bus, BusError

# Of the AT-SPI 2 specification (atspi-constants.h).
_PASSWORD_TEXT = 40

_REGISTRY = DBusAddress("/org/a11y/atspi/registry", bus_name=REGISTRY, interface=REGISTRY)
_SIGNALS = (
    "type='signal',interface='org.a11y.atspi.Event.Object',member='StateChanged',arg0='focused'"
)
_EVENTS = ("object:state-changed:focused", "focus:")  # Qt may hear of the second one only
_SECONDS = 1.0  # for one question to an application
_POLL_SECONDS = 0.1
_KEPT = 200
_LEVELS, _NODES = 40, 3000
_LONGEST_TEXT = 20_000


@dataclass(frozen=True, slots=True)
class Field:
    """Something that had the focus from `began` on; `owner` and `path` are its name on the bus.

    It is the same field each time that it has the focus.
    """

    owner: str
    path: str
    password: bool
    began: float = field(compare=False)
    ended: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Content:
    """Where a field lies, None when it does not show, and its characters, None when not told."""

    region: Region | None
    length: int | None


class Fields:
    """Follows the focus on one desktop in a thread of its own; nothing here raises.

    `note` says why nothing is known, if so.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.note = ""
        self._lock = threading.Lock()
        self._history: deque[Field] = deque(maxlen=_KEPT)
        self._ended = threading.Event()
        self._wanted: float | None = None
        self._telling: set[str] = set()  # the applications that tell when the focus moves
        self._bus: Bus | None = None
        self._thread: threading.Thread | None = None
        try:
            address = bus_address(environment.get("DBUS_SESSION_BUS_ADDRESS", ""), seconds=_SECONDS)
            self._bus, asking = Bus(address), Bus(address)
            signals = open_dbus_connection(address)
        except (BusError, OSError, RuntimeError, ValueError, StopIteration) as error:
            self.note = f"password fields are not recognised: no accessibility bus ({error})"
            return
        self._thread = threading.Thread(
            target=self._follow, args=(signals, asking), name="following the focus"
        )
        self._thread.start()

    def look(self, at: float) -> None:
        """Something is typed at this moment: find out where, unless that is known."""
        if not any(had.owner in self._telling for had in self.during(at, at)):
            self._wanted = at

    def during(self, began: float, ended: float) -> tuple[Field, ...]:
        """What had the focus at any moment between two."""
        with self._lock:
            return tuple(
                had
                for had in self._history
                if had.began <= ended and (had.ended is None or had.ended >= began)
            )

    def content(self, field: Field) -> Content | None:
        """Where a field lies now, and how much stands in it; None when the field is no more."""
        state, extents, count = self._ask(
            field,
            (TREE, "GetState"),
            (COMPONENT, "GetExtents", "u", (0,)),
            (PROPERTIES, "Get", "ss", (TEXT, "CharacterCount")),
        )
        if state is None and self._answered(field):
            return None
        region = None
        if state is not None and _shows(state) and extents:
            left, top, width, height = (int(side) for side in extents[0])
            if width > 0 and height > 0 and min(left, top) > -100_000:  # hidden ones report -2³¹
                region = Region(left, top, width, height)
        return Content(region, int(count[0][1]) if count else None)

    def text(self, field: Field) -> str | None:
        """What stands in a field now; None when it does not say, or it is very long."""
        content = self.content(field)
        if content is None or content.length is None or content.length > _LONGEST_TEXT:
            return None
        (answer,) = self._ask(field, (TEXT, "GetText", "ii", (0, -1)))
        return str(answer[0]) if answer else None

    def close(self) -> None:
        """Stop following; calling it twice is harmless."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._bus is not None:
            self._bus.close()
            self._bus = None

    def _ask(self, field: Field, *questions: tuple[Any, ...]) -> Sequence[tuple[Any, ...] | None]:
        if self._bus is None:
            return [None] * len(questions)
        try:
            self._bus.begin(_SECONDS)
            return self._bus.ask(
                [method_call(field.owner, field.path, *rest) for rest in questions]
            )
        except BusError:
            return [None] * len(questions)

    def _answered(self, field: Field) -> bool:
        """Whether the last question was answered at all, be it that there is no such field."""
        bus = self._bus
        return bus is not None and not bus.late and field.owner not in bus.silent

    def _follow(self, signals: DBusConnection, asking: Bus) -> None:
        try:
            signals.send(new_method_call(DAEMON, "AddMatch", "s", (_SIGNALS,)))
            _ask_for_events(signals)
            self._wanted = 0.0
            while not self._ended.is_set():
                if (wanted := self._wanted) is not None:
                    self._wanted = None
                    if self._scan(asking, wanted):
                        _ask_for_events(signals)
                try:
                    message = signals.receive(timeout=_POLL_SECONDS)
                except TimeoutError:
                    continue
                self._on_message(message, asking)
        except (BusError, OSError, ValueError) as error:
            self.note = f"password fields are not recognised: the bus went away ({error})"
        finally:
            signals.close()
            asking.close()

    def _on_message(self, message: Message, asking: Bus) -> None:
        if message.header.message_type is not MessageType.signal or len(message.body) < 2:
            return
        if message.header.fields.get(HeaderFields.member) != "StateChanged":
            return
        owner = str(message.header.fields.get(HeaderFields.sender, ""))
        path = str(message.header.fields.get(HeaderFields.path, ""))
        now = time.monotonic()
        self._telling.add(owner)
        if message.body[1]:
            self._enter(asking, owner, path, now)
        else:
            self._leave(now, lambda had: (had.owner, had.path) == (owner, path))

    def _scan(self, asking: Bus, began: float) -> bool:
        """Find out what has the focus; whether its application should be asked to tell of it.

        One that connected to the bus while we asked for events may not have heard that.
        """
        found = _focused_now(asking)
        if found is None:
            return False
        owner, path = found
        with self._lock:
            known = any(
                (had.owner, had.path) == found for had in self._history if had.ended is None
            )
        if not known:
            self._enter(asking, owner, path, began)
        return owner not in self._telling

    def _enter(self, asking: Bus, owner: str, path: str, now: float) -> None:
        asking.begin(_SECONDS)
        (role,) = asking.ask([method_call(owner, path, TREE, "GetRole")])
        self._leave(now, lambda _: True)
        with self._lock:
            self._history.append(Field(owner, path, bool(role and role[0] == _PASSWORD_TEXT), now))

    def _leave(self, now: float, is_left: Callable[[Field], bool]) -> None:
        with self._lock:
            self._history = deque(
                (
                    replace(had, ended=now) if had.ended is None and is_left(had) else had
                    for had in self._history
                ),
                maxlen=_KEPT,
            )


def start_accessibility(environment: Mapping[str, str]) -> None:
    """Have the accessibility bus run before a program starts that is to tell of its fields."""
    with suppress(BusError):
        bus_address(environment.get("DBUS_SESSION_BUS_ADDRESS", ""), seconds=_SECONDS)


def _ask_for_events(connection: DBusConnection) -> None:
    for event in _EVENTS:
        connection.send(new_method_call(_REGISTRY, "RegisterEvent", "s", (event,)))


def _focused_now(bus: Bus) -> tuple[str, str] | None:
    """What has the focus in the active window, as deep in its tree as is told."""
    bus.begin(2 * _SECONDS)
    (answer,) = bus.ask([method_call(REGISTRY, ROOT, TREE, "GetChildren")])
    level = [(str(owner), str(path)) for owner, path in answer[0]] if answer else []
    found: tuple[str, str] | None = None
    seen = 0
    for depth in range(_LEVELS):
        seen += len(level)
        if not level or seen > _NODES:
            break
        states = bus.ask([method_call(owner, path, TREE, "GetState") for owner, path in level])
        entered: list[tuple[str, str]] = []
        for node, state in zip(level, states, strict=True):
            bits = state_bits(state[0]) if state else 0
            if bits >> FOCUSED & 1:
                found = node
            # the applications, then their windows, of which one is active, then what shows there
            if depth == 0 or (bits >> ACTIVE & 1 if depth == 1 else bits >> SHOWING & 1):
                entered.append(node)
        families = bus.ask(
            [method_call(owner, path, TREE, "GetChildren") for owner, path in entered]
        )
        level = [
            (str(owner), str(path))
            for family in families
            if family
            for owner, path in family[0][:400]
        ]
    return found


def _shows(state: Sequence[Any]) -> bool:
    return bool(state_bits(state[0]) >> SHOWING & 1)
