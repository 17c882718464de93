"""What of us is on the screen: the window, its strip, or nothing while the agent looks or acts."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from agent_app.control import Touch
from agent_app.events import Event, FrameCaptured
from agent_app.geometry import FrameTransform, Region, ScreenPoint
from agent_app.ui.compact import CompactStrip
from agent_app.ui.curtain import Curtain
from agent_app.ui.story import Story


class Presence(QObject):
    """Shows the window whole or as a strip, and takes both out of the agent's way.

    **Signals:**

    - `about_to_hide`: what is shown goes off the screen as soon as the slots return
    """

    about_to_hide = Signal()

    def __init__(self, window: QWidget, strip: CompactStrip) -> None:
        super().__init__(window)
        self._window = window
        self._strip = strip
        self._curtains: tuple[Curtain, ...] = ()
        strip.opened.connect(self.make_whole)

    def keep_clear(self, region: Region | None, display: str | None) -> None:
        """From now on be off the screen while the agent looks and acts on this display."""
        self._strip.display = display
        self._curtains = tuple(
            Curtain(each, region=region, display=display) for each in (self._window, self._strip)
        )
        for curtain in self._curtains:
            curtain.about_to_hide.connect(self.about_to_hide)

    @contextmanager
    def unobstructed(self) -> Generator[None]:
        """Within, nothing of us is on what the agent looks at; for the run's thread."""
        with ExitStack() as hidden:
            for curtain in self._curtains:
                hidden.enter_context(curtain.unobstructed())
            yield

    def is_ours(self, touch: Touch, point: ScreenPoint) -> bool:
        """Whether a hand's touch is meant for us; for any thread."""
        return any(curtain.is_ours(touch, point) for curtain in self._curtains)

    def take(self, events: Sequence[Event]) -> None:
        """Learn from a run's events what the agent looks at."""
        for event in events:
            if isinstance(event, FrameCaptured):
                for curtain in self._curtains:
                    curtain.look_at(_region_of(event.frame.transform))

    def abandon(self) -> None:
        """Hold nobody up any more, and leave nothing on the screen but what is on it."""
        self._strip.hide()
        for curtain in self._curtains:
            curtain.abandon()

    def make_compact(self) -> None:
        """Leave of the window a small strip that stays on top."""
        if self._window.isVisible() and not self._is_away():
            self._window.hide()
            self._strip.place()
            self._strip.show()

    def make_whole(self) -> None:
        """Bring the whole window back."""
        if self._strip.isVisible():
            self._strip.hide()
            self._window.show()
            self._window.raise_()
            self._window.activateWindow()

    def show_story(self, story: Story, *, running: bool) -> None:
        """Say in the strip how far the run is; a question brings the whole window back."""
        self._strip.show_story(story, running=running)
        if story.question is not None and not self._is_away():
            self.make_whole()

    def _is_away(self) -> bool:
        return any(curtain.is_drawn for curtain in self._curtains)


def _region_of(transform: FrameTransform) -> Region:
    """What a frame shows, in input units."""
    width = round(transform.size.width / transform.scale)
    height = round(transform.size.height / transform.scale)
    return Region(transform.origin.x, transform.origin.y, width, height)
