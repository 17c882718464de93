"""A screen whose every capture has its secrets painted over."""

from __future__ import annotations

from collections.abc import Callable

from agent_app.events import WindowRef
from agent_app.geometry import Monitor, Region
from agent_app.screen.frame import Frame, Screen


class HidingScreen:
    """A `Screen` that takes its frames through `grab`, and titles through `without`."""

    def __init__(
        self,
        inner: Screen,
        grab: Callable[[Screen], Frame],
        without: Callable[[str], str],
    ) -> None:
        self._inner = inner
        self._grab = grab
        self._without = without

    @property
    def region(self) -> Region:
        return self._inner.region

    def monitors(self) -> tuple[Monitor, ...]:
        return self._inner.monitors()

    def grab(self) -> Frame:
        return self._grab(self._inner)

    def windows(self) -> tuple[WindowRef, ...]:
        return tuple(
            WindowRef(self._without(w.title), w.application, w.region, w.active, w.popup)
            for w in self._inner.windows()
        )

    def check(self) -> None:
        self._inner.check()

    def close(self) -> None:
        self._inner.close()
