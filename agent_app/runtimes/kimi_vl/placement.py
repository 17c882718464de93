"""Which part of the model lies on which device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import torch
from torch import nn

from agent_app.errors import KnownError
from agent_app.runtimes.kimi_vl.language import DecoderLayer
from agent_app.runtimes.kimi_vl.model import KimiVL
from agent_app.runtimes.kimi_vl.vision import Projector, VisionTower

Placement = Mapping[str, str]
"""The device of each module, by the longest prefix of its name; "" stands for all of them."""

_FIRST = ("vision_tower", "multi_modal_projector", "language_model.model.embed_tokens")
_NORM, _HEAD = "language_model.model.norm", "language_model.lm_head"
_WHOLE = [cls.__name__ for cls in (DecoderLayer, VisionTower, Projector)]
_REMEDY = "load with --precision int8 or int4, or use more GPUs"


def device_of(name: str, placement: Placement) -> str:
    """The device of a module or tensor. Raises ValueError when the placement leaves it out."""
    prefix = name
    while prefix not in placement:
        if not prefix:
            raise ValueError(f"no device is given for {name}")
        prefix = prefix.rpartition(".")[0]
    return placement[prefix]


def place_layers(model: KimiVL, *, max_memory: Mapping[str, int]) -> dict[str, str]:
    """Divide a model on the meta device among devices, in their order; bytes each may take.

    Layers stay whole. What pictures and prompts go into lies on the first device, the last norm
    beside the head. Shares are about equal, since the context's cache lies beside the layers.
    Raises KnownError when the devices hold too little.
    """
    devices = list(max_memory)
    if len(devices) == 1:
        return {"": devices[0]}
    budget = _balanced(model, max_memory)
    found = _infer(model, budget) or _infer(model, list(max_memory.values()))
    if found is None:
        needed = _size(model)
        raise KnownError(
            f"the weights take {needed:,} bytes and do not fit into the "
            f"{sum(max_memory.values()):,} that {', '.join(devices)} have for them",
            remedy=_REMEDY,
        )
    placement = {name: devices[number] for name, number in found.items()}
    if misplaced := [name for name in _FIRST if device_of(name, placement) != devices[0]]:
        raise KnownError(
            f"{devices[0]} has no room for {', '.join(misplaced)}",
            remedy=_REMEDY,
        )
    return placement | {_NORM: device_of(_HEAD, placement)}


def room_on(devices: Sequence[str], *, kept: int) -> dict[str, int]:
    """What each CUDA device has free, in bytes, less `kept` for cache and activations."""
    return {
        device: max(0, torch.cuda.mem_get_info(torch.device(device))[0] - kept)
        for device in devices
    }


def _balanced(model: KimiVL, max_memory: Mapping[str, int]) -> list[int]:
    """An equal share for each device, rounded to whole layers; the last takes what is left.

    accelerate keeps room on the first device for the largest layer, which it would move there if
    layers were swapped: that is added to its share.
    """
    layer = max(_size(module) for module in model.modules() if isinstance(module, DecoderLayer))
    largest = max(_size(model.vision_tower), _size(model.language_model.lm_head), layer)
    share = _size(model) // len(max_memory) + layer // 2
    first, *others, last = max_memory.values()
    return [min(first, share + largest), *(min(free, share) for free in others), last]


def _infer(model: nn.Module, budget: Sequence[int]) -> dict[str, int] | None:
    from accelerate import infer_auto_device_map

    found = cast(
        "Mapping[str, int | str]",
        infer_auto_device_map(
            model,
            max_memory=dict(enumerate(budget)),  # accelerate knows GPUs by numbers alone
            no_split_module_classes=_WHOLE,
            offload_buffers=True,
        ),
    )
    placed = {name: where for name, where in found.items() if isinstance(where, int)}
    return placed if len(placed) == len(found) else None


def _size(module: nn.Module) -> int:
    return sum(tensor.nbytes for tensor in [*module.parameters(), *module.buffers()])
