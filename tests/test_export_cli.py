"""`agent-app export`, on an episode of a real application."""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from agent_app.codegen.formats import FORMATS
from agent_app.episode.reader import open_episode
from tests.chromium import Chromium

AGENT_APP = (sys.executable, "-m", "agent_app")
TYPED = "made for export"


def agent_app(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    return subprocess.run(
        [*AGENT_APP, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the reader in a real editor on a private desktop."""
    episode = tmp_path_factory.mktemp("recorded") / "episode"
    done = agent_app(
        *("run", f'type "{TYPED}"; click "Search"; press escape', "--model", "reader"),
        *("--virtual", "800x600", "--app", "mousepad", "--no-window"),
        *("--episode", str(episode)),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return episode


@pytest.mark.desktop
@pytest.mark.parametrize("name", FORMATS)
def test_a_run_of_a_real_application_is_exported(recorded: Path, tmp_path: Path, name: str):
    output = tmp_path / "new" / "output"
    done = agent_app("export", str(recorded), "--to", name, "--output", str(output))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str(output)
    assert output.is_dir() if FORMATS[name].is_folder else output.stat().st_size > 500
    assert open_episode(recorded).problems == ()


@pytest.mark.desktop
def test_the_page_shows_the_real_screens(recorded: Path, tmp_path: Path):
    page = tmp_path / "run.html"
    assert (
        agent_app(*("export", str(recorded), "--to", "html", "--output", str(page))).returncode == 0
    )
    opened = open_episode(recorded)
    with Chromium(1600, 1100) as browser:
        browser.open(page)
        browser.press("End")
        browser.press("1")
        index = [ref.sha1 for ref in opened.frames].index(opened.steps[-1].frame_before.sha1)
        browser.wait(f"document.body.dataset.shown === '{index}'")
        shown = browser.evaluate("document.getElementById('screen').toDataURL('image/png')")
    with Image.open(io.BytesIO(base64.b64decode(shown.partition(",")[2]))) as picture:
        recorded_frame = opened.frame(opened.steps[-1].frame_before.sha1)
        assert ImageChops.difference(picture.convert("RGB"), recorded_frame).getbbox() is None


@pytest.mark.desktop
def test_what_a_format_cannot_hold_is_printed(recorded: Path, tmp_path: Path):
    output = tmp_path / "x"
    done = agent_app("export", str(recorded), "--to", "agentnet", "--output", str(output))
    lost = (output / "lost.txt").read_text().splitlines()
    assert lost
    assert [line for line in done.stdout.splitlines() if line.startswith("not held: ")] == [
        f"not held: {line}" for line in lost
    ]
    codes = [
        step["value"]["code"]
        for step in json.loads((output / "agentnet.jsonl").read_text())["traj"]
    ]
    assert f"pyautogui.write(message='{TYPED}')" in codes


def test_a_folder_that_is_no_episode_is_named(tmp_path: Path):
    done = agent_app("export", str(tmp_path), "--to", "html", "--output", str(tmp_path / "x.html"))
    assert done.returncode == 3
    assert "no readable episode" in done.stderr
    assert not (tmp_path / "x.html").exists()


def test_an_unknown_format_is_wrong_usage(tmp_path: Path):
    done = agent_app("export", str(tmp_path), "--to", "vhs", "--output", str(tmp_path / "x"))
    assert done.returncode == 2
    assert "playwright-trace" in done.stderr


def test_the_help_lists_every_format():
    told = agent_app("export", "--help").stdout
    assert all(f"  {name} " in told for name in FORMATS)


@pytest.mark.desktop
def test_an_episode_of_the_library_is_named_by_a_part_of_its_name(
    recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    shutil.copytree(recorded, tmp_path / "agent-app" / "episodes" / "20260101-write-a-letter")
    output = tmp_path / "out.jsonl"

    done = agent_app("export", "a-letter", "--to", "jsonl", "--output", str(output))
    unknown = agent_app("export", "a-poem", "--to", "jsonl", "--output", str(output))

    assert (done.returncode, unknown.returncode) == (0, 3)
    assert TYPED in output.read_text(encoding="utf-8")
    assert "no episode 'a-poem'" in unknown.stderr
