"""Flows on real applications, by the command that people use."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parent.parent.parent
pytestmark = pytest.mark.desktop


def agent_app(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value for name, value in os.environ.items() if name not in ("DISPLAY", "CI")
    }
    return subprocess.run(
        [sys.executable, "-m", "agent_app", *arguments],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.slow
def test_the_flow_in_the_documentation_passes_and_a_wrong_one_says_where(tmp_path: Path) -> None:
    documented = re.search(
        r"```yaml\n(.*?)```", (ROOT / "docs" / "flows.md").read_text(), re.DOTALL
    )
    assert documented is not None
    (tmp_path / "save.flow.yaml").write_text(documented[1])
    wrong = "flow: 2\nsteps:\n  - launch: xterm -T Terminal\n  - expect: {window: Save As}\n"
    (tmp_path / "wrong.flow.yaml").write_text(f"{wrong}    timeout: 0.2\n")
    (tmp_path / "broken.flow.yaml").write_text("flow: 2\nsteps:\n  - clikc: File\n")
    done = agent_app("test", "save.flow.yaml", "wrong.flow.yaml", folder=tmp_path)
    assert done.returncode == 4, done.stdout
    assert "1 failed, 1 passed" in done.stdout
    assert f"{tmp_path / 'wrong.flow.yaml'}:4: expect the window “Save As”" in done.stdout
    assert "running.py" not in done.stdout  # nothing of ours stands in the way
    assert list((tmp_path / "test-results").glob("*wrong*.html"))
    refused = agent_app("test", "broken.flow.yaml", folder=tmp_path)
    assert refused.returncode == 3
    assert "broken.flow.yaml:3: “clikc” is no kind of step; is “click” meant?" in refused.stdout


def test_inspecting_shows_what_a_locator_matches(tmp_path: Path) -> None:
    place = ("--virtual", "800x600", "--app", "galculator", "--picture", "marked.png")
    found = agent_app("inspect", "AC", *place, folder=tmp_path)
    assert found.returncode == 0, found.stdout
    assert "“AC”: 1 thing matches" in found.stdout
    assert re.search(r"0\. .*“AC” at \d+,\d+ in “galculator”", found.stdout)
    with Image.open(tmp_path / "marked.png") as marked:
        assert marked.size == (800, 600)
