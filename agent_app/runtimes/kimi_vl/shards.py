"""Shards mapped into memory, and tensors copied out of them with nothing left behind."""

from __future__ import annotations

import mmap
import threading
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import torch
from torch import Tensor

from agent_app.errors import KnownError
from agent_app.runtimes.kimi_vl.checkpoint import TensorEntry
from agent_app.runtimes.kimi_vl.workers import Advance

_DTYPES = {"BF16": torch.bfloat16, "F16": torch.float16, "F32": torch.float32}
_PIECE = 4 * 1024 * 1024  # bytes on their way at once, per thread
_MAPPED_AROUND = 64 * 1024  # Linux maps as much around a page that is touched
_PULL = "run `agent-app model pull` again; it fetches what is missing or damaged"


class MappedShards:
    """The shards of some tensors, mapped read-only while this is entered.

    `copy` may be called from several threads; each has a buffer of its own, pinned when a tensor
    goes to a CUDA device.
    """

    def __init__(self, entries: Iterable[TensorEntry]) -> None:
        self._ends: dict[Path, int] = {}
        for entry in entries:
            end = entry.offset + entry.size
            self._ends[entry.shard] = max(end, self._ends.get(entry.shard, 0))
        self._mapped: dict[Path, mmap.mmap] = {}
        self._opened = ExitStack()
        self._buffers = threading.local()

    def __enter__(self) -> Self:
        """Raises KnownError when a shard is missing, or shorter than its header says."""
        with ExitStack() as opened:
            for shard, end in self._ends.items():
                try:
                    with shard.open("rb") as file:
                        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
                except (OSError, ValueError) as error:
                    what = f"the shard {shard.name} cannot be read: {error}"
                    raise KnownError(what, remedy=_PULL) from error
                self._mapped[shard] = opened.enter_context(mapped)
                if len(mapped) < end:
                    what = f"{len(mapped):,} bytes instead of {end:,}"
                    raise KnownError(f"the shard {shard.name} is truncated: {what}", remedy=_PULL)
            self._opened = opened.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._mapped.clear()
        self._opened.close()

    def copy(self, entry: TensorEntry, target: Tensor, advance: Advance) -> None:
        """Copy a tensor into `target`, contiguous and of its shape, in whatever type that has."""
        if entry.shape != target.shape:
            raise ValueError(f"{entry.name} {entry.shape} does not go into {tuple(target.shape)}")
        dtype = _DTYPES[entry.dtype]
        flat = target.view(-1)
        straight = not target.is_cuda and target.dtype == dtype
        buffer = flat.view(torch.uint8) if straight else self._buffer(pinned=target.is_cuda)
        mapped = self._mapped[entry.shard]
        for begin in range(0, entry.size, _PIECE):
            size = min(_PIECE, entry.size - begin)
            at = entry.offset + begin
            piece = buffer[begin : begin + size] if straight else buffer[:size]
            _advise(mapped, "MADV_WILLNEED", at, size)
            piece.numpy()[:] = np.frombuffer(mapped, np.uint8, size, at)
            _advise(mapped, "MADV_DONTNEED", at, size)
            if not straight:
                first = begin // dtype.itemsize
                flat[first : first + size // dtype.itemsize].copy_(piece.view(dtype))
            advance(size)

    def _buffer(self, *, pinned: bool) -> Tensor:
        name = "pinned" if pinned else "plain"
        buffer: Tensor | None = getattr(self._buffers, name, None)
        if buffer is None:
            buffer = torch.empty(_PIECE, dtype=torch.uint8, pin_memory=pinned)
            setattr(self._buffers, name, buffer)
        return buffer


def _advise(mapped: mmap.mmap, option: str, begin: int, size: int) -> None:
    """Tell the system what these pages are for, where it can be told (not on Windows).

    Pages that a neighbour shares may be given back too early; they are then mapped once more.
    """
    advice: int | None = getattr(mmap, option, None)
    if advice is None:
        return
    around = max(_MAPPED_AROUND, mmap.ALLOCATIONGRANULARITY)
    first = begin - begin % around
    end = min(len(mapped), -(-(begin + size) // around) * around)
    with suppress(OSError):  # an advice that is not taken changes nothing
        mapped.madvise(advice, first, end - first)
