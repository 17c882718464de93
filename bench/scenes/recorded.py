"""Recording the episodes of `scripts`, and the conditions that they are repeated under."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from Xlib.display import Display
from Xlib.protocol.event import ClientMessage
from Xlib.X import SubstructureNotifyMask, SubstructureRedirectMask

from agent_app.events import ActionDone, Event
from agent_app.geometry import Size
from agent_app.input import open_input
from agent_app.loop import LoopSettings, run
from agent_app.prompting import load_prompt
from agent_app.screen.capture import open_screen
from agent_app.screen.frame import Screen
from agent_app.screen.ring import FrameRing
from agent_app.screen.settle import SettleLimits, wait_until_settled
from agent_app.virtual import VirtualDesktop
from scenes.hand import Hand, Target
from scenes.scripts import Episode

HERE = Path(__file__).parent
RECORDED_AT = Size(1280, 800)
WINDOW_SECONDS = 60.0
# A recorded frame must show what is clicked on it: a dialog comes late on a busy machine.
_PATIENT = SettleLimits(minimum=0.3, reaction=1.5, quiet=0.8, maximum=8.0)

_DARK_GTK2 = """
style "dark" {
  bg[NORMAL]="#333333" bg[PRELIGHT]="#444444" bg[ACTIVE]="#2a2a2a" bg[INSENSITIVE]="#333333"
  fg[NORMAL]="#eeeeee" fg[PRELIGHT]="#ffffff" fg[ACTIVE]="#eeeeee" fg[INSENSITIVE]="#888888"
  base[NORMAL]="#222222" base[SELECTED]="#215d9c" text[NORMAL]="#eeeeee" text[SELECTED]="#ffffff"
}
class "GtkWidget" style "dark"
"""


@dataclass(frozen=True)
class Condition:
    """How the desktop differs from the recorded one."""

    name: str
    size: Size = RECORDED_AT
    shift: tuple[int, int] = (0, 0)
    stretch: float = 1.0
    dark: bool = False
    font: int = 10
    order: str = "01234"  # of the rows, where an application has some
    environment: Mapping[str, str] = field(default_factory=dict)


CONDITIONS = (
    Condition("unchanged"),
    Condition("moved", shift=(83, 47)),
    Condition("wider", stretch=1.2),
    Condition("narrower", stretch=0.85),
    Condition("1920x1080", size=Size(1920, 1080), shift=(300, 120), stretch=1.3),
    Condition("dark", dark=True, environment={"GTK_THEME": "Adwaita:dark"}),
    Condition("larger font", font=12),
    Condition("other rows", order="31420"),
)


@dataclass(frozen=True)
class App:
    """An application: its command under a condition, its window's title, and where that is put."""

    command: Callable[[Condition, Path], list[str]]
    title: str
    place: tuple[int, int, int, int]  # left, top, width, height
    ready: Target | None = None  # what is there once it has started


def _chromium(condition: Condition, home: Path) -> list[str]:
    flags = ["--force-dark-mode", "--blink-settings=preferredColorScheme=0"] * condition.dark
    return [
        *("chromium", "--no-sandbox", "--test-type", "--no-first-run", "--disable-gpu"),
        *("--force-renderer-accessibility", f"--user-data-dir={home / 'chromium'}"),
        *("--hide-crash-restore-bubble", "--disable-features=Translate"),
        *flags,
        f"{(HERE / 'page.html').as_uri()}?order={condition.order}&size={condition.font}",
    ]


def _form(condition: Condition, _home: Path) -> list[str]:
    command = [sys.executable, str(HERE / "form.py"), "--order", condition.order]
    return [*command, "--size", str(condition.font), *["--dark"] * condition.dark]


def _files(condition: Condition, home: Path) -> list[str]:
    folder = home / "Papers"
    for index in condition.order:
        (folder / f"Folder {index}").mkdir(parents=True, exist_ok=True)
        (folder / f"letter {index}.txt").write_text(f"letter {index}\n")
    return ["pcmanfm", str(folder)]


def _terminal(condition: Condition, _home: Path) -> list[str]:
    colors = ["-bg", "#202020", "-fg", "#e0e0e0"] if condition.dark else []
    font = {10: "9x15", 12: "10x20"}[condition.font]
    words = "printf 'first line\\nsecond line\\nthird line\\n'; exec cat"
    return ["xterm", *colors, "-fn", font, "-T", "Terminal", "-e", "sh", "-c", words]


APPS = {
    "galculator": App(lambda *_: ["galculator"], "galculator", (420, 180, 340, 370)),
    "mousepad": App(lambda *_: ["mousepad", "--disable-server"], "Mousepad", (240, 110, 640, 460)),
    "pcmanfm": App(_files, "Papers", (200, 90, 660, 480)),
    "gedit": App(lambda *_: ["gedit"], "gedit", (200, 80, 760, 560)),
    "xterm": App(_terminal, "Terminal", (250, 120, 600, 380)),
    "calc": App(
        lambda *_: ["libreoffice", "--calc", "--norestore", "--nologo"],
        "LibreOffice Calc",
        (20, 10, 1050, 640),
        ready=Target("Bold", "toggle button"),
    ),
    "chromium": App(_chromium, "Orders", (120, 40, 860, 680)),
    "form": App(_form, "People", (300, 120, 580, 430)),
}


@contextmanager
def staged(episode: Episode, condition: Condition, home: Path) -> Iterator[tuple[Hand, Screen]]:
    """A desktop with the episode's application, placed as the condition has it, at rest."""
    app = APPS[episode.app]
    _set_up(condition, home)
    with VirtualDesktop(condition.size, home=home) as desktop:
        desktop.environment.update(condition.environment)
        desktop.environment["ACCESSIBILITY_ENABLED"] = "1"  # which Chromium looks for
        desktop.environment["GTK2_RC_FILES"] = str(home / ".gtkrc-2.0")
        config = Path(desktop.environment["XDG_CONFIG_HOME"], "gtk-3.0")
        config.mkdir(parents=True)
        (config / "settings.ini").write_text(
            f"[Settings]\ngtk-font-name=DejaVu Sans {condition.font}\ngtk-cursor-blink=0\n"
        )
        hand = Hand(desktop, episode.steps)
        screen = open_screen(desktop.environment)
        try:
            hand.start()
            desktop.launch(app.command(condition, home))
            window = _window(desktop, app)
            if app.ready is not None:
                hand.find(app.ready)
            _place(desktop, window, app, condition)
            before = screen.grab()
            quiet = SettleLimits(minimum=0.5, reaction=1.0, quiet=0.7, maximum=15.0)
            wait_until_settled(
                screen, before, limits=quiet, ring=FrameRing(), stop=threading.Event()
            )
            yield hand, screen
        finally:
            hand.close()
            screen.close()


def work(hand: Hand, screen: Screen, ring: FrameRing) -> Iterator[Event]:
    """The run of the hand through its steps, as the real loop does it."""
    hands = open_input(hand.desktop.environment)
    try:
        for event in run(
            "Work through the steps",
            runtime=hand,
            screen=screen,
            input=hands,
            prompt=load_prompt("agent"),
            ring=ring,
            settings=LoopSettings(settle=_PATIENT, last_settle=SettleLimits()),
        ):
            yield event
            if isinstance(event, ActionDone):
                hand.await_next()  # so that the next frame shows what is clicked on it
    finally:
        hands.close()


def _set_up(condition: Condition, home: Path) -> None:
    rc = f'gtk-font-name="DejaVu Sans {condition.font}"\ngtk-cursor-blink=0\n'
    (home / ".gtkrc-2.0").write_text(rc + (_DARK_GTK2 if condition.dark else ""))


def _xdotool(desktop: VirtualDesktop, *words: object) -> str:
    command = ["xdotool", *map(str, words)]
    answer = subprocess.run(
        command, env=desktop.environment, capture_output=True, text=True, check=False
    )
    return answer.stdout


def _window(desktop: VirtualDesktop, app: App) -> int:
    """The application's window, once it has one."""
    deadline = time.monotonic() + WINDOW_SECONDS
    wanted = ("search", "--onlyvisible", "--name", app.title)
    while not (found := _xdotool(desktop, *wanted).split()):
        if time.monotonic() > deadline:
            raise SystemExit(f"no window {app.title!r} came")
        time.sleep(0.1)
    return int(found[-1])


def _place(desktop: VirtualDesktop, window: int, app: App, condition: Condition) -> None:
    """Put the window where the condition has it, until it stays there."""
    left, top, width, height = app.place
    wide, high = round(width * condition.stretch), round(height * condition.stretch)
    deadline = time.monotonic() + WINDOW_SECONDS
    before = ""
    while True:
        _unmaximize(desktop, window)
        _xdotool(desktop, "windowsize", window, wide, high)
        _xdotool(desktop, "windowmove", window, left + condition.shift[0], top + condition.shift[1])
        _xdotool(desktop, "windowactivate", "--sync", window)
        time.sleep(0.3)
        shown = _xdotool(desktop, "getwindowgeometry", window)
        if shown == before and not _is_maximized(desktop, window):
            break
        if time.monotonic() > deadline:
            raise SystemExit(f"the window {app.title!r} does not stay in its place")
        before = shown
    # out of the way: what lies under the pointer is highlighted
    _xdotool(desktop, "mousemove", condition.size.width - 1, condition.size.height - 1)


def _is_maximized(desktop: VirtualDesktop, window: int) -> bool:
    command = ["xprop", "-id", str(window), "_NET_WM_STATE"]
    answer = subprocess.run(command, env=desktop.environment, capture_output=True, text=True)
    return "MAXIMIZED" in answer.stdout


def _unmaximize(desktop: VirtualDesktop, window: int) -> None:
    """LibreOffice takes the whole screen at its first start."""
    display = Display(desktop.display)
    state, *sides = (
        display.intern_atom(f"_NET_WM_STATE{name}")
        for name in ("", "_MAXIMIZED_VERT", "_MAXIMIZED_HORZ")
    )
    message = ClientMessage(
        window=display.create_resource_object("window", window),
        client_type=state,
        data=(32, [0, *sides, 0, 0]),  # 0 removes
    )
    root = display.screen().root
    root.send_event(message, event_mask=SubstructureRedirectMask | SubstructureNotifyMask)
    display.sync()
    display.close()
