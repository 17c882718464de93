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

from agent_app.actions import InputAction, perform, target_points
from agent_app.course import BETWEEN_ACTIONS, Stopwatch
from agent_app.errors import ModelMistake, RunEnded
from agent_app.events import (
    ActionDecided,
    ActionDone,
    EffectCompared,
    Event,
    ReplyReceived,
    ScreenSettled,
    StepFinished,
    StepStarted,
    TargetMissed,
)
from agent_app.geometry import RelativePoint
from agent_app.policy import Policy
from agent_app.replaying.execution_steps import is_untouched
from agent_app.runtimes.reader.matching.candidates import FIELD_ROLES
from agent_app.runtimes.reader.seeing.merging import reading_order
from agent_app.screen.frame import Frame, Screen
from agent_app.testing.description import Description
from agent_app.testing.failures import ActionFailed, DesktopFailure, found_instead, said
from agent_app.testing.looking import Looker, View
from agent_app.testing.resolving import Resolution, resolve
from agent_app.testing.seams import Grounder, Memory, Sought, TaskMemory, Thing
from agent_app.testing.trial import EFFECT, TrialSession
from agent_app.testing.waiting import DEFAULT_SECONDS, CallLog, Deadline

if TYPE_CHECKING:
    from agent_app.testing.model import AskedModel

_STABLE_SECONDS = 0.02  # between the two frames that must show the same
_MOST_FRAMES = 5  # of those tried in vain that are recorded

BaselineMode = Literal["missing", "all", "none"]
Actions = Callable[[Sequence[RelativePoint]], Sequence[InputAction]]


@dataclass
class Search:
    """One looking for a thing: what was tried so far, and on which frames.

    With `state`, more is asked than its place.
    """

    wanted: Description
    deadline: Deadline
    log: CallLog = field(default_factory=CallLog)
    state: bool = True
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
    its pictures are. `memory`, `grounder` and `tasks` are described in `seams`; `model` is who is
    asked. `baselines` says which pictures to compare with are written: those "missing", "all", or
    "none"; `written` are those that were. `failures` are those of soft expectations.
    """

    screen: Screen
    looker: Looker
    session: TrialSession
    folder: Path
    timeout: float = DEFAULT_SECONDS
    policy: Policy = field(default_factory=Policy)
    memory: Memory | None = None
    grounder: Grounder | None = None
    tasks: TaskMemory | None = None
    model: AskedModel | None = None
    baselines: BaselineMode = "missing"
    baselines_folder: Path = Path("screenshots")
    written: list[Path] = field(default_factory=list[Path])
    failures: list[DesktopFailure] = field(default_factory=list[DesktopFailure])

    def text_of(self, thing: Thing) -> str:
        """What a thing reads: a field's content, anything else's own text."""
        if thing.element is not None and thing.role in FIELD_ROLES:
            content = self.looker.reader.content(thing.element)
            if content is not None:
                return content
            view = self.looker.look()
            texts = self.looker.reader.texts(view.frame.for_model(None))
            inside = [text for text in texts if thing.extent.contains(text.box.center)]
            return " ".join(text.text for text in reading_order(inside))
        return thing.text

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
            thing = self.memory.recall(Sought(wanted, view, (), search.state))
            if thing is not None:
                resolution = Resolution((thing,))
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
            self.memory.found(Sought(search.wanted, search.view, (), search.state), thing)

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
        state: bool = False,
        timeout: float | None = None,
    ) -> tuple[Thing, ...]:
        """Find the targets and carry out what `actions` makes of their places; the things found.

        Raises ActionFailed when a target is not found, or may not be acted on.
        """
        deadline = Deadline(self.timeout if timeout is None else timeout)
        log = CallLog()
        searches = [Search(wanted, deadline, log, state=state) for wanted in targets]
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
            transform = view.frame.transform
            places = [transform.frame_to_relative(thing.box.center) for thing in things]
            step.see(view)
            step.say(log)
            step.do(view, actions(places))
            for search, thing in zip(searches, things, strict=True):
                self.remember(search, thing)
            return tuple(things)

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
        reason = f"{search.wanted}: {what} within {search.deadline.seconds:g} s"
        step.tell(TargetMissed(step.number, 0, reason, time.monotonic()))
        details = [f"looked    for {search.wanted}", *found_instead(search.resolution, view)]
        if many > 1:
            details.append("say which with window=, right_of(), near(), first, or nth(0)")
        return ActionFailed(f"{step.summary}: {reason}", details, search.log, view)

    # --- recording --------------------------------------------------------------------------------

    @contextmanager
    def step(self, summary: str) -> Generator[Step]:
        """One step of the recording; whatever happens, it is finished."""
        trial = self.session.trial
        trial.steps += 1
        step = Step(self, trial.steps, summary)
        step.tell(StepStarted(step.number, time.monotonic()))
        try:
            yield step
        except DesktopFailure as failure:
            step.see(failure.view)
            step.say(failure.log)
            raise
        finally:
            step.tell(StepFinished(step.number, step.watch.timing(), time.monotonic()))


@dataclass
class Step:
    """A step under way, and its recording."""

    stage: Stage
    number: int
    summary: str
    watch: Stopwatch = field(default_factory=Stopwatch)
    _said: bool = False
    _seen: set[str] = field(default_factory=set[str])

    def tell(self, *events: Event) -> None:
        self.stage.session.tell(events)

    def see(self, view: View) -> None:
        """Record what was seen, once."""
        sha1 = view.frame.sha1
        if sha1 not in self._seen:
            self._seen.add(sha1)
            self.tell(*self.stage.session.trial.seen(self.number, view.frame, view.refs))

    def say(self, log: CallLog) -> None:
        """Record the call log as the thought, and the act's own words; once."""
        if self._said:
            return
        self._said = True
        self.tell(
            ReplyReceived(self.number, str(log), self.summary, "stop", 0, 0, time.monotonic())
        )

    def judge(self, alike: bool, message: str) -> None:
        """Record whether an expectation is met."""
        self.tell(EffectCompared(self.number, alike, message, time.monotonic()))

    def do(self, view: View, actions: Sequence[InputAction]) -> None:
        """Carry out actions whose places are on this view, and wait for their effect.

        Raises ActionFailed for what may not be done, or once a person has stopped it.
        """
        stage, trial = self.stage, self.stage.session.trial
        transform = view.frame.transform
        before: Frame | None = None
        try:
            for index, action in enumerate(actions):
                points = target_points(action, transform)
                stage.policy.check(action, points=points, region=stage.screen.region)
                now = time.monotonic()
                self.tell(ActionDecided(self.number, index, action, self.summary, points, now))
                with self.watch.measure("act"):
                    if before is None:
                        before = trial.look_again(view.frame)
                    else:
                        trial.settle(stage.screen.grab(), BETWEEN_ACTIONS)
                    perform(action, input=trial.input, transform=transform, stop=trial.stop)
                self.tell(ActionDone(self.number, index, time.monotonic()))
        except (ModelMistake, RunEnded) as refusal:
            raise ActionFailed(f"{self.summary}: {refusal}", (), CallLog(), view) from refusal
        finally:
            stage.looker.forget()
        if before is None:
            return
        with self.watch.measure("settle"):
            settled = trial.settle(before, EFFECT)
        self.tell(
            ScreenSettled(
                self.number, settled.settled, settled.changed, settled.seconds, time.monotonic()
            )
        )
