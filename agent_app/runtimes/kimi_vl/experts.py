"""The routed experts of one layer: a few of many MLPs run for each token."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from agent_app.runtimes.kimi_vl.config import TextConfig


class Experts(nn.Module):
    """All experts' weights, merged: `gate_up` (E, 2I, H), gate rows first, and `down` (E, H, I)."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        count, inner, width = (
            config.routed_experts,
            config.expert_intermediate_size,
            config.hidden_size,
        )
        self.gate_up = nn.Parameter(torch.empty(count, 2 * inner, width))
        self.down = nn.Parameter(torch.empty(count, width, inner))

    def forward(self, x: Tensor, chosen: Tensor, weights: Tensor) -> Tensor:
        """x (n, H); chosen (n, k), the experts of each token; weights (n, k), float32."""
        if chosen.numel() <= self.gate_up.shape[0]:
            out = self._gathered(x, chosen)
        else:
            out = self._grouped(x, chosen)
        return weighted_sum(out, weights).to(x.dtype)

    def _gathered(self, x: Tensor, chosen: Tensor) -> Tensor:
        """For few tokens: each chosen expert's weights are fetched, without a look at the host."""
        experts = chosen.flatten()
        rows = x.repeat_interleave(chosen.shape[1], dim=0)[..., None]  # (n*k, H, 1)
        inner = swiglu(torch.bmm(self.gate_up[experts], rows)[..., 0])
        return torch.bmm(self.down[experts], inner[..., None])[..., 0]

    def _grouped(self, x: Tensor, chosen: Tensor) -> Tensor:
        """For many tokens: sorted by expert, so that each expert's weights are read once."""
        groups = group_by_expert(chosen, self.gate_up.shape[0])
        rows = x[groups.order // chosen.shape[1]]
        inner = swiglu(grouped_linear(rows, self.gate_up, groups.ends))
        return groups.restore(grouped_linear(inner, self.down, groups.ends))


class Groups:
    """Token-expert pairs sorted by expert: `order` (n*k); `ends` (E), where each expert's end."""

    def __init__(self, order: Tensor, ends: Tensor) -> None:
        self.order = order
        self.ends = ends

    def restore(self, rows: Tensor) -> Tensor:
        """Rows in the sorted order, put back into the tokens' order."""
        return torch.empty_like(rows).index_copy_(0, self.order, rows)


def group_by_expert(chosen: Tensor, experts: int) -> Groups:
    """Sort the pairs of `chosen` (n, k) by expert, without a look at the host."""
    ordered, order = chosen.flatten().sort(stable=True)
    numbers = torch.arange(experts, device=chosen.device)
    return Groups(order, torch.searchsorted(ordered, numbers, right=True).int())


def grouped_linear(rows: Tensor, weight: Tensor, ends: Tensor) -> Tensor:
    """rows (m, in) in groups that end at `ends`, each by its own weight of (E, out, in)."""
    return F.grouped_mm(rows, weight.transpose(1, 2), offs=ends)


def swiglu(gate_up: Tensor) -> Tensor:
    """silu(gate) * up, the two halves of the last dimension."""
    gate, up = gate_up.chunk(2, dim=-1)
    return F.silu(gate) * up


def weighted_sum(out: Tensor, weights: Tensor) -> Tensor:
    """The experts' outputs (n*k, H) of each token, weighted (n, k) and added up in float32."""
    return (out.view(*weights.shape, -1) * weights[..., None]).sum(1)
