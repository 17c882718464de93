"""A run's events put together step by step, for whoever shows or examines an episode."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from agent_app.actions import Action
from agent_app.episode.format import RecordedEvent, UnknownEvent
from agent_app.events import (
    ActionDecided,
    ActionDone,
    ActionJudged,
    ApprovalGiven,
    EffectCompared,
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
    WindowRef,
    WindowsSeen,
)
from agent_app.geometry import ScreenPoint

StepEvent = (
    StepStarted
    | ReplyReceived
    | ModelErred
    | ModelWarned
    | TargetFound
    | TargetMissed
    | ActionDecided
    | ActionDone
    | ActionJudged
    | ApprovalGiven
    | QuestionAsked
    | QuestionAnswered
    | Paused
    | HintGiven
    | Resumed
    | ScreenSettled
    | EffectCompared
    | StepFinished
)


@dataclass(frozen=True, slots=True)
class EpisodeAction:
    """An action as it was decided; `done` is False when nothing says that it was carried out."""

    action: Action
    intent: str
    points: tuple[ScreenPoint, ...]
    done: bool


@dataclass(frozen=True, slots=True)
class EpisodeStep:
    """One step: what was seen, thought, done, and seen next.

    The windows are those on the two frames, from the topmost down. What did not happen, or was not
    recorded any more, is None or empty. `found`, `missed` and `effect` are of a step that does a
    recorded one again. `at` is its first event on the monotonic clock and
    `seconds` the time to its last one.
    """

    number: int
    frame_before: FrameRef | None
    frame_after: FrameRef | None
    windows_before: tuple[WindowRef, ...]
    windows_after: tuple[WindowRef, ...]
    thought: str
    summary: str | None
    mistakes: tuple[str, ...]
    warnings: tuple[str, ...]
    questions: tuple[tuple[str, str | None], ...]
    actions: tuple[EpisodeAction, ...]
    settled: ScreenSettled | None
    found: tuple[TargetFound, ...]
    missed: tuple[TargetMissed, ...]
    effect: EffectCompared | None
    timing: Timing | None
    at: float
    seconds: float


def steps_of(events: Iterable[RecordedEvent]) -> tuple[EpisodeStep, ...]:
    """The steps in the order they began.

    A frame alone makes no step: the last one of a run is its final state.
    """
    own: dict[int, list[StepEvent]] = {}
    captured: list[_Seen] = []
    for event in events:
        match event:
            case FrameCaptured():
                windows = captured[-1].windows if captured else ()
                captured.append(_Seen(event.step, event.frame, windows))
            case WindowsSeen() if captured:
                captured[-1] = replace(captured[-1], windows=event.windows)
            case RunStarted() | RunFinished() | WindowsSeen() | UnknownEvent():
                pass
            case TokenStreamed() | VetoOffered():  # no recording has one
                pass
            case _:
                own.setdefault(event.step, []).append(event)
    seen: dict[int, int] = {}
    for at, each in enumerate(captured):
        seen.setdefault(each.step, at)
    return tuple(
        _step(number, group, captured[seen[number] : seen[number] + 2] if number in seen else ())
        for number, group in own.items()
    )


@dataclass(frozen=True, slots=True)
class _Seen:
    step: int
    frame: FrameRef
    windows: tuple[WindowRef, ...]


def _step(number: int, group: Sequence[StepEvent], frames: Sequence[_Seen]) -> EpisodeStep:
    """A step's own events, the frame that it saw first and the one after that."""
    replies = [event for event in group if isinstance(event, ReplyReceived)]
    settled = [event for event in group if isinstance(event, ScreenSettled)]
    finished = [event for event in group if isinstance(event, StepFinished)]
    effects = [event for event in group if isinstance(event, EffectCompared)]
    return EpisodeStep(
        number=number,
        frame_before=frames[0].frame if frames else None,
        frame_after=frames[1].frame if len(frames) > 1 else None,
        windows_before=frames[0].windows if frames else (),
        windows_after=frames[1].windows if len(frames) > 1 else (),
        thought=replies[-1].thought if replies else "",
        summary=replies[-1].summary if replies else None,
        mistakes=tuple(event.message for event in group if isinstance(event, ModelErred)),
        warnings=tuple(event.message for event in group if isinstance(event, ModelWarned)),
        questions=_questions(group),
        actions=_actions(group),
        settled=settled[-1] if settled else None,
        found=tuple(event for event in group if isinstance(event, TargetFound)),
        missed=tuple(event for event in group if isinstance(event, TargetMissed)),
        effect=effects[-1] if effects else None,
        timing=finished[-1].timing if finished else None,
        at=group[0].at,
        seconds=group[-1].at - group[0].at,
    )


def _actions(group: Sequence[StepEvent]) -> tuple[EpisodeAction, ...]:
    """The actions in order; one decided again before it was done, as its target moved, once."""
    done = {event.index for event in group if isinstance(event, ActionDone)}
    decided: list[ActionDecided] = []
    waiting = False
    for event in group:
        if isinstance(event, ActionDecided):
            if waiting and decided[-1].index == event.index:
                decided.pop()
            decided.append(event)
            waiting = True
        elif isinstance(event, ActionDone):
            waiting = False
    return tuple(
        EpisodeAction(event.action, event.intent, event.points, event.index in done)
        for event in decided
    )


def _questions(group: Sequence[StepEvent]) -> tuple[tuple[str, str | None], ...]:
    """Each question with its answer, None when nobody answered."""
    asked: list[tuple[str, str | None]] = []
    for event in group:
        match event:
            case QuestionAsked():
                asked.append((event.question, None))
            case QuestionAnswered() if asked:
                asked[-1] = (asked[-1][0], event.answer)
            case _:
                pass
    return tuple(asked)
