"""A checkpoint's folder with every tensor of a very small model, written by hand; all zeros."""

from __future__ import annotations

import json
import math
from pathlib import Path

from agent_app.runtimes.kimi_vl.checkpoint import INDEX, expected_tensors
from agent_app.runtimes.kimi_vl.config import read_config

CONFIG = {
    "model_type": "kimi_vl",
    "torch_dtype": "bfloat16",
    "media_placeholder_token_id": 163605,
    "vision_config": {
        "num_hidden_layers": 1,
        "hidden_size": 32,
        "num_attention_heads": 2,
        "intermediate_size": 48,
        "patch_size": 14,
        "init_pos_emb_height": 4,
        "init_pos_emb_width": 4,
        "merge_kernel_size": [2, 2],
    },
    "text_config": {
        "num_hidden_layers": 2,
        "hidden_size": 16,
        "num_attention_heads": 2,
        "vocab_size": 512,
        "max_position_embeddings": 1024,
        "rope_theta": 800000.0,
        "rms_norm_eps": 1e-5,
        "kv_lora_rank": 8,
        "qk_nope_head_dim": 8,
        "qk_rope_head_dim": 4,
        "v_head_dim": 8,
        "first_k_dense_replace": 1,
        "intermediate_size": 24,
        "n_routed_experts": 4,
        "num_experts_per_tok": 2,
        "n_shared_experts": 2,
        "moe_intermediate_size": 8,
        "norm_topk_prob": True,
        "routed_scaling_factor": 2.446,
    },
}


def write_checkpoint(folder: Path, *, shards: int = 3) -> Path:
    """Write a folder that `open_checkpoint` accepts, in this many shards."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "tokenizer_config.json").write_text("{}")
    (folder / "tiktoken.model").write_bytes(b"AA== 0\n")
    (folder / "modeling_kimi_vl.py").write_text("raise SystemExit('remote code was run')")
    (folder / "README.md").write_text("# a model")
    tensors = list(expected_tensors(read_config(folder)).items())
    weight_map: dict[str, str] = {}
    for number in range(shards):
        name = f"model-{number + 1:05}-of-{shards:05}.safetensors"
        header: dict[str, object] = {}
        end = 0
        for tensor, shape in tensors[number::shards]:
            size = 2 * math.prod(shape)
            header[tensor] = {"dtype": "BF16", "shape": shape, "data_offsets": [end, end + size]}
            end += size
            weight_map[tensor] = name
        text = json.dumps(header).encode()
        (folder / name).write_bytes(len(text).to_bytes(8, "little") + text + bytes(end))
    (folder / INDEX).write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    return folder
