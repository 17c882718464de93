"""What an action is judged by: where it goes, the windows, and who can tell what stands there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from agent_app.events import ShownText, WindowRef
from agent_app.geometry import FramePoint, Region, ScreenPoint
from agent_app.screen.frame import Frame


@dataclass(frozen=True, slots=True)
class Nearby:
    """What stands where a click goes.

    `own` are the texts and names of what is clicked. With `harmless` it is known to be a field, a
    tab or a menu, so that clicking it does nothing by itself. `drawn` says whether something is
    drawn there at all, `sure` whether its texts are what stands there and not a guess.
    """

    own: tuple[ShownText, ...]
    harmless: bool = False
    drawn: bool = True
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Focus:
    """What has the keyboard; `text` is its name, empty when it has none.

    `region` is where it says it lies on the screen. In a field of several `lines` Enter begins
    another one.
    """

    text: str = ""
    password: bool = False
    terminal: bool = False
    field: bool = False
    lines: bool = False
    region: Region | None = None


@dataclass(frozen=True, slots=True)
class Hosts:
    """Where a browser is, as far as it can be told.

    `told` come from the browser's own address field, `read` from pixels, which a page can paint.
    """

    told: tuple[str, ...] = ()
    read: tuple[str, ...] = ()


class Surroundings(Protocol):
    """Who can tell what stands on a screen; nothing here raises for what an application does.

    None is returned for what cannot be told, never for what is not there.
    """

    def near(self, frame: Frame, point: FramePoint, window: WindowRef | None) -> Nearby | None:
        """What stands where a click goes, in the window that lies there."""
        ...

    def around(
        self, frame: Frame, point: FramePoint | None, window: WindowRef | None
    ) -> tuple[ShownText, ...] | None:
        """The texts of the dialog that a place is in, or that has the keyboard; of no other."""
        ...

    def focus(self, window: WindowRef) -> Focus | None:
        """What has the keyboard in this window."""
        ...

    def hosts(self, frame: Frame, window: WindowRef) -> Hosts:
        """Where the browser in this window is."""
        ...


@dataclass(frozen=True, slots=True)
class Scene:
    """The screen at the moment an action is judged.

    `points` are the places that it touches, the last one where it ends; `windows` lie on the frame,
    the topmost first. Without `reads` nothing can be read.
    """

    frame: Frame
    points: tuple[ScreenPoint, ...] = ()
    windows: Sequence[WindowRef] = ()
    reads: Surroundings | None = None
    now: datetime = field(default_factory=lambda: datetime.now().astimezone())

    @property
    def target(self) -> FramePoint | None:
        """Where a click or a drag ends, in the frame."""
        return self.frame.transform.screen_to_frame(self.points[-1]) if self.points else None

    def window_at(self, point: ScreenPoint) -> WindowRef | None:
        """The topmost window at a place."""
        return next((each for each in self.windows if each.region.contains(point)), None)

    @property
    def active(self) -> WindowRef | None:
        """The window that has the keyboard."""
        return next((window for window in self.windows if window.active), None)
