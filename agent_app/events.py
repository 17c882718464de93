"""The event union: what a run says about itself, and the one encoding of it.

The window, the console, the recorder, the tests and the exports all consume this stream. Frames are
named by their sha1 and never carried inside an event. All times are seconds; `at` is the monotonic
clock. Where a text of an event is ours and not the model's, `words` is what it was made of, by
which it is shown in another language.
"""

from __future__ import annotations

import math
from typing import Any, Literal, cast

import msgspec

from agent_app.actions import Action
from agent_app.control import Cause
from agent_app.geometry import FrameBox, FrameTransform, Monitor, Region, ScreenPoint
from agent_app.model_runtime import Channel, EndedBy
from agent_app.wording import Words

Outcome = Literal["success", "failure", "stopped", "limit", "error"]
Approval = Literal["once", "run", "refused", "stopped", "unanswered"]


class Timing(msgspec.Struct, frozen=True):
    """Where one step's time went, in seconds; what consumers of the events take is not in it."""

    capture: float = 0.0
    encode: float = 0.0
    prefill: float = 0.0
    decode: float = 0.0
    parse: float = 0.0
    act: float = 0.0
    settle: float = 0.0


class FrameRef(msgspec.Struct, frozen=True):
    """A frame by content: the pixels are in the ring while the run lives, in the episode after."""

    sha1: str
    transform: FrameTransform
    monitor: int


class WindowRef(msgspec.Struct, frozen=True):
    """A top-level window with its title bar, in input units; the agent's own are never among them.

    A menu or another popup has `popup` set and usually no title.
    """

    title: str
    application: str
    region: Region
    active: bool
    popup: bool


class Budgets(msgspec.Struct, frozen=True):
    """How much a run may use: steps, seconds, generated tokens."""

    steps: int = 50
    seconds: float = 1800.0
    tokens: int = 400_000


class RunStarted(msgspec.Struct, frozen=True, tag="run_started", omit_defaults=True):
    """`replays` is the run that this one does again, empty for one of its own.

    `programs` are the commands that were started on the desktop for it.
    """

    run: str
    task: str
    model: str
    prompt_sha1: str
    monitors: tuple[Monitor, ...]
    budgets: Budgets
    at: float
    replays: str = ""
    programs: tuple[str, ...] = ()


class StepStarted(msgspec.Struct, frozen=True, tag="step_started"):
    step: int
    at: float


class FrameCaptured(msgspec.Struct, frozen=True, tag="frame_captured"):
    """What the agent sees at the start of this step.

    A second one of the last step is the screen that the task leaves.
    """

    step: int
    frame: FrameRef
    at: float


class WindowsSeen(msgspec.Struct, frozen=True, tag="windows_seen"):
    """The windows on the captured frame, from the topmost down.

    Said after a `FrameCaptured` when they are others than the last time, and never on a system that
    does not tell them.
    """

    step: int
    windows: tuple[WindowRef, ...]
    at: float


class TokenStreamed(msgspec.Struct, frozen=True, tag="token_streamed"):
    """Live only, never recorded: the reply as it is produced.

    With `restart`, this text replaces all that was streamed of the reply so far.
    """

    step: int
    channel: Channel
    text: str
    restart: bool = False


class ReplyReceived(msgspec.Struct, frozen=True, tag="reply_received"):
    step: int
    thought: str
    summary: str | None
    ended_by: EndedBy
    prompt_tokens: int
    completion_tokens: int
    at: float


class ModelErred(msgspec.Struct, frozen=True, tag="model_erred", omit_defaults=True):
    """The reply could not be carried out; `message` is what the model is told."""

    step: int
    message: str
    at: float
    words: Words | None = None


class ModelWarned(msgspec.Struct, frozen=True, tag="model_warned", omit_defaults=True):
    """The loop noticed something (no effect, going in circles); `message` goes to the model."""

    step: int
    message: str
    at: float
    words: Words | None = None


class TargetFound(msgspec.Struct, frozen=True, tag="target_found"):
    """Where a recorded target is now; `how` it was found, its `score` (0..1), and in what time.

    Said before the `ActionDecided` that names the same step and index, once for each place of it.
    """

    step: int
    index: int
    how: str
    point: ScreenPoint
    score: float
    seconds: float
    at: float


class TargetMissed(msgspec.Struct, frozen=True, tag="target_missed"):
    """A recorded target is not on the screen, or not surely: nothing is done about it yet."""

    step: int
    index: int
    reason: str
    at: float


class EffectCompared(msgspec.Struct, frozen=True, tag="effect_compared"):
    """Whether a step had the effect that it had in the recording; `message` says what differs."""

    step: int
    alike: bool
    message: str
    at: float


class ActionDecided(msgspec.Struct, frozen=True, tag="action_decided"):
    """What is about to be done: consumers see it before any input is sent."""

    step: int
    index: int
    action: Action
    intent: str
    points: tuple[ScreenPoint, ...]
    at: float


class VetoOffered(msgspec.Struct, frozen=True, tag="veto_offered"):
    """Live only, never recorded: the step's first input is sent in so many seconds.

    `actions` are all that the step is about to do, each with its places as far as they are known;
    the first one has been decided just before.
    """

    step: int
    actions: tuple[Action, ...]
    points: tuple[tuple[ScreenPoint, ...], ...]
    seconds: float
    at: float


class ActionDone(msgspec.Struct, frozen=True, tag="action_done"):
    step: int
    index: int
    at: float


class ShownText(msgspec.Struct, frozen=True):
    """A text as it stood on a frame; `box` is None for what only an application tells."""

    text: str
    box: FrameBox | None = None


class ActionJudged(msgspec.Struct, frozen=True, tag="action_judged"):
    """Policy refuses an action that was decided, or asks the person about it.

    `rule` is the one that decided and `reason` says why. `shown` is what it was judged by, on this
    frame, `window` the title of the window that it goes to; empty where that is not known.
    """

    step: int
    index: int
    verdict: Literal["ask", "refuse"]
    rule: str
    reason: str
    window: str
    shown: tuple[ShownText, ...]
    frame: FrameRef
    at: float


class ApprovalGiven(msgspec.Struct, frozen=True, tag="approval_given", omit_defaults=True):
    """What became of an action that the person was asked about.

    `scope` says what else is allowed with it, where the answer was to allow it for this run; the
    `words` are its.
    """

    step: int
    index: int
    rule: str
    answer: Approval
    scope: str
    at: float
    words: Words | None = None


class QuestionAsked(msgspec.Struct, frozen=True, tag="question_asked", omit_defaults=True):
    """`seconds` is how long the answer is waited for; None is as long as it takes.

    With `words`, the choices are ours, too.
    """

    step: int
    question: str
    choices: tuple[str, ...]
    at: float
    seconds: float | None = None
    words: Words | None = None


class QuestionAnswered(msgspec.Struct, frozen=True, tag="question_answered"):
    """`answer` is None when nobody answered."""

    step: int
    answer: str | None
    at: float


class Paused(msgspec.Struct, frozen=True, tag="paused"):
    """The run holds still: a "hand" took over mouse or keyboard, or a "person" asked for it.

    A person may also say no to what was about to be done, "veto", or have a "hint" to give.
    An action that was decided before it and is not done by then was broken off.
    """

    step: int
    cause: Cause
    at: float


class HintGiven(msgspec.Struct, frozen=True, tag="hint_given"):
    """What a person said into the run; the model goes on from its thought with these words."""

    step: int
    hint: str
    at: float


class Resumed(msgspec.Struct, frozen=True, tag="resumed"):
    """The run goes on, and looks at the screen anew."""

    step: int
    at: float


class ScreenSettled(msgspec.Struct, frozen=True, tag="screen_settled"):
    """`settled` is False when the screen was still moving at the maximum wait."""

    step: int
    settled: bool
    changed: bool
    seconds: float
    at: float


class StepFinished(msgspec.Struct, frozen=True, tag="step_finished"):
    step: int
    timing: Timing
    at: float


class RunFinished(msgspec.Struct, frozen=True, tag="run_finished", omit_defaults=True):
    """How the run ended; the `words` are of its reason."""

    outcome: Outcome
    reason: str
    answer: str
    steps: int
    seconds: float
    tokens: int
    at: float
    words: Words | None = None


Event = (
    RunStarted
    | StepStarted
    | FrameCaptured
    | WindowsSeen
    | TokenStreamed
    | ReplyReceived
    | ModelErred
    | ModelWarned
    | TargetFound
    | TargetMissed
    | ActionDecided
    | VetoOffered
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
    | RunFinished
)

LIVE_ONLY = (TokenStreamed, VetoOffered)  # what no recording holds

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Event)


def encode_event(event: Event) -> bytes:
    """One JSON object without a newline; its `type` names the kind.

    A number that JSON has no word for is written as `{"float":"inf"}`, `"-inf"` or `"nan"`.
    """
    line = _encoder.encode(event)
    if b"null" in line:  # which is what the encoder makes of such a number, and of None
        return _encoder.encode(_with_marks(msgspec.to_builtins(event)))
    return line


def decode_event(line: bytes | str) -> Event:
    """The event of one JSON line; raises msgspec.ValidationError when it is none."""
    try:
        return _decoder.decode(line)
    except msgspec.ValidationError:
        value = msgspec.json.decode(line)
        if (plain := _without_marks(value)) == value:
            raise
        return msgspec.convert(plain, Event)


def _with_marks(value: Any) -> Any:
    match value:
        case float() if not math.isfinite(value):
            return {"float": str(value)}
        case dict():
            items = cast("dict[str, Any]", value).items()
            return {key: _with_marks(part) for key, part in items}
        case list() | tuple():
            return [_with_marks(part) for part in cast("list[Any]", value)]
        case _:
            return value


def _without_marks(value: Any) -> Any:
    match value:
        case {"float": ("inf" | "-inf" | "nan") as name, **rest} if not rest:
            return float(name)
        case dict():
            items = cast("dict[str, Any]", value).items()
            return {key: _without_marks(part) for key, part in items}
        case list():
            return [_without_marks(part) for part in cast("list[Any]", value)]
        case _:
            return value
