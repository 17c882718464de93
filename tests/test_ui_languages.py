"""The window's languages: every text has a translation, and the right one is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel
from pytestqt.qtbot import QtBot

from agent_app.actions import Click
from agent_app.errors import KnownError
from agent_app.events import (
    ApprovalGiven,
    ModelErred,
    ModelWarned,
    Paused,
    QuestionAsked,
    Resumed,
    RunFinished,
    StepStarted,
    TargetFound,
    WindowRef,
)
from agent_app.geometry import Region, RelativePoint, ScreenPoint
from agent_app.policy import Policy
from agent_app.policy.scene import Scene
from agent_app.settings import SettingsFile
from agent_app.ui import languages
from agent_app.ui.cards import ResultCard
from agent_app.ui.languages import OURS, Translation, choices, language_for, read_texts
from agent_app.ui.pages.settings import SettingsPage
from agent_app.ui.phrases import CORE, WORDS, spoken
from agent_app.ui.question import QuestionCard
from agent_app.ui.story import Story
from agent_app.ui.theme import LIGHT
from agent_app.ui.window import MainWindow
from agent_app.wording import Words, say
from tests.fakes.screen import frame_of, picture
from tests.fakes.session import ScriptedSession
from tests.fakes.surroundings import WrittenSurroundings
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
    translated = set(read_texts(OURS / "zh_CN.ts"))
    translated |= {(WORDS, source) for context, source in translated if context == CORE}
    assert sorted(all_texts() - translated) == []


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


ENGLISH = re.compile(r"[A-Za-z]{2,} [a-z]{2,}")  # two words in a row


def question_for_leave() -> Words:
    surroundings = WrittenSurroundings("Delete")
    window = WindowRef("a.txt", "Editor", Region(0, 0, 320, 200), active=True, popup=False)
    scene = Scene(frame_of(picture()), (ScreenPoint(160, 100),), (window,), surroundings)
    judged = Policy().confirming("risky").judge(Click(RelativePoint(0.5, 0.5), count=2), scene)
    assert judged is not None
    return judged.question(60)


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize("typed", [False, True])
def test_a_question_for_leave_is_asked_and_answered_in_the_persons_language(
    qtbot: QtBot, typed: bool
) -> None:
    words, choices = question_for_leave(), ("allow once", "allow for this run", "refuse", "stop")
    card = QuestionCard()
    qtbot.addWidget(card)
    card.show_question(QuestionAsked(1, str(words), choices, 0.0, 60.0, words), leave=True)
    asked = card.text.toPlainText()
    assert asked.startswith(
        "是否允许代理在 “a.txt” (Editor) 中连续两次点击“Delete”？\n上面写着“delete”"
    )
    assert not ENGLISH.search(asked)
    offered = [button.text()[4:] for button in card.buttons]
    assert offered[2:] == ["拒绝", "停止"]
    assert not any(ENGLISH.search(each) for each in offered)
    with qtbot.waitSignal(card.answered) as answered:
        if typed:
            card.field.setText(offered[1])  # which no test types by keys
            qtbot.keyClick(card.field, Qt.Key.Key_Return)
        else:
            card.buttons[1].click()
    assert answered.args == ["allow for this run"]


@pytest.mark.usefixtures("chinese")
def test_what_a_model_asks_stays_in_its_words(qtbot: QtBot) -> None:
    card = QuestionCard()
    qtbot.addWidget(card)
    card.show_question(QuestionAsked(1, "Go on?", ("stop", "go on"), 0.0))
    assert card.text.toPlainText() == "Go on?"
    assert card.buttons[0].text() == "&1  stop"


@pytest.mark.usefixtures("chinese")
def test_the_notes_of_a_run_and_its_end_are_in_the_persons_language(qtbot: QtBot) -> None:
    story = Story(spoken)
    circles, scope = (
        say("You are going in circles: these moves bring back the same screens."),
        say("{what} in {window}", what=say("clicks"), window="Editor"),
    )
    for event in (
        StepStarted(1, 0.0),
        *(Paused(1, cause, 0.0) for cause in ("hand", "person", "veto")),
        Resumed(1, 0.0),
        ApprovalGiven(1, 0, "words.send", "run", str(scope), 0.0, scope),
        ApprovalGiven(1, 0, "words.send", "unanswered", "", 0.0),
        ModelWarned(1, str(circles), 0.0, circles),
        TargetFound(1, 0, "text", ScreenPoint(1, 1), 0.9, 0.1, 0.0),
        ModelErred(1, "said by nobody", 0.0),
    ):
        story.apply(event)
    notes = [text for _, text in story.steps[0].pieces]
    assert "您已在本次运行中允许：在 Editor 中点击。" in notes
    assert [note for note in notes if ENGLISH.search(note)] == ["said by nobody"]
    card = ResultCard()
    qtbot.addWidget(card)
    limit = say("the limit of {count} steps is reached", count=5)
    limit = say("{limit}; --max-steps or the setting “Step limit” raises it", limit=limit)
    card.show_result(RunFinished("limit", str(limit), "", 5, 1.0, 0, 0.0, limit))
    assert card.text.toPlainText().startswith(
        "已达到 5 步的上限；可用 --max-steps 或设置“步数上限”提高"
    )


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
