"""What this machine has to compute on, and how much of its memory is free."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from agent_app.errors import KnownError
from agent_app.runtimes.kimi_vl.memory import Device

_MEMORY = Path("/proc/meminfo")


def find_devices(wanted: str | None) -> Sequence[Device]:
    """The devices to load onto: those named, such as `cuda:1` or `cuda:0,cuda:1`, else the best.

    The best are all GPUs, or the CPU where there is none. Raises KnownError for one that is not
    there.
    """
    if wanted == "cpu":
        return (Device("cpu", free_memory()),)
    gpus = _gpus()
    if wanted is None:
        return gpus or (Device("cpu", free_memory()),)
    by_name = {gpu.name: gpu for gpu in gpus}
    if wanted == "cuda" and gpus:
        return gpus
    names = [name.strip() for name in wanted.split(",")]
    unknown = [name for name in names if name not in by_name]
    if unknown:
        there = ", ".join([*by_name, "cpu"])
        raise KnownError(
            f"there is no device {', '.join(unknown)}", remedy=f"--device may be one of: {there}"
        )
    return tuple(by_name[name] for name in dict.fromkeys(names))


def free_memory() -> int:
    """Bytes that a program may still take of the machine's own memory."""
    try:
        for line in _MEMORY.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass  # not Linux
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows; the loading itself will tell
        return 2**63


def _gpus() -> Sequence[Device]:
    import torch

    if not torch.cuda.is_available():
        return ()
    return tuple(
        Device(f"cuda:{number}", torch.cuda.mem_get_info(number)[0])
        for number in range(torch.cuda.device_count())
    )
