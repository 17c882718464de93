"""Asks a model about every item, one after the other, and keeps each answer as it is made."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from agent_app.asking import Answer as Asked
from agent_app.asking import ask
from agent_app.evaluate.items import Item
from agent_app.evaluate.reader import on_a_picture, step_for
from agent_app.evaluate.reading import open_picture
from agent_app.evaluate.results import Answer, Result, ResultLog
from agent_app.evaluate.scoring import Prediction, predicted, verdict
from agent_app.geometry import FrameTransform, ScreenPoint, Size
from agent_app.model_runtime import (
    GenerationRequest,
    ImagePart,
    ModelRuntime,
    Progress,
    Sampling,
)
from agent_app.prompting import History, Prompt
from agent_app.screen.frame import Frame


@dataclass(frozen=True, slots=True)
class EvalSettings:
    """How a model is asked. `samples` replies are drawn for each item, with seeds that count up.

    The published evaluation of Kimi-VL took temperature 0 and up to 8192 tokens.
    """

    sampling: Sampling = field(default_factory=lambda: Sampling(temperature=0.0))
    samples: int = 1


class Evaluation:
    """One model and how it is asked."""

    def __init__(
        self,
        runtime: ModelRuntime,
        prompt: Prompt,
        settings: EvalSettings,
        *,
        root: Path,
        stop: threading.Event,
    ) -> None:
        self._runtime = runtime
        self._prompt = prompt
        self._settings = settings
        self._root = root
        self._stop = stop
        self._shown: tuple[str, ImagePart] | None = None

    def run(self, items: Sequence[Item], log: ResultLog, progress: Progress) -> None:
        """Ask about each item that the log lacks; ends within one token once `stop` is set.

        Raises KnownError for a picture that cannot be read, and when the model cannot be asked;
        what was done until then is kept.
        """
        done = {result.item.id for result in log.done}
        left = [item for item in items if item.id not in done]
        name = self._runtime.info.name
        what = f"Asking {name}" + (f" ({len(done)} done before)" if done else "")
        for number, item in enumerate(left):
            progress(what, number, len(left))
            result = self.about(item)
            if result is None:
                return
            log.add(result)
        progress(what, len(left), len(left))

    def about(self, item: Item) -> Result | None:
        """All answers on one item; None once stopped."""
        part = self._picture(item.picture)
        seen = part.transform.size
        asked = step_for(item.instruction) if self._is_reader else item.instruction
        answers: list[Answer] = []
        for number in range(self._settings.samples):
            answer = self._ask(asked, part, number)
            if self._stop.is_set():
                return None
            prediction = predicted(answer.reply, image_size=Size(*part.image.size))
            if self._is_reader:
                prediction = on_a_picture(prediction)
            size = Size(*item.size) if item.size is not None else seen
            answers.append(
                Answer(
                    thought=answer.reply.thought,
                    summary=answer.reply.summary,
                    ended_by=answer.reply.ended_by,
                    prediction=prediction,
                    verdict=verdict(item, prediction, size),
                    seconds=round(answer.seconds, 4),
                    prompt_tokens=answer.finish.prompt_tokens,
                    completion_tokens=answer.finish.completion_tokens,
                )
            )
        return Result(
            item=item,
            size=(seen.width, seen.height),
            asked=asked,
            answers=tuple(answers),
            chosen=representative([each.prediction for each in answers], seen),
        )

    @property
    def _is_reader(self) -> bool:
        return self._runtime.info.name == "reader"

    def _picture(self, name: str) -> ImagePart:
        """A picture as the model sees it; items that share one come one after the other."""
        if self._shown is None or self._shown[0] != name:
            pixels = np.array(open_picture(self._root / name))
            pixels.flags.writeable = False
            size = Size(pixels.shape[1], pixels.shape[0])
            frame = Frame(pixels, FrameTransform(ScreenPoint(0, 0), 1.0, size), 0, time.monotonic())
            self._shown = name, frame.for_model(self._runtime.info.image_limits)
        return self._shown[1]

    def _ask(self, instruction: str, part: ImagePart, number: int) -> Asked:
        sampling = self._settings.sampling
        seed = None if sampling.seed is None else sampling.seed + number
        request = GenerationRequest(
            turns=History(self._prompt, instruction).turns(part),
            instruction=instruction,
            stop=self._stop,
            sampling=replace(sampling, seed=seed),
        )
        asked = ask(self._runtime, request)
        while True:
            try:
                next(asked)
            except StopIteration as end:
                return end.value


def representative(predictions: Sequence[Prediction], size: Size) -> int:
    """Which of several predictions stands for all: of the most frequent kind, the middle one.

    The middle of points is the one with the least distance to all others.
    """
    kinds = [each.kind for each in predictions]
    kind = max(dict.fromkeys(kinds), key=kinds.count)
    group = [at for at, each in enumerate(predictions) if each.kind == kind]

    def apart(at: int) -> float:
        one = predictions[at]
        return sum(
            math.hypot(
                (one.x - predictions[other].x) * size.width,
                (one.y - predictions[other].y) * size.height,
            )
            for other in group
        )

    return min(group, key=apart)
