"""Replies in JSON: the computer tools of Qwen and Claude, and points as Qwen writes them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import partial
from typing import cast

from agent_app.actions import Action, Button
from agent_app.dialects import code, values
from agent_app.dialects.calls import Given, Handler
from agent_app.dialects.gestures import Gestures
from agent_app.errors import ModelMistake
from agent_app.geometry import RelativePoint, Size

PIXELS_PER_NOTCH = 100  # of a wheel in the usual browsers; Qwen counts pixels
MAX_JSON_VALUES = 16  # of one reply


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
        amount = values.whole(given.get("scroll_amount", code.NOTCHES), "scroll_amount", least=1)
        code.scroll_towards(hand, at, given.get("scroll_direction"), amount)


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
