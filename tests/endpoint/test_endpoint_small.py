"""The small Kimi-VL behind a real server clicks where it clicks in this process."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent_app.actions import Click
from agent_app.model_runtime import ModelOptions, no_progress
from agent_app.runtimes.kimi_vl import open_kimi_vl
from tests.endpoint.conftest import OpenRuntime
from tests.endpoint.test_endpoint_servers import PATIENT, ROOT, needs, running
from train.asking import answer, questions

pytestmark = pytest.mark.slow
ON_THE_GRID = (280, 252)


def test_the_same_clicks_come_from_a_server_as_from_this_process(
    connect: OpenRuntime, tmp_path: Path
):
    needs("litserve", "torch")
    all_ = list(questions(ON_THE_GRID, seed=45, screens=1))
    options = ModelOptions(device="cpu", precision="fp32")
    here = open_kimi_vl("small", environment={}, options=options, progress=no_progress)
    wanted = [answer(here, one.image, one.task) for one in all_]
    here.close()
    assert any(isinstance(one, Click) for said in wanted for one in said)
    script = str(ROOT / "tests" / "fakes" / "litserve_small.py")
    environment = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    with running([script], tmp_path / "log", environment) as url:
        served = connect(f"{url}#small", patience=PATIENT)
        found = [answer(served, one.image, one.task) for one in all_]
    assert found == wanted
