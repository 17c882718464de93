"""GNOME Calculator, in GTK 4."""

from __future__ import annotations

import pytest

from agent_app.testing import Application, Desktop, expect


@pytest.fixture
def calculator(desktop: Desktop) -> Application:
    started = desktop.launch("gnome-calculator", timeout=30)
    started.find("mod").wait_for(timeout=30)
    return started


def test_divides_what_is_typed(desktop: Desktop, calculator: Application) -> None:
    desktop.type("987/7\n")
    expect(calculator.find("141").below("987÷7")).to_be_visible()


def test_adds_with_its_buttons(calculator: Application) -> None:
    for key in "45+54":
        calculator.find(key, exact=True).last.click()
    calculator.find("=", exact=True).last.click()
    expect(calculator.find("99").first).to_be_visible()


def test_refuses_what_is_no_sum(desktop: Desktop, calculator: Application) -> None:
    desktop.type("5+*\n")
    expect(calculator.find("Malformed expression")).to_be_visible()


def test_changes_its_mode(calculator: Application) -> None:
    calculator.find("Basic").click()
    calculator.find("Programming").click()
    expect(calculator.find("mod")).to_be_visible()
    expect(calculator.find("Basic")).to_be_hidden()
