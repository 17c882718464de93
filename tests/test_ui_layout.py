"""How every page is laid out, in each language and at each scale: nothing cut off or out of reach.

What is looked for is in `tests.fakes.layout`; a scale is a process's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPlainTextEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.fakes.layout import english, out_of_reach, problems
from tests.fakes.pages import PAGES

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("scale", ["1", "2"])
def test_nothing_is_cut_off_or_overlaps_and_everything_has_a_name_and_is_reached(
    scale: str,
) -> None:
    command = [sys.executable, "-m", "tests.fakes.layout", "en", "zh_CN"]
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": scale}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found) == 2 * len(PAGES)
    assert {page: wrong for page, wrong in found.items() if wrong} == {}


@pytest.fixture
def shown(qtbot: QtBot) -> QWidget:
    """A window with a row of a label, a field and a button."""
    window = QWidget()
    qtbot.addWidget(window)
    row = QHBoxLayout(window)
    field = QLineEdit()
    field.setAccessibleName("Name")
    for widget in (QLabel("A label of a few words"), field, QPushButton("Go on")):
        row.addWidget(widget)
    window.show()
    qtbot.waitUntil(window.isActiveWindow)
    return window


def test_a_window_without_faults_has_none(shown: QWidget) -> None:
    assert problems(shown) == []
    assert out_of_reach(shown) == []


def test_each_kind_of_fault_is_found(shown: QWidget) -> None:
    label, field = shown.findChildren(QLabel)[0], shown.findChildren(QLineEdit)[0]
    button = shown.findChildren(QPushButton)[0]
    assert english(shown) == ["still English: A label of a few words"]
    label.setFixedWidth(20)
    assert "QLabel “A label of a few words” is" in " ".join(problems(shown))
    button.setFixedSize(12, 8)
    assert any("QPushButton “Go on” is" in each for each in problems(shown))
    label.setFixedWidth(200)
    field.setAccessibleName("")
    assert any("no accessible name" in each for each in problems(shown))
    layout = shown.layout()
    assert layout is not None
    layout.setEnabled(False)
    button.setGeometry(field.geometry())
    assert any("lies on" in each for each in problems(shown))
    button.move(shown.width() - 2, 0)
    assert any("leaves its parent" in each for each in problems(shown))


def test_what_tab_never_reaches_is_found(shown: QWidget) -> None:
    keeps = QPlainTextEdit(shown)  # takes Tab for itself unless it is told not to
    layout = shown.layout()
    assert layout is not None
    layout.addWidget(keeps)
    keeps.show()
    QWidget.setTabOrder(shown.findChildren(QLineEdit)[0], keeps)
    shown.findChildren(QLineEdit)[0].setFocus()
    assert out_of_reach(shown) == ["QPushButton “Go on” is out of Tab's reach"]
