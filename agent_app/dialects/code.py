"""The main dialect: calls of pyautogui and computer, as Kimi-VL and OpenCUA write them."""

from __future__ import annotations

from functools import partial

from agent_app.actions import Action, Button
from agent_app.dialects import values
from agent_app.dialects.calls import Given, Handler, read_calls
from agent_app.dialects.gestures import Gestures
from agent_app.errors import ModelMistake
from agent_app.geometry import RelativePoint, Size

DEFAULT_WAIT = 5.0  # seconds; what UI-TARS means by wait()
NOTCHES = 5  # of a scroll that names a direction alone: about half a page in most programs
CALL_FOR_HELP = "I cannot go on by myself. Please take over or tell me what to do."


def place_of(given: Given, size: Size) -> RelativePoint | None:
    """The place of a call: `x` and `y`, or both as one list in `x`; None when it names none."""
    x, y = given.get("x"), given.get("y")
    if x is None and y is None:
        return None
    if y is None and values.sequence(x) is not None:
        return values.point(x, size)
    if x is None or y is None:
        raise ModelMistake("A place needs both x and y, such as x=0.5, y=0.3.")
    return values.place(x, y, size)


def _needed_place(given: Given, size: Size) -> RelativePoint:
    at = place_of(given, size)
    if at is None:
        raise ModelMistake("This call needs a place: write x and y, such as x=0.5, y=0.3.")
    return at


def _click(
    hand: Gestures, given: Given, size: Size, *, button: Button = "left", count: int = 1
) -> None:
    hand.click(
        place_of(given, size),
        values.button(given.get("button", button)),
        values.whole(given.get("clicks", count), "clicks", least=1),
    )


def _move(hand: Gestures, given: Given, size: Size) -> None:
    hand.move(_needed_place(given, size))


def _drag(hand: Gestures, given: Given, size: Size) -> None:
    hand.drag(None, _needed_place(given, size), values.button(given.get("button", "left")))


def _button_down(hand: Gestures, given: Given, size: Size) -> None:
    hand.button_down(place_of(given, size), values.button(given.get("button", "left")))


def _button_up(hand: Gestures, given: Given, size: Size) -> None:
    hand.button_up(place_of(given, size), values.button(given.get("button", "left")))


def _scroll(hand: Gestures, given: Given, size: Size, *, sideways: bool = False) -> None:
    notches = values.whole(given.get("clicks"), "clicks")
    hand.scroll(place_of(given, size), dx=notches if sideways else 0, dy=0 if sideways else notches)


def _write(hand: Gestures, given: Given, _size: Size) -> None:
    message = given.get("message")
    if values.sequence(message) is not None:  # typewrite(["a", "enter"]) is a row of keys
        hand.press(values.keys(message))
    else:
        hand.write(values.typed(message, "message"))


def _press(hand: Gestures, given: Given, _size: Size) -> None:
    hand.press(
        values.keys(given.get("keys")), values.whole(given.get("presses", 1), "presses", least=1)
    )


def _hotkey(hand: Gestures, given: Given, _size: Size) -> None:
    keys = given.get("keys", ())
    items = values.sequence(keys)
    if items is not None and len(items) == 1:  # hotkey(["ctrl", "c"])
        keys = items[0]
    hand.hotkey(values.combo(keys))


def _key_down(hand: Gestures, given: Given, _size: Size) -> None:
    for key in values.keys(given.get("key")):
        hand.key_down(key)


def _key_up(hand: Gestures, given: Given, _size: Size) -> None:
    for key in values.keys(given.get("key")):
        hand.key_up(key)


def _wait(hand: Gestures, given: Given, _size: Size) -> None:
    hand.wait(values.seconds(given.get("seconds", given.get("secs", DEFAULT_WAIT))))


def terminate(hand: Gestures, given: Given, _size: Size) -> None:
    """The end of the task: `status`, and `answer` as a text or a number."""
    status = given.get("status")
    word = status.strip().lower() if isinstance(status, str) else ""
    if word not in ("success", "failure"):
        raise ModelMistake(
            f'status must be "success" or "failure", not {values.shown(status)}: write '
            'computer.terminate(status="success").'
        )
    answer = given.get("answer", "")
    if isinstance(answer, int | float) and not isinstance(answer, bool):
        answer = values.shown(answer)
    hand.terminate(
        "success" if word == "success" else "failure",
        "" if answer == "" else values.text(answer, "answer"),
    )


def ask(hand: Gestures, given: Given, _size: Size) -> None:
    """A question to the person: `question`, and `choices` as a list of texts."""
    choices = values.sequence(given.get("choices", ()))
    if choices is None:
        raise ModelMistake('choices must be a list of texts such as ["yes", "no"].')
    hand.ask(
        values.text(given.get("question", CALL_FOR_HELP), "question"),
        tuple(values.text(choice, "choices") for choice in choices),
    )


def scroll_towards(
    hand: Gestures, at: RelativePoint | None, direction: object, notches: int = NOTCHES
) -> None:
    """Turn the wheel in a direction that has a name."""
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


def _relative(_hand: Gestures, _given: Given, _size: Size) -> None:
    raise ModelMistake(
        "Moves relative to the pointer cannot be carried out: name the place itself with "
        "pyautogui.moveTo(x=..., y=...) or pyautogui.dragTo(x=..., y=...)."
    )


_IGNORED = "duration tween logScreenshot _pause"  # taken, but the executor has its own timing
_PLACED = f"x y interval button {_IGNORED}"
_WAY = "xOffset yOffset x y duration tween button logScreenshot _pause"

# name in lower case without underscores → (arguments in order, what it does)
CALLS: dict[str, tuple[str, Handler]] = {
    "click": (f"x y clicks interval button {_IGNORED}", _click),
    "leftclick": (_PLACED, _click),
    "doubleclick": (_PLACED, partial(_click, count=2)),
    "tripleclick": (_PLACED, partial(_click, count=3)),
    "rightclick": (f"x y interval {_IGNORED}", partial(_click, button="right")),
    "middleclick": (f"x y interval {_IGNORED}", partial(_click, button="middle")),
    "moveto": (f"x y {_IGNORED}", _move),
    "move": (_WAY, _relative),
    "moverel": (_WAY, _relative),
    "dragto": ("x y duration tween button logScreenshot _pause mouseDownUp", _drag),
    "drag": (_WAY, _relative),
    "dragrel": (_WAY, _relative),
    "mousedown": (f"x y button {_IGNORED}", _button_down),
    "mouseup": (f"x y button {_IGNORED}", _button_up),
    "scroll": ("clicks x y logScreenshot _pause", _scroll),
    "vscroll": ("clicks x y logScreenshot _pause", _scroll),
    "hscroll": ("clicks x y logScreenshot _pause", partial(_scroll, sideways=True)),
    "write": ("message interval logScreenshot _pause", _write),
    "typewrite": ("message interval logScreenshot _pause", _write),
    "press": ("keys presses interval logScreenshot _pause", _press),
    "hotkey": ("*keys interval logScreenshot _pause", _hotkey),
    "keydown": ("key logScreenshot _pause", _key_down),
    "keyup": ("key logScreenshot _pause", _key_up),
    "sleep": ("seconds secs", _wait),
    "wait": ("seconds secs", _wait),
    "terminate": ("status answer", terminate),
    "ask": ("question choices", ask),
    "calluser": ("question choices", ask),
}
NAMES = frozenset(CALLS)


def read_code(text: str, size: Size) -> tuple[Action, ...] | None:
    """Calls of pyautogui, computer and time, with their module or without."""
    if text.startswith(("{", "<")):  # JSON or a tag; a text in it may look like a call
        return None
    return perform_calls(text, size, CALLS)


def perform_calls(
    text: str, size: Size, table: dict[str, tuple[str, Handler]]
) -> tuple[Action, ...] | None:
    """The actions of code whose calls are those of a table; None when it holds no call."""
    calls = read_calls(text, frozenset(table))
    if calls is None:
        return None
    hand = Gestures()
    for call in calls:
        if call.name not in table:
            raise ModelMistake(
                f"There is no call {call.written}. Use pyautogui.click, doubleClick, rightClick, "
                "moveTo, dragTo, scroll, write, press, hotkey, or computer.wait, "
                "computer.terminate."
            )
        signature, handle = table[call.name]
        handle(hand, call.bind(signature), size)
    return hand.actions()
