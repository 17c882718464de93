"""What a test sees: a frame, the windows on it, and what can be read in it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from agent_app.errors import KnownError
from agent_app.events import WindowRef
from agent_app.geometry import FrameBox
from agent_app.model_runtime import ImagePart
from agent_app.runtimes.reader.matching.likeness import Tier, likeness
from agent_app.runtimes.reader.seeing.merging import layers, sight_windows
from agent_app.runtimes.reader.sight import Element, Sight, Window
from agent_app.screen.frame import Frame, Screen
from agent_app.screen.windows import TopLevel

_TREE_SECONDS = 0.3  # how long what applications say is believed while no pixel changes


class Reader(Protocol):
    """Reads a screenshot of the desktop, and fields in full: the reader's `Eyes`."""

    def look(self, part: ImagePart) -> Sight: ...
    def told(self, part: ImagePart) -> Sight: ...

    def confirm(
        self, part: ImagePart, wanted: Callable[[str], bool], windows: Collection[int] | None
    ) -> Sight | None: ...

    def texts(
        self, part: ImagePart, within: Sequence[FrameBox] | None = None
    ) -> tuple[Element, ...]: ...

    def content(self, element: Element) -> str | None: ...


@dataclass
class View:
    """One moment of the desktop: `stack` are its windows, the topmost first.

    It is read when somebody asks for the `sight`, which takes `seconds`.
    """

    frame: Frame
    stack: tuple[TopLevel, ...]
    read: Callable[[View], Sight] = field(repr=False)
    confirm: Callable[[View, str, frozenset[int] | None], Sight | None] = field(
        default=lambda _view, _text, _windows: None, repr=False
    )
    seconds: float = 0.0
    _confirmed: dict[tuple[str, frozenset[int] | None], Sight | None] = field(
        default_factory=dict[tuple[str, frozenset[int] | None], Sight | None], repr=False
    )

    @cached_property
    def sight(self) -> Sight:
        started = time.perf_counter()
        sight = self.read(self)
        self.seconds += time.perf_counter() - started
        return sight

    def sight_for(self, text: str, windows: frozenset[int] | None) -> Sight:
        """What there is of a text in these windows: what applications tell, where that settles it.

        Else all that can be read.
        """
        if "sight" in self.__dict__:
            return self.sight
        key = (text, windows)
        if key not in self._confirmed:
            started = time.perf_counter()
            self._confirmed[key] = self.confirm(self, text, windows)
            self.seconds += time.perf_counter() - started
        return self._confirmed[key] or self.sight

    @cached_property
    def windows(self) -> tuple[Window, ...]:
        """The windows with their boxes in the frame; the order is that of the sight."""
        transform = self.frame.transform
        return sight_windows(layers(self.stack, transform), transform)

    @property
    def refs(self) -> tuple[WindowRef, ...]:
        """The windows as a recording names them."""
        return tuple(
            WindowRef(each.title, each.application, each.region, each.active, each.popup)
            for each in self.stack
        )


class Looker:
    """Looks at a desktop, and reads again only what may have changed.

    `stack` tells the windows; `open_reader` opens what reads, which asks the callable that it is
    given for the windows of what it is to read.
    """

    def __init__(
        self,
        screen: Screen,
        stack: Callable[[], Sequence[TopLevel]],
        open_reader: Callable[[Callable[[ImagePart], Sequence[TopLevel]]], Reader],
    ) -> None:
        self._screen = screen
        self._stack = stack
        self._read_now: tuple[TopLevel, ...] = ()
        self._last: View | None = None
        self.reader = open_reader(lambda _part: self._read_now)

    def look(self) -> View:
        """The desktop now; the last view again while it is new and the screen shows the same."""
        frame = self._screen.grab()
        last = self._last
        if (
            last is not None
            and frame.time - last.frame.time < _TREE_SECONDS
            and np.array_equal(frame.pixels, last.frame.pixels)
        ):
            return last
        self._last = View(frame, tuple(self._stack()), self._read, self._confirm)
        return self._last

    def forget(self) -> None:
        """Look anew next time: something was done."""
        self._last = None

    def told(self, view: View) -> Sight:
        """What applications tell just now, of a view just seen; none of its pixels are read."""
        self._read_now = view.stack
        return self.reader.told(view.frame.for_model(None))

    def _confirm(self, view: View, text: str, windows: frozenset[int] | None) -> Sight | None:
        def wanted(name: str) -> bool:
            alike = likeness(text, name)
            return alike is not None and alike.tier <= Tier.CASE

        self._read_now = view.stack
        return self.reader.confirm(view.frame.for_model(None), wanted, windows)

    def _read(self, view: View) -> Sight:
        self._read_now = view.stack
        return self.reader.look(view.frame.for_model(None))


class Sampler:
    """Grabs frames in a thread of its own, for looking back; `seen` is told of each new one.

    `open_screen` gives a screen for that thread alone. It ends with `close`, and by itself when the
    screen cannot be captured any more.
    """

    def __init__(
        self,
        open_screen: Callable[[], Screen],
        seen: Callable[[Frame], None],
        *,
        seconds: float = 0.1,
    ) -> None:
        self._open_screen = open_screen
        self._seen = seen
        self._seconds = seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="looking back", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        screen = None
        latest: Frame | None = None
        until = 0.0
        try:
            screen = self._open_screen()
            while not self._ended.is_set():
                frame = screen.grab()
                if latest is None or not np.array_equal(frame.pixels, latest.pixels):
                    if latest is not None:  # it was there until just now
                        self._seen(replace(latest, time=until))
                    self._seen(frame)
                    latest = frame
                until = frame.time
                self._ended.wait(self._seconds)
        except KnownError:  # the display is gone, and so is what could be looked back at
            return
        finally:
            if screen is not None:
                screen.close()
