"""Asking a person for leave: what policy has to say about an action, just before its input.

The screen is judged as it is at that moment, not as the model saw it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import ExitStack
from dataclasses import dataclass, field

import numpy as np

from agent_app.actions import Click, Drag, InputAction
from agent_app.course import STOP, Course, Stopwatch, Unobstructed
from agent_app.errors import ModelMistake, RunEnded
from agent_app.events import (
    ActionJudged,
    Approval,
    ApprovalGiven,
    Event,
    FrameRef,
    WindowRef,
)
from agent_app.geometry import FramePoint, ScreenPoint
from agent_app.policy.judging import Judgement, Policy
from agent_app.policy.scene import Scene, Surroundings
from agent_app.screen.frame import Frame
from agent_app.wording import choice, say, words_of

ONCE, FOR_THIS_RUN = choice("allow once"), choice("allow for this run")
REFUSE = choice("refuse")
_CHOICES = (ONCE, FOR_THIS_RUN, REFUSE, STOP)
_ANSWERS: dict[str | None, Approval] = {
    ONCE: "once",
    FOR_THIS_RUN: "run",
    STOP: "stopped",
    None: "unanswered",
}
_SPOT = 24  # pixels around a target that must show the same before and after it was judged
_MOST_LOOKS = 5


@dataclass(frozen=True, slots=True)
class Deed:
    """An action, which one of its step it is, and where it goes."""

    step: int
    index: int
    action: InputAction
    points: tuple[ScreenPoint, ...]


class Way:
    """Whether our window is out of the way: from `clear` on until the end, or `obstruct`."""

    def __init__(self, unobstructed: Unobstructed) -> None:
        self._unobstructed = unobstructed
        self._clear = ExitStack()
        self.is_clear = False

    def clear(self) -> None:
        """Get it out of the way."""
        if not self.is_clear:
            self._clear.enter_context(self._unobstructed())
            self.is_clear = True

    def obstruct(self) -> None:
        """Let the person see it again."""
        self._clear.close()
        self.is_clear = False

    def __enter__(self) -> Way:
        return self

    def __exit__(self, *_: object) -> None:
        self.obstruct()


@dataclass
class Permissions:
    """What a run may do, and what the person has allowed in it so far."""

    course: Course
    policy: Policy
    surroundings: Surroundings | None = None
    _for_run: set[str] = field(default_factory=set[str])

    def clear_to_act(
        self,
        deed: Deed,
        look: Callable[[], Frame],
        watch: Stopwatch,
        obstruct: Callable[[], None],
    ) -> Generator[Event, None, Frame]:
        """The screen just before an action's input, which may be done on it.

        `look` gets our window out of the way and tells what the screen shows, `obstruct` lets the
        person see the window. Raises ModelMistake for what is refused, RunEnded or HandedOver when
        the person says so.
        """
        once: set[str] = set()
        for _ in range(_MOST_LOOKS):
            with watch.measure("act"):
                frame = look()
                scene = self._scene(deed, frame)
                judged = self.policy.judge(deed.action, scene)
                if judged is None or self._is_allowed(judged, once):
                    if self._is_still(deed, scene):
                        return frame
                    continue
            yield from self._ask(deed, judged, frame, once, obstruct)
            self.course.check_halt()
        raise ModelMistake(
            say("What is there keeps changing, so nothing was done. Wait until it rests, and look.")
        )

    def _is_allowed(self, judged: Judgement, once: set[str]) -> bool:
        return judged.verdict == "ask" and str(judged.scope) in once | self._for_run

    def _scene(self, deed: Deed, frame: Frame) -> Scene:
        points = deed.points
        if not points and isinstance(deed.action, (Click, Drag)):
            points = (self.course.input.position(),)
        return Scene(frame, points, self.course.screen.windows(), self.surroundings)

    def _is_still(self, deed: Deed, scene: Scene) -> bool:
        """Whether it would go where it was judged: judging takes time.

        The place looks the same still, or the same window has the keyboard.
        """
        if self.surroundings is None or self.policy.confirm == "none":
            return True
        if not deed.points:
            active = Scene(scene.frame, (), self.course.screen.windows()).active
            return _window(active) == _window(scene.active)
        frame, now = scene.frame, self.course.screen.grab()
        target = frame.transform.screen_to_frame(deed.points[-1])
        return _spot(frame, target) == _spot(now, target)

    def _ask(
        self,
        deed: Deed,
        judged: Judgement,
        frame: Frame,
        once: set[str],
        obstruct: Callable[[], None],
    ) -> Generator[Event, None, None]:
        """Refuse, or ask; what is allowed is kept, for the action or for the run."""
        self.course.ring.add(frame)
        yield ActionJudged(
            step=deed.step,
            index=deed.index,
            verdict=judged.verdict,
            rule=judged.rule,
            reason=str(judged.reason),
            window=str(judged.window),
            shown=judged.shown,
            frame=FrameRef(frame.sha1, frame.transform, frame.monitor),
            at=time.monotonic(),
        )
        if judged.verdict == "refuse":
            raise ModelMistake(judged.refusal)
        obstruct()
        seconds = self.policy.rules.answer_seconds
        asked = time.monotonic()
        said = yield from self.course.ask(
            deed.step, judged.question(seconds), _CHOICES, seconds=seconds
        )
        self.course.started += time.monotonic() - asked  # the run's time is not the person's
        self.course.check_stop()
        answer = _ANSWERS.get(said, "refused")
        scope = judged.scope if answer == "run" else ""
        yield ApprovalGiven(
            step=deed.step,
            index=deed.index,
            rule=judged.rule,
            answer=answer,
            scope=str(scope),
            at=time.monotonic(),
            words=words_of(scope),
        )
        match answer:
            case "once":
                once.add(str(judged.scope))
            case "run":
                self._for_run.add(str(judged.scope))
            case "stopped":
                raise RunEnded(
                    "stopped", say("the person stopped it instead of allowing an action")
                )
            case "refused":
                told = say("The person does not want you to {deed}.", deed=judged.deed)
                if said != REFUSE:
                    told = say("{told} They said: {said}", told=told, said=said or "")
                raise ModelMistake(told)
            case "unanswered":
                raise ModelMistake(
                    say(
                        "Nobody answered whether you may {deed}, so it was not done: {reason}.",
                        deed=judged.deed,
                        reason=judged.reason,
                    )
                )


def _window(window: WindowRef | None) -> object:
    """What tells a window from another; a title may change while one types."""
    return None if window is None else (window.application, window.region)


def _spot(frame: Frame, at: FramePoint) -> bytes:
    x, y = int(at.x), int(at.y)
    cut = frame.pixels[max(0, y - _SPOT) : y + _SPOT, max(0, x - _SPOT) : x + _SPOT]
    return np.ascontiguousarray(cut).tobytes()
