"""Checkpoints made of random numbers in the real format: for tests and for measuring.

They hold every file, key, shape and byte layout of Kimi-VL-A3B-Thinking-2506, and know nothing.
Needs no torch.
"""

from __future__ import annotations

import errno
import json
import shutil
from pathlib import Path
from typing import Any, Literal

from agent_app.errors import KnownError
from agent_app.model_runtime import Progress, no_progress
from agent_app.runtimes.kimi_vl.config import KimiConfig, TextConfig, VisionConfig, WeightType
from agent_app.runtimes.kimi_vl.made.vocabulary import SPECIAL_OFFSETS, write_vocabulary
from agent_app.runtimes.kimi_vl.made.weights import PARTIAL, weights_size, write_weights

MadeSize = Literal["tiny", "full"]

_RESERVED = 256  # special tokens, after the vocabulary's ranks
_SHARD_SIZE = 5_000_000_000  # the bound that the real checkpoint's seven shards were written with
_BESIDE = 64 * 1024 * 1024  # bytes that vocabulary, headers and index take at most
_TORCH_NAMES = {"BF16": "bfloat16", "F16": "float16", "F32": "float32"}
_TINY_VOCABULARY = 768


def tiny_config(weight_type: WeightType = "BF16") -> KimiConfig:
    """A model of about 2 M parameters in which no two sizes that could be mixed up are equal."""
    return KimiConfig(
        vision=VisionConfig(
            layers=2,
            hidden_size=96,
            heads=4,
            intermediate_size=208,
            table_height=16,
            table_width=12,
        ),
        text=TextConfig(
            layers=3,
            hidden_size=160,
            heads=4,
            vocab_size=_TINY_VOCABULARY + _RESERVED,
            kv_lora_rank=64,
            nope_head_dim=32,
            rope_head_dim=16,
            value_head_dim=24,
            dense_intermediate_size=288,
            routed_experts=8,
            experts_per_token=2,
            expert_intermediate_size=96,
        ),
        media_token=_TINY_VOCABULARY + SPECIAL_OFFSETS["<|media_pad|>"],
        weight_type=weight_type,
    )


def make_checkpoint(
    folder: Path,
    size: MadeSize,
    *,
    seed: int = 0,
    weight_type: WeightType = "BF16",
    progress: Progress = no_progress,
    config: KimiConfig | None = None,
) -> None:
    """Write a random checkpoint into an empty or a new folder; equal seeds give equal bytes.

    "tiny" has two shards, "full" the real shape: 16.4 B parameters, 32.8 GB in seven shards. A
    `config` of one's own replaces the shape of `size`. The index is written last of all: a folder
    without it is no checkpoint. Raises KnownError when the folder holds something already or the
    disk is too small.
    """
    of_size = KimiConfig(weight_type=weight_type) if size == "full" else tiny_config(weight_type)
    shape = config or of_size
    total = weights_size(shape)
    _take_folder(folder, total + _BESIDE)
    try:
        _write_json(folder / "config.json", config_file(shape))
        write_vocabulary(
            folder,
            ranks=shape.text.vocab_size - _RESERVED,
            max_positions=shape.text.max_positions,
        )
        write_weights(
            folder,
            shape,
            seed=seed,
            shard_size=_SHARD_SIZE if size == "full" else total * 6 // 10,
            progress=progress,
        )
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _too_small(folder, total + _BESIDE) from error
        raise KnownError(
            f"cannot write the checkpoint: {error}", remedy="give a folder that can be written"
        ) from error


def config_file(config: KimiConfig) -> dict[str, Any]:
    """What config.json of such a checkpoint says.

    As the real file, less `auto_map`, which names code to download that nobody here runs.
    """
    text, vision = config.text, config.vision
    dtype = _TORCH_NAMES[config.weight_type]
    ranks = text.vocab_size - _RESERVED
    tokens = {
        "bos_token_id": ranks + SPECIAL_OFFSETS["[BOS]"],
        "eos_token_id": ranks + SPECIAL_OFFSETS["[EOS]"],
        "pad_token_id": ranks + SPECIAL_OFFSETS["[PAD]"],
    }
    return {
        "architectures": ["KimiVLForConditionalGeneration"],
        "model_type": "kimi_vl",
        "ignore_index": -100,
        "media_placeholder_token_id": config.media_token,
        "tie_word_embeddings": False,
        "torch_dtype": dtype,
        "vocab_size": text.vocab_size,
        "text_config": {
            "architectures": ["DeepseekV3ForCausalLM"],
            "model_type": "deepseek_v3",
            "attention_bias": False,
            "attention_dropout": 0.0,
            "aux_loss_alpha": 0.001,
            "ep_size": 1,
            "first_k_dense_replace": text.dense_layers,
            "hidden_act": "silu",
            "hidden_size": text.hidden_size,
            "initializer_range": 0.02,
            "intermediate_size": text.dense_intermediate_size,
            "kv_lora_rank": text.kv_lora_rank,
            "max_position_embeddings": text.max_positions,
            "moe_intermediate_size": text.expert_intermediate_size,
            "moe_layer_freq": 1,
            "n_group": 1,
            "n_routed_experts": text.routed_experts,
            "n_shared_experts": text.shared_experts,
            "norm_topk_prob": text.normalise_weights,
            "num_attention_heads": text.heads,
            "num_experts_per_tok": text.experts_per_token,
            "num_hidden_layers": text.layers,
            "num_key_value_heads": text.heads,
            "num_nextn_predict_layers": 0,
            "pretraining_tp": 1,
            "q_lora_rank": None,
            "qk_nope_head_dim": text.nope_head_dim,
            "qk_rope_head_dim": text.rope_head_dim,
            "rms_norm_eps": text.norm_eps,
            "rope_scaling": None,
            "rope_theta": text.rope_theta,
            "routed_scaling_factor": text.routed_scaling_factor,
            "scoring_func": "sigmoid",
            "seq_aux": True,
            "tie_word_embeddings": False,
            "topk_group": 1,
            "topk_method": "noaux_tc",
            "torch_dtype": dtype,
            "use_cache": True,
            "v_head_dim": text.value_head_dim,
            "vocab_size": text.vocab_size,
            **tokens,
        },
        "vision_config": {
            "model_type": "moonvit",
            "hidden_size": vision.hidden_size,
            "init_pos_emb_height": vision.table_height,
            "init_pos_emb_width": vision.table_width,
            "intermediate_size": vision.intermediate_size,
            "merge_kernel_size": [vision.merge, vision.merge],
            "num_attention_heads": vision.heads,
            "num_hidden_layers": vision.layers,
            "patch_size": vision.patch_size,
            "torch_dtype": dtype,
        },
        **tokens,
    }


def _take_folder(folder: Path, needed: int) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise KnownError(
                f"{folder} is not empty", remedy="give a new folder, or empty this one first"
            )
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise KnownError(f"cannot use {folder}: {error}", remedy="give another folder") from error
    if free < needed:
        raise _too_small(folder, needed)


def _too_small(folder: Path, needed: int) -> KnownError:
    return KnownError(
        f"the disk of {folder} has too little space: {needed:,} bytes are needed",
        remedy="free some, or give a folder on another disk",
    )


def _write_json(path: Path, data: dict[str, Any]) -> None:
    partial = path.with_name(path.name + PARTIAL)
    partial.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    partial.replace(path)
