"""What a checkpoint takes, before anything of it is loaded, against what this machine has."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agent_app.errors import KnownError
from agent_app.model_runtime import ModelOptions
from agent_app.runtimes.kimi_vl import usual_context
from agent_app.runtimes.kimi_vl.checkpoint import Checkpoint, open_checkpoint
from agent_app.runtimes.kimi_vl.config import KimiConfig
from agent_app.runtimes.kimi_vl.devices import find_devices, free_memory
from agent_app.runtimes.kimi_vl.hub import cache_folder, can_be_pulled, find, require_extra
from agent_app.runtimes.kimi_vl.memory import PRECISIONS, Device, MemoryPlan, fewest_first, plan


@dataclass(frozen=True, slots=True)
class Survey:
    """What is here, and what loading it takes.

    `folder` is None when the checkpoint is not here, and `absent` says so; the plans are then for
    the usual one. `lacking` is what has to be installed before it can be loaded. `download` and
    `room` are in bytes: what is still to be fetched at most, and what the disk has for it.
    """

    folder: Path | None
    contents: str
    absent: KnownError | None
    lacking: KnownError | None
    context: int
    plans: tuple[MemoryPlan, ...]
    download: int
    room: int


@dataclass(frozen=True, slots=True)
class Unit:
    """In which amounts of bytes are told."""

    name: str
    size: int

    def of(self, size: int) -> str:
        """A number of bytes in this unit."""
        return f"{size / self.size:,.1f}"


def unit_for(largest: int) -> Unit:
    """The unit in which amounts up to the largest are told."""
    return Unit("GB", 10**9) if largest >= 10**9 else Unit("MB", 10**6)


def survey(name: str, options: ModelOptions) -> Survey:
    """Look at a checkpoint and at this machine; imports torch where it is installed.

    `name` is as for `find`. Raises KnownError for a name that can be none, for a checkpoint that is
    damaged, and for a device that is not there.
    """
    folder, absent, contents = None, None, ""
    config = KimiConfig()
    try:
        folder = find(name)
    except KnownError as error:
        if not can_be_pulled(name):
            raise
        absent = error
    if folder is not None:
        checkpoint = open_checkpoint(folder)
        config, contents = checkpoint.config, contents_of(checkpoint)
    devices, lacking = machine(options.device)
    context = usual_context(config, options)
    plans = fitting_plans(config, options, context, devices)
    download = 0
    if folder is None:
        own = plan(config, precision="bf16", context=context, devices=devices)
        download = own.weights
    cache = cache_folder()
    there = next(parent for parent in (cache, *cache.parents) if parent.is_dir())
    room = shutil.disk_usage(there).free
    return Survey(folder, contents, absent, lacking, context, tuple(plans), download, room)


def contents_of(checkpoint: Checkpoint) -> str:
    """What a checkpoint holds, in one line."""
    shards = len(checkpoint.shards)
    count = checkpoint.parameters
    parameters = f"{count / 1e9:.3f} billion" if count >= 10**9 else f"{count / 1e6:.1f} million"
    unit = unit_for(checkpoint.size)
    return (
        f"{parameters} parameters, {unit.of(checkpoint.size)} {unit.name} in {shards} "
        f"shard{'s' if shards != 1 else ''}, {checkpoint.config.weight_type}"
    )


def machine(wanted: str | None) -> tuple[Sequence[Device], KnownError | None]:
    """What this machine has to load onto, and what has to be installed before it can.

    Without the libraries it is the machine's own memory. Raises KnownError for a device that is not
    there.
    """
    try:
        require_extra()
    except KnownError as error:
        return (Device("cpu", free_memory()),), error
    return find_devices(wanted), None


def fitting_plans(
    config: KimiConfig, options: ModelOptions, context: int, devices: Sequence[Device]
) -> list[MemoryPlan]:
    """For each precision that is asked for, the plan on the fewest devices that hold it, or all."""
    found: list[MemoryPlan] = []
    for precision in PRECISIONS:
        if options.precision in ("auto", precision):
            plans = [
                plan(config, precision=precision, context=context, devices=some)
                for some in fewest_first(devices)
            ]
            found.append(next((made for made in plans if made.fits), plans[-1]))
    return found
