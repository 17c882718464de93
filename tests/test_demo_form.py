"""The form of `agent-app demo --model small` writes down what was entered."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QCheckBox, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from agent_app.ui.demo_form import DemoForm


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    return tmp_path / "saved.txt"


@pytest.fixture
def form(qtbot: QtBot, saved: Path) -> DemoForm:
    made = DemoForm(saved)
    qtbot.addWidget(made)
    name, _ = made.findChildren(QLineEdit)
    name.setText("Anna")
    made.findChildren(QCheckBox)[0].click()
    return made


def press(form: DemoForm, name: str) -> None:
    next(one for one in form.findChildren(QPushButton) if one.text() == name).click()


def test_save_writes_every_field(form: DemoForm, saved: Path):
    press(form, "Save")
    assert saved.read_text() == "Name: Anna\nCity: \nRemember: yes\n"


def test_clear_empties_the_form_and_writes_nothing(form: DemoForm, saved: Path):
    press(form, "Clear")
    assert not saved.exists()
    press(form, "Save")
    assert saved.read_text() == "Name: \nCity: \nRemember: no\n"
