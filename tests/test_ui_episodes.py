"""The page of all episodes, the export from the window, and the way there from a run."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from pytestqt.qtbot import QtBot

from agent_app.codegen import formats
from agent_app.episode.library import Library
from agent_app.errors import KnownError
from agent_app.ui import run_viewer
from agent_app.ui.theme import DARK, LIGHT
from agent_app.ui.viewer.episodes import EpisodesView
from agent_app.ui.viewer.window import ViewerWindow
from agent_app.ui.window import MainWindow
from agent_app.virtual import VirtualDesktop
from tests.fakes.episodes import MadeUpRun
from tests.fakes.runs import ExampleRun
from tests.fakes.session import ScriptedSession

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def recorded_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recorded")
    for name, run in (
        ("20250101-000000-greet", ExampleRun(says="Greet the world")),
        ("20250102-000000-leave", ExampleRun(says="Leave it", outcome="failure")),
    ):
        run.episode(folder / name)
    with Library(folder) as opened:
        opened.tag(folder / "20250101-000000-greet", add=["friendly", "a & b"])
    return folder


@pytest.fixture
def library(recorded_library: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(recorded_library, tmp_path / "library"))


@pytest.fixture
def view(qtbot: QtBot, library: Path) -> Iterator[EpisodesView]:
    it = EpisodesView(LIGHT, library=library)
    qtbot.addWidget(it)
    it.resize(1000, 700)
    it.show()
    with qtbot.waitSignal(it.library.shown):
        it.show_library()
    yield it
    it.close_down()
    assert not [each.name for each in threading.enumerate() if each.name.startswith("agent-app")]


def titles(view: EpisodesView) -> list[str]:
    return [row.title for row in view.library.model.rows]


def test_every_episode_is_listed_the_newest_first_and_opens(
    qtbot: QtBot, view: EpisodesView, library: Path
) -> None:
    page = view.library
    assert titles(view) == ["Leave it", "Greet the world"]
    assert page.count.text().startswith("2 episodes")
    first = page.model.index(0)
    assert "failure" in first.data(Qt.ItemDataRole.AccessibleTextRole)
    page.list.setFocus()
    page.list.setCurrentIndex(first)
    with qtbot.waitSignal(view.viewer.opened):
        qtbot.keyClick(page.list, Qt.Key.Key_Return)
    assert view.viewer.isVisible()
    assert view.viewer.folder == library / "20250102-000000-leave"
    with qtbot.waitSignal(page.shown):
        view.viewer.heading.buttons["library"].click()
    assert page.isVisible()


def test_words_and_tags_narrow_the_list(qtbot: QtBot, view: EpisodesView) -> None:
    page = view.library
    with qtbot.waitSignal(page.shown):
        qtbot.keyClicks(page.search, "greet")
    assert titles(view) == ["Greet the world"]
    with qtbot.waitSignal(page.shown):
        page.search.setText("héllo")
    assert [row.found.split(":")[0] for row in page.model.rows] == ["action, step 2"] * 2
    assert [button.text() for button in page.tag_buttons] == ["a && b", "friendly"]
    page.tag_buttons[0].click()
    assert titles(view) == ["Greet the world"]
    with qtbot.waitSignal(page.shown):
        page.search.setText("nowhere")
    assert page.empty.text() == "No episode has this."
    assert page.list.isHidden()


def test_an_empty_library_says_where_runs_go(qtbot: QtBot, tmp_path: Path) -> None:
    view = EpisodesView(DARK, library=tmp_path / "none")
    qtbot.addWidget(view)
    with qtbot.waitSignal(view.library.shown):
        view.show_library()
    assert str(tmp_path / "none") in view.library.empty.text()
    view.close_down()


def test_a_dropped_folder_opens_and_anything_else_does_not(
    qtbot: QtBot, view: EpisodesView, tmp_path: Path
) -> None:
    folder = MadeUpRun(2).record(tmp_path / "elsewhere")

    def drop(path: Path) -> bool:
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path))])
        action, button = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
        event = QDropEvent(QPointF(9, 9), action, data, button, Qt.KeyboardModifier.NoModifier)
        event.ignore()
        view.dropEvent(event)
        return event.isAccepted()

    assert not drop(tmp_path)
    assert view.viewer.folder is None
    with qtbot.waitSignal(view.viewer.opened):
        assert drop(folder / "episode.jsonl")
    assert view.viewer.folder == folder


# Export


@pytest.fixture
def watched(qtbot: QtBot, view: EpisodesView, library: Path) -> EpisodesView:
    with qtbot.waitSignal(view.viewer.opened):
        view.open(library / "20250101-000000-greet")
    view.viewer.heading.buttons["export"].click()
    assert view.export.isVisible()
    return view


def test_an_export_is_written_and_says_what_it_cannot_hold(
    qtbot: QtBot, watched: EpisodesView, tmp_path: Path
) -> None:
    sheet = watched.export
    assert sheet.name == "html"
    assert sheet.path.text().endswith("20250101-000000-greet.html")
    sheet.path.setText(str(tmp_path / "out" / "page.html"))
    with qtbot.waitSignal(sheet.finished):
        sheet.write.click()
    assert (tmp_path / "out" / "page.html").stat().st_size > 10_000
    assert sheet.said.text() == "Written."
    sheet.formats["agentnet"].click()
    assert sheet.path.text() == str(tmp_path / "out" / "20250101-000000-greet-agentnet")
    with qtbot.waitSignal(sheet.finished):
        sheet.write.click()
    assert sheet.said.text() == "Written. What this format cannot hold:"
    assert len(sheet.lost.toPlainText().splitlines()) > 2
    sheet.done.click()
    assert sheet.isHidden()


def test_an_export_over_a_file_or_into_the_episode_is_told_first(
    qtbot: QtBot, watched: EpisodesView, library: Path, tmp_path: Path
) -> None:
    sheet = watched.export
    (tmp_path / "mine.html").write_text("mine")
    sheet.path.setText(str(tmp_path / "mine.html"))
    assert sheet.said.text() == "This file is there already and will be replaced."
    sheet.path.setText(str(library / "20250101-000000-greet" / "page.html"))
    assert sheet.said.text() == ""
    with qtbot.waitSignal(sheet.finished):
        sheet.write.click()
    assert "lies in the episode itself" in sheet.error.title.text()


def test_an_export_can_be_cancelled(
    qtbot: QtBot, watched: EpisodesView, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()

    def slow(_episode: Any, _output: Path, progress: Any) -> tuple[str, ...]:
        begun.set()
        while True:
            progress("frames", 1, 2)

    form = formats.Format("never ends", lambda: slow, ".html")
    monkeypatch.setattr(formats, "FORMATS", {**formats.FORMATS, "html": form})
    sheet = watched.export
    sheet.path.setText(str(tmp_path / "page.html"))
    with qtbot.waitSignal(sheet.finished):
        sheet.write.click()
        assert begun.wait(10)
        qtbot.keyClick(sheet, Qt.Key.Key_Escape)
    assert sheet.said.text().startswith("Cancelled.")
    assert sheet.isVisible()
    qtbot.keyClick(sheet, Qt.Key.Key_Escape)
    assert sheet.isHidden()


# From a run, and alone


@pytest.mark.parametrize("recorded", [True, False])
def test_a_run_that_is_over_offers_its_replay(
    qtbot: QtBot, library: Path, recorded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent_app.ui.viewer.episodes.default_library", lambda: library)

    def make(task: str) -> ScriptedSession:
        session = ScriptedSession(
            lambda session: iter((session.started(), session.finished("success"))), task=task
        )
        session.episode = library / "20250101-000000-greet" if recorded else None
        return session

    window = MainWindow(make, LIGHT)
    window.show()
    with qtbot.waitSignal(window.finished):
        window.start("a task")
    assert window.view.outcome.replay.isVisible() == recorded
    if recorded:
        with qtbot.waitSignal(window.episodes.viewer.opened):
            window.view.outcome.replay.click()
        assert window.episodes.viewer.isVisible()
        assert window.navigation.tabs["episodes"].isChecked()
        assert window.episodes.viewer.heading.task.text() == "Greet the world"
        with qtbot.waitSignal(window.finished):
            window.start("another")
        assert window.view.isVisible()  # a run is watched from its beginning
    else:
        with qtbot.waitSignal(window.episodes.library.shown):
            window.navigation.tabs["episodes"].click()
        assert window.episodes.library.isVisible()
        window.navigation.tabs["run"].click()
        assert window.view.isVisible()
    with qtbot.waitSignal(window.closed):
        window.close()
    window.deleteLater()


def test_the_window_turns_dark_while_an_episode_is_open(qtbot: QtBot, library: Path) -> None:
    window = ViewerWindow(library / "20250101-000000-greet", LIGHT, library=library)
    window.show()
    qtbot.waitUntil(lambda: window.episodes.viewer.reel is not None)
    before = window.grab().toImage()
    window.set_theme(DARK)
    assert window.grab().toImage() != before
    assert window.windowTitle() == "Greet the world · agent-app"
    window.close()
    window.deleteLater()


def test_a_folder_without_an_episode_is_refused_before_a_window_opens(tmp_path: Path) -> None:
    with pytest.raises(KnownError, match="holds no episode"):
        run_viewer(tmp_path, environment={})


@pytest.mark.desktop
def test_on_a_real_display_keys_go_through_an_episode(
    desktop: VirtualDesktop, library: Path
) -> None:
    command = [sys.executable, "-W", "error", "-m", "tests.fakes.viewer_runs"]
    process = subprocess.run(
        [*command, str(library / "20250101-000000-greet")],
        cwd=ROOT,
        env=desktop.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert process.stderr == ""
    assert process.returncode == 0
    assert process.stdout.split() == ["step", "3", "playing", "dark", "library", "closed"]
