"""The fast engine's kernels against float32, and its tokens against the reference engine's.

They run on a GPU; with TRITON_INTERPRET=1 the kernels' own tests run on a CPU too.
"""

from __future__ import annotations

import itertools
import math
import os
import random
import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from agent_app.model_runtime import Sampling
from agent_app.runtimes.kimi_vl.config import KimiConfig, TextConfig
from agent_app.runtimes.kimi_vl.fast import uncovered
from agent_app.runtimes.kimi_vl.generation import Engine, ReferenceEngine
from agent_app.runtimes.kimi_vl.images import ImageSettings, PreparedImage
from agent_app.runtimes.kimi_vl.language import MixtureOfExperts
from agent_app.runtimes.kimi_vl.made import tiny_config
from agent_app.runtimes.kimi_vl.model import KimiVL
from agent_app.runtimes.kimi_vl.prompt import PlacedPicture, PromptTokens
from agent_app.runtimes.kimi_vl.quantised import (
    QuantisedLinear,
    QuantisedMatrix,
    Rounding,
    replace_weights,
)
from agent_app.runtimes.kimi_vl.runtime import choose_engine
from tests.kimi_vl.models import SMALL, random_model

GPU = torch.cuda.is_available()
INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"
DEVICE = torch.device("cuda:0" if GPU and not INTERPRETED else "cpu")
NAN = float("nan")

on_gpu = pytest.mark.skipif(DEVICE.type == "cpu", reason="needs a GPU")
of_kernels = pytest.mark.skipif(not GPU and not INTERPRETED, reason="needs a GPU")

COVERED = replace(
    SMALL,
    text=TextConfig(
        layers=3,
        hidden_size=128,
        heads=16,
        vocab_size=1040,
        kv_lora_rank=64,
        nope_head_dim=32,
        rope_head_dim=16,
        value_head_dim=16,
        dense_intermediate_size=192,
        routed_experts=16,
        experts_per_token=6,
        shared_experts=2,
        expert_intermediate_size=24,
    ),
)
SETTINGS = ImageSettings()
FULL_WIDTH = replace(COVERED, text=TextConfig(layers=2, vocab_size=8192))


def test_the_published_model_is_covered_and_odd_shapes_are_named():
    assert uncovered(TextConfig()) == ""
    assert uncovered(COVERED.text) == ""
    assert "hidden size 160" in uncovered(tiny_config().text)
    assert "heads" in uncovered(replace(TextConfig(), heads=8))
    assert "dense" in uncovered(replace(TextConfig(), dense_intermediate_size=11000))


@pytest.mark.parametrize(
    ("name", "said"),
    [("reference", ""), ("auto", ""), ("fast", ", plain path (the model is not on a GPU)")],
)
def test_without_a_gpu_the_reference_runs_and_who_asked_for_the_other_is_told(name: Any, said: str):
    engine, note = choose_engine(name, random_model(COVERED), SETTINGS, context=100)

    assert isinstance(engine, ReferenceEngine)
    assert note == said


class Bed:
    """One step's launches over a random model, and buffers full of NaN before each."""

    def __init__(
        self,
        config: KimiConfig,
        dtype: torch.dtype,
        *,
        rounding: Rounding | None,
        capacity: int = 200,
    ) -> None:
        from agent_app.runtimes.kimi_vl.fast.decoder import tilings
        from agent_app.runtimes.kimi_vl.fast.step import Step

        self.config = config.text
        self.model = random_model(config)
        for name, parameter in self.model.named_parameters():
            exact = "mlp.gate." in name
            parameter.data = parameter.data.to(DEVICE, torch.float32 if exact else dtype)
        if rounding:
            for matrix, weights in replace_weights(self.model.language_model, rounding):
                for index, weight in enumerate(weights):
                    matrix.store(index, 0, weight)
        self.cache = self.model.new_cache(capacity)
        modern = GPU and torch.cuda.get_device_capability() >= (9, 0)
        self.step = Step(
            self.model.language_model, self.cache, dependent=modern and not INTERPRETED
        )
        self.tilings = tilings(DEVICE, dtype)
        self.buffers = self.step.buffers
        self.close = 2e-5 if dtype == torch.float32 else 1e-2

    def layer(self, number: int) -> Any:
        return self.model.language_model.model.layers[number]

    def poison(self) -> None:
        b = self.buffers
        for buffer in (
            b.projected, b.query, b.seen, b.weight, b.parts, b.scores, b.inner, b.logits, b.peaks,
            b.edges, b.best,
        ):  # fmt: skip
            buffer.fill_(NAN)

    def agrees(self, ours: Tensor, exact: Tensor, *, times: float = 1) -> None:
        error = (ours.double() - exact.double()).norm() / exact.double().norm()
        assert error <= times * self.close


def whole(holder: Any) -> Tensor:
    """The weights of a linear map or of merged experts in float32, rounded ones as they are."""
    if isinstance(holder, QuantisedLinear):
        return whole(holder.matrix)[0]
    if isinstance(holder, QuantisedMatrix):
        return holder.restore(slice(None), torch.float32)
    return (holder if isinstance(holder, Tensor) else holder.weight).float()


def drawn(*shape: int, seed: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(DEVICE)


def normalised(x: Tensor, norm: Any) -> Tensor:
    return F.rms_norm(x.float(), x.shape[-1:], norm.weight.float(), norm.eps)


@pytest.fixture(
    scope="module",
    params=[
        *(
            pytest.param((COVERED, torch.float32, rounding), id=f"small-float32-{rounding}")
            for rounding in (None, "fp8", "int8", "int4")
        ),
        *(
            pytest.param(
                (FULL_WIDTH, torch.bfloat16, rounding), id=f"full-{rounding}", marks=on_gpu
            )
            for rounding in (None, "fp8", "int8", "int4")
        ),
    ],
)
def bed(request: pytest.FixtureRequest) -> Bed:
    config, dtype, rounding = request.param
    return Bed(config, dtype, rounding=rounding, capacity=200 if DEVICE.type == "cpu" else 4200)


@of_kernels
@pytest.mark.gpu
def test_projection_and_absorption_give_the_query_and_the_row(bed: Bed):
    b, c = bed.buffers, bed.config
    attention = bed.layer(1).self_attn
    for position in (0, 1, 127):
        bed.poison()
        bed.cache.rows(1).fill_(NAN)
        x = drawn(c.hidden_size, seed=position).to(b.x.dtype)
        b.x.copy_(x)
        b.position.fill_(position)
        project, absorb = bed.step.attention(bed.layer(1), 1, bed.tilings[0])[:2]
        project()
        normed = normalised(x, bed.layer(1).input_layernorm)
        query = normed @ whole(attention.q_proj).T
        both = normed @ whole(attention.kv_a_proj_with_mqa).T
        bed.agrees(b.projected, torch.cat((query, both)))

        absorb()
        cos, sin = bed.model.language_model.model.rotation(position, 1, DEVICE)

        def turned(pairs: Tensor, angles: tuple[Tensor, Tensor] = (cos[0], sin[0])) -> Tensor:
            even, odd = pairs[..., 0::2], pairs[..., 1::2]
            cos, sin = angles
            return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)

        heads = query.view(c.heads, -1)
        to_key = attention.kv_b_proj.weight.float().view(c.heads, -1, c.kv_lora_rank)
        absorbed = torch.einsum(
            "hd,hdr->hr", heads[:, : c.nope_head_dim], to_key[:, : c.nope_head_dim]
        )
        bed.agrees(b.query, torch.cat((absorbed, turned(heads[:, c.nope_head_dim :])), -1))
        latent = normalised(both[: c.kv_lora_rank], attention.kv_a_layernorm)
        row = torch.cat((latent, turned(both[c.kv_lora_rank :])))
        bed.agrees(bed.cache.rows(1)[position], row)
        others = bed.cache.rows(1).isnan().all(-1)
        assert others.sum() == bed.cache.capacity - 1  # no other row was written


@of_kernels
@pytest.mark.gpu
@pytest.mark.parametrize("length", [1, 2, 63, 64, 65, 127, 129, 1000, 4097, 4170])
@pytest.mark.parametrize("long", [False, True])
def test_attention_over_splits_equals_one_softmax(bed: Bed, length: int, long: bool):
    if length > bed.cache.capacity:
        pytest.skip("too long for the interpreter")
    b, c = bed.buffers, bed.config
    rows = bed.cache.rows(1)
    rows.fill_(NAN)  # what lies behind the last row must not be read
    rows[:length] = drawn(length, c.latent_size, seed=length).to(rows.dtype)
    query = drawn(c.heads, c.latent_size, seed=length + 1).to(rows.dtype)
    bed.poison()
    b.query.copy_(query)
    b.position.fill_(length - 1)
    x = drawn(c.hidden_size, seed=length + 2).to(rows.dtype)
    b.x.copy_(x)
    b.words.fill_(7)

    for launch in bed.step.attention(bed.layer(1), 1, bed.tilings[long])[2:]:
        launch()

    attention = bed.layer(1).self_attn
    exact = rows[:length].float()
    shares = (query.float() @ exact.T * attention.scale).softmax(-1)
    expansion = attention.kv_b_proj.weight.float().view(c.heads, -1, c.kv_lora_rank)
    seen = shares @ exact[:, : c.kv_lora_rank]
    value = torch.einsum("hr,hvr->hv", seen, expansion[:, c.nope_head_dim :]).flatten()
    bed.agrees(b.parts.sum(0), value)
    bed.agrees(b.x, x.float() + value @ whole(attention.o_proj).T)
    assert (b.words[1] == -1).all()
    assert (b.words[0] == 7).all()


def experts_of(bed: Bed, x: Tensor, layer: int) -> Tensor:
    """What the layer's MLP adds, in float32."""
    exact = normalised(x, bed.layer(layer).post_attention_layernorm)
    mlp = bed.layer(layer).mlp
    if not isinstance(mlp, MixtureOfExperts):
        return wide(exact, mlp)
    total = wide(exact, mlp.shared_experts)
    chosen, weights = mlp.gate(exact[None])
    for expert, weight in zip(chosen[0].tolist(), weights[0].tolist(), strict=True):
        gate, up = (whole(mlp.experts.gate_up)[expert] @ exact).chunk(2)
        total = total + weight * (whole(mlp.experts.down)[expert] @ (F.silu(gate) * up))
    return total


def wide(x: Tensor, mlp: Any) -> Tensor:
    inner = F.silu(whole(mlp.gate_proj) @ x) * (whole(mlp.up_proj) @ x)
    return whole(mlp.down_proj) @ inner


@of_kernels
@pytest.mark.gpu
@pytest.mark.parametrize("patience", [10_000, 0])  # without any, programs choose by themselves
@pytest.mark.parametrize("layer", [0, 1])
def test_experts_equal_the_plain_sum_and_choose_the_same(bed: Bed, layer: int, patience: int):
    b, c = bed.buffers, bed.config
    launches = [
        replace(launch, options={**launch.options, "PATIENCE": patience})
        if "PATIENCE" in launch.options
        else launch
        for launch in bed.step.experts(bed.layer(layer), layer)
    ]
    for seed in range(3 if DEVICE.type == "cpu" else 30):
        x = drawn(c.hidden_size, seed=100 + seed).to(b.x.dtype)
        bed.poison()
        b.x.copy_(x)
        b.words.fill_(-1)
        for launch in launches:
            launch()
        bed.agrees(b.x.float() - x.float(), experts_of(bed, x, layer))
        if layer:
            exact = normalised(x, bed.layer(layer).post_attention_layernorm)
            chosen, _ = bed.layer(layer).mlp.gate(exact[None])
            words = b.words[layer, : c.experts_per_token]
            assert (words & 0xFFFFFFFF).tolist() == chosen[0].tolist()
        assert b.arrived.item() == 0


@of_kernels
@pytest.mark.gpu
def test_what_is_no_number_does_not_stop_the_kernels(bed: Bed):
    bed.buffers.x.fill_(NAN)
    bed.buffers.words.fill_(-1)
    for launch in bed.step.experts(bed.layer(1), 1):
        launch()
    words = bed.buffers.words[1, : bed.config.experts_per_token]
    assert len(set((words & 0xFFFFFFFF).tolist())) == bed.config.experts_per_token


@of_kernels
@pytest.mark.gpu
def test_logits_equal_the_plain_product(bed: Bed):
    b = bed.buffers
    bed.poison()
    x = drawn(bed.config.hidden_size, seed=9).to(b.x.dtype)
    b.x.copy_(x)
    bed.step.score()()
    language = bed.model.language_model
    exact = normalised(x, language.model.norm) @ whole(language.lm_head).T
    bed.agrees(b.logits, exact)


def draw(bed: Bed, logits: Tensor, *, number: int = 0, seed: int = 0, **choice: float) -> int:
    b = bed.buffers
    top_p = choice.get("top_p", 1.0)
    b.logits.copy_(logits)
    b.choice.copy_(torch.tensor([choice["temperature"], top_p]))
    b.seed.fill_(seed)
    b.drawn.fill_(number)
    b.position.fill_(3)
    b.ring.fill_(-1)
    for launch in bed.step.drawing(nucleus=top_p < 1):
        launch()
    if GPU:
        torch.cuda.synchronize()
    token = int(b.ring.max())
    assert (b.position.item(), b.drawn.item()) == (4, number + 1)
    embedding = bed.model.language_model.model.embed_tokens.weight
    torch.testing.assert_close(b.x, embedding[token], atol=0, rtol=0)
    return token


@of_kernels
@pytest.mark.gpu
def test_without_temperature_the_likeliest_token_is_taken(bed: Bed):
    for seed in range(3):
        logits = drawn(bed.config.vocab_size, seed=seed)
        bed.poison()
        assert draw(bed, logits, temperature=0.0, seed=seed) == int(logits.argmax())


@of_kernels
@pytest.mark.gpu
@pytest.mark.parametrize("top_p", [1e-6, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.0])
def test_the_nucleus_is_the_fewest_tokens_that_reach_top_p(
    bed: Bed, top_p: float, temperature: float
):
    b = bed.buffers
    logits = 3 * drawn(bed.config.vocab_size, seed=int(1000 * top_p))
    bed.poison()
    token = draw(bed, logits, temperature=temperature, top_p=top_p)

    chances = (logits.double() / temperature).softmax(-1)
    ordered, order = chances.sort(descending=True)
    before = ordered.cumsum(-1) - ordered  # the mass of the likelier ones
    # the edge is found to 1e-4 of a logit, of what the chances there come to
    certain = set(order[before < top_p - 1e-3].tolist())
    allowed = set(order[before < top_p + 1e-3].tolist())
    lower = edge(bed, top_p)
    kept = set(((logits - logits.max()) / temperature >= lower).nonzero()[:, 0].tolist())
    assert certain <= kept <= allowed
    assert token in kept
    assert b.masses.min() >= 0


def edge(bed: Bed, top_p: float) -> float:
    """Where `draw` cuts the nucleus, from what the last pass found."""
    lower, upper = bed.buffers.edges[-1].tolist()
    wanted = top_p * float(bed.buffers.masses[0, -1])
    short = int((bed.buffers.masses[-1].double() < wanted).sum())
    width = (upper - lower) / 64
    return upper - (min(short, 63) + 1) * width - 1e-5


@on_gpu
@pytest.mark.gpu
def test_draws_follow_the_chances_and_the_seed_alone(bed: Bed):
    chances = torch.tensor([0.5, 0.3, 0.15, 0.05])
    logits = torch.full((bed.config.vocab_size,), -1e4)
    places = torch.tensor([1, 77, 1025, bed.config.vocab_size - 1])
    logits[places] = 0.7 * chances.log()

    def counts(seed: int, top_p: float) -> Tensor:
        found = [
            draw(bed, logits, number=n, seed=seed, temperature=0.7, top_p=top_p)
            for n in range(2000)
        ]
        return torch.tensor([found.count(int(place)) for place in places]) / 2000

    # four standard deviations of a share of 2000 draws are 0.045
    assert (counts(1, 1.0) - chances).abs().max() < 0.045
    expected = torch.tensor([0.5, 0.3, 0.15, 0.0]) / 0.95
    assert (counts(2, 0.9) - expected).abs().max() < 0.045
    assert (counts(3, 1.0) == counts(3, 1.0)).all()
    assert (counts(3, 1.0) != counts(4, 1.0)).any()


@on_gpu
@pytest.mark.gpu
def test_a_race_of_many_equal_tokens_is_fair(bed: Bed):
    count = bed.config.vocab_size
    logits = torch.zeros(count)
    found = [draw(bed, logits, number=n, temperature=1.0) for n in range(2000)]
    # uniform: mean and spread of places as those of even chances, to four standard deviations
    places = torch.tensor(found).double() / count
    assert abs(float(places.mean()) - 0.5) < 4 * math.sqrt(1 / 12 / 2000)
    assert abs(float(places.var()) - 1 / 12) < 4 * math.sqrt(1 / 180 / 2000)
    assert len(set(found)) > 0.5 * min(2000, count)


@of_kernels
@pytest.mark.gpu
@pytest.mark.parametrize("pieces", [[20], [1, 22], [30, 17, 18], [127, 4050], [3001, 1, 129, 640]])
def test_a_prompt_is_read_as_the_reference_reads_it(bed: Bed, pieces: list[int]):
    from agent_app.runtimes.kimi_vl.fast.prompt import PromptPass

    if sum(pieces) > bed.cache.capacity:
        pytest.skip("too long for the interpreter")
    language = bed.model.language_model
    read = PromptPass(language)
    source = torch.Generator().manual_seed(len(pieces))
    tokens = torch.randint(0, bed.config.vocab_size, (sum(pieces),), generator=source).to(DEVICE)
    plain = bed.model.new_cache(sum(pieces))
    bed.cache.clear()
    for layer in range(bed.config.layers):
        bed.cache.rows(layer).fill_(NAN)
    with torch.inference_mode():
        for piece in tokens.split(pieces):
            ours = read(language.embed(piece), bed.cache)
            theirs = language(language.embed(piece), plain)
            bed.cache.keys += [0] * len(piece)
            plain.keys += [0] * len(piece)
            # bfloat16 chooses other experts here and there: the first layers' rows must agree
            if bed.close < 1e-3:
                bed.agrees(ours, theirs)
    for layer in range(bed.config.layers if bed.close < 1e-3 else 1):
        bed.agrees(bed.cache.rows(layer)[: sum(pieces)], plain.rows(layer))
        assert bed.cache.rows(layer)[sum(pieces) :].isnan().all()
    bed.cache.clear()


@of_kernels
@pytest.mark.gpu
@pytest.mark.parametrize("count", [1, 31, 33, 70, 1000, 4097])
def test_tokens_are_sorted_by_the_experts_that_the_router_chooses(bed: Bed, count: int):
    from agent_app.runtimes.kimi_vl.fast.prompt import route

    if DEVICE.type == "cpu" and count > 100:
        pytest.skip("too long for the interpreter")
    router, experts = bed.layer(1).mlp.gate, bed.config.routed_experts
    logits = drawn(count, 2 * experts, seed=count)
    chosen, weights = router.choose(logits[:, :experts] + logits[:, experts:])

    routing = route(logits, router)

    torch.testing.assert_close(routing.weights, weights)
    ends = torch.bincount(chosen.flatten(), minlength=experts).cumsum(0)
    assert routing.ends.tolist() == ends.tolist()
    expected = chosen.flatten().sort(stable=True)
    assert routing.tokens.tolist() == (expected.indices // router.chosen).tolist()
    assert routing.places.flatten()[expected.indices].tolist() == list(range(chosen.numel()))


@of_kernels
@pytest.mark.gpu
@pytest.mark.parametrize("grid", [(2, 2), (4, 6), (78, 138)])
def test_a_picture_is_seen_as_the_reference_sees_it(bed: Bed, grid: tuple[int, int]):
    from agent_app.runtimes.kimi_vl.fast.sight import Sight

    if DEVICE.type == "cpu" and grid[0] * grid[1] > 100:
        pytest.skip("too large for the interpreter")
    patches = drawn(grid[0] * grid[1], 3, 14, 14, seed=1)
    # both are rounded, layer by layer
    bed.agrees(Sight(bed.model)(patches, grid), bed.model.see(patches, grid), times=3)


def engines(*, capacity: int = 700) -> tuple[Engine, Engine]:
    """The fast engine and the reference, over one small model in float32."""
    model: KimiVL = random_model(COVERED)
    for parameter in model.parameters():
        parameter.data = parameter.data.to(DEVICE)
    return fast_engine(model, capacity), ReferenceEngine(model, SETTINGS, context=capacity)


def fast_engine(model: KimiVL, capacity: int) -> Any:
    from agent_app.runtimes.kimi_vl.fast.engine import FastEngine

    return FastEngine(model, SETTINGS, context=capacity)


def prompt_of(tokens: list[int]) -> PromptTokens:
    return PromptTokens(tokens, tokens, ())


def words(count: int, seed: int) -> list[int]:
    source = random.Random(seed)
    return [source.randrange(COVERED.text.vocab_size) for _ in range(count)]


def reply(engine: Engine, prompt: list[int], count: int, sampling: Sampling) -> list[int]:
    engine.recall(prompt_of(prompt))
    engine.read(prompt_of(prompt), stop=threading.Event())
    return list(itertools.islice(engine.decode(sampling), count))


GREEDY = Sampling(temperature=0)


def with_picture(seed: int) -> PromptTokens:
    """Words, a screenshot of some shape, and words."""
    source = random.Random(seed)
    rows, columns = (2 * source.randint(1, 6) for _ in range(2))
    pixels = np.random.default_rng(seed).integers(0, 256, (14 * rows, 14 * columns, 3), np.uint8)
    image = PreparedImage(pixels, (rows, columns))
    before, after = words(source.randint(1, 30), seed), words(source.randint(1, 60), seed + 100)
    key = f"picture {seed}"
    placed = PlacedPicture(key, len(before), len(before) + image.tokens, image)
    shown = [0] * image.tokens
    return PromptTokens(
        [*before, *shown, *after], [*before, *[key] * image.tokens, *after], (placed,)
    )


@on_gpu
@pytest.mark.gpu
def test_greedy_tokens_equal_the_reference_for_twenty_prompts_with_pictures():
    fast, reference = engines()
    for seed in range(20):
        prompt = with_picture(seed)
        assert said(fast, prompt) == said(reference, prompt)


def said(engine: Engine, prompt: PromptTokens) -> list[int]:
    stop = threading.Event()
    engine.recall(prompt)
    engine.look(prompt.pictures, stop=stop)
    engine.read(prompt, stop=stop)
    return list(itertools.islice(engine.decode(GREEDY), 256))


@on_gpu
@pytest.mark.gpu
@pytest.mark.parametrize("top_p", [1.0, 0.8])
def test_a_seed_gives_the_same_tokens_always(top_p: float):
    fast, _ = engines()
    prompt = words(33, 1)

    def drawn_with(seed: int) -> list[int]:
        return reply(fast, prompt, 200, Sampling(temperature=1.5, top_p=top_p, seed=seed))

    first = drawn_with(5)
    assert first == drawn_with(5) == drawn_with(5)
    assert first != drawn_with(6)
    assert reply(fast, prompt, 20, Sampling(seed=None)) != reply(fast, prompt, 20, Sampling())


@on_gpu
@pytest.mark.gpu
def test_what_was_known_of_a_prompt_before_changes_no_bit(bed: Bed):
    if bed.config is not FULL_WIDTH.text:
        pytest.skip("said of the published model's widths in bfloat16")
    engine = fast_engine(bed.model, 6000)
    source = random.Random(7)
    history = long_words(bed, 3000, 0)
    reply(engine, history, 4, GREEDY)
    kept = 0
    for step in range(25):
        history = history[: source.randrange(len(history) // 2, len(history))]
        history += long_words(bed, source.choice([1, 3, 40, 500, 1023, 1024, 1700]), step)
        sampling = Sampling(temperature=1.5, seed=step)
        engine.recall(prompt_of(history))
        kept += engine.position > 0
        engine.read(prompt_of(history), stop=threading.Event())
        shown = engine._logits.clone()
        said = list(itertools.islice(engine.decode(sampling), 30))

        engine.forget()
        fresh = reply(engine, history, 30, sampling)
        assert fresh == said
        engine.forget()
        engine.recall(prompt_of(history))
        engine.read(prompt_of(history), stop=threading.Event())
        assert torch.equal(engine._logits, shown)
        history = (history + said)[:4000]
    assert kept > 10


def long_words(bed: Bed, count: int, seed: int) -> list[int]:
    source = random.Random(seed)
    return [source.randrange(bed.config.vocab_size) for _ in range(count)]


@on_gpu
@pytest.mark.gpu
def test_where_memory_is_short_a_prompt_is_read_in_smaller_pieces(bed: Bed):
    if bed.config is not FULL_WIDTH.text:
        pytest.skip("too small to run out of memory")
    prompt = long_words(bed, 12000, 1)
    engine = fast_engine(bed.model, 13000)
    plenty = engine.chunk
    peaks: list[int] = []
    for chunk in (plenty, ReferenceEngine.chunk):
        engine.forget()
        engine.chunk = chunk
        torch.cuda.reset_peak_memory_stats()
        said = reply(engine, prompt, 5, GREEDY)
        peaks.append(torch.cuda.max_memory_reserved())
    engine.forget()
    engine.chunk = plenty
    total = torch.cuda.get_device_properties(DEVICE).total_memory
    torch.cuda.set_per_process_memory_fraction(sum(peaks) / 2 / total, DEVICE)
    try:
        assert reply(engine, prompt, 5, GREEDY) == said
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, DEVICE)
    assert engine.chunk < plenty


@on_gpu
@pytest.mark.gpu
def test_forced_tokens_are_gone_on_from_as_the_reference_does():
    def with_force(engine: Engine) -> list[int]:
        prompt = words(50, 3)
        engine.recall(prompt_of(prompt))
        engine.read(prompt_of(prompt), stop=threading.Event())
        found: list[int] = []
        for token in engine.decode(GREEDY):
            found.append(token)
            if len(found) in (5, 6, 40):
                engine.force(words(3, len(found)))
            if len(found) == 80:
                break
        return found

    fast, reference = engines()
    assert with_force(fast) == with_force(reference)
    assert fast.position == reference.position


@on_gpu
@pytest.mark.gpu
def test_decoding_ends_where_the_cache_does():
    fast, reference = engines(capacity=100)
    ours = reply(fast, words(60, 4), 1000, GREEDY)
    assert len(ours) == 40
    assert ours == reply(reference, words(60, 4), 1000, GREEDY)


@on_gpu
@pytest.mark.gpu
def test_any_order_of_start_stop_and_continue_gives_what_a_fresh_engine_gives():
    fast, reference = engines(capacity=4000)
    source = random.Random(0)
    history = words(2000, 0)
    reply(fast, history, 5, GREEDY)
    kept = 0
    torch.cuda.synchronize()
    taken = torch.cuda.memory_allocated()
    most = 0
    for step in range(1000):
        action = source.choice(["continue", "truncate", "new", "sampled"])
        if action == "truncate":
            history = history[: source.randrange(1, len(history) + 1)]
        elif action == "new" or len(history) > 3500:
            history = words(source.randrange(1, source.choice([80, 3000])), step)
        history = history + words(source.randrange(0, 4), step)
        sampling = Sampling(temperature=1.0, seed=step) if action == "sampled" else GREEDY
        count = source.randrange(1, 12)
        kept += fast.recall(prompt_of(history)) > 0
        found = reply(fast, history, count, sampling)
        if step % 10 == 0:
            reference.forget()
            fresh = reply(reference, history, count, GREEDY)
            again = reply(fast, history, count, GREEDY)
            assert again == fresh
            assert reply(fast, history, count, sampling) == found
        history += found
        most = max(most, torch.cuda.memory_allocated())
    assert kept > 100
    assert most - taken < 8 * 2**20
