"""A random model of a small shape, and the same weights in transformers' own classes."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from transformers import DeepseekV3Config, DeepseekV3ForCausalLM
from transformers.models.kimi_k25.configuration_kimi_k25 import Kimi_K25VisionConfig
from transformers.models.kimi_k25.modeling_kimi_k25 import Kimi_K25VisionModel

from agent_app.runtimes.kimi_vl.config import KimiConfig, TextConfig, VisionConfig
from agent_app.runtimes.kimi_vl.model import KimiVL

# No two widths are equal, so that none can stand in for another unnoticed.
SMALL = KimiConfig(
    vision=VisionConfig(
        layers=3, hidden_size=72, heads=3, intermediate_size=100, table_height=8, table_width=8
    ),
    text=TextConfig(
        layers=3,
        hidden_size=64,
        heads=4,
        vocab_size=300,
        max_positions=4096,
        kv_lora_rank=40,
        nope_head_dim=16,
        rope_head_dim=8,
        value_head_dim=12,
        dense_intermediate_size=96,
        routed_experts=8,
        experts_per_token=3,
        expert_intermediate_size=24,
    ),
    media_token=299,
    weight_type="F32",
)


def random_model(config: KimiConfig = SMALL, *, seed: int = 0) -> KimiVL:
    """Weights at which every part of the model has a say in the result."""
    model = KimiVL(config)
    draw = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=draw)
        if "norm" in name:
            parameter.data = 0.1 * noise if name.endswith("bias") else 1 + 0.2 * noise
        elif name.endswith("bias"):
            parameter.data = 0.3 * noise
        else:
            parameter.data = noise / math.sqrt(math.prod(parameter.shape[1:]) ** 0.8)
    return model


def library_language_model(model: KimiVL) -> DeepseekV3ForCausalLM:
    """The language model's weights in transformers' DeepSeek-V3."""
    text = model.config.text
    library = DeepseekV3ForCausalLM(
        DeepseekV3Config(
            vocab_size=text.vocab_size,
            hidden_size=text.hidden_size,
            num_hidden_layers=text.layers,
            num_attention_heads=text.heads,
            num_key_value_heads=text.heads,
            intermediate_size=text.dense_intermediate_size,
            moe_intermediate_size=text.expert_intermediate_size,
            n_routed_experts=text.routed_experts,
            num_experts_per_tok=text.experts_per_token,
            n_shared_experts=text.shared_experts,
            first_k_dense_replace=text.dense_layers,
            n_group=1,
            topk_group=1,
            norm_topk_prob=text.normalise_weights,
            routed_scaling_factor=text.routed_scaling_factor,
            q_lora_rank=None,
            kv_lora_rank=text.kv_lora_rank,
            qk_nope_head_dim=text.nope_head_dim,
            qk_rope_head_dim=text.rope_head_dim,
            v_head_dim=text.value_head_dim,
            max_position_embeddings=text.max_positions,
            rope_theta=text.rope_theta,
            rms_norm_eps=text.norm_eps,
            rope_interleave=True,
            tie_word_embeddings=False,
            bos_token_id=0,
            eos_token_id=1,
        )
    ).eval()
    merged = {"experts.gate_up": "experts.gate_up_proj", "experts.down": "experts.down_proj"}
    weights: dict[str, Tensor] = {}
    for name, value in model.language_model.state_dict().items():
        ending = next((ending for ending in merged if name.endswith(ending)), "")
        weights[name.removesuffix(ending) + merged.get(ending, "")] = value
    library.load_state_dict(weights, strict=True)
    return library


def library_tower(model: KimiVL) -> Kimi_K25VisionModel:
    """The vision tower's weights in transformers' Kimi-K2.5.

    Its rotary layout wants the rows of queries and keys regrouped, per head, from adjacent pairs
    to halves.
    """
    vision = model.config.vision
    library = Kimi_K25VisionModel(
        Kimi_K25VisionConfig(
            patch_size=vision.patch_size,
            pos_emb_height=vision.table_height,
            pos_emb_width=vision.table_width,
            num_attention_heads=vision.heads,
            num_hidden_layers=vision.layers,
            hidden_size=vision.hidden_size,
            intermediate_size=vision.intermediate_size,
        )
    ).eval()
    library.load_state_dict(_library_tower_weights(model), strict=True)
    return library


def _library_tower_weights(model: KimiVL) -> dict[str, Tensor]:
    heads = model.config.vision.heads
    renamed = {
        "patch_embed.pos_emb.weight": "patch_embed.pos_emb.position_embeddings",
        "encoder.final_layernorm": "final_layernorm",
        "encoder.blocks": "layers",
        ".mlp.fc1": ".mlp.fc2",
        ".mlp.fc0": ".mlp.fc1",
        ".norm1": ".norm2",
        ".norm0": ".norm1",
        ".wo": ".attn.proj",
    }
    weights: dict[str, Tensor] = {}
    for name, value in model.vision_tower.state_dict().items():
        if "wqkv" in name:
            block, kind = name.split(".")[2], name.split(".")[-1]
            for part, chunk in zip("qkv", value.chunk(3), strict=True):
                regrouped = chunk if part == "v" else _pairs_to_halves(chunk, heads)
                weights[f"layers.{block}.attn.{part}_proj.{kind}"] = regrouped
            continue
        for ours, theirs in renamed.items():
            if ours in name:
                name = name.replace(ours, theirs)
                if ours != "encoder.blocks":
                    break
        weights[name] = value
    return weights


def _pairs_to_halves(rows: Tensor, heads: int) -> Tensor:
    return rows.view(heads, -1, 2, *rows.shape[1:]).transpose(1, 2).reshape(rows.shape)


def checkpoint_weights(model: KimiVL) -> Mapping[str, Tensor]:
    """The vision weights by their names in a checkpoint, which are the model's own."""
    return {
        name: value
        for name, value in model.state_dict().items()
        if not name.startswith("language_model")
    }
