"""The routed experts in eight or four bits: a third to a half of the memory, the same interface.

Weights alone are rounded, to the nearest of evenly spaced values around zero, and are made whole
again in the model's own type just before they are used.
"""

from __future__ import annotations

import math
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn

from agent_app.runtimes.kimi_vl.experts import (
    group_by_expert,
    grouped_linear,
    swiglu,
    weighted_sum,
)

Bits = Literal[8, 4]

_GROUP = 64  # columns that share a scale in four bits: a quarter of a bit more per weight
_GATHERED_PAIRS = 24  # four tokens of six experts: 0.4 GB of weights made whole at once
_EXPERTS_AT_ONCE = 8  # 0.14 GB of weights made whole at once


class QuantisedMatrix(nn.Module):
    """Matrices of all experts, (E, rows, columns), as small integers and scales.

    Eight bits: one scale per row, `values` (E, rows, 1, columns), integers -127 to 127. Four bits:
    one scale per 64 columns, `values` (E, rows, groups, 32), -7 to 7; the lower half of a byte
    belongs to the first half of the group. `scales` (E, rows, groups) are bfloat16: what a step of
    the byte is worth, in four bits thus a sixteenth of a step of the integers.
    """

    values: Tensor
    scales: Tensor

    def __init__(self, count: int, rows: int, columns: int, *, bits: Bits) -> None:
        super().__init__()
        self.bits: Bits = bits
        self.group = columns if bits == 8 else math.gcd(columns, _GROUP)
        if bits == 4 and self.group % 2:
            raise ValueError(f"{columns} columns do not go two by two")
        groups, width = columns // self.group, self.group * bits // 8
        values = torch.empty(count, rows, groups, width, dtype=torch.int8)
        scales = torch.empty(count, rows, groups, dtype=torch.bfloat16)
        self.register_buffer("values", values)
        self.register_buffer("scales", scales)

    def store(self, expert: int, first_row: int, weight: Tensor) -> None:
        """Round some rows of one expert, (n, columns)."""
        largest = 127 if self.bits == 8 else 7
        grouped = weight.float().view(weight.shape[0], -1, self.group)  # (n, groups, group)
        scales = (grouped.abs().amax(-1) / largest).to(torch.bfloat16)
        scales = scales.masked_fill(scales == 0, 1)
        integers = (grouped / scales.float()[..., None]).round_().clamp_(-largest, largest)
        integers = integers.to(torch.int8)
        if self.bits == 4:
            low, high = integers.chunk(2, dim=-1)
            integers = (low & 15) | (high << 4)
            scales = scales / 16  # a power of two: exact
        rows = slice(first_row, first_row + weight.shape[0])
        self.values[expert, rows] = integers
        self.scales[expert, rows] = scales

    def restore(self, experts: Tensor | slice, dtype: torch.dtype) -> Tensor:
        """The weights of some experts, (n, rows, columns), without a look at the host."""
        values = self.values[experts]
        scales = self.scales[experts].to(dtype)[..., None]
        if self.bits == 8:
            return (values * scales).flatten(2)
        whole = torch.empty(
            *values.shape[:3], 2, values.shape[3], dtype=dtype, device=values.device
        )
        torch.mul(values << 4, scales, out=whole[..., 0, :])
        torch.mul(values & -16, scales, out=whole[..., 1, :])
        return whole.flatten(2)


class QuantisedExperts(nn.Module):
    """`Experts` with rounded weights, in `bits` each and a scale for every row or group."""

    def __init__(self, count: int, width: int, inner: int, *, bits: Bits) -> None:
        super().__init__()
        self.gate_up = QuantisedMatrix(count, 2 * inner, width, bits=bits)
        self.down = QuantisedMatrix(count, width, inner, bits=bits)

    @classmethod
    def quantise(cls, gate_up: Tensor, down: Tensor, bits: Bits) -> QuantisedExperts:
        """Round merged weights: `gate_up` (E, 2I, H), gate rows first, and `down` (E, H, I)."""
        count, width, inner = down.shape
        with gate_up.device:
            experts = cls(count, width, inner, bits=bits)
        for expert in range(count):
            experts.gate_up.store(expert, 0, gate_up[expert])
            experts.down.store(expert, 0, down[expert])
        return experts

    def forward(self, x: Tensor, chosen: Tensor, weights: Tensor) -> Tensor:
        """x (n, H); chosen (n, k), the experts of each token; weights (n, k), float32."""
        if chosen.numel() <= _GATHERED_PAIRS:
            out = self._gathered(x, chosen)
        else:
            out = self._grouped(x, chosen)
        return weighted_sum(out, weights).to(x.dtype)

    def _gathered(self, x: Tensor, chosen: Tensor) -> Tensor:
        """For few tokens: only the chosen experts' weights are read, without a look at the host."""
        experts = chosen.flatten()
        rows = x.repeat_interleave(chosen.shape[1], dim=0)[..., None]  # (n*k, H, 1)
        inner = swiglu(torch.bmm(self.gate_up.restore(experts, x.dtype), rows)[..., 0])
        return torch.bmm(self.down.restore(experts, x.dtype), inner[..., None])[..., 0]

    def _grouped(self, x: Tensor, chosen: Tensor) -> Tensor:
        """For many tokens, sorted by expert: a few experts at a time are made whole."""
        count = self.gate_up.values.shape[0]
        groups = group_by_expert(chosen, count)
        rows = x[groups.order // chosen.shape[1]]
        out = torch.empty_like(rows)
        ends = [0, *_on_host(groups.ends)]
        for first in range(0, count, _EXPERTS_AT_ONCE):
            experts = slice(first, min(first + _EXPERTS_AT_ONCE, count))
            here = slice(ends[experts.start], ends[experts.stop])
            if here.start == here.stop:
                continue
            their_ends = groups.ends[experts] - here.start
            gate_up = self.gate_up.restore(experts, x.dtype)
            inner = swiglu(grouped_linear(rows[here], gate_up, their_ends))
            down = self.down.restore(experts, x.dtype)
            out[here] = grouped_linear(inner, down, their_ends)
        return groups.restore(out)


def _on_host(numbers: Tensor) -> list[int]:
    """A list of integers, once the device has come so far."""
    return cast("list[int]", cast("Any", numbers).tolist())
