"""What a checkpoint's config.json says of the model's shape."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from agent_app.errors import KnownError

WeightType = Literal["BF16", "F16", "F32"]
_WEIGHT_TYPES: Mapping[str, WeightType] = {"bfloat16": "BF16", "float16": "F16", "float32": "F32"}
_REMEDY = "give the folder of a Kimi-VL checkpoint; `agent-app model pull` fetches one"


@dataclass(frozen=True, slots=True)
class VisionConfig:
    """The shape of MoonViT; the defaults are those of Kimi-VL-A3B-Thinking-2506.

    `table_height` and `table_width` are the sides of the learned position table, in patches.
    """

    layers: int = 27
    hidden_size: int = 1152
    heads: int = 16
    intermediate_size: int = 4304
    patch_size: int = 14
    table_height: int = 64
    table_width: int = 64
    merge: int = 2

    @property
    def head_dim(self) -> int:
        return self.hidden_size // self.heads

    @property
    def merged_size(self) -> int:
        """The width of one merged patch, merge x merge patches side by side."""
        return self.hidden_size * self.merge**2


@dataclass(frozen=True, slots=True)
class TextConfig:
    """The shape of the language model; the defaults are those of Kimi-VL-A3B-Thinking-2506.

    Attention is multi-head latent attention without a query rank; the first `dense_layers` layers
    have one dense MLP, the others `routed_experts` of which `experts_per_token` are chosen, beside
    `shared_experts` that always run.
    """

    layers: int = 27
    hidden_size: int = 2048
    heads: int = 16
    vocab_size: int = 163840
    max_positions: int = 131072
    rope_theta: float = 800000.0
    norm_eps: float = 1e-5
    kv_lora_rank: int = 512
    nope_head_dim: int = 128
    rope_head_dim: int = 64
    value_head_dim: int = 128
    dense_layers: int = 1
    dense_intermediate_size: int = 11264
    routed_experts: int = 64
    experts_per_token: int = 6
    shared_experts: int = 2
    expert_intermediate_size: int = 1408
    normalise_weights: bool = True
    routed_scaling_factor: float = 2.446

    @property
    def query_head_dim(self) -> int:
        return self.nope_head_dim + self.rope_head_dim

    @property
    def latent_size(self) -> int:
        """The width of one cached token: the compressed key and value, and the rotary key."""
        return self.kv_lora_rank + self.rope_head_dim

    @property
    def moe_layers(self) -> int:
        return self.layers - self.dense_layers


@dataclass(frozen=True, slots=True)
class KimiConfig:
    """A whole model. `media_token` stands in the prompt once per merged patch of a picture."""

    vision: VisionConfig = VisionConfig()
    text: TextConfig = TextConfig()
    media_token: int = 163605
    weight_type: WeightType = "BF16"


def read_config(folder: Path) -> KimiConfig:
    """Read `config.json` of a checkpoint's folder.

    Raises KnownError when there is none, when it is another model's, or when it asks for something
    that this runtime does not compute.
    """
    path = folder / "config.json"
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise KnownError(f"{folder} has no config.json", remedy=_REMEDY) from error
    except (OSError, ValueError) as error:
        raise KnownError(f"cannot read {path}: {error}", remedy=_REMEDY) from error
    kind = cast("dict[str, Any]", data).get("model_type") if isinstance(data, dict) else None
    if kind != "kimi_vl":
        raise KnownError(f"{path} is of another model: model_type {kind!r}", remedy=_REMEDY)
    try:
        return _config(cast("dict[str, Any]", data))
    except KeyError as error:
        raise KnownError(f"{path} does not say {error}", remedy=_REMEDY) from error
    except (TypeError, ValueError) as error:
        raise KnownError(f"{path}: {error}", remedy=_REMEDY) from error


def _config(data: Mapping[str, Any]) -> KimiConfig:
    text, vision = data["text_config"], data["vision_config"]
    _refuse_what_is_not_computed(data, text)
    merge = vision["merge_kernel_size"]
    if list(merge) != [2, 2]:
        raise ValueError(f"merge_kernel_size {merge} is not [2, 2]")
    weight_type = data.get("torch_dtype") or data.get("dtype") or text.get("torch_dtype")
    if weight_type not in _WEIGHT_TYPES:
        raise ValueError(f"torch_dtype {weight_type!r} is none of {', '.join(_WEIGHT_TYPES)}")
    return KimiConfig(
        vision=VisionConfig(
            layers=_count(vision, "num_hidden_layers"),
            hidden_size=_count(vision, "hidden_size"),
            heads=_count(vision, "num_attention_heads"),
            intermediate_size=_count(vision, "intermediate_size"),
            patch_size=_count(vision, "patch_size"),
            table_height=_count(vision, "init_pos_emb_height"),
            table_width=_count(vision, "init_pos_emb_width"),
        ),
        text=TextConfig(
            layers=_count(text, "num_hidden_layers"),
            hidden_size=_count(text, "hidden_size"),
            heads=_count(text, "num_attention_heads"),
            vocab_size=_count(text, "vocab_size"),
            max_positions=_count(text, "max_position_embeddings"),
            rope_theta=float(text["rope_theta"]),
            norm_eps=float(text["rms_norm_eps"]),
            kv_lora_rank=_count(text, "kv_lora_rank"),
            nope_head_dim=_count(text, "qk_nope_head_dim"),
            rope_head_dim=_count(text, "qk_rope_head_dim"),
            value_head_dim=_count(text, "v_head_dim"),
            dense_layers=_count(text, "first_k_dense_replace"),
            dense_intermediate_size=_count(text, "intermediate_size"),
            routed_experts=_count(text, "n_routed_experts"),
            experts_per_token=_count(text, "num_experts_per_tok"),
            shared_experts=_count(text, "n_shared_experts"),
            expert_intermediate_size=_count(text, "moe_intermediate_size"),
            normalise_weights=bool(text["norm_topk_prob"]),
            routed_scaling_factor=float(text["routed_scaling_factor"]),
        ),
        media_token=_count(data, "media_placeholder_token_id"),
        weight_type=_WEIGHT_TYPES[weight_type],
    )


def _refuse_what_is_not_computed(data: Mapping[str, Any], text: Mapping[str, Any]) -> None:
    for key, computed in {
        "q_lora_rank": None,
        "rope_scaling": None,
        "scoring_func": "sigmoid",
        "topk_method": "noaux_tc",
        "n_group": 1,
        "topk_group": 1,
        "moe_layer_freq": 1,
        "hidden_act": "silu",
    }.items():
        if text.get(key, computed) != computed:
            raise ValueError(
                f"this runtime does not compute {key} {text[key]!r}, only {computed!r}"
            )
    if data.get("tie_word_embeddings") or text.get("tie_word_embeddings"):
        raise ValueError("this runtime does not compute tied word embeddings")


def _count(data: Mapping[str, Any], key: str) -> int:
    value = data[key]
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{key} is {value!r}, not a count")
    return value
