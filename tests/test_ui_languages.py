"""The window's languages: every text has a translation, and the right one is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel
from pytestqt.qtbot import QtBot

from agent_app.errors import KnownError
from agent_app.settings import SettingsFile
from agent_app.ui import languages
from agent_app.ui.languages import OURS, Translation, choices, language_for, read_texts
from agent_app.ui.pages.settings import SettingsPage
from agent_app.ui.theme import LIGHT
from agent_app.ui.window import MainWindow
from tests.fakes.session import ScriptedSession
from tests.translations import all_texts

OWN = """<?xml version="1.0"?><TS version="2.1" language="eo"><context><name>MainWindow</name>
<message><source>R&amp;un</source><translation>&amp;Kuri</translation></message>
<message><source>&amp;Episodes</source><translation type="unfinished">x</translation></message>
</context></TS>"""


@pytest.fixture
def chinese(qapp: QApplication) -> Iterator[None]:
    translation = Translation(OURS / "zh_CN.ts")
    qapp.installTranslator(translation)
    yield
    qapp.removeTranslator(translation)


def test_every_text_of_the_window_has_a_chinese_one() -> None:
    translated = read_texts(OURS / "zh_CN.ts")
    assert sorted(all_texts() - set(translated)) == []


def test_a_translation_keeps_what_is_filled_in_and_has_one_key_of_its_own() -> None:
    for (_, source), text in read_texts(OURS / "zh_CN.ts").items():
        assert set(re.findall(r"\{\w+\}", source)) == set(re.findall(r"\{\w+\}", text)), source
        keys = [re.findall(r"&(?!&)", each) for each in (source, text)]
        assert len(keys[0]) == len(keys[1]), source


@pytest.mark.usefixtures("chinese")
def test_the_whole_window_is_chinese(qtbot: QtBot, tmp_path: Path) -> None:
    window = MainWindow(lambda task: ScriptedSession(lambda _s: iter(()), task=task), LIGHT)
    qtbot.addWidget(window)
    page = SettingsPage(SettingsFile(tmp_path / "settings.toml"), {}, choices(None))
    qtbot.addWidget(page)
    english = re.compile(r"[A-Za-z]{4,}( [a-z]{2,}){2,}")  # a few words in a row
    for widget in (*window.findChildren(QLabel), *page.findChildren(QLabel)):
        assert not english.search(widget.text()), widget.text()
    buttons = [each.text() for each in window.findChildren(QAbstractButton)]
    assert "运行(&U)" in buttons
    assert "开始(&S)" in buttons
    assert window.task.box.placeholderText().startswith("要做什么")
    window.episodes.close_down()


def test_what_a_file_leaves_out_stays_english(qapp: QApplication, tmp_path: Path) -> None:
    (tmp_path / "eo.ts").write_text(OWN)
    translation = Translation(tmp_path / "eo.ts")
    qapp.installTranslator(translation)
    try:
        assert QCoreApplication.translate("MainWindow", "R&un") == "&Kuri"
        assert QCoreApplication.translate("MainWindow", "&Episodes") == "&Episodes"
        assert QCoreApplication.translate("Other", "R&un") == "&Kuri"  # it was moved
    finally:
        qapp.removeTranslator(translation)


def test_a_persons_own_languages_are_offered_and_come_before_ours(tmp_path: Path) -> None:
    assert choices(None) == [("en", "English"), ("zh_CN", "简体中文")]
    for name in ("eo", "zh_CN"):
        (tmp_path / f"{name}.ts").write_text(OWN)
    assert [name for name, _ in choices(tmp_path)] == ["en", "eo", "zh_CN"]
    assert languages.translations(tmp_path)["zh_CN"] == tmp_path / "zh_CN.ts"


@pytest.mark.parametrize(
    ("chosen", "wanted", "shown"),
    [
        ("system", ["zh-Hans-CN", "zh-CN", "zh", "en"], "zh_CN"),
        ("system", ["zh-SG"], "zh_CN"),
        ("system", ["zh-Hant-TW", "en"], "en"),
        ("system", ["fr-FR", "zh-CN"], "zh_CN"),
        ("system", ["en-GB", "zh-CN"], "en"),
        ("system", ["C"], "en"),
        ("system", [], "en"),
        ("zh_CN", ["en-GB"], "zh_CN"),
        ("en", ["zh-CN"], "en"),
        ("tlh", ["zh-CN"], "en"),
    ],
)
def test_the_language_is_the_one_that_is_set_else_the_systems(
    chosen: str, wanted: list[str], shown: str
) -> None:
    assert language_for(chosen, ["zh_CN"], wanted) == shown


@pytest.mark.parametrize(
    "text", ["", "<TS>", "<!DOCTYPE TS [<!ENTITY a 'b'>]><TS>&a;</TS>", "\x00"]
)
def test_a_file_that_is_no_translation_is_a_known_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "xx.ts"
    path.write_text(text)
    with pytest.raises(KnownError, match=r"xx\.ts"):
        read_texts(path)
