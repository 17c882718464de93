"""A paste is exact, and the clipboard is afterwards as it was."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from Xlib import XK, X
from Xlib.display import Display

from agent_app.actions import Hotkey, Input, Write
from agent_app.errors import ModelMistake, RunEnded
from agent_app.input.x11_clipboard import Clipboard
from agent_app.virtual import VirtualDesktop
from tests.applications import ASCII, CLIPBOARD, SCRIPTS, Editor, Terminal
from tests.fakes.clipboard_manager import ClipboardManager
from tests.witness import Witness

pytestmark = pytest.mark.desktop


@pytest.fixture
def no_spare_keys(witness: Witness) -> Iterator[None]:
    """Every keycode stands for something, so nothing can be remapped."""
    first = witness.display.display.info.min_keycode
    spare = [first + at for at, row in enumerate(witness.keymap()) if not any(row)]
    for code in spare:
        witness.display.change_keyboard_mapping(code, [(XK.XK_F35,) * 4])
    witness.display.sync()
    yield
    for code in spare:
        witness.display.change_keyboard_mapping(code, [(0,) * 4])
    witness.display.sync()


def test_a_paste_is_exact_and_gives_every_format_back(editor: Editor, copied):
    text = f"{SCRIPTS}\n\t{ASCII}\n"
    assert editor.text_after(Write(text)) == text
    for kind, value in CLIPBOARD.items():
        assert copied(kind) == value
    assert editor.text_after(Write(text)) == text  # now the formats come from ourselves
    for kind, value in CLIPBOARD.items():
        assert copied(kind) == value


def test_a_copy_after_a_paste_wins(editor: Editor, copied, act):
    assert editor.text_after(Write(f"{SCRIPTS}\n")) == f"{SCRIPTS}\n"
    act(Hotkey(("ctrl", "a")), Hotkey(("ctrl", "c")))
    assert editor.text_after(Write(f"{SCRIPTS}!\n")) == f"{SCRIPTS}!\n"
    assert copied("UTF8_STRING").decode() == f"{SCRIPTS}\n"


@pytest.mark.usefixtures("copied")
def test_a_clipboard_manager_keeps_what_was_in_our_care(
    editor: Editor, desktop: VirtualDesktop, driver: Input
):
    formats = ["text/html", "text/unknown", "application/x-empty"]
    assert editor.text_after(Write(f"{SCRIPTS}\n")) == f"{SCRIPTS}\n"
    manager = ClipboardManager(desktop.display, formats)
    stamp, names = manager.timestamp_and_formats()
    assert stamp > 0
    assert names >= {"TARGETS", "TIMESTAMP", "MULTIPLE", *CLIPBOARD}
    manager.start()
    driver.close()
    manager.close()
    assert manager.saved == {kind: CLIPBOARD[kind] for kind in ("text/html", "application/x-empty")}
    assert manager.refused == {"text/unknown"}


def test_what_is_lent_asks_clipboard_managers_to_forget_it(desktop: VirtualDesktop):
    clipboard = Clipboard(lambda: Display(desktop.display))
    read = ["xclip", "-out", "-selection", "clipboard", "-target", "x-kde-passwordManagerHint"]
    try:
        with clipboard.lent("hello", ("CLIPBOARD",), 0):
            said = subprocess.run(read, env=desktop.environment, capture_output=True, check=True)
        assert said.stdout == b"secret"
    finally:
        clipboard.close()


def test_an_empty_clipboard_is_empty_after_a_paste(editor: Editor, witness: Witness):
    clipboard = witness.own_and_drop("CLIPBOARD")
    assert editor.text_after(Write(SCRIPTS), Write("\n")) == f"{SCRIPTS}\n"
    assert witness.display.get_selection_owner(clipboard) == X.NONE


@pytest.mark.usefixtures("no_spare_keys")
def test_a_paste_that_nothing_takes_is_a_mistake_and_gives_the_clipboard_back(
    witness: Witness, copied, act
):
    with pytest.raises(ModelMistake, match="text field"):
        act(Write("你"))
    assert copied("text/html") == CLIPBOARD["text/html"]
    assert witness.keys_down() == []


@pytest.mark.usefixtures("no_spare_keys")
def test_a_stop_during_a_paste_gives_the_clipboard_back(witness: Witness, copied, act, wait):
    stop = threading.Event()

    def end() -> None:
        wait(lambda: copied("text/html") != CLIPBOARD["text/html"])  # ours is there instead
        stop.set()

    def paste() -> None:
        while thread.is_alive() or stop.is_set():  # one paste may be over before it is seen
            act(Write("你"), stop=stop)

    thread = threading.Thread(target=end)
    thread.start()
    with pytest.raises(RunEnded, match="stopped"):
        paste()
    thread.join()
    assert copied("text/html") == CLIPBOARD["text/html"]
    assert witness.keys_down() == []


def test_a_terminal_takes_a_paste_and_both_selections_are_given_back(
    launch, act, wait, tmp_path: Path, witness: Witness, copied
):
    primary = witness.own_and_drop("PRIMARY")
    terminal = Terminal(launch, act, wait, tmp_path / "pasted.txt")
    text = f"{SCRIPTS}\n{ASCII}\n"
    assert terminal.text_after(Write(text)) == text
    assert witness.display.get_selection_owner(primary) == X.NONE
    assert copied("text/html") == CLIPBOARD["text/html"]
