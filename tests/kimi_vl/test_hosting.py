"""A made checkpoint, all the way: from a hub into the cache, checked, and driving a desktop."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent_app import cli
from agent_app.episode.reader import open_episode
from agent_app.events import ReplyReceived, RunFinished, RunStarted
from agent_app.model_runtime import ModelOptions, RuntimeInfo
from agent_app.runtimes.kimi_vl import open_kimi_vl
from tests.fakes.hub import FakeHub, folder_files, serve

BRIEF = ["--max-steps", "1", "--max-tokens", "12", "--temperature", "0", "--no-think"]
WINDOW = """
import os, sys
from pathlib import Path
from agent_app.events import Budgets
from agent_app.geometry import Size
from agent_app.loop import LoopSettings
from agent_app.model_runtime import Sampling
from agent_app.session import LiveSession
from agent_app.workplace import Workplace, WorkplaceOptions
from agent_app.ui import run_window

settings = LoopSettings(Budgets(steps=1), Sampling(temperature=0, max_tokens=12, think=False))
options = WorkplaceOptions(model="kimi-vl", virtual=Size(640, 480), settings=settings)
with Workplace(options, environment=os.environ) as place:
    status = run_window(
        lambda task: LiveSession(place, task, episode=Path(sys.argv[1])),
        own_display=False, task="click it", autostart=True, close_when_finished=True,
    )
sys.exit(status)
"""


@pytest.fixture
def hub(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FakeHub]:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    for name in ("HF_HUB_CACHE", "HF_TOKEN", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    with serve(folder_files(tiny_checkpoint)) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        yield running


@pytest.fixture
def pulled(hub: FakeHub, capsys: pytest.CaptureFixture[str]) -> FakeHub:
    assert cli.main(["model", "pull"]) == 0
    capsys.readouterr()
    return hub


def test_what_was_pulled_is_loaded_and_tells_pictures_apart(
    pulled: FakeHub, capsys: pytest.CaptureFixture[str]
) -> None:
    pulled.status = 500  # nothing more may be asked of it
    assert cli.main(["model", "check", "--device", "cpu"]) == 0
    said = capsys.readouterr().out
    assert "kimi-vl: moonshotai/Kimi-VL-A3B-Thinking-2506, bf16 on cpu" in said
    assert "tells the pictures apart" in said


@pytest.mark.usefixtures("pulled")
def test_loading_tells_its_plan_and_its_progress() -> None:
    told: list[tuple[str, int, int]] = []
    runtime = open_kimi_vl(
        "kimi-vl",
        environment={},
        options=ModelOptions(device="cpu", precision="int8", context=2048),
        progress=lambda what, done, total: told.append((what, done, total)),
    )
    assert isinstance(runtime.info, RuntimeInfo)
    assert runtime.info.detail.endswith("int8 on cpu")
    runtime.close()
    assert told[0] == ("getting ready to load the model", 0, told[-1][2])
    assert told[-1][1] == told[-1][2] > 0
    assert "(int8: weights 0.0, cache 0.0" in told[-1][0]
    assert "on cpu)" in told[-1][0]


@pytest.mark.desktop
@pytest.mark.usefixtures("pulled")
def test_a_run_in_the_terminal_is_driven_by_it(tmp_path: Path) -> None:
    command = [
        *(sys.executable, "-m", "agent_app", "run", "click it", "--model", "kimi-vl"),
        *("--no-window", "--virtual", "640x480", "--episode", str(tmp_path / "episode"), *BRIEF),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 5, done.stdout + done.stderr
    assert "kimi-vl: as asked" in done.stdout
    check_episode(tmp_path / "episode")


@pytest.mark.desktop
@pytest.mark.usefixtures("pulled")
def test_a_run_in_the_window_is_driven_by_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WINDOW, str(tmp_path / "episode")],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 5, done.stdout + done.stderr
    check_episode(tmp_path / "episode")


def check_episode(folder: Path) -> None:
    events = open_episode(folder).events
    assert isinstance(events[0], RunStarted)
    assert events[0].model == "kimi-vl"
    (reply,) = [event for event in events if isinstance(event, ReplyReceived)]
    assert reply.prompt_tokens > 100  # the screenshot is among them
    assert 0 < reply.completion_tokens <= 12
    assert isinstance(events[-1], RunFinished)
    assert events[-1].outcome == "limit"
