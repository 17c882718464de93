"""Pointer and keys as applications see them, and what stops them."""

from __future__ import annotations

import re
import subprocess

import pytest
from Xlib import XK, X
from Xlib.keysymdef import xf86

from agent_app.actions import Click, Drag, Hotkey, Move, Press, Scroll, Write
from agent_app.errors import ModelMistake, RunEnded
from agent_app.keys import KEYS
from agent_app.virtual import VirtualDesktop
from tests.applications import HEIGHT, WIDTH, Editor, StopAfter, at, presses
from tests.witness import Witness

pytestmark = pytest.mark.desktop


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
