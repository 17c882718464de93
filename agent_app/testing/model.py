"""The model that a test asks: opened when it is first needed, its calls counted and bounded."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar

from agent_app.errors import KnownError
from agent_app.events import Event, TokenStreamed
from agent_app.model_runtime import (
    GenerationRequest,
    ImagePart,
    ModelRuntime,
    Reply,
    RuntimeInfo,
    Sampling,
    Token,
)
from agent_app.prompting import History, Prompt
from agent_app.testing.looking import View
from agent_app.testing.stage import Stage
from agent_app.testing.steps import Step

MOST_CALLS = 200  # that one test may make: more is a test that has lost its way

T = TypeVar("T")


@dataclass
class CountedRuntime:
    """A runtime that counts what it is asked, and refuses beyond the bound."""

    runtime: ModelRuntime
    calls: int = 0

    @property
    def info(self) -> RuntimeInfo:
        return self.runtime.info

    def generate(self, request: GenerationRequest) -> Generator[Token]:
        """As the runtime does. Raises KnownError once a test has asked too often."""
        if self.calls >= MOST_CALLS:
            raise KnownError(
                f"this test has asked the model {MOST_CALLS} times",
                remedy="ask for less in one test, or use locators",
            )
        self.calls += 1
        return self.runtime.generate(request)

    def foresee(self, show: Callable[[], ImagePart]) -> None:
        self.runtime.foresee(show)

    def close(self) -> None:
        """Nothing: the runtime is its workplace's."""


class AskedModel:
    """The model of one test; `open` gives the runtime, which others share."""

    def __init__(self, open: Callable[[], ModelRuntime]) -> None:
        self._open = open
        self._runtime: CountedRuntime | None = None
        self.votes: list[str] = []  # how far several samples of one question agreed, in words

    @property
    def runtime(self) -> CountedRuntime:
        """The runtime, opened now if need be. Raises KnownError when it cannot be had."""
        if self._runtime is None:
            self._runtime = CountedRuntime(self._open())
        return self._runtime

    @property
    def calls(self) -> int:
        """How often it was asked."""
        return 0 if self._runtime is None else self._runtime.calls

    @property
    def sees(self) -> bool:
        """Whether it looks at pictures by itself; the reader only follows written steps."""
        return self.runtime.info.name != "reader"

    def require_sight(self, what: str) -> None:
        """Raises KnownError when the model cannot do what a test asks for."""
        if not self.sees:
            raise KnownError(
                f"the reader cannot {what}: it reads the screen and follows written steps",
                remedy="run pytest with --agent-model kimi-vl",
            )

    def reply(
        self,
        stage: Stage,
        step: Step,
        view: View,
        *,
        prompt: Prompt,
        instruction: str,
        sampling: Sampling,
        remark: str = "",
    ) -> Reply:
        """What it says about a view; its reply is recorded in the step.

        `remark` says what was wrong with the reply before. Raises KnownError.
        """
        image = view.frame.for_model(self.runtime.info.image_limits)
        said = f"{instruction}\n\n{remark}" if remark else instruction
        request = GenerationRequest(
            History(prompt, said).turns(image), instruction, sampling=sampling
        )
        trial = stage.session.trial
        trial.ring.add(view.frame)
        step.see(view)
        return drained(trial.think(step.number, self.runtime, request, step.watch), step.tell)


def model_of(stage: Stage, what: str) -> AskedModel:
    """The test's model. Raises KnownError when the stage has none that could do it."""
    if stage.model is None:
        raise KnownError(
            f"there is no model to {what}", remedy="use the fixture desktop, with --agent-model"
        )
    return stage.model


def drained(events: Generator[Event, None, T], tell: Callable[[Event], None]) -> T:
    """What a generator of events returns, once each but the live ones was told."""
    while True:
        try:
            event = next(events)
        except StopIteration as end:
            return end.value
        if not isinstance(event, TokenStreamed):
            tell(event)
