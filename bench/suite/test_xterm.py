"""A terminal, which tells nothing: everything is read."""

from __future__ import annotations

import pytest

from agent_app.testing import Application, Desktop, expect


@pytest.fixture
def terminal(desktop: Desktop) -> Application:
    return desktop.launch(
        "xterm -T Terminal -fa DejaVuSansMono -fs 14 -e sh", environment={"PS1": "$ "}
    )


def test_shows_what_a_command_says(desktop: Desktop, terminal: Application) -> None:
    desktop.type("expr 6 \\* 7 | sed 's/^/answer /'\n")
    expect(terminal.find("answer 42")).to_be_visible()


def test_a_message_that_was_cleared_was_seen(desktop: Desktop, terminal: Application) -> None:
    desktop.type("echo wonderful; sleep 0.5; clear\n")
    expect(terminal.find("wonderful")).to_be_hidden()
    desktop.assert_seen("wonderful", last=20)
    desktop.never_seen("not found", last=20)


def test_a_wrong_command_is_named(desktop: Desktop, terminal: Application) -> None:
    desktop.type("nosuchprogram\n")
    expect(terminal.find("nosuchprogram: not found")).to_be_visible()


def test_writes_a_file(desktop: Desktop, terminal: Application) -> None:
    desktop.type("seq 3 > three; printf 'finished %s\\n' writing\n")
    expect(terminal.find("finished writing")).to_be_visible()
    assert (desktop.home / "three").read_text() == "1\n2\n3\n"


@pytest.mark.usefixtures("terminal")
def test_its_title_can_be_set(desktop: Desktop) -> None:
    expect(desktop.find("Terminal", window="title")).to_be_visible()
    desktop.type("printf '\\033]0;Renamed\\007'\n")
    expect(desktop.find("Renamed", window="title")).to_be_visible()


def test_ends_with_its_shell(desktop: Desktop, terminal: Application) -> None:
    desktop.type("exit\n")
    expect(desktop.window("Terminal")).to_be_hidden()
    assert terminal.windows == ()
