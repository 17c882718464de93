"""Write what was trained as a checkpoint: every file of the real layout, bfloat16, two shards.

python -m train.write STATE.npz CHECKPOINT
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from agent_app.runtimes.kimi_vl.checkpoint import CORRECTION_BIAS, INDEX, expected_tensors
from agent_app.runtimes.kimi_vl.config import KimiConfig
from agent_app.runtimes.kimi_vl.made import config_file
from train.keeping import kept
from train.losses import HEADS
from train.model import SmallKimi
from train.named import exported, imported
from train.shape import SMALL, write_words

_SHARDS = 2
_DTYPES = {"BF16": torch.bfloat16, "F16": torch.float16, "F32": torch.float32}


def write_checkpoint(folder: Path, model: SmallKimi) -> int:
    """Write a trained model into an empty folder, the index last; the bytes of all files."""
    folder.mkdir(parents=True, exist_ok=True)
    config = model.config
    (folder / "config.json").write_text(json.dumps(config_file(config), indent=2) + "\n")
    write_words(folder)
    _write_shards(folder, exported(model), config)
    return sum(file.stat().st_size for file in folder.iterdir())


def _write_shards(folder: Path, weights: dict[str, Tensor], config: KimiConfig) -> None:
    dtype = _DTYPES[config.weight_type]
    rounded = {
        name: weights[name] if name.endswith(CORRECTION_BIAS) else weights[name].to(dtype)
        for name in expected_tensors(config)
    }
    total = sum(one.nbytes for one in rounded.values())
    shards: list[dict[str, Tensor]] = [{}]
    size = 0
    for name, one in rounded.items():
        if size > total * len(shards) / _SHARDS and len(shards) < _SHARDS:
            shards.append({})
        shards[-1][name] = one.contiguous()
        size += one.nbytes
    weight_map: dict[str, str] = {}
    for number, shard in enumerate(shards, 1):
        file = f"model-{number:05}-of-{len(shards):05}.safetensors"
        save_file(shard, folder / file, metadata={"format": "pt"})
        weight_map |= dict.fromkeys(shard, file)
    index = {"metadata": {"total_size": total}, "weight_map": dict(sorted(weight_map.items()))}
    (folder / INDEX).write_text(json.dumps(index, indent=2) + "\n")


def read_state(path: Path) -> tuple[dict[str, Tensor], int]:
    """Weights by the trained model's own names, and the steps they took.

    `path` is what `train.learn` kept, or a checkpoint's folder: then what only training has is not
    among them, and the steps are 0.
    """
    if not (path / INDEX).exists():
        weights, numbers = kept(path)
        return weights, int(numbers["step"])
    named: dict[str, Tensor] = {}
    for shard in sorted(path.glob("*.safetensors")):
        named |= load_file(shard)
    return imported(named, SMALL), 0


def load_state(path: Path) -> SmallKimi:
    """The model as `train.learn` kept it, or as a checkpoint's folder holds it."""
    model = SmallKimi(SMALL, HEADS)
    model.load_state_dict(read_state(path)[0], strict=False)
    return model.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("state", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    torch.manual_seed(0)
    size = write_checkpoint(options.folder, load_state(options.state))
    print(f"{options.folder}: {size:,} bytes")


if __name__ == "__main__":
    main()
