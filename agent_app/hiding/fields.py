"""Which field has the keyboard, and whether it is one for passwords: AT-SPI, over D-Bus.

Applications tell when the focus moves; each field is asked once what it is. An application that
does not take part tells nothing, and then nothing is known of its fields.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from queue import SimpleQueue
from typing import Any

from jeepney import HeaderFields, Message, MessageType, new_method_call
from jeepney.io.blocking import open_dbus_connection

from agent_app.geometry import Region
from agent_app.hiding.focus import ask_for_events, focused_now, is_password
from agent_app.runtimes.reader.seeing.atspi import (
    COMPONENT,
    DAEMON,
    FOCUSED,
    PROPERTIES,
    SHOWING,
    TEXT,
    TREE,
    bus_address,
    method_call,
    state_bits,
)
from agent_app.runtimes.reader.seeing.bus import Bus, BusError

_SIGNALS = (
    "type='signal',interface='org.a11y.atspi.Event.Object',member='StateChanged',arg0='focused'"
)
_SECONDS = 1.0  # for one question to an application
_POLL_SECONDS = 0.1
_KEPT = 200
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
    """Where a field lies, None when it does not show, and its characters, None when it has none.

    Nothing of it is `told` when the application did not answer in time.
    """

    region: Region | None
    length: int | None
    told: bool = True


@dataclass(frozen=True, slots=True)
class _News:
    """Something has or has lost the focus."""

    owner: str
    path: str
    entered: bool
    at: float


class Fields:
    """Follows the focus on one desktop in threads of its own; nothing here raises.

    One hears the news, so that their time is right; the other asks what it is that has the focus,
    which may take an application a while to say. `note` says why nothing is known, if so.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.note = ""
        self._lock = threading.Lock()
        self._history: deque[Field] = deque(maxlen=_KEPT)
        self._ended = threading.Event()
        self._news = threading.Event()
        self._todo: SimpleQueue[_News | float | None] = SimpleQueue()
        self._open = 0  # how much of that is not done
        self._lags: deque[tuple[float, float]] = deque(maxlen=_KEPT)  # of answers: asked, answered
        self._is_broken = False  # the bus that answers is gone
        self._telling: set[str] = set()  # the applications that tell when the focus moves
        self._bus: Bus | None = None
        self._threads: list[threading.Thread] = []
        try:
            address = bus_address(environment.get("DBUS_SESSION_BUS_ADDRESS", ""), seconds=_SECONDS)
            self._bus, asking = Bus(address), Bus(address)
            signals = open_dbus_connection(address)
        except (BusError, OSError, RuntimeError, ValueError, StopIteration) as error:
            self.note = f"password fields are not recognised: no accessibility bus ({error})"
            return
        self._signals = signals
        self._threads = [
            threading.Thread(target=self._hear, name="hearing of the focus"),
            threading.Thread(target=self._find_out, args=(asking,), name="following the focus"),
        ]
        self._add(0.0)
        for thread in self._threads:
            thread.start()

    def look(self, at: float) -> None:
        """Something is typed at this moment: find out where, unless that is known."""
        if not any(had.owner in self._telling for had in self.during(at, at)):
            self._add(at)

    def lag(self, began: float, ended: float) -> float:
        """How long applications took to answer what they were asked between two moments."""
        with self._lock:
            lags = list(self._lags)
        return max(
            (done - asked for asked, done in lags if asked <= ended and done >= began), default=0.0
        )

    def wait_for_news(self, seconds: float) -> None:
        """Wait until the focus moves, at most so long."""
        self._news.wait(seconds)
        self._news.clear()

    def is_current(self) -> bool | None:
        """Whether all news of the focus is in: what had it last says that it still has it.

        None when that says no and nothing else has told yet that it has the focus; False while an
        application owes an answer.
        """
        if self.note:
            return True
        with self._lock:
            if self._open:
                return False
            last = self._history[-1] if self._history else None
        if last is None:
            return True  # nothing has ever told of the focus here
        if last.ended is not None:
            return None
        (state,) = self._ask(last, (TREE, "GetState"))
        if state is None:
            return None if self._answered(last) else False
        return bool(state_bits(state[0]) >> FOCUSED & 1) or None

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
        if not self._answered(field):
            return Content(None, None, told=False)
        if state is None:
            return None
        region = None
        if _shows(state) and extents:
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
        self._todo.put(None)
        for thread in self._threads:
            thread.join()
        self._threads = []
        if self._bus is not None:
            self._bus.close()
            self._bus = None

    def _ask(self, field: Field, *questions: tuple[Any, ...]) -> Sequence[tuple[Any, ...] | None]:
        if self._bus is None:
            return [None] * len(questions)
        asked = time.monotonic()
        try:
            self._bus.begin(_SECONDS)
            return self._bus.ask(
                [method_call(field.owner, field.path, *rest) for rest in questions]
            )
        except BusError:
            self._is_broken = True
            return [None] * len(questions)
        finally:
            with self._lock:
                self._lags.append((asked, time.monotonic()))

    def _answered(self, field: Field) -> bool:
        """Whether the last question was answered at all, be it that there is no such field."""
        bus = self._bus
        if bus is None or self._is_broken:
            return False
        return not bus.late and field.owner not in bus.silent

    def _add(self, news: _News | float) -> None:
        with self._lock:
            self._open += 1
        self._todo.put(news)

    def _hear(self) -> None:
        try:
            while not self._ended.is_set():
                with suppress(TimeoutError):
                    self._on_message(self._signals.receive(timeout=_POLL_SECONDS))
        except (OSError, ValueError) as error:
            self._lose(error)
        finally:
            self._signals.close()

    def _on_message(self, message: Message) -> None:
        if message.header.message_type is not MessageType.signal or len(message.body) < 2:
            return
        if message.header.fields.get(HeaderFields.member) != "StateChanged":
            return
        owner = str(message.header.fields.get(HeaderFields.sender, ""))
        path = str(message.header.fields.get(HeaderFields.path, ""))
        self._telling.add(owner)
        self._add(_News(owner, path, bool(message.body[1]), time.monotonic()))

    def _find_out(self, asking: Bus) -> None:
        try:
            self._signals.send(new_method_call(DAEMON, "AddMatch", "s", (_SIGNALS,)))
            ask_for_events(self._signals)
            while (news := self._todo.get()) is not None:
                if not isinstance(news, _News):
                    self._scan(asking, news)
                elif news.entered:
                    self._enter(asking, news.owner, news.path, news.at, left=news.at)
                else:
                    self._leave(news.at, (news.owner, news.path))
                with self._lock:
                    self._open -= 1
                self._news.set()
        except (BusError, OSError) as error:
            self._lose(error)
        finally:
            asking.close()

    def _lose(self, error: Exception) -> None:
        if not self._ended.is_set():
            self.note = f"password fields are not recognised: the bus went away ({error})"

    def _scan(self, asking: Bus, began: float) -> None:
        """Find out what has the focus, and has had it since a moment, for all that is known.

        An application that connected to the bus while we asked for events may not have heard that,
        so it is asked again.
        """
        found = focused_now(asking)
        if found is None:
            return
        owner, path = found
        with self._lock:
            known = any(
                (had.owner, had.path) == found for had in self._history if had.ended is None
            )
        if not known:
            self._enter(asking, owner, path, began, left=time.monotonic())
        if owner not in self._telling:
            ask_for_events(self._signals)

    def _enter(self, asking: Bus, owner: str, path: str, began: float, *, left: float) -> None:
        """Something has the focus, and what had it before has lost it."""
        secret = is_password(asking, owner, path)
        self._leave(left)
        with self._lock:
            self._history.append(Field(owner, path, secret, began))

    def _leave(self, now: float, name: tuple[str, str] | None = None) -> None:
        """The focus has left a field, or any."""
        with self._lock:
            self._history = deque(
                (
                    replace(had, ended=now)
                    if had.ended is None and name in (None, (had.owner, had.path))
                    else had
                    for had in self._history
                ),
                maxlen=_KEPT,
            )


def start_accessibility(environment: Mapping[str, str]) -> None:
    """Have the accessibility bus run before a program starts that is to tell of its fields."""
    with suppress(BusError):
        bus_address(environment.get("DBUS_SESSION_BUS_ADDRESS", ""), seconds=_SECONDS)


def _shows(state: Sequence[Any]) -> bool:
    return bool(state_bits(state[0]) >> SHOWING & 1)
