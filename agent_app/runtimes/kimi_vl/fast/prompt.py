"""Reading a prompt: the plain path's arithmetic, with fewer passes over memory between products."""

# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false
# (Triton has no types here: it is not installed where there is no GPU)

from __future__ import annotations

import threading
from typing import Any, cast

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from agent_app.runtimes.kimi_vl.attention import attend
from agent_app.runtimes.kimi_vl.cache import LatentCache
from agent_app.runtimes.kimi_vl.experts import Experts, grouped_linear
from agent_app.runtimes.kimi_vl.fast import kernels_prompt
from agent_app.runtimes.kimi_vl.language import (
    MLP,
    DecoderLayer,
    LanguageModel,
    LatentAttention,
    MixtureOfExperts,
)
from agent_app.runtimes.kimi_vl.stopping import check

_BEST_FIRST = [
    SDPBackend.CUDNN_ATTENTION,
    SDPBackend.FLASH_ATTENTION,
    SDPBackend.EFFICIENT_ATTENTION,
    SDPBackend.MATH,
]


class PromptPass:
    """One language model's pass over the tokens of a prompt."""

    def __init__(self, language: LanguageModel) -> None:
        self._language = language
        self._routers = [
            _halves(layer.mlp.gate.weight) if isinstance(layer.mlp, MixtureOfExperts) else None
            for layer in map(_layer, language.model.layers)
        ]

    def __call__(
        self, x: Tensor, cache: LatentCache, *, stop: threading.Event | None = None
    ) -> Tensor:
        """The logits (vocab) that follow x (n, hidden), the embeddings after what `cache` holds.

        The caller appends to the cache's keys, as after `LanguageModel.forward`. Raises
        Interrupted when `stop` is set meanwhile.
        """
        language = self._language
        cos, sin = language.model.rotation(cache.length, len(x), x.device)
        for number, layer in enumerate(map(_layer, language.model.layers)):
            check(stop)
            rows = cache.rows(number)[: cache.length + len(x)]
            seen = _seen(layer.self_attn, layer.input_layernorm(x), cos, sin, rows)
            x = torch.addmm(x, seen, layer.self_attn.o_proj.weight.T)
            normed = layer.post_attention_layernorm(x)
            router = self._routers[number]
            if router is None:
                x = _add_mlp(x, normed, cast("MLP", layer.mlp))
                continue
            mlp = cast("MixtureOfExperts", layer.mlp)
            x = _add_mlp(x, normed, mlp.shared_experts)
            _add_experts_(x, normed, mlp.experts, *mlp.gate.choose(_routed(normed, router)))
        return language.lm_head(language.model.norm(x[-1])).float()


def _layer(module: Any) -> DecoderLayer:
    return module


def _halves(weight: Tensor) -> Tensor:
    """A float32 matrix as two of bfloat16, one below the other, that add up to 16 bits of it."""
    high = weight.bfloat16()
    return torch.cat((high, (weight - high).bfloat16()))


def _routed(x: Tensor, halves: Tensor) -> Tensor:
    """The router's product in float32, (n, experts), by the tensor cores; x holds 8 bits itself."""
    if x.dtype == torch.bfloat16 and x.is_cuda:
        both = torch.mm(x, halves.T, out_dtype=torch.float32)
    else:
        both = x.float() @ halves.float().T
    high, low = both.chunk(2, dim=1)
    return high + low


def _seen(own: LatentAttention, x: Tensor, cos: Tensor, sin: Tensor, rows: Tensor) -> Tensor:
    """What the heads see, (n, heads * value); the new rows are written at the end of `rows`."""
    count, total = len(x), len(rows)
    sizes = {"HEADS": own.heads, "NOPE": own.nope, "ROPE": own.rope}
    query: Tensor = own.q_proj(x)
    _run(kernels_prompt.rotate_queries, (count,), query, cos, sin, **sizes)
    _run(
        kernels_prompt.write_rows, (count,), own.kv_a_proj_with_mqa(x), own.kv_a_layernorm.weight,
        cos, sin, rows[total - count :], own.kv_a_layernorm.eps, RANK=own.rank, ROPE=own.rope,
    )  # fmt: skip
    expanded: Tensor = own.kv_b_proj(rows[:, : own.rank]).view(total, own.heads, -1)
    key = x.new_empty(total, own.heads, own.nope + own.rope)
    value = expanded[..., own.nope :]
    _run(
        kernels_prompt.join_keys, (total,), expanded, rows, key,
        VALUE=value.shape[-1], RANK=own.rank, **sizes,
    )  # fmt: skip
    return _attend(query.view(count, own.heads, -1), key, value).flatten(1)


def _attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """`attend` with `causal`, by cuDNN where it is the faster one: a prompt from its beginning."""
    if query.dtype == torch.float32 or len(query) < len(key):
        return attend(query, key, value, causal=True)
    with sdpa_kernel(_BEST_FIRST, set_priority=True):
        return F.scaled_dot_product_attention(
            query.transpose(0, 1)[None],
            key.transpose(0, 1)[None],
            value.transpose(0, 1)[None],
            is_causal=True,
        )[0].transpose(0, 1)


def _add_mlp(x: Tensor, normed: Tensor, mlp: MLP) -> Tensor:
    inner = silu_times(mlp.gate_proj(normed), mlp.up_proj(normed))
    return torch.addmm(x, inner, mlp.down_proj.weight.T)


def _add_experts_(
    x: Tensor, normed: Tensor, experts: Experts, chosen: Tensor, weights: Tensor
) -> None:
    """Add the outputs of the chosen experts (n, k) to x, weighted, in place."""
    count, each = chosen.shape
    # sixteen bits sort in half the time of sixty-four
    ordered, order = chosen.flatten().to(torch.int16).sort(stable=True)
    numbers = torch.arange(experts.gate_up.shape[0], device=x.device, dtype=torch.int16)
    ends = torch.searchsorted(ordered, numbers, right=True, out_int32=True)
    inner = grouped_linear(normed[order // each], experts.gate_up, ends)
    gate, up = inner.chunk(2, dim=-1)
    out = grouped_linear(silu_times(gate, up), experts.down, ends)
    place = torch.empty_like(order)
    place[order] = torch.arange(len(order), device=x.device)
    _run(
        kernels_prompt.add_weighted, (count,), x, out, place, weights,
        WIDTH=x.shape[1], CHOSEN=each, num_warps=8,
    )  # fmt: skip


def silu_times(gate: Tensor, up: Tensor) -> Tensor:
    """silu(gate) * up, both (rows, inner) with their rows equally far apart."""
    out = gate.new_empty(gate.shape)
    rows, inner = gate.shape
    block = 1024
    _run(
        kernels_prompt.silu_times, (rows, -(-inner // block)), gate, up, out, gate.stride(0),
        INNER=inner, BLOCK=block,
    )  # fmt: skip
    return out


def _run(kernel: Any, grid: tuple[int, ...], *arguments: Any, **options: Any) -> None:
    kernel[grid](*arguments, **options)
