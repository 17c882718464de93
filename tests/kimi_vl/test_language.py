"""The language model against transformers' DeepseekV3ForCausalLM in float32."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from agent_app.runtimes.kimi_vl.model import KimiVL
from agent_app.runtimes.kimi_vl.stopping import Interrupted
from tests.kimi_vl.models import SMALL, library_language_model, random_model

CLOSE = 1e-4


def tokens(count: int, *, seed: int = 0) -> Tensor:
    draw = torch.Generator().manual_seed(seed)
    return torch.randint(0, SMALL.text.vocab_size, (count,), generator=draw)


@torch.inference_mode()
def logits_in_steps(model: KimiVL, prompt: Tensor, steps: Sequence[int]) -> Tensor:
    """Logits (n, vocab), the prompt given in pieces of these sizes."""
    language = model.language_model
    cache = model.new_cache(len(prompt))
    found: list[Tensor] = []
    for piece in prompt.split(list(steps)):
        found.append(language(language.embed(piece), cache, only_last=False))
        cache.keys += piece.tolist()
    return torch.cat(found)


@pytest.mark.parametrize("length", [1, 2, 16, 17, 64, 500])
def test_logits_equal_transformers_own_in_one_pass(length: int):
    model = random_model()
    prompt = tokens(length, seed=length)

    with torch.inference_mode():
        theirs = library_language_model(model)(prompt[None]).logits[0]
    ours = logits_in_steps(model, prompt, [length])

    assert theirs.abs().max() > 1
    torch.testing.assert_close(ours, theirs, atol=CLOSE, rtol=0)


@pytest.mark.parametrize(
    "steps",
    [
        [1] * 40,  # token by token
        [3, 20, 1, 1, 40, 16, 17],  # both forms of attention over a filled cache
        [64, 1, 64, 1],
    ],
)
def test_logits_with_a_cache_equal_transformers_own(steps: list[int]):
    model = random_model()
    prompt = tokens(sum(steps))

    with torch.inference_mode():
        theirs = library_language_model(model)(prompt[None]).logits[0]

    torch.testing.assert_close(logits_in_steps(model, prompt, steps), theirs, atol=CLOSE, rtol=0)


def test_prompts_one_after_the_other_equal_transformers_batch():
    model = random_model()
    prompts = [tokens(length, seed=length) for length in (7, 31, 18)]
    longest = max(len(prompt) for prompt in prompts)
    # padded on the left, masked: the library's own way to batch
    batch = torch.zeros(3, longest, dtype=torch.long)
    mask = torch.zeros(3, longest, dtype=torch.long)
    for row, prompt in enumerate(prompts):
        batch[row, longest - len(prompt) :] = prompt
        mask[row, longest - len(prompt) :] = 1
    positions = (mask.cumsum(-1) - 1).clamp(min=0)

    with torch.inference_mode():
        theirs = library_language_model(model)(
            batch, attention_mask=mask, position_ids=positions
        ).logits

    for row, prompt in enumerate(prompts):
        ours = logits_in_steps(model, prompt, [len(prompt)])
        torch.testing.assert_close(ours, theirs[row, -len(prompt) :], atol=CLOSE, rtol=0)


def test_a_conversation_that_parts_from_the_last_goes_on_where_they_part():
    model = random_model()
    first, second = tokens(50).tolist(), tokens(50).tolist()
    second[30:] = tokens(20, seed=9).tolist()
    language, cache = model.language_model, model.new_cache(50)
    with torch.inference_mode():
        language(language.embed(torch.tensor(first)), cache)
        cache.keys += first
        kept = cache.reuse(second)
        ours = language(language.embed(torch.tensor(second[kept:])), cache)

    assert kept == 30
    fresh = logits_in_steps(model, torch.tensor(second), [50])[-1]
    torch.testing.assert_close(ours, fresh, atol=CLOSE, rtol=0)


def test_the_last_token_of_a_known_prompt_is_computed_again():
    cache = random_model().new_cache(8)
    cache.keys += [1, 2, 3]

    assert cache.reuse([1, 2, 3]) == 2
    assert cache.length == 2


@pytest.mark.parametrize("count", [2, 3, 40])
def test_both_ways_to_run_experts_agree(count: int):
    layer = random_model().language_model.model.layers[1]
    experts, gate = layer.mlp.experts, layer.mlp.gate
    x = torch.randn(count, SMALL.text.hidden_size, generator=torch.Generator().manual_seed(1))
    chosen, weights = gate(x)

    one_by_one = torch.zeros_like(x)
    for row in range(count):
        for expert, weight in zip(chosen[row], weights[row], strict=True):
            gate_part, up_part = (experts.gate_up[expert] @ x[row]).chunk(2)
            inner = torch.nn.functional.silu(gate_part) * up_part
            one_by_one[row] += weight * (experts.down[expert] @ inner)

    torch.testing.assert_close(experts(x, chosen, weights), one_by_one, atol=1e-5, rtol=0)


def test_reading_is_given_up_when_it_is_stopped():
    model = random_model()
    stop = threading.Event()
    stop.set()

    with pytest.raises(Interrupted):
        model.language_model(torch.zeros(1, SMALL.text.hidden_size), model.new_cache(4), stop=stop)
