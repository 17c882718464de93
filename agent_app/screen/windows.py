"""Which windows lie on the screen, which cover which, and which one has the focus (X11, EWMH).

Stacking comes from the server itself, so menus and other windows that no window manager knows of
are found where they lie. Properties are those of the Extended Window Manager Hints.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from Xlib import X
from Xlib.display import Display
from Xlib.error import (
    BadDrawable,
    BadWindow,
    ConnectionClosedError,
    DisplayError,
    XauthError,
)
from Xlib.xobject.drawable import Window as XWindow

from agent_app.geometry import Region

_LOCAL = re.compile(r"(?:unix)?:(\d+)(?:\.\d+)?$")
_SMALLEST = 8  # pixels: managers keep helpers of one pixel


class WindowsUnknown(Exception):
    """There is no X server to ask."""


@dataclass(frozen=True, slots=True)
class TopLevel:
    """A window as it lies on the screen, with its title bar and borders.

    `region` is what it covers, `content` what the application draws. A menu, the picture shown
    while an application starts, or another popup has `popup` set and usually no title. `process` is
    0 when the window does not say. A `dialog` says of itself that it is one, or belongs to another
    window.
    """

    title: str
    application: str
    region: Region
    content: Region
    process: int
    active: bool
    popup: bool
    dialog: bool = False


class WindowList:
    """The windows of one local X display. Raises WindowsUnknown when it cannot be reached."""

    def __init__(self, display: str) -> None:
        local = _LOCAL.match(display)
        # a display that is not there would be tried over the network
        if local is None or not Path(f"/tmp/.X11-unix/X{local[1]}").exists():  # noqa: S108 - X's own
            raise WindowsUnknown(f"no local X display {display!r}")
        with _known():
            self._display = Display(display)
        self._root = self._display.screen().root

    def read(self) -> tuple[TopLevel, ...]:
        """Every visible window from the topmost down. Raises WindowsUnknown as above."""
        with _known():
            active = self._numbers(self._root, "_NET_ACTIVE_WINDOW")[:1]
            clients = set(self._numbers(self._root, "_NET_CLIENT_LIST"))
            windows: list[TopLevel] = []
            for child in reversed(self._root.query_tree().children):
                try:
                    window = self._top_level(child, clients, active)
                except (BadWindow, BadDrawable):  # gone since it was listed
                    continue
                if window is not None:
                    windows.append(window)
            return tuple(windows)

    def close(self) -> None:
        with _known():
            self._display.close()

    def _top_level(self, child: XWindow, clients: set[int], active: list[int]) -> TopLevel | None:
        attributes = child.get_attributes()
        if attributes.map_state != X.IsViewable or attributes.win_class == X.InputOnly:
            return None
        outer = self._region(child)
        if outer.width < _SMALLEST or outer.height < _SMALLEST:
            return None
        client = self._client(child, clients)
        if client is None and not (attributes.override_redirect or self._title(child)):
            return None
        inner = client or child
        content = outer if inner is child else self._region(inner)
        shadow = self._numbers(inner, "_GTK_FRAME_EXTENTS")
        if len(shadow) == 4:  # a window that draws its own frame has a shadow outside of it
            left, right, top, bottom = shadow
            content = Region(
                content.left + left,
                content.top + top,
                content.width - left - right,
                content.height - top - bottom,
            )
            outer = content
        names = inner.get_wm_class()
        return TopLevel(
            title=self._title(inner) if client is not None else "",
            application=names[1] if names else "",
            region=outer,
            content=content,
            process=next(iter(self._numbers(inner, "_NET_WM_PID")), 0),
            active=inner.id in active,
            popup=client is None or self._is_splash(inner),
            dialog=self._is_dialog(inner),
        )

    def _is_dialog(self, window: XWindow) -> bool:
        dialog = self._display.get_atom("_NET_WM_WINDOW_TYPE_DIALOG")
        types = self._numbers(window, "_NET_WM_WINDOW_TYPE")
        return dialog in types or any(self._numbers(window, "WM_TRANSIENT_FOR"))

    def _is_splash(self, window: XWindow) -> bool:
        """Whether it is only shown while its application starts."""
        splash = self._display.get_atom("_NET_WM_WINDOW_TYPE_SPLASH")
        return splash in self._numbers(window, "_NET_WM_WINDOW_TYPE")

    def _client(self, window: XWindow, clients: set[int]) -> XWindow | None:
        """The application's window inside a frame; the manager's frame may be two levels deep."""
        level = [window]
        for _ in range(3):
            for candidate in level:
                if candidate.id in clients:
                    return candidate
            level = [inner for outer in level for inner in outer.query_tree().children]
        return None

    def _region(self, window: XWindow) -> Region:
        geometry = window.get_geometry()
        place = self._root.translate_coords(window, 0, 0)
        border = geometry.border_width  # the place is that inside it
        return Region(
            place.x - border,
            place.y - border,
            geometry.width + 2 * border,
            geometry.height + 2 * border,
        )

    def _title(self, window: XWindow) -> str:
        utf8 = window.get_full_property(self._display.get_atom("_NET_WM_NAME"), X.AnyPropertyType)
        if utf8 is not None and isinstance(utf8.value, bytes):
            return utf8.value.decode("utf-8", "replace")
        name = window.get_wm_name()
        return name.decode("latin-1") if isinstance(name, bytes) else name or ""

    def _numbers(self, window: XWindow, name: str) -> list[int]:
        answer = window.get_full_property(self._display.get_atom(name), X.AnyPropertyType)
        if answer is None or isinstance(answer.value, bytes):
            return []
        return [int(number) for number in answer.value]


def without_own(windows: Sequence[TopLevel]) -> tuple[TopLevel, ...]:
    """The windows but for this process's own, which are out of the way when a frame is captured.

    Where one of ours has the focus now, the topmost other one had it then.
    """
    others = [window for window in windows if window.process != os.getpid()]
    if len(others) < len(windows) and not any(window.active for window in others):
        front = next((index for index, window in enumerate(others) if not window.popup), None)
        if front is not None:
            others[front] = replace(others[front], active=True)
    return tuple(others)


@contextmanager
def _known() -> Generator[None]:
    try:
        yield
    except (DisplayError, ConnectionClosedError, XauthError, OSError) as e:
        raise WindowsUnknown(str(e) or type(e).__name__) from e
