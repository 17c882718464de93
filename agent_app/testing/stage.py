"""How an act is done: found, stable in two frames, not covered, done, its effect waited for.

Every act is a step of the test's recording, with its call log as the thought.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PIL import Image

from agent_app.actions import InputAction
from agent_app.errors import KnownError
from agent_app.events import (
    ModelErred,
    StepFinished,
    StepStarted,
    TargetMissed,
)
from agent_app.geometry import FramePoint, FrameTransform, RelativePoint
from agent_app.policy import Policy
from agent_app.policy.scene import Surroundings
from agent_app.replaying.execution_steps import is_untouched
from agent_app.runtimes.reader.matching.candidates import FIELD_ROLES
from agent_app.runtimes.reader.seeing.merging import reading_order
from agent_app.screen.frame import Screen
from agent_app.testing.description import Description
from agent_app.testing.failures import ActionFailed, DesktopFailure, found_instead, hidden, said
from agent_app.testing.looking import Looker, View
from agent_app.testing.resolving import Resolution, resolve
from agent_app.testing.seams import Grounder, Memory, Need, Sought, TaskMemory, Thing
from agent_app.testing.steps import Step
from agent_app.testing.trial import TrialSession
from agent_app.testing.waiting import DEFAULT_SECONDS, CallLog, Deadline

if TYPE_CHECKING:
    from agent_app.testing.model import AskedModel

__tracebackhide__ = hidden

_STABLE_SECONDS = 0.02  # between the two frames that must show the same
_PATIENT_SHARE = 0.6  # of the time, in which only what is remembered is waited for
_MOST_FRAMES = 5  # of those tried in vain that are recorded

BaselineMode = Literal["missing", "all", "none"]


@dataclass(frozen=True, slots=True)
class Aim:
    """A thing that is acted on, on a frame with this transform."""

    thing: Thing
    transform: FrameTransform

    @property
    def at(self) -> RelativePoint:
        """The place of its middle."""
        return self.transform.frame_to_relative(self.thing.box.center)

    def inside(self, x: float, y: float) -> RelativePoint:
        """A place in it, in units of the screen from its left and its top."""
        box, scale = self.thing.extent, self.transform.scale
        return self.transform.frame_to_relative(
            FramePoint(box.left + x * scale, box.top + y * scale)
        )


Actions = Callable[[Sequence[Aim]], Sequence[InputAction]]
Effect = Callable[[], str]
"""What is still to come of an act, in words; empty once it has come."""


@dataclass
class Search:
    """One looking for a thing: what was tried so far, and on which frames.

    `need` says what of it, as in `Sought`.
    """

    wanted: Description
    deadline: Deadline
    log: CallLog = field(default_factory=CallLog)
    need: Need = "proof"
    frames: dict[str, View] = field(default_factory=dict[str, View])
    asked: set[str] = field(default_factory=set[str])
    view: View | None = None
    resolution: Resolution = field(default_factory=lambda: Resolution(()))

    def saw(self, view: View, resolution: Resolution) -> None:
        self.view, self.resolution = view, resolution
        self.frames.setdefault(view.frame.sha1, view)
        if len(self.frames) > _MOST_FRAMES:  # the first ones and the last one tell the most
            self.frames.pop(list(self.frames)[-2])


@dataclass
class Stage:
    """A desktop under one test: what locators and assertions look at, act on and record to.

    `timeout` is the seconds that each of them takes at most. `folder` is the test's own, where
    its pictures are. `policy` says what is refused, by what `surroundings` tell. `memory`,
    `grounder` and `tasks` are described in `seams`; `model` is who is asked. `baselines` says which
    pictures to compare with are written: those "missing", "all", or "none"; `written` are those
    that were. `failures` are those of soft expectations. `remarks` tells what a failure may come
    of, such as an application that has crashed.
    """

    screen: Screen
    looker: Looker
    session: TrialSession
    folder: Path
    timeout: float = DEFAULT_SECONDS
    policy: Policy = field(default_factory=Policy)
    surroundings: Surroundings | None = None
    memory: Memory | None = None
    grounder: Grounder | None = None
    tasks: TaskMemory | None = None
    model: AskedModel | None = None
    baselines: BaselineMode = "missing"
    baselines_folder: Path = Path("screenshots")
    written: list[Path] = field(default_factory=list[Path])
    failures: list[DesktopFailure] = field(default_factory=list[DesktopFailure])
    remarks: Callable[[], Sequence[str]] = tuple

    def content_of(self, thing: Thing) -> str | None:
        """What a field holds, in full; None when its application does not tell."""
        if thing.element is None or thing.role not in FIELD_ROLES:
            return None
        content = self.looker.reader.content(thing.element)
        return None if content is None else self.session.heard(content)

    def text_of(self, thing: Thing) -> str:
        """What a thing reads: a field's content, anything else's own text."""
        if thing.role in FIELD_ROLES:
            content = self.content_of(thing)
            if content is not None:
                return content
            view = self.looker.look()
            texts = self.looker.reader.texts(view.frame.for_model(None))
            inside = [text for text in texts if thing.extent.contains(text.box.center)]
            return self.session.heard(" ".join(text.text for text in reading_order(inside)))
        return self.session.heard(thing.text)

    def keep(self, name: str, image: Image.Image) -> Path:
        """Keep a picture of a failure beside the test's recording."""
        episode = self.session.episode
        path = episode.with_name(f"{episode.name}-{name}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path)
        return path

    # --- finding ----------------------------------------------------------------------------------

    def resolve(self, search: Search, view: View) -> Resolution:
        """What a description means on a view, asked of the memory, the reader and the model."""
        wanted = search.wanted
        resolution: Resolution | None = None
        if self.memory is not None:
            sought = Sought(wanted, view, (), search.need)
            thing = self.memory.recall(sought)
            if thing is not None:
                resolution = Resolution((thing,))
            elif search.deadline.spent() < min(
                self.memory.patience(sought), _PATIENT_SHARE * search.deadline.seconds
            ):
                resolution = Resolution((), "it does not show as it was found before")
                search.saw(view, resolution)
                return resolution
        if resolution is None:
            resolution = resolve(wanted, view)
        if not resolution.things and self.grounder is not None and resolution.rooms:
            sha1 = view.frame.sha1
            if wanted.text and sha1 not in search.asked:
                search.asked.add(sha1)
                thing = self.grounder.ground(Sought(wanted, view, resolution.rooms))
                if thing is not None:
                    resolution = Resolution((thing,), rooms=resolution.rooms)
        search.saw(view, resolution)
        return resolution

    def remember(self, search: Search, thing: Thing) -> None:
        """Tell the memory what was found on the search's last view, and worked."""
        if self.memory is not None and search.view is not None:
            self.memory.found(Sought(search.wanted, search.view, (), search.need), thing)

    def find_one(self, search: Search) -> tuple[View, Thing] | None:
        """The one thing, enabled, stable and uncovered, on the view it was found on; or None.

        None comes at the deadline.
        """
        for _ in search.deadline.tries():
            view = self.looker.look()
            resolution = self.resolve(search, view)
            if len(resolution.things) != 1:
                many = len(resolution.things)
                search.log.add(f"{many} things match" if many else resolution.reason)
                continue
            (thing,) = resolution.things
            if not thing.enabled:
                search.log.add(f"found {said(thing)}, but it is disabled")
                continue
            search.log.add(f"found {said(thing)} by its {thing.how}")
            if self._is_stable(view, thing, search.log):
                return view, thing
        return None

    def _is_stable(self, view: View, thing: Thing, log: CallLog) -> bool:
        """Whether it is still there, and nothing has come over it, one frame later."""
        time.sleep(_STABLE_SECONDS)
        self.looker.forget()
        again = self.looker.look()
        if not is_untouched(view.frame, again.frame, thing.box.center):
            log.add("it is still moving or changing")
            return False
        if [each.region for each in view.stack] != [each.region for each in again.stack]:
            log.add("windows are still moving")
            return False
        return True

    # --- acting -----------------------------------------------------------------------------------

    def act(
        self,
        targets: Sequence[Description],
        summary: str,
        actions: Actions,
        *,
        effect: Effect | None = None,
        need: Need = "place",
        timeout: float | None = None,
    ) -> None:
        """Find the targets, carry out what `actions` makes of them, and wait for the effect.

        `need` says what is asked of the targets, as in `Sought`.
        Raises ActionFailed when a target is not found or may not be acted on, or the effect does
        not come.
        """
        deadline = Deadline(self.timeout if timeout is None else timeout)
        log = CallLog()
        searches = [Search(wanted, deadline, log, need) for wanted in targets]
        with self.step(summary) as step:
            things: list[Thing] = []
            view = None
            for search in searches:
                with step.watch.measure("encode"):
                    found = self.find_one(search)
                if found is None:
                    raise self._not_found(step, search)
                view, thing = found
                things.append(thing)
            if view is None:
                view = self.looker.look()
            aims = [Aim(thing, view.frame.transform) for thing in things]
            step.see(view)
            planned = actions(aims)
            step.say(log)
            step.do(view, planned)
            if effect is not None:
                self._await(step, effect, deadline, log)
            for search, thing in zip(searches, things, strict=True):
                self.remember(search, thing)

    def _await(self, step: Step, effect: Effect, deadline: Deadline, log: CallLog) -> None:
        """Wait for what an act is to bring about. Raises ActionFailed when it does not come."""
        still = ""
        for _ in deadline.tries():
            still = effect()
            if not still:
                return
            log.add(still)
        step.tell(ModelErred(step.number, still, time.monotonic()))
        raise ActionFailed(f"{step.summary}: {still}", (), log, self.looker.look())

    def _not_found(self, step: Step, search: Search) -> ActionFailed:
        view = search.view
        assert view is not None
        for each in search.frames.values():
            step.see(each)
        step.say(search.log)
        many = len(search.resolution.things)
        what = f"{many} things match" if many > 1 else "not found"
        if many == 1:
            what = search.log.lines[-1][1]
        what += f" within {search.deadline.seconds:g} s"
        reason = f"{search.wanted}: {what}"
        step.tell(TargetMissed(step.number, 0, reason, time.monotonic()))
        details = [f"looked    for {search.wanted}", *found_instead(search.resolution, view)]
        if many > 1:
            details.append("say which with window=, right_of(), near(), first, or nth(0)")
        details += self.told()
        named = what if str(search.wanted) in step.summary else reason
        return ActionFailed(f"{step.summary}: {named}", details, search.log, view)

    def told(self) -> list[str]:
        """What a failure may come of, for its details."""
        return [f"note      {remark}" for remark in (*self.remarks(), *self.session.notes)]

    # --- recording --------------------------------------------------------------------------------

    @contextmanager
    def step(self, summary: str) -> Generator[Step]:
        """One step of the recording; whatever happens, it is finished."""
        trial = self.session.trial
        trial.steps += 1
        step = Step(self.session, self.looker, self.policy, trial.steps, summary, self.surroundings)
        step.tell(StepStarted(step.number, time.monotonic()))
        try:
            yield step
        except DesktopFailure as failure:
            step.see(failure.view)
            step.say(failure.log)
            raise
        except KnownError as error:
            step.say(CallLog())
            step.judge(False, str(error))
            raise
        finally:
            step.tell(StepFinished(step.number, step.watch.timing(), time.monotonic()))
