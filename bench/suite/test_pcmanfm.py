"""PCManFM, a file manager in GTK 2 whose folder is pixels only."""

from __future__ import annotations

import pytest

from agent_app.testing import Application, Desktop, expect


@pytest.fixture
def files(desktop: Desktop) -> Application:
    folder = desktop.home / "inbox"
    folder.mkdir()
    for name in ("letter.txt", "budget.txt"):
        (folder / name).write_text(name)
    return desktop.launch("pcmanfm --no-desktop inbox")


def test_shows_the_files_of_a_folder(files: Application) -> None:
    expect(files.find("letter.txt")).to_be_visible()
    expect(files.find("budget.txt")).to_be_visible()
    expect(files.find("2 items")).to_be_visible()


def test_tells_of_the_selected_file(files: Application) -> None:
    files.find("letter.txt").click()
    expect(files.find("“letter.txt” (10 bytes)")).to_be_visible()


def test_a_new_file_appears_by_itself(desktop: Desktop, files: Application) -> None:
    expect(files.find("invoice.txt")).to_be_hidden()
    (desktop.home / "inbox" / "invoice.txt").write_text("due")
    expect(files.find("invoice.txt")).to_be_visible()
    expect(files.find("3 items")).to_be_visible()


def test_makes_a_folder(desktop: Desktop, files: Application) -> None:
    files.find("letter.txt").wait_for()
    desktop.press("ctrl+shift+n")
    dialog = desktop.window("Creating New Folder")
    expect(dialog).to_be_visible()
    desktop.press("ctrl+a")
    desktop.type("receipts\n")
    expect(dialog).to_be_hidden()
    expect(files.find("receipts")).to_be_visible()
    assert (desktop.home / "inbox" / "receipts").is_dir()


def test_renames_a_file(desktop: Desktop, files: Application) -> None:
    files.find("budget.txt").click()
    desktop.press("f2")
    expect(desktop.window("Rename File")).to_be_visible()
    desktop.press("ctrl+a")
    desktop.type("costs.txt\n")
    expect(files.find("costs.txt")).to_be_visible()
    assert (desktop.home / "inbox" / "costs.txt").read_text() == "budget.txt"


def test_sorts_by_name_downwards(files: Application) -> None:
    expect(files.find("letter.txt").right_of("budget.txt")).to_be_visible()
    files.find("View").click()
    files.find("Sort Files").click()
    files.find("Descending").click()
    expect(files.find("budget.txt").right_of("letter.txt")).to_be_visible()
