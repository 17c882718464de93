"""The run as the window tells it: steps with their thoughts, deeds and times, built from events.

Knows nothing of Qt: `worded` puts its notes into a language. The window's views read it and never
change it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from agent_app.actions import Action
from agent_app.control import Cause
from agent_app.events import (
    ActionDecided,
    ActionDone,
    ActionJudged,
    Approval,
    ApprovalGiven,
    EffectCompared,
    Event,
    FrameCaptured,
    FrameRef,
    HintGiven,
    ModelErred,
    ModelWarned,
    Paused,
    QuestionAnswered,
    QuestionAsked,
    ReplyReceived,
    Resumed,
    RunFinished,
    RunStarted,
    ScreenSettled,
    StepFinished,
    StepStarted,
    TargetFound,
    TargetMissed,
    Timing,
    TokenStreamed,
    VetoOffered,
    WindowsSeen,
)
from agent_app.geometry import ScreenPoint
from agent_app.wording import Words, say

_PAUSED: dict[Cause, Words] = {
    "hand": say("You took over."),
    "person": say("You paused it."),
    "veto": say("You stopped this before it was done."),
}
_APPROVALS: dict[Approval, Words] = {
    "once": say("You allowed it."),
    "run": say("You allowed it for this run."),
    "refused": say("You refused it."),
    "stopped": say("You stopped the run instead."),
    "unanswered": say("Nobody answered, so it was not done."),
}

State = Literal[
    "looking",
    "thinking",
    "offering",
    "acting",
    "asking",
    "settling",
    "done",
    "broken off",
    "mistake",
    "ended",
]
PieceKind = Literal["thought", "summary", "note"]

_LEAST_DECODE = 0.05  # seconds: a speed over less than that says nothing
_FENCE = re.compile(r"^`{1,3}\w*(?:\n|\Z)", re.MULTILINE)  # also while it is still arriving
_BREAKS = re.compile("\r\n|[\r\u2029\ufdd0\ufdd1]")  # where a text document begins a new line
# What turns the direction of writing by force: a text could then seem to say something else.
_TURNING = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)], "\ufffd")
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_LONGEST_SHOWN = 200_000  # characters; more makes a text document slow, and nobody reads it


def shown_text(text: str) -> str:
    """A part of a reply as it is shown: without the fences around code, with one kind of line end.

    Each character of it stands for itself in a text document, so that places can be counted.
    """
    return GrowingText().show(text)


class GrowingText:
    """A text as it is shown while it grows: only its last line is gone through again."""

    def __init__(self) -> None:
        self._text = self._shown = ""
        self._lines = self._lines_shown = ""  # the whole lines of it

    def show(self, text: str) -> str:
        """What is shown of the text as it is now; see `shown_text`."""
        if text == self._text:
            return self._shown
        self._text = text
        if len(text) > _LONGEST_SHOWN:
            text = f"{text[:_LONGEST_SHOWN]}\n… {len(text) - _LONGEST_SHOWN} more characters"
        if not text.startswith(self._lines):
            self._lines = self._lines_shown = ""
        end = text.rfind("\n") + 1
        lines = self._lines_shown + _cleared(text[len(self._lines) : end])
        self._lines, self._lines_shown = text[:end], lines.lstrip("\n")
        self._shown = (self._lines_shown + _cleared(text[end:])).lstrip("\n")
        return self._shown


def _cleared(text: str) -> str:
    """Whole lines, or the last one, without what is not to be shown."""
    if _TURNS.search(text):  # which takes a tenth of the time of replacing
        text = text.translate(_TURNING)
    return _FENCE.sub("", _BREAKS.sub("\n", text))


def shown_line(text: str, most: int) -> str:
    """A text as one line of at most so many characters."""
    line = " ".join(text[: 2 * most].translate(_TURNING).split())
    return line if len(line) <= most and len(text) <= 2 * most else line[: most - 1] + "…"


@dataclass
class Deed:
    """One action of a step: decided, then done, or said no to by the person."""

    action: Action
    intent: str
    points: tuple[ScreenPoint, ...]
    done: bool = False
    vetoed: bool = False


@dataclass
class Step:
    """All there is to show of one step. `seconds` is None while it goes on.

    `offer` is what it is about to do while the person may say no to it.
    """

    number: int
    started: float
    state: State = "looking"
    frame: FrameRef | None = None
    pieces: list[tuple[PieceKind, str]] = field(default_factory=list[tuple[PieceKind, str]])
    deeds: list[Deed] = field(default_factory=list[Deed])
    offer: VetoOffered | None = None
    changed: bool | None = None
    settled: bool | None = None
    timing: Timing | None = None
    completion_tokens: int = 0
    seconds: float | None = None

    @property
    def thought(self) -> str:
        """What the reply under way, or the last one, has thought."""
        said = ""
        for kind, text in self.pieces:
            said = "" if kind == "note" else said + text * (kind == "thought")
        return said

    @property
    def intent(self) -> str:
        """What the step does, in the words of its first action; empty until one is decided."""
        return self.deeds[0].intent if self.deeds else ""

    @property
    def tokens_per_second(self) -> float | None:
        """Decoding speed as measured by the run, once the step is over; None when too short."""
        if self.timing is None or self.timing.decode < _LEAST_DECODE:
            return None
        return self.completion_tokens / self.timing.decode

    def add(self, kind: PieceKind, text: str) -> None:
        """Append to the reply; neighbours of one kind become one piece."""
        if self.pieces and self.pieces[-1][0] == kind and kind != "note":
            self.pieces[-1] = (kind, self.pieces[-1][1] + text)
        else:
            self.pieces.append((kind, text))

    def restart(self) -> None:
        """Forget the reply under way; what came before the last note was another reply."""
        while self.pieces and self.pieces[-1][0] != "note":
            self.pieces.pop()


@dataclass
class Story:
    """A run so far. `final_frame` is the screen after the last step.

    `leave` is whether the question is one for leave to act.

    A run that ends with an error has no `finished`; `ended_at` says when any run ended.
    """

    worded: Callable[[str | Words], str] = str
    run: RunStarted | None = None
    steps: list[Step] = field(default_factory=list[Step])
    question: QuestionAsked | None = None
    leave: bool = False
    final_frame: FrameRef | None = None
    finished: RunFinished | None = None
    ended_at: float | None = None
    # The thought that a hint has broken off, and the hint: the next step goes on from both.
    _heard: list[tuple[PieceKind, str]] = field(default_factory=list[tuple[PieceKind, str]])

    @property
    def step(self) -> Step | None:
        """The step under way, or the last one."""
        return self.steps[-1] if self.steps else None

    def step_numbered(self, number: int) -> Step | None:
        """A step by its number; the latest are looked at first."""
        return next((step for step in reversed(self.steps) if step.number == number), None)

    def apply(self, event: Event) -> None:
        """Take in the next event of the run."""
        match event:
            case RunStarted():
                self.run = event
            case StepStarted():
                self.steps.append(Step(event.step, event.at, pieces=self._heard))
                self._heard = []
            case HintGiven():
                self._hear(event.hint)
            case RunFinished():
                self.finished = event
                self.question = None
                self.end(event.at)
            case QuestionAsked():  # also between two steps, and before the first
                self.question = event
                if (step := self.step_numbered(event.step)) is not None and step.seconds is None:
                    step.state = "asking"
                    step.offer = None  # the time for a veto is over
            case QuestionAnswered():
                self.question = None
                if (step := self.step_numbered(event.step)) is not None and step.seconds is None:
                    step.state = "acting"
            case FrameCaptured() if (step := self.step_numbered(event.step)) is None or step.frame:
                self.final_frame = event.frame
            case _:
                if (step := self.step_numbered(event.step)) is not None:
                    self._apply_to(step, event)

    def frame_after(self, step: Step) -> FrameRef | None:
        """The screen that a step has led to, once it is known."""
        at = self.steps.index(step) + 1
        if at < len(self.steps):
            return self.steps[at].frame
        return self.final_frame

    def _hear(self, hint: str) -> None:
        step = self.step
        thought = "" if step is None or step.deeds else step.thought
        self._heard = [("thought", thought)] if thought else []
        self._heard.append(("note", self.worded(say("Your hint: {hint}", hint=hint))))

    def _note(self, step: Step, text: str | Words) -> None:
        step.add("note", self.worded(text))

    def end(self, at: float) -> None:
        """Nothing more will come: a step that is still open ends here."""
        if self.ended_at is None:
            self.ended_at = at
        if (last := self.step) is not None and last.seconds is None:
            last.state = "ended"
            last.offer = None
            last.seconds = at - last.started

    def _apply_to(self, step: Step, event: Event) -> None:
        match event:
            case FrameCaptured():
                step.frame = event.frame
                step.state = "thinking"
            case TokenStreamed():
                if event.restart:
                    step.restart()
                step.add(event.channel, event.text)
            case WindowsSeen():
                pass
            case ReplyReceived():
                step.completion_tokens += event.completion_tokens
                if not any(kind != "note" for kind, _ in step.pieces[-1:]):  # nothing was streamed
                    if event.thought:
                        step.add("thought", event.thought)
                    if event.summary:
                        step.add("summary", event.summary)
            case ModelErred():
                step.state = "mistake"
                self._note(step, event.words or event.message)
            case ModelWarned():
                self._note(step, event.words or event.message)
            case TargetFound():
                score = f"{event.score:.0%}"
                self._note(step, say("Found by {how} ({score}).", how=event.how, score=score))
            case TargetMissed():
                step.state = "mistake"
                self._note(step, event.reason)
            case EffectCompared():
                if not event.alike:
                    step.state = "mistake"
                    self._note(step, event.message)
            case ActionDecided():
                step.state = "acting"
                step.deeds.append(Deed(event.action, event.intent, event.points))
            case VetoOffered():
                step.state = "offering"
                step.offer = event
            case ActionDone():
                step.offer = None
                if event.index < len(step.deeds):
                    step.deeds[event.index].done = True
                step.state = "settling"
            case ActionJudged():  # a question or a refusal follows, which says it all
                self.leave = event.verdict == "ask"
            case ApprovalGiven():
                self.leave = False
                allowed = _APPROVALS[event.answer]
                if event.scope:
                    scope = event.words or event.scope
                    allowed = say("You allowed it for this run: {scope}.", scope=scope)
                self._note(step, allowed)
            case Paused():
                step.offer = None
                if not any(deed.done for deed in step.deeds):
                    step.state = "broken off"
                if event.cause == "veto":
                    for deed in step.deeds:
                        deed.vetoed = not deed.done
                if event.cause != "hint":  # which says itself what it is
                    self._note(step, _PAUSED[event.cause])
            case Resumed():
                self._note(step, say("It goes on, and looks at the screen anew."))
            case ScreenSettled():
                step.changed, step.settled = event.changed, event.settled
            case StepFinished():
                step.offer = None
                step.timing = event.timing
                step.seconds = event.at - step.started
                if step.state not in ("mistake", "broken off"):
                    step.state = "done"
            case _:
                raise AssertionError(f"{type(event).__name__} is no event of a step")
