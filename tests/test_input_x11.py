"""Input on a real X server, seen by real applications and by a plain window."""

from __future__ import annotations

import gc
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import Xlib
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from Xlib import XK, X
from Xlib.display import Display
from Xlib.keysymdef import xf86

from agent_app.actions import (
    Click,
    Drag,
    Hotkey,
    Input,
    InputAction,
    Move,
    Press,
    Scroll,
    Write,
    perform,
)
from agent_app.errors import KnownError, ModelMistake, RunEnded
from agent_app.geometry import FrameTransform, RelativePoint, ScreenPoint, Size
from agent_app.input import open_input
from agent_app.keys import KEYS
from agent_app.virtual import VirtualDesktop
from tests.witness import Seen, Witness

pytestmark = pytest.mark.desktop

ASCII = "".join(map(chr, range(0x20, 0x7F)))
SCRIPTS = "héllo <b> 你好 € 😀 Привет 안녕"
WIDTH, HEIGHT = 1280, 800
WHOLE = FrameTransform(ScreenPoint(0, 0), 1.0, Size(WIDTH, HEIGHT))

Wait = Callable[..., None]


def at(x: int, y: int) -> RelativePoint:
    """The middle of a pixel, as a model would say it."""
    return RelativePoint((x + 0.5) / WIDTH, (y + 0.5) / HEIGHT)


class StopAfter(threading.Event):
    """A stop flag that is found set at the n-th look at it."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self._left = looks

    def is_set(self) -> bool:
        self._left -= 1
        return self._left < 0


@pytest.fixture(scope="module")
def wait() -> Wait:
    """Wait for a condition with a deadline, for fixtures that outlive one test."""

    def until(condition: Callable[[], object], *, seconds: float = 20.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"still not so after {seconds} s"
            time.sleep(0.02)

    return until


@pytest.fixture
def driver(desktop: VirtualDesktop) -> Iterator[Input]:
    """The input under test; closing it leaves no key down, no changed keymap and no thread."""
    display = Display(desktop.display)
    first, count = display.display.info.min_keycode, 248
    before = display.get_keyboard_mapping(first, count)
    opened = open_input(desktop.environment)
    yield opened
    opened.close()
    assert display.get_keyboard_mapping(first, count) == before
    assert not any(display.query_keymap())
    assert "clipboard" not in {thread.name for thread in threading.enumerate()}
    display.close()


@pytest.fixture
def act(driver: Input) -> Callable[..., None]:
    def do(*actions: InputAction, stop: threading.Event | None = None) -> None:
        for action in actions:
            perform(action, input=driver, transform=WHOLE, stop=stop or threading.Event())

    return do


@pytest.fixture
def witness(desktop: VirtualDesktop, wait: Wait, act) -> Iterator[Witness]:
    """A focused window, with the pointer in its middle and nothing noted yet."""
    window = Witness(desktop.display)
    try:
        command = ["xdotool", "search", "--sync", "--name", "^witness$", "windowactivate"]
        subprocess.run(command, env=desktop.environment, check=True, capture_output=True)
        wait(lambda: Seen("focus") in window.seen())
        x, y = window.outer_place()
        act(Move(at(x + 200, y + 150)))
        wait(lambda: window.seen()[-1:] == [Seen("move", 0, x + 200, y + 150)])
        window.take()
        yield window
        assert window.keys_down() == []
    finally:
        window.close()


@pytest.fixture(scope="module")
def launch(desktop: VirtualDesktop, wait: Wait) -> Iterator[Callable[[Sequence[str], str], None]]:
    """Start an application, wait until a window with this in its title has the keyboard."""
    started: list[subprocess.Popen[bytes]] = []

    def start(command: Sequence[str], title: str) -> None:
        started.append(desktop.launch(command))
        wait(lambda: title in focused_title(desktop))

    yield start
    for process in started:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def focused_title(desktop: VirtualDesktop) -> str:
    query = ["xdotool", "getactivewindow", "getwindowname"]
    answer = subprocess.run(
        query, env=desktop.environment, capture_output=True, text=True, check=False
    )
    return answer.stdout


class Editor:
    """mousepad with a file: what is typed is read back from what it saves."""

    def __init__(self, desktop: VirtualDesktop, path: Path, act, wait: Wait) -> None:
        self._desktop, self._path, self._act, self._wait = desktop, path, act, wait

    def focus(self) -> None:
        command = ["xdotool", "search", "--name", self._path.name, "windowactivate"]
        subprocess.run(command, env=self._desktop.environment, check=True, capture_output=True)
        self._wait(lambda: self._path.name in focused_title(self._desktop))

    def text_after(self, *actions: InputAction) -> str:
        """Empty the editor, act, save, and the text of the file."""
        self.focus()
        self._act(Hotkey(("ctrl", "a")), Press(("delete",)), *actions)
        return self.saved()

    def saved(self) -> str:
        before = self._path.stat()
        self._act(Hotkey(("ctrl", "s")))
        # It replaces the file by a new one, under the same name.
        self._wait(lambda: self._path.stat().st_ino != before.st_ino)
        return self._path.read_bytes().decode()


@pytest.fixture(scope="module")
def mousepad(launch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that a running mousepad has open."""
    path = tmp_path_factory.mktemp("editor") / "typed.txt"
    path.write_text("")
    launch(["mousepad", str(path)], path.name)
    return path


@pytest.fixture
def editor(mousepad: Path, desktop: VirtualDesktop, act, wait: Wait) -> Editor:
    return Editor(desktop, mousepad, act, wait)


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


CLIPBOARD = {
    "text/plain;charset=utf-8": "plain ž 你".encode(),
    "text/html": "<b>rich ž</b>".encode(),
    "application/x-large": bytes(range(256)) * 4096,
    "application/x-empty": b"",
}

HOLDER = """
import sys
from PySide6.QtCore import QMimeData
from PySide6.QtGui import QGuiApplication
application = QGuiApplication([])
data = QMimeData()
for kind, value in CLIPBOARD.items():
    data.setData(kind, value)
application.clipboard().setMimeData(data)
print("held", flush=True)
application.exec()
"""


@pytest.fixture
def copied(desktop: VirtualDesktop) -> Iterator[Callable[[str], bytes]]:
    """Several formats, one of a megabyte, are in the clipboard; yields a way to read one."""
    script = f"CLIPBOARD = {CLIPBOARD!r}{HOLDER}"
    holder = subprocess.Popen(
        [sys.executable, "-"],
        env=desktop.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    holder.stdin.write(script.encode())
    holder.stdin.close()
    assert holder.stdout.readline() == b"held\n"

    def read(kind: str) -> bytes:
        command = ["xclip", "-selection", "clipboard", "-o", "-t", kind]
        return subprocess.run(
            command, env=desktop.environment, capture_output=True, check=False
        ).stdout

    yield read
    holder.kill()
    holder.wait()
    holder.stdout.close()


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


class Terminal:
    """xterm running `cat`: what is typed is what is in the file."""

    def __init__(self, launch, act, wait: Wait, path: Path, *options: str) -> None:
        self._act, self._wait, self._path = act, wait, path
        xterm = ["env", "LC_ALL=C.UTF-8", "xterm", "-T", path.name, *options]
        launch([*xterm, "-e", "sh", "-c", f"cat > {path}; echo > {path}.done"], path.name)
        wait(path.exists)

    def text_after(self, *actions: InputAction) -> str:
        self._act(*actions, Hotkey(("ctrl", "d")))
        self._wait(self._path.with_suffix(".txt.done").exists)
        return self._path.read_bytes().decode()


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


def test_a_terminal_takes_a_paste_and_both_selections_are_given_back(
    launch, act, wait, tmp_path: Path, witness: Witness, copied
):
    primary = witness.own_and_drop("PRIMARY")
    terminal = Terminal(launch, act, wait, tmp_path / "pasted.txt")
    text = f"{SCRIPTS}\n{ASCII}\n"
    assert terminal.text_after(Write(text)) == text
    assert witness.display.get_selection_owner(primary) == X.NONE
    assert copied("text/html") == CLIPBOARD["text/html"]


def presses(witness: Witness, wait: Wait, count: int) -> list[tuple[str, int]]:
    """So many presses and releases, once they came: a window manager may hold them back."""

    def came() -> list[tuple[str, int]]:
        seen = ((each.kind, each.detail) for each in witness.seen())
        return [each for each in seen if each[0].endswith(("_down", "_up"))]

    wait(lambda: len(came()) >= count)
    return came()


def test_clicks_reach_the_pixel_with_their_button(witness: Witness, act, wait):
    x, y = witness.outer_place()
    for number, button in ((1, "left"), (2, "middle"), (3, "right")):
        act(Click(at(x + 10, y + 20), button=button))
        assert presses(witness, wait, 2) == [("button_down", number), ("button_up", number)]
        places = {(each.x, each.y) for each in witness.all if each.kind != "focus"}
        assert places == {(x + 10, y + 20)}
        witness.take()


@pytest.mark.parametrize(("count", "taken"), [(2, "word"), (3, "word another")])
def test_a_double_click_takes_a_word_and_a_triple_click_the_line(
    desktop: VirtualDesktop, launch, act, wait, count: int, taken: str
):
    title = f"clicked {count} times"
    launch(["xterm", "+sb", "-T", title, "-e", "sh", "-c", "echo word another; cat"], title)
    command = "xwininfo -id $(xdotool getactivewindow)"
    answer = subprocess.run(
        ["sh", "-c", command], env=desktop.environment, capture_output=True, text=True, check=True
    )
    x, y = (int(n) for n in re.findall(r"Absolute upper-left .:\s+(\d+)", answer.stdout))

    def selected() -> str:
        read = ["xclip", "-selection", "primary", "-o"]
        answer = subprocess.run(read, env=desktop.environment, capture_output=True, check=False)
        return answer.stdout.decode().rstrip()

    act(Click(at(x + 6, y + 8), count=count))
    wait(lambda: selected() == taken)


def test_modifiers_are_down_during_a_click_and_a_scroll(witness: Witness, act, wait):
    act(Click(modifiers=("ctrl", "shift")), Scroll(dy=1, modifiers=("ctrl",)))
    presses(witness, wait, 10)
    states = {(e.detail, e.state & 0xFF) for e in witness.all if e.kind == "button_down"}
    assert states == {(1, X.ControlMask | X.ShiftMask), (4, X.ControlMask)}
    assert witness.state() == 0


@pytest.mark.parametrize(
    ("scroll", "button"),
    [(Scroll(dy=3), 4), (Scroll(dy=-3), 5), (Scroll(dx=-3), 6), (Scroll(dx=3), 7)],
    ids=["up", "down", "left", "right"],
)
def test_a_scroll_turns_as_many_notches_as_asked(witness: Witness, act, wait, scroll, button: int):
    act(scroll)
    assert presses(witness, wait, 6) == [("button_down", button), ("button_up", button)] * 3


def test_a_drag_holds_the_button_over_many_moves_and_ends_on_the_pixel(witness: Witness, act, wait):
    x, y = witness.outer_place()
    act(Drag(start=at(x + 20, y + 30), end=at(x + 220, y + 130)))
    presses(witness, wait, 2)
    events = witness.all
    down = next(i for i, each in enumerate(events) if each.kind == "button_down")
    up = next(i for i, each in enumerate(events) if each.kind == "button_up")
    assert (events[down].x, events[down].y) == (x + 20, y + 30)
    assert (events[up].x, events[up].y) == (x + 220, y + 130)
    assert sum(each.kind == "move" for each in events[down:up]) >= 10


def test_a_window_dragged_by_its_title_lands_where_it_was_let_go(witness: Witness, act, wait):
    x, y = witness.outer_place()
    act(Drag(start=at(x + 100, y - 8), end=at(x + 160, y + 32)))
    wait(lambda: witness.outer_place() != (x, y))
    moved_x, moved_y = witness.outer_place()
    assert abs(moved_x - x - 60) <= 4
    assert abs(moved_y - y - 40) <= 4


NAMED = dict(
    pair.split("=")
    for pair in """
    enter=Return tab=Tab space=space backspace=BackSpace delete=Delete insert=Insert esc=Escape
    home=Home end=End pageup=Prior pagedown=Next up=Up down=Down left=Left right=Right
    ctrl=Control_L alt=Alt_L shift=Shift_L win=Super_L ctrlleft=Control_L ctrlright=Control_R
    altleft=Alt_L altright=Alt_R shiftleft=Shift_L shiftright=Shift_R winleft=Super_L
    winright=Super_R capslock=Caps_Lock numlock=Num_Lock scrolllock=Scroll_Lock pause=Pause
    printscreen=Print apps=Menu add=KP_Add subtract=KP_Subtract multiply=KP_Multiply
    divide=KP_Divide decimal=KP_Decimal
    """.split()
) | {f"num{n}": f"KP_{n}" for n in range(10)}
MEDIA = {
    "volumeup": xf86.XK_XF86_AudioRaiseVolume,
    "volumedown": xf86.XK_XF86_AudioLowerVolume,
    "volumemute": xf86.XK_XF86_AudioMute,
    "playpause": xf86.XK_XF86_AudioPlay,
    "nexttrack": xf86.XK_XF86_AudioNext,
    "prevtrack": xf86.XK_XF86_AudioPrev,
}


def keysym_expected(key: str) -> int:
    if len(key) == 1:
        return ord(key)
    return MEDIA.get(key) or XK.string_to_keysym(NAMED.get(key, key.upper()))


@pytest.mark.parametrize("num_lock", [False, True], ids=["num lock off", "num lock on"])
def test_every_key_arrives_as_itself_or_is_a_mistake(witness: Witness, act, wait, num_lock: bool):
    witness.grab_keyboard()  # or the window manager would take its share
    if num_lock:
        act(Press(("numlock",)))
    missing: set[str] = set()
    wrong: dict[str, list[str]] = {}
    for key in sorted(KEYS):
        witness.take()
        try:
            act(Press((key,)))
        except ModelMistake:
            missing.add(key)
            continue
        presses(witness, wait, 2)
        pressed = [each for each in witness.all if each.kind == "key_down"]
        keysyms = [witness.keysym(each) for each in pressed]
        if keysym_expected(key) not in keysyms:
            wrong[key] = [hex(keysym) for keysym in keysyms]
        assert witness.keys_down() == []
        if key in ("capslock", "numlock"):
            act(Press((key,)))
    if num_lock:
        act(Press(("numlock",)))
    assert wrong == {}
    assert missing == {f"f{n}" for n in range(13, 25)}, "the usual keyboard has none of these"


def test_a_character_as_a_key_is_typed_as_itself(editor: Editor):
    keys = tuple(sorted(key for key in KEYS if len(key) == 1))
    assert editor.text_after(Press(keys), Write("\n")) == "".join(keys) + "\n"


def test_keys_held_together_are_let_go_in_reverse(witness: Witness, act, wait):
    act(Hotkey(("ctrl", "shift", "f5")))
    events = presses(witness, wait, 6)
    codes = [code for kind, code in events if kind == "key_down"]
    assert [code for kind, code in events if kind == "key_up"] == codes[::-1]
    assert len(codes) == 3


@pytest.mark.parametrize("looks", [1, 2, 5, 9, 14])
def test_a_stop_in_the_middle_of_a_text_leaves_nothing_down(witness: Witness, act, looks: int):
    with pytest.raises(RunEnded, match="stopped"):
        act(Write("Ab<你€>\tCd" * 5), stop=StopAfter(looks))
    assert witness.keys_down() == []
    assert witness.state() == 0


def test_a_stop_in_the_middle_of_a_drag_lets_the_button_go(witness: Witness, act, wait):
    with pytest.raises(RunEnded, match="stopped"):
        act(Drag(end=at(500, 400), modifiers=("ctrl",)), stop=StopAfter(6))
    events = presses(witness, wait, 4)
    assert [kind for kind, _ in events] == ["key_down", "button_down", "key_up", "button_up"]
    assert witness.state() == 0


def test_a_hand_in_a_corner_stops_and_the_agent_itself_may_go_there(witness: Witness, act):
    corner = at(WIDTH - 1, 0)
    act(Move(corner), Press(("a",)), Click(corner), Scroll(dy=1))
    witness.root.warp_pointer(0, HEIGHT - 1)
    witness.display.sync()
    for action in (Press(("a",)), Move(at(5, 5)), Click(), Scroll(dy=1), Write("abc"), Write("你")):
        with pytest.raises(RunEnded, match="corner"):
            act(action)
    assert witness.keys_down() == []
    witness.root.warp_pointer(640, 400)
    witness.display.sync()
    act(Press(("a",)))


def test_a_second_display_in_one_process_is_refused_by_name(driver: Input):
    del driver  # this process is bound to its display
    with (
        VirtualDesktop(Size(640, 480)) as other,
        pytest.raises(KnownError, match=f"cannot change to {other.display}"),
    ):
        open_input(other.environment)


@pytest.mark.parametrize(
    ("environment", "message", "remedy"),
    [
        ({}, "no display", "--virtual"),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "Wayland", "X11 session"),
        ({"DISPLAY": ":4242"}, "cannot connect to the display :4242", "XAUTHORITY"),
        ({"DISPLAY": "nonsense"}, "cannot connect to the display nonsense", "DISPLAY"),
    ],
    ids=["nothing", "wayland", "no such display", "no name"],
)
# python-xlib leaves the socket of a connection that fails to the garbage collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_display_that_cannot_be_used_is_a_clear_error(environment, message: str, remedy: str):
    with pytest.raises(KnownError, match=message) as caught:
        open_input(environment)
    assert remedy in caught.value.remedy
    del caught
    gc.collect()


def test_an_old_python_xlib_is_named_with_the_remedy(
    desktop: VirtualDesktop, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Xlib, "__version__", (0, 15))
    with pytest.raises(KnownError, match=r"0\.15 is too old") as caught:
        open_input(desktop.environment)
    assert "python-xlib>=0.33" in caught.value.remedy


WITHOUT = """
import json, os, sys
environment = json.loads(sys.stdin.read())
os.environ.pop("DISPLAY", None)
sys.modules["tkinter"] = None
from agent_app.input import open_input
opened = open_input(environment)
print(opened.position())
opened.close()
opened.close()
assert "DISPLAY" not in os.environ
"""


def test_neither_tkinter_nor_a_display_of_our_own_is_needed(desktop: VirtualDesktop):
    answer = subprocess.run(
        [sys.executable, "-W", "error", "-c", WITHOUT],
        input=json.dumps(desktop.environment),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.startswith("ScreenPoint(")


def test_a_display_that_goes_away_is_a_known_error():
    script = """
import sys
from agent_app.errors import KnownError
from agent_app.geometry import Size
from agent_app.input import open_input
from agent_app.virtual import VirtualDesktop
desktop = VirtualDesktop(Size(640, 480))
opened = open_input(desktop.environment)
opened.key_down("ctrl")
desktop.close()
for event in (lambda: opened.key_down("a"), opened.position, lambda: opened.scroll(0, 1)):
    try:
        event()
    except KnownError as error:
        print(error.message)
opened.release_all()
opened.close()
"""
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=os.getcwd()
    )
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.splitlines() == ["the connection to the X display was lost"] * 3
