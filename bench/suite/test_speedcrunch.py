"""SpeedCrunch, a calculator in Qt 5 that is typed into."""

from __future__ import annotations

import pytest

from agent_app.testing import Application, Desktop, expect


@pytest.fixture
def calculator(desktop: Desktop) -> Application:
    return desktop.launch("speedcrunch")


def test_shows_the_result_below_the_sum(desktop: Desktop, calculator: Application) -> None:
    desktop.type("12*12\n")
    expect(calculator.find("144").below("12*12")).to_be_visible()


def test_remembers_a_variable(desktop: Desktop, calculator: Application) -> None:
    desktop.type("rent=950\n")
    expect(calculator.find("= 950")).to_be_visible()
    desktop.type("rent*12\n")
    expect(calculator.find("11400")).to_be_visible()


def test_names_a_wrong_function(desktop: Desktop, calculator: Application) -> None:
    desktop.type("nonsense(3)\n")
    expect(calculator.find("unknown function or variable")).to_be_visible()


def test_shows_results_in_hexadecimal(desktop: Desktop, calculator: Application) -> None:
    calculator.find("Settings").click()
    calculator.find("Result Format").click()
    calculator.find("Hexadecimal").click()
    desktop.type("48879\n")
    expect(calculator.find("0xBEEF")).to_be_visible()


def test_clears_its_history(desktop: Desktop, calculator: Application) -> None:
    desktop.type("700+77\n")
    expect(calculator.find("777")).to_be_visible()
    calculator.find("Edit").click()
    calculator.find("Clear History").click()
    expect(calculator.find("777")).to_be_hidden()
