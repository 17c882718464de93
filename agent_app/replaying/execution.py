"""Doing a recorded run again, without a model: find, verify, act, compare, and say so.

No input is sent for a target that is not found, nor after an effect that differs. A miss ends the
run, or asks the person, or the model, as the settings say.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from agent_app.actions import (
    Action,
    AskHuman,
    InputAction,
    Wait,
    Write,
    target_points,
)
from agent_app.approval import Deed as Judged
from agent_app.approval import Permissions
from agent_app.control import Cause
from agent_app.course import BETWEEN_ACTIONS, STOP, Course, HandedOver
from agent_app.errors import ModelMistake, RunEnded
from agent_app.events import (
    ActionDecided,
    ActionDone,
    EffectCompared,
    Event,
    RunFinished,
    RunStarted,
    ScreenSettled,
    StepFinished,
    StepStarted,
    TargetFound,
    TargetMissed,
    WindowRef,
)
from agent_app.geometry import FramePoint, ScreenPoint
from agent_app.policy.scene import Surroundings
from agent_app.replaying.anchor import Anchor
from agent_app.replaying.changes import Change
from agent_app.replaying.effect_texts import Read
from agent_app.replaying.effects import difference
from agent_app.replaying.execution_steps import (
    Finds,
    Healed,
    Helper,
    Lost,
    Miss,
    ReplaySettings,
    Sighting,
    Standing,
    Step,
    Trouble,
    is_in_place,
    is_untouched,
    moved_to,
    reason_of,
    sentence_of,
)
from agent_app.replaying.finding import Found, Missed
from agent_app.replaying.parameters import Texts
from agent_app.replaying.script import Deed, Part, Script, ending_of, place_keys
from agent_app.replaying.windows import keyboard_differs
from agent_app.screen.frame import Frame
from agent_app.screen.settle import SettleLimits, moved
from agent_app.typed import Fields, Typing
from agent_app.wording import Words, choice, say

AGAIN, LEAVE_OUT = choice("again"), choice("leave it out")
_ONCE_MORE = (AGAIN, LEAVE_OUT, STOP)
_VETOED = say("You stopped this before it was done. Is it to be tried again, or left out?")
_POLL = 0.03
_AT_ONCE = SettleLimits(minimum=0.0, reaction=0.0, quiet=0.1, maximum=2.0)
_AT_REST = SettleLimits(minimum=0.1, reaction=0.3, quiet=0.3, maximum=2.0)
_MOST_MOVES = 4  # times that a place may have moved when it is about to be acted on
_SAME_PLACE = 4  # pixels by which a target may be found elsewhere when it is looked for again


@dataclass(kw_only=True)
class Replay(Course):
    """A re-execution under way; `events` is all of it.

    `read` reads a part of the live screen. `healed` is told of every place that a helper gave, and
    makes the anchor by which it is found from then on. By `fields` typed text is read back.
    """

    script: Script
    finder: Finds
    read: Read
    texts: Texts
    settings: ReplaySettings
    helper: Helper | None = None
    healed: Healed | None = None
    programs: tuple[str, ...] = ()
    surroundings: Surroundings | None = None
    fields: Fields | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.permissions = Permissions(self, self.settings.policy, self.surroundings)
        self.typing = Typing(self, self.fields)
        self.given: dict[str, Anchor] = {}
        self.pointer: FramePoint | None = None  # where the last step left it
        self.standing = Standing()
        self.unsettled = True  # whether the last step changed the screen, so that more may come
        self.said = ""  # by the person, instead of a plain yes after a pause

    def begun(self) -> RunStarted:
        return RunStarted(
            run=uuid.uuid4().hex,
            task=self.script.task,
            model="replay",
            prompt_sha1="",
            monitors=self.screen.monitors(),
            budgets=self.budgets,
            at=self.started,
            replays=self.script.replays,
            programs=self.programs,
        )

    def work(self) -> Generator[Event, None, RunFinished]:
        skipped = 0
        for part in self.script.parts:
            left_out = None
            while left_out is None:
                yield from self.wait_for_leave()
                self.check_stop()
                self.check_time()
                self.check_steps()
                self.steps += 1
                left_out = yield from self._step(part)
            skipped += left_out
        yield from self.look_last()
        done = say("all {count} steps were done again", count=self.steps)
        end = ending_of(self.script)
        if skipped:
            left = say("{count} actions were left out", count=skipped)
            return self.finished("failure", left, "")
        return self.finished("success", done, end.answer if end is not None else "")

    def _step(self, part: Part) -> Generator[Event, None, int | None]:
        """Do one step again; how many of its actions were left out.

        None when a pause broke it off and it has to be done from its beginning.
        """
        step = Step(self.steps, part)
        yield StepStarted(step.number, time.monotonic())
        message = ""
        try:
            with step.acting:
                for index, deed in enumerate(part.deeds):
                    yield from self.do(step, index, deed)
                if step.before is not None:
                    message = self.settle_and_compare(step, step.before)
        except HandedOver:
            yield StepFinished(step.number, step.watch.timing(), time.monotonic())
            return (yield from self._hold_within(step))
        if self.settled is not None:
            yield ScreenSettled(
                step.number,
                self.settled.settled,
                self.settled.changed,
                self.settled.seconds,
                time.monotonic(),
            )
            if not step.skipped:
                yield EffectCompared(step.number, not message, message, time.monotonic())
            if message:
                yield from self._tell_difference(step, message)
        yield StepFinished(step.number, step.watch.timing(), time.monotonic())
        return step.skipped

    def _hold_within(self, step: Step) -> Generator[Event, None, int | None]:
        """Hold still in the middle of a step, and what becomes of it then: None to do it again."""
        vetoed = self.control.paused == "veto"
        self.said = ""
        yield from self.hold()
        if vetoed:
            what = say("you stopped it before it was done")
            told = sentence_of(step, step.part.deeds[0], what)
            answer = self.said
        elif step.before is None:
            return None
        else:
            what = say("it was broken off by the pause")
            told = sentence_of(step, step.part.deeds[0], what)
            question = say("{told}. Is it to be done again?", told=told)
            answer = yield from self.ask(step.number, question, _ONCE_MORE)
            self.check_stop()
        if answer == AGAIN:
            return None
        if answer == LEAVE_OUT:
            return len(step.part.deeds)
        raise RunEnded("stopped", told)

    def offer(self, cause: Cause) -> tuple[Words, tuple[str, ...]]:
        return (_VETOED, _ONCE_MORE) if cause == "veto" else super().offer(cause)

    def take_hint(self, hint: str) -> None:
        """Words change nothing in a script, but for what becomes of a step after a veto."""
        self.said = hint

    def do(self, step: Step, index: int, deed: Deed) -> Iterator[Event]:
        """Find an action's places and carry it out, unless it is left out."""
        action = self.texts.said(deed)
        if secrets := self.texts.unknown_secrets(action):
            step.obstruct()
            yield from self.texts.ask(self, step.number, secrets)
        sighting: Sighting | None = None
        while sighting is None:
            seen = self._locate(step, deed)
            if not step.told:
                step.told = True
                yield from self.tell_seen(step.number, seen.frame)
            if isinstance(seen, Sighting):
                sighting = seen
            else:
                step.obstruct()
                chosen = yield from self._tell_missed(step, index, deed, seen)
                if chosen == "skip":
                    step.skipped += 1
                    return
                sighting = None if chosen == "again" else chosen
        for _ in range(_MOST_MOVES):
            placed = yield from self._decide(step, index, deed, action, sighting)
            if not isinstance(placed, InputAction):
                yield from self._do_without_input(step.number, deed)
                break
            yield from self._permit(step, index, deed, placed, sighting)
            with step.watch.measure("act"):
                step.clear(self.unobstructed)
                now = self._verified(step, deed, sighting)
            if isinstance(now, Sighting):
                sighting = now
                continue
            if step.before is None:
                step.before, step.windows = now, sighting.windows
            step.points += sighting.points
            yield from self._perform(step, deed, placed, sighting)
            break
        else:
            raise RunEnded(
                "miss", sentence_of(step, deed, say("it moves whenever it is to be acted on"))
            )
        yield ActionDone(step.number, index, time.monotonic())

    def _decide(
        self, step: Step, index: int, deed: Deed, action: Action, sighting: Sighting
    ) -> Generator[Event, None, Action]:
        """Say where an action's places were found, and what is done there, which is returned."""
        for found in sighting.found.values():
            yield TargetFound(
                step.number,
                index,
                found.how,
                sighting.frame.transform.frame_to_screen(found.point),
                found.score,
                found.seconds,
                time.monotonic(),
            )
        placed = moved_to(action, sighting)
        points = target_points(placed, sighting.frame.transform)
        self._allow(step, deed, placed, points)
        yield ActionDecided(step.number, index, placed, deed.intent, points, time.monotonic())
        self.check_halt()
        first = isinstance(placed, InputAction) and step.before is None
        if first and self.settings.policy.confirm != "all":  # which asks
            coming = step.part.deeds[index + 1 :]  # each is looked for when it is its turn
            actions = [placed, *map(self.texts.said, coming)]
            yield from self.offer_veto(step.number, actions, [points, *(() for _ in coming)])
        return placed

    def _locate(self, step: Step, deed: Deed) -> Sighting | Lost:
        """Look until an action's places are found, or nothing more comes within the patience."""
        patience = self.settings.patience if self.unsettled else self.settings.short_patience
        with ExitStack() as looking:
            if not step.is_clear:
                looking.enter_context(self.unobstructed())
            with step.watch.measure("capture"):
                frame = self._frame_for(step, deed)
            deadline = time.monotonic() + patience
            late = False
            while True:
                with step.watch.measure("encode"):
                    seen = self._find(step, deed, frame)
                moved_on = None
                if isinstance(seen, Sighting):
                    moved_on = self._moved_on(seen)
                    if moved_on is None or time.monotonic() >= deadline:
                        return seen
                self.check_halt()
                if moved_on is not None:
                    frame = moved_on
                    continue
                if late:  # a screen that never rests is not looked at for ever
                    return seen
                late = time.monotonic() >= deadline
                newer = self._next_frame(frame, deadline)
                self.check_halt()
                if newer is None:
                    return seen
                frame = newer

    def _moved_on(self, seen: Sighting) -> Frame | None:
        """The screen at rest, when a place does not stand still; None when each of them does.

        A dialog comes to its place some time after it has opened.
        """
        while not self.standing.is_steady(seen):
            if self.control.halt.wait(_POLL):
                return None
            windows = self.screen.windows()
            self.standing.note(windows)
            if not is_in_place(seen, windows):
                return self.settle(self.screen.grab(), _AT_REST).frame
        return None

    def _frame_for(self, step: Step, deed: Deed) -> Frame:
        """The screen to find an action on; after input of the same step, once that has settled."""
        if step.before is not None and isinstance(deed.action, InputAction):
            frame = self.settle(self.screen.grab(), BETWEEN_ACTIONS).frame
        elif self.settled is not None:
            frame, self.settled = self.settled.frame, None
        else:
            frame = self.screen.grab()
        self.ring.add(frame)
        return frame

    def _find(self, step: Step, deed: Deed, frame: Frame) -> Sighting | Lost:
        windows = self.screen.windows()
        self.standing.note(windows)
        found: dict[str, Found] = {}
        keys = place_keys(deed)
        if not keys and isinstance(deed.action, InputAction) and step.before is None:
            lost = self._find_keyboard(step.part, deed, frame, windows)
            return lost or Sighting(frame, windows, found)
        for key in keys:
            anchor = self.given.get(key) or self.script.anchor(key)
            if anchor is None:
                missed = Missed("the recording holds no picture of it", (), 0.0)
                return Lost(frame, windows, key, missed)
            result = self.finder.find(anchor, frame, windows=windows)
            if isinstance(result, Missed):
                return Lost(frame, windows, key, result)
            found[key] = result
        return Sighting(frame, windows, found)

    def _find_keyboard(
        self, part: Part, deed: Deed, frame: Frame, windows: tuple[WindowRef, ...]
    ) -> Lost | None:
        """What is wrong with where keys would go; None when it is as recorded, or unknown."""
        if part.keyboard is not None and windows:
            reason = keyboard_differs(part.keyboard, windows)
            return Lost(frame, windows, "", Missed(reason, (), 0.0)) if reason else None
        key = f"{deed.key}.0"
        anchor = self.script.anchor(key)
        if anchor is None:
            return None
        result = self.finder.find(anchor, frame, windows=windows)
        return Lost(frame, windows, "", result) if isinstance(result, Missed) else None

    def _next_frame(self, frame: Frame, deadline: float) -> Frame | None:
        """The screen once it is another one and quiet again; None when it stays until then."""
        deadline = min(deadline, self.started + self.budgets.seconds)
        while True:
            now = self.screen.grab()  # once at least: reading may have taken all of the patience
            if moved(frame, now, self.self_moving.boxes(now.time)):
                self.ring.add(now)
                return self.settle(now, _AT_ONCE).frame
            if now.time >= deadline or self.control.halt.wait(_POLL):
                return None

    def _verified(self, step: Step, deed: Deed, sighting: Sighting) -> Frame | Sighting:
        """The screen just before input, on which each place is still what was found.

        Where one has moved meanwhile, it is found again, and nothing is to be done yet. Raises
        RunEnded when it is not.
        """
        now = self.look_again(sighting.frame)
        untouched = all(is_untouched(sighting.frame, now, point) for point in sighting.points)
        if untouched and is_in_place(sighting, self.screen.windows()):
            return now
        frame = self.settle(now, _AT_REST).frame
        self.check_halt()
        self.ring.add(frame)
        again = self._find(step, deed, frame)
        if isinstance(again, Lost):
            again = self._locate(step, deed)
        if isinstance(again, Lost):
            what = say(
                "it moved while it was about to be acted on; {reason}", reason=again.missed.reason
            )
            raise RunEnded("miss", sentence_of(step, deed, what))
        if all(
            abs(one.x - other.x) <= _SAME_PLACE and abs(one.y - other.y) <= _SAME_PLACE
            for one, other in zip(sighting.points, again.points, strict=True)
        ):
            return again.frame
        return again

    def _allow(self, step: Step, deed: Deed, action: Action, points: Sequence[ScreenPoint]) -> None:
        try:
            self.settings.policy.check(action, points=points, region=self.screen.region)
        except ModelMistake as refusal:
            raise RunEnded("miss", sentence_of(step, deed, refusal.told)) from refusal

    def _permit(
        self, step: Step, index: int, deed: Deed, action: InputAction, sighting: Sighting
    ) -> Iterator[Event]:
        """Have policy, and the person where it says so, allow an action; raises RunEnded."""

        def look() -> Frame:
            step.clear(self.unobstructed)
            return self.screen.grab()

        points = target_points(action, sighting.frame.transform)
        judged = Judged(step.number, index, action, points)
        try:
            yield from self.permissions.clear_to_act(judged, look, step.watch, step.obstruct)
        except ModelMistake as refusal:
            raise RunEnded("miss", sentence_of(step, deed, refusal.told)) from refusal

    def _perform(
        self, step: Step, deed: Deed, action: InputAction, sighting: Sighting
    ) -> Iterator[Event]:
        try:
            transform = sighting.frame.transform
            yield from self.typing.do(step.number, action, transform, step.watch)
        except ModelMistake as refusal:
            raise RunEnded("miss", sentence_of(step, deed, refusal.told)) from refusal

    def _do_without_input(self, number: int, deed: Deed) -> Iterator[Event]:
        match deed.action:
            case Wait(seconds=seconds):
                self.wait(seconds)
                self.unsettled = True
            case AskHuman(question=question, choices=choices):
                offered = (deed.answer,) if deed.answer else ()
                yield from self.ask(number, question, tuple(dict.fromkeys((*offered, *choices))))
            case _:
                pass

    def settle_and_compare(self, step: Step, before: Frame) -> str:
        """Wait for a step's effect; how it differs from the recorded one, if it does."""
        expected = step.part.expected
        actions = [deed.action for deed in step.part.deeds]
        typed = [action.text for action in actions if isinstance(action, Write)]
        limits = self.settings.settle
        patience = self.settings.effect_patience
        with step.watch.measure("settle"):
            if expected.without_texts.changed and patience > limits.reaction:
                limits = replace(limits, reaction=patience, maximum=max(limits.maximum, patience))
            settled = self.settle(before, limits)
        deadline = time.monotonic() + patience
        message = ""
        late = False
        while not step.skipped:
            change = Change(
                before=before.pixels,
                after=settled.frame.pixels,
                transform=before.transform,
                windows_before=step.windows,
                windows_after=self.screen.windows(),
                points=tuple(step.points),
                ignore=self.self_moving.boxes(time.monotonic()),
                pointer=self.pointer,
            )
            with step.watch.measure("encode"):
                message = difference(expected, change, self.read, typed=typed)
            if not message or late:
                break
            late = time.monotonic() >= deadline
            newer = self._next_frame(settled.frame, deadline)
            self.check_halt()
            if newer is None:
                break
            seconds = newer.time - before.time
            settled = replace(settled, frame=newer, changed=True, seconds=seconds)
        self.pointer = step.points[-1] if step.points else self.pointer
        self.settled = settled
        self.unsettled = settled.changed
        return message

    def _tell_missed(
        self, step: Step, index: int, deed: Deed, lost: Lost
    ) -> Generator[Event, None, Sighting | Miss]:
        """Say what is missed and ask for help; raises RunEnded when there is none."""
        anchor = self.script.anchor(lost.key) if lost.key else None
        reason = reason_of(anchor, lost.missed.reason) if lost.key else lost.missed.reason
        yield TargetMissed(step.number, index, reason, time.monotonic())
        self.check_stop()
        told = sentence_of(step, deed, reason)
        if self.helper is None:
            raise RunEnded("miss", told)
        trouble = Trouble(
            number=step.number,
            deed=deed,
            key=lost.key,
            anchor=anchor,
            told=told,
            candidates=lost.missed.candidates,
            frame=lost.frame,
            windows=lost.windows,
        )
        help_ = yield from self.helper.help(self, trouble, step.watch)
        self.check_stop()
        if help_ is None:
            raise RunEnded("miss", told)
        if isinstance(help_, str):
            self.unsettled = False  # who asks to look again has seen that it is there
            return help_
        if self.healed is not None:
            self.given[lost.key] = self.healed(trouble, help_)
        return "again"

    def _tell_difference(self, step: Step, message: str) -> Iterator[Event]:
        """Ask whether to go on after an effect that differs; raises RunEnded otherwise."""
        if self.settled is not None:
            yield from self.tell_seen(step.number, self.settled.frame)
        told = sentence_of(step, step.part.deeds[-1], message)
        go_on = self.helper is not None and (yield from self.helper.go_on(self, step.number, told))
        if not go_on:
            raise RunEnded("miss", told)
