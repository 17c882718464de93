"""Kimi-VL in this process: checkpoint, tokenizer, images, model, generation.

Imports nothing of the desktop, so that it runs on a bare GPU machine with torch alone. The modules
are our own and keep the checkpoint's names and layout; docs/kimi-vl.md says why.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from agent_app.errors import KnownError
from agent_app.model_runtime import ModelOptions, Progress

if TYPE_CHECKING:
    from agent_app.runtimes.kimi_vl.config import KimiConfig
    from agent_app.runtimes.kimi_vl.memory import MemoryPlan
    from agent_app.runtimes.kimi_vl.runtime import KimiVLRuntime

_LARGE = 4 * 10**9  # parameters; beyond that a CPU takes minutes for each step
_USUAL_CONTEXT = 32768  # tokens: a dozen screenshots with their thoughts, in 1 GB of cache
_log = logging.getLogger(__name__)


def open_kimi_vl(
    name: str,
    *,
    environment: Mapping[str, str],  # noqa: ARG001 - the desktop's; the weights are the person's
    options: ModelOptions,
    progress: Progress,
) -> KimiVLRuntime:
    """Find a checkpoint, plan its memory, and load it; `find` says what `name` may be.

    Raises KnownError when there is no such checkpoint, when it is not whole, when a library is
    missing, and when it does not fit on the devices; nothing is loaded then.
    """
    # imported here: what opens another model needs none of it
    from agent_app.runtimes.kimi_vl.checkpoint import open_checkpoint
    from agent_app.runtimes.kimi_vl.hub import find, require_extra

    folder = find(name)
    require_extra()
    checkpoint = open_checkpoint(folder)
    progress("getting ready to load the model", 0, checkpoint.size)  # torch's import takes seconds
    made = plan_memory(checkpoint.config, options)
    _log.info("loading %s: %s", folder, made.line)

    def told(what: str, done: int, total: int) -> None:
        progress(f"{what} ({made.line})", done, total)

    from agent_app.runtimes.kimi_vl.runtime import KimiVLRuntime

    return KimiVLRuntime.open(
        checkpoint,
        devices=[share.device.name for share in made.shares],
        precision=made.precision,
        context=made.context,
        progress=told,
        engine=options.engine,
    )


def plan_memory(config: KimiConfig, options: ModelOptions) -> MemoryPlan:
    """Where and how a model of this shape is to be loaded; imports torch.

    Raises KnownError when it does not fit, with the flags that help, and for a device that is not
    there.
    """
    from agent_app.runtimes.kimi_vl.devices import find_devices
    from agent_app.runtimes.kimi_vl.memory import advice, choose_precision, fewest_first, plan

    devices = find_devices(options.device)
    context = usual_context(config, options)
    if options.precision == "auto":
        made = choose_precision(config, context=context, devices=devices)
    else:
        tried = [
            plan(config, precision=options.precision, context=context, devices=some)
            for some in fewest_first(devices)
        ]
        made = next((one for one in tried if one.fits), tried[-1])
    on_cpu = devices[0].name == "cpu"
    if not made.fits:
        flags = advice(config, made, devices)
        where = "there is no GPU, and the model" if on_cpu else "the model"
        raise KnownError(
            f"{where} does not fit: it takes {made.line}",
            remedy=f"add {flags}"
            if flags
            else "free some memory, take a machine with a larger GPU (24 GB do for int8, 16 GB for"
            " int4), or use --model reader",
        )
    if on_cpu and made.parameters > _LARGE:
        _log.warning("Kimi-VL runs on the CPU, where a step takes minutes: a GPU is what it needs")
    return made


def usual_context(config: KimiConfig, options: ModelOptions) -> int:
    """How many tokens a conversation may have."""
    return options.context or min(_USUAL_CONTEXT, config.text.max_positions)


def unfitness() -> str:
    """Why Kimi-VL is not what a run takes by itself; empty when its weights fit on a GPU here.

    torch is imported only when there are weights.
    """
    from agent_app.runtimes.kimi_vl.config import read_config
    from agent_app.runtimes.kimi_vl.hub import find, require_extra

    try:
        folder = find("kimi-vl")
        require_extra()
        import torch

        if not torch.cuda.is_available():
            return "there is no GPU"
        plan_memory(read_config(folder), ModelOptions())
    except KnownError as error:
        return error.message
    return ""
