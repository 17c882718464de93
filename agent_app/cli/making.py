"""`agent-app eval make-desktop`."""

from __future__ import annotations

import argparse
from pathlib import Path

from agent_app.cli.parsers import Commands
from agent_app.errors import KnownError


def add_make_desktop(actions: Commands) -> None:
    """`agent-app eval make-desktop`."""
    make = actions.add_parser(
        "make-desktop",
        help="build a benchmark from the applications of this machine",
        description=_make_desktop.__doc__,
        epilog="The first of each of --size, --theme, --scale and --language is taken together; "
        "every other value is tried with the first ones of the rest.",
    )
    make.add_argument(
        "folder", type=Path, metavar="DIR", help="a new folder; `eval folder` reads it"
    )
    make.add_argument(
        "--app",
        action="append",
        default=[],
        metavar="CMD",
        help="picture this application; may be given several times (default: the known ones that "
        "are installed)",
    )
    for flag, values, about in (
        ("--size", ["1280x800", "1920x1080"], "of the desktop"),
        ("--theme", ["light", "dark"], "light, dark, or the name of a GTK theme"),
        ("--scale", ["1", "1.5"], "how large applications draw"),
        ("--language", ["en", "de"], "of the applications, as gettext names it"),
    ):
        make.add_argument(
            flag,
            nargs="+",
            default=values,
            metavar="V",
            help=f"{about} (default: {' '.join(values)})",
        )
    make.add_argument(
        "--per-picture", type=int, default=12, metavar="N", help="questions at most (default: 12)"
    )
    make.set_defaults(command=_make_desktop)


def _make_desktop(options: argparse.Namespace) -> int:
    """Build a labelled benchmark from real applications, on private desktops.

    Boxes, roles and names are those of the accessibility tree; text, icons, fields, and what is to
    be refused are told apart.
    """
    from rich.console import Console

    from agent_app.cli.running import size_of
    from agent_app.console import progress_bar
    from agent_app.evaluate.making.applications import applications
    from agent_app.evaluate.making.building import Plan, make_desktop
    from agent_app.evaluate.making.capturing import variations

    if options.per_picture < 1:
        raise KnownError("there is nothing to ask", remedy="give --per-picture above zero")
    console = Console()
    sizes = [size for text in options.size if (size := size_of(text)) is not None]
    languages = ["" if each == "en" else each for each in options.language]
    plan = Plan(
        applications(options.app),
        variations(sizes, options.theme, [_scale(each) for each in options.scale], languages),
        options.per_picture,
    )
    with progress_bar(console, in_bytes=False) as progress:
        items = make_desktop(
            options.folder,
            plan,
            progress=progress,
            tell=lambda text: console.print(f"  {text}", style="yellow", markup=False),
        )
    pictures = len({item.picture for item in items})
    console.print(f"{len(items)} items on {pictures} pictures", markup=False, highlight=False)
    console.print(str(options.folder), markup=False, highlight=False, soft_wrap=True)
    return 0


def _scale(text: str) -> float:
    try:
        scale = float(text)
    except ValueError:
        scale = 0.0
    if not 0.5 <= scale <= 4:
        raise KnownError(f"cannot use the scale {text!r}", remedy="give a number from 0.5 to 4")
    return scale
