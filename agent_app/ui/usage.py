"""How much memory this process takes, and how much of the GPU's is taken."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

_STATM = Path("/proc/self/statm")  # of Linux: pages, the second number is what is resident


def resident_bytes() -> int | None:
    """The memory of this process; None on a system that does not tell."""
    try:
        pages = int(_STATM.read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def gpu_bytes() -> tuple[int, int] | None:
    """What is taken of all GPUs' memory, and how much there is; None where no model runs on one.

    Nothing is loaded for the answer: without torch in this process there is no model on a GPU.
    """
    torch: Any = sys.modules.get("torch")
    cuda = getattr(torch, "cuda", None)
    if cuda is None or not cuda.is_initialized():
        return None
    taken = whole = 0
    for device in range(cuda.device_count()):
        free, total = cuda.mem_get_info(device)
        taken, whole = taken + total - free, whole + total
    return taken, whole
