"""GNOME Text Editor, in GTK 4, whose parts are read from the screen."""

from __future__ import annotations

import pytest

from agent_app.testing import Application, Desktop, expect


@pytest.fixture
def editor(desktop: Desktop) -> Application:
    return desktop.launch("gnome-text-editor --standalone", timeout=30)


@pytest.mark.usefixtures("editor")
def test_names_a_draft_after_its_first_line(desktop: Desktop) -> None:
    expect(desktop.find("New Document", window="title")).to_be_visible()
    desktop.type("Shopping list")
    expect(desktop.find("Shopping list", window="title")).to_be_visible()


def test_asks_before_it_discards_a_draft(desktop: Desktop, editor: Application) -> None:
    desktop.type("precious")
    desktop.press("ctrl+w")
    dialog = desktop.window("Save Changes?")
    expect(dialog.find("Open documents contain unsaved changes.")).to_be_visible()
    dialog.find("Cancel").click()
    expect(dialog).to_be_hidden()
    expect(editor.find("precious").last).to_be_visible()


def test_discards_a_draft_when_told_so(desktop: Desktop, editor: Application) -> None:
    desktop.type("worthless")
    desktop.press("ctrl+w")
    desktop.window("Save Changes?").find("Discard").click()
    expect(desktop.window("Save Changes?")).to_be_hidden()
    expect(editor.find("worthless")).to_be_hidden()


def test_opens_a_file(desktop: Desktop) -> None:
    (desktop.home / "menu.txt").write_text("soup\nbread\n")
    editor = desktop.launch("gnome-text-editor --standalone menu.txt", timeout=30)
    expect(desktop.find("menu.txt", window="title")).to_be_visible()
    expect(editor.find("bread").below("soup")).to_be_visible()
