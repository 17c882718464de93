"""Targets are found in captures and clicked; how far beside them the clicks arrive."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from agent_app.actions import Click, Input, perform
from agent_app.calibration.correction import CorrectedInput, Correction, Stretch
from agent_app.errors import KnownError, RunEnded
from agent_app.geometry import FramePoint, Monitor, RelativePoint, ScreenPoint
from agent_app.model_runtime import KIMI_VL_LIMITS
from agent_app.screen.frame import Frame, Pixels, Screen

TARGETS = 9  # on each monitor: its corners, the middles of its edges, and its middle
COLOURS = (
    (255, 0, 255),
    (0, 255, 255),
)  # RGB, in turn, so that an old target is not taken a new one
EXACT = 1.0  # input units
_APART = 60  # in each channel: resizing blends a target's edge with what is around it
_FEWEST_PIXELS = 20
_ROUND = 0.8  # the shorter side of a target by its longer one, at least
_SHOWN_SECONDS = 15.0
_ELSEWHERE_SECONDS = 0.5  # once it has been drawn on another monitor
_ARRIVED_SECONDS = 10.0
_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Offset:
    """How far beside the target's middle a click arrived, in input units."""

    dx: float
    dy: float

    @property
    def error(self) -> float:
        return max(abs(self.dx), abs(self.dy))


class Board(Protocol):
    """Windows that cover the monitors and show targets; they tell where clicks on them arrive."""

    @property
    def screens(self) -> int:
        """How many there are."""
        ...

    def show(self, screen: int, target: int, colour: int) -> None:
        """Show this target on this screen in this one of `COLOURS`, and no other anywhere."""
        ...

    def arrival(self, seconds: float) -> Offset | None:
        """Where the next click arrived beside the target; None when none came to its screen."""
        ...


@dataclass(frozen=True, slots=True)
class MonitorResult:
    """How far clicks arrive beside their targets on one monitor, at most, in input units.

    `before` is without a correction. `correction` is what puts it right, None where nothing has to
    be or can be; then `after` is as before.
    """

    monitor: Monitor
    before: float
    after: float
    correction: Correction | None = None

    @property
    def exact(self) -> bool:
        """Whether clicks arrive where they are wanted, to the unit."""
        return self.after <= EXACT

    @property
    def told(self) -> str:
        """What was found, as a line."""
        monitor = self.monitor
        named = f" ({monitor.name})" if monitor.name else ""
        size = f"{monitor.region.width}x{monitor.region.height}"
        where = f"Monitor {monitor.id}{named}, {size}: clicks arrive"
        if self.correction is not None:
            return f"{where} up to {self.before:g} px beside; corrected, within {self.after:g} px"
        if self.exact:
            return f"{where} within {self.before:g} px of where they are wanted"
        return f"{where} up to {self.before:g} px beside, and no correction helps"


@dataclass
class Measuring:
    """One monitor being measured: what shows it, what clicks on it, and which it is."""

    board: Board
    screen: Screen
    input: Input
    monitor: Monitor
    stop: threading.Event
    _shown: int = 0

    def run(self) -> MonitorResult:
        """Click every target; if any is missed, find out what is wrong and try that.

        Raises KnownError when the targets do not show or clicks do not arrive at all, RunEnded once
        `stop` is set.
        """
        screen = self._find_screen()
        sent, offsets = self._click_all(screen, self.input)
        before = max(offset.error for offset in offsets)
        if before <= EXACT:
            return MonitorResult(self.monitor, before, before)
        correction = self._fitted(sent, offsets)
        corrected = CorrectedInput(self.input, {self.monitor.region: correction})
        after = max(offset.error for offset in self._click_all(screen, corrected)[1])
        if after >= before:
            return MonitorResult(self.monitor, before, before)
        return MonitorResult(self.monitor, before, after, correction)

    def _fitted(self, sent: Sequence[ScreenPoint], offsets: Sequence[Offset]) -> Correction:
        left, top = self.monitor.region.left, self.monitor.region.top
        xs = [point.x - left for point in sent]
        ys = [point.y - top for point in sent]
        return Correction(
            Stretch.through(xs, [x + each.dx for x, each in zip(xs, offsets, strict=True)]),
            Stretch.through(ys, [y + each.dy for y, each in zip(ys, offsets, strict=True)]),
        )

    def _find_screen(self) -> int:
        """Which of the board's screens this monitor is: the one whose target shows on it."""
        deadline = time.monotonic() + _SHOWN_SECONDS
        while time.monotonic() < deadline:
            for screen in range(self.board.screens):
                if self._show(screen, TARGETS // 2, _ELSEWHERE_SECONDS) is not None:
                    return screen
        raise KnownError(
            f"the target does not show on monitor {self.monitor.id}",
            remedy="close what covers it (a locked screen, a window that stays on top)",
        )

    def _click_all(self, screen: int, input: Input) -> tuple[list[ScreenPoint], list[Offset]]:
        """Where the pointer was wanted, and how far beside it came, for every target."""
        wanted: list[ScreenPoint] = []
        offsets: list[Offset] = []
        for target in range(TARGETS):
            found = self._show(screen, target, _SHOWN_SECONDS)
            if found is None:
                raise KnownError(
                    f"target {target + 1} does not show on monitor {self.monitor.id}",
                    remedy="close what covers it (a panel, a window that stays on top)",
                )
            at, frame = found
            perform(Click(at), input=input, transform=frame.transform, stop=self.stop)
            offset = self.board.arrival(_ARRIVED_SECONDS)
            if offset is None:
                raise KnownError(
                    f"a click on target {target + 1} of monitor {self.monitor.id} did not arrive",
                    remedy="close what covers it or holds the pointer (an open menu, a locked "
                    "screen); if it goes to another monitor, choose one with --monitor",
                )
            wanted.append(frame.transform.relative_to_screen(at))
            offsets.append(offset)
        return wanted, offsets

    def _show(self, screen: int, target: int, seconds: float) -> tuple[RelativePoint, Frame] | None:
        """Have a target shown; its middle on a picture as the model sees it, once it stays there.

        None when it does not show on this monitor in this time.
        """
        self._shown += 1
        colour = self._shown % len(COLOURS)
        self.board.show(screen, target, colour)
        deadline = time.monotonic() + seconds
        last: FramePoint | None = None
        while True:
            if self.stop.is_set():
                raise RunEnded("stopped")
            frame = self.screen.grab()
            at = middle_of_spot(frame.pixels, COLOURS[colour])
            if at is not None and at == last:
                return _as_seen(frame, COLOURS[colour]), frame
            last = at
            if time.monotonic() > deadline:
                return None
            self.stop.wait(_POLL_SECONDS)


def _as_seen(frame: Frame, colour: tuple[int, int, int]) -> RelativePoint:
    """The middle of a target in the picture that Kimi-VL would see, resized onto its grid."""
    pixels = np.asarray(frame.for_model(KIMI_VL_LIMITS).image)
    at = middle_of_spot(pixels, colour)
    if at is None:
        raise KnownError(
            "the target is too small to be seen in the picture that the model gets",
            remedy="calibrate one monitor at a time",
        )
    height, width = pixels.shape[:2]
    return RelativePoint(at.x / width, at.y / height)


def middle_of_spot(pixels: Pixels, colour: tuple[int, int, int]) -> FramePoint | None:
    """The middle of the largest spot of this colour, if it is round; (height, width, 3) RGB."""
    wanted = np.array(colour)
    least, most = np.clip(wanted - _APART, 0, 255), np.clip(wanted + _APART, 0, 255)
    alike = cv2.inRange(pixels, least, most)
    _, _, stats, middles = cv2.connectedComponentsWithStats(alike)
    spots = [
        (int(stats[n, cv2.CC_STAT_AREA]), n)
        for n in range(1, len(stats))
        if stats[n, cv2.CC_STAT_AREA] >= _FEWEST_PIXELS
    ]
    if not spots:
        return None
    _, largest = max(spots)
    sides = sorted((stats[largest, cv2.CC_STAT_WIDTH], stats[largest, cv2.CC_STAT_HEIGHT]))
    if sides[0] < _ROUND * sides[1]:
        return None
    x, y = middles[largest]  # of the pixels' indices, whose middles are half a pixel further
    return FramePoint(float(x) + 0.5, float(y) + 0.5)
