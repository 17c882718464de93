"""Typing text of any script on X11, exactly.

A character that the keymap has is sent as its own key. For the others, keycodes that stand for
nothing are made to stand for them while the text is typed. Applications read the keymap again on
their own time, after the server has told them of a change: so a keycode is changed again only once
the application has read what was typed with it. Without spare keycodes the text is pasted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager

from Xlib.display import Display
from Xlib.error import CatchError

from agent_app.errors import ModelMistake
from agent_app.input.x11_clipboard import Clipboard, SelectionName
from agent_app.input.x11_focus import Focus
from agent_app.input.x11_keymap import Keymap, Stroke, keysym_of, tap

_COPIES = 4  # the two levels of the two layouts: the same whatever layout and Shift say
_TERMINALS = (
    "term",
    "konsole",
    "alacritty",
    "kitty",
    "tilix",
    "rxvt",
    "guake",
    "yakuake",
    "st-256",
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

    def write(self, text: str, stop: threading.Event) -> None:
        """Type printable text; returns early once `stop` is set.

        Raises ModelMistake when it had to be pasted and nothing took it.
        """
        with self._caps_lock_off() as keymap:
            foreign = {c for c in set(text) if keymap.find(keysym_of(c)) is None}
            if keymap.caps_lock or (foreign and not keymap.spare):
                self.paste(text, stop)
                return
            for stretch, characters in _stretches(text, foreign, len(keymap.spare)):
                codes = dict(zip(characters, keymap.spare, strict=False))
                with self._standing_for(codes) as held:
                    if held:
                        self._type(stretch, stop)
                    else:
                        self.paste(stretch, stop)

    def paste(self, text: str, stop: threading.Event) -> None:
        """Paste text, and give the clipboard back as it was.

        Raises ModelMistake when the focused application does not take it.
        """
        self._before_each()
        if stop.is_set():
            return
        terminal = any(mark in name.lower() for name in self._focus.names() for mark in _TERMINALS)
        # Some terminals paste the selection, others the clipboard, on the same keys.
        selections: tuple[SelectionName, ...] = (
            ("PRIMARY", "CLIPBOARD") if terminal else ("CLIPBOARD",)
        )
        modifier, key = ("shift", "insert") if terminal else ("ctrl", "v")
        with self._clipboard.lent(text, selections, self._focus.client()) as taken:
            keymap = Keymap(self._display)
            held = keymap.key(modifier).keycode
            tap(self._display, Stroke(keymap.key(key).keycode, (held,)), keymap)
            if not taken():
                raise ModelMistake("nothing took the text; click into a text field first.")
            self._focus.wait_until_read()  # until its work on the paste is done

    def _type(self, text: str, stop: threading.Event) -> None:
        keymap = Keymap(self._display)
        strokes = {character: keymap.find(keysym_of(character)) for character in set(text)}
        for character in text:
            self._before_each()
            if stop.is_set():
                return
            stroke = strokes[character]
            assert stroke is not None, "every character was found or mapped"
            tap(self._display, stroke, keymap)

    @contextmanager
    def _caps_lock_off(self) -> Generator[Keymap]:
        """The keymap with CapsLock off, which it is again as it was afterwards."""
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

    @contextmanager
    def _standing_for(self, codes: dict[str, int]) -> Generator[bool]:
        """Let keycodes stand for characters; yields whether the server agreed."""
        wanted = [(code, keysym_of(character)) for character, code in codes.items()]
        try:
            self._map(wanted)
            yield Keymap(self._display).holds(wanted)
        finally:
            if wanted:
                self._focus.wait_until_read()
                self._map([(code, 0) for code, _ in wanted])

    def _map(self, keys: Sequence[tuple[int, int]]) -> None:
        refused = CatchError()
        for code, keysym in keys:
            self._display.change_keyboard_mapping(code, [[keysym] * _COPIES], onerror=refused)
        self._display.sync()


def _stretches(text: str, foreign: set[str], most: int) -> Iterator[tuple[str, list[str]]]:
    """Cut text into stretches with at most so many different foreign characters; with these."""
    start, characters = 0, dict[str, None]()
    for at, character in enumerate(text):
        if character in foreign and character not in characters:
            if len(characters) == most:
                yield text[start:at], list(characters)
                start, characters = at, {}
            characters[character] = None
    yield text[start:], list(characters)
