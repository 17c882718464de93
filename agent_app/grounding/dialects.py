"""The dialects of other grounders, and the table of all: name → function.

Each function reads one piece of a reply. It gives None when the piece is not in its dialect, and
raises ModelMistake when it is but cannot be carried out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import cast

from agent_app.actions import Action, Button, Click, Terminate, Wait
from agent_app.errors import ModelMistake
from agent_app.geometry import RelativePoint, Size
from agent_app.grounding import code, values
from agent_app.grounding.calls import Given, Handler
from agent_app.grounding.gestures import Gestures

Dialect = Callable[[str, Size], tuple[Action, ...] | None]

NOTCHES = 5  # of a scroll that gives a direction alone; what UI-TARS and Claude are scored with
PIXELS_PER_NOTCH = 100  # of a wheel in the usual browsers; Qwen counts pixels
MAX_JSON_VALUES = 16  # of one reply

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
    _scroll_towards(hand, _box(given, *_BOXES.split()), given.get("direction"), NOTCHES)


def _box_hotkey(hand: Gestures, given: Given, _size: Size) -> None:
    hand.hotkey(values.combo(given.get("key")))


def _type(hand: Gestures, given: Given, _size: Size) -> None:
    hand.write(values.typed(given.get("content"), "content"))


def _finished(hand: Gestures, given: Given, size: Size) -> None:
    code.terminate(hand, {"status": "success", "answer": given.get("content", "")}, size)


def _scroll_towards(
    hand: Gestures, at: RelativePoint | None, direction: object, notches: int
) -> None:
    match direction.strip().lower() if isinstance(direction, str) else "":
        case "up":
            hand.scroll(at, dy=notches)
        case "down":
            hand.scroll(at, dy=-notches)
        case "right":
            hand.scroll(at, dx=notches)
        case "left":
            hand.scroll(at, dx=-notches)
        case _:
            raise ModelMistake(
                f"direction must be up, down, left or right, not {values.shown(direction)}."
            )


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


# --- JSON: the computer tools of Qwen and Claude, and points ------------------------------------


def _json_click(
    hand: Gestures, given: Given, size: Size, *, button: Button = "left", count: int = 1
) -> None:
    with_keys = values.combo(given["text"]) if given.get("text") else ()
    at = _coordinate(given, size)
    for key in with_keys:
        hand.key_down(key)
    hand.click(at, button, count)
    for key in reversed(with_keys):
        hand.key_up(key)


def _coordinate(given: Given, size: Size, name: str = "coordinate") -> RelativePoint | None:
    return values.point(given[name], size) if name in given else None


def _needed_coordinate(given: Given, size: Size) -> RelativePoint:
    at = _coordinate(given, size)
    if at is None:
        raise ModelMistake('This action needs a place: "coordinate": [x, y].')
    return at


def _json_move(hand: Gestures, given: Given, size: Size) -> None:
    hand.move(_needed_coordinate(given, size))


def _json_drag(hand: Gestures, given: Given, size: Size) -> None:
    start = _coordinate(given, size, "start_coordinate")
    hand.drag(start, _needed_coordinate(given, size), "left")


def _json_down(hand: Gestures, given: Given, size: Size) -> None:
    hand.button_down(_coordinate(given, size), "left")


def _json_up(hand: Gestures, given: Given, size: Size) -> None:
    hand.button_up(_coordinate(given, size), "left")


def _json_key(hand: Gestures, given: Given, _size: Size) -> None:
    hand.hotkey(values.combo(given.get("keys", given.get("text", given.get("key")))))


def _json_hold(hand: Gestures, given: Given, _size: Size) -> None:
    keys = values.combo(given.get("text", given.get("keys")))
    hand.hold(keys, values.seconds(given.get("duration"), "duration"))


def _json_type(hand: Gestures, given: Given, _size: Size) -> None:
    hand.write(values.typed(given.get("text"), "text"))


def _json_scroll(hand: Gestures, given: Given, size: Size, *, sideways: bool = False) -> None:
    at = _coordinate(given, size)
    if "pixels" in given:
        pixels = values.number(given["pixels"], "pixels")
        notches = round(pixels / PIXELS_PER_NOTCH) or (pixels > 0) - (pixels < 0)
        hand.scroll(at, dx=notches if sideways else 0, dy=0 if sideways else notches)
    else:
        amount = values.whole(given.get("scroll_amount", NOTCHES), "scroll_amount", least=1)
        _scroll_towards(hand, at, given.get("scroll_direction"), amount)


def _json_wait(hand: Gestures, given: Given, _size: Size) -> None:
    hand.wait(values.seconds(given.get("duration", given.get("time", code.DEFAULT_WAIT)), "time"))


def _json_look(hand: Gestures, _given: Given, _size: Size) -> None:
    hand.wait(0.0)  # a new screenshot comes with every step anyway


def _json_end(hand: Gestures, given: Given, size: Size) -> None:
    ending = {"status": given.get("status"), "answer": given.get("answer", given.get("text", ""))}
    code.terminate(hand, ending, size)


_JSON_ACTIONS: dict[str, Handler] = {
    "click": _json_click,
    "leftclick": _json_click,
    "rightclick": partial(_json_click, button="right"),
    "middleclick": partial(_json_click, button="middle"),
    "doubleclick": partial(_json_click, count=2),
    "tripleclick": partial(_json_click, count=3),
    "mousemove": _json_move,
    "leftclickdrag": _json_drag,
    "leftmousedown": _json_down,
    "leftmouseup": _json_up,
    "key": _json_key,
    "holdkey": _json_hold,
    "type": _json_type,
    "scroll": _json_scroll,
    "hscroll": partial(_json_scroll, sideways=True),
    "wait": _json_wait,
    "screenshot": _json_look,
    "cursorposition": _json_look,
    "terminate": _json_end,
}


_JSON_START = re.compile(r"[{\[]")
_JSON_NAME = re.compile(r'"(?:action|coordinate|point_2d|bbox_2d)"')


def read_json(text: str, size: Size) -> tuple[Action, ...] | None:
    """`{"action": …}`, alone or as the arguments of a tool call, `point_2d` and `bbox_2d`.

    Places are shares or pixels as everywhere (`values.place`).
    """
    found = [item for value in _json_values(text) for item in _objects(value)]
    if not found:
        return None
    hand = Gestures()
    for item in found:
        _perform_json(hand, item, size)
    return hand.actions()


def _json_values(text: str) -> list[object]:
    """The JSON objects and lists that stand in a text, one behind the other."""
    decoder = json.JSONDecoder()
    found: list[object] = []
    at = 0
    for _ in range(MAX_JSON_VALUES):
        start = _JSON_START.search(text, at)
        if start is None:
            break
        try:
            value, at = decoder.raw_decode(text, start.start())
        except RecursionError:
            raise ModelMistake("The JSON is nested too deeply: write one flat object.") from None
        except ValueError:
            if _JSON_NAME.search(text):
                raise ModelMistake(
                    'The JSON cannot be read. Write one object such as {"action": "left_click", '
                    '"coordinate": [0.5, 0.3]}.'
                ) from None
            break
        found.append(value)
    return found


def _objects(value: object) -> list[Mapping[str, object]]:
    """The objects of one JSON value that say what to do, out of their tool call."""
    if isinstance(value, list):
        return [found for item in cast("list[object]", value) for found in _object(item)]
    return _object(value)


def _object(value: object) -> list[Mapping[str, object]]:
    if not isinstance(value, dict):
        return []
    item = cast("Mapping[str, object]", value)
    for wrapper in ("arguments", "input"):
        inner = item.get(wrapper)
        if isinstance(inner, str):  # some servers send the arguments as text
            inner = next(iter(_json_values(inner)), None)
        if isinstance(inner, dict):
            item = cast("Mapping[str, object]", inner)
    known = ("action", "point_2d", "bbox_2d")
    return [item] if any(name in item for name in known) else []


def _perform_json(hand: Gestures, item: Mapping[str, object], size: Size) -> None:
    given = {name: value for name, value in item.items() if value is not None}
    for name in ("point_2d", "bbox_2d"):
        if name in given and "action" not in given:
            hand.click(values.point(given[name], size), "left", 1)
            return
    action = given.get("action")
    name = action.replace("_", "").lower() if isinstance(action, str) else ""
    if name not in _JSON_ACTIONS:
        raise ModelMistake(
            f"There is no action {values.shown(action)}. Use left_click, double_click, "
            "right_click, left_click_drag, mouse_move, scroll, type, key, wait or terminate."
        )
    _JSON_ACTIONS[name](hand, given, size)


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
