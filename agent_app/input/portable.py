"""Input on Windows and macOS through pyautogui, text by paste. Untested."""

from __future__ import annotations

import sys
import threading
import time

import pyautogui
import pyperclip

from agent_app.actions import Button
from agent_app.errors import ModelMistake
from agent_app.geometry import ScreenPoint

_MAC = sys.platform == "darwin"
_MAC_NAMES = {"win": "command", "winleft": "command", "winright": "command"}
_PASTE_SECONDS = 0.3  # neither platform says when a paste is done


class PortableInput:
    """The pointer and the keyboard of the one desktop there is."""

    def __init__(self) -> None:
        pyautogui.PAUSE = 0
        pyautogui.FAILSAFE = False  # the agent's own coordinates must not trip it
        self._keys: list[str] = []
        self._buttons: list[Button] = []

    def position(self) -> ScreenPoint:
        """Where the pointer is, in the platform's units."""
        x, y = pyautogui.position()
        return ScreenPoint(int(x), int(y))

    def move(self, point: ScreenPoint) -> None:
        """Move the pointer at once; macOS needs to be told that it is a drag."""
        if _MAC and self._buttons:
            pyautogui.dragTo(point.x, point.y, button=self._buttons[-1], mouseDownUp=False)
        else:
            pyautogui.moveTo(point.x, point.y)

    def button_down(self, button: Button) -> None:
        """Press a button where the pointer is."""
        self._buttons.append(button)
        pyautogui.mouseDown(button=button)

    def button_up(self, button: Button) -> None:
        """Let go of a button."""
        pyautogui.mouseUp(button=button)
        if button in self._buttons:
            self._buttons.remove(button)

    def scroll(self, dx: int, dy: int) -> None:
        """Turn the wheel by notches: up and right are positive."""
        if dy:
            pyautogui.scroll(dy)
        if dx:
            pyautogui.hscroll(dx)

    def key_down(self, key: str) -> None:
        """Press a key by its canonical name; raises ModelMistake when the platform has none."""
        name = self._name(key)
        if not pyautogui.isValidKey(name):
            raise ModelMistake(f"this keyboard has no key {key!r}; use other keys.")
        self._keys.append(key)
        pyautogui.keyDown(name)

    def key_up(self, key: str) -> None:
        """Let go of a key."""
        pyautogui.keyUp(self._name(key))
        if key in self._keys:
            self._keys.remove(key)

    def write(self, text: str, stop: threading.Event) -> None:
        """Paste the text, and put back the text that was in the clipboard."""
        if stop.is_set():
            return
        before = pyperclip.paste()
        pyperclip.copy(text)
        try:
            modifier = "win" if _MAC else "ctrl"
            self.key_down(modifier)
            self.key_down("v")
            self.key_up("v")
            self.key_up(modifier)
            time.sleep(_PASTE_SECONDS)
        finally:
            pyperclip.copy(before)

    def release_all(self) -> None:
        """Let go of every key and button held; calling it twice is harmless."""
        for key in reversed(self._keys):
            pyautogui.keyUp(self._name(key))
        for button in reversed(self._buttons):
            pyautogui.mouseUp(button=button)
        self._keys.clear()
        self._buttons.clear()

    def close(self) -> None:
        """Let go of everything."""
        self.release_all()

    def _name(self, key: str) -> str:
        return _MAC_NAMES.get(key, key) if _MAC else key
