"""Input on X11: the pointer and named keys through pyautogui, characters by their keycodes.

pyautogui types `<` as `>` on the usual keymap and drops the keys it does not know, so a key goes
through it only where the keymap agrees with it. Its own fail-safe is off, because the agent's
coordinates must never trip it; a person's hand that moves the pointer into a corner does stop us.
"""

from __future__ import annotations

import atexit
import importlib
import os
import sys
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any, cast
from weakref import WeakSet

import Xlib
from Xlib import X
from Xlib.display import Display
from Xlib.error import ConnectionClosedError, DisplayError
from Xlib.ext import xtest
from Xlib.support.connect import get_display

from agent_app.actions import Button
from agent_app.errors import KnownError, RunEnded
from agent_app.geometry import ScreenPoint
from agent_app.input.x11_clipboard import Clipboard
from agent_app.input.x11_keymap import Keymap, Stroke, press
from agent_app.input.x11_text import Typist
from agent_app.wording import say
from agent_app.xdisplay import x_display

_XLIB = (0, 33)
# Who goes through pyautogui now; it has one display for the whole process.
_USERS: WeakSet[X11Input] = WeakSet()


@contextmanager
def _display_needed() -> Generator[None]:
    try:
        yield
    except ConnectionClosedError as error:
        raise KnownError(
            "the connection to the X display was lost", remedy="start the run again"
        ) from error


class X11Input:
    """The pointer and the keyboard of one X display.

    Raises KnownError when the display cannot be reached or lacks XTEST, when python-xlib is too
    old, or while this process drives another display: pyautogui binds one at a time.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        _check_xlib()
        self._display = _connect(environment)
        try:
            self._pyautogui = _bind_pyautogui(environment)
        except BaseException:
            self._display.close()
            raise
        screen = self._display.screen()
        right, bottom = screen.width_in_pixels - 1, screen.height_in_pixels - 1
        self._corners = {ScreenPoint(x, y) for x in (0, right) for y in (0, bottom)}
        self._clipboard = Clipboard(lambda: _connect(environment))
        self._typist = Typist(self._display, self._clipboard, self._watch)
        self._keys: dict[str, int] = {}
        self._buttons: list[Button] = []
        self._closed = False
        _USERS.add(self)
        # where the pointer rests by our doing, or has since before we came
        self._put: ScreenPoint | None = self.position()

    @_display_needed()
    def position(self) -> ScreenPoint:
        """Where the pointer is, in pixels of the whole screen."""
        x, y = self._pyautogui.position()
        return ScreenPoint(int(x), int(y))

    @_display_needed()
    def move(self, point: ScreenPoint) -> None:
        """Move the pointer at once; a place outside the screen becomes the nearest one in it."""
        self._watch()
        self._pyautogui.moveTo(point.x, point.y)
        self._put = self.position()

    @_display_needed()
    def button_down(self, button: Button) -> None:
        """Press a button where the pointer is."""
        self._watch()
        self._buttons.append(button)
        self._pyautogui.mouseDown(button=button)

    @_display_needed()
    def button_up(self, button: Button) -> None:
        """Let go of a button."""
        self._watch()
        self._pyautogui.mouseUp(button=button)
        if button in self._buttons:
            self._buttons.remove(button)

    @_display_needed()
    def scroll(self, dx: int, dy: int) -> None:
        """Turn the wheel by notches: up and right are positive."""
        self._watch()
        if dy:
            self._pyautogui.scroll(dy)
        if dx:
            self._pyautogui.hscroll(dx)

    @_display_needed()
    def key_down(self, key: str) -> None:
        """Press a key by its canonical name; raises ModelMistake when this keyboard has none."""
        self._watch()
        keymap = Keymap(self._display)
        stroke = keymap.key(key)
        self._keys[key] = stroke.keycode
        if stroke == Stroke(stroke.keycode) and self._known_to_pyautogui(key, stroke.keycode):
            self._pyautogui.keyDown(key)
        else:
            press(self._display, stroke, keymap)

    @_display_needed()
    def key_up(self, key: str) -> None:
        """Let go of a key."""
        self._watch()
        if key in self._keys:
            self._release_key(key)

    @_display_needed()
    def write(self, text: str, stop: threading.Event) -> None:
        """Type printable text of any script exactly; returns early once `stop` is set."""
        self._typist.write(text, stop)

    def release_all(self) -> None:
        """Let go of every key and button held; calling it twice is harmless."""
        with suppress(ConnectionClosedError):  # with the display gone nothing is held
            for key in reversed(list(self._keys)):
                self._release_key(key)
            for button in reversed(self._buttons):
                self._pyautogui.mouseUp(button=button)
        self._keys.clear()
        self._buttons.clear()

    def close(self) -> None:
        """Let go of everything and disconnect; calling it twice is harmless."""
        if self._closed:
            return
        self._closed = True
        _USERS.discard(self)
        self.release_all()
        with suppress(ConnectionClosedError):
            self._typist.close()
        with suppress(ConnectionClosedError):
            self._clipboard.close()
        with suppress(ConnectionClosedError):
            self._display.close()

    def _release_key(self, key: str) -> None:
        keycode = self._keys[key]
        if self._known_to_pyautogui(key, keycode):
            self._pyautogui.keyUp(key)
        else:
            xtest.fake_input(self._display, X.KeyRelease, keycode)
            self._display.sync()
        self._keys.pop(key)

    def _known_to_pyautogui(self, key: str, keycode: int) -> bool:
        known = self._pyautogui.platformModule.keyboardMapping
        return len(key) > 1 and known.get(key) == keycode

    def _watch(self) -> None:
        """Raise RunEnded when a hand moved the pointer into a corner of the screen."""
        here = self.position()
        if here == self._put:
            return
        self._put = None
        if here in self._corners:
            raise RunEnded("stopped", say("the pointer was moved into a corner of the screen"))


def _check_xlib() -> None:
    version: tuple[int, ...] = vars(Xlib)["__version__"]
    if version < _XLIB:
        raise KnownError(
            f"python-xlib {'.'.join(map(str, version))} is too old: the package python3-Xlib was "
            "installed over it",
            remedy="pip install --force-reinstall --no-deps 'python-xlib>=0.33'",
        )


def _connect(environment: Mapping[str, str]) -> Display:
    name = x_display(environment)
    try:
        with _as_own_environment(environment):
            display = Display(name)
    except (DisplayError, ConnectionClosedError) as error:
        raise KnownError(
            f"cannot connect to the display {name}: {error}",
            remedy="check DISPLAY and XAUTHORITY, or use --virtual 1280x800",
        ) from error
    if not display.has_extension("XTEST"):
        display.close()
        raise KnownError(
            f"the display {name} lets nobody send input: it lacks the XTEST extension",
            remedy="enable XTEST in the X server, or use --virtual 1280x800",
        )
    return display


def _bind_pyautogui(environment: Mapping[str, str]) -> Any:
    """pyautogui, bound to the environment's display, without its pauses and its fail-safe."""
    if "pyautogui" not in sys.modules:
        with _as_own_environment(environment), _absent("mouseinfo", "pyscreeze", "pymsgbox"):
            pyautogui = importlib.import_module("pyautogui")
        atexit.register(_disconnect, pyautogui.platformModule)
    pyautogui: Any = sys.modules["pyautogui"]
    bound: Display = pyautogui.platformModule._display
    wanted = environment["DISPLAY"]
    elsewhere = get_display(bound.get_display_name())[2:4] != get_display(wanted)[2:4]
    if elsewhere and _USERS and _is_alive(bound):
        raise KnownError(
            f"this process sends input to the display {bound.get_display_name()} and cannot change "
            f"to {wanted} while it does",
            remedy="run the agent for each display in a process of its own",
        )
    if elsewhere or not _is_alive(bound):  # pyautogui would stay with what it has
        _disconnect(pyautogui.platformModule)
        with _as_own_environment(environment):
            pyautogui.platformModule._display = Display(wanted)
    pyautogui.PAUSE = 0
    pyautogui.FAILSAFE = False
    return pyautogui


def _disconnect(platform: Any) -> None:
    """Close the display that is bound at the end, which need not be the first one."""
    with suppress(ConnectionClosedError):
        platform._display.close()


@contextmanager
def _absent(*names: str) -> Generator[None]:
    """Let imports of these fail, which pyautogui takes well.

    It needs them for message boxes and pictures alone; one ends the process where tkinter is
    missing, another starts programs at import and leaves their pipes open.
    """
    modules = cast("dict[str, ModuleType | None]", sys.modules)
    unwanted = [name for name in names if name not in modules]
    modules.update(dict.fromkeys(unwanted))
    try:
        yield
    finally:
        for name in unwanted:
            del modules[name]


def _is_alive(display: Display) -> bool:
    try:
        display.sync()
    except ConnectionClosedError:
        return False
    return True


@contextmanager
def _as_own_environment(environment: Mapping[str, str]) -> Generator[None]:
    """Where the display is, put into this process's environment for libraries that look there."""
    names = ("DISPLAY", "XAUTHORITY")
    before = {name: os.environ.get(name) for name in names}
    _set(dict(zip(names, map(environment.get, names), strict=True)))
    try:
        yield
    finally:
        _set(before)


def _set(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
