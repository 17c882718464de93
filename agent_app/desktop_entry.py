"""`agent-app install-desktop`: an icon and an entry, where desktops look for applications.

The folders are those of the XDG base directory specification, the entry is that of the desktop
entry specification.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from agent_app.errors import KnownError

NAME = "agent-app"
_OURS = "X-AgentApp-Installed=true"
# What has to stand in quotes, by the desktop entry specification.
_RESERVED = set(" \t\n\"'\\><~|&;$*?#()`")


def install(environment: Mapping[str, str], *, command: Sequence[str] | None = None) -> list[Path]:
    """Write the icon and the entry, and return their paths; what we wrote before is renewed.

    `command` starts agent-app, by default this very installation. Raises KnownError when an entry
    of this name is not ours, and when the folders cannot be written.
    """
    icon, entry = places(environment)
    if entry.exists() and not _is_ours(entry):
        raise KnownError(
            f"{entry} is there already, and agent-app did not write it",
            remedy="move it away, or keep it: it may start `agent-app window`",
        )
    texts = {icon: svg(), entry: entry_text(command or own_command())}
    for path, text in texts.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        except OSError as error:
            raise KnownError(
                f"cannot write {path}: {error.strerror}", remedy="check who owns the folder"
            ) from error
    return list(texts)


def remove(environment: Mapping[str, str]) -> list[Path]:
    """Take away what `install` wrote, and return the paths of what was there. Raises KnownError."""
    icon, entry = places(environment)
    if entry.exists() and not _is_ours(entry):
        raise KnownError(f"{entry} was not written by agent-app", remedy="remove it by hand")
    there = [path for path in (icon, entry) if path.exists()]
    for path in there:
        try:
            path.unlink()
        except OSError as error:
            raise KnownError(
                f"cannot remove {path}: {error.strerror}", remedy="check who owns the folder"
            ) from error
    return there


def places(environment: Mapping[str, str]) -> tuple[Path, Path]:
    """Where the icon and the entry lie."""
    data = environment.get("XDG_DATA_HOME") or ""
    home = Path(data) if Path(data).is_absolute() else Path.home() / ".local" / "share"
    icons = home / "icons" / "hicolor" / "scalable" / "apps"
    return icons / f"{NAME}.svg", home / "applications" / f"{NAME}.desktop"


def own_command() -> list[str]:
    """What starts this installation: its script, where it lies beside its interpreter."""
    script = Path(sys.executable).with_name(NAME)
    if script.is_file():
        return [str(script)]
    found = shutil.which(NAME)
    return [found] if found else [sys.executable, "-m", "agent_app"]


def entry_text(command: Sequence[str]) -> str:
    """The entry of an application that this command starts."""
    line = " ".join(_quoted(word) for word in (*command, "window"))
    return f"""\
[Desktop Entry]
Type=Application
Version=1.5
Name=agent-app
GenericName=Desktop agent
GenericName[zh_CN]=桌面代理
Comment=A local-first desktop agent that you can watch think
Comment[zh_CN]=在本机运行、思考过程可见的桌面代理
Exec={_escaped(line)}
TryExec={_escaped(command[0])}
Icon={NAME}
Terminal=false
Categories=Utility;Development;
Keywords=agent;automation;assistant;
StartupNotify=true
StartupWMClass={NAME}
{_OURS}
"""


def svg() -> str:
    """The icon: a pointer that meets its target."""
    return (files("agent_app") / "icon.svg").read_text("utf-8")


def _quoted(word: str) -> str:
    """A word of the command line; a percent sign would begin a field code."""
    word = word.replace("%", "%%")
    if not set(word) & _RESERVED:
        return word
    for sign in ("\\", '"', "`", "$"):
        word = word.replace(sign, f"\\{sign}")
    return f'"{word}"'


def _escaped(text: str) -> str:
    """A text as a value of the file."""
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


def _is_ours(entry: Path) -> bool:
    try:
        return _OURS in entry.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return False
