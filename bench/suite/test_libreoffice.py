"""LibreOffice Calc and Writer."""

from __future__ import annotations

import pytest

from agent_app.testing import Application, Desktop, expect

SECONDS = 20  # the office draws late while its accessibility tree is asked

QUIET = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Misc"><prop oor:name="ShowTipOfTheDay"
 oor:op="fuse"><value>false</value></prop></item>
<item oor:path="/org.openoffice.Setup/Product"><prop oor:name="ooSetupLastVersion"
 oor:op="fuse"><value>7.4</value></prop></item>
</oor:items>
"""


@pytest.fixture
def calc(desktop: Desktop) -> Application:
    return start(desktop, "--calc")


@pytest.fixture
def writer(desktop: Desktop) -> Application:
    return start(desktop, "--writer")


def start(desktop: Desktop, *arguments: str) -> Application:
    """An office that keeps its tips, which come when they like, to itself."""
    profile = desktop.home / "office"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(QUIET)
    return desktop.launch(
        ["soffice", "--norestore", f"-env:UserInstallation={profile.as_uri()}", *arguments],
        timeout=90,
    )


def test_a_formula_adds_what_is_above(desktop: Desktop, calc: Application) -> None:
    desktop.type("1200\n34\n=SUM(A1:A2)\n")
    expect(calc.find("1234", exact=True)).to_be_visible(timeout=SECONDS)


def test_the_status_bar_sums_the_selection(desktop: Desktop, calc: Application) -> None:
    desktop.type("300\n21\n")
    desktop.press("ctrl+a")
    expect(calc.find("Sum: 321")).to_be_visible(timeout=SECONDS)


def test_a_second_sheet_is_added(desktop: Desktop, calc: Application) -> None:
    calc.find("Sheet", role="menu").click()
    calc.find("Insert Sheet at End...").click()
    dialog = desktop.window("Append Sheet")
    dialog.find("OK", role="button").click()
    expect(dialog).to_be_hidden()
    expect(calc.find("Sheet 2 of 2")).to_be_visible(timeout=SECONDS)


def test_bold_is_switched_on_by_its_key(desktop: Desktop, writer: Application) -> None:
    bold = writer.find("Bold", role="button")
    expect(bold).not_.to_be_checked(timeout=SECONDS)
    desktop.press("ctrl+b")
    expect(bold).to_be_checked(timeout=SECONDS)


def test_a_letter_is_opened_and_searched(desktop: Desktop) -> None:
    (desktop.home / "letter.txt").write_text("Dear Ada,\nthank you.\n")
    writer = start(desktop, "--writer", str(desktop.home / "letter.txt"))
    expect(writer.find("Dear Ada,")).to_be_visible(timeout=SECONDS)
    desktop.press("ctrl+f")
    desktop.type("unicorn\n")
    expect(writer.find("Search key not found")).to_be_visible(timeout=SECONDS)
