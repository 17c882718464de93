"""Fixtures: checkpoints of random weights, made once for the whole session."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent_app.runtimes.kimi_vl.made import make_checkpoint


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole checkpoint of about 2 M parameters in the real format. Not to be written to."""
    folder = tmp_path_factory.mktemp("checkpoints") / "tiny"
    make_checkpoint(folder, "tiny")
    return folder
