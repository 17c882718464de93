"""Actions as calls of pyautogui, in the two ways that recordings of others write them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from agent_app.actions import (
    Action,
    AskHuman,
    Click,
    Drag,
    Hold,
    Hotkey,
    Move,
    Press,
    Scroll,
    Terminate,
    Wait,
    Write,
)
from agent_app.geometry import RelativePoint, Size

Place = Callable[[RelativePoint], str]  # a place as the arguments of a call

_LEAST_DIGITS = 4  # as many as AgentNet's own files have
_MOST_DIGITS = 12
_HAIR = 1e-6  # a pixel as a share and back comes a hair short: 29 / 49 * 49 < 29
_CLICKS = {("left", 2): "doubleClick", ("left", 3): "tripleClick"}
_BUTTONS = {"right": "rightClick", "middle": "middleClick"}


def as_shares(size: Size) -> Place:
    """Places as `x=0.5, y=0.3`: four decimals, or as many as name the same pixel."""

    def share(value: float, pixels: int) -> str:
        pixel = math.floor(min(value * pixels, pixels - 1) + _HAIR)
        for digits in range(_LEAST_DIGITS, _MOST_DIGITS):
            rounded = round(value, digits)
            if math.floor(min(rounded * pixels, pixels - 1) + _HAIR) == pixel:
                return repr(rounded)
        return repr(value)

    return lambda at: f"x={share(at.x, size.width)}, y={share(at.y, size.height)}"


def pixel_of(at: RelativePoint, size: Size) -> tuple[int, int]:
    """The pixel of the screenshot that a place lies in."""
    return (
        math.floor(min(at.x * size.width, size.width - 1) + _HAIR),
        math.floor(min(at.y * size.height, size.height - 1) + _HAIR),
    )


def as_pixels(size: Size) -> Place:
    """Places as `427, 273`, in pixels of the screenshot."""
    return lambda at: ", ".join(map(str, pixel_of(at, size)))


def lines_of(action: Action, place: Place) -> tuple[str, ...]:
    """The calls that an action is, one a line; none for a question to the person."""
    match action:
        case Click(modifiers=held):
            return _held(held, [_click(action, place)])
        case Move(at=at):
            return (f"pyautogui.moveTo({place(at)})",)
        case Drag(start=start, end=end, button=button, modifiers=held):
            begin = [f"pyautogui.moveTo({place(start)})"] if start is not None else []
            return _held(held, [*begin, f"pyautogui.dragTo({place(end)}, button={button!r})"])
        case Scroll(dx=dx, dy=dy, at=at, modifiers=held):
            begin = [f"pyautogui.moveTo({place(at)})"] if at is not None else []
            turns = [f"pyautogui.scroll({dy})"] if dy or not dx else []
            turns += [f"pyautogui.hscroll({dx})"] if dx else []
            return _held(held, [*begin, *turns])
        case Press(keys=keys, count=count):
            times = f", presses={count}" if count > 1 else ""
            return (f"pyautogui.press(keys={list(keys)!r}{times})",)
        case Hotkey(keys=keys):
            return (f"pyautogui.hotkey(keys={list(keys)!r})",)
        case Hold(keys=keys, seconds=seconds):
            return _held(keys, [f"time.sleep({seconds!r})"])
        case Write(text=text):
            return (f"pyautogui.write(message={text!r})",)
        case Wait(seconds=seconds):
            return (f"computer.wait(seconds={seconds!r})",)
        case Terminate(status=status, answer=answer):
            said = f", answer={answer!r}" if answer else ""
            return (f"computer.terminate(status={status!r}{said})",)
        case AskHuman():
            return ()


def _click(action: Click, place: Place) -> str:
    at = [place(action.at)] if action.at is not None else []
    if (name := _CLICKS.get((action.button, action.count))) is not None:
        return f"pyautogui.{name}({', '.join(at)})"
    if action.count == 1:
        return f"pyautogui.{_BUTTONS.get(action.button, 'click')}({', '.join(at)})"
    arguments = [*at, f"clicks={action.count}", f"button={action.button!r}"]
    return f"pyautogui.click({', '.join(arguments)})"


def _held(keys: Sequence[str], lines: Sequence[str]) -> tuple[str, ...]:
    return (
        *(f"pyautogui.keyDown({key!r})" for key in keys),
        *lines,
        *(f"pyautogui.keyUp({key!r})" for key in reversed(keys)),
    )
