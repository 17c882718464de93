from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.testing.stages import PreparedStage


@pytest.fixture
def prepared(tmp_path) -> Iterator[PreparedStage]:
    """A stage whose screen, eyes and input are prepared by the test."""
    stage = PreparedStage(tmp_path)
    yield stage
    stage.stage.session.finish("success", "")
