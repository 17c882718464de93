"""The run as a strip that goes out of the way."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from agent_app.actions import Click
from agent_app.events import ActionDecided, Event, StepStarted, TokenStreamed, VetoOffered
from agent_app.geometry import RelativePoint, ScreenPoint
from agent_app.ui.compact import CompactStrip
from agent_app.ui.theme import LIGHT
from agent_app.ui.window import MainWindow
from tests.fakes.session import ScriptedSession, drawn_frame

CLICK = Click(RelativePoint(0.2, 0.2))


@pytest.fixture
def strip(qtbot: QtBot) -> CompactStrip:
    strip = CompactStrip()
    qtbot.addWidget(strip)
    strip.place()
    strip.show()
    return strip


def test_it_moves_from_a_target_and_stays_where_it_is_in_nobodys_way(strip: CompactStrip) -> None:
    corner = strip.pos()
    strip.keep_away([ScreenPoint(5, 5)])
    assert strip.pos() == corner
    middle = strip.geometry().center()
    strip.keep_away([ScreenPoint(middle.x(), middle.y())])
    assert strip.pos() != corner
    assert not strip.geometry().contains(middle)


def test_it_finds_a_place_beside_several_targets_where_there_is_one(strip: CompactStrip) -> None:
    upper, *_, lower = (QPoint(place) for place in strip._places())
    half = QPoint(strip.width() // 2, strip.height() // 2)
    taken = [ScreenPoint(x, (upper + half).y()) for x in range(0, 2000, 50)]
    strip.keep_away(taken)
    assert strip.y() == lower.y()
    everywhere = [*taken, *(ScreenPoint(x, (lower + half).y()) for x in range(0, 2000, 50))]
    strip.keep_away(everywhere)
    assert strip.y() == lower.y()  # there is no better one


def test_the_window_becomes_a_strip_that_says_and_stops_and_a_question_brings_it_back(
    qtbot: QtBot,
) -> None:
    go_on = threading.Event()

    def script(session: ScriptedSession) -> Iterator[Event]:
        yield session.started()
        yield StepStarted(1, time.monotonic())
        yield session.captured(1, drawn_frame("one"))
        yield TokenStreamed(1, "thought", "Well.\nThere it is")
        where = ((ScreenPoint(64, 40),),)
        yield ActionDecided(1, 0, CLICK, "Click Save", where[0], time.monotonic())
        yield VetoOffered(1, (CLICK,), where, 19.0, time.monotonic())
        while not (session.vetoed.wait(0.01) or session.stopped.is_set()):
            pass
        go_on.wait(20)
        yield from session.ask(1, "What instead?", ("go on", "stop"))
        yield session.finished("success", answer="It is saved")

    sessions: list[ScriptedSession] = []

    def make(task: str) -> ScriptedSession:
        sessions.append(ScriptedSession(script, task=task))
        return sessions[0]

    window = MainWindow(make, LIGHT)
    window.show()
    window.start("x")
    qtbot.waitUntil(lambda: window.view.steer.veto.isEnabled())
    qtbot.keyClick(window.view.steps, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    strip = window.strip
    assert (window.isVisible(), strip.isVisible()) == (False, True)
    qtbot.waitUntil(lambda: strip.title.text() == "Step 1  ·  Click Save")
    assert strip.line.text() == "There it is"
    qtbot.mouseClick(strip.veto, Qt.MouseButton.LeftButton)
    assert sessions[0].vetoed.is_set()
    go_on.set()
    qtbot.waitUntil(window.isVisible)
    assert not strip.isVisible()
    window.view.question.buttons[0].click()
    qtbot.waitUntil(lambda: not window.running)
    window.view.compact_requested.emit()
    assert (strip.title.text(), strip.line.text()) == ("Done", "It is saved")
    assert not strip.stop.isEnabled()
    strip.close()
    assert window.isVisible()
    with qtbot.waitSignal(window.closed):
        window.close()
    window.deleteLater()


def test_every_button_of_the_strip_has_a_name_and_is_reached_by_tab(strip: CompactStrip) -> None:
    buttons = strip.findChildren(QPushButton)
    assert len(buttons) == 4
    for button in buttons:
        assert button.accessibleName()
        assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
