"""FeatherPad, a text editor in Qt 5."""

from __future__ import annotations

import pytest

from agent_app.testing import Application, Desktop, expect


@pytest.fixture
def editor(desktop: Desktop) -> Application:
    return desktop.launch("featherpad --standalone")


def test_saving_needs_a_change(desktop: Desktop, editor: Application) -> None:
    expect(editor.find("Save", role="button", exact=True)).to_be_disabled()
    desktop.type("x")
    expect(editor.find("Save", role="button", exact=True)).to_be_enabled()


@pytest.mark.usefixtures("editor")
def test_asks_before_it_closes_a_changed_text(desktop: Desktop) -> None:
    desktop.type("x")
    desktop.press("ctrl+shift+q")
    question = desktop.window("FeatherPad").find("The document has been modified.")
    expect(question).to_be_visible()
    desktop.find("Cancel", role="button").click()
    expect(question).to_be_hidden()


@pytest.mark.usefixtures("desktop")
def test_opens_a_second_tab(editor: Application) -> None:
    expect(editor.find(role="tab")).to_have_count(1)
    editor.find("New", role="button").click()
    expect(editor.find(role="tab")).to_have_count(2)


def test_undo_and_redo(desktop: Desktop, editor: Application) -> None:
    text = editor.find(role="field").first
    desktop.type("once")
    expect(text).to_have_text("once")
    editor.find("Undo", role="button").click()
    expect(text).to_have_text("")
    editor.find("Redo", role="button").click()
    expect(text).to_have_text("once")


def test_opens_and_saves_a_file(desktop: Desktop) -> None:
    (desktop.home / "list.txt").write_text("milk")
    editor = desktop.launch("featherpad --standalone list.txt")
    text = editor.find(role="field").first
    expect(text).to_have_text("milk")
    text.fill("milk and honey")
    editor.find("Save", role="button", exact=True).click()
    expect(editor.find("Save", role="button", exact=True)).to_be_disabled()
    assert (desktop.home / "list.txt").read_text() == "milk and honey\n"
