"""The small checkpoint sees: from pixels to clicks, through all of the application."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from agent_app.actions import Click
from agent_app.model_runtime import ModelOptions, no_progress
from agent_app.runtimes.kimi_vl import open_kimi_vl
from agent_app.runtimes.kimi_vl.hub import find
from agent_app.runtimes.kimi_vl.runtime import KimiVLRuntime
from train.asking import Asked, answer, questions
from train.canvas import RGB, form_mask
from train.engines import is_same
from train.screens import COLOURS, SHAPES

FOLDER = Path(__file__).parents[2] / "models" / "small"
GRID, OFF_GRID = (336, 308), (433, 309)


@pytest.fixture(scope="module")
def small() -> Iterator[KimiVLRuntime]:
    with opened("cpu", "fp32", "reference") as runtime:
        yield runtime


@contextmanager
def opened(device: str, precision: Any, engine: Any) -> Iterator[KimiVLRuntime]:
    options = ModelOptions(device=device, precision=precision, engine=engine)
    runtime = open_kimi_vl(str(FOLDER), environment={}, options=options, progress=no_progress)
    try:
        yield runtime
    finally:
        runtime.close()


def right(runtime: KimiVLRuntime, all_: Iterable[Asked]) -> int:
    return sum(one.is_right(answer(runtime, one.image, one.task)) for one in all_)


def test_it_is_found_by_its_name():
    assert find("small") == FOLDER


def test_it_finds_what_is_asked_for_and_refuses_what_is_not_there(small: KimiVLRuntime):
    assert right(small, questions(GRID, seed=41, screens=5)) >= 18  # of 20; broken, it has 0 to 13


@pytest.mark.parametrize("colour", ["red", "blue"])
def test_it_tells_colours_apart(small: KimiVLRuntime, colour: str):
    image = Image.new("RGB", (280, 280), (235, 235, 240))
    places = {"red": (40, 60), "blue": (180, 190)}
    for name, at in places.items():
        square = form_mask(SHAPES.index("square"), 48)
        image.paste(RGB[COLOURS.index(name)], at, square)
    (click,) = answer(small, image, f"Click the {colour} square.")
    x, y = places[colour]
    assert isinstance(click, Click)
    assert x <= click.at.x * 280 <= x + 48
    assert y <= click.at.y * 280 <= y + 48


def test_it_sees_a_screen_whose_size_is_not_on_the_grid(small: KimiVLRuntime):
    assert right(small, questions(OFF_GRID, seed=43, screens=3)) >= 10  # of 12


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("precision", ["bf16", "fp8", "int8", "int4"])
def test_the_fast_engine_clicks_where_the_reference_does(small: KimiVLRuntime, precision: str):
    all_ = list(questions(GRID, seed=61, screens=6))
    wanted = [answer(small, one.image, one.task) for one in all_]
    with opened("cuda", precision, "fast") as fast:
        assert fast.info.detail.endswith("fast engine")
        found = [answer(fast, one.image, one.task) for one in all_]
    assert sum(map(is_same, found, wanted)) >= 23  # of 24: rounding may turn a draw
