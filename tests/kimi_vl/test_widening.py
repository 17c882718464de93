"""A small model's heads, filled up with zeros for the kernels, see what they saw."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from agent_app.runtimes.kimi_vl.cache import LatentCache
from agent_app.runtimes.kimi_vl.config import TextConfig
from agent_app.runtimes.kimi_vl.fast import uncovered
from agent_app.runtimes.kimi_vl.fast.widening import wide_enough, widened
from agent_app.runtimes.kimi_vl.language import LanguageModel
from agent_app.runtimes.kimi_vl.quantised import Rounding, replace_weights
from tests.kimi_vl.models import SMALL as ODD
from tests.kimi_vl.models import random_model
from train.shape import SMALL


def test_the_small_model_is_covered_once_it_is_widened():
    assert "query size without position 48" in uncovered(SMALL.text)
    assert uncovered(wide_enough(SMALL.text)) == ""


def test_its_experts_are_too_narrow_for_four_bits_and_the_published_ones_are_not():
    assert "four bits" in uncovered(wide_enough(SMALL.text), halved=True)
    assert uncovered(TextConfig(), halved=True) == ""


def test_the_published_model_is_left_as_it_is():
    assert wide_enough(TextConfig()) == TextConfig()


@pytest.mark.parametrize("rounding", [None, "fp8"])
def test_zeros_change_no_logit(rounding: Rounding | None):
    config = replace(ODD, text=replace(ODD.text, nope_head_dim=12))
    language = random_model(config).language_model
    if rounding:
        for matrix, weights in replace_weights(language, rounding):
            for index, weight in enumerate(weights):
                matrix.store(index, 0, weight)
    wide = widened(language)
    assert (wide.config.heads, wide.config.nope_head_dim) == (16, 16)
    x = torch.randn(9, config.text.hidden_size)
    torch.testing.assert_close(logits(wide, x), logits(language, x))


def logits(language: LanguageModel, x: Tensor) -> Tensor:
    """What follows each row, read one by one."""
    config = language.config
    cache = LatentCache(config, len(x), devices=language.layer_devices, dtype=x.dtype)
    found: list[Tensor] = []
    with torch.inference_mode():
        for number, row in enumerate(x):
            found.append(language(row[None], cache).clone())
            cache.keys.append(number)
    return torch.stack(found)
