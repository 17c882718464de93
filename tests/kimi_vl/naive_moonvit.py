"""MoonViT and the projector in plain float32 loops, written from the format's description alone.

Works on a checkpoint's own tensors: fused wqkv, rotation of adjacent pairs (even pairs by the
column, odd ones by the row), bicubic position table, 2x2 merge, erf GELU in the projector. It
shares no code with the package.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float64]


def features(
    weights: Mapping[str, Tensor], patches: Array, grid: tuple[int, int], *, heads: int
) -> Array:
    """patches (rows * columns, 3, 14, 14) → (rows * columns / 4, text width)."""
    numbers = {name: value.double().numpy() for name, value in weights.items()}
    tower = _tower(numbers, patches, grid, heads)
    rows, columns = grid
    merged = [
        np.stack([tower[(row + i) * columns + column + j] for i in (0, 1) for j in (0, 1)])
        for row in range(0, rows, 2)
        for column in range(0, columns, 2)
    ]
    return np.stack([_project(numbers, four) for four in merged])


def _tower(
    weights: Mapping[str, Array], patches: Array, grid: tuple[int, int], heads: int
) -> Array:
    name = "vision_tower.patch_embed"
    kernel = weights[f"{name}.proj.weight"]
    x = np.einsum("nchw,dchw->nd", patches, kernel) + weights[f"{name}.proj.bias"]
    x = x + _positions(weights[f"{name}.pos_emb.weight"], grid)
    block = 0
    while f"vision_tower.encoder.blocks.{block}.wo.weight" in weights:
        x = _block(weights, f"vision_tower.encoder.blocks.{block}", x, grid, heads)
        block += 1
    return _norm(weights, "vision_tower.encoder.final_layernorm", x)


def _positions(table: Array, grid: tuple[int, int]) -> Array:
    """The table stretched by cubic convolution with a = -0.75, pixel centres aligned."""
    if grid == table.shape[:2]:
        return table.reshape(-1, table.shape[2])
    down = _cubic_matrix(table.shape[0], grid[0])
    across = _cubic_matrix(table.shape[1], grid[1])
    return np.einsum("rh,hwd,cw->rcd", down, table, across).reshape(-1, table.shape[2])


def _cubic_matrix(source: int, target: int) -> Array:
    matrix = np.zeros((target, source))
    for to in range(target):
        centre = (to + 0.5) * source / target - 0.5
        first = math.floor(centre) - 1
        for tap in range(first, first + 4):
            matrix[to, min(max(tap, 0), source - 1)] += _cubic(abs(centre - tap))
    return matrix


def _cubic(distance: float, a: float = -0.75) -> float:
    if distance <= 1:
        return (a + 2) * distance**3 - (a + 3) * distance**2 + 1
    if distance < 2:
        return a * distance**3 - 5 * a * distance**2 + 8 * a * distance - 4 * a
    return 0.0


def _block(
    weights: Mapping[str, Array], name: str, x: Array, grid: tuple[int, int], heads: int
) -> Array:
    width = x.shape[1]
    head_dim = width // heads
    qkv = _linear(weights, f"{name}.wqkv", _norm(weights, f"{name}.norm0", x))
    seen = np.zeros_like(x)
    for head in range(heads):
        own = slice(head * head_dim, (head + 1) * head_dim)
        query = _rotated(qkv[:, :width][:, own], grid)
        key = _rotated(qkv[:, width : 2 * width][:, own], grid)
        value = qkv[:, 2 * width :][:, own]
        scores = query @ key.T / math.sqrt(head_dim)
        shares = np.exp(scores - scores.max(1, keepdims=True))
        seen[:, own] = shares / shares.sum(1, keepdims=True) @ value
    x = x + _linear(weights, f"{name}.wo", seen)
    inner = _linear(weights, f"{name}.mlp.fc0", _norm(weights, f"{name}.norm1", x))
    inner = 0.5 * inner * (1 + np.tanh(math.sqrt(2 / math.pi) * (inner + 0.044715 * inner**3)))
    return x + _linear(weights, f"{name}.mlp.fc1", inner)


def _rotated(vectors: Array, grid: tuple[int, int]) -> Array:
    count, head_dim = vectors.shape
    turned = np.zeros_like(vectors)
    for place in range(count):
        row, column = divmod(place, grid[1])
        for pair in range(head_dim // 2):
            frequency = 10000.0 ** (-4 * (pair // 2) / head_dim)
            angle = (column if pair % 2 == 0 else row) * frequency
            even, odd = vectors[place, 2 * pair], vectors[place, 2 * pair + 1]
            turned[place, 2 * pair] = even * math.cos(angle) - odd * math.sin(angle)
            turned[place, 2 * pair + 1] = even * math.sin(angle) + odd * math.cos(angle)
    return turned


def _project(weights: Mapping[str, Array], four: Array) -> Array:
    name = "multi_modal_projector"
    flat = _norm(weights, f"{name}.pre_norm", four).reshape(1, -1)
    inner = _linear(weights, f"{name}.linear_1", flat)
    inner = inner * 0.5 * (1 + np.vectorize(math.erf)(inner / math.sqrt(2)))
    return _linear(weights, f"{name}.linear_2", inner)[0]


def _linear(weights: Mapping[str, Array], name: str, x: Array) -> Array:
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def _norm(weights: Mapping[str, Array], name: str, x: Array) -> Array:
    centred = x - x.mean(-1, keepdims=True)
    normal = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
    return normal * weights[f"{name}.weight"] + weights[f"{name}.bias"]
