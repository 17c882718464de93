"""The whole window with a scripted session, offscreen."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QPlainTextEdit,
    QScrollBar,
    QTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from agent_app.actions import Click, Drag
from agent_app.course import ONE_STEP
from agent_app.errors import KnownError
from agent_app.events import (
    ActionDecided,
    ActionJudged,
    Event,
    HintGiven,
    Paused,
    Resumed,
    StepFinished,
    StepStarted,
    TokenStreamed,
    VetoOffered,
)
from agent_app.geometry import RelativePoint, ScreenPoint
from agent_app.model_runtime import Progress
from agent_app.ui.screenshot import ScreenshotView
from agent_app.ui.theme import DARK, LIGHT
from agent_app.ui.window import MainWindow
from agent_app.ui.worker import Batch, RunWorker
from tests.fakes.session import TIMING, ScriptedSession, drawn_frame

Script = Callable[[ScriptedSession], Iterator[Event]]
CLICK = Click(RelativePoint(0.2, 0.2))
DRAG = Drag(RelativePoint(0.5, 0.5))
FRAMES = [drawn_frame(text) for text in ("one", "two", "end")]


def two_steps(session: ScriptedSession) -> Iterator[Event]:
    yield session.started()
    yield from session.play_step(
        1, FRAMES[0], CLICK, "Click Save", points=[(64, 40)], thought="I see Save."
    )
    yield from session.play_step(
        2, FRAMES[1], DRAG, "Drag it", points=[(10, 10), (99, 99)], thought="It moved."
    )
    yield session.captured(3, FRAMES[2])
    yield session.finished("success", steps=2, answer="It is saved")


def until_stopped(session: ScriptedSession) -> Iterator[Event]:
    yield session.started()
    yield StepStarted(1, time.monotonic())
    yield session.captured(1, FRAMES[0])
    yield TokenStreamed(1, "thought", "Let me see")
    session.stopped.wait(20)
    yield session.finished("stopped")


class Opened:
    """A window and the sessions it made."""

    def __init__(self, qtbot: QtBot, script: Script) -> None:
        self.sessions: list[ScriptedSession] = []
        self.qtbot = qtbot
        self.script = script
        self.window = MainWindow(self.make, LIGHT)
        self.window.show()

    def make(self, task: str) -> ScriptedSession:
        self.sessions.append(ScriptedSession(self.script, task=task))
        return self.sessions[-1]

    def run(self, task: str = "a task") -> MainWindow:
        with self.qtbot.waitSignal(self.window.finished, timeout=20_000):
            self.window.start(task)
        return self.window


@pytest.fixture
def opened(qtbot: QtBot) -> Iterator[Callable[[Script], Opened]]:
    windows: list[MainWindow] = []

    def make(script: Script) -> Opened:
        it = Opened(qtbot, script)
        windows.append(it.window)
        return it

    yield make
    for window in windows:
        if window.isVisible() or window.running:
            with qtbot.waitSignal(window.closed, timeout=20_000):
                window.close()
        window.deleteLater()
    assert [thread.name for thread in threading.enumerate() if "run" in thread.name] == []


def test_a_run_is_shown_to_its_end(opened: Callable[[Script], Opened]) -> None:
    window = opened(two_steps).run("do this\nthen that")
    assert window.task.box.toPlainText() == "do this\nthen that"
    assert window.view.model.rowCount() == 2
    assert window.view.outcome.title.text() == "Done"
    assert window.view.outcome.text.toPlainText().startswith("It is saved")
    assert window.view.pane.title.text() == "The screen at the end"
    assert window.view.pane.screenshot.marks == ()
    assert window.view.thought.toPlainText() == "It moved.\nDrag it"
    assert window.view.status.model.text() == "scripted  ·  plays a script"
    assert window.view.status.step.text() == "step 2 of at most 50"
    assert window.task.start_button.isEnabled()
    assert not window.task.stop_button.isEnabled()


def test_the_target_is_shown_when_it_is_decided(opened: Callable[[Script], Opened]) -> None:
    it = opened(two_steps)
    seen: list[tuple[str, list[tuple[str, bool]], str]] = []

    def on_shown(events: tuple[Event, ...]) -> None:
        if isinstance(events[-1], ActionDecided):
            marks = [(mark.shape, mark.done) for mark in it.window.view.pane.screenshot.marks]
            seen.append(
                (it.window.view.pane.title.text(), marks, it.window.view.thought.toPlainText())
            )

    it.window.shown.connect(on_shown)
    it.run()
    assert seen == [
        ("Step 1  ·  Click Save", [("ring", False)], "I see Save.\nClick Save"),
        ("Step 2  ·  Drag it", [("arrow", False)], "It moved.\nDrag it"),
    ]


def test_a_chosen_step_shows_its_screen_thought_marks_and_times_again(
    opened: Callable[[Script], Opened],
) -> None:
    window = opened(two_steps).run()
    end = window.view.pane.screenshot.picture
    assert not window.view.steps.currentIndex().isValid()
    for row in (1, 0):
        window.view.steps.setCurrentIndex(window.view.model.index(row))
        assert window.view.pane.title.text().startswith(f"Step {row + 1}")
    assert window.view.pane.title.text() == "Step 1  ·  Click Save"
    assert [(m.label, m.done) for m in window.view.pane.screenshot.marks] == [("Click Save", True)]
    assert window.view.thought.toPlainText() == "I see Save.\nClick Save"
    assert "decode 1.90 s" in window.view.pane.timing.accessibleDescription()
    assert window.view.pane.screenshot.picture is not None
    assert window.view.pane.screenshot.picture is not end
    assert window.view.pane.live.isVisible()
    window.view.pane.live.click()
    assert window.view.pane.title.text() == "The screen at the end"
    assert not window.view.pane.live.isVisible()


def test_a_frame_that_is_no_longer_kept_is_said_so(opened: Callable[[Script], Opened]) -> None:
    it = opened(two_steps)
    window = it.run()
    it.sessions[0].forget_frames()
    window.view._pictures._kept.clear()
    window.view.steps.setCurrentIndex(window.view.model.index(0))
    assert window.view.pane.screenshot.picture is None
    assert window.view.pane.screenshot.accessibleDescription() != ""


def test_looking_back_is_not_disturbed_by_new_steps(
    opened: Callable[[Script], Opened], qtbot: QtBot
) -> None:
    go_on = threading.Event()

    def script(session: ScriptedSession) -> Iterator[Event]:
        yield session.started()
        yield from session.play_step(1, FRAMES[0], CLICK, "First", thought="One.")
        yield from session.play_step(2, FRAMES[1], CLICK, "Second", thought="Two.")
        go_on.wait(20)
        yield from session.play_step(3, FRAMES[2], CLICK, "Third", thought="Three.")
        session.stopped.wait(20)
        yield session.finished("stopped")

    it = opened(script)
    window = it.window
    window.start("x")
    qtbot.waitUntil(lambda: window.view.model.rowCount() == 2)
    window.view.steps.setCurrentIndex(window.view.model.index(0))
    go_on.set()
    qtbot.waitUntil(lambda: window.view.model.rowCount() == 3)
    assert window.view.thought.toPlainText() == "One.\nFirst"
    window.view.pane.live.click()
    qtbot.waitUntil(lambda: window.view.thought.toPlainText() == "Three.\nThird")
    assert window.view.steps.currentIndex().row() == 2


def test_stop_ends_the_run_and_another_can_start(
    opened: Callable[[Script], Opened], qtbot: QtBot
) -> None:
    it = opened(until_stopped)
    window = it.window
    for count in (1, 2):
        window.start("x")
        qtbot.waitUntil(lambda: "Let me see" in window.view.thought.toPlainText())
        with qtbot.waitSignal(window.finished):
            qtbot.mouseClick(window.task.stop_button, Qt.MouseButton.LeftButton)
        assert window.view.outcome.title.text() == "Stopped"
        assert len(it.sessions) == count


def test_stop_while_the_session_is_being_made_stops_it(qtbot: QtBot) -> None:
    go_on = threading.Event()
    session = ScriptedSession(until_stopped)

    def make(_task: str) -> ScriptedSession:
        go_on.wait(20)
        return session

    window = MainWindow(make, LIGHT)
    qtbot.addWidget(window)
    window.start("x")
    assert window.view.status.model.text() == "Getting the model ready…"
    window.current.stop()
    with qtbot.waitSignal(window.finished):
        go_on.set()
    assert session.stopped.is_set()


def loads_until(
    go_on: threading.Event,
) -> Callable[[ScriptedSession, Progress], None]:
    """A model that has told of a third of its bytes, and waits; a stop ends it."""

    def prepare(session: ScriptedSession, progress: Progress) -> None:
        progress("loading Kimi-VL", 12_300_000_000, 32_800_000_000)
        while not go_on.wait(0.01) and not session.stopped.is_set():
            progress("loading Kimi-VL", 12_300_000_000, 32_800_000_000)

    return prepare


def test_the_loading_of_a_model_is_shown_until_it_is_ready(qtbot: QtBot) -> None:
    go_on = threading.Event()
    session = ScriptedSession(two_steps, prepare=loads_until(go_on))
    window = MainWindow(lambda _task: session, LIGHT)
    qtbot.addWidget(window)
    window.show()
    window.start("x")
    card = window.view.loading
    qtbot.waitUntil(card.isVisible)
    assert card.title.text() == "Loading Kimi-VL"
    assert card.text.toPlainText() == "12.3 of 32.8 GB"
    assert card.bar.value() == 375
    assert window.view.status.model.text() == "Getting the model ready…"
    assert window.task.stop_button.isEnabled()
    with qtbot.waitSignal(window.finished):
        go_on.set()
    assert not card.isVisible()
    assert window.view.outcome.title.text() == "Done"
    assert "as a test wants it" in window.view.status.model.toolTip()


def test_stop_and_closing_end_the_loading(qtbot: QtBot) -> None:
    session = ScriptedSession(until_stopped, prepare=loads_until(threading.Event()))
    window = MainWindow(lambda _task: session, LIGHT)
    qtbot.addWidget(window)
    window.show()
    window.start("x")
    qtbot.waitUntil(window.view.loading.isVisible)
    with qtbot.waitSignal(window.finished):
        qtbot.mouseClick(window.task.stop_button, Qt.MouseButton.LeftButton)
    assert not window.view.loading.isVisible()
    session.stopped.clear()
    window.start("x")
    qtbot.waitUntil(window.view.loading.isVisible)
    with qtbot.waitSignal(window.closed):
        window.close()


def test_a_model_that_cannot_be_loaded_is_shown_like_any_known_fault(qtbot: QtBot) -> None:
    def prepare(_session: ScriptedSession, progress: Progress) -> None:
        progress("loading Kimi-VL", 1, 2)
        raise KnownError("the model does not fit", remedy="add --precision int8")

    window = MainWindow(lambda _task: ScriptedSession(two_steps, prepare=prepare), LIGHT)
    qtbot.addWidget(window)
    window.show()
    with qtbot.waitSignal(window.finished):
        window.start("x")
    assert window.view.error.title.text() == "The model does not fit"
    assert window.view.error.text.toPlainText() == "Add --precision int8"
    assert not window.view.loading.isVisible()
    assert isinstance(window.result, KnownError)


def test_a_question_is_answered_in_the_window(
    opened: Callable[[Script], Opened], qtbot: QtBot
) -> None:
    def script(session: ScriptedSession) -> Iterator[Event]:
        yield session.started()
        yield StepStarted(1, time.monotonic())
        yield from session.ask(1, "Which of the two?", ("The left", "The right"))
        yield session.finished("success")

    it = opened(script)
    window = it.window
    window.start("x")
    qtbot.waitUntil(window.view.question.isVisible)
    assert window.view.question.text.toPlainText() == "Which of the two?"
    with qtbot.waitSignal(window.finished):
        qtbot.mouseClick(window.view.question.buttons[1], Qt.MouseButton.LeftButton)
    assert it.sessions[0].answers == ["The right"]
    assert not window.view.question.isVisible()


def test_the_time_left_for_an_answer_is_said(
    opened: Callable[[Script], Opened], qtbot: QtBot
) -> None:
    def script(session: ScriptedSession) -> Iterator[Event]:
        yield session.started()
        yield StepStarted(1, time.monotonic())
        yield from session.ask(1, "Which one?", ("left", "right"), seconds=125.0)
        yield session.finished("success")

    window = opened(script).window
    window.activateWindow()
    window.start("x")
    title = window.view.question.title
    qtbot.waitUntil(lambda: title.text().startswith("The agent asks  ·  2:0"))
    assert window.view.question.buttons[0].hasFocus()
    first = title.text()
    qtbot.waitUntil(lambda: title.text() != first)  # it counts down
    window.view.question.buttons[0].click()
    qtbot.waitUntil(lambda: not window.running)


def about_to_act(session: ScriptedSession) -> Iterator[Event]:
    """Decides a step of two actions, and offers the veto of them until it comes."""
    first, second = (ScreenPoint(64, 40),), (ScreenPoint(200, 90),)
    yield session.started()
    yield StepStarted(1, time.monotonic())
    yield session.captured(1, FRAMES[0])
    yield ActionDecided(1, 0, CLICK, "Click Save", first, time.monotonic())
    yield VetoOffered(1, (CLICK, DRAG), (first, second), 19.0, time.monotonic())
    while not (session.vetoed.wait(0.01) or session.stopped.is_set()):
        pass
    yield StepFinished(1, TIMING, time.monotonic())
    yield Paused(1, "veto", time.monotonic())
    yield from session.ask(1, "What instead?", ("go on", ONE_STEP, "stop"))
    yield session.finished("stopped")


@pytest.mark.parametrize("by", ["button", "key"])
def test_what_is_about_to_be_done_is_a_ghost_until_it_is_vetoed(
    opened: Callable[[Script], Opened], qtbot: QtBot, by: str
) -> None:
    it = opened(about_to_act)
    window, steer = it.window, it.window.view.steer
    window.activateWindow()
    assert not steer.veto.isEnabled()
    window.start("x")
    qtbot.waitUntil(steer.veto.isEnabled)
    marks = window.view.pane.screenshot.marks
    assert [(mark.standing, mark.points[0].toTuple()) for mark in marks] == [
        ("ghost", (64.5, 40.5)),
        ("ghost", (200.5, 90.5)),
    ]
    assert steer.veto.text().startswith("Veto  1")
    if by == "button":
        qtbot.mouseClick(steer.veto, Qt.MouseButton.LeftButton)
    else:
        qtbot.keyClick(window.view.steps, Qt.Key.Key_Escape)
    qtbot.waitUntil(window.view.question.isVisible)
    assert it.sessions[0].vetoed.is_set()
    assert not steer.veto.isEnabled()
    assert [mark.standing for mark in window.view.pane.screenshot.marks] == ["vetoed"]
    qtbot.keyClick(window.view.steps, Qt.Key.Key_F10)
    qtbot.waitUntil(lambda: not window.running)
    assert it.sessions[0].answers == [ONE_STEP]


def test_the_time_for_a_veto_is_that_of_the_window(
    opened: Callable[[Script], Opened], qtbot: QtBot
) -> None:
    it = opened(until_stopped)
    it.window.view.steer.time.setValue(1.5)
    it.window.start("x")
    qtbot.waitUntil(lambda: bool(it.sessions))
    qtbot.waitUntil(lambda: it.sessions[0].veto_seconds == 1.5)
    it.window.view.steer.time.setValue(0.0)
    assert it.sessions[0].veto_seconds == 0.0


def test_a_hint_holds_the_run_from_its_first_character_and_is_sent_or_withdrawn(
    opened: Callable[[Script], Opened], qtbot: QtBot
) -> None:
    it = opened(until_stopped)
    window, field = it.window, it.window.view.steer.field
    assert not field.isEnabled()
    window.start("x")
    qtbot.waitUntil(lambda: "Let me see" in window.view.thought.toPlainText())
    session = it.sessions[0]
    qtbot.keyClicks(field, "no")
    assert session.listening.is_set()
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert (session.hints, field.text()) == ([""], "")
    qtbot.keyClicks(field, "the second")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert (session.hints, field.text()) == (["", "the second"], "")


def test_a_hint_that_is_being_typed_when_a_question_comes_is_its_answer(
    opened: Callable[[Script], Opened], qtbot: QtBot
) -> None:
    typed = threading.Event()

    def script(session: ScriptedSession) -> Iterator[Event]:
        yield session.started()
        yield StepStarted(1, time.monotonic())
        yield session.captured(1, FRAMES[0])
        typed.wait(20)
        yield from session.ask(1, "Go on?", ("go on", "stop"))
        yield session.finished("success")

    it = opened(script)
    window, field = it.window, it.window.view.steer.field
    window.activateWindow()
    window.start("x")
    qtbot.waitUntil(lambda: window.view.pane.screenshot.picture is not None)
    field.setFocus()
    qtbot.keyClicks(field, "the se")
    typed.set()
    qtbot.waitUntil(window.view.question.isVisible)
    assert field.hasFocus()
    qtbot.keyClicks(field, "cond")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not window.running)
    assert it.sessions[0].answers == ["the second"]
    assert it.sessions[0].hints == []


def test_a_run_can_begin_step_by_step(opened: Callable[[Script], Opened], qtbot: QtBot) -> None:
    it = opened(until_stopped)
    it.window.task.box.setPlainText("a task")
    it.window.view.steer.step.click()
    qtbot.waitUntil(lambda: bool(it.sessions))
    qtbot.waitUntil(it.sessions[0].paused.is_set)


def test_a_step_is_seen_before_and_after_and_both_compared(
    opened: Callable[[Script], Opened], qtbot: QtBot
) -> None:
    window = opened(two_steps).run()
    view, screenshot = window.view, window.view.pane.screenshot
    view.steps.setCurrentIndex(view.model.index(0))
    before = screenshot.picture
    qtbot.keyClick(view.steps, "3")
    after = screenshot.picture
    assert after is not before
    assert screenshot.marks == ()
    qtbot.keyClick(view.steps, "4")
    assert (screenshot.picture, screenshot._other) == (before, after)
    assert view.pane.stage.line.isVisible()
    qtbot.keyClick(view.steps, "2")
    assert (screenshot.picture, len(screenshot.marks)) == (before, 1)


def test_the_thought_that_a_hint_broke_off_goes_on_in_the_next_step(
    opened: Callable[[Script], Opened],
) -> None:
    def script(session: ScriptedSession) -> Iterator[Event]:
        yield session.started()
        yield StepStarted(1, time.monotonic())
        yield session.captured(1, FRAMES[0])
        yield TokenStreamed(1, "thought", "The first one")
        yield StepFinished(1, TIMING, time.monotonic())
        yield Paused(1, "hint", time.monotonic())
        yield HintGiven(1, "the second", time.monotonic())
        yield Resumed(1, time.monotonic())
        yield StepStarted(2, time.monotonic())
        yield session.captured(2, FRAMES[1])
        yield TokenStreamed(2, "thought", "So that one.")
        session.stopped.wait(0)
        yield StepFinished(2, TIMING, time.monotonic())
        yield session.finished("success")

    window = opened(script).run()
    said = window.view.thought.toPlainText()
    assert said == "The first one\nYour hint: the second\nSo that one."
    assert window.view.story.steps[0].state == "broken off"


def test_no_stray_key_gives_leave_and_no_answer_is_none(
    opened: Callable[[Script], Opened], qtbot: QtBot
) -> None:
    def script(session: ScriptedSession) -> Iterator[Event]:
        yield session.started()
        yield StepStarted(1, time.monotonic())
        seen = session.captured(1, FRAMES[0])
        yield seen
        yield ActionJudged(1, 0, "ask", "pay", "it pays", "", (), seen.frame, time.monotonic())
        yield from session.ask(1, "May the agent?", ("allow once", "refuse"), seconds=60)
        yield session.finished("success")

    it = opened(script)
    window = it.window
    window.start("x")
    qtbot.waitUntil(window.view.question.isVisible)
    with qtbot.waitSignal(window.finished):
        qtbot.keyClick(window.view.question.window().focusWidget(), Qt.Key.Key_Space)
    assert it.sessions[0].answers == [None]


def test_the_mode_of_the_window_is_that_of_its_next_run(
    opened: Callable[[Script], Opened], qtbot: QtBot
) -> None:
    it = opened(until_stopped)
    window = it.window
    window.task.set_confirm("none")
    qtbot.keyClick(window.task.mode, Qt.Key.Key_Up)
    assert window.task.confirm == "all"
    window.start("x")
    qtbot.waitUntil(lambda: bool(it.sessions) and window.view.story.step is not None)
    assert it.sessions[0].confirm == "all"
    assert not window.task.mode.isEnabled()
    with qtbot.waitSignal(window.finished):
        window.current.stop()
    assert window.task.mode.isEnabled()


def test_a_fault_of_the_world_is_shown_with_its_remedy(
    opened: Callable[[Script], Opened],
) -> None:
    def script(session: ScriptedSession) -> Iterator[Event]:
        yield session.started()
        yield StepStarted(1, time.monotonic())
        raise KnownError("the display is gone", remedy="start it again")

    window = opened(script).run()
    assert window.view.error.isVisible()
    assert window.view.error.text.toPlainText() == "Start it again"
    assert isinstance(window.result, KnownError)
    assert window.view.story.steps[0].state == "ended"
    assert window.task.start_button.isEnabled()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_of_ours_is_shown_as_a_report(opened: Callable[[Script], Opened]) -> None:
    def script(session: ScriptedSession) -> Iterator[Event]:
        yield session.started()
        raise ZeroDivisionError("a bug")

    window = opened(script).run()
    assert window.view.error.isVisible()
    assert "ZeroDivisionError: a bug" in window.view.error.report
    assert window.result == window.view.error.report


def test_closing_while_running_waits_for_the_run(
    opened: Callable[[Script], Opened], qtbot: QtBot
) -> None:
    it = opened(until_stopped)
    it.window.start("x")
    qtbot.waitUntil(lambda: bool(it.sessions))
    with qtbot.waitSignal(it.window.closed):
        it.window.close()
    assert it.sessions[0].stopped.is_set()
    assert not it.window.running


def test_a_run_that_does_not_end_is_given_up(qtbot: QtBot) -> None:
    go_on = threading.Event()

    def script(session: ScriptedSession) -> Iterator[Event]:
        yield session.started()
        go_on.wait(20)

    window = MainWindow(lambda task: ScriptedSession(script, task=task), LIGHT)
    qtbot.addWidget(window)
    window.show()
    window.start("x")
    worker = window.current._worker
    assert worker is not None
    window.close()
    assert not window.isVisible()
    with qtbot.waitSignal(window.closed):
        window.give_up()
    go_on.set()
    assert worker.join(10)


def test_every_control_has_a_name_and_can_be_reached_by_keyboard(
    opened: Callable[[Script], Opened],
) -> None:
    """All of them, also on cards and pages that are not on show."""
    window = opened(two_steps).window
    kinds = (QAbstractButton, QLineEdit, QPlainTextEdit, QTextEdit, QListView, QComboBox)
    controls = [
        widget
        for widget in window.findChildren(QWidget)
        if isinstance(widget, (*kinds, QAbstractSpinBox, QAbstractSlider, ScreenshotView))
        and not widget.objectName().startswith("qt_")
        and not isinstance(widget, QScrollBar)
        and not isinstance(widget.parent(), QLineEdit)  # the cross that clears one
        and not isinstance(widget.window(), QFrame)  # the list that a box unfolds
    ]
    assert len(controls) > 40
    nameless = [
        widget
        for widget in controls
        if not (widget.accessibleName() or (isinstance(widget, QAbstractButton) and widget.text()))
    ]
    assert nameless == []
    for widget in controls:
        if not isinstance(widget, ScreenshotView):  # which does all by keys of the window
            assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus, widget


def test_tab_goes_through_every_control_of_the_run_that_is_on_show(
    opened: Callable[[Script], Opened], qtbot: QtBot
) -> None:
    window = opened(two_steps).run()
    window.activateWindow()
    window.task.box.setFocus()
    reached: list[QWidget] = []
    while (widget := window.focusWidget()) not in reached:
        reached.append(widget)
        qtbot.keyClick(widget, Qt.Key.Key_Tab)
    for widget in (
        window.task.start_button,
        window.view.steps,
        window.view.pane.stage.tabs["before"],
        window.view.steer.step,
        window.view.steer.time,
        window.view.pane.time.of_step,
        window.view.outcome.text,
        window.view.thought_panel.search.field,
        window.view.thought,
        window.view.thought_panel.copy,
    ):
        assert widget in reached, widget


def test_no_key_means_two_things_on_the_page_of_the_run(
    opened: Callable[[Script], Opened],
) -> None:
    window = opened(two_steps).run()
    keys = [
        shortcut.key().toString()
        for shortcut in window.findChildren(QShortcut)
        if not window.episodes.isAncestorOf(shortcut.parent())
    ]
    keys += [
        QKeySequence.mnemonic(each.text()).toString()
        for kind in (QAbstractButton, QLabel)
        for each in window.findChildren(kind)
        if "&" in each.text()
        and not window.episodes.isAncestorOf(each)
        and not window.view.keys.isAncestorOf(each)  # which covers the rest
    ]
    assert len(keys) > 25
    assert sorted(keys) == sorted(set(keys))


def test_nothing_overlaps_at_the_smallest_size(opened: Callable[[Script], Opened]) -> None:
    window = opened(two_steps).run()
    window.resize(window.minimumSize())
    window.grab()
    assert window.size().toTuple() == (960, 600)
    pane, view = window.view.pane, window.view
    assert not pane.time.isVisible()  # it gives way to the card
    assert_below_each_other(window, pane.title, pane.screenshot, view.steer, view.outcome)
    row = [view.steer.field, view.steer.step, view.steer.time, view.steer.veto]
    assert all(one.geometry().right() < other.x() for one, other in itertools.pairwise(row))
    window.resize(1280, 800)
    window.grab()
    assert_below_each_other(window, pane.screenshot, view.steer, pane.time, view.outcome)


def test_a_question_has_room_at_the_smallest_size(
    opened: Callable[[Script], Opened], qtbot: QtBot
) -> None:
    def script(session: ScriptedSession) -> Iterator[Event]:
        yield session.started()
        yield from session.play_step(1, FRAMES[0], CLICK, "Click Save")
        yield from session.ask(1, "Which one?", ("left", "right", "none of them"))
        yield session.finished("success")

    window = opened(script).window
    window.resize(window.minimumSize())
    window.start("x")
    question = window.view.question
    qtbot.waitUntil(question.isVisible)
    window.grab()
    window.grab()
    for button in question.buttons:
        assert_below_each_other(window, window.view.steer, button, question.field)
    places = [button.geometry() for button in question.buttons]
    pairs = itertools.combinations(places, 2)
    assert all((one & other).isEmpty() for one, other in pairs)
    question.skip.click()
    qtbot.waitUntil(lambda: not window.running)


def assert_below_each_other(window: MainWindow, *parts: QWidget) -> None:
    """Also above the line at the foot."""
    below = (*parts, window.view.status)
    tops = [part.mapTo(window, QPoint()).y() for part in below]
    bottoms = [top + part.height() for top, part in zip(tops, below, strict=True)]
    assert all(bottom <= top for bottom, top in zip(bottoms, tops[1:], strict=False))


def test_the_picture_of_the_window_is_written(
    opened: Callable[[Script], Opened], tmp_path: Path
) -> None:
    window = opened(two_steps).run()
    window.view.set_theme(DARK)
    window.save_picture(tmp_path / "window.png")
    assert QImage(str(tmp_path / "window.png")).size() == window.size()
    with pytest.raises(KnownError, match="cannot write"):
        window.save_picture(tmp_path / "missing" / "window.png")


# The worker


def test_no_event_is_lost_or_reordered_however_fast_they_come(qtbot: QtBot) -> None:
    def script(session: ScriptedSession) -> Iterator[Event]:
        yield session.started()
        for step in range(1, 21):
            yield StepStarted(step, 0.0)
            for n in range(500):
                yield TokenStreamed(step, "thought" if n < 400 else "summary", f"{n} ")
        yield session.finished("success")

    batches: list[Batch] = []
    worker = RunWorker(lambda _task: ScriptedSession(script), "x", threading.Lock)
    worker.delivered.connect(batches.append)
    with qtbot.waitSignal(worker.ended, timeout=30_000):
        worker.start()
    worker.deliver()
    assert worker.join(0)
    events = [event for batch in batches for event in batch.events]
    assert sum(batch.tokens for batch in batches) == 20 * 500
    for step in range(1, 21):
        text = [e.text for e in events if isinstance(e, TokenStreamed) and e.step == step]
        assert "".join(text) == "".join(f"{n} " for n in range(500))
    steps = [event.step for event in events if isinstance(event, StepStarted | TokenStreamed)]
    assert steps == sorted(steps)
    assert len(batches) < 2000


def test_a_restart_is_not_joined_to_what_it_replaces(qtbot: QtBot) -> None:
    def script(_session: ScriptedSession) -> Iterator[Event]:
        yield TokenStreamed(1, "thought", "old")
        yield TokenStreamed(1, "thought", "new", restart=True)
        yield TokenStreamed(1, "thought", "er")

    batches: list[Batch] = []
    worker = RunWorker(lambda _task: ScriptedSession(script), "x", threading.Lock)
    worker.delivered.connect(batches.append)
    with qtbot.waitSignal(worker.ended):
        worker.start()
    worker.deliver()
    events = [event for batch in batches for event in batch.events]
    last = events[-1]
    assert isinstance(last, TokenStreamed)
    joined = "".join(e.text for e in events if isinstance(e, TokenStreamed))
    assert joined == "oldnewer"
    assert any(isinstance(e, TokenStreamed) and e.restart for e in events)


def test_a_decided_action_is_on_show_before_the_run_goes_on(qtbot: QtBot) -> None:
    order: list[str] = []

    def script(session: ScriptedSession) -> Iterator[Event]:
        yield session.started()
        yield StepStarted(1, 0.0)
        yield ActionDecided(1, 0, Click(), "Click", (), 0.0)
        order.append("acted")
        yield session.finished("success")

    def on_delivered(batch: Batch) -> None:
        if any(isinstance(event, ActionDecided) for event in batch.events):
            order.append("shown")

    worker = RunWorker(lambda _task: ScriptedSession(script), "x", threading.Lock)
    worker.delivered.connect(on_delivered)
    with qtbot.waitSignal(worker.ended):
        worker.start()
    assert order == ["shown", "acted"]
