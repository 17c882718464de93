"""`agent-app settings`, and how what is set becomes the default of a command's flags."""

from __future__ import annotations

import argparse
import copy
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from agent_app.cli.parsers import Commands

if TYPE_CHECKING:
    from agent_app.settings import Settings

_EPILOG = (
    "What no flag says is as `agent-app settings show` has it. With --virtual none it works on "
    "your own display, whatever is set."
)


def add_settings(commands: Commands) -> None:
    """`agent-app settings …`."""
    settings = commands.add_parser(
        "settings",
        help="show and change what is set",
        description="What is set for the command line and the window. A flag comes before a "
        "variable of the environment, that before the file, and the file before the default.",
    )
    actions = settings.add_subparsers(dest="action", metavar="ACTION", required=True)

    def add(name: str, what: str) -> argparse.ArgumentParser:
        return actions.add_parser(name, help=what, description=what)

    show = add("show", "every setting, what it is, and where that is said")
    show.add_argument("key", nargs="?", metavar="KEY", help="this one alone, its value alone")
    setting = add("set", "write a setting into the file; the rest of the file stays as it is")
    setting.add_argument("key", metavar="KEY", help="such as run.max_steps")
    setting.add_argument("value", metavar="VALUE", help="a list has semicolons between its parts")
    unset = add("unset", "take a setting out of the file")
    unset.add_argument("key", metavar="KEY")
    add("path", "where the file lies")
    settings.set_defaults(command=_settings)


def leave_to_settings(parser: argparse.ArgumentParser) -> None:
    """Let every flag that has a setting be None until `filled` says what it is."""
    from agent_app.settings import SETTINGS

    parser.set_defaults(**dict.fromkeys(each.field for each in SETTINGS))
    parser.epilog = _EPILOG


def filled(
    options: argparse.Namespace, settings: Callable[[], Settings] | None = None
) -> argparse.Namespace:
    """The flags as given, and what is set where none was. Raises KnownError for what is set wrong.

    What must never be looked at is added up; a monitor and a region put each other aside.
    """
    from agent_app.settings import SETTINGS, own_settings

    found = (settings or own_settings)()
    whole = copy.copy(options)
    narrowed = options.monitor is not None or options.region is not None
    for setting in SETTINGS:
        field = setting.field
        given: Any = getattr(options, field)
        if field == "mask":
            whole.mask = [*found.mask, *(given or ())]
        elif given is None and not (narrowed and field in ("monitor", "region")):
            setattr(whole, field, getattr(found, field))
    if whole.virtual == "none":
        whole.virtual = None
    return whole


def _settings(options: argparse.Namespace) -> int:
    from rich.console import Console

    from agent_app.settings import SettingsFile, setting_of, settings_path
    from agent_app.settings.file import read_value

    path = settings_path(os.environ)
    match options.action:
        case "path":
            Console().print(str(path), markup=False, highlight=False, soft_wrap=True)
        case "show":
            _show(options.key)
        case _:
            setting = setting_of(options.key)
            value = None
            if options.action == "set":
                value = read_value(setting, options.value, "this cannot be set")
            SettingsFile(path).change({setting: value})
    return 0


def _show(key: str | None) -> None:
    from rich.console import Console
    from rich.text import Text

    from agent_app.settings import SETTINGS, SettingsFile, setting_of, settings_path
    from agent_app.settings.file import show_line, where_from
    from agent_app.settings.kinds import shown

    console = Console()
    file = SettingsFile(settings_path(os.environ))
    settings = file.settings(os.environ)
    if key is not None:
        value = shown(getattr(settings, setting_of(key).field))
        console.print(value, markup=False, highlight=False, soft_wrap=True)
        return
    lines = file.lines()
    there = "" if file.path.exists() else " (not there: nothing is set)"
    console.print(f"{file.path}{there}", markup=False, highlight=False, soft_wrap=True)
    section = ""
    for setting in SETTINGS:
        if setting.section != section:
            section = setting.section
            console.print(Text(f"\n[{section}]", "bold"))
        origin = where_from(setting, os.environ, lines)
        line = Text(show_line(setting, settings), "" if origin else "dim")
        line.append(f"  # {setting.about}" + (f" — {origin}" if origin else ""), "dim")
        console.print(line, soft_wrap=True, highlight=False)
