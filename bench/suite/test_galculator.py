"""Galculator, a calculator in GTK 3 that tells every key and shows its number as pixels only."""

from __future__ import annotations

import pytest

from agent_app.testing import Application, Desktop, expect


@pytest.fixture
def calculator(desktop: Desktop) -> Application:
    return desktop.launch("galculator")


def keys(calculator: Application, labels: str) -> None:
    for label in labels.split():
        calculator.find(label, role="button", exact=True).click()


def test_adds(calculator: Application) -> None:
    keys(calculator, "1 2 + 3 4 =")
    expect(calculator.find(role="field")).to_contain_text("46")


def test_multiplication_binds_tighter_than_addition(calculator: Application) -> None:
    keys(calculator, "2 + 3 * 4 =")
    expect(calculator.find(role="field")).to_contain_text("14")


def test_parentheses_come_first(calculator: Application) -> None:
    keys(calculator, "( 2 + 3 ) * 4 =")
    expect(calculator.find(role="field")).to_contain_text("20")


def test_nothing_is_recalled_before_it_is_stored(calculator: Application) -> None:
    expect(calculator.find("MR", role="button")).to_be_disabled()
    keys(calculator, "7 MS")
    calculator.find("save here").click()
    expect(calculator.find("MR", role="button")).to_be_enabled()


def test_takes_the_keyboard(desktop: Desktop, calculator: Application) -> None:
    desktop.type("56/8")  # the program loses a key that comes twice in a quarter of a second
    desktop.press("enter")
    expect(calculator.find(role="field")).to_contain_text("7")


def test_scientific_mode_adds_functions(calculator: Application) -> None:
    expect(calculator.find("sin", role="button")).to_be_hidden()
    calculator.find("View").click()
    calculator.find("Scientific Mode").click()
    expect(calculator.find("sin", role="button")).to_be_visible()
    calculator.find("View").click()
    calculator.find("Basic Mode").click()
    expect(calculator.find("sin", role="button")).to_be_hidden()


def test_about_names_the_program(desktop: Desktop, calculator: Application) -> None:
    calculator.find("Help").click()
    calculator.find("About").click()
    about = desktop.window("About")
    expect(about.find("GTK+ based scientific calculator").first).to_be_visible()
    about.find("Close", role="button").click()
    expect(about).to_be_hidden()


@pytest.mark.usefixtures("calculator")
def test_an_instruction_is_carried_out(desktop: Desktop) -> None:
    desktop.do("Click “8”. Click “Help”. Click “About”")
    expect(desktop.window("About")).to_be_visible()
