"""The reader as a model: looks, thinks aloud, and answers in the model's own format."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from agent_app.model_runtime import (
    THINK_CLOSE,
    THINK_OPEN,
    EndedBy,
    Finish,
    GenerationRequest,
    ImagePart,
    RuntimeInfo,
    Token,
    Turn,
)
from agent_app.runtimes.reader.deciding import Decider, Decision, needs_sight
from agent_app.runtimes.reader.history import progress
from agent_app.runtimes.reader.language.parsing import parse_steps
from agent_app.runtimes.reader.language.steps import Step
from agent_app.runtimes.reader.narration import summary
from agent_app.runtimes.reader.quoting import quote
from agent_app.runtimes.reader.sight import Sight

_WORD = re.compile(r"\s*\S+|\s+")


class Looks(Protocol):
    """What reads the screen; `eyes.Eyes` in earnest."""

    def look(self, part: ImagePart) -> Sight: ...
    def close(self) -> None: ...


@dataclass
class _Watch:
    """How long this reply's look took, in seconds."""

    look: float = 0.0


class ReaderRuntime:
    """Follows written steps by reading the screen.

    It holds no state of a run: where a run stands is read from the marks in the turns, so that a
    run can be replayed or forked at any step.
    """

    def __init__(self, eyes: Looks) -> None:
        self._eyes = eyes

    @property
    def info(self) -> RuntimeInfo:
        return RuntimeInfo(
            "reader", "reads the screen's text and follows written steps", image_limits=None
        )

    def generate(self, request: GenerationRequest) -> Generator[Token]:
        """Stream the reply for the last picture of the request, a word at a time.

        Raises StepError at once, before anything is looked at or done, for an instruction that
        cannot be read as steps, and ValueError for a request without a picture. Sampling is
        ignored, but for `think` and `max_tokens`.
        """
        return self._stream(request, parse_steps(request.instruction), last_picture(request.turns))

    def foresee(self, show: Callable[[], ImagePart]) -> None:
        """Nothing: reading ahead would slow the captures that it hangs on, on the same cores."""

    def close(self) -> None:
        """Let go of what the eyes hold."""
        self._eyes.close()

    def _stream(
        self, request: GenerationRequest, steps: Sequence[Step], picture: ImagePart
    ) -> Generator[Token]:
        watch = _Watch()
        count = 0
        ended: EndedBy = "stop"
        for word in _words(self._reply(request, steps, picture, watch)):
            if request.stop.is_set():
                break
            if count == request.sampling.max_tokens:
                ended = "length"
                break
            yield Token(word.encode("utf-8", "replace"))
            count += 1
        if request.stop.is_set():
            ended = "cancelled"
        yield Token(b"", Finish(ended, completion_tokens=count, encode_seconds=watch.look))

    def _reply(
        self,
        request: GenerationRequest,
        steps: Sequence[Step],
        picture: ImagePart,
        watch: _Watch,
    ) -> Iterator[str]:
        thinking = self._think(request, steps, picture, watch)
        if request.sampling.think:
            yield THINK_OPEN
            decision = yield from thinking
            if decision is None:
                return
            yield THINK_CLOSE
        else:
            decision = _last_word(thinking)
            if decision is None:
                return
        yield f"## Action:\n{decision.action}\n## Code:\n```python\n{decision.code}\n```"

    def _think(
        self,
        request: GenerationRequest,
        steps: Sequence[Step],
        picture: ImagePart,
        watch: _Watch,
    ) -> Generator[str, None, Decision | None]:
        """The thought, and what it comes to; None when stopped before the look.

        What needs nothing found, such as a key to press, is done without a look.
        """
        stand = progress(request.turns, steps)
        left = steps[stand.step - 1 :]
        if left:
            yield f"Step {stand.step} of {len(steps)}: {quote(left[0].said)[1:-1]}.\n"
            if stand.trouble:
                yield f"Tried before, and told: {quote(stand.trouble)}\n"
        if not left or not needs_sight(left[0].deed):
            sight = Sight(())
        else:
            yield "Reading the screen…\n"
            if request.stop.is_set():
                return None
            began = time.monotonic()
            sight = self._eyes.look(picture)
            watch.look = time.monotonic() - began
            yield f"{summary(sight, watch.look)}\n"
        size = picture.transform.size
        hint = _hint_of(request.opening)
        return (yield from Decider(steps, stand, sight, size, hint=hint).decide())


def _hint_of(opening: str) -> str:
    """The last line of an opening: a person's hint behind the thought that it broke off."""
    lines = opening.removeprefix(THINK_OPEN).splitlines()
    return lines[-1].strip() if lines and opening.endswith("\n") else ""


def last_picture(turns: Sequence[Turn]) -> ImagePart:
    """The picture shown last; raises ValueError when there is none."""
    for turn in reversed(turns):
        for part in reversed(turn.parts):
            if isinstance(part, ImagePart):
                return part
    raise ValueError("the reader was asked without a picture")


def _words(chunks: Iterator[str]) -> Iterator[str]:
    for chunk in chunks:
        yield from _WORD.findall(chunk)


def _last_word(thinking: Generator[str, None, Decision | None]) -> Decision | None:
    """What a thought comes to that nobody hears."""
    while True:
        try:
            next(thinking)
        except StopIteration as end:
            return end.value
