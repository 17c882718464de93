"""The model page: choosing, what is needed, fetching, loading."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from agent_app.errors import KnownError
from agent_app.model_runtime import ModelOptions, Progress, RuntimeInfo
from agent_app.office import Office
from agent_app.runtimes.kimi_vl.hub import DEFAULT_REPO, find
from agent_app.settings import SettingsFile, setting_of
from agent_app.ui.pages.model import ModelPage
from agent_app.workplace import WorkplaceOptions
from tests.fakes.checkpoint import write_checkpoint
from tests.fakes.hub import folder_files, serve


class OfficeAtRest:
    """An office without a desktop, whose model is a word."""

    def __init__(self, file: SettingsFile) -> None:
        self._file = file
        self.flag: str | None = None
        self.model: RuntimeInfo | None = None
        self.loading: Callable[[Progress], None] = lambda _progress: None

    @property
    def chosen(self) -> WorkplaceOptions:
        model = self.flag or self._file.settings({}).model
        return WorkplaceOptions(model=model, loading=ModelOptions(device="cpu"))

    def load(self, progress: Progress) -> RuntimeInfo:
        self.loading(progress)
        self.model = RuntimeInfo("stand-in", "made for a test", None)
        return self.model

    def unload(self) -> None:
        self.model = None


@pytest.fixture
def file(tmp_path: Path) -> SettingsFile:
    return SettingsFile(tmp_path / "settings.toml")


@pytest.fixture
def office(file: SettingsFile) -> OfficeAtRest:
    return OfficeAtRest(file)


@pytest.fixture
def page(
    qtbot: QtBot, file: SettingsFile, office: OfficeAtRest, tmp_path: Path, monkeypatch: Any
) -> Iterator[ModelPage]:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    for name in ("HF_HUB_CACHE", "HF_TOKEN", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    it = ModelPage(cast("Office", office), file, {})
    qtbot.addWidget(it)
    it.resize(900, 700)
    it.show()
    it.refresh()
    yield it
    it.close_down()
    qtbot.waitUntil(lambda: not it.look.busy and not it.work.busy, timeout=20_000)
    assert not [each.name for each in threading.enumerate() if each.name.startswith("agent-app")]


def model_of(file: SettingsFile) -> str | None:
    return file.settings({}).model


def table_of(page: ModelPage) -> list[str]:
    return [label.text() for label in page.table.findChildren(QLabel)]


def test_what_is_chosen_is_set(
    qtbot: QtBot, page: ModelPage, file: SettingsFile, tmp_path: Path
) -> None:
    choice = page.choice
    assert choice.choice == "auto"
    choice.buttons["reader"].click()
    assert model_of(file) == "reader"
    folder = write_checkpoint(tmp_path / "made")
    choice.checkpoint.setText(str(folder))
    assert model_of(file) == "reader"  # a line counts for what it belongs to
    with qtbot.waitSignal(page.surveyed, timeout=30_000):
        choice.buttons["kimi"].click()
    assert model_of(file) == str(folder)
    choice.buttons["server"].click()
    qtbot.keyClicks(choice.address, "localhost:8000")
    qtbot.keyClick(choice.address, Qt.Key.Key_Return)
    assert "no address" in page.error.title.text()
    assert model_of(file) == str(folder)
    choice.address.setText("http://localhost:8000/v1")
    qtbot.keyClick(choice.address, Qt.Key.Key_Return)
    assert model_of(file) == "http://localhost:8000/v1"
    choice.buttons["auto"].click()
    assert setting_of("model.name") not in file.read()


def test_a_checkpoint_is_shown_against_what_this_machine_has(
    qtbot: QtBot, page: ModelPage, tmp_path: Path
) -> None:
    page.choice.checkpoint.setText(str(write_checkpoint(tmp_path / "made")))
    with qtbot.waitSignal(page.surveyed, timeout=30_000):
        page.choice.buttons["kimi"].click()
    assert "parameters" in page.contents.text()
    assert [name for name in ("fp32", "bf16", "fp8", "int8", "int4") if name in table_of(page)]
    assert table_of(page).count("fits") == 5
    assert not page.download.isVisible()
    page.choice.checkpoint.setText("nonsense")
    with qtbot.waitSignal(page.surveyed, timeout=30_000):
        page.choice.chosen.emit("nonsense")
    assert "unknown model" in page.error.title.text().lower()
    page.choice.chosen.emit("nonsense")  # as when its field is left
    assert not page.look.busy
    assert page.error.isVisible()


def test_a_download_shows_how_far_it_is_and_what_it_brought(
    qtbot: QtBot, page: ModelPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(folder_files(write_checkpoint(tmp_path / "made"))) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        with qtbot.waitSignal(page.surveyed, timeout=30_000):
            page.choice.buttons["kimi"].click()
        assert f"There is no {DEFAULT_REPO}" in page.contents.text()
        assert "does not fit" in table_of(page) or "fits" in table_of(page)
        with qtbot.waitSignals([page.work.progressed, page.surveyed], timeout=60_000):
            page.download.click()
            assert page.bar.isVisible()
            assert page.cancel.isEnabled()
    assert not page.error.isVisible()
    assert find("kimi-vl").is_dir()
    assert not page.bar.isVisible()
    assert not page.download.isVisible()
    assert "parameters" in page.contents.text()


def test_a_download_that_fails_says_why(
    qtbot: QtBot, page: ModelPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(folder_files(write_checkpoint(tmp_path / "made"))) as hub:
        hub.status = 404
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        with qtbot.waitSignal(page.surveyed, timeout=30_000):
            page.choice.buttons["kimi"].click()
        with qtbot.waitSignal(page.work.failed, timeout=60_000):
            page.download.click()
        with qtbot.waitSignal(page.surveyed, timeout=30_000):
            pass
    assert page.error.isVisible()
    assert page.error.text.toPlainText()
    assert page.download.isEnabled()


def test_a_model_is_loaded_and_its_memory_given_back(
    qtbot: QtBot, page: ModelPage, office: OfficeAtRest
) -> None:
    office.loading = lambda progress: progress("loading weights", 5 * 10**8, 10**9)
    seen: list[tuple[str, int]] = []
    page.work.progressed.connect(lambda *_: seen.append((page.doing.text(), page.bar.value())))
    with qtbot.waitSignal(page.worked):
        page.load.click()
        assert not page.load.isEnabled()
    assert seen == [("Loading weights  ·  0.5 GB / 1.0 GB", 500)]
    assert page.loaded.text() == "stand-in: made for a test"
    assert page.leaves.text() == "Nothing leaves this computer"
    assert (page.load.isEnabled(), page.unload.isEnabled()) == (False, True)
    page.set_running(True)
    assert not page.unload.isEnabled()  # a run works with it
    page.set_running(False)
    with qtbot.waitSignal(page.worked):
        page.unload.click()
    assert office.model is None
    assert (page.load.isEnabled(), page.unload.isEnabled()) == (True, False)


def test_a_loading_is_cancelled_between_two_pieces(
    qtbot: QtBot, page: ModelPage, office: OfficeAtRest
) -> None:
    cancelled = threading.Event()

    def load(progress: Progress) -> None:
        assert cancelled.wait(20)
        progress("loading weights", 1, 2)
        raise AssertionError("it went on")

    office.loading = load
    with qtbot.waitSignal(page.worked):
        page.load.click()
        page.cancel.click()
        cancelled.set()
    assert office.model is None
    assert not page.error.isVisible()
    assert page.load.isEnabled()


def test_a_loading_that_fails_says_why(qtbot: QtBot, page: ModelPage, office: OfficeAtRest) -> None:
    def load(_progress: Progress) -> None:
        raise KnownError("there is no GPU", remedy="take the reader")

    office.loading = load
    with qtbot.waitSignal(page.worked):
        page.load.click()
    assert page.error.title.text() == "There is no GPU"
    assert page.error.text.toPlainText() == "Take the reader"


def test_a_flag_that_comes_before_the_page_is_named(page: ModelPage, office: OfficeAtRest) -> None:
    assert not page.choice.flag.isVisible()
    office.flag = "reader"
    page.refresh()
    assert "--model reader" in page.choice.flag.text()
    assert page.choice.flag.isVisible()
