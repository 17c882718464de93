"""The fast engine: one token's whole step as one captured graph of our own Triton kernels.

What lives here needs a GPU and Triton, and is imported only when that engine is chosen; prompts are
read and pictures seen by the modules one folder up. docs/engine.md has the physics and the figures.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent_app.runtimes.kimi_vl.config import TextConfig
    from agent_app.runtimes.kimi_vl.model import KimiVL

_GROUP_OF_FOUR_BITS = 64  # columns that share a scale, as in quantised.py


def hindrance(model: KimiVL) -> str:
    """Why the fast engine cannot run a loaded model; empty when it can."""
    import torch

    devices = {parameter.device for parameter in model.parameters()}
    if any(device.type != "cuda" for device in devices):
        return "the model is not on a GPU"
    if len(devices) > 1:
        return "the model is spread over several GPUs"
    if importlib.util.find_spec("triton") is None:
        return "Triton is not installed"
    if torch.cuda.get_device_capability(model.device) < (8, 0):
        return "the GPU is older than Ampere"
    kinds = {buffer.dtype for buffer in model.language_model.buffers()}
    if model.dtype != torch.bfloat16:
        return "the fast one is not for float32"
    if torch.float8_e4m3fn in kinds and torch.cuda.get_device_capability(model.device) < (8, 9):
        return "the GPU has no fp8; Ada and newer ones have"
    from agent_app.runtimes.kimi_vl.fast.widening import wide_enough
    from agent_app.runtimes.kimi_vl.quantised import QuantisedMatrix

    halved = any(
        isinstance(one, QuantisedMatrix) and one.rounding == "int4" for one in model.modules()
    )
    wide = wide_enough(model.config.text)
    return uncovered(wide, halved=halved)


def uncovered(config: TextConfig, *, halved: bool = False) -> str:
    """What of a model's shape the kernels do not cover; empty when they cover it all.

    A kernel holds whole rows in registers, in sizes of powers of two. `halved` weights, of four
    bits, are read in two halves of whole groups.
    """
    slots = config.shared_experts + config.experts_per_token
    dense, rest = divmod(config.dense_intermediate_size, config.expert_intermediate_size)
    powers = {
        "hidden size": config.hidden_size,
        "heads times value size": config.heads * config.value_head_dim,
        "latent rank": config.kv_lora_rank,
        "query size without position": config.nope_head_dim,
        "rotary size": config.rope_head_dim,
        "value size": config.value_head_dim,
        "heads": config.heads,
        "routed experts": config.routed_experts,
        "experts that run for a token": slots,
        "expert widths in the dense MLP": dense,
    }
    odd = [f"{name} {size}" for name, size in powers.items() if size & (size - 1)]
    if odd:
        return f"no power of two: {', '.join(odd)}"
    if rest:
        return "the dense MLP is no multiple of an expert's width"
    if config.heads < 16 or config.rope_head_dim < 16:
        return "fewer than 16 heads or rotary dimensions"
    if config.vocab_size % 16 or config.expert_intermediate_size % 2:
        return "a vocabulary or an expert's width that does not divide"
    if halved and config.expert_intermediate_size < 2 * _GROUP_OF_FOUR_BITS:
        return "experts too narrow for four bits"
    return ""
