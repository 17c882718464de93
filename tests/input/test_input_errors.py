"""What the world may lack is a clear error with a remedy."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys

import pytest
import Xlib

from agent_app.actions import Input
from agent_app.errors import KnownError
from agent_app.geometry import Size
from agent_app.input import open_input
from agent_app.virtual import VirtualDesktop

pytestmark = pytest.mark.desktop


def test_a_second_display_in_one_process_is_refused_by_name(driver: Input):
    del driver  # this process is bound to its display
    with (
        VirtualDesktop(Size(640, 480)) as other,
        pytest.raises(KnownError, match=f"cannot change to {other.display}"),
    ):
        open_input(other.environment)


@pytest.mark.parametrize(
    ("environment", "message", "remedy"),
    [
        ({}, "no display", "--virtual"),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "Wayland", "X11 session"),
        ({"DISPLAY": ":4242"}, "cannot connect to the display :4242", "XAUTHORITY"),
        ({"DISPLAY": "nonsense"}, "cannot connect to the display nonsense", "DISPLAY"),
    ],
    ids=["nothing", "wayland", "no such display", "no name"],
)
# python-xlib leaves the socket of a connection that fails to the garbage collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_display_that_cannot_be_used_is_a_clear_error(environment, message: str, remedy: str):
    with pytest.raises(KnownError, match=message) as caught:
        open_input(environment)
    assert remedy in caught.value.remedy
    del caught
    gc.collect()


def test_an_old_python_xlib_is_named_with_the_remedy(
    desktop: VirtualDesktop, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Xlib, "__version__", (0, 15))
    with pytest.raises(KnownError, match=r"0\.15 is too old") as caught:
        open_input(desktop.environment)
    assert "python-xlib>=0.33" in caught.value.remedy


WITHOUT = """
import json, os, sys
environment = json.loads(sys.stdin.read())
os.environ.pop("DISPLAY", None)
sys.modules["tkinter"] = None
from agent_app.input import open_input
opened = open_input(environment)
print(opened.position())
opened.close()
opened.close()
assert "DISPLAY" not in os.environ
"""


def test_neither_tkinter_nor_a_display_of_our_own_is_needed(desktop: VirtualDesktop):
    answer = subprocess.run(
        [sys.executable, "-W", "error", "-c", WITHOUT],
        input=json.dumps(desktop.environment),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.startswith("ScreenPoint(")


def test_a_display_that_goes_away_is_a_known_error():
    script = """
import threading
from agent_app.errors import KnownError
from agent_app.geometry import Size
from agent_app.input import open_input
from agent_app.virtual import VirtualDesktop
desktop = VirtualDesktop(Size(640, 480))
opened = open_input(desktop.environment)
opened.write("一二三四五六七八九", threading.Event())  # tries to paste, so the clipboard is ours
opened.key_down("ctrl")
desktop.close()
for event in (lambda: opened.key_down("a"), opened.position, lambda: opened.scroll(0, 1)):
    try:
        event()
    except KnownError as error:
        print(error.message)
opened.release_all()
opened.close()
"""
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=os.getcwd()
    )
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.splitlines() == ["the connection to the X display was lost"] * 3


def test_a_display_that_has_ended_may_be_followed_by_another():
    script = """
from agent_app.geometry import ScreenPoint, Size
from agent_app.input import open_input
from agent_app.virtual import VirtualDesktop
for place in (ScreenPoint(30, 40), ScreenPoint(50, 60)):
    with VirtualDesktop(Size(640, 480)) as desktop:
        hand = open_input(desktop.environment)
        hand.move(place)
        assert hand.position() == place
        hand.close()
"""
    command = [sys.executable, "-W", "error", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
