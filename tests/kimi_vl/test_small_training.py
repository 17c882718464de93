"""What is trained computes what the application computes, and is written as it reads it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from agent_app.model_runtime import no_progress
from agent_app.runtimes.kimi_vl.checkpoint import open_checkpoint
from agent_app.runtimes.kimi_vl.config import KimiConfig
from agent_app.runtimes.kimi_vl.images import normalised_patches
from agent_app.runtimes.kimi_vl.loading import load_model
from train.batches import Format, Recipe, make_batch
from train.judging import replies
from train.losses import HEADS, losses
from train.model import SmallKimi
from train.shape import SETTINGS, SMALL
from train.turns import words
from train.write import load_state, write_checkpoint

SMALLER = replace(
    SMALL,
    vision=replace(SMALL.vision, layers=2, hidden_size=64, intermediate_size=80, table_width=24),
    text=replace(SMALL.text, layers=3, hidden_size=96, dense_intermediate_size=112),
    weight_type="F32",
)


def random_model(config: KimiConfig) -> SmallKimi:
    torch.manual_seed(1)
    model = SmallKimi(config, heads=8).eval()
    for one in model.parameters():
        torch.nn.init.normal_(one, 1.0 if one.dim() == 1 else 0.0, 0.1)
    for block in model.blocks[1:]:
        block.mlp.correction.normal_(0, 0.1)
    return model


@pytest.fixture(scope="module")
def model() -> SmallKimi:
    return random_model(SMALLER)


@pytest.fixture(scope="module")
def hosted(model: SmallKimi, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("small")
    write_checkpoint(folder, model)
    checkpoint = open_checkpoint(folder)
    return load_model(checkpoint, devices=["cpu"], precision="fp32", progress=no_progress)


@pytest.mark.parametrize("past_share", [0.0, 1.0], ids=["alone", "with a past"])
def test_training_computes_the_logits_that_the_application_computes(model, hosted, past_share):
    recipe = Recipe((Format(84, 56, 3, 2),), seed=5, past_share=past_share)
    number = 0
    batch = make_batch(recipe, number)
    while past_share and "context1" not in batch:
        number += 1
        batch = make_batch(recipe, number)
    contexts = [batch[f"context{n}"] for n in range(4) if f"context{n}" in batch]
    pad = words().pad
    with torch.no_grad():
        features = model.see(batch["pixels"])
        read = model.read(features, batch["prefix"], contexts, batch["ids"], pad=pad, roll=1)
        ours = model.head(read.hidden)
    for screen in range(3):
        shown = [hosted.see(_patches(batch["pixels"][s]), (4, 6)) for s in (screen - 1, screen)]
        torch.testing.assert_close(features[screen], shown[1], rtol=1e-4, atol=1e-4)
        for question in range(2):
            ids = batch["ids"][screen, question]
            ids = ids[ids != pad]
            parts = [hosted.language_model.embed(batch["prefix"])]
            for number, context in enumerate(contexts):
                parts += [shown[0]] if number else []
                row = context[screen]
                parts.append(hosted.language_model.embed(row[row != pad]))
            parts += [shown[1], hosted.language_model.embed(ids)]
            with torch.inference_mode():
                prompt = torch.cat(parts)
                cache = hosted.new_cache(len(prompt))
                theirs = hosted.language_model(prompt, cache, only_last=False)[-len(ids) :]
            torch.testing.assert_close(
                ours[screen, question, : len(ids)], theirs.clone(), rtol=1e-3, atol=1e-3
            )


def _patches(pixels):
    return normalised_patches(pixels, SETTINGS, torch.float32)


def test_a_batch_is_the_same_whenever_it_is_made():
    recipe = Recipe((Format(280, 280, 2, 2),), seed=3, past_share=0.5)
    first, again, other = (make_batch(recipe, number) for number in (4, 4, 5))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["pixels"], other["pixels"])


@pytest.mark.parametrize("share", ["plain_share", "padded_share", "thoughtless_share"])
def test_every_sort_of_batch_can_be_learned_from(share: str):
    recipe = replace(Recipe((Format(280, 252, 2, 3),), seed=9), **{share: 1.0})
    model = SmallKimi(SMALLER, heads=HEADS)
    batch = make_batch(recipe, 0)
    contexts = [batch[f"context{n}"] for n in range(4) if f"context{n}" in batch]
    features = model.see(batch["pixels"])
    read = model.read(features, batch["prefix"], contexts, batch["ids"], pad=words().pad)
    found = losses(model, features, read, batch)
    found.total.backward()
    assert torch.isfinite(found.total)
    assert all(torch.isfinite(one.grad).all() for one in model.parameters() if one.grad is not None)


def test_a_place_is_a_share_of_the_picture_without_its_padding():
    recipe = Recipe((Format(280, 252, 6, 4),), seed=2, padded_share=1.0, kinds=("word",))
    batch = make_batch(recipe, 0)
    for screen in range(6):
        width, height = (int(side) for side in batch["size"][screen])
        assert not batch["pixels"][screen, height:].any()
        assert not batch["pixels"][screen, :, width:].any()
        for question in range(4):
            target = int(batch["target"][screen, question])
            if target < 0:
                continue
            ids = batch["ids"][screen, question].tolist()
            data = b"".join(words().tokenizer.bytes_of(one) for one in ids)
            digits = [int(one) / 1000 for one in re.findall(rb"[xy]=0\.(\d{3})", data)[-2:]]
            left, top, right, bottom = batch["box"][screen, target].tolist()
            assert left <= digits[0] * width <= right
            assert top <= digits[1] * height <= bottom


def test_free_writing_ends_and_is_text(model):
    batch = make_batch(Recipe((Format(84, 56, 2, 2),), seed=5, past_share=0.0), 0)
    said = replies(model, batch, words())
    assert [len(row) for row in said] == [2, 2]


def test_training_goes_on_from_what_was_written(tmp_path: Path):
    torch.manual_seed(0)
    first = SmallKimi(SMALL, heads=HEADS)
    write_checkpoint(tmp_path, first)
    again = load_state(tmp_path).state_dict()
    for name, one in first.state_dict().items():
        if not name.startswith("aux"):
            torch.testing.assert_close(again[name], one, rtol=1e-2, atol=1e-6)


def test_the_small_checkpoint_keeps_to_sixteen_megabytes(tmp_path: Path):
    torch.manual_seed(0)
    assert write_checkpoint(tmp_path, SmallKimi(SMALL, heads=8)) <= 16_000_000
    assert len(open_checkpoint(tmp_path).shards) == 2
