"""The sign in the tray, with a window and a scripted session."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QSystemTrayIcon
from pytestqt.qtbot import QtBot

from agent_app.events import Event, StepStarted
from agent_app.ui.application import connect_tray
from agent_app.ui.theme import LIGHT
from agent_app.ui.tray import Tray
from agent_app.ui.window import MainWindow
from tests.fakes.session import ScriptedSession


def asks_then_waits(session: ScriptedSession) -> Iterator[Event]:
    yield session.started()
    yield StepStarted(1, 0.0)
    yield from session.ask(1, "Which one?")
    session.stopped.wait(20)
    yield session.finished("stopped")


def picture(tray: Tray) -> QImage:
    return tray.icon.icon().pixmap(32, 32).toImage()


def test_the_tray_shows_the_state_pauses_and_stops(qtbot: QtBot) -> None:
    made: list[ScriptedSession] = []

    def make(task: str) -> ScriptedSession:
        made.append(ScriptedSession(asks_then_waits, task=task))
        return made[0]

    window = MainWindow(make, LIGHT)
    tray = connect_tray(Tray(window), window)
    window.show()
    assert (tray.state, tray.pause_action.isEnabled()) == ("resting", False)
    resting = picture(tray)
    window.start("a task")
    assert (tray.state, tray.stop_action.isEnabled()) == ("running", True)
    assert picture(tray) != resting
    qtbot.waitUntil(lambda: tray.state == "asking", timeout=20_000)
    assert "question" in tray.icon.toolTip()
    tray.pause_action.trigger()
    assert made[0].paused.is_set()
    window.view.question.field.setText("that one")
    window.view.question.send.click()
    qtbot.waitUntil(lambda: tray.state == "running", timeout=20_000)
    with qtbot.waitSignal(window.finished, timeout=20_000):
        tray.stop_action.trigger()
    assert (tray.state, picture(tray) == resting) == ("resting", True)
    window.hide()
    tray.icon.activated.emit(QSystemTrayIcon.ActivationReason.Trigger)
    assert window.isVisible()
    with qtbot.waitSignal(window.closed):
        window.close()
    window.deleteLater()
