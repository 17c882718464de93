"""The input under test, what it acts on, and the applications that tell what arrived."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from Xlib.display import Display

from agent_app.actions import Input, InputAction, Move, perform
from agent_app.input import open_input
from agent_app.virtual import VirtualDesktop
from tests.applications import CLIPBOARD, WHOLE, Editor, Wait, activate, at
from tests.witness import Seen, Witness


@pytest.fixture(scope="module")
def wait() -> Wait:
    """Wait for a condition with a deadline, for fixtures that outlive one test."""

    def until(condition: Callable[[], object], *, seconds: float = 20.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"still not so after {seconds} s"
            time.sleep(0.02)

    return until


@pytest.fixture
def driver(desktop: VirtualDesktop) -> Iterator[Input]:
    """The input under test; closing it leaves no key down, no changed keymap and no thread."""
    display = Display(desktop.display)
    first, count = display.display.info.min_keycode, 248
    before = display.get_keyboard_mapping(first, count)
    opened = open_input(desktop.environment)
    yield opened
    opened.close()
    assert display.get_keyboard_mapping(first, count) == before
    assert not any(display.query_keymap())
    assert "clipboard" not in {thread.name for thread in threading.enumerate()}
    display.close()


@pytest.fixture
def act(driver: Input) -> Callable[..., None]:
    def do(*actions: InputAction, stop: threading.Event | None = None) -> None:
        for action in actions:
            perform(action, input=driver, transform=WHOLE, stop=stop or threading.Event())

    return do


@pytest.fixture
def witness(desktop: VirtualDesktop, wait: Wait, act) -> Iterator[Witness]:
    """A focused window, with the pointer in its middle and nothing noted yet."""
    window = Witness(desktop.display)
    try:
        activate(desktop, "witness", wait)
        wait(lambda: Seen("focus") in window.seen())
        x, y = window.outer_place()
        act(Move(at(x + 200, y + 150)))
        wait(lambda: window.seen()[-1:] == [Seen("move", 0, x + 200, y + 150)])
        window.take()
        yield window
        assert window.keys_down() == []
    finally:
        window.close()


@pytest.fixture(scope="module")
def launch(desktop: VirtualDesktop, wait: Wait) -> Iterator[Callable[[Sequence[str], str], None]]:
    """Start an application, wait until a window with this in its title has the keyboard."""
    started: list[subprocess.Popen[bytes]] = []

    def start(command: Sequence[str], title: str) -> None:
        started.append(desktop.launch(command))
        activate(desktop, title, wait)

    yield start
    for process in started:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="module")
def mousepad(launch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that a running mousepad has open."""
    path = tmp_path_factory.mktemp("editor") / "typed.txt"
    path.write_text("")
    launch(["mousepad", str(path)], path.name)
    return path


@pytest.fixture
def editor(mousepad: Path, desktop: VirtualDesktop, act, wait: Wait) -> Editor:
    return Editor(desktop, mousepad, act, wait)


HOLDER = """
import sys
from PySide6.QtCore import QMimeData
from PySide6.QtGui import QGuiApplication
application = QGuiApplication([])
data = QMimeData()
for kind, value in CLIPBOARD.items():
    data.setData(kind, value)
application.clipboard().setMimeData(data)
print("held", flush=True)
application.exec()
"""


@pytest.fixture
def copied(desktop: VirtualDesktop) -> Iterator[Callable[[str], bytes]]:
    """Several formats, one of a megabyte, are in the clipboard; yields a way to read one."""
    script = f"CLIPBOARD = {CLIPBOARD!r}{HOLDER}"
    holder = subprocess.Popen(
        [sys.executable, "-"],
        env=desktop.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    holder.stdin.write(script.encode())
    holder.stdin.close()
    assert holder.stdout.readline() == b"held\n"

    def read(kind: str) -> bytes:
        command = ["xclip", "-selection", "clipboard", "-o", "-t", kind]
        return subprocess.run(
            command, env=desktop.environment, capture_output=True, check=False
        ).stdout

    yield read
    holder.kill()
    holder.wait()
    holder.stdout.close()
