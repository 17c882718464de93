"""Pictures of applications on private desktops, with what their accessibility trees tell."""

from __future__ import annotations

import itertools
import re
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from Xlib import XK, X
from Xlib.display import Display
from Xlib.ext import xtest

from agent_app.evaluate.making.applications import Application
from agent_app.geometry import Size
from agent_app.runtimes.reader.seeing.accessibility import AccessibilityTree, AccessibleNode
from agent_app.runtimes.reader.seeing.merging import Placed, layers, visible
from agent_app.screen.capture import open_screen
from agent_app.screen.frame import Frame, Screen
from agent_app.screen.ring import FrameRing
from agent_app.screen.settle import SettleLimits, moved, wait_until_settled
from agent_app.screen.windows import WindowList
from agent_app.testing.settings import DesktopSettings
from agent_app.virtual import VirtualDesktop

_START = SettleLimits(minimum=1.0, reaction=3.0, quiet=1.0, maximum=15.0)
_START_SECONDS = 40.0  # until an application shows what it has
_KEY = SettleLimits(minimum=0.3, reaction=1.0, quiet=0.6, maximum=8.0)
_READ_SECONDS = 5.0
_TRIES = 5  # at a picture that does not change while the tree is read
_KEYS = {"ctrl": "Control_L", "alt": "Alt_L", "shift": "Shift_L"}
# Names in several scripts, for whatever lists files.
_FILES = (
    "notes.txt",
    "Résumé.txt",
    "報告書.txt",
    "Отчёт.txt",
    "budget 2024.csv",
    "Bilder",
    "Music",
)
_TEXT = "The quick brown fox jumps over the lazy dog.\n" * 3


@dataclass(frozen=True, slots=True)
class Variation:
    """A desktop that applications are pictured on.

    `language` is a language as gettext names it, such as "de" or "zh_CN"; empty is English.
    """

    size: Size
    theme: str = ""
    scale: float = 1.0
    language: str = ""

    @property
    def name(self) -> str:
        """Its name in paths and labels, such as `1280x800-dark`."""
        scale = f"scale{self.scale:g}" if self.scale != 1 else ""
        words = [f"{self.size.width}x{self.size.height}", self.theme, scale, self.language]
        return "-".join(re.sub(r"[^\w.@]+", "_", word) for word in words if word)

    def environment(self) -> Mapping[str, str]:
        """What applications are told of it."""
        settings = DesktopSettings(size=self.size, theme=self.theme, scale=self.scale)
        told = dict(settings.environment())
        if self.language:
            told["LANGUAGE"] = self.language
        return told


def variations(
    sizes: Sequence[Size],
    themes: Sequence[str],
    scales: Sequence[float],
    languages: Sequence[str],
) -> tuple[Variation, ...]:
    """The first of each together, then every other value by itself: what it changes shows alone."""
    base = Variation(sizes[0], themes[0], scales[0], languages[0])
    return tuple(
        dict.fromkeys(
            (
                base,
                *(replace(base, size=size) for size in sizes[1:]),
                *(replace(base, theme=theme) for theme in themes[1:]),
                *(replace(base, scale=scale) for scale in scales[1:]),
                *(replace(base, language=language) for language in languages[1:]),
            )
        )
    )


@dataclass(frozen=True, slots=True)
class Capture:
    """One picture: what shows of the tree, and the titles of the windows."""

    variation: Variation
    application: str
    state: str
    frame: Frame
    shown: tuple[Placed, ...]
    titles: tuple[str, ...]


def captures(variation: Variation, application: Application) -> Iterator[Capture]:
    """The application in each of its states; one that changes nothing is passed over."""
    with ExitStack() as opened:
        folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="agent-app-"))
        home = Path(folder, "home")  # its name shows in titles, and is to be the same every time
        _fill(home)
        desktop = opened.enter_context(VirtualDesktop(variation.size, home=home))
        screen = open_screen(desktop.environment)
        opened.callback(screen.close)
        tree = AccessibilityTree(
            desktop.environment["DBUS_SESSION_BUS_ADDRESS"], seconds=_READ_SECONDS
        )
        opened.callback(tree.close)
        windows = WindowList(desktop.display)
        opened.callback(windows.close)
        display = Display(desktop.display)
        opened.callback(display.close)
        empty = screen.grab()
        command = [word.replace("{home}", str(home)) for word in application.command]
        desktop.launch(command, environment=variation.environment(), folder=home)
        _await_start(screen, tree, empty)
        before = empty
        for state in application.states:
            for key in state.keys:
                pressed = screen.grab()
                _press(display, key)
                _settle(screen, pressed, _KEY)
            nodes, frame = _still(screen, tree)
            if not moved(before, frame, ()):
                continue
            before = frame
            stack = windows.read()
            layered = layers(stack, frame.transform)
            placed = [Placed(each, frame.transform.region_to_box(each.region)) for each in nodes]
            yield Capture(
                variation,
                application.name,
                state.name,
                frame,
                tuple(visible(placed, layered)),
                tuple(each.title for each in stack if each.title),
            )


def _fill(home: Path) -> None:
    home.mkdir()
    for name in _FILES:
        path = home / name
        if path.suffix:
            path.write_text(_TEXT, "utf-8")
        else:
            path.mkdir()


def _await_start(screen: Screen, tree: AccessibilityTree, empty: Frame) -> None:
    """Wait until the application shows something, tells of it, and has come to rest."""
    deadline = time.monotonic() + _START_SECONDS
    told = -1
    while time.monotonic() < deadline:
        settled = _settle(screen, empty, _START)
        nodes, _ = tree.read()
        if moved(empty, settled, ()) and nodes and len(nodes) == told:
            return
        told = len(nodes)


def _settle(screen: Screen, before: Frame, limits: SettleLimits) -> Frame:
    return wait_until_settled(
        screen, before, limits=limits, ring=FrameRing(), stop=threading.Event()
    ).frame


def _still(screen: Screen, tree: AccessibilityTree) -> tuple[Sequence[AccessibleNode], Frame]:
    """What applications tell, and a picture that did not change meanwhile."""
    for attempt in itertools.count(1):
        before = screen.grab()
        nodes, _ = tree.read()
        after = screen.grab()
        if attempt == _TRIES or not moved(before, after, ()):
            return nodes, after
    raise AssertionError("the attempts are bounded")


def _press(display: Display, chord: str) -> None:
    """Press keys together, such as `alt+f`; names are those of X keysyms."""
    codes = [
        display.keysym_to_keycode(XK.string_to_keysym(_KEYS.get(name, name)))
        for name in chord.split("+")
    ]
    for code in codes:
        xtest.fake_input(display, X.KeyPress, code)
    for code in reversed(codes):
        xtest.fake_input(display, X.KeyRelease, code)
    display.sync()
