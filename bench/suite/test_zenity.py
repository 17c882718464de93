"""Zenity's dialogs, in GTK 3: what scripts ask people with."""

from __future__ import annotations

from pathlib import Path

from agent_app.testing import Application, Desktop, expect


def ask(desktop: Desktop, options: str) -> tuple[Application, Path]:
    """A dialog, and the file that its answer comes in."""
    answer = desktop.home / "answer"
    answer.unlink(missing_ok=True)
    return desktop.launch(["sh", "-c", f"zenity {options} > answer; echo $? >> answer"]), answer


def test_a_form_answers_with_its_fields(desktop: Desktop) -> None:
    dialog, answer = ask(desktop, "--forms --text=Visitor --add-entry=Name --add-entry=City")
    dialog.find(role="field").right_of("Name").fill("Ada")
    dialog.find(role="field").right_of("City").fill("London")
    dialog.find("OK", role="button").click()
    expect(desktop.window("zenity")).to_be_hidden()
    assert answer.read_text() == "Ada|London\n0\n"


def test_no_is_another_status(desktop: Desktop) -> None:
    dialog, answer = ask(desktop, "--question --text='Delete everything?'")
    expect(dialog.find("Delete everything?")).to_be_visible()
    dialog.find("No", role="button").click()
    expect(desktop.window("zenity")).to_be_hidden()
    assert answer.read_text() == "1\n"


def test_a_list_answers_with_the_chosen_row(desktop: Desktop) -> None:
    dialog, answer = ask(desktop, "--list --column=Tea Assam Sencha Oolong --height=300")
    dialog.find("Sencha").click()
    dialog.find("OK", role="button").click()
    expect(desktop.window("items")).to_be_hidden()
    assert answer.read_text() == "Sencha\n0\n"


def test_an_entry_begins_with_what_it_is_given(desktop: Desktop) -> None:
    dialog, answer = ask(desktop, "--entry --text='Your tea' --entry-text=Assam")
    field = dialog.find(role="field")
    expect(field).to_have_text("Assam")
    field.fill("Oolong")
    desktop.press("enter")
    expect(desktop.window("entry")).to_be_hidden()
    assert answer.read_text() == "Oolong\n0\n"


def test_a_value_moves_with_the_keys(desktop: Desktop) -> None:
    dialog, answer = ask(desktop, "--scale --text=Volume --value=10 --max-value=20")
    desktop.press("right", "right")
    dialog.find("OK", role="button").click()
    expect(desktop.window("Adjust")).to_be_hidden()
    assert answer.read_text() == "12\n0\n"


def test_progress_closes_by_itself(desktop: Desktop) -> None:
    desktop.launch(
        ["sh", "-c", "(echo '#Copying'; sleep 1; echo 100) | zenity --progress --auto-close"]
    )
    expect(desktop.window("Progress")).to_be_hidden()
    desktop.assert_seen("Copying", last=15)
