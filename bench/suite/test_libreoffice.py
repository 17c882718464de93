"""LibreOffice Calc and Writer."""

from __future__ import annotations

import pytest

from agent_app.testing import Application, Desktop, expect


@pytest.fixture
def calc(desktop: Desktop) -> Application:
    return start(desktop, "--calc")


@pytest.fixture
def writer(desktop: Desktop) -> Application:
    return start(desktop, "--writer")


def start(desktop: Desktop, *arguments: str) -> Application:
    """An office that keeps its tips to itself."""
    office = desktop.launch(
        ["soffice", "--norestore", "--nologo", *arguments],
        timeout=90,
    )
    tip = desktop.window("Tip of the Day")
    if tip.count():
        tip.find("OK", role="button").click()
        expect(tip).to_be_hidden()
    return office


def test_a_formula_adds_what_is_above(desktop: Desktop, calc: Application) -> None:
    desktop.type("1200\n34\n=SUM(A1:A2)\n")
    expect(calc.find("1234", exact=True)).to_be_visible()


def test_the_status_bar_sums_the_selection(desktop: Desktop, calc: Application) -> None:
    desktop.type("300\n21\n")
    desktop.press("ctrl+a")
    expect(calc.find("Sum: 321")).to_be_visible()


def test_a_wrong_formula_is_named(desktop: Desktop, calc: Application) -> None:
    desktop.type("=NOSUCH(1)\n")
    expect(calc.find("#NAME?")).to_be_visible()


def test_a_second_sheet_is_added(desktop: Desktop, calc: Application) -> None:
    calc.find("Sheet", role="menu").click()
    calc.find("Insert Sheet at End...").click()
    dialog = desktop.window("Append Sheet")
    dialog.find("OK", role="button").click()
    expect(dialog).to_be_hidden()
    expect(calc.find("Sheet 2 of 2")).to_be_visible()


def test_words_are_counted(desktop: Desktop, writer: Application) -> None:
    desktop.type("five words are written here")
    expect(writer.find("5 words, 27 characters")).to_be_visible()


def test_bold_is_switched_on_by_its_key(desktop: Desktop, writer: Application) -> None:
    bold = writer.find("Bold", role="button")
    expect(bold).not_.to_be_checked()
    desktop.press("ctrl+b")
    expect(bold).to_be_checked()


def test_a_letter_is_opened_and_searched(desktop: Desktop) -> None:
    (desktop.home / "letter.txt").write_text("Dear Ada,\nthank you.\n")
    writer = start(desktop, "--writer", str(desktop.home / "letter.txt"))
    expect(writer.find("Dear Ada,")).to_be_visible()
    desktop.press("ctrl+f")
    desktop.type("unicorn\n")
    expect(writer.find("Search key not found")).to_be_visible()
