"""Questions to the small checkpoint through the application's own runtime, and their marks."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
from PIL import Image

from agent_app.actions import Click, Terminate
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
from train.questions import Asker, question

FOLDER = Path(__file__).parents[2] / "models" / "small"
REPLY_TOKENS = 160


def asked(runtime: ModelRuntime, image: Image.Image, task: str, *, scaled: bool = True):
    """The actions that the model answers with; none when its reply cannot be carried out.

    A picture that is not `scaled` onto the model's grid is padded by the model's own preparation.
    """
    part = shown(image, runtime.info.image_limits if scaled else None)
    request = GenerationRequest(
        History(load_prompt("agent"), task).turns(part),
        task,
        sampling=Sampling(temperature=0, max_tokens=REPLY_TOKENS),
    )
    splitter = ReplySplitter()
    for token in runtime.generate(request):
        splitter.feed(token.data)
        finish = token.finish
    _, reply = splitter.finish(finish.ended_by)
    if reply.summary is None or not reply.thought or finish.ended_by != "stop":
        return ()
    try:
        return ground(reply.summary, image_size=Size(*part.image.size)).actions
    except ModelMistake:
        return ()


def shown(image: Image.Image, limits: ImageLimits | None) -> ImagePart:
    """A picture as a capture of that size reaches the model."""
    transform = FrameTransform(ScreenPoint(0, 0), 1.0, Size(*image.size))
    return Frame(np.asarray(image), transform, 0, 0.0).for_model(limits)


def marks(
    runtime: ModelRuntime, size: tuple[int, int], *, seed: int, screens: int, scaled: bool = True
) -> list[bool]:
    """Whether each of four questions on each of some drawn screens is answered right."""
    rng = random.Random(seed)
    found: list[bool] = []
    for _ in range(screens):
        scene = draw_scene(rng, size, pool="known")
        asker = Asker(scene, rng, "known")
        for _ in range(4):
            one = question(asker, (), ("shape", "word", "missing"))
            actions = asked(runtime, scene.image, one.instruction, scaled=scaled)
            box = scene.elements[one.target].box if one.aims else None
            found.append(_is_right(actions, box, size))
    return found


def _is_right(actions, box, size) -> bool:
    match actions:
        case [Terminate(status="failure")]:
            return box is None
        case [Click(at=place)] if place is not None:
            if box is None:
                return False
            x, y = place.x * size[0], place.y * size[1]
            return box[0] <= x <= box[2] and box[1] <= y <= box[3]
        case _:
            return False
