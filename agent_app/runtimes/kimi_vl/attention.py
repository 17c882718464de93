"""Attention over whole sequences, by the fastest kernel that is installed."""

from __future__ import annotations

import importlib
import importlib.util
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor
from torch.nn.attention.bias import CausalBias, CausalVariant


def attend(query: Tensor, key: Tensor, value: Tensor, *, causal: bool) -> Tensor:
    """Softmax attention, scaled by the square root of the key's width.

    query (n, heads, d), key (m, heads, d), value (m, heads, v) with v <= d; the result is
    (n, heads, v). With `causal` the queries are the last n of the m positions. flash-attn computes
    it when it is installed and can, else torch's own kernels; no (n, m) table is built, but for a
    mask of bits on a CPU.
    """
    width = value.shape[-1]
    if width < query.shape[-1]:  # the kernels that build no table of all pairs take one width
        value = F.pad(value, (0, query.shape[-1] - width))
    kernel = _flash_attention() if _fits_flash_attention(query) else None
    if kernel is not None:
        out: Tensor = kernel(query[None], key[None], value[None], causal=causal)[0]
    else:
        mask = CausalBias(CausalVariant.LOWER_RIGHT, len(query), len(key)) if causal else None
        out = F.scaled_dot_product_attention(
            query.transpose(0, 1)[None],
            key.transpose(0, 1)[None],
            value.transpose(0, 1)[None],
            attn_mask=mask,
        )[0].transpose(0, 1)
    return out[..., :width]


def _fits_flash_attention(query: Tensor) -> bool:
    return query.is_cuda and query.dtype in (torch.bfloat16, torch.float16)


@cache
def _flash_attention() -> Any | None:
    """flash-attn's kernel, or None when the package is not installed."""
    if importlib.util.find_spec("flash_attn") is None:
        return None
    return importlib.import_module("flash_attn").flash_attn_func
