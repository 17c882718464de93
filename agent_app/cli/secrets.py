"""`agent-app secret`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from agent_app.cli.parsers import Commands
from agent_app.errors import KnownError

_FOUND = 4


def add_secret(commands: Commands) -> None:
    """`agent-app secret …`."""
    secret = commands.add_parser(
        "secret",
        help="keep passwords that are typed and never recorded",
        description="Keeps what may be typed and not be recorded. {{secret:NAME}} in a task, a "
        "script, a flow or a test is typed as the secret, and stays as it is everywhere else.",
    )
    actions = secret.add_subparsers(dest="action", metavar="ACTION", required=True)

    def add(name: str, what: str) -> argparse.ArgumentParser:
        return actions.add_parser(name, help=what, description=what)

    setting = add("set", "store a secret, which is asked for, or read from what is piped in")
    removing = add("remove", "forget a secret")
    for action in (setting, removing):
        action.add_argument("name", metavar="NAME")
    add("list", "the names of what is stored, and where")
    scan = add("scan", "look for every stored secret in episodes and in files made of them")
    scan.add_argument(
        "paths",
        nargs="+",
        metavar="EPISODE",
        help="a folder, a file, or a part of a name in the library that no other one has",
    )
    secret.set_defaults(command=_secret)


def _secret(options: argparse.Namespace) -> int:
    match options.action:
        case "set":
            return _set(options.name)
        case "remove":
            return _remove(options.name)
        case "scan":
            return _scan(options.paths)
        case _:
            return _list()


def _set(name: str) -> int:
    from getpass import getpass

    from agent_app.secret_store import open_store

    store = open_store(os.environ)
    store.check_name(name)
    if sys.stdin.isatty():
        value = getpass(f"{name} (nothing is shown): ")
        if getpass("Once more: ") != value:
            raise KnownError("these were two different texts", remedy="try again")
    else:
        value = sys.stdin.read(2**16).removesuffix("\n").removesuffix("\r")
    store.set(name, value)
    _say(f"{name} is stored in {store.where}")
    return 0


def _remove(name: str) -> int:
    from agent_app.secret_store import open_store

    open_store(os.environ).remove(name)
    _say(f"{name} is forgotten")
    return 0


def _list() -> int:
    from agent_app.secret_store import open_store

    store = open_store(os.environ)
    for name in store.names():
        _say(name)
    print(f"new ones go into {store.where}", file=sys.stderr)  # noqa: T201
    return 0


def _scan(paths: list[str]) -> int:
    """The exit status is 4 when anything was found."""
    from rich.console import Console
    from rich.text import Text

    from agent_app.console import progress_bar
    from agent_app.episode.library import Library
    from agent_app.episode.recorder import default_library
    from agent_app.secret_scan import Scan
    from agent_app.secret_store import open_store

    folders: list[Path] = []
    for each in map(Path, paths):
        if each.exists():
            folders.append(each)
        else:
            with Library(default_library()) as library:
                folders.append(library.find(str(each)))
    store = open_store(os.environ)
    values = store.find(store.names())
    if not values:
        raise KnownError(
            "no secret is stored, so there is nothing to look for",
            remedy="store one: agent-app secret set NAME",
        )
    console = Console()
    scan = Scan(values)
    with progress_bar(Console(stderr=True), in_bytes=False) as progress:
        for folder in folders:
            scan.look_into(folder, progress)
    for finding in scan.findings:
        console.print(Text(f"found: {finding}", style="bold red"), soft_wrap=True)
    for remark in scan.unread:
        console.print(Text(f"not looked into: {remark}", style="yellow"), soft_wrap=True)
    names = ", ".join(values)
    if not scan.findings:
        told = f"none of {names} in {scan.files} files, {scan.pictures} pictures of them read"
        console.print(Text(told), soft_wrap=True)
    return _FOUND if scan.findings else 0


def _say(text: str) -> None:
    print(text)  # noqa: T201
