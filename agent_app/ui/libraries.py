"""Whether a window can be shown at all: Qt's libraries, its platform plugin, the display.

Qt aborts the process when one of them is missing; this finds out first and says what to install.
"""

from __future__ import annotations

import ctypes
import importlib
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from agent_app.errors import KnownError

_PACKAGES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libfontconfig.so.1": "libfontconfig1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
}
_WITHOUT_WINDOW = "or run without a window: --no-window"


def qt_arguments(environment: Mapping[str, str]) -> list[str]:
    """The arguments that make Qt show its window where this environment says.

    The process's own environment may by now name the display the agent works on, so Qt is told.
    Raises KnownError when a library or the display is missing.
    """
    try:
        core = importlib.import_module("PySide6.QtCore")
        importlib.import_module("PySide6.QtWidgets")
    except ImportError as error:
        raise missing_library(str(error)) from error
    if not sys.platform.startswith("linux"):
        return []
    display = environment.get("DISPLAY", "")
    platform = environment.get("QT_QPA_PLATFORM") or (
        "xcb" if display else "wayland" if environment.get("WAYLAND_DISPLAY") else ""
    )
    if not platform:
        raise KnownError(
            "there is no display to show the window on",
            remedy="start it in a desktop session, set DISPLAY, " + _WITHOUT_WINDOW,
        )
    arguments = ["-platform", platform]
    if platform == "xcb":
        plugins = Path(core.QLibraryInfo.path(core.QLibraryInfo.LibraryPath.PluginsPath))
        _check_plugin(plugins / "platforms" / "libqxcb.so")
        _check_display(display)
        arguments += ["-display", display]
    return arguments


def missing_library(message: str) -> KnownError:
    """The error for what the loader said, naming the Debian package to install."""
    found = re.search(r"lib[\w.+-]+\.so[.\d]*", message)
    library = found[0] if found else None
    if library is None:
        return KnownError(
            f"the window's library Qt cannot be loaded ({message})",
            remedy="reinstall it: pip install --force-reinstall PySide6-Essentials, "
            + _WITHOUT_WINDOW,
        )
    packages = _PACKAGES.get(library) or " ".join(dict.fromkeys(_PACKAGES.values()))
    return KnownError(
        f"the window needs {library}, which is not installed",
        remedy=f"install it: apt-get install {packages}, {_WITHOUT_WINDOW}",
    )


def _check_plugin(path: Path) -> None:
    try:
        ctypes.CDLL(str(path))
    except OSError as error:
        raise missing_library(str(error)) from error


def _check_display(name: str) -> None:
    from Xlib import display, error  # on X11 alone

    try:
        display.Display(name).close()
    except (error.DisplayError, OSError, OverflowError) as fault:
        raise KnownError(
            f"the display {name!r} cannot be reached",
            remedy="check DISPLAY and that you may use it (xhost, XAUTHORITY), " + _WITHOUT_WINDOW,
        ) from fault
