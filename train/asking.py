"""Questions to a checkpoint through the application's own runtime, and their marks."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from agent_app.actions import Action, Click, Terminate
from agent_app.errors import ModelMistake
from agent_app.geometry import FrameTransform, ScreenPoint, Size
from agent_app.grounding import ground
from agent_app.model_runtime import (
    GenerationRequest,
    ImageLimits,
    ImagePart,
    ModelRuntime,
    ReplySplitter,
    Sampling,
)
from agent_app.prompting import History, load_prompt
from agent_app.screen.frame import Frame
from train.draw import draw_scene
from train.orders import Asker
from train.questions import question
from train.screens import Box

REPLY_TOKENS = 160


@dataclass(frozen=True, slots=True)
class Asked:
    """A task on a picture, and the box that is to be clicked; none when it is not there."""

    image: Image.Image
    task: str
    box: Box | None

    def is_right(self, actions: Sequence[Action]) -> bool:
        match actions:
            case [Terminate(status="failure")]:
                return self.box is None
            case [Click(at=place)] if place is not None and self.box is not None:
                x, y = place.x * self.image.width, place.y * self.image.height
                return self.box[0] <= x <= self.box[2] and self.box[1] <= y <= self.box[3]
            case _:
                return False


def questions(size: tuple[int, int], *, seed: int, screens: int) -> Iterator[Asked]:
    """Four questions on each of some drawn screens with known words: shapes, words, refusals."""
    rng = random.Random(seed)
    for _ in range(screens):
        scene = draw_scene(rng, size, pool="known")
        asker = Asker(scene, rng, "known")
        for _ in range(4):
            one = question(asker, (), ("shape", "word", "missing"))
            box = scene.elements[one.target].box if one.aims else None
            yield Asked(scene.image, one.instruction, box)


def answer(
    runtime: ModelRuntime, image: Image.Image, task: str, *, scaled: bool = True
) -> tuple[Action, ...]:
    """The actions that the model answers with; none when its reply cannot be carried out.

    A picture that is not `scaled` onto the model's grid is padded by the model's own preparation.
    """
    part = shown(image, runtime.info.image_limits if scaled else None)
    request = GenerationRequest(
        History(load_prompt("agent"), task).turns(part),
        task,
        sampling=Sampling(temperature=0, max_tokens=REPLY_TOKENS),
    )
    splitter, ended = ReplySplitter(), None
    for token in runtime.generate(request):
        splitter.feed(token.data)
        ended = token.finish
    if ended is None or ended.ended_by != "stop":
        return ()
    _, reply = splitter.finish(ended.ended_by)
    if reply.summary is None or not reply.thought:
        return ()
    try:
        return tuple(ground(reply.summary, image_size=Size(*part.image.size)).actions)
    except ModelMistake:
        return ()


def shown(image: Image.Image, limits: ImageLimits | None) -> ImagePart:
    """A picture as a capture of that size reaches the model."""
    transform = FrameTransform(ScreenPoint(0, 0), 1.0, Size(*image.size))
    return Frame(np.asarray(image), transform, 0, 0.0).for_model(limits)
