"""A thought and the screen it speaks of: links both ways, folding, copying, searching."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from agent_app.actions import Click
from agent_app.events import Event, StepStarted, TokenStreamed
from agent_app.geometry import FrameBox, FramePoint, RelativePoint, Size
from agent_app.model_runtime import ImagePart
from agent_app.runtimes.reader.sight import Element
from agent_app.ui.mentions import Mention, find_mentions, on_frame, written_place
from agent_app.ui.reading import FrameTexts
from agent_app.ui.theme import LIGHT
from agent_app.ui.window import MainWindow
from tests.fakes.session import ScriptedSession, drawn_frame

CLICK = Click(RelativePoint(0.2, 0.2))
FRAMES = [drawn_frame(text) for text in ("one", "two", "end")]
THOUGHT = "The “Help” menu is no use. There is “Edit” at (320, 200), so I take “Save”."


# What a text mentions


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("Press “Save As…”.", ["Save As…"]),
        ("the \"OK\" button, not 'Cancel'", ["OK", "Cancel"]),
        ("It's there, isn't it? Users' files", []),
        ('he said "a" and "b"', ["a", "b"]),
        ("「保存」 and «Datei» and `run`", ["保存", "Datei", "run"]),
        ('点击“保存”按钮，再选“另存为”和"OK"。', ["保存", "另存为", "OK"]),
        ("“two\nlines” and “" + "x" * 80 + "”", []),
    ],
)
def test_what_is_quoted_is_a_label_and_an_apostrophe_is_none(text: str, labels: list) -> None:
    assert [mention.label for mention in find_mentions(text)] == labels


@pytest.mark.parametrize(
    ("text", "at", "relative"),
    [
        ("click (264, 140)", (264.0, 140.0), False),
        ("pyautogui.click(x=0.42, y=0.31)", (0.42, 0.31), True),
        ("at x=12, y=34 there", (12.0, 34.0), False),
        ("(1, 1)", (1.0, 1.0), False),
        ("(0.5, 1)", (0.5, 1.0), True),
    ],
)
def test_two_numbers_are_a_place(text: str, at: tuple, relative: bool) -> None:
    (mention,) = find_mentions(text)
    assert (mention.at, mention.relative) == (at, relative)


def test_a_place_is_that_of_the_frame_whatever_size_the_model_saw() -> None:
    frame, seen = Size(1920, 1080), Size(960, 540)
    pixels, share = Mention(0, 1, at=(100, 50)), Mention(0, 1, at=(0.5, 0.5), relative=True)
    assert on_frame(pixels, frame, seen) == FramePoint(200, 100)
    assert on_frame(share, frame, seen) == FramePoint(960, 540)
    assert on_frame(Mention(0, 1, at=(2000, 50)), frame, frame) is None


def test_the_place_of_a_label_stands_behind_it_in_the_same_sentence() -> None:
    text = "“Save” (button), top left, at (12, 34). Not “Open”. It is at (5, 6)."
    save, place, opened, _ = mentions = find_mentions(text)
    assert written_place(text, mentions, save) is place
    assert written_place(text, mentions, opened) is None


@given(
    st.lists(st.sampled_from(["“Save” ", "(12, 3", "4)", ' "a"', "x=0.", "25, y=1", " ", "it's"]))
)
def test_what_grows_mentions_the_same_as_what_is_whole(parts: list) -> None:
    text, known = "", []
    for part in parts:
        known = find_mentions(text + part, known, reached=len(text))
        text += part
    assert find_mentions(text, known, reached=len(text)) == find_mentions(text)


# In the window


def texts_of(_part: ImagePart) -> list[Element]:
    return [Element("Help", FrameBox(500, 100, 40, 20), "ocr")]


class Opened:
    """A window that shows a run of two steps; what is read on its frames is made up."""

    def __init__(self, qtbot: QtBot, script: Callable[[ScriptedSession], Iterator[Event]]) -> None:
        self.qtbot = qtbot
        self.window = MainWindow(lambda task: ScriptedSession(script, task=task), LIGHT)
        self.view = self.window.view
        self.view.links.texts._make = lambda: texts_of
        self.window.show()
        with qtbot.waitSignal(self.window.finished, timeout=20_000):
            self.window.start("x")
        self.view.steps.setCurrentIndex(self.view.model.index(0))

    def click_on(self, words: str) -> None:
        thought = self.view.thought
        cursor = thought.document().find(words)
        cursor.setPosition(cursor.selectionStart() + 2)
        at = thought.cursorRect(cursor).center()
        self.qtbot.mouseClick(thought.viewport(), Qt.MouseButton.LeftButton, pos=at)

    def spoken(self) -> list[tuple[str, tuple[float, float]]]:
        marks = self.view.pane.screenshot.marks
        return [
            (m.label, m.points[0].toTuple()) for m in marks if m.standing == "spoken" and m.points
        ]


def two_steps(session: ScriptedSession) -> Iterator[Event]:
    yield session.started()
    yield from session.play_step(
        1, FRAMES[0], CLICK, "Click “Save”", points=[(64, 40)], thought=THOUGHT
    )
    yield from session.play_step(2, FRAMES[1], CLICK, "Click it", thought="So it is saved.")
    yield session.captured(3, FRAMES[2])
    yield session.finished("success", steps=2)


@pytest.fixture
def opened(qtbot: QtBot) -> Iterator[Opened]:
    it = Opened(qtbot, two_steps)
    yield it
    it.window.close()
    it.window.deleteLater()


def test_a_label_shows_its_place_as_written_as_acted_on_or_as_read(opened: Opened) -> None:
    opened.click_on("Edit")
    assert opened.spoken() == [("Edit", (320.0, 200.0))]
    opened.click_on("Save")
    assert opened.spoken() == [("Save", (64.5, 40.5))]
    opened.click_on("Help")
    opened.qtbot.waitUntil(lambda: opened.spoken() == [("Help", (520.0, 110.0))])
    opened.click_on("(320")
    assert opened.spoken() == [("", (320.0, 200.0))]


def test_a_label_that_is_not_on_the_screen_is_said_to_be_missing(opened: Opened) -> None:
    opened.view.links.texts._make = lambda: lambda _part: ()
    opened.click_on("Help")
    marks = opened.view.pane.screenshot
    opened.qtbot.waitUntil(lambda: any("not read" in mark.label for mark in marks.marks))


def test_a_place_of_the_screen_shows_what_the_thought_says_of_it(opened: Opened) -> None:
    shown, screenshot = opened.view.thought, opened.view.pane.screenshot
    box = screenshot.picture_rect()
    at = box.topLeft() + QPointF(322, 203) * (box.width() / FRAMES[0].size.width)
    opened.qtbot.mouseClick(screenshot, Qt.MouseButton.LeftButton, pos=at.toPoint())
    assert _marked(shown) in ("“Edit”", "(320, 200)")
    read = box.topLeft() + QPointF(510, 105) * (box.width() / FRAMES[0].size.width)
    opened.qtbot.mouseClick(screenshot, Qt.MouseButton.LeftButton, pos=read.toPoint())
    opened.qtbot.waitUntil(lambda: _marked(shown) == "“Help”")
    nothing = (box.bottomRight() - QPointF(9, 9)).toPoint()  # of the picture; around it lies none
    opened.qtbot.mouseClick(screenshot, Qt.MouseButton.LeftButton, pos=nothing)
    assert _marked(shown) == ""
    assert opened.spoken() == []


def _marked(thought) -> str:
    return "".join(mark.cursor.selectedText() for mark in thought.extraSelections())


def test_mentions_are_gone_through_by_keyboard(opened: Opened) -> None:
    opened.view.thought.setFocus()
    seen = []
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Up):
        opened.qtbot.keyClick(opened.view.thought, key, Qt.KeyboardModifier.ControlModifier)
        seen.append(_marked(opened.view.thought))
    assert seen == ["“Help”", "“Edit”", "“Help”"]
    opened.qtbot.keyClick(opened.view.thought, Qt.Key.Key_Return)
    opened.qtbot.waitUntil(lambda: opened.spoken() == [("Help", (520.0, 110.0))])


def test_a_thought_is_folded_for_its_step_alone_and_what_is_found_unfolds_it(
    opened: Opened,
) -> None:
    panel, view = opened.view.thought_panel, opened.view
    opened.qtbot.keyClick(view.steps, Qt.Key.Key_F7)
    assert view.thought.toPlainText().endswith("…\nClick “Save”")
    view.steps.setCurrentIndex(view.model.index(1))
    assert view.thought.toPlainText() == "So it is saved.\nClick it"
    assert not panel.fold.isChecked()
    opened.qtbot.keyClick(view.steps, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    opened.qtbot.keyClicks(panel.search.field, "no use")
    assert view.steps.currentIndex().row() == 0
    assert view.thought.toPlainText().startswith(THOUGHT)
    assert _marked(view.thought) == "no use"
    panel.search.field.setText("sav")
    opened.qtbot.keyClick(panel.search.field, Qt.Key.Key_Return)
    opened.qtbot.keyClick(panel.search.field, Qt.Key.Key_Return)
    assert (view.steps.currentIndex().row(), panel.search.count.text()) == (1, "3 of 3")


def test_a_step_is_copied_as_text(opened: Opened) -> None:
    opened.view.thought.setFocus()
    opened.qtbot.keyClick(opened.view.thought, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    copied = QGuiApplication.clipboard().text()
    assert copied == f"Step 1: Click “Save”\n\nclick\n\n{THOUGHT}\n\nClick “Save”"


def test_the_place_that_a_growing_thought_names_last_is_lit_up(qtbot: QtBot) -> None:
    def script(session: ScriptedSession) -> Iterator[Event]:
        yield session.started()
        yield StepStarted(1, time.monotonic())
        yield session.captured(1, FRAMES[0])
        yield TokenStreamed(1, "thought", "First (10, 20), or ")
        yield TokenStreamed(1, "thought", "rather (0.5, 0.25).")
        session.stopped.wait(20)
        yield session.finished("stopped")

    window = MainWindow(lambda task: ScriptedSession(script, task=task), LIGHT)
    window.show()
    window.start("x")
    marks = window.view.pane.screenshot
    qtbot.waitUntil(lambda: [m.points[0].toTuple() for m in marks.marks] == [(320.0, 100.0)])
    with qtbot.waitSignal(window.closed):
        window.close()
    window.deleteLater()


def test_a_frame_is_read_once(qtbot: QtBot) -> None:
    reads = []
    texts = FrameTexts(make=lambda: lambda part: reads.append(part.sha1) or texts_of(part))
    frame = FRAMES[0]
    for _ in range(2):
        with qtbot.waitSignal(texts.read):
            texts.ask(frame.sha1, frame.pixels, frame.transform)
    assert reads == [frame.sha1]
    texts.close()
