"""What is told when we fail, and that the window goes on."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from agent_app import __version__
from agent_app.events import Event, StepStarted
from agent_app.office import Office
from agent_app.settings import SettingsFile
from agent_app.ui import Home
from agent_app.ui.theme import LIGHT
from agent_app.ui.window import MainWindow
from agent_app.workplace import WorkplaceOptions
from tests.fakes.session import ScriptedSession

ROOT = Path(__file__).parents[1]
SECRET = "correct horse"
START = """
import ctypes, sys
from pathlib import Path
from agent_app.ui.faults import CrashLog
log = CrashLog(Path(sys.argv[1]))
sys.stdout.write(log.last)
sys.stdout.flush()
"""


class Watched(Office):
    """An office that notes whether its model is trusted, and that knows one secret."""

    distrusted = 0

    def distrust_model(self) -> None:
        self.distrusted += 1

    def without_secrets(self, text: str) -> str:
        return text.replace(SECRET, "{{secret:mail}}")


def dies(session: ScriptedSession) -> Iterator[Event]:
    yield session.started()
    yield StepStarted(1, 0.0)
    raise RuntimeError(f"the device is gone while {SECRET} was typed")


def works(session: ScriptedSession) -> Iterator[Event]:
    yield session.started()
    yield session.finished("success")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_the_window_survives_its_runtime_and_the_next_run_has_another(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _arguments: None)  # it would print it
    office = Watched(WorkplaceOptions, environment={})
    scripts: list[Callable[[ScriptedSession], Iterator[Event]]] = [dies, works]

    def make(task: str) -> ScriptedSession:
        session = ScriptedSession(scripts.pop(0), task=task)
        session.episode = tmp_path / "episode"
        return session

    file = SettingsFile(tmp_path / "settings.toml")
    window = MainWindow(make, LIGHT, home=Home(office, file, {}, tmp_path))
    window.show()
    with qtbot.waitSignal(window.finished):
        window.start("a task")
    card = window.view.error
    assert card.isVisible()
    card.copy.click()
    report = QGuiApplication.clipboard().text()
    assert report == window.result
    assert report.startswith(f"agent-app {__version__}, Python 3")
    assert f"What was recorded up to there: {tmp_path / 'episode'}" in report
    assert "RuntimeError: the device is gone while {{secret:mail}} was typed" in report
    assert SECRET not in report
    assert office.distrusted == 1
    with qtbot.waitSignal(window.finished):
        window.start("a task")
    assert window.view.outcome.title.text() == "Done"
    assert not card.isVisible()
    with qtbot.waitSignal(window.closed):
        window.close()
    window.deleteLater()


def test_a_process_that_died_tells_at_the_next_start_where_it_was(tmp_path: Path) -> None:
    def start(ending: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", START + ending, str(tmp_path)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert start("ctypes.string_at(0)").returncode < 0
    last = start("log.close()").stdout
    assert last.startswith(f"agent-app {__version__}")
    assert "Segmentation fault" in last
    assert "string_at" in last
    assert start("log.close()").stdout == ""  # the one before ended as it should
