"""Text of any script arrives exactly in real applications, whatever the keyboard's state."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from Xlib import X

from agent_app.actions import Press, Write
from agent_app.virtual import VirtualDesktop
from tests.applications import ASCII, CLIPBOARD, SCRIPTS, Editor, Terminal
from tests.witness import Witness

pytestmark = pytest.mark.desktop


def test_every_script_newlines_tabs_and_all_of_ascii_arrive_exactly(editor: Editor):
    text = f"{SCRIPTS}\n\tone\ttab\n\n{ASCII}\n"
    assert editor.text_after(Write(text)) == text


@pytest.mark.parametrize("count", [1, 8, 9, 120], ids="{} foreign characters".format)
def test_few_and_many_foreign_characters_arrive_exactly(editor: Editor, count: int):
    text = "".join(chr(0x4E00 + n) + "x" for n in range(count)) + "\n"
    assert editor.text_after(Write(text), Write(text)) == text * 2


def test_windows_newlines_are_one_enter_each(editor: Editor):
    assert editor.text_after(Write("a\r\nb\r\n")) == "a\nb\n"


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp", "Cn"]), min_size=1))
@example("👨‍👩‍👧 e\u0301 ﷽ שלום नमस्ते")
@example("aAaA<>|¦€@'\"`^~´¨")
def test_any_printable_text_arrives_exactly(editor: Editor, text: str):
    assert editor.text_after(Write(text + "\n")) == text + "\n"


def test_caps_lock_changes_no_letter_and_stays_on(editor: Editor, witness: Witness, act):
    act(Press(("capslock",)))
    assert witness.state() & X.LockMask
    try:
        text = "aB <Éé> жЖ\n"
        assert editor.text_after(Write(text)) == text
        assert witness.state() & X.LockMask
    finally:
        act(Press(("capslock",)))
    assert not witness.state() & X.LockMask


@pytest.mark.parametrize("taps", [0, 1], ids=["as it is", "toggled"])
def test_num_lock_changes_nothing_typed(editor: Editor, act, taps: int):
    switch = [Press(("numlock",))] * taps
    act(*switch)
    try:
        keypad = Press(("num7", "num0", "add", "decimal"))
        assert editor.text_after(Write("1a-"), keypad, Write("\n")) == "1a-70+.\n"
    finally:
        act(*switch)


@pytest.fixture
def layout(desktop: VirtualDesktop) -> Iterator[Callable[..., None]]:
    """Change the keyboard's layout for one test."""

    def choose(*arguments: str) -> None:
        command = ["setxkbmap", "-model", "pc105", *arguments]
        subprocess.run(command, env=desktop.environment, check=True)

    yield choose
    choose("-layout", "us", "-option", "")


def test_another_layout_types_the_same(editor: Editor, layout):
    layout("-layout", "de")
    text = "zZyY @{[]}\\|~ äöüß €µ <>' you\n"
    assert editor.text_after(Write(text)) == text


def test_the_second_layout_in_use_types_the_same_and_hotkeys_work(
    editor: Editor, layout, witness: Witness
):
    layout("-layout", "us,ru", "-option", "grp:menu_toggle")
    menu_key = 135
    witness.tap(menu_key)
    assert witness.state() >> 13 & 3 == 1
    try:
        text = "abc <b> ё!\n"
        assert editor.text_after(Write(text)) == text  # by keys
        text = "abc <b> Привет, ёж! 你好\n"
        assert editor.text_after(Write(text)) == text  # by paste
    finally:
        witness.tap(menu_key)
    assert witness.state() >> 13 & 3 == 0


@pytest.mark.parametrize("foreign", ["é€", "你好 € 😀 Привет 안녕"], ids=["few", "many"])
def test_a_terminal_gets_every_script_newlines_and_tabs(
    launch, act, wait, tmp_path: Path, foreign: str
):
    text = f"{foreign}\n\tone\n{ASCII}\n"
    terminal = Terminal(launch, act, wait, tmp_path / "terminal.txt")
    assert terminal.text_after(Write(text)) == text


def test_what_takes_no_paste_is_typed_though_the_keys_do_not_suffice(
    launch, act, wait, tmp_path: Path, copied
):
    no_paste = "XTerm*VT100.translations: #override Shift <Key>Insert: ignore()"
    terminal = Terminal(launch, act, wait, tmp_path / "typed.txt", "-xrm", no_paste)
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 22))) * 2 + "\n"
    assert terminal.text_after(Write(text)) == text
    assert copied("text/html") == CLIPBOARD["text/html"]
