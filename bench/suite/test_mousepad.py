"""Mousepad, a text editor in GTK 3."""

from __future__ import annotations

import pytest

from agent_app.testing import Application, Desktop, expect


@pytest.fixture
def editor(desktop: Desktop) -> Application:
    return desktop.launch("mousepad --disable-server")


def test_saves_under_a_name(desktop: Desktop, editor: Application) -> None:
    desktop.type("Hello")
    editor.find("File").click()
    editor.find("Save As…").click()
    desktop.find("Name", role="text").fill(str(desktop.home / "notes.txt"))
    desktop.press("enter")
    expect(desktop.find("notes.txt", window="title")).to_be_visible()
    assert (desktop.home / "notes.txt").read_text() == "Hello"


def test_opens_a_file_and_shows_it(desktop: Desktop) -> None:
    (desktop.home / "poem.txt").write_text("Tyger Tyger, burning bright")
    editor = desktop.launch("mousepad --disable-server poem.txt")
    expect(desktop.find("poem.txt", window="title")).to_be_visible()
    expect(editor.find(role="field")).to_have_text("Tyger Tyger, burning bright")


def test_undo_takes_the_text_back(desktop: Desktop, editor: Application) -> None:
    desktop.type("regret")
    expect(editor.find(role="field")).to_have_text("regret")
    editor.find("Edit").click()
    editor.find("Undo", role="menu item").click()
    expect(editor.find(role="field")).to_have_text("")


@pytest.mark.usefixtures("editor")
def test_marks_a_changed_file_in_its_title(desktop: Desktop) -> None:
    expect(desktop.find("*Untitled", window="title")).to_be_hidden()
    desktop.type("x")
    expect(desktop.find("*Untitled", window="title")).to_be_visible()


def test_asks_before_it_closes_unsaved_text(desktop: Desktop, editor: Application) -> None:
    desktop.type("unsaved")
    desktop.press("ctrl+q")
    expect(desktop.find("Do you want to save the changes before closing?")).to_be_visible()
    desktop.find("Cancel", role="button").click()
    expect(desktop.find("Do you want to save the changes before closing?")).to_be_hidden()
    expect(editor.find(role="field")).to_have_text("unsaved")


def test_leaves_without_saving_when_told_so(desktop: Desktop, editor: Application) -> None:
    desktop.type("unsaved")
    desktop.press("ctrl+q")
    desktop.find("Don't Save", role="button").click()
    expect(desktop.window("Mousepad")).to_be_hidden()
    assert editor.status == 0


def test_replaces_every_match(desktop: Desktop, editor: Application) -> None:
    desktop.type("tea and tea")
    desktop.press("ctrl+r")
    dialog = desktop.window("Find and Replace")
    dialog.find("Search for").click()
    desktop.type("tea\tcoffee")
    dialog.find("Replace all in:").check()
    dialog.find("Replace", role="button").click()
    dialog.find("Close", role="button").click()
    expect(editor.find(role="field")).to_have_text("coffee and coffee")


def test_shows_line_numbers_when_asked(desktop: Desktop, editor: Application) -> None:
    desktop.type("first\nsecond\nthird")
    expect(editor.find("3")).to_be_hidden()
    editor.find("View").click()
    editor.find("Line Numbers", role="menu item").click()
    expect(editor.find("3")).to_be_visible()
