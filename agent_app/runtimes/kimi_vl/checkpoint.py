"""A checkpoint's folder: which tensors it must hold, and where in which shard each one lies.

Reads headers alone, without torch. The format is safetensors: eight bytes that say how long the
header is, little-endian; the header in JSON; then the tensors.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from agent_app.errors import KnownError
from agent_app.runtimes.kimi_vl.config import KimiConfig, read_config

INDEX = "model.safetensors.index.json"
CORRECTION_BIAS = "e_score_correction_bias"
_ITEM_SIZE = {"BF16": 2, "F16": 2, "F32": 4}
_LONGEST_HEADER = 100_000_000  # the format's own bound
_NAMED = 8  # how many names an error lists
_PULL = "run `agent-app model pull` again; it fetches what is missing or damaged"

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TensorEntry:
    """Where a tensor lies: `offset` and `size` are bytes in the file `shard`."""

    name: str
    dtype: str
    shape: Shape
    shard: Path
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A folder whose shards hold exactly the tensors of its config, by their names."""

    folder: Path
    config: KimiConfig
    tensors: Mapping[str, TensorEntry]

    @property
    def shards(self) -> list[Path]:
        return sorted({entry.shard for entry in self.tensors.values()})

    @property
    def parameters(self) -> int:
        return sum(math.prod(entry.shape) for entry in self.tensors.values())

    @property
    def size(self) -> int:
        """Bytes of all tensors."""
        return sum(entry.size for entry in self.tensors.values())


def open_checkpoint(folder: Path) -> Checkpoint:
    """Read the index and the headers of all shards, and compare them with the config.

    Raises KnownError that names each missing, unexpected, mis-shaped or mistyped tensor and each
    missing, truncated or damaged shard.
    """
    if not folder.is_dir():
        raise KnownError(f"there is no folder {folder}", remedy=_PULL)
    config = read_config(folder)
    found: dict[str, TensorEntry] = {}
    for shard, named in _index(folder).items():
        held = {entry.name: entry for entry in read_header(folder / shard)}
        absent = sorted(named - held.keys())
        if absent:
            what = f"the shard {shard} lacks {_names(absent)}, which the index puts there"
            raise KnownError(what, remedy=_PULL)
        found |= held
    _compare(found, expected_tensors(config), config)
    return Checkpoint(folder, config, found)


def _index(folder: Path) -> dict[str, set[str]]:
    """The shards, and what the index says each holds; a single file needs no index."""
    path = folder / INDEX
    if not path.exists() and (folder / "model.safetensors").exists():
        return {"model.safetensors": set()}
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
        weight_map = cast("dict[str, str]", data["weight_map"])
        shards: dict[str, set[str]] = {}
        for name, shard in sorted(weight_map.items()):
            if Path(shard).name != shard:
                raise ValueError(f"the shard {shard!r} is not a plain file name")
            shards.setdefault(shard, set()).add(name)
    except FileNotFoundError as error:
        raise KnownError(f"{folder} has no {INDEX}", remedy=_PULL) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise KnownError(f"cannot read {path}: {error}", remedy=_PULL) from error
    return shards


def read_header(shard: Path) -> list[TensorEntry]:
    """The tensors of one safetensors file, in the order they lie there.

    Raises KnownError when the file is missing, truncated or damaged.
    """
    try:
        size = shard.stat().st_size
        with shard.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= min(_LONGEST_HEADER, size - 8):
                raise ValueError(f"a header of {length} bytes in a file of {size}")
            header: Any = json.loads(file.read(length))
        entries = [
            _entry(shard, name, value, 8 + length)
            for name, value in header.items()
            if name != "__metadata__"
        ]
    except FileNotFoundError as error:
        raise KnownError(f"the shard {shard.name} is missing", remedy=_PULL) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise KnownError(f"the shard {shard.name} is damaged: {error}", remedy=_PULL) from error
    entries.sort(key=lambda entry: entry.offset)
    end = 8 + length
    for entry in entries:
        if entry.offset != end:
            raise KnownError(f"the shard {shard.name} is damaged before {entry.name}", remedy=_PULL)
        end += entry.size
    if size != end:
        what = "truncated" if size < end else "too long"
        raise KnownError(
            f"the shard {shard.name} is {what}: {size:,} bytes instead of {end:,}", remedy=_PULL
        )
    return entries


def _entry(shard: Path, name: str, value: Mapping[str, Any], start: int) -> TensorEntry:
    begin, end = (int(offset) for offset in value["data_offsets"])
    shape = tuple(int(side) for side in value["shape"])
    item = _ITEM_SIZE.get(value["dtype"])
    if item is not None and end - begin != math.prod(shape) * item:
        raise ValueError(f"{name} has {end - begin} bytes for the shape {list(shape)}")
    return TensorEntry(name, value["dtype"], shape, shard, start + begin, end - begin)


def _compare(
    found: Mapping[str, TensorEntry], expected: Mapping[str, Shape], config: KimiConfig
) -> None:
    faults: list[str] = []
    if missing := [name for name in expected if name not in found]:
        faults.append(f"lacks {_names(missing)}")
    if extra := [name for name in found if name not in expected]:
        faults.append(f"holds unexpected {_names(extra)}")
    if bent := [
        f"{name} {list(found[name].shape)} instead of {list(shape)}"
        for name, shape in expected.items()
        if name in found and found[name].shape != shape
    ]:
        faults.append(f"has other shapes: {_names(bent)}")
    if mistyped := [
        f"{name} {entry.dtype} in {entry.shard.name}"
        for name, entry in found.items()
        if name in expected and entry.dtype not in _types(name, config)
    ]:
        faults.append(f"should be {config.weight_type} throughout: {_names(mistyped)}")
    if faults:
        raise KnownError(f"the checkpoint {'; '.join(faults)}", remedy=_PULL)


def _types(name: str, config: KimiConfig) -> set[str]:
    """The router's correction bias may be kept in float32 whatever the rest is."""
    return {config.weight_type} | ({"F32"} if name.endswith(CORRECTION_BIAS) else set())


def _names(names: list[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    more = len(names) - _NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def expected_tensors(config: KimiConfig) -> dict[str, Shape]:
    """Every tensor that a checkpoint of this shape holds, by its name there, in layer order."""
    return dict([*_language(config), *_vision(config), *_projector(config)])


def _linear(name: str, out: int, into: int, *, bias: bool = False) -> Iterator[tuple[str, Shape]]:
    yield f"{name}.weight", (out, into)
    if bias:
        yield f"{name}.bias", (out,)


def _norm(name: str, width: int) -> Iterator[tuple[str, Shape]]:
    yield f"{name}.weight", (width,)
    yield f"{name}.bias", (width,)


def _vision(config: KimiConfig) -> Iterator[tuple[str, Shape]]:
    vision = config.vision
    width, patch = vision.hidden_size, vision.patch_size
    yield (
        "vision_tower.patch_embed.pos_emb.weight",
        (
            vision.table_height,
            vision.table_width,
            width,
        ),
    )
    yield "vision_tower.patch_embed.proj.weight", (width, 3, patch, patch)
    yield "vision_tower.patch_embed.proj.bias", (width,)
    for layer in range(vision.layers):
        block = f"vision_tower.encoder.blocks.{layer}"
        yield from _norm(f"{block}.norm0", width)
        yield from _norm(f"{block}.norm1", width)
        yield from _linear(f"{block}.wqkv", 3 * width, width, bias=True)
        yield from _linear(f"{block}.wo", width, width, bias=True)
        yield from _linear(f"{block}.mlp.fc0", vision.intermediate_size, width, bias=True)
        yield from _linear(f"{block}.mlp.fc1", width, vision.intermediate_size, bias=True)
    yield from _norm("vision_tower.encoder.final_layernorm", width)


def _projector(config: KimiConfig) -> Iterator[tuple[str, Shape]]:
    merged = config.vision.merged_size
    yield from _norm("multi_modal_projector.pre_norm", config.vision.hidden_size)
    yield from _linear("multi_modal_projector.linear_1", merged, merged, bias=True)
    yield from _linear("multi_modal_projector.linear_2", config.text.hidden_size, merged, bias=True)


def _language(config: KimiConfig) -> Iterator[tuple[str, Shape]]:
    text = config.text
    width, heads = text.hidden_size, text.heads
    yield "language_model.model.embed_tokens.weight", (text.vocab_size, width)
    for number in range(text.layers):
        layer = f"language_model.model.layers.{number}"
        yield f"{layer}.input_layernorm.weight", (width,)
        attention = f"{layer}.self_attn"
        yield from _linear(f"{attention}.q_proj", heads * text.query_head_dim, width)
        yield from _linear(f"{attention}.kv_a_proj_with_mqa", text.latent_size, width)
        yield f"{attention}.kv_a_layernorm.weight", (text.kv_lora_rank,)
        expanded = heads * (text.nope_head_dim + text.value_head_dim)
        yield from _linear(f"{attention}.kv_b_proj", expanded, text.kv_lora_rank)
        yield from _linear(f"{attention}.o_proj", width, heads * text.value_head_dim)
        yield f"{layer}.post_attention_layernorm.weight", (width,)
        if number < text.dense_layers:
            yield from _mlp(f"{layer}.mlp", width, text.dense_intermediate_size)
            continue
        yield from _linear(f"{layer}.mlp.gate", text.routed_experts, width)
        yield f"{layer}.mlp.gate.{CORRECTION_BIAS}", (text.routed_experts,)
        for expert in range(text.routed_experts):
            name = f"{layer}.mlp.experts.{expert}"
            yield from _mlp(name, width, text.expert_intermediate_size)
        shared = text.shared_experts * text.expert_intermediate_size
        yield from _mlp(f"{layer}.mlp.shared_experts", width, shared)
    yield "language_model.model.norm.weight", (width,)
    yield "language_model.lm_head.weight", (text.vocab_size, width)


def _mlp(name: str, width: int, inner: int) -> Iterator[tuple[str, Shape]]:
    yield from _linear(f"{name}.gate_proj", inner, width)
    yield from _linear(f"{name}.up_proj", inner, width)
    yield from _linear(f"{name}.down_proj", width, inner)
