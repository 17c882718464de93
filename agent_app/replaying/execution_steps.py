"""The parts of a re-execution: what it is set to, one step of it, who finds and who helps."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Literal, Protocol

import msgspec
import numpy as np

from agent_app.actions import (
    Action,
    Click,
    Drag,
    Move,
    Scroll,
    describe_action,
)
from agent_app.course import AT_THE_END, Course, Stopwatch, Unobstructed
from agent_app.events import (
    Budgets,
    Event,
    WindowRef,
)
from agent_app.geometry import FramePoint, Region
from agent_app.policy import Policy
from agent_app.replaying.anchor import Anchor
from agent_app.replaying.finding import Found, Missed
from agent_app.replaying.script import Deed, Part
from agent_app.screen.change import changed_boxes, is_caret
from agent_app.screen.frame import Frame
from agent_app.screen.settle import SettleLimits
from agent_app.wording import Words, say

OnMiss = Literal["stop", "ask", "ground"]
Miss = Literal["again", "skip"]  # what to do after a miss that does not end the run

_STEADY = 0.25  # seconds for which a window must have been where it is
_SPOT = 16  # pixels around a target that must stay as they were until the input is sent


class Finds(Protocol):
    """What finds a target on the screen; `finding.Finder` in earnest."""

    def find(
        self, anchor: Anchor, frame: Frame, *, windows: Sequence[WindowRef] = ()
    ) -> Found | Missed: ...


@dataclass(frozen=True, slots=True)
class ReplaySettings:
    """What a re-execution is set to.

    `patience` is how long a target, or the keyboard's window, is waited for, in seconds;
    `short_patience` the same after a step that changed nothing; `effect_patience` how long an
    effect is waited for.
    """

    on_miss: OnMiss = "stop"
    budgets: Budgets = field(default_factory=Budgets)
    policy: Policy = field(default_factory=lambda: Policy(author="person"))
    settle: SettleLimits = field(default_factory=SettleLimits)
    last_settle: SettleLimits = AT_THE_END
    patience: float = 10.0
    short_patience: float = 2.0
    effect_patience: float = 10.0


@dataclass(frozen=True, slots=True)
class Trouble:
    """A target that was not found, for whoever may help; `told` says it in one sentence.

    `key` is that of its anchor, empty where the keyboard is elsewhere. `candidates` are places that
    came near; the frame and the windows are what was seen last.
    """

    number: int
    deed: Deed
    key: str
    anchor: Anchor | None
    told: Words
    candidates: tuple[FramePoint, ...]
    frame: Frame
    windows: tuple[WindowRef, ...]


class Helper(Protocol):
    """Who is asked when a target is missed, or an effect differs: the person, or the model."""

    def help(
        self, course: Course, trouble: Trouble, watch: Stopwatch
    ) -> Generator[Event, None, FramePoint | Miss | None]:
        """Where the target is, or what to do about it; None is no help, and ends the run."""
        ...

    def go_on(self, course: Course, number: int, told: Words) -> Generator[Event, None, bool]:
        """Whether the run goes on although the step had another effect."""
        ...


@dataclass(frozen=True, slots=True)
class Sighting:
    """The places of one action, found on a frame; by their anchors' keys."""

    frame: Frame
    windows: tuple[WindowRef, ...]
    found: Mapping[str, Found]

    @property
    def points(self) -> tuple[FramePoint, ...]:
        return tuple(each.point for each in self.found.values())


class Standing:
    """Since when each window has been where it is."""

    def __init__(self) -> None:
        self._since: dict[Region, float] = {}

    def note(self, windows: Sequence[WindowRef]) -> None:
        """Take note of the windows as they are now."""
        now = time.monotonic()
        self._since = {w.region: self._since.get(w.region, now) for w in windows}

    def is_steady(self, seen: Sighting) -> bool:
        """Whether the windows to be acted in have been there for a while; menus stay put."""
        now = time.monotonic()
        for point in seen.points:
            window = window_at(seen.frame, seen.windows, point)
            if window is None or window.popup:
                continue
            if now - self._since.get(window.region, now) < _STEADY:
                return False
        return True


@dataclass(frozen=True, slots=True)
class Lost:
    """What stood in the way of an action: the key of the place that was missed, and why."""

    frame: Frame
    windows: tuple[WindowRef, ...]
    key: str
    missed: Missed


Healed = Callable[[Trouble, FramePoint], Anchor]


@dataclass
class Step:
    """One step under way. `before` is the screen just before its first input.

    `acting` is entered while it goes on; our window is out of the way as long as `is_clear`.
    """

    number: int
    part: Part
    watch: Stopwatch = field(default_factory=Stopwatch)
    acting: ExitStack = field(default_factory=ExitStack)
    is_clear: bool = False
    told: bool = False
    before: Frame | None = None
    windows: tuple[WindowRef, ...] = ()
    points: list[FramePoint] = field(default_factory=list[FramePoint])
    skipped: int = 0

    def clear(self, unobstructed: Unobstructed) -> None:
        """Get whatever is ours out of the way, until the step's end or `obstruct`."""
        if not self.is_clear:
            self.acting.enter_context(unobstructed())
            self.is_clear = True

    def obstruct(self) -> None:
        """Let the person see our window again."""
        self.acting.close()
        self.is_clear = False


def moved_to(action: Action, sighting: Sighting) -> Action:
    """The same action at the places that were found."""
    at = [sighting.frame.transform.frame_to_relative(point) for point in sighting.points]
    match action:
        case Click() | Move() | Scroll() if at:
            return msgspec.structs.replace(action, at=at[0])
        case Drag(start=None):
            return msgspec.structs.replace(action, end=at[0])
        case Drag():
            return msgspec.structs.replace(action, start=at[0], end=at[1])
        case _:
            return action


def window_at(frame: Frame, windows: Sequence[WindowRef], point: FramePoint) -> WindowRef | None:
    """The topmost window at a place of a frame."""
    boxes = ((window, frame.transform.region_to_box(window.region)) for window in windows)
    return next((window for window, box in boxes if box.contains(point)), None)


def is_in_place(seen: Sighting, windows: Sequence[WindowRef]) -> bool:
    """Whether the windows at the places that were found are still where they were."""
    for point in seen.points:
        then, now = (window_at(seen.frame, each, point) for each in (seen.windows, windows))
        if then is not None and (now is None or now.region != then.region):
            return False
    return True


def is_untouched(found: Frame, now: Frame, point: FramePoint) -> bool:
    """Whether the pixels around a place are as they were when it was found, but for a caret."""
    top, left = max(0, int(point.y) - _SPOT), max(0, int(point.x) - _SPOT)
    cut = np.s_[top : int(point.y) + _SPOT, left : int(point.x) + _SPOT]
    if found.pixels.shape != now.pixels.shape:
        return False
    boxes = changed_boxes(found.pixels[cut], now.pixels[cut])
    return all(is_caret(box) for box in boxes)


def reason_of(anchor: Anchor | None, missed: str) -> str:
    """What was looked for, and what was seen instead."""
    if anchor is None:
        return missed
    wanted = f"the text “{anchor.text}”" if anchor.text else "a place that has no text"
    window = anchor.window
    where = f" in the window “{window.title}”" if window is not None and window.title else ""
    return f"looked for {wanted}{where}: {missed}"


def sentence_of(step: Step, deed: Deed, what: str | Words) -> Words:
    """Names the step, what it is for, and what is wrong."""
    recorded = step.part.number
    intent = " ".join(deed.intent.split()) or describe_action(deed.action)
    if recorded == step.number:
        return say("step {number}, {intent}: {what}", number=recorded, intent=intent, what=what)
    return say(
        "step {number} (step {recorded} of the recording), {intent}: {what}",
        number=step.number,
        recorded=recorded,
        intent=intent,
        what=what,
    )
