"""The dialects of other grounders, and the table of all: name → function.

Each function reads one piece of a reply. It gives None when the piece is not in its dialect, and
raises ModelMistake when it is but cannot be carried out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from agent_app.actions import Action, Button, Click, Terminate, Wait
from agent_app.dialects import code, values
from agent_app.dialects.calls import Given, Handler
from agent_app.dialects.gestures import Gestures
from agent_app.dialects.tools import read_json
from agent_app.errors import ModelMistake
from agent_app.geometry import RelativePoint, Size

Dialect = Callable[[str, Size], tuple[Action, ...] | None]


# --- UI-TARS and Doubao: calls with boxes in thousandths ---------------------------------------

_UITARS = re.compile(
    r"\b(?:start_box|end_box|start_point|end_point)\s*=|\bpoint\s*=\s*['\"]"
    r"|\b(?:left_single|left_double|right_single|finished)\s*\("
    r"|\btype\s*\(\s*content\s*=|\b(?:hotkey|press)\s*\(\s*key\s*=|\bscroll\s*\(\s*direction\s*="
)
_BOXES = "start_box point start_point"


def _box(given: Given, *names: str) -> RelativePoint | None:
    for name in names:
        if name in given:
            return values.thousandths(given[name])
    return None


def _needed_box(given: Given, *names: str) -> RelativePoint:
    box = _box(given, *names)
    if box is None:
        raise ModelMistake(f"This call needs {names[0]}='(x,y)' with values from 0 to 1000.")
    return box


def _box_click(hand: Gestures, given: Given, _size: Size, *, button: Button, count: int) -> None:
    hand.click(_needed_box(given, *_BOXES.split()), button, count)


def _box_move(hand: Gestures, given: Given, _size: Size) -> None:
    hand.move(_needed_box(given, *_BOXES.split()))


def _box_drag(hand: Gestures, given: Given, _size: Size) -> None:
    hand.drag(
        _needed_box(given, "start_box", "start_point"),
        _needed_box(given, "end_box", "end_point"),
        "left",
    )


def _box_scroll(hand: Gestures, given: Given, _size: Size) -> None:
    code.scroll_towards(hand, _box(given, *_BOXES.split()), given.get("direction"))


def _box_hotkey(hand: Gestures, given: Given, _size: Size) -> None:
    hand.hotkey(values.combo(given.get("key")))


def _type(hand: Gestures, given: Given, _size: Size) -> None:
    hand.write(values.typed(given.get("content"), "content"))


def _finished(hand: Gestures, given: Given, size: Size) -> None:
    code.terminate(hand, {"status": "success", "answer": given.get("content", "")}, size)


_UITARS_CALLS: dict[str, tuple[str, Handler]] = {
    "click": (_BOXES, partial(_box_click, button="left", count=1)),
    "leftsingle": (_BOXES, partial(_box_click, button="left", count=1)),
    "leftdouble": (_BOXES, partial(_box_click, button="left", count=2)),
    "rightsingle": (_BOXES, partial(_box_click, button="right", count=1)),
    "hover": (_BOXES, _box_move),
    "mousemove": (_BOXES, _box_move),
    "drag": ("start_box end_box start_point end_point", _box_drag),
    "scroll": (f"{_BOXES} direction", _box_scroll),
    "hotkey": ("key", _box_hotkey),
    "press": ("key", _box_hotkey),
    "type": ("content", _type),
    "wait": code.CALLS["wait"],
    "finished": ("content", _finished),
    "calluser": code.CALLS["calluser"],
}


def read_uitars(text: str, size: Size) -> tuple[Action, ...] | None:
    """`click(start_box='(500,300)')` and the like; `values.thousandths` says how boxes are read."""
    if "pyautogui." in text or not _UITARS.search(text):
        return None
    return code.perform_calls(text, size, _UITARS_CALLS)


# --- One word, or one bare place ----------------------------------------------------------------

_N = r"([-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))"
_NO_MORE = r"(?!\w|%|\.[0-9]|\s*[*/%])"  # else the number is the beginning of something else
_TAGGED = re.compile(
    r"<(point|box|bbox)>(?P<plain>[^<]*)</\1>|<\|box_start\|>(?P<special>[^<]*)<\|box_end\|>"
)
_NAMED = re.compile(rf"\bx\s*[=:：]\s*{_N}\s*(?:[,，;]\s*)?y\s*[=:：]\s*{_N}{_NO_MORE}", re.I)
_PAIR = re.compile(rf"(?<![\w)\]])[(\[]\s*{_N}\s*[,，]\s*{_N}\s*[)\]]")


def read_word(text: str, _size: Size) -> tuple[Action, ...] | None:
    """The special words of OSWorld: WAIT, DONE, FAIL."""
    match text.strip("` \t\n."):
        case "WAIT":
            return (Wait(code.DEFAULT_WAIT),)
        case "DONE":
            return (Terminate("success"),)
        case "FAIL":
            return (Terminate("failure"),)
        case _:
            return None


def read_tagged(text: str, _size: Size) -> tuple[Action, ...] | None:
    """`<point>500 300</point>`, `<box>…</box>`, `<|box_start|>(500,300)<|box_end|>`: a click."""
    found = {match["plain"] or match["special"] or "" for match in _TAGGED.finditer(text)}
    return _one_click([values.thousandths(box) for box in sorted(found)])


def read_place(text: str, size: Size) -> tuple[Action, ...] | None:
    """`(0.5, 0.3)`, `[0.5, 0.3]` or `x=0.5, y=0.3`: a click.

    Inside a sentence a bare pair counts only when it is a share, for sentences hold other pairs.
    """
    pairs = [(match[1], match[2]) for match in _NAMED.finditer(text)]
    if not pairs:
        alone = _PAIR.fullmatch(text.strip("` \t\n."))
        pairs = [
            (match[1], match[2])
            for match in ([alone] if alone else _PAIR.finditer(text))
            if alone or ("." in match[0] and max(float(match[1]), float(match[2])) <= 1)
        ]
    return _one_click([values.place(float(x), float(y), size) for x, y in dict.fromkeys(pairs)])


def _one_click(places: list[RelativePoint]) -> tuple[Action, ...] | None:
    if len(places) > 1:
        raise ModelMistake(
            "The reply names several places and does not say what to do at each. Write one call "
            "for each action, such as pyautogui.click(x=0.5, y=0.3)."
        )
    return tuple(Click(place) for place in places) or None


# tried in this order; the first that knows the piece decides
DIALECTS: dict[str, Dialect] = {
    "ui-tars": read_uitars,
    "pyautogui": code.read_code,
    "json": read_json,
    "osworld": read_word,
    "tagged": read_tagged,
    "place": read_place,
}
CALL_NAMES = code.NAMES | frozenset(_UITARS_CALLS)
