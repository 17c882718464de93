"""Fixtures: checkpoints of random weights, made once for the whole session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent_app.runtimes.kimi_vl.made import make_checkpoint


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
