"""Whole windows on a real X server, one per process: `python -m tests.fakes.window_runs NAME`.

Each opens a window with a scripted session, and prints what it saw as one JSON object.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import mss
from PySide6.QtCore import QPoint, QTimer
from PySide6.QtWidgets import QWidget
from Xlib import display

from agent_app.actions import Click
from agent_app.errors import KnownError
from agent_app.events import ActionDecided, Event, QuestionAsked, StepStarted, TokenStreamed
from agent_app.geometry import Region, RelativePoint
from agent_app.ui import run_window
from agent_app.ui.window import MainWindow
from agent_app.ui.xserver import XProbe
from tests.fakes.session import ScriptedSession, drawn_frame

CLICK = Click(RelativePoint(0.2, 0.2))
WAIT_SECONDS = 10.0


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("waited in vain")
        time.sleep(0.1)


def capture() -> bytes:
    with mss.MSS() as screen:
        return bytes(screen.grab(screen.monitors[0]).raw)


def still_capture() -> bytes:
    """A capture that is equal to the one before it."""
    last = [b""]

    def still() -> bool:
        before, last[0] = last[0], capture()
        return before == last[0]

    until(still)
    return last[0]


def active_window() -> int:
    connection = display.Display()
    root = connection.screen().root
    found = root.get_full_property(connection.intern_atom("_NET_ACTIVE_WINDOW"), 0)
    connection.close()
    return found.value[0] if found is not None else 0


class Look:
    """What the X server says about our window, asked from the run's thread."""

    def __init__(self) -> None:
        self.window = 0
        self.probe = XProbe()

    def ready(self, window: Any) -> None:
        self.window = int(window.winId())

    def on_screen(self) -> bool:
        return self.window != 0 and self.probe.on_screen(self.window)

    def place(self) -> list[int]:
        outer = self.probe.place(self.probe.outermost(self.window))
        inner = self.probe.place(self.window)
        return [outer.left, outer.top, outer.width, outer.height, inner.left, inner.top]


def press(*keys: str) -> None:
    subprocess.run(["xdotool", "key", *keys], check=True)


def click_on(widget: QWidget) -> None:
    at = widget.mapToGlobal(QPoint(widget.width() // 2, widget.height() // 2))
    subprocess.run(["xdotool", "mousemove", str(at.x()), str(at.y()), "click", "1"], check=True)


def run(script: Callable[[ScriptedSession], Iterator[Event]], **options: Any) -> dict[str, Any]:
    made: list[ScriptedSession] = []

    def make(task: str) -> ScriptedSession:
        made.append(ScriptedSession(script, task=task))
        return made[0]

    options.setdefault("own_display", True)
    options.setdefault("close_when_finished", True)
    code = run_window(make, task="a task", autostart=True, **options)
    threads = [t.name for t in threading.enumerate() if t is not threading.main_thread()]
    return {
        "code": code,
        "threads": threads,
        "stopped": made[0].stopped.is_set(),
        "answers": made[0].answers,
    }


def out_of_the_way(region: Region | None = None, *, maximised: bool = False) -> dict[str, Any]:
    look = Look()
    before = still_capture()
    seen: dict[str, Any] = {"focus_before": active_window()}

    def ready(window: Any) -> None:
        if maximised:
            window.showMaximized()
        look.ready(window)

    def script(session: ScriptedSession) -> Iterator[Event]:
        yield session.started()
        until(lambda: look.on_screen() and active_window() == look.window)
        if maximised:
            until(lambda: look.place()[2] >= 1270)
        place = look.place()
        seen["covered_first"] = capture() != before
        with session.unobstructed(), session.unobstructed():
            seen["on_screen_within"] = look.on_screen()
            seen["clear_within"] = still_capture() == before
        try:
            with session.unobstructed():
                raise KnownError("raised within", remedy="none")
        except KnownError:
            pass
        until(look.on_screen)
        for _ in range(5):
            with session.unobstructed():
                seen["clear_within"] = seen["clear_within"] and still_capture() == before
            until(look.on_screen)
        seen["focus_after"] = active_window()
        until(lambda: look.place() == place)
        seen["covered_last"] = capture() != before
        yield session.finished("success")

    return seen | run(script, region=region, on_ready=ready)


def beside_the_agent() -> dict[str, Any]:
    """What the agent looks at lies elsewhere: the window may stay."""
    return out_of_the_way(Region(0, 0, 20, 20))


def on_another_display() -> dict[str, Any]:
    look = Look()
    seen: dict[str, Any] = {}

    def script(session: ScriptedSession) -> Iterator[Event]:
        yield session.started()
        until(look.on_screen)
        with session.unobstructed():
            seen["on_screen_within"] = look.on_screen()
        yield session.finished("failure")

    return seen | run(script, own_display=False, on_ready=look.ready)


def endless(session: ScriptedSession) -> Iterator[Event]:
    yield session.started()
    step = 0
    while not session.stopped.is_set():
        step += 1
        yield StepStarted(step, time.monotonic())
        with session.unobstructed():
            yield session.captured(step, drawn_frame(f"step {step}"))
        for _ in range(100):
            if session.stopped.wait(0.005):
                break
            yield TokenStreamed(step, "thought", " token")
    yield session.finished("stopped", steps=step)


def once(act: Callable[[MainWindow], None], kind: type[Event]) -> dict[str, Any]:
    """Options that do something the first time that an event of this kind has been shown."""
    done: list[bool] = []

    def on_batch(window: Any, events: Any) -> None:
        ready = window.isVisible() and not window.isHidden() and window.isActiveWindow()
        if not done and ready and any(isinstance(event, kind) for event in events):
            done.append(True)
            act(window)

    return {"on_batch": on_batch}


def stopped_by_button() -> dict[str, Any]:
    def act(window: MainWindow) -> None:
        click_on(window.task.stop_button)

    return run(endless, own_display=False, **once(act, TokenStreamed))


def closed_while_running() -> dict[str, Any]:
    def act(_window: MainWindow) -> None:
        press("alt+F4")

    return run(endless, own_display=False, **once(act, TokenStreamed))


def closed_while_out_of_the_way() -> dict[str, Any]:
    windows: list[Any] = []
    look = Look()
    seen: dict[str, Any] = {}

    def script(session: ScriptedSession) -> Iterator[Event]:
        yield session.started()
        until(look.on_screen)
        with session.unobstructed():
            QTimer.singleShot(0, windows[0], windows[0].close)
            until(session.stopped.is_set)
            with session.unobstructed():
                pass
        with session.unobstructed():
            seen["on_screen_within"] = look.on_screen()
        yield session.finished("stopped")

    def ready(window: Any) -> None:
        windows.append(window)
        look.ready(window)

    return seen | run(script, on_ready=ready)


def question_answered() -> dict[str, Any]:
    def script(session: ScriptedSession) -> Iterator[Event]:
        yield session.started()
        yield StepStarted(1, time.monotonic())
        yield session.captured(1, drawn_frame("a question"))
        yield from session.ask(1, "Which one?")
        yield from session.ask(1, "Really?", ("Yes", "No"))
        yield session.finished("success", answer=str(session.answers))

    def on_batch(window: Any, events: Any) -> None:
        asked = [event for event in events if isinstance(event, QuestionAsked)]
        if asked and asked[0].choices:
            click_on(window.view.question.buttons[1])
        elif asked:
            press("t", "w", "o", "Return")

    return run(script, own_display=False, on_batch=on_batch)


def known_error() -> dict[str, Any]:
    def script(session: ScriptedSession) -> Iterator[Event]:
        yield session.started()
        raise KnownError("the display is gone", remedy="start it again")

    return run(script, own_display=False)


def interrupted() -> dict[str, Any]:
    """Runs until a signal comes; says when it may."""

    def act(_window: MainWindow) -> None:
        sys.stdout.write("ready\n")
        sys.stdout.flush()

    return run(endless, own_display=False, **once(act, TokenStreamed))


def target_seen_first() -> dict[str, Any]:
    """What the window showed when it was asked to go for the act."""
    seen: dict[str, Any] = {}

    def script(session: ScriptedSession) -> Iterator[Event]:
        yield session.started()
        yield from session.play_step(1, drawn_frame("x"), CLICK, "Click Save", points=[(99, 77)])
        yield session.finished("success")

    def on_batch(window: Any, events: Any) -> None:
        if any(isinstance(event, ActionDecided) for event in events):
            marks = window.view.pane.screenshot.marks
            seen["marks"] = [[m.label, m.done, m.points[0].x(), m.points[0].y()] for m in marks]
            seen["visible"] = window.isVisible()

    return seen | run(script, on_batch=on_batch)


def main() -> None:
    name, *arguments = sys.argv[1:]
    options = dict.fromkeys(arguments, True)
    sys.stdout.write(json.dumps(globals()[name](**options)) + "\n")


if __name__ == "__main__":
    main()
