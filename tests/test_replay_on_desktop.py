"""A recorded run of a real editor, done again: on a larger screen, and as a test of pytest."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent_app import workplace as workplace_module
from agent_app.codegen.formats import export_episode
from agent_app.codegen.live import LiveTest
from agent_app.episode.reader import open_episode
from agent_app.events import EffectCompared, RunFinished, StepFinished, TargetFound, Timing
from agent_app.flows.reading import read_flow
from agent_app.geometry import Region, Size
from agent_app.model_runtime import no_progress
from agent_app.replaying.flow import script_of_flow
from agent_app.replaying.script import anchor_keys
from agent_app.session import LiveSession
from agent_app.virtual import VirtualDesktop
from agent_app.workplace import Workplace, WorkplaceOptions
from tests.fakes.runtime import ScriptedRuntime, reply

EDITOR = "mousepad --disable-server"
PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "agent_app.testing.plugin")
RECORDED, OTHER = Size(1280, 800), "1920x1080"
FILE_MENU = (21, 31)  # of the window
SAVE_AS = (61, 208)


def run_python(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """In a process of its own, which is bound to no display yet."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parent.parent),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # ours is named, installed or not
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def code(window: Region, at: tuple[int, int]) -> str:
    x, y = window.left + at[0] + 0.5, window.top + at[1] + 0.5
    return f"pyautogui.click(x={x / RECORDED.width!r}, y={y / RECORDED.height!r})"


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory, desktop: VirtualDesktop) -> Path:
    """An episode: a line is typed into the editor and saved through its menu."""
    folder = tmp_path_factory.mktemp("recording")
    with pytest.MonkeyPatch.context() as patch:
        options = WorkplaceOptions(model="scripted")
        with Workplace(options, environment=desktop.environment) as place:
            editor = place.launch(EDITOR)
            window = next(
                each.region for each in place.screen.windows() if "Mousepad" in each.title
            )
            runtime = ScriptedRuntime(
                [
                    reply("pyautogui.write('Grüße\\n')", action="Type the line"),
                    reply(code(window, FILE_MENU), action="Open the File menu"),
                    reply(code(window, SAVE_AS), action="Choose Save As…"),
                    reply(f"pyautogui.write({str(folder / 'saved.txt')!r})", action="Name it"),
                    reply("pyautogui.press('enter')", action="Save it"),
                    reply("computer.terminate(status='success', answer='saved')"),
                ]
            )
            patch.setattr(workplace_module, "open_runtime", lambda *_, **__: (runtime, "scripted"))
            events = list(LiveSession(place, "Save a line", episode=folder / "episode").events())
            editor.terminate()
            editor.wait()
    finished = events[-1]
    assert isinstance(finished, RunFinished)
    assert finished.outcome == "success", finished.reason
    assert (folder / "saved.txt").read_text() == "Grüße\n"
    return folder / "episode"


@pytest.mark.desktop
@pytest.mark.slow
def test_a_run_is_done_again_on_another_screen_with_another_text(
    recording: Path, tmp_path: Path
) -> None:
    saved, episode = tmp_path / "again.txt", tmp_path / "episode"
    command = ["replay", str(recording), "--execute", "--no-window", "--episode", str(episode)]
    command += ["--virtual", OTHER, "--app", EDITOR]
    command += ["--params", "text_1=Привет\n", f"text_2={saved}"]
    done = run_python("-m", "agent_app", *command, folder=tmp_path)
    assert done.returncode == 0, done.stdout
    assert saved.read_text() == "Привет\n"
    events = open_episode(episode).events
    found = [event.how for event in events if isinstance(event, TargetFound)]
    assert len(found) == 2
    assert "place" not in found
    assert all(event.alike for event in events if isinstance(event, EffectCompared))


@pytest.mark.desktop
@pytest.mark.slow
def test_the_exported_test_passes_under_pytest(recording: Path, tmp_path: Path) -> None:
    test = tmp_path / "test"
    lost = export_episode(open_episode(recording), "pytest", test, progress=no_progress)
    assert lost == []
    source = (test / "test_recorded.py").read_text()
    assert "'Grüße\\n'" in source or '"Grüße\\n"' in source
    assert 'desktop.find("File").click()' in source
    assert 'expect(desktop.window("Save As")).to_be_visible()' in source
    saved = recording.parent / "saved.txt"
    saved.unlink()
    done = run_python(*PYTEST, str(test), folder=tmp_path)
    assert done.returncode == 0, done.stdout
    assert saved.read_text() == "Grüße\n"


@pytest.mark.desktop
def test_the_same_is_a_flow_and_a_test_that_grew_with_the_recording(
    recording: Path, tmp_path: Path
) -> None:
    episode = open_episode(recording)
    assert export_episode(episode, "flow", tmp_path / "flow", progress=no_progress) == []
    flow = tmp_path / "flow" / "recorded.flow.yaml"
    script = script_of_flow(flow)
    assert [len(part.deeds) for part in script.parts] == [1] * 5
    assert all(script.anchor(key) is not None for key in anchor_keys(script))
    with LiveTest(tmp_path / "live.flow.yaml") as live:
        live.follow(recording, StepFinished(1, Timing(), 0.0))
        live.follow(recording, episode.events[-1])
    kinds = [step.kind for step in read_flow(flow).steps]
    assert kinds[:3] == ["type", "click", "click"]
    assert [step.kind for step in read_flow(tmp_path / "live.flow.yaml").steps] == kinds
