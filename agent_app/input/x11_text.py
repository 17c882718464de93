"""Typing text of any script on X11, exactly.

A character that the keymap has is sent as its own key. For others, keycodes that stand for nothing
are made to stand for them, until we disconnect. Applications read the keymap again on their own
time after a change, so a keycode is given another character only once the application has read
what was typed with it. Each change costs every program on the display some work (0.1 s in openbox),
so a text with many such characters is rather pasted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager

from Xlib.display import Display
from Xlib.error import CatchError

from agent_app.errors import ModelMistake
from agent_app.input.x11_clipboard import Clipboard, SelectionName
from agent_app.input.x11_focus import Focus
from agent_app.input.x11_keymap import Keymap, Stroke, keysym_of, tap

_MOST_CHANGES = 8  # a second of openbox's time, in which it opens and raises no window

# Part of WM_CLASS of applications that paste by Shift+Insert and not by Ctrl+V.
_SHIFT_INSERT = (
    *("term", "konsole", "alacritty", "kitty", "tilix", "rxvt", "guake", "yakuake", "st-256"),
    "emacs",
)


class Typist:
    """Writes into whatever has the keyboard. `before_each` is called before each character."""

    def __init__(
        self, display: Display, clipboard: Clipboard, before_each: Callable[[], None]
    ) -> None:
        self._display = display
        self._clipboard = clipboard
        self._before_each = before_each
        self._focus = Focus(display)
        self._spare = _SpareKeys(display, self._focus)

    def write(self, text: str, stop: threading.Event) -> None:
        """Type printable text; returns early once `stop` is set.

        Raises ModelMistake when it could only be pasted and nothing took it.
        """
        self._before_each()
        with self._caps_lock_off() as keymap:
            typeable = keymap.known and not keymap.caps_lock
            changes = sum(keymap.find(keysym_of(character)) is None for character in set(text))
            if typeable and changes <= _MOST_CHANGES:
                text = self._type(text, stop)  # what is left where no keycode can be had
            if text and not stop.is_set() and not self._paste(text):
                text = self._type(text, stop) if typeable else text
                if text and not stop.is_set():
                    raise ModelMistake("nothing took the text; click into a text field first.")

    def close(self) -> None:
        """Make the keycodes stand for nothing again."""
        self._spare.close()

    def _type(self, text: str, stop: threading.Event) -> str:
        """Type until the text ends, `stop` is set, or a character has no key; what is left."""
        keymap = Keymap(self._display)
        strokes: dict[str, Stroke | None] = {}
        for at, character in enumerate(text):
            self._before_each()
            if stop.is_set():
                return text[at:]
            if character not in strokes:
                strokes[character] = keymap.find(keysym_of(character))
            if strokes[character] is None:
                if not self._spare.stand_for(character, keymap):
                    return text[at:]
                keymap, strokes = Keymap(self._display), {}
                strokes[character] = keymap.find(keysym_of(character))
            stroke = strokes[character]
            if stroke is None:
                return text[at:]
            tap(self._display, stroke, keymap)
            self._spare.used(stroke.keycode)
        return ""

    def _paste(self, text: str) -> bool:
        """Paste, and give the clipboard back as it was; whether the application took the text."""
        names = self._focus.names()
        by_insert = any(mark in name.lower() for name in names for mark in _SHIFT_INSERT)
        # Some of these paste the primary selection, others the clipboard, on the same keys.
        selections: tuple[SelectionName, ...] = ("CLIPBOARD",)
        if by_insert:
            selections = ("CLIPBOARD", "PRIMARY")
        modifier, key = ("shift", "insert") if by_insert else ("ctrl", "v")
        self._focus.wait_until_read()  # a copy asked for just before must not come to nothing
        with self._clipboard.lent(text, selections, self._focus.client()) as taken:
            keymap = Keymap(self._display)
            held = keymap.key(modifier).keycode
            tap(self._display, Stroke(keymap.key(key).keycode, (held,)), keymap)
            self._focus.wait_until_read()  # a busy application must not find the old clipboard
            if not taken():
                return False
            self._focus.wait_until_read()  # until its work on the paste is done
            return True

    @contextmanager
    def _caps_lock_off(self) -> Generator[Keymap]:
        """The keymap with CapsLock off, which afterwards is as it was."""
        keymap = Keymap(self._display)
        if not keymap.caps_lock:
            yield keymap
            return
        lock = keymap.key("capslock")
        tap(self._display, lock, keymap)
        try:
            yield Keymap(self._display)
        finally:
            tap(self._display, lock, keymap)


class _SpareKeys:
    """Keycodes that stood for nothing, and the characters that they stand for by our doing."""

    def __init__(self, display: Display, focus: Focus) -> None:
        self._display = display
        self._focus = focus
        self._ours: dict[int, int] = {}  # keycode: keysym, the longest unused first
        self._read: list[int] = []  # those of ours that the application has done with

    def stand_for(self, character: str, keymap: Keymap) -> bool:
        """Let a keycode stand for this character; False when there is none to be had."""
        # Whoever loads another keymap takes ours away.
        self._ours = {code: sym for code, sym in self._ours.items() if keymap.holds(code, sym)}
        self._read = [code for code in self._read if code in self._ours]
        if keymap.spare:
            code = keymap.spare[-1]
        elif self._ours:
            if not self._read:
                self._focus.wait_until_read()
                self._read = list(self._ours)
            code = self._read.pop(0)
        else:
            return False
        self._map(code, keysym_of(character))
        self._ours[code] = keysym_of(character)
        return True

    def used(self, code: int) -> None:
        """A key was typed: if it is one of ours, it is in use until the application has read it."""
        if code in self._ours:
            self._ours[code] = self._ours.pop(code)
            if code in self._read:
                self._read.remove(code)

    def close(self) -> None:
        """Give all keycodes back, once what was typed with them has been read."""
        if not self._ours:
            return
        self._focus.wait_until_read()
        keymap = Keymap(self._display)
        for code, keysym in self._ours.items():
            if keymap.holds(code, keysym):
                self._map(code, 0)
        self._ours.clear()

    def _map(self, code: int, keysym: int) -> None:
        # Two levels of two layouts alike: neither Shift nor the layout in use makes a difference.
        self._display.change_keyboard_mapping(code, [[keysym] * 4], onerror=CatchError())
        self._display.sync()
