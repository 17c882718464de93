"""The same language model with heads of sizes that the kernels cover.

A kernel holds whole heads in registers, 16 of them at least and each a power of two wide. A smaller
model gets heads and columns of zeros, which change nothing: zeros add nothing to a score, and what
such a head sees is multiplied by zeros.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from agent_app.runtimes.kimi_vl.config import TextConfig
from agent_app.runtimes.kimi_vl.language import DecoderLayer, LanguageModel, LatentAttention
from agent_app.runtimes.kimi_vl.quantised import QuantisedLinear

_FEWEST_HEADS = 16  # the tensor cores' smallest side


def wide_enough(config: TextConfig) -> TextConfig:
    """The shape that a model of this one is widened to; the same where it is wide enough."""
    return replace(
        config,
        heads=max(_FEWEST_HEADS, _power(config.heads)),
        nope_head_dim=_power(config.nope_head_dim),
        value_head_dim=_power(config.value_head_dim),
    )


def widened(language: LanguageModel) -> LanguageModel:
    """A model that computes the same and shares all weights but those of its heads.

    It is the model itself where that is wide enough.
    """
    config, wide = language.config, wide_enough(language.config)
    if wide == config:
        return language
    with torch.device("meta"):
        made = LanguageModel(wide)
    made.lm_head = language.lm_head
    made.model.embed_tokens, made.model.norm = language.model.embed_tokens, language.model.norm
    for into, of in zip(made.model.layers, language.model.layers, strict=True):
        new, old = cast("DecoderLayer", into), cast("DecoderLayer", of)
        new.input_layernorm, new.mlp = old.input_layernorm, old.mlp
        new.post_attention_layernorm = old.post_attention_layernorm
        _widen(new.self_attn, old.self_attn, config, wide)
    return made


def _widen(
    new: LatentAttention, old: LatentAttention, config: TextConfig, wide: TextConfig
) -> None:
    new.scale = old.scale
    new.kv_a_proj_with_mqa, new.kv_a_layernorm = old.kv_a_proj_with_mqa, old.kv_a_layernorm
    query = (config.nope_head_dim, wide.nope_head_dim), (config.rope_head_dim, wide.rope_head_dim)
    value = (config.value_head_dim, wide.value_head_dim)
    heads = config.heads, wide.heads
    new.q_proj = _rows(old.q_proj, heads, query)
    new.kv_b_proj = _rows(old.kv_b_proj, heads, (query[0], value))
    new.o_proj = _columns(old.o_proj, heads, value)


_Sides = tuple[int, int]  # as it is, as it is to be


def _rows(linear: nn.Module, heads: _Sides, parts: Sequence[_Sides]) -> nn.Linear:
    """A linear map with more rows: for each head its parts, each filled up with zeros."""
    if isinstance(linear, QuantisedLinear):
        matrix = linear.matrix
        values = _spread(matrix.values[0], heads, parts)
        made = QuantisedLinear(values.shape[-1], len(values), rounding=matrix.rounding)
        made.matrix.values = values[None]
        made.matrix.scales = _spread(matrix.scales[0], heads, parts)[None]
        return cast("nn.Linear", made)
    return _linear(_spread(cast("nn.Linear", linear).weight, heads, parts))


def _columns(linear: nn.Module, heads: _Sides, part: _Sides) -> nn.Linear:
    """A linear map with more columns: for each head its values, filled up with zeros."""
    if isinstance(linear, QuantisedLinear):
        matrix = linear.matrix  # one scale for each row: that stays
        values = _spread(matrix.values[0, :, 0].T, heads, (part,)).T
        made = QuantisedLinear(values.shape[1], len(values), rounding=matrix.rounding)
        made.matrix.values, made.matrix.scales = values.contiguous()[None, :, None], matrix.scales
        return cast("nn.Linear", made)
    weight = cast("nn.Linear", linear).weight
    return _linear(_spread(weight.T, heads, (part,)).T.contiguous())


def _linear(weight: Tensor) -> nn.Linear:
    with torch.device("meta"):
        made = nn.Linear(weight.shape[1], weight.shape[0], bias=False)
    made.weight = nn.Parameter(weight, requires_grad=False)
    return made


def _spread(rows: Tensor, heads: _Sides, parts: Sequence[_Sides]) -> Tensor:
    """rows (heads * parts, ...) with zeros after each part and after the last head."""
    kind = rows.dtype
    plain = rows.detach()
    if kind == torch.float8_e4m3fn:  # whose zero is a byte of zeros
        plain = plain.view(torch.uint8)
    others = plain.shape[1:]
    table = plain.reshape(heads[0], -1, rows[0].numel())
    pieces: list[Tensor] = []
    first = 0
    for before, after in parts:
        pieces.append(F.pad(table[:, first : first + before], (0, 0, 0, after - before)))
        first += before
    whole = F.pad(torch.cat(pieces, 1), (0, 0, 0, 0, 0, heads[1] - heads[0]))
    spread = whole.reshape(-1, *others).contiguous()
    return spread.view(kind)


def _power(size: int) -> int:
    """The least power of two that is not smaller."""
    return 1 << (size - 1).bit_length()
