"""The secrets of one desktop while runs work on it: typed where they are named, and never told."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import msgspec

from agent_app.actions import Input, Write
from agent_app.events import Event, encode_event
from agent_app.hiding.covering import Covering, SecretPlace
from agent_app.hiding.fields import Fields
from agent_app.hiding.news import wait_for_news
from agent_app.hiding.screen import HidingScreen
from agent_app.hiding.shots import Shot
from agent_app.hiding.telling import Telling
from agent_app.hiding.typing import SecretInput
from agent_app.markers import marker, written_forms
from agent_app.screen.frame import Frame, Screen

# The time after typing in which an application may still say that its focus was elsewhere.
_LATE_SECONDS = 0.15


class Secrecy:
    """Which secrets may be typed on a desktop, and all that keeps them from being told.

    `environment` is the desktop's. Its applications are asked about the focus and their fields
    only once there is a secret. `values` are the secrets that may be typed now.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        open_fields: Callable[[Mapping[str, str]], Fields] = Fields,
    ) -> None:
        self.values: dict[str, str] = {}
        self._environment = environment
        self._open_fields = open_fields
        self._known: dict[str, str] = {}  # all values that there have been, and their names
        self._pattern: re.Pattern[str] | None = None
        self._names: dict[str, str] = {}  # the forms of values in a text, and their names
        self._fields: Fields | None = None
        self._covering: Covering | None = None
        self._count = 0
        self._telling = Telling(environment)
        self._lock = threading.RLock()  # a test looks back from another thread

    def allow(self, values: Mapping[str, str]) -> None:
        """These secrets, and no others, may be typed from now on; they are all kept hidden."""
        self.values.clear()
        self.learn(values)

    def learn(self, values: Mapping[str, str]) -> None:
        """These secrets may be typed, too."""
        self.values.update(values)
        if not values:
            return
        with self._lock:
            for name, value in values.items():
                self._known[value] = name
            self._names = {
                form: name
                for value, name in self._known.items()
                for form in written_forms(value).values()
            }
            forms = sorted(self._names, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, forms)))
            if self._covering is None:
                self._fields = self._open_fields(self._environment)
                self._covering = Covering(self._fields)

    def without(self, text: str) -> str:
        """A text with a marker in the place of every secret."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda match: marker(self._names[match[0]]), text)

    def cleaned(self, event: Event) -> Event:
        """An event with a marker in the place of every secret."""
        if self._pattern is None:
            return event
        told = encode_event(event).decode()
        if not self._pattern.search(told):
            return event
        return msgspec.convert(self._walked(msgspec.to_builtins(event)), Event)

    def screen(self, inner: Screen) -> Screen:
        """The screen with secrets painted over in every capture."""
        return HidingScreen(inner, self._grab, self.without)

    def input(self, inner: Input, screen: Screen) -> Input:
        """The input that types a secret where it is named, but not where the screen names it.

        `screen` is what is looked at before.
        """

        @contextmanager
        def typing(name: str) -> Generator[None]:
            self._telling.refuse(name, screen.grab())
            with self._typing(name, screen):
                yield

        return SecretInput(inner, self.values, typing)

    def close(self) -> None:
        """Forget everything; calling it twice is harmless."""
        with self._lock:
            if self._fields is not None:
                self._fields.close()
            self._fields = self._covering = self._pattern = None
            self.values.clear()
            self._known.clear()
            self._names.clear()

    @contextmanager
    def _typing(self, name: str, screen: Screen) -> Generator[None]:
        """While a secret is typed nobody captures; from then on it is painted over."""
        with self._lock:
            fields, covering = self._fields, self._covering
            assert fields is not None, "a secret that may be typed was learned"
            assert covering is not None, "a secret that may be typed was learned"
            fields.look(time.monotonic())  # whatever has had the focus all along
            wait_for_news(fields, None, time.monotonic())
            began = time.monotonic()
            covering.expect(fields.during(began, began))
            before = screen.windows()
            try:
                yield
            finally:
                ended = time.monotonic() + _LATE_SECONDS
                _, until = wait_for_news(fields, None, ended)
                self._count += 1
                active = tuple(w for w in (*before, *screen.windows()) if w.active)
                place = SecretPlace(
                    f"{name}, {self._count}",
                    fields.during(began, max(until, ended)),
                    frozenset(window.application for window in active),
                    active,
                )
                covering.hide_more(place, began, Write(self.values[name]), name)
                covering.expect(())

    def _grab(self, inner: Screen) -> Frame:
        with self._lock:
            covering = self._covering
            if covering is None or not covering.shows_any:
                return inner.grab()
            before = inner.windows()
            covering.look(before)
            frame = inner.grab()
            taken = time.monotonic()
            return covering.covered(Shot(frame, taken, inner.windows(), before))

    def _walked(self, value: Any) -> Any:
        match value:
            case str():
                return self.without(value)
            case dict():
                items = cast("dict[str, Any]", value).items()
                return {key: self._walked(part) for key, part in items}
            case list() | tuple():
                return [self._walked(part) for part in cast("list[Any]", value)]
            case _:
                return value
