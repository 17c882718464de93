"""A training's state in files small enough to travel: bfloat16, its two bytes apart, compressed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

STATE, MEMORY = "state.npz", "memory.npz"


def keep(path: Path, tensors: Mapping[str, Tensor], **numbers: float) -> None:
    """Write tensors in one order, and numbers beside them; a file is whole or not there."""
    flat = torch.cat([one.detach().flatten().float().cpu() for one in tensors.values()])
    pairs = flat.bfloat16().view(torch.uint8).view(-1, 2).numpy()
    partial = path.with_suffix(".part.npz")
    np.savez_compressed(
        partial,
        high=np.ascontiguousarray(pairs[:, 1]),
        low=np.ascontiguousarray(pairs[:, 0]),
        names=np.array(list(tensors)),
        shapes=np.array([",".join(map(str, one.shape)) for one in tensors.values()]),
        **{name: np.float64(value) for name, value in numbers.items()},
    )
    partial.replace(path)


def kept(path: Path) -> tuple[dict[str, Tensor], dict[str, float]]:
    """What `keep` wrote: the tensors in float32, and the numbers."""
    with np.load(path) as file:
        pairs = np.stack([file["low"], file["high"]], 1)
        flat = torch.from_numpy(pairs).flatten().view(torch.bfloat16).float()
        tensors: dict[str, Tensor] = {}
        at = 0
        for name, shape in zip(file["names"], file["shapes"], strict=True):
            sides = [int(side) for side in str(shape).split(",") if side]
            count = int(np.prod(sides)) if sides else 1
            tensors[str(name)] = flat[at : at + count].view(sides).clone()
            at += count
        others = {"high", "low", "names", "shapes"}
        return tensors, {name: float(file[name]) for name in file.files if name not in others}
