"""One window on a real X server, steered by keys and mouse alone: `python -m ….steered_window`.

The loop, the control, the settings and the window are the real ones; the screen, the input and the
model are made up. Each deed waits until the window shows what it is an answer to. Takes an empty
folder, for the settings. Prints what was seen.
"""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

from PySide6.QtCore import QPoint, QTimer
from PySide6.QtWidgets import QLineEdit, QWidget

from agent_app.cli import parser
from agent_app.cli.running import chosen_options
from agent_app.control import Control
from agent_app.events import (
    ActionDone,
    Budgets,
    Event,
    HintGiven,
    Paused,
    QuestionAnswered,
    VetoOffered,
)
from agent_app.geometry import Region
from agent_app.loop import LoopSettings, run
from agent_app.office import Office
from agent_app.prompting import load_prompt
from agent_app.screen.ring import FrameRing
from agent_app.screen.settle import SettleLimits
from agent_app.settings import SettingsFile, setting_of
from agent_app.ui import Home, run_window
from agent_app.ui.window import MainWindow
from tests.fakes.input import RecordingInput
from tests.fakes.runtime import ScriptedRuntime, reply
from tests.fakes.screen import FakeScreen, picture

LONG = "This one or that one? " * 400
CLICK = reply("pyautogui.click(x=0.5, y=0.25)", action="Click “Save”")
ASK = reply("computer.ask(question='Which one?', choices=['left', 'right'])")
DONE = reply("computer.terminate(status='success', answer='saved')")
QUICK = SettleLimits(minimum=0.0, reaction=0.03, quiet=0.02, maximum=0.3)
RUNS = (
    [reply("", thought=LONG), CLICK, CLICK, ASK, reply("", thought=LONG), reply("", thought=LONG)],
    [RuntimeError("the model is gone")],
    [DONE],
    [CLICK, DONE],
)


class LoopSession:
    """The real loop, with its real control, over a desktop that is made up."""

    def __init__(self, task: str, replies: list, budgets: Budgets) -> None:
        self.task = task
        self.budgets = budgets
        self.region = Region(0, 0, 320, 200)
        self.unobstructed = nullcontext
        self.why, self.episode, self.confirm = "", None, "none"
        self.is_ours = lambda _touch, _point: False
        self.control = Control()
        self.model = ScriptedRuntime(replies, on_token=lambda _number: time.sleep(0.002))
        self.runtime = self.model.info
        self.input = RecordingInput()
        self.ring = FrameRing()
        self.seen: list[Event] = []
        self._answers: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def prepare(self, progress) -> None:
        pass

    def events(self) -> Iterator[Event]:
        quick = LoopSettings(settle=QUICK, last_settle=QUICK, hand_rest=0.1, budgets=self.budgets)
        for event in run(
            self.task,
            runtime=self.model,
            screen=FakeScreen([picture()]),
            input=self.input,
            prompt=load_prompt(),
            ring=self.ring,
            settings=quick,
            answerer=lambda _question: self._answers.get(),
            control=self.control,
        ):
            self.seen.append(event)
            yield event

    def stop(self) -> None:
        self.control.end()
        self._answers.put(None)

    def pause(self) -> None:
        self.control.pause()

    def offer_veto(self, seconds: float) -> None:
        self.control.veto_seconds = seconds

    def veto(self) -> None:
        self.control.veto()

    def listen(self) -> None:
        self.control.listen()

    def hint(self, text: str) -> None:
        self.control.hint(text)

    def answer(self, text: str | None) -> None:
        self._answers.put(text)

    def frame(self, sha1: str):
        return self.ring.get(sha1)


def press(*keys: str) -> None:
    subprocess.run(["xdotool", "key", *keys], check=True)


def type_text(text: str) -> None:
    subprocess.run(["xdotool", "type", text], check=True)


def click_on(widget: QWidget) -> None:
    at = widget.mapToGlobal(QPoint(widget.width() // 2, widget.height() // 2))
    subprocess.run(["xdotool", "mousemove", str(at.x()), str(at.y()), "click", "1"], check=True)


class Person:
    """Does one deed after the other, each once what it waits for is shown."""

    def __init__(self, window: MainWindow, sessions: list[LoopSession], file: SettingsFile) -> None:
        self.window, self.view, self.sessions = window, window.view, sessions
        self.file = file
        self.said: list[str] = []
        self.deeds = iter(self.script())
        self.waiting: Callable[[], object] = next(self.deeds)
        self.timer = QTimer(window)
        self.timer.timeout.connect(self.go_on)
        self.timer.start(30)

    def go_on(self) -> None:
        if self.waiting():
            self.waiting = next(self.deeds, None) or self.done

    def done(self) -> bool:
        self.timer.stop()
        self.window.close()
        return False

    def asks(self, choice: str) -> Callable[[], bool]:
        def asked() -> bool:
            question = self.view.story.question
            shown = self.view.question.isVisible() and self.view.question.buttons
            return bool(question and choice in question.choices and shown)

        return asked

    def thinks(self) -> bool:
        step = self.view.story.step
        return step is not None and len(step.thought) > 100

    def script(self) -> Iterator[Callable[[], object]]:
        window, view = self.window, self.view
        yield window.isActiveWindow
        window.task.box.setFocus()
        type_text("save it")
        press("ctrl+Return")
        yield self.thinks
        self.said.append(view.thought.toPlainText()[:12])
        press("ctrl+h")
        yield view.steer.field.hasFocus
        type_text("the second")
        press("Return")
        yield view.steer.veto.isEnabled  # a ghost
        self.said += [mark.standing for mark in view.pane.screenshot.marks]
        press("Escape")
        yield self.asks("one step")
        self.said += [mark.standing for mark in view.pane.screenshot.marks]
        view.steer.time.setValue(0.0)
        press("F10")
        yield lambda: self.sessions[0].input.events and self.asks("one step")()
        press("alt+1")
        yield self.asks("right")
        click_on(view.question.buttons[1])
        yield lambda: len(view.story.steps) > 4 and self.thinks()
        self.sessions[0].control.feel_hand("key")
        yield self.asks("go on")
        press("alt+1")
        yield lambda: len(view.story.steps) > 5 and self.thinks()
        press("ctrl+period")
        yield lambda: not window.running
        self.said.append(view.outcome.title.text())
        press("ctrl+Return") if window.task.box.hasFocus() else click_on(window.task.start_button)
        yield lambda: len(self.sessions) == 2 and not window.running and view.error.isVisible()
        self.said.append(view.error.report.strip().splitlines()[-1])
        click_on(window.task.start_button)
        yield lambda: len(self.sessions) == 3 and not window.running
        self.said.append(view.outcome.title.text())
        click_on(window.navigation.tabs["settings"])
        yield lambda: window.home and window.home.settings and window.home.settings.isVisible()
        click_on(self.line("run.veto"))
        yield self.line("run.veto").hasFocus
        type_text("1.5")
        press("Return")
        yield lambda: self.file.read()
        click_on(self.line("run.max_steps"))
        yield self.line("run.max_steps").hasFocus
        type_text("1")
        press("Return")
        yield lambda: len(self.file.read()) == 2
        self.said.append(self.file.path.read_text("utf-8").partition("\n\n")[2])
        press("ctrl+1")
        yield view.isVisible
        click_on(window.task.start_button)
        yield lambda: len(self.sessions) == 4 and not window.running
        self.said += [view.outcome.title.text(), view.outcome.text.toPlainText().split("\n")[0]]

    def line(self, key: str) -> QLineEdit:
        """Where a setting is written, on the page of settings."""
        page = self.window.home and self.window.home.settings
        line = page and page.fields[setting_of(key)].line
        assert line is not None
        return line


def main(folder: Path) -> None:
    threading.excepthook = lambda _arguments: None  # the window shows the report
    sessions: list[LoopSession] = []
    people: list[Person] = []
    file = SettingsFile(folder / "settings.toml")
    options = parser().parse_args(["window"])
    office = Office(lambda: chosen_options(options, lambda: file.settings({})), environment={})

    def make(task: str) -> LoopSession:
        budgets = office.chosen.settings.budgets
        sessions.append(LoopSession(task, list(RUNS[len(sessions)]), budgets))
        return sessions[-1]

    code = run_window(
        make,
        own_display=False,
        veto_seconds=20.0,
        home=Home(office, file, {}, folder),
        on_ready=lambda window: people.append(Person(window, sessions, file)),
    )
    first = sessions[0].seen
    result = {
        "code": code,
        "task": sessions[0].task,
        "said": people[0].said,
        "paused": [event.cause for event in first if isinstance(event, Paused)],
        "hints": [event.hint for event in first if isinstance(event, HintGiven)],
        "answers": [event.answer for event in first if isinstance(event, QuestionAnswered)],
        "acted": sum(isinstance(event, ActionDone) for event in first),
        "opening": sessions[0].model.requests[1].opening[-12:],
        "vetoes": [each.seconds for each in sessions[3].seen if isinstance(each, VetoOffered)],
    }
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
