"""One question to a model, and what its reply comes to: a live run and a recorded one share it.

Nothing here knows a desktop: a screen is an `ImagePart`, and who may do what is asked of a policy.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass

from agent_app.actions import Action, describe_action
from agent_app.errors import ModelMistake
from agent_app.geometry import Size
from agent_app.grounding import Decision, ground
from agent_app.model_runtime import (
    THINK_CLOSE,
    THINK_OPEN,
    Finish,
    GenerationRequest,
    ImagePart,
    ModelRuntime,
    Piece,
    Reply,
    ReplySplitter,
)

_EXCERPT = 400  # characters of a reply that could not be read, kept in the history


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply with what only the asking could measure.

    `seconds` is the time the runtime took, `first` until its first token.
    """

    reply: Reply
    finish: Finish
    seconds: float
    first: float


def ask(
    runtime: ModelRuntime, request: GenerationRequest
) -> Generator[Sequence[Piece], None, Answer]:
    """Ask, and pass on the pieces that each token completes, as they come.

    The consumer's time between two tokens is not counted. What the request's opening says is part
    of the reply, and no piece. Ends early once `request.stop` is set.
    """
    splitter = ReplySplitter()
    splitter.feed(request.opening.encode())
    finish = Finish("cancelled")
    seconds = first = 0.0
    with closing(runtime.generate(request)) as tokens:
        while not request.stop.is_set():
            asked = time.monotonic()
            token = next(tokens, None)
            seconds += time.monotonic() - asked
            first = first or seconds
            if token is None:
                break
            finish = token.finish or finish
            yield splitter.feed(token.data)
    pieces, reply = splitter.finish(finish.ended_by)
    yield pieces
    return Answer(reply, finish, seconds, first)


def decide(reply: Reply, image: ImagePart, *, allow: Callable[[Action], None]) -> Decision:
    """The typed actions that a reply asks for; raises ModelMistake for anything else.

    `allow` raises ModelMistake for an action that may not be done.
    """
    if reply.summary is None:
        cut = " It was cut off at the length limit." if reply.ended_by == "length" else ""
        raise ModelMistake(
            f"The thought never ended, so there is no answer.{cut} Think shorter, close the "
            "thought, then give ## Action: and ## Code:."
        )
    decision = ground(reply.summary, image_size=Size(*image.image.size))
    for action in decision.actions:
        allow(action)
    return decision


PAUSED_REMARK = (
    "A person took over in the middle of this step. It may be done, half done or not done: look at "
    "the screen as it is now."
)


VETOED_REMARK = (
    "A person stopped this step before anything of it was done: it is not what they want. Do "
    "something else."
)


def told(intent: str, actions: Sequence[Action]) -> str:
    """What the history says was done: the model's own sentence, else the actions in words."""
    return intent or "; ".join(map(describe_action, actions))


def excerpt(summary: str | None) -> str:
    """What the history keeps of a reply that could not be read."""
    return (summary or "")[:_EXCERPT]


def mistake_remark(message: str) -> str:
    """What the model is told after a reply that could not be carried out."""
    return f"That reply could not be carried out: {message}"


def answer_remark(answer: str | None) -> str:
    """What the model is told after its question; None when nobody answered."""
    if answer is None:
        return "Nobody answered the question."
    return f"The person answered: {answer}"


def hinted(thought: str, hint: str) -> str:
    """The opening of a reply that goes on from a thought, with a person's hint put behind it.

    Without a hint the thought alone, and with neither nothing.
    """
    thought = _without_cut_marker(thought)
    if not hint:
        return f"{THINK_OPEN}{thought}" if thought else ""
    return f"{THINK_OPEN}{thought}\n{hint}\n"


def _without_cut_marker(thought: str) -> str:
    """A thought that was broken off within the marker that closes it."""
    for length in range(len(THINK_CLOSE) - 1, 0, -1):
        if thought.endswith(THINK_CLOSE[:length]):
            return thought[:-length]
    return thought
