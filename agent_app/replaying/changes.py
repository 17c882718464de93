"""The screen before and after a step: where it changed, and which windows came and went."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from agent_app.events import WindowRef
from agent_app.geometry import FrameBox, FramePoint, FrameTransform
from agent_app.replaying.effect_texts import padded
from agent_app.replaying.windows import TOOLTIP, is_tooltip, new_windows
from agent_app.screen.change import changed_boxes, is_caret
from agent_app.screen.frame import Pixels

_TIP_WIDTH = 320


@dataclass(frozen=True)
class Change:
    """The screen before and after a step, with the windows on it and the places acted on.

    `ignore` are boxes that move by themselves, `pointer` is where the pointer was before, if known.
    Windows are empty where nothing tells them.
    """

    before: Pixels
    after: Pixels
    transform: FrameTransform
    windows_before: tuple[WindowRef, ...] = ()
    windows_after: tuple[WindowRef, ...] = ()
    points: tuple[FramePoint, ...] = ()
    ignore: tuple[FrameBox, ...] = ()
    pointer: FramePoint | None = None

    @cached_property
    def tips(self) -> tuple[FrameBox, ...]:
        """Where tooltips came or went."""
        return tuple(
            padded(self.transform.region_to_box(window.region), 2)
            for window in {*self.windows_before} ^ {*self.windows_after}
            if is_tooltip(window)
        )

    @cached_property
    def boxes(self) -> tuple[FrameBox, ...]:
        """Where it changed, without what comes and goes by itself."""
        boxes = changed_boxes(self.before, self.after, ignore=(*self.ignore, *self.tips))
        return tuple(box for box in boxes if not is_caret(box))

    @property
    def may_be_tooltip(self) -> bool:
        """Whether all that changed is a low box just below the pointer, which nobody moved.

        Where windows are known, tooltips are known, too.
        """
        at = self.pointer
        if self.tells_windows or self.points or at is None:
            return False
        around = FrameBox(at.x - _TIP_WIDTH, at.y + 1, 2 * _TIP_WIDTH, 1.5 * TOOLTIP)
        return all(around.overlap(box) == box.width * box.height for box in self.boxes)

    @property
    def share(self) -> float:
        """How much of the screen changed, 0..1."""
        height, width = self.after.shape[:2]
        return sum(box.width * box.height for box in self.boxes) / (width * height)

    @property
    def tells_windows(self) -> bool:
        return bool(self.windows_before or self.windows_after)

    @property
    def retitled(self) -> frozenset[tuple[str, str, str]]:
        """The titles that became others: the program, the title before and the title after."""
        before = {(each.application, each.region): each.title for each in self.windows_before}
        return frozenset(
            (each.application, before[place], each.title)
            for each in self.windows_after
            if (place := (each.application, each.region)) in before and before[place] != each.title
        )

    @cached_property
    def opened(self) -> tuple[WindowRef, ...]:
        return new_windows(self.windows_before, self.windows_after)

    @cached_property
    def closed(self) -> tuple[WindowRef, ...]:
        return new_windows(self.windows_after, self.windows_before)
