"""The trained weights by the checkpoint's names, and rounded as the application rounds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn

from agent_app.runtimes.kimi_vl.config import KimiConfig
from agent_app.runtimes.kimi_vl.quantised import QuantisedMatrix, Rounding
from train.model import Mixture, SmallKimi

_ROUNDED_TO_FP8 = ("q_proj", "kv_a", "o_proj", "gate_proj", "up_proj", "down_proj", "head")


@torch.no_grad()
def round_weights(model: SmallKimi, rounding: Rounding) -> None:
    """Round what the application rounds, and make it whole again, as it does in each product."""
    for name, module in model.named_modules():
        if isinstance(module, Mixture):
            weights = [module.w_gate, module.w_up, module.w_down]
        elif rounding == "fp8" and name.rpartition(".")[2] in _ROUNDED_TO_FP8:
            weights = [cast("nn.Linear", module).weight]
        else:
            continue
        for weight in weights:
            stacked = weight if weight.dim() == 3 else weight[None]
            matrix = QuantisedMatrix(*stacked.shape, rounding=rounding).to(weight.device)
            for number, one in enumerate(stacked):
                matrix.store(number, 0, one)
            whole = matrix.restore(slice(None), torch.bfloat16)
            weight.copy_(whole.view(weight.shape))


# --- the checkpoint's names ----------------------------------------------------------------------

_VISION, _LANGUAGE = "vision_tower.", "language_model.model."
_PROJECTIONS = ("gate_proj", "up_proj", "down_proj")
_MERGED = dict(zip(_PROJECTIONS, ("w_gate", "w_up", "w_down"), strict=True))


def _renamed(config: KimiConfig) -> Mapping[str, str]:
    """The checkpoint's names of all that is not the experts', by ours."""
    names = {
        "pos": f"{_VISION}patch_embed.pos_emb.weight",
        "emb.weight": f"{_LANGUAGE}embed_tokens.weight",
        "norm.weight": f"{_LANGUAGE}norm.weight",
        "head.weight": "language_model.lm_head.weight",
    }
    both = ("weight", "bias")
    for kind in both:
        names[f"patch.{kind}"] = f"{_VISION}patch_embed.proj.{kind}"
        names[f"vnorm.{kind}"] = f"{_VISION}encoder.final_layernorm.{kind}"
        names[f"pre_norm.{kind}"] = f"multi_modal_projector.pre_norm.{kind}"
        names[f"l1.{kind}"] = f"multi_modal_projector.linear_1.{kind}"
        names[f"l2.{kind}"] = f"multi_modal_projector.linear_2.{kind}"
        for layer in range(config.vision.layers):
            block = f"{_VISION}encoder.blocks.{layer}."
            for ours in ("norm0", "norm1", "wqkv", "wo"):
                names[f"vblocks.{layer}.{ours}.{kind}"] = f"{block}{ours}.{kind}"
            for ours in ("fc0", "fc1"):
                names[f"vblocks.{layer}.{ours}.{kind}"] = f"{block}mlp.{ours}.{kind}"
    for layer in range(config.text.layers):
        ours, theirs = f"blocks.{layer}.", f"{_LANGUAGE}layers.{layer}."
        names |= {
            f"{ours}n1.weight": f"{theirs}input_layernorm.weight",
            f"{ours}n2.weight": f"{theirs}post_attention_layernorm.weight",
            f"{ours}q_proj.weight": f"{theirs}self_attn.q_proj.weight",
            f"{ours}kv_a.weight": f"{theirs}self_attn.kv_a_proj_with_mqa.weight",
            f"{ours}kv_norm.weight": f"{theirs}self_attn.kv_a_layernorm.weight",
            f"{ours}kv_b.weight": f"{theirs}self_attn.kv_b_proj.weight",
            f"{ours}o_proj.weight": f"{theirs}self_attn.o_proj.weight",
        }
        is_dense = layer < config.text.dense_layers
        if not is_dense:
            names[f"{ours}mlp.gate"] = f"{theirs}mlp.gate.weight"
            names[f"{ours}mlp.correction"] = f"{theirs}mlp.gate.e_score_correction_bias"
        for projection in _PROJECTIONS:
            inner = f"mlp.{projection}" if is_dense else f"mlp.shared.{projection}"
            outer = f"mlp.{projection}" if is_dense else f"mlp.shared_experts.{projection}"
            names[f"{ours}{inner}.weight"] = f"{theirs}{outer}.weight"
    return names


def exported(model: SmallKimi) -> dict[str, Tensor]:
    """All weights by the checkpoint's names, float32, on the CPU."""
    state = {name: one.detach().float().cpu() for name, one in model.state_dict().items()}
    config = model.config
    named = {theirs: state[ours] for ours, theirs in _renamed(config).items()}
    side = config.vision.patch_size
    kernel = f"{_VISION}patch_embed.proj.weight"
    named[kernel] = named[kernel].view(-1, 3, side, side)
    for layer in range(config.text.dense_layers, config.text.layers):
        for theirs, ours in _MERGED.items():
            for expert in range(config.text.routed_experts):
                name = f"{_LANGUAGE}layers.{layer}.mlp.experts.{expert}.{theirs}.weight"
                named[name] = state[f"blocks.{layer}.mlp.{ours}"][expert].clone()
    return named


def imported(named: Mapping[str, Tensor], config: KimiConfig) -> dict[str, Tensor]:
    """The state that `exported` gave these names to; what only training has is not in it."""
    state = {ours: named[theirs].float() for ours, theirs in _renamed(config).items()}
    state["patch.weight"] = state["patch.weight"].flatten(1)
    for layer in range(config.text.dense_layers, config.text.layers):
        for theirs, ours in _MERGED.items():
            experts = (
                named[f"{_LANGUAGE}layers.{layer}.mlp.experts.{expert}.{theirs}.weight"].float()
                for expert in range(config.text.routed_experts)
            )
            state[f"blocks.{layer}.mlp.{ours}"] = torch.stack(list(experts))
    return state
