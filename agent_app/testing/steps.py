"""One step of a test's recording: what was seen, tried, done, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from agent_app.actions import InputAction, Write, target_points
from agent_app.course import BETWEEN_ACTIONS, HandedOver, Stopwatch
from agent_app.errors import ModelMistake, RunEnded
from agent_app.events import (
    ActionDecided,
    ActionDone,
    EffectCompared,
    Event,
    ModelWarned,
    ReplyReceived,
    ScreenSettled,
)
from agent_app.geometry import ScreenPoint
from agent_app.markers import secret_names
from agent_app.policy import Policy
from agent_app.policy.scene import Scene, Surroundings
from agent_app.screen.frame import Frame
from agent_app.testing.failures import ActionFailed, hidden
from agent_app.testing.looking import Looker, View
from agent_app.testing.trial import EFFECT, TrialSession
from agent_app.testing.waiting import CallLog

__tracebackhide__ = hidden


@dataclass
class Step:
    """A step under way, and its recording."""

    session: TrialSession
    looker: Looker
    policy: Policy
    number: int
    summary: str
    surroundings: Surroundings | None = None
    watch: Stopwatch = field(default_factory=Stopwatch)
    _said: bool = False
    _seen: set[str] = field(default_factory=set[str])

    def tell(self, *events: Event) -> None:
        self.session.tell(events)

    def see(self, view: View) -> None:
        """Record what was seen, once."""
        sha1 = view.frame.sha1
        if sha1 not in self._seen:
            self._seen.add(sha1)
            self.tell(*self.session.trial.seen(self.number, view.frame, view.refs))

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

    def _judge(self, view: View, action: InputAction, points: tuple[ScreenPoint, ...]) -> None:
        """Raises ModelMistake for what policy refuses; a test asks nobody."""
        policy = self.policy.written_by_person().confirming("none")
        scene = Scene(view.frame, points, view.refs, self.surroundings)
        judged = policy.judge(action, scene)
        if judged is not None:
            raise ModelMistake(judged.refusal)

    def _tell_typed(self, event: Event) -> None:
        """Record what is told of typing; a failure later on may come of it."""
        self.tell(event)
        if isinstance(event, ModelWarned):
            self.session.notes.append(f"{self.summary}: {event.message}")

    def do(self, view: View, actions: Sequence[InputAction]) -> None:
        """Carry out actions whose places are on this view, and wait for their effect.

        Raises ActionFailed for what may not be done, or once a person has stopped it.
        """
        trial = self.session.trial
        transform = view.frame.transform
        before: Frame | None = None
        written = [action.text for action in actions if isinstance(action, Write)]
        if secrets := secret_names(written):
            self.session.allow_secrets(secrets)
        try:
            for index, action in enumerate(actions):
                points = target_points(action, transform)
                self.policy.check(action, points=points, region=trial.screen.region)
                self._judge(view, action, points)
                now = time.monotonic()
                self.tell(ActionDecided(self.number, index, action, self.summary, points, now))
                with self.watch.measure("act"):
                    if before is None:
                        before = trial.look_again(view.frame)
                    else:
                        trial.settle(trial.screen.grab(), BETWEEN_ACTIONS)
                for event in self.session.typing.do(self.number, action, transform, self.watch):
                    self._tell_typed(event)
                self.tell(ActionDone(self.number, index, time.monotonic()))
        except HandedOver as touched:
            reason = "a hand on the mouse or the keyboard interrupted it"
            raise ActionFailed(f"{self.summary}: {reason}", (), CallLog(), view) from touched
        except (ModelMistake, RunEnded) as refusal:
            raise ActionFailed(f"{self.summary}: {refusal}", (), CallLog(), view) from refusal
        finally:
            self.looker.forget()
        if before is None:
            return
        with self.watch.measure("settle"):
            settled = trial.settle(before, EFFECT)
        self.tell(
            ScreenSettled(
                self.number, settled.settled, settled.changed, settled.seconds, time.monotonic()
            )
        )
