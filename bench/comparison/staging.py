"""Where every script runs: a private desktop with one application, under one of the conditions."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image, ImageGrab

from agent_app.geometry import Size
from agent_app.testing.settings import DesktopSettings
from agent_app.virtual import VirtualDesktop, end_program

_START_SECONDS = 60.0
_STILL_SECONDS = 0.5
_CARET_PIXELS = 200  # a blinking caret is no movement

# GTK 2 has no dark variant of its theme without another package: colours alone are one, too.
_DARK_GTK2 = """
style "dark" {
  bg[NORMAL] = "#353535"  bg[PRELIGHT] = "#454545"  bg[ACTIVE] = "#2a2a2a"
  bg[INSENSITIVE] = "#353535"  bg[SELECTED] = "#15539e"
  base[NORMAL] = "#2d2d2d"  base[ACTIVE] = "#15539e"  base[SELECTED] = "#15539e"
  fg[NORMAL] = "#eeeeec"  fg[PRELIGHT] = "#ffffff"  fg[ACTIVE] = "#eeeeec"
  fg[SELECTED] = "#ffffff"  fg[INSENSITIVE] = "#919190"
  text[NORMAL] = "#eeeeec"  text[ACTIVE] = "#ffffff"  text[SELECTED] = "#ffffff"
}
class "*" style "dark"
"""


@dataclass(frozen=True, slots=True)
class Condition:
    """What a desktop is like. `grown` is how much larger the application's window is made;
    `chromium` are the words that tell Chromium, which follows no toolkit."""

    name: str
    settings: DesktopSettings = field(default_factory=DesktopSettings)
    grown: float = 1.0
    chromium: tuple[str, ...] = ()


_PLAIN = DesktopSettings()
CONDITIONS = {
    each.name: each
    for each in (
        Condition("plain"),
        Condition("dark", replace(_PLAIN, theme="dark"), chromium=("--force-dark-mode",)),
        Condition("size", replace(_PLAIN, size=Size(1600, 1000)), grown=1.25),
        Condition(
            "font",
            replace(_PLAIN, font="DejaVu Sans 13"),
            chromium=("--force-device-scale-factor=1.25",),
        ),
    )
}


T = TypeVar("T")


class NotReady(Exception):
    """An application did not show its window: no tool is to blame."""


@dataclass(frozen=True)
class Stage:
    """A desktop under a condition, with an empty home."""

    condition: Condition
    desktop: VirtualDesktop
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            **self.desktop.environment,
            **self.condition.settings.environment(),
            "XDG_SESSION_TYPE": "x11",  # pyautogui takes no screenshot without it
            "ACCESSIBILITY_ENABLED": "1",  # Chromium tells nothing over AT-SPI without it
        }

    def titles(self) -> dict[str, str]:
        """The windows' identifiers and titles, as xprop tells them."""
        listed = self.ask("xprop", "-root", "_NET_CLIENT_LIST")
        found: dict[str, str] = {}
        for window in re.findall(r"0x[0-9a-f]+", listed):
            told = self.ask("xprop", "-id", window, "-notype", "8u", "_NET_WM_NAME")
            found[window] = told.partition(' = "')[2].rstrip('"\n')
        return found

    def ask(self, *words: str) -> str:
        """What a program prints."""
        return subprocess.run(
            words, env=self.environment, capture_output=True, text=True, check=False, timeout=20
        ).stdout

    def picture(self) -> Image.Image:
        return ImageGrab.grab(xdisplay=self.desktop.display)

    @contextmanager
    def application(self, command: list[str], title: str) -> Generator[None]:
        """A program with its window open, focused, drawn and standing still."""
        self.ask("xdotool", "mousemove", "5", "5")  # where no tip comes up
        process = self.desktop.launch(command, environment=self.environment, folder=self.home)
        try:
            window = self._open_window(title)
            if self.condition.grown != 1.0:
                self._grow(window)
            self._stand_still()
            yield
        finally:
            end_program(process)

    def _open_window(self, title: str) -> str:
        def found() -> str | None:
            windows = self.titles()
            return next((key for key, each in windows.items() if re.search(title, each)), None)

        window = wait_for(found, _START_SECONDS)
        if window is None:
            raise NotReady(f"no window {title!r}, but {list(self.titles().values())}")

        def focused() -> bool:
            active = self.ask("xprop", "-root", "_NET_ACTIVE_WINDOW")
            return int(active.rpartition(" ")[2], 16) == int(window, 16)

        if not wait_for(focused, 2.0):
            self.ask("xdotool", "windowactivate", "--sync", window)
        return window

    def _grow(self, window: str) -> None:
        shape = self.ask("xdotool", "getwindowgeometry", "--shell", window)
        told = dict(re.findall(r"(WIDTH|HEIGHT)=(\d+)", shape))
        larger = (str(round(int(told[name]) * self.condition.grown)) for name in told)
        self.ask("xdotool", "windowsize", "--sync", window, *larger)

    def _stand_still(self) -> None:
        before, since = np.asarray(self.picture()), time.monotonic()
        deadline = since + 15.0
        while time.monotonic() < min(since + _STILL_SECONDS, deadline):
            time.sleep(0.1)
            now = np.asarray(self.picture())
            if np.any(now != before, axis=2).sum() > _CARET_PIXELS:
                before, since = now, time.monotonic()


def wait_for(look: Callable[[], T | None], seconds: float) -> T | None:
    """What a look gives as soon as it gives something, or nothing when the time is up."""
    deadline = time.monotonic() + seconds
    while not (seen := look()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return seen


@contextmanager
def staged(condition: Condition, folder: Path) -> Generator[Stage]:
    """A desktop under a condition, with an empty home in a folder.

    The home's path is the same each time, as a person's is: it shows in windows' titles.
    """
    home = folder / "home"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    with VirtualDesktop(condition.settings.size, home=home) as desktop:
        config = Path(desktop.environment["XDG_CONFIG_HOME"])
        condition.settings.write(home=home, config=config)
        if condition.settings.theme == "dark":
            (home / ".gtkrc-2.0").write_text(_DARK_GTK2, "utf-8")
        yield Stage(condition, desktop, home)
