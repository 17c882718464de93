"""Random weights in safetensors shards, streamed to disk.

Every tensor is a stretch of one block of normal numbers that was drawn once, from a place that the
seed and the tensor's name decide. So a full model is written as fast as the disk takes it, in
little memory, and the same on any number of threads.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agent_app.model_runtime import Progress
from agent_app.runtimes.kimi_vl.checkpoint import (
    CORRECTION_BIAS,
    INDEX,
    Shape,
    expected_tensors,
)
from agent_app.runtimes.kimi_vl.config import KimiConfig, WeightType
from agent_app.runtimes.kimi_vl.workers import Advance, run_jobs

PARTIAL = ".part"
_ITEM_SIZE: Mapping[WeightType, int] = {"BF16": 2, "F16": 2, "F32": 4}
_BLOCK = 4_194_301  # numbers; a prime, so that no row of a repeated block meets itself again
_PIECE = 8 * 1024 * 1024  # bytes written between two reports of progress
_THREADS = 8  # as many shards are written at once


@dataclass(frozen=True, slots=True)
class _Tensor:
    name: str
    shape: Shape
    dtype: WeightType

    @property
    def size(self) -> int:
        return math.prod(self.shape) * _ITEM_SIZE[self.dtype]


def weights_size(config: KimiConfig) -> int:
    """Bytes of all tensors of a checkpoint of this shape."""
    return sum(tensor.size for tensor in _tensors(config))


def write_weights(
    folder: Path, config: KimiConfig, *, seed: int, shard_size: int, progress: Progress
) -> None:
    """Write the shards, each of at most `shard_size` bytes of tensors, and then the index.

    A tensor larger than that has a shard of its own. Files get their names when they are whole, the
    index last of all. Raises OSError, and then leaves no file that was begun.
    """
    shards = _shards(config, shard_size)
    numbers = _Numbers(seed)
    written = [folder / f"{name}{PARTIAL}" for name in shards]

    def write(name: str, advance: Advance) -> None:
        _write_shard(folder / f"{name}{PARTIAL}", shards[name], numbers, advance)

    try:
        run_jobs(
            list(shards),
            write,
            threads=_THREADS,
            what="writing random weights",
            total=weights_size(config),
            progress=progress,
        )
        for path in written:
            path.replace(path.with_suffix(""))
        index = folder / f"{INDEX}{PARTIAL}"
        written.append(index)
        index.write_text(_index(shards), encoding="utf-8")
        index.replace(folder / INDEX)
    finally:
        for path in written:
            path.unlink(missing_ok=True)


def _tensors(config: KimiConfig) -> list[_Tensor]:
    return [
        _Tensor(name, shape, "F32" if name.endswith(CORRECTION_BIAS) else config.weight_type)
        for name, shape in expected_tensors(config).items()
    ]


def _shards(config: KimiConfig, shard_size: int) -> dict[str, list[_Tensor]]:
    """Tensors in layer order, a shard closed before it outgrows its bound."""
    groups: list[list[_Tensor]] = [[]]
    size = 0
    for tensor in _tensors(config):
        if groups[-1] and size + tensor.size > shard_size:
            groups.append([])
            size = 0
        groups[-1].append(tensor)
        size += tensor.size
    return {
        # wider types first, as the safetensors library does it: so every tensor lies aligned
        f"model-{number:05}-of-{len(groups):05}.safetensors": sorted(
            group, key=lambda tensor: -_ITEM_SIZE[tensor.dtype]
        )
        for number, group in enumerate(groups, start=1)
    }


def _index(shards: Mapping[str, list[_Tensor]]) -> str:
    weight_map = {tensor.name: shard for shard, group in shards.items() for tensor in group}
    total = sum(tensor.size for group in shards.values() for tensor in group)
    index = {"metadata": {"total_size": total}, "weight_map": dict(sorted(weight_map.items()))}
    return json.dumps(index, indent=2) + "\n"


def _write_shard(path: Path, tensors: list[_Tensor], numbers: _Numbers, advance: Advance) -> None:
    with path.open("wb") as file:
        file.write(_header(tensors))
        for tensor in tensors:
            for piece in numbers.pieces(tensor):
                file.write(piece)
                advance(piece.nbytes)


def _header(tensors: list[_Tensor]) -> bytes:
    """The length of what follows, and what follows: JSON, padded with spaces to 8 bytes."""
    entries: dict[str, object] = {"__metadata__": {"format": "pt"}}
    begin = 0
    for tensor in tensors:
        entries[tensor.name] = {
            "dtype": tensor.dtype,
            "shape": list(tensor.shape),
            "data_offsets": [begin, begin + tensor.size],
        }
        begin += tensor.size
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


class _Numbers:
    """The drawn block, scaled and rounded for each kind of tensor as it is needed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._block = np.random.default_rng(seed).standard_normal(_BLOCK, dtype=np.float32)
        self._scaled: dict[tuple[float, float, WeightType], memoryview] = {}

    def pieces(self, tensor: _Tensor) -> Iterator[memoryview]:
        """The bytes of a tensor, in order."""
        block = self._bytes(*_distribution(tensor), tensor.dtype)
        item = _ITEM_SIZE[tensor.dtype]
        begin = self._place(tensor.name) * item
        left = tensor.size
        while left:
            end = min(begin + min(left, _PIECE), len(block))
            yield block[begin:end]
            left -= end - begin
            begin = end % len(block)

    def _bytes(self, mean: float, deviation: float, dtype: WeightType) -> memoryview:
        # two threads may draw the same stretch at once; it is the same one
        key = mean, deviation, dtype
        if key not in self._scaled:
            values = self._block * np.float32(deviation) + np.float32(mean)
            self._scaled[key] = _rounded(values, dtype).data
        return self._scaled[key]

    def _place(self, name: str) -> int:
        digest = hashlib.sha1(f"{self._seed} {name}".encode()).digest()
        return int.from_bytes(digest[:8], "little") % _BLOCK


def _distribution(tensor: _Tensor) -> tuple[float, float]:
    """Mean and standard deviation that keep the activations of a deep random model near 1.

    Matrices keep the variance of what they multiply (1/sqrt of the columns: 0.022 for 2048
    of them). Norms and biases differ from 1 and 0, so that a forgotten one shows.
    """
    if len(tensor.shape) == 1:
        return (1.0, 0.1) if tensor.name.endswith(".weight") else (0.0, 0.02)
    if "embed_tokens" in tensor.name or "pos_emb" in tensor.name:
        return 0.0, 0.5
    return 0.0, 1 / math.sqrt(math.prod(tensor.shape[1:]))


def _rounded(values: NDArray[np.float32], dtype: WeightType) -> NDArray[np.uint8]:
    if dtype == "F32":
        return values.view(np.uint8)
    if dtype == "F16":
        return values.astype(np.float16).view(np.uint8)
    bits = values.view(np.uint32)
    # bfloat16 is the upper half of a float32: round to nearest, ties to even
    rounded = bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    return (rounded >> np.uint32(16)).astype(np.uint16).view(np.uint8)
