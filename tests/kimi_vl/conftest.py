"""Fixtures of the Kimi-VL runtime: made checkpoints in the real format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from agent_app.runtimes.kimi_vl.made import make_checkpoint
from agent_app.runtimes.kimi_vl.made.vocabulary import write_vocabulary
from agent_app.runtimes.kimi_vl.tokenizer import RESERVED, Tokenizer
from tests.kimi_vl.conversations import FULL_RANKS, TINY_RANKS


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Several threads wait for each other at every small product when the machine is busy."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the vocabulary of a tiny checkpoint, and everything beside it but weights."""
    folder = tmp_path_factory.mktemp("tiny-vocabulary")
    write_vocabulary(folder, ranks=TINY_RANKS, max_positions=4096)
    return folder


@pytest.fixture(scope="session")
def full_vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with as many ranks as the real one has."""
    folder = tmp_path_factory.mktemp("full-vocabulary")
    write_vocabulary(folder, ranks=FULL_RANKS, max_positions=131072)
    return folder


@pytest.fixture(scope="session")
def tiny_tokenizer(tiny_vocabulary: Path) -> Tokenizer:
    return Tokenizer.open(tiny_vocabulary, vocab_size=TINY_RANKS + RESERVED)


@pytest.fixture(scope="session")
def full_tokenizer(full_vocabulary: Path) -> Tokenizer:
    return Tokenizer.open(full_vocabulary, vocab_size=FULL_RANKS + RESERVED)


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole checkpoint of about 2 M parameters in the real format. Not to be written to."""
    folder = tmp_path_factory.mktemp("checkpoints") / "tiny"
    make_checkpoint(folder, "tiny")
    return folder


@pytest.fixture(scope="session")
def make_tiny() -> Callable[..., Path]:
    """Make a checkpoint like the tiny one, with what is given changed; its folder."""

    def make(folder: Path, **changes: Any) -> Path:
        make_checkpoint(folder, "tiny", **changes)
        return folder

    return make
