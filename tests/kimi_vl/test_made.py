"""Made checkpoints: the real format, the real sizes, the same bytes for the same seed."""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from agent_app.errors import KnownError
from agent_app.model_runtime import no_progress
from agent_app.runtimes.kimi_vl.checkpoint import INDEX, expected_tensors, open_checkpoint
from agent_app.runtimes.kimi_vl.config import KimiConfig, read_config
from agent_app.runtimes.kimi_vl.made import config_file, make_checkpoint, tiny_config
from agent_app.runtimes.kimi_vl.made.weights import weights_size, write_weights


def tensors_of(folder: Path) -> dict[str, torch.Tensor]:
    """All tensors, read by the safetensors library."""
    tensors: dict[str, torch.Tensor] = {}
    for shard in sorted(folder.glob("*.safetensors")):
        tensors |= load_file(shard)
    return tensors


def test_a_made_checkpoint_opens_and_says_its_shape(tiny_checkpoint: Path):
    checkpoint = open_checkpoint(tiny_checkpoint)

    assert checkpoint.config == tiny_config()
    assert [shard.name for shard in checkpoint.shards] == [
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
    ]
    assert 1_000_000 < checkpoint.parameters < 3_000_000


def test_the_safetensors_library_reads_every_tensor(tiny_checkpoint: Path):
    tensors = tensors_of(tiny_checkpoint)

    assert {name: tuple(tensor.shape) for name, tensor in tensors.items()} == expected_tensors(
        tiny_config()
    )
    wide = {name for name, tensor in tensors.items() if tensor.dtype == torch.float32}
    assert wide == {name for name in tensors if name.endswith("e_score_correction_bias")}
    assert {tensors[name].dtype for name in tensors.keys() - wide} == {torch.bfloat16}


def test_the_index_names_the_shard_of_every_tensor(tiny_checkpoint: Path):
    index = json.loads((tiny_checkpoint / INDEX).read_text())
    checkpoint = open_checkpoint(tiny_checkpoint)

    assert index["metadata"]["total_size"] == checkpoint.size == weights_size(tiny_config())
    assert index["weight_map"] == {
        name: entry.shard.name for name, entry in checkpoint.tensors.items()
    }


def test_shards_lie_as_the_format_says(tiny_checkpoint: Path):
    order = list(expected_tensors(tiny_config()))
    seen: list[str] = []
    for shard in open_checkpoint(tiny_checkpoint).shards:
        data = shard.read_bytes()
        length = int.from_bytes(data[:8], "little")
        assert length % 8 == 0
        header = json.loads(data[8 : 8 + length])
        assert header.pop("__metadata__") == {"format": "pt"}
        assert all(
            entry["data_offsets"][0] % {"F32": 4, "BF16": 2}[entry["dtype"]] == 0
            for entry in header.values()
        )
        seen += sorted(header, key=order.index)
    assert seen == order, "the shards follow one another in the order of the layers"


def test_equal_seeds_give_equal_bytes_and_others_do_not(tmp_path: Path):
    contents: list[dict[str, bytes]] = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        make_checkpoint(tmp_path / name, "tiny", seed=seed)
        contents.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})

    assert contents[0] == contents[1]
    assert contents[0].keys() == contents[2].keys()
    assert {name for name in contents[0] if contents[0][name] != contents[2][name]} == {
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
    }


def test_weights_keep_a_deep_model_alive(tiny_checkpoint: Path):
    tensors = tensors_of(tiny_checkpoint)
    for name, tensor in tensors.items():
        values = tensor.double()
        assert values.isfinite().all(), name
        spread = values.std().item()
        if tensor.ndim == 1:
            is_norm = name.endswith(".weight")
            assert values.mean().item() == pytest.approx(float(is_norm), abs=0.1), name
            assert 0 < spread < 0.2, name
        elif "embed_tokens" not in name and "pos_emb" not in name:
            columns = math.prod(tensor.shape[1:])
            assert spread == pytest.approx(columns**-0.5, rel=0.05), name
    assert len({tensor.double().sum().item() for tensor in tensors.values()}) == len(tensors)


def test_bfloat16_is_rounded_as_torch_rounds_it(tmp_path: Path):
    for weight_type in ("F32", "BF16", "F16"):
        make_checkpoint(tmp_path / weight_type, "tiny", seed=3, weight_type=weight_type)
        assert read_config(tmp_path / weight_type).weight_type == weight_type
        open_checkpoint(tmp_path / weight_type)

    exact = tensors_of(tmp_path / "F32")
    for weight_type, dtype in (("BF16", torch.bfloat16), ("F16", torch.float16)):
        rounded = tensors_of(tmp_path / weight_type)
        for name, tensor in exact.items():
            expected = tensor if name.endswith("_bias") else tensor.to(dtype)
            assert torch.equal(rounded[name], expected), name


def test_a_config_survives_its_file(tmp_path: Path):
    for config in (KimiConfig(), tiny_config("F16")):
        (tmp_path / "config.json").write_text(json.dumps(config_file(config)))
        assert read_config(tmp_path) == config


def test_the_full_size_is_the_real_one():
    numbers = sum(math.prod(shape) for shape in expected_tensors(KimiConfig()).values())

    assert numbers == 16_407_656_048
    assert weights_size(KimiConfig()) == 2 * numbers + 2 * 26 * 64


def test_a_folder_in_use_is_left_alone(tmp_path: Path):
    (tmp_path / "letter.txt").write_text("dear")

    with pytest.raises(KnownError, match="not empty"):
        make_checkpoint(tmp_path, "tiny")

    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_an_interrupted_make_leaves_nothing_that_opens(tmp_path: Path):
    def interrupt(_what: str, done: int, total: int) -> None:
        if done > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_checkpoint(tmp_path / "made", "tiny", progress=interrupt)

    assert not list((tmp_path / "made").glob("model*"))
    with pytest.raises(KnownError, match=r"has no model\.safetensors\.index\.json"):
        open_checkpoint(tmp_path / "made")


def test_progress_comes_in_this_thread_and_ends_at_the_total(tmp_path: Path):
    reports: list[tuple[int, int]] = []
    make_checkpoint(
        tmp_path / "made", "tiny", progress=lambda _what, done, total: reports.append((done, total))
    )

    assert reports[0] == (0, weights_size(tiny_config()))
    assert reports[-1][0] == reports[-1][1] == weights_size(tiny_config())
    assert [done for done, _ in reports] == sorted(done for done, _ in reports)


def test_a_disk_that_is_too_small_is_said_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(10**12, 10**12 - 5000, 5000))

    with pytest.raises(KnownError, match=r"32,\d{3},\d{3},\d{3} bytes are needed"):
        make_checkpoint(tmp_path / "made", "full")

    assert not list((tmp_path / "made").iterdir())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_disk_that_fills_up_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    first = "model-00001-of-00002.safetensors.part"
    open_path = Path.open
    monkeypatch.setattr(
        Path,
        "open",
        lambda path, *rest, **more: open_path(
            Path("/dev/full") if path.name == first else path, *rest, **more
        ),
    )

    with pytest.raises(KnownError, match="too little space"):
        make_checkpoint(tmp_path / "made", "tiny")

    assert not list((tmp_path / "made").glob("model*"))


def test_a_large_tensor_repeats_the_block_without_repeating_a_row(tmp_path: Path):
    # 6.3 M numbers, more than were drawn
    config = KimiConfig(
        vision=tiny_config().vision,
        text=dataclasses.replace(tiny_config().text, vocab_size=39321),
    )
    write_weights(tmp_path, config, seed=0, shard_size=weights_size(config), progress=no_progress)

    table = tensors_of(tmp_path)["language_model.model.embed_tokens.weight"]
    assert table.shape == (39321, 160)
    assert len(np.unique(table.view(torch.int16).numpy(), axis=0)) == 39321
