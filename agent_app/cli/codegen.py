"""`agent-app codegen` and `agent-app inspect`."""

from __future__ import annotations

import argparse
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from agent_app.cli.parsers import Commands
from agent_app.cli.recording import add_recording, demonstrate
from agent_app.errors import KnownError

if TYPE_CHECKING:
    from rich.console import Console

    from agent_app.testing.looking import View
    from agent_app.testing.place import Place


def add_codegen(commands: Commands) -> None:
    """`agent-app codegen`."""
    codegen = commands.add_parser(
        "codegen",
        help="record what you do, and write a test of it as you go",
        description=_codegen.__doc__,
        epilog="The recording is an episode, too: `agent-app export` makes other tests of it.",
    )
    codegen.add_argument(
        "--output",
        required=True,
        type=Path,
        metavar="FILE",
        help="the new test: test_….py for pytest, or ….flow.yaml",
    )
    codegen.add_argument("--task", default="", metavar="TEXT", help="what the test is called")
    add_recording(codegen)
    codegen.set_defaults(command=_codegen)


def add_inspect(commands: Commands) -> None:
    """`agent-app inspect`."""
    inspect = commands.add_parser(
        "inspect",
        help="show what a locator matches, or which locators find what you point at",
        description=_inspect.__doc__,
        epilog="Ctrl+C ends it.",
    )
    inspect.add_argument(
        "text",
        nargs="?",
        metavar="TEXT",
        help="a locator's text; without it, and --role, you point at things",
    )
    inspect.add_argument("--role", default="", help="a locator's role, such as button or field")
    inspect.add_argument("--window", default="", metavar="TITLE", help="only in this window")
    inspect.add_argument("--exact", action="store_true", help="the whole label, not a part of one")
    inspect.add_argument(
        "--at", metavar="X,Y", help="as if the pointer were there, in the screen's units; once"
    )
    inspect.add_argument(
        "--picture", type=Path, metavar="FILE", help="write a PNG with what matches marked on it"
    )
    inspect.add_argument("--virtual", metavar="WxH", help="on a private desktop of this size")
    inspect.add_argument("--app", metavar="CMD", help="start this program on the desktop first")
    inspect.set_defaults(command=_inspect)


def _codegen(options: argparse.Namespace) -> int:
    """Record what you do, and write a test of it step by step."""
    from rich.console import Console

    from agent_app.codegen.live import LiveTest

    console = Console()
    with LiveTest(options.output) as live:
        status = demonstrate(options, options.task, live.follow)
    for sentence in live.lost:
        console.print(f"not held: {sentence}", style="yellow", markup=False, soft_wrap=True)
    if not options.output.exists():
        console.print("nothing was done, so there is no test", style="yellow")
        return status
    console.print(str(options.output), markup=False, highlight=False, soft_wrap=True)
    return status


def _inspect(options: argparse.Namespace) -> int:
    """Show what a locator matches on the screen now, and why; or point at something, and see the
    locators that find it, the best first."""
    from rich.console import Console

    from agent_app.testing.place import Place
    from agent_app.testing.settings import DesktopSettings, read_size

    display = os.environ.get("DISPLAY")
    if options.virtual is None and not display:
        raise KnownError(
            "there is no display to look at", remedy="give --virtual 1280x800 --app PROGRAM"
        )
    settings = DesktopSettings(locale=os.environ.get("LANG", "C.UTF-8"))
    if options.virtual is not None:
        settings, display = DesktopSettings(size=read_size(options.virtual)), None
    console = Console()
    place = Place(settings, display=display, environment=os.environ)
    try:
        if options.app:
            place.workplace.launch(options.app)
        if options.text or options.role:
            return _matches(place, options, console)
        if options.at:
            return _place_at(place, options.at, console)
        if place.is_private:
            shown = place.environment["DISPLAY"]
            console.print(f"The private desktop is {shown}: work on it through VNC", style="dim")
        return _pointing(place, console)
    finally:
        place.clear()
        place.close()


def _matches(place: Place, options: argparse.Namespace, console: Console) -> int:
    from agent_app.codegen.inspecting import matches, save_picture
    from agent_app.flows.steps import Target

    target = Target(
        text=(options.text or "").replace("$", "$$"),
        role=options.role,
        window=options.window,
        exact=options.exact,
    )
    found = matches(place.looker.look(), target)
    _print(found.lines, console)
    if options.picture is not None:
        save_picture(found.picture, options.picture)
        console.print(str(options.picture), markup=False, highlight=False, soft_wrap=True)
    return 0 if found.count == 1 else 4


def _place_at(place: Place, text: str, console: Console) -> int:
    from agent_app.codegen.inspecting import described_place
    from agent_app.geometry import ScreenPoint

    try:
        x, y = (int(part) for part in text.split(","))
    except ValueError as error:
        raise KnownError(f"cannot read the place {text!r}", remedy="give it as 640,400") from error
    view = place.looker.look()
    point = view.frame.transform.screen_to_frame(ScreenPoint(x, y))
    size = view.frame.size
    if not (0 <= point.x < size.width and 0 <= point.y < size.height):
        raise KnownError(f"{text} is not on the screen", remedy=f"it is {size.width}x{size.height}")
    _print(described_place(view, point), console)
    return 0


def _pointing(place: Place, console: Console) -> int:
    from agent_app.codegen.inspecting import described_place, rests

    console.print("Point at something and rest there; Ctrl+C ends it.", style="bold")
    view: View
    for view, point in rests(place, threading.Event()):
        _print(described_place(view, point), console)
    return 0


def _print(lines: list[str] | tuple[str, ...], console: Console) -> None:
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
