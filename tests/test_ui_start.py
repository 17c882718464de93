"""Opening a window at all: what is loaded, and what is said when it cannot be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from agent_app.errors import KnownError
from agent_app.ui.libraries import missing_library, qt_arguments

ROOT = Path(__file__).parents[1]


def test_importing_the_package_loads_no_qt() -> None:
    code = "import sys, agent_app.ui; sys.exit(any('PySide6' in name for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_an_absent_qt_is_a_known_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PySide6.QtWidgets", None)
    with pytest.raises(KnownError, match="Qt cannot be loaded") as raised:
        qt_arguments({"QT_QPA_PLATFORM": "offscreen"})
    assert "--no-window" in raised.value.remedy


@pytest.mark.parametrize(
    ("library", "package"),
    [("libEGL.so.1", "libegl1"), ("libxcb-cursor.so.0", "libxcb-cursor0")],
)
def test_a_missing_library_is_named_with_its_package(library: str, package: str) -> None:
    said = f"{library}: cannot open shared object file: No such file or directory"
    error = missing_library(said)
    assert library in error.message
    assert f"apt-get install {package}," in error.remedy


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="displays have names on X11 alone")
def test_no_display_is_a_known_error() -> None:
    with pytest.raises(KnownError, match="no display"):
        qt_arguments({})


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="displays have names on X11 alone")
def test_a_display_that_does_not_answer_is_a_known_error() -> None:
    code = "from agent_app.ui.libraries import *; qt_arguments({'DISPLAY': ':54321'})"
    command = [sys.executable, "-c", code]  # python-xlib leaves sockets open when it fails
    said = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True).stderr
    assert "KnownError: the display ':54321' cannot be reached" in said


def test_the_person_says_which_platform_the_window_uses() -> None:
    arguments = qt_arguments({"QT_QPA_PLATFORM": "offscreen", "DISPLAY": ":98765"})
    assert arguments == ["-platform", "offscreen"]
