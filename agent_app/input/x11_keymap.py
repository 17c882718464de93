"""What the keys of an X server stand for at this moment, and pressing them through XTest.

The keymap is read anew for each use: it costs a quarter of a millisecond, and a person may switch
layouts at any time.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from Xlib import XK, X
from Xlib.display import Display
from Xlib.ext import xtest
from Xlib.keysymdef import xf86

from agent_app.errors import ModelMistake

# Keysyms that Xlib.XK does not load by itself. ISO_Level3_Shift is AltGr.
_ISO_LEVEL3_SHIFT = 0xFE03
_KEYPAD = range(0xFFAA, 0xFFBA)  # KP_Multiply to KP_9, whose second level NumLock chooses
_UNICODE = 0x01000000  # X protocol, appendix A: keysyms of characters outside Latin-1

_KEYSYMS: dict[str, tuple[int, ...]] = {
    "enter": (XK.XK_Return,),
    "tab": (XK.XK_Tab,),
    "space": (XK.XK_space,),
    "backspace": (XK.XK_BackSpace,),
    "delete": (XK.XK_Delete,),
    "insert": (XK.XK_Insert,),
    "esc": (XK.XK_Escape,),
    "home": (XK.XK_Home,),
    "end": (XK.XK_End,),
    "pageup": (XK.XK_Page_Up,),
    "pagedown": (XK.XK_Page_Down,),
    "up": (XK.XK_Up,),
    "down": (XK.XK_Down,),
    "left": (XK.XK_Left,),
    "right": (XK.XK_Right,),
    "ctrl": (XK.XK_Control_L,),
    "alt": (XK.XK_Alt_L,),
    "shift": (XK.XK_Shift_L,),
    "win": (XK.XK_Super_L,),
    "ctrlleft": (XK.XK_Control_L,),
    "ctrlright": (XK.XK_Control_R,),
    "altleft": (XK.XK_Alt_L,),
    "altright": (XK.XK_Alt_R, _ISO_LEVEL3_SHIFT),
    "shiftleft": (XK.XK_Shift_L,),
    "shiftright": (XK.XK_Shift_R,),
    "winleft": (XK.XK_Super_L,),
    "winright": (XK.XK_Super_R,),
    "capslock": (XK.XK_Caps_Lock,),
    "numlock": (XK.XK_Num_Lock,),
    "scrolllock": (XK.XK_Scroll_Lock,),
    "pause": (XK.XK_Pause,),
    "printscreen": (XK.XK_Print,),
    "apps": (XK.XK_Menu,),
    "volumeup": (xf86.XK_XF86_AudioRaiseVolume,),
    "volumedown": (xf86.XK_XF86_AudioLowerVolume,),
    "volumemute": (xf86.XK_XF86_AudioMute,),
    "playpause": (xf86.XK_XF86_AudioPlay,),
    "nexttrack": (xf86.XK_XF86_AudioNext,),
    "prevtrack": (xf86.XK_XF86_AudioPrev,),
    "add": (XK.XK_KP_Add,),
    "subtract": (XK.XK_KP_Subtract,),
    "multiply": (XK.XK_KP_Multiply,),
    "divide": (XK.XK_KP_Divide,),
    "decimal": (XK.XK_KP_Decimal, XK.XK_KP_Separator),
    **{f"f{n}": (XK.XK_F1 + n - 1,) for n in range(1, 25)},
    **{f"num{n}": (XK.XK_KP_0 + n,) for n in range(10)},
}

# The keypad's Enter, and KP_Home to KP_Delete: its keys without NumLock; one of them does nothing.
_KEYPAD_NAMES = {XK.XK_KP_Enter: "enter"} | dict(
    zip(
        range(XK.XK_KP_Home, XK.XK_KP_Delete + 1),
        "home left up right down pageup pagedown end  insert delete".split(" "),
        strict=True,
    )
)
_NAMES = {keysym: name for name, keysyms in reversed(_KEYSYMS.items()) for keysym in keysyms}


def key_name(keysym: int) -> str:
    """The canonical name of a key by what stands on it; empty when it has none.

    Keys that come twice are named with their side.
    """
    if name := _NAMES.get(keysym):
        return f"{name}left" if f"{name}left" in _KEYSYMS else name
    if name := _KEYPAD_NAMES.get(keysym):
        return name
    character = chr(keysym) if 0x20 < keysym < 0x7F else ""
    return character.lower()


def keysym_of(character: str) -> int:
    """The keysym of a character: its code in Latin-1, else its code point in the Unicode range."""
    code = ord(character)
    return code if code < 0x100 else _UNICODE + code


@dataclass(frozen=True, slots=True)
class Stroke:
    """A key to press, by its keycode, and the keys that must be down with it.

    `lock` is one to be tapped before and after: a digit of the keypad needs NumLock, because
    applications take Shift with such a key for selecting text.
    """

    keycode: int
    modifiers: tuple[int, ...] = ()
    lock: int | None = None


class Keymap:
    """The keymap as it is now: levels 1 to 4 of the layout in use.

    `spare` are the keycodes that stand for nothing, `caps_lock` says whether CapsLock is on, and
    `known` whether the layout in use can be seen: the core protocol shows the first two only.
    """

    def __init__(self, display: Display) -> None:
        first = display.display.info.min_keycode
        rows = display.get_keyboard_mapping(first, display.display.info.max_keycode - first + 1)
        self._rows = {first + index: tuple(row) for index, row in enumerate(rows)}
        self._modifiers = [
            frozenset(code for code in codes if code) for codes in display.get_modifier_mapping()
        ]
        state: int = display.screen().root.query_pointer().mask
        self._state = state
        self._group = state >> 13 & 3  # where the server tells which layout is in use
        self.known = self._group < 2
        self.caps_lock = bool(state & X.LockMask)
        used = frozenset[int]().union(*self._modifiers)
        self.spare = [code for code, row in self._rows.items() if not any(row) and code not in used]

    def find(self, keysym: int) -> Stroke | None:
        """How to produce this keysym in the layout in use; None when no key does."""
        if not self.known:
            return None
        shift, level3 = self._modifier_key(X.ShiftMapIndex), self._key_at_level1(_ISO_LEVEL3_SHIFT)
        first = 2 * self._group  # a row is two levels of each layout, then two more of each
        by_level = (
            (first, ()),
            (first + 1, (shift,)),
            (first + 4, (level3,)),
            (first + 5, (level3, shift)),
        )
        for column, modifiers in by_level:
            if None in modifiers:
                continue
            for code, row in self._rows.items():
                if column < len(row) and row[column] == keysym:
                    if keysym in _KEYPAD and modifiers == (shift,):
                        return Stroke(code, lock=self._num_lock_if_off())
                    return Stroke(code, tuple(m for m in modifiers if m is not None))
        return None

    def key(self, name: str) -> Stroke:
        """How to press the key of this canonical name.

        A key that the layout in use lacks is looked up in the others: ctrl+s is the same key in
        the Russian layout. Raises ModelMistake when no layout has it.
        """
        keysyms = _KEYSYMS[name] if name in _KEYSYMS else (keysym_of(name),)
        for keysym in keysyms:
            if (stroke := self.find(keysym)) is not None:
                return stroke
        for code, row in self._rows.items():
            if any(keysym in row for keysym in keysyms):
                return Stroke(code)
        raise ModelMistake(f"this keyboard has no key {name!r}; use other keys.")

    def names(self) -> dict[int, str]:
        """The canonical name of each key by what stands on it, of those that have one."""
        named = ((code, key_name(row[0])) for code, row in self._rows.items() if row)
        return {code: name for code, name in named if name}

    def is_active(self, keycode: int) -> bool:
        """Whether this modifier key's effect is on already."""
        return any(
            keycode in codes and self._state & 1 << index
            for index, codes in enumerate(self._modifiers)
        )

    def holds(self, code: int, keysym: int) -> bool:
        """Whether this keycode stands for this keysym."""
        return self._rows[code][0] == keysym

    def _modifier_key(self, index: int) -> int | None:
        return min(self._modifiers[index], default=None)

    def _key_at_level1(self, keysym: int) -> int | None:
        return next((code for code, row in self._rows.items() if row[0] == keysym), None)

    def _num_lock_if_off(self) -> int | None:
        code = self._key_at_level1(XK.XK_Num_Lock)
        return None if code is None or self.is_active(code) else code


def press(display: Display, stroke: Stroke, keymap: Keymap) -> None:
    """Press a key and leave it down; what it needs held is held for that moment only."""
    with _ready(display, stroke, keymap):
        xtest.fake_input(display, X.KeyPress, stroke.keycode)
    display.sync()


def tap(display: Display, stroke: Stroke, keymap: Keymap) -> None:
    """Press a key and let it go, in one write to the server: no auto-repeat can come between."""
    with _ready(display, stroke, keymap):
        xtest.fake_input(display, X.KeyPress, stroke.keycode)
        xtest.fake_input(display, X.KeyRelease, stroke.keycode)
    display.sync()


@contextmanager
def _ready(display: Display, stroke: Stroke, keymap: Keymap) -> Generator[None]:
    needed = [code for code in stroke.modifiers if not keymap.is_active(code)]
    lock = [] if stroke.lock is None else [(X.KeyPress, stroke.lock), (X.KeyRelease, stroke.lock)]
    for kind, code in [*lock, *((X.KeyPress, code) for code in needed)]:
        xtest.fake_input(display, kind, code)
    yield
    for kind, code in [*((X.KeyRelease, code) for code in reversed(needed)), *lock]:
        xtest.fake_input(display, kind, code)
