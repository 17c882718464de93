"""The latent cache: what attention remembers of every token, compressed.

One row of `kv_lora_rank + rope_head_dim` numbers per token and layer, 31 KB per token of the full
model in bfloat16.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from agent_app.runtimes.kimi_vl.config import TextConfig

Key = int | str  # a token, or the name of the picture that a row belongs to


class LatentCache:
    """Rows of all layers, allocated once; `devices` has one device per layer.

    `keys` says what each of the rows in use was computed from, so that a conversation that begins
    like the last one goes on where they part.
    """

    def __init__(
        self,
        config: TextConfig,
        capacity: int,
        *,
        devices: Sequence[torch.device],
        dtype: torch.dtype,
    ) -> None:
        self.capacity = capacity
        self.keys: list[Key] = []
        self._rows = [
            torch.empty(capacity, config.latent_size, device=device, dtype=dtype)
            for device in devices
        ]

    @property
    def length(self) -> int:
        """How many rows are in use."""
        return len(self.keys)

    def reuse(self, keys: Sequence[Key], *, most: int | None = None) -> int:
        """Keep the rows that `keys` begins with, `most` of them, and drop the rest; how many.

        The last of the keys is never kept: its output is what the next token is drawn from.
        """
        kept = 0
        known = keys[:-1] if most is None else keys[: max(0, min(most, len(keys) - 1))]
        for ours, theirs in zip(self.keys, known, strict=False):
            if ours != theirs:
                break
            kept += 1
        del self.keys[kept:]
        return kept

    def rows(self, layer: int) -> Tensor:
        """All rows of a layer, (capacity, latent), those in use and those that are not."""
        return self._rows[layer]

    def write(self, layer: int, start: int, rows: Tensor) -> Tensor:
        """Put rows (n, latent) of a layer at `start`; all its rows from the first to the last."""
        end = start + rows.shape[0]
        self._rows[layer][start:end] = rows
        return self._rows[layer][:end]

    def clear(self) -> None:
        """Forget every row."""
        self.keys.clear()
