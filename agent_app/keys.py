"""Names of keys: the ones that exist, and the spellings people and models use for them.

The canonical names are pyautogui's. This table stands apart from pyautogui because that library
needs a display to be imported, and a key name must be checked without one.
"""

from __future__ import annotations

from collections.abc import Iterable

from agent_app.errors import ModelMistake

MODIFIERS = ("ctrl", "alt", "shift", "win")
STOP_CHORD = ("ctrl", "alt", "end")  # what a person stops everything with; the agent never may

_NAMED = """
    enter tab space backspace delete insert esc home end pageup pagedown up down left right
    ctrl alt shift win ctrlleft ctrlright altleft altright shiftleft shiftright winleft winright
    capslock numlock scrolllock pause printscreen apps
    volumeup volumedown volumemute playpause nexttrack prevtrack
    add subtract multiply divide decimal
""".split()

KEYS = frozenset(
    [*_NAMED, *(f"f{n}" for n in range(1, 25)), *(f"num{n}" for n in range(10))]
    + [chr(code) for code in range(0x21, 0x7F) if not chr(code).isupper()]
)

_ALIASES = {
    "return": "enter",
    "\n": "enter",
    "\t": "tab",
    " ": "space",
    "spacebar": "space",
    "bksp": "backspace",
    "del": "delete",
    "ins": "insert",
    "escape": "esc",
    "pgup": "pageup",
    "prior": "pageup",
    "pgdn": "pagedown",
    "pgdown": "pagedown",
    "next": "pagedown",
    "arrowup": "up",
    "arrowdown": "down",
    "arrowleft": "left",
    "arrowright": "right",
    "control": "ctrl",
    "option": "alt",
    "altgr": "altright",
    "ctrll": "ctrlleft",  # X11's names end in _L and _R
    "ctrlr": "ctrlright",
    "controll": "ctrlleft",
    "controlr": "ctrlright",
    "altl": "altleft",
    "altr": "altright",
    "shiftl": "shiftleft",
    "shiftr": "shiftright",
    "superl": "winleft",
    "superr": "winright",
    "caps": "capslock",
    "kpenter": "enter",
    "cmd": "win",
    "command": "win",
    "super": "win",
    "meta": "win",
    "windows": "win",
    "menu": "apps",
    "print": "printscreen",
    "prtsc": "printscreen",
    "plus": "+",
    "minus": "-",
    "comma": ",",
    "period": ".",
    "slash": "/",
}


def canonical_key(name: str) -> str:
    """The canonical name of a key, from any usual spelling (`Return`, `page_down`, `Control`).

    Raises ModelMistake for a name that is no key.
    """
    if name.isascii() and len(name) == 1 and name.isprintable() and name != " ":
        return name.lower()
    plain = name if name in ("\n", "\t", " ") else name.strip().lower()
    for spelling in (plain, plain.replace("_", "").replace("-", "").replace(" ", "")):
        spelling = _ALIASES.get(spelling, spelling)
        if spelling in KEYS:
            return spelling
    raise ModelMistake(
        f"{name[:40]!r} is not the name of a key. Use names such as enter, tab, esc, ctrl, shift, "
        "alt, f5, pagedown, or one character."
    )


def chord_of(names: Iterable[str]) -> frozenset[str]:
    """Keys that are down together, however they are spelled, without their sides.

    What is no key stays as it is; it cannot be pressed either.
    """
    keys: set[str] = set()
    for name in names:
        try:
            keys.add(without_side(canonical_key(name)))
        except ModelMistake:
            keys.add(name)
    return frozenset(keys)


def without_side(key: str) -> str:
    """`ctrlleft` and `ctrlright` are `ctrl` when it comes to chords."""
    for side in ("left", "right"):
        if key.endswith(side) and key != side:
            return key.removesuffix(side)
    return key
