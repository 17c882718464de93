"""One window at a time: what a second start does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtNetwork import QLocalSocket
from pytestqt.qtbot import QtBot

from agent_app.errors import KnownError
from agent_app.ui.door import Door, display_of

ROOT = Path(__file__).parents[1]
KNOCK = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from agent_app.ui.door import Door
app = QCoreApplication([])
door = Door(Path(sys.argv[1]), ":7")
if door.open():
    sys.exit(7)
door.knock("greet the world")
"""


@pytest.fixture
def door(qtbot: QtBot, tmp_path: Path) -> Iterator[Door]:
    del qtbot  # has Qt's application
    it = Door(tmp_path, ":7")
    assert it.open()
    yield it
    it.close()


def second(tmp_path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", KNOCK, str(tmp_path)]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)


def test_a_second_start_hands_its_task_over_and_ends(
    qtbot: QtBot, door: Door, tmp_path: Path
) -> None:
    with qtbot.waitSignal(door.knocked, timeout=30_000) as knocked:
        process = second(tmp_path)
    qtbot.waitUntil(lambda: process.poll() is not None, timeout=30_000)
    _, errors = process.communicate()
    assert (process.returncode, errors) == (0, "")
    assert knocked.args == ["greet the world"]


def test_after_the_first_has_ended_or_was_killed_another_opens(door: Door, tmp_path: Path) -> None:
    door.close()
    left = tmp_path / "_7.socket"
    left.write_text("left by one that was killed")
    process = second(tmp_path)
    process.communicate(timeout=30)
    assert process.returncode == 7


def test_each_display_has_a_window_of_its_own(door: Door, tmp_path: Path) -> None:
    del door
    other = Door(tmp_path, ":8")
    assert other.open()
    other.close()
    assert display_of({"DISPLAY": ":7", "WAYLAND_DISPLAY": "wayland-0"}) == ":7"


@pytest.mark.parametrize("said", [b"no json\n", b"[]\n", b'{"task": 3}\n', b'{"other": ""}\n'])
def test_what_is_no_task_is_not_taken(
    qtbot: QtBot, door: Door, tmp_path: Path, said: bytes
) -> None:
    told: list[str] = []
    door.knocked.connect(told.append)
    socket = QLocalSocket()
    socket.connectToServer(str(tmp_path / "_7.socket"))
    with qtbot.waitSignal(socket.disconnected):
        socket.write(said)
    assert told == []


def test_a_window_that_does_not_answer_is_told(door: Door, tmp_path: Path) -> None:
    del door
    (tmp_path / "_7.socket").unlink()
    with pytest.raises(KnownError, match="does not answer"):
        Door(tmp_path, ":7").knock("")
