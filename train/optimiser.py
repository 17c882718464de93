"""Muon for the matrices of the blocks, AdamW for everything else.

Muon: momentum whose singular values are all brought near 1 by five steps of a Newton-Schulz
iteration (Keller Jordan, 2024); matrices of one shape are worked on together.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

_COEFFICIENTS = 3.4445, -4.7750, 2.0315
_DECAY, _MOMENTUM = 0.01, 0.95


class Optimiser:
    """`step(share)` moves all parameters by their gradients at a share of the full rates."""

    def __init__(self, model: nn.Module, *, muon: float, adam: float) -> None:
        named = dict(model.named_parameters())
        matrices = {
            name: one
            for name, one in named.items()
            if one.dim() >= 2
            and name.startswith(("vblocks", "blocks", "l1", "l2"))
            and not name.endswith("gate")
        }
        self._muon_rate, self._adam_rate = muon, adam
        self._groups: dict[tuple[object, ...], list[tuple[str, Tensor]]] = {}
        for name, one in matrices.items():
            key = tuple(one.shape[-2:]), "wqkv" in name
            self._groups.setdefault(key, []).append((name, one))
        self._momentum: dict[str, Tensor] = {}
        rest = {name: one for name, one in named.items() if name not in matrices}
        self._rest = rest
        self._adam = torch.optim.AdamW(
            rest.values(), lr=adam, betas=(0.9, 0.98), weight_decay=0.0, fused=None
        )

    @torch.no_grad()
    def step(self, share: float) -> None:
        for (_, thirds), members in self._groups.items():
            self._step_group(members, share, thirds=bool(thirds))
        for group in self._adam.param_groups:
            group["lr"] = self._adam_rate * share
        self._adam.step()

    def _step_group(self, members: list[tuple[str, Tensor]], share: float, *, thirds: bool) -> None:
        def stacked(one: Tensor) -> Tensor:
            if thirds:  # queries, keys and values are three matrices
                return one.view(3, -1, one.shape[-1])
            return one if one.dim() == 3 else one[None]

        gradient = torch.cat([stacked(one.grad) for _, one in members if one.grad is not None])
        gradient = gradient.float()
        name = members[0][0]
        momentum = self._momentum.setdefault(name, torch.zeros_like(gradient))
        momentum.lerp_(gradient, 1 - _MOMENTUM)
        x = torch.lerp(gradient, momentum, _MOMENTUM)
        x = x.bfloat16() if x.is_cuda else x  # CPUs are slow at it
        tall = x.shape[1] > x.shape[2]
        x = x.transpose(1, 2) if tall else x
        x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
        a, b, c = _COEFFICIENTS
        for _ in range(5):
            square = x @ x.transpose(1, 2)
            x = a * x + (b * square + c * square @ square) @ x
        x = (x.transpose(1, 2) if tall else x).float()
        x = x * max(1.0, gradient.shape[1] / gradient.shape[2]) ** 0.5
        rate, at = self._muon_rate * share, 0
        for _, one in members:
            count = stacked(one).shape[0]
            one.mul_(1 - rate * _DECAY).sub_(x[at : at + count].reshape(one.shape), alpha=rate)
            at += count

    def state(self) -> dict[str, Tensor]:
        """What it remembers, by names that `load` knows."""
        kept = {f"muon/{name}": one for name, one in self._momentum.items()}
        for name, one in self._rest.items():
            for moment in ("exp_avg", "exp_avg_sq"):
                if one in self._adam.state:
                    kept[f"{moment}/{name}"] = self._adam.state[one][moment]
        return kept

    def load(self, kept: Mapping[str, Tensor], steps: int) -> None:
        """Take up what `state` gave after so many steps."""
        for key, value in kept.items():
            moment, _, name = key.partition("/")
            if moment == "muon":
                self._momentum[name] = value.clone()
            else:
                one = self._rest[name]
                state = self._adam.state[one]
                state["step"] = torch.tensor(float(steps), device=one.device)
                state[moment] = value.clone().to(one.device)
