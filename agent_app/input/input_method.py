"""Whether an input method (ibus, fcitx and their like) stands between the keys and applications.

Such a program takes keys and gives applications what it makes of them, so that typed text may
arrive as another. It serves a display by a selection that the XIM protocol names after it, or as a
daemon to which the toolkits' own modules talk.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path

from Xlib import X, Xatom
from Xlib.display import Display
from Xlib.error import ConnectionClosedError, DisplayError, XauthError, XError

_SERVER = "@server="
_DAEMONS = frozenset(
    "ibus-daemon fcitx fcitx5 uim-xim scim scim-launcher hime gcin nabi kime".split()
)
_MODULES = ("GTK_IM_MODULE", "QT_IM_MODULE", "XMODIFIERS")
_NONE = frozenset(("", "none", "xim", "simple", "compose", "local", "gtk-im-context-simple"))
_PROCESSES = Path("/proc")
_LOCAL = re.compile(r"(?:unix)?(:\d+)(?:\.\d+)?$")


def active_input_method(environment: Mapping[str, str]) -> str:
    """The name of the input method on the X display of this environment; empty without one."""
    display = environment.get("DISPLAY", "")
    if not display:
        return ""
    return _serving(display) or _named_and_running(environment)


def _serving(display: str) -> str:
    """The one that offers itself by XIM, and is still there."""
    try:
        with closing(Display(display)) as connection:
            root = connection.screen().root
            listed = root.get_full_property(connection.get_atom("XIM_SERVERS"), Xatom.ATOM)
            for atom in listed.value if listed is not None else ():
                name = connection.get_atom_name(atom)
                owned = connection.get_selection_owner(atom) != X.NONE
                if owned and name.startswith(_SERVER):
                    return name.removeprefix(_SERVER)
    except (DisplayError, ConnectionClosedError, XauthError, XError, OSError):
        pass
    return ""


def _named_and_running(environment: Mapping[str, str]) -> str:
    """The one that toolkits are told to use, if a daemon of any runs on this display."""
    names = (environment.get(name, "").removeprefix("@im=") for name in _MODULES)
    named = next((name for name in names if name.casefold() not in _NONE), "")
    if named and any(
        _is_daemon(path, environment["DISPLAY"]) for path in _PROCESSES.glob("[0-9]*")
    ):
        return named
    return ""


def _is_daemon(process: Path, display: str) -> bool:
    """Whether a process is a daemon of an input method, and serves this display."""
    with suppress(OSError):  # another person's, or gone
        if (process / "comm").read_text().strip() not in _DAEMONS:
            return False
        for variable in (process / "environ").read_bytes().split(b"\0"):
            name, _, value = os.fsdecode(variable).partition("=")
            if name == "DISPLAY":
                return _plain(value) == _plain(display)
    return False


def _plain(display: str) -> str:
    """A display's name without the screen's number."""
    match = _LOCAL.match(display)
    return match[1] if match else display
