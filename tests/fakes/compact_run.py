"""A run in the compact strip over another window, on a real X server: `python -m ….compact_run`.

The window that has the focus when it starts is the other one. Prints what it saw as one JSON
object.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget
from Xlib import display

from agent_app.actions import Click
from agent_app.events import (
    ActionDecided,
    Event,
    QuestionAsked,
    StepStarted,
    TokenStreamed,
    VetoOffered,
)
from agent_app.geometry import Region, RelativePoint, ScreenPoint
from agent_app.ui.window import MainWindow
from agent_app.ui.xserver import XProbe
from tests.fakes.session import ScriptedSession, drawn_frame
from tests.fakes.window_runs import active_window, click_on, press, run, still_capture, until

CLICK = Click(RelativePoint(0.5, 0.5))
CORNER = ("800", "0")  # below the place where the strip appears


class Sight:
    """What the X server says about the strip, the window and the other one; for any thread."""

    def __init__(self, other: int) -> None:
        self.other = other
        self.window = 0
        self._probe = XProbe()

    def ready(self, window: MainWindow) -> None:
        self.window = int(window.winId())

    @property
    def strip(self) -> int:
        """The strip's window, 0 as long as it has none: it is made when it is first shown."""
        command = ["xdotool", "search", "--name", "^agent-app: the run$"]
        found = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        return int(found.split()[-1]) if found.strip() else 0

    def shown(self) -> tuple[bool, bool]:
        """Whether the window is on the screen, and whether the strip is."""
        strip = self.strip
        return self._probe.on_screen(self.window), strip != 0 and self._probe.on_screen(strip)

    def place(self, window: int) -> Region:
        return self._probe.place(self._probe.outermost(window))

    def click_on(self, button: QWidget) -> None:
        """A click in the middle of one of the strip's buttons, wherever Qt believes it to be."""
        place, inside = self.place(self.strip), button.geometry().center()
        where = (str(place.left + inside.x()), str(place.top + inside.y()))
        subprocess.run(["xdotool", "mousemove", *where, "click", "1"], check=True)

    def above(self, one: int, other: int) -> bool:
        """Whether the one is stacked above the other."""
        connection = display.Display()
        order = [child.id for child in connection.screen().root.query_tree().children]
        connection.close()
        at, below = (order.index(self._probe.outermost(each)) for each in (one, other))
        return at > below

    def is_other_at(self, point: ScreenPoint) -> bool:
        """Whether a click there would be the other window's."""
        place = ["xdotool", "mousemove", str(point.x), str(point.y)]
        subprocess.run(place, check=True)
        connection = display.Display()
        found = connection.screen().root.query_pointer().child
        connection.close()
        return found != 0 and found.id == self._probe.outermost(self.other)


def middle_of(place: Region) -> ScreenPoint:
    return ScreenPoint(place.left + place.width // 2, place.top + place.height // 2)


def make_compact(sight: Sight) -> None:
    until(lambda: active_window() == sight.window)
    press("ctrl+m")
    until(lambda: sight.shown() == (False, True))


def activate(window: int) -> None:
    subprocess.run(["xdotool", "windowactivate", str(window)], check=True)
    until(lambda: active_window() == window)


def main() -> None:
    sight = Sight(active_window())
    subprocess.run(["xdotool", "windowmove", str(sight.other), *CORNER], check=True)
    until(lambda: sight.place(sight.other).left >= int(CORNER[0]))
    before = still_capture()
    seen: dict[str, Any] = {}

    def script(session: ScriptedSession) -> Iterator[Event]:
        yield session.started()
        make_compact(sight)
        activate(sight.other)
        target = middle_of(sight.place(sight.strip))
        seen["above"] = sight.above(sight.strip, sight.other)
        seen["covers_the_target"] = not sight.is_other_at(target)
        subprocess.run(["xdotool", "mousemove", "1270", "790"], check=True)
        yield StepStarted(1, time.monotonic())
        with session.unobstructed():
            seen["on_the_screenshot"] = any(sight.shown()) or still_capture() != before
            yield session.captured(1, drawn_frame("one"))
        until(lambda: sight.shown() == (False, True))
        yield ActionDecided(1, 0, CLICK, "Click it", (target,), time.monotonic())
        yield VetoOffered(1, (CLICK,), ((target,),), 9.0, time.monotonic())
        until(lambda: not sight.place(sight.strip).contains(target))
        seen["leaves_the_target"] = sight.is_other_at(target)
        seen["stays_above"] = sight.shown() == (False, True)
        yield TokenStreamed(1, "thought", "pause it now")
        until(session.paused.is_set)
        yield from session.ask(1, "Which one?", ("left", "right"))
        make_compact(sight)
        yield StepStarted(2, time.monotonic())
        until(session.stopped.is_set)
        yield session.finished("stopped")

    def answer(window: MainWindow) -> None:
        if not window.isActiveWindow():
            QTimer.singleShot(30, window, lambda: answer(window))
            return
        seen["comes_back"] = sight.shown() == (True, False)
        click_on(window.view.question.buttons[1])

    def on_batch(window: MainWindow, events: tuple[Event, ...]) -> None:
        for event in events:
            match event:
                case TokenStreamed():
                    sight.click_on(window.strip.pause)
                case StepStarted(step=2):
                    sight.click_on(window.strip.stop)
                case QuestionAsked():
                    answer(window)
                case _:
                    pass

    result = run(script, on_ready=sight.ready, on_batch=on_batch)
    sys.stdout.write(json.dumps(seen | result) + "\n")


if __name__ == "__main__":
    main()
