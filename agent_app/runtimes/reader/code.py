"""Replies' code, in the dialect that grounding reads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from agent_app.geometry import FrameBox, Size
from agent_app.runtimes.reader.quoting import literal


def place_of(box: FrameBox, size: Size) -> str:
    """The middle of the pixel at a box's middle, as shares: rounding cannot leave that pixel."""
    center = box.center
    x = (min(math.floor(center.x), size.width - 1) + 0.5) / size.width
    y = (min(math.floor(center.y), size.height - 1) + 0.5) / size.height
    return f"x={x:.5f}, y={y:.5f}"


def point(call: str, box: FrameBox, size: Size) -> str:
    """A call of pyautogui at a box's middle: click, doubleClick, moveTo, dragTo and so on."""
    return f"pyautogui.{call}({place_of(box, size)})"


def scroll(direction: Literal["up", "down", "left", "right"], notches: int, at: str = "") -> str:
    """The wheel, over a place such as `place_of` gives, or where the pointer is."""
    call = "scroll" if direction in ("up", "down") else "hscroll"
    signed = notches if direction in ("up", "right") else -notches
    return f"pyautogui.{call}({signed}, {at})" if at else f"pyautogui.{call}({signed})"


def write(text: str) -> str:
    """Type a text."""
    return f"pyautogui.write(message={literal(text)})"


def press(keys: Sequence[str], count: int) -> str:
    """One key, or several together, a number of times."""
    names = ", ".join(literal(key) for key in keys)
    if len(keys) > 1:
        return "\n".join([f"pyautogui.hotkey({names})"] * count)
    presses = "" if count == 1 else f", presses={count}"
    return f"pyautogui.press({names}{presses})"


def wait(seconds: float) -> str:
    """Do nothing for a while."""
    return f"computer.wait(seconds={seconds:g})"


def terminate(status: Literal["success", "failure"], answer: str) -> str:
    """The end of the run."""
    return f'computer.terminate(status="{status}", answer={literal(answer)})'


def ask(question: str, choices: Sequence[str]) -> str:
    """A question to the person."""
    offered = ", ".join(literal(choice) for choice in choices)
    return f"computer.ask(question={literal(question)}, choices=[{offered}])"
