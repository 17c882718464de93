"""Helpers for tests with real applications on a virtual desktop."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from agent_app.actions import Hotkey, InputAction, Press
from agent_app.geometry import FrameTransform, RelativePoint, ScreenPoint, Size
from agent_app.virtual import VirtualDesktop
from tests.witness import Witness

ASCII = "".join(map(chr, range(0x20, 0x7F)))
SCRIPTS = "héllo <b> 你好 € 😀 Привет 안녕"
WIDTH, HEIGHT = 1280, 800
WHOLE = FrameTransform(ScreenPoint(0, 0), 1.0, Size(WIDTH, HEIGHT))

Wait = Callable[..., None]


def at(x: int, y: int) -> RelativePoint:
    """The middle of a pixel, as a model would say it."""
    return RelativePoint((x + 0.5) / WIDTH, (y + 0.5) / HEIGHT)


CLIPBOARD = {
    "text/plain;charset=utf-8": "plain ž 你".encode(),
    "text/html": "<b>rich ž</b>".encode(),
    "application/x-large": bytes(range(256)) * 4096,
    "application/x-empty": b"",
}


class StopAfter(threading.Event):
    """A stop flag that is found set at the n-th look at it."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self._left = looks

    def is_set(self) -> bool:
        self._left -= 1
        return self._left < 0


def focused_title(desktop: VirtualDesktop) -> str:
    query = ["xdotool", "getactivewindow", "getwindowname"]
    answer = subprocess.run(
        query, env=desktop.environment, capture_output=True, text=True, check=False
    )
    return answer.stdout


def activate(desktop: VirtualDesktop, title: str, wait: Wait) -> None:
    """Give a window the keyboard: a window manager may not do so while another is typed into."""
    command = ["xdotool", "search", "--name", title, "windowactivate"]

    def has_it() -> bool:
        if title in focused_title(desktop):
            return True
        subprocess.run(command, env=desktop.environment, capture_output=True, check=False)
        return False

    wait(has_it)


class Editor:
    """mousepad with a file: what is typed is read back from what it saves."""

    def __init__(self, desktop: VirtualDesktop, path: Path, act, wait: Wait) -> None:
        self._desktop, self._path, self._act, self._wait = desktop, path, act, wait

    def text_after(self, *actions: InputAction) -> str:
        """Empty the editor, act, save, and the text of the file."""
        activate(self._desktop, self._path.name, self._wait)
        self._act(Hotkey(("ctrl", "a")), Press(("delete",)), *actions)
        return self.saved()

    def saved(self) -> str:
        before = self._path.stat()
        self._act(Hotkey(("ctrl", "s")))
        # It replaces the file by a new one, under the same name.
        self._wait(lambda: self._path.stat().st_ino != before.st_ino)
        return self._path.read_bytes().decode()


class Terminal:
    """xterm running `cat`: what is typed is what is in the file."""

    def __init__(self, launch, act, wait: Wait, path: Path, *options: str) -> None:
        self._act, self._wait, self._path = act, wait, path
        title = f"{path.parent.name} {path.name}"  # no other terminal's, also of one just ending
        xterm = ["env", "LC_ALL=C.UTF-8", "xterm", "-T", title, *options]
        launch([*xterm, "-e", "sh", "-c", f"cat > {path}; echo > {path}.done"], title)
        wait(path.exists)

    def text_after(self, *actions: InputAction) -> str:
        self._act(*actions, Hotkey(("ctrl", "d")))
        self._wait(self._path.with_suffix(".txt.done").exists)
        return self._path.read_bytes().decode()


def presses(witness: Witness, wait: Wait, count: int) -> list[tuple[str, int]]:
    """So many presses and releases, once they came: a window manager may hold them back."""

    def came() -> list[tuple[str, int]]:
        seen = ((each.kind, each.detail) for each in witness.seen())
        return [each for each in seen if each[0].endswith(("_down", "_up"))]

    wait(lambda: len(came()) >= count)
    return came()
