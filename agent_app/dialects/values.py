"""Single values of a reply, checked: numbers, texts, keys, places.

Every function takes what a model wrote, of whatever type, and raises ModelMistake when it is not
what is needed there.
"""

from __future__ import annotations

import math
import re
import reprlib
from collections.abc import Sequence
from typing import cast

from agent_app.actions import Button
from agent_app.errors import ModelMistake
from agent_app.geometry import RelativePoint, Size
from agent_app.keys import canonical_key

MAX_NUMBER = 2**53  # up to here every whole number is exact as a float, and in JSON
MAX_SHOWN = 60  # characters of a reply that a message quotes
MAX_CHORD = 8  # keys pressed together

_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_BUTTONS: dict[str, Button] = {
    "left": "left",
    "middle": "middle",
    "right": "right",
    "primary": "left",
    "secondary": "right",
}
_brief = reprlib.Repr()
_brief.maxstring = _brief.maxother = _brief.maxlong = MAX_SHOWN


def shown(value: object) -> str:
    """A value as a message quotes it: short, whatever it is."""
    return _brief.repr(value)


def number(value: object, name: str) -> float:
    """A finite number; a boolean is none, and neither is a text with digits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ModelMistake(f"{name} must be a plain number such as 0.5, not {shown(value)}.")
    if not abs(value) <= MAX_NUMBER:  # NaN fails this comparison too
        raise ModelMistake(f"{name}={shown(value)} is not a number that can be used here.")
    return float(value)


def whole(value: object, name: str, *, least: int = -MAX_NUMBER) -> int:
    """A whole number, not below `least`."""
    exact = number(value, name)
    if not exact.is_integer() or exact < least:
        raise ModelMistake(
            f"{name} must be a whole number{f' from {least} up' if least >= 0 else ''}, "
            f"not {shown(value)}."
        )
    return int(exact)


def seconds(value: object, name: str = "seconds") -> float:
    """A time to wait, zero or more."""
    duration = number(value, name)
    if duration < 0:
        raise ModelMistake(f"{name} must not be negative, but it is {shown(value)}.")
    return duration


def text(value: object, name: str) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value:
        raise ModelMistake(f'{name} must be a text such as "hello", not {shown(value)}.')
    if not encodable(value):
        raise ModelMistake(f"{name} holds half a character (a lone surrogate): write it whole.")
    return value


def encodable(value: str) -> bool:
    """Whether a text is made of whole characters: a lone surrogate is half of one."""
    return not any("\ud800" <= char <= "\udfff" for char in value)


def typed(value: object, name: str) -> str:
    """A text to type: printable characters, newlines and tabs."""
    plain = text(value, name).replace("\r\n", "\n").replace("\r", "\n")
    for char in plain:
        if (char < " " and char not in "\n\t") or "\x7f" <= char <= "\x9f":
            raise ModelMistake(
                f"{name} holds the control character {char!r}, which cannot be typed. Use "
                'pyautogui.press("backspace") and the like for keys.'
            )
    return plain


def button(value: object) -> Button:
    """A mouse button by its name."""
    known = _BUTTONS.get(value.lower()) if isinstance(value, str) else None
    if known is None:
        raise ModelMistake(f'button must be "left", "middle" or "right", not {shown(value)}.')
    return known


def sequence(value: object) -> Sequence[object] | None:
    """The items of a list or tuple; None for anything else."""
    return cast("Sequence[object]", value) if isinstance(value, list | tuple) else None


def keys(value: object) -> tuple[str, ...]:
    """One key name or a list of them, in canonical names."""
    items = sequence(value)
    names = tuple(canonical_key(_key_text(item)) for item in ([value] if items is None else items))
    if not names:
        raise ModelMistake('The list of keys is empty: name at least one, such as "enter".')
    return names


def combo(value: object) -> tuple[str, ...]:
    """Keys pressed together: a list, or one text such as `ctrl+c`, `ctrl c`, `page down`."""
    items = sequence(value)
    if items is None:
        names = _chord(_key_text(value))
    else:
        names = tuple(key for item in items for key in _chord(_key_text(item))) or keys(())
    if len(names) > MAX_CHORD:
        raise ModelMistake(
            f"{len(names)} keys cannot be pressed together. To type, use pyautogui.write."
        )
    return names


def _chord(written: str) -> tuple[str, ...]:
    parts = [part.strip() for part in re.findall(r"[^+]+|\+", written) if part.strip()]
    names: list[str] = []
    joined = True  # what comes next is a key, be it the plus sign: "ctrl++" ends in one
    for index, part in enumerate(parts or [written]):
        if part == "+" and not joined and index < len(parts) - 1:
            joined = True
        else:
            names += _keys_apart(part)
            joined = False
    return tuple(names)


def _keys_apart(written: str) -> list[str]:
    """`page down` is one key, `ctrl c` are two."""
    try:
        return [canonical_key(written)]
    except ModelMistake:
        words = written.split()
        if len(words) < 2:
            raise
    return [canonical_key(word) for word in words]


def _key_text(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 9:
        return str(value)  # press(5) means the key with the five on it
    if not isinstance(value, str):
        raise ModelMistake(f'A key is written as a text such as "enter", not {shown(value)}.')
    return value


def place(x: object, y: object, size: Size) -> RelativePoint:
    """The place that a pair of values names.

    Both within 0..1: shares of the picture, so (1, 1) is its far corner. One of them above 1: both
    are pixels of the picture, so (0, 300) is a place on its left edge; the far edge itself counts
    as inside. A fraction beside a pixel value, such as (0.5, 300), is refused, for it would mean
    the first pixel when half the width was meant.
    """
    across, down = number(x, "x"), number(y, "y")
    if across <= 1 and down <= 1:
        width = height = 1
    else:
        width, height = size.width, size.height
        if 0 < across < 1 or 0 < down < 1:
            raise ModelMistake(
                f"The point ({shown(x)}, {shown(y)}) mixes a share with pixels. Write both values "
                "as shares from 0 to 1, such as x=0.5, y=0.3."
            )
    if not (0 <= across <= width and 0 <= down <= height):
        raise ModelMistake(
            f"The point ({shown(x)}, {shown(y)}) lies outside the screenshot, which is "
            f"{size.width}x{size.height} pixels. Write both values as shares from 0 to 1, such as "
            "x=0.5, y=0.3."
        )
    return RelativePoint(across / width, down / height)


def point(value: object, size: Size) -> RelativePoint:
    """A place written as a list: two values, or the four of a box, whose centre is meant."""
    items = sequence(value)
    if items is None or len(items) not in (2, 4):
        raise ModelMistake(f"A place is two numbers such as [0.5, 0.3], not {shown(value)}.")
    first = place(items[0], items[1], size)
    return first if len(items) == 2 else middle(first, place(items[2], items[3], size))


def thousandths(value: object) -> RelativePoint:
    """A place written as text in the convention of boxes, `(500,300)` or `<point>500 300</point>`.

    Whole numbers are thousandths of the width and height (UI-TARS, Doubao). Values up to 1 of
    which one has a decimal point are shares. Four numbers are a box, whose centre is meant.
    """
    written = _NUMBER.findall(value) if isinstance(value, str) else ()
    if len(written) not in (2, 4):
        raise ModelMistake(f"A box is two numbers such as '(500,300)', not {shown(value)}.")
    values = [float(item) for item in written]
    are_shares = max(values) <= 1 and any("." in item for item in written)
    scale = 1 if are_shares else 1000
    if not all(0 <= item <= scale for item in values):
        raise ModelMistake(
            f"The box {shown(value)} lies outside the screenshot: its values go from 0 to 1000."
        )
    corners = [
        RelativePoint(values[i] / scale, values[i + 1] / scale) for i in range(0, len(values), 2)
    ]
    return middle(corners[0], corners[-1])


def middle(first: RelativePoint, second: RelativePoint) -> RelativePoint:
    """The centre between two places."""
    return RelativePoint(
        math.fsum((first.x, second.x)) / 2,
        math.fsum((first.y, second.y)) / 2,
    )
