"""The window that stays open: its pages, and what is done on them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from agent_app.geometry import Size
from agent_app.loop import LoopSettings
from agent_app.office import Office
from agent_app.policy.judging import Policy
from agent_app.policy.rules import Confirm
from agent_app.settings import Settings, SettingsFile, setting_of
from agent_app.ui import Home
from agent_app.ui.pages.settings import SettingsPage
from agent_app.ui.theme import LIGHT
from agent_app.ui.window import MainWindow
from agent_app.workplace import WorkplaceOptions
from tests.fakes.session import ScriptedSession


@pytest.fixture
def environment() -> dict[str, str]:
    return {}


@pytest.fixture
def file(tmp_path: Path) -> SettingsFile:
    return SettingsFile(tmp_path / "settings.toml")


@pytest.fixture
def window(qtbot: QtBot, file: SettingsFile, environment: dict[str, str]) -> Iterator[MainWindow]:
    def chosen() -> WorkplaceOptions:
        settings = file.settings(environment)
        virtual = settings.virtual and Size.parse(settings.virtual)
        policy = Policy(confirm=cast("Confirm", settings.confirm or "risky"))
        return WorkplaceOptions(
            model=settings.model, virtual=virtual or None, settings=LoopSettings(policy=policy)
        )

    office = Office(chosen, environment=environment)
    it = MainWindow(
        lambda task: ScriptedSession(
            lambda s: iter((s.started(), s.finished("success"))), task=task
        ),
        LIGHT,
        home=Home(office, file, environment, file.path.parent),
    )
    it.show()
    yield it
    with qtbot.waitSignal(it.closed, timeout=20_000):
        it.close()
    it.deleteLater()
    assert not [each.name for each in threading.enumerate() if each.name.startswith("agent-app")]


def settings_page(window: MainWindow) -> SettingsPage:
    window.navigation.tabs["settings"].click()
    page = window.navigation.page("settings")
    assert isinstance(page, SettingsPage)
    assert page.isVisible()
    return page


def line_of(page: SettingsPage, key: str) -> QLineEdit:
    line = page.fields[setting_of(key)].line
    assert line is not None
    return line


def test_keys_and_tabs_go_to_the_pages(qtbot: QtBot, window: MainWindow) -> None:
    assert window.navigation.current == "run"
    assert [tab.accessibleName() for tab in window.navigation.tabs.values()][:2] == [
        "Run",
        "Episodes",
    ]
    settings_page(window)
    assert window.navigation.current == "settings"
    qtbot.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert window.view.isVisible()
    with qtbot.waitSignal(window.episodes.library.shown):
        qtbot.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert window.episodes.isVisible()


def test_a_run_is_watched_from_whichever_page_it_is_started(
    qtbot: QtBot, window: MainWindow
) -> None:
    settings_page(window)
    with qtbot.waitSignal(window.finished):
        window.start("a task")
    assert window.view.isVisible()


# Settings


def test_what_is_changed_on_the_page_is_in_the_file_at_once(
    qtbot: QtBot, window: MainWindow, file: SettingsFile
) -> None:
    page = settings_page(window)
    steps = line_of(page, "run.max_steps")
    assert (steps.text(), steps.placeholderText()) == ("", "50")
    qtbot.keyClicks(steps, "70")
    qtbot.keyClick(steps, Qt.Key.Key_Return)
    box = page.fields[setting_of("run.take_over")].box
    assert box is not None
    box.click()
    precision = page.fields[setting_of("model.precision")].choice
    assert precision is not None
    qtbot.keyClick(precision, Qt.Key.Key_End)
    assert file.settings({}) == Settings(max_steps=70, take_over=False, precision="int4")
    steps.selectAll()
    qtbot.keyClick(steps, Qt.Key.Key_Delete)
    qtbot.keyClick(steps, Qt.Key.Key_Return)
    box.click()
    assert file.path.read_text("utf-8").count("=") == 1  # what is as by default is not written


def test_a_value_that_cannot_be_is_refused_where_it_was_written(
    qtbot: QtBot, window: MainWindow, file: SettingsFile
) -> None:
    page = settings_page(window)
    field = page.fields[setting_of("desktop.virtual")]
    line = line_of(page, "desktop.virtual")
    qtbot.keyClicks(line, "large")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert "1280x800" in field.problem.text()
    assert field.problem.isVisible()
    assert file.read() == {}
    line.setText("")
    qtbot.keyClicks(line, "1280x800")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert not field.problem.isVisible()
    assert file.settings({}).virtual == "1280x800"


def test_a_file_that_is_wrong_is_shown_with_its_line_and_is_left_alone(
    window: MainWindow, file: SettingsFile
) -> None:
    wrong = "[run]\nmax_step = 5\n"
    file.path.write_text(wrong)
    page = settings_page(window)
    assert "line 2: there is no setting run.max_step" in page.error.title.text()
    assert "run.max_steps" in page.error.text.toPlainText()
    assert not line_of(page, "run.max_steps").isEnabled()
    window.start("a task")  # which would read it, too
    assert "line 2" in window.view.error.title.text()
    assert not window.running
    assert file.path.read_text() == wrong
    file.path.write_text("[run]\nmax_steps = 5\n")
    window.navigation.show_page("settings")
    page.again.click()
    assert not page.error.isVisible()
    assert line_of(page, "run.max_steps").text() == "5"
    assert line_of(page, "run.max_steps").isEnabled()


def test_what_the_environment_sets_cannot_be_changed_on_the_page(
    window: MainWindow, environment: dict[str, str]
) -> None:
    environment["AGENT_APP_RUN_MAX_STEPS"] = "9"
    page = settings_page(window)
    line = line_of(page, "run.max_steps")
    assert (line.text(), line.isEnabled()) == ("9", False)
    problem = page.fields[setting_of("run.max_steps")].problem.text()
    assert problem == "Set by AGENT_APP_RUN_MAX_STEPS."


def test_every_control_has_a_name_for_screen_readers(window: MainWindow) -> None:
    page = settings_page(window)
    for field in page.fields.values():
        control = field.box or field.choice or field.line
        assert control is not None
        assert control.accessibleName()
        assert control.accessibleDescription()


def test_the_colours_that_are_set_are_told_at_once(qtbot: QtBot, window: MainWindow) -> None:
    page = settings_page(window)
    theme = page.fields[setting_of("window.theme")].choice
    assert theme is not None
    assert window.home is not None
    with qtbot.waitSignal(window.home.theme_chosen) as told:
        qtbot.keyClick(theme, Qt.Key.Key_End)
    assert told.args == ["dark"]


def test_when_to_ask_is_set_for_the_window_and_the_next_run(
    qtbot: QtBot, window: MainWindow, file: SettingsFile
) -> None:
    page = settings_page(window)
    confirm = page.fields[setting_of("run.confirm")].choice
    assert confirm is not None
    assert confirm.currentText() == "not set"
    with qtbot.waitSignal(window.task.mode.currentIndexChanged):
        qtbot.keyClick(confirm, Qt.Key.Key_End)
        assert file.settings({}).confirm == "none"
    assert window.task.confirm == "none"
    qtbot.keyClick(confirm, Qt.Key.Key_Home)
    assert setting_of("run.confirm") not in file.read()
