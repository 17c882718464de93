"""The command line: reads flags, opens what they name, and hands over.

Nothing heavy is imported before a command needs it. Exit status: 0 done, 1 a fault of ours (with a
traceback), 2 wrong usage, 3 a known problem (named with its remedy), 4 the task failed, 5 a limit
was reached, 130 stopped.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from agent_app import __version__
from agent_app.errors import KnownError
from agent_app.geometry import Region, Size

if TYPE_CHECKING:
    from agent_app.session import WorkplaceOptions


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        return options.command(options)
    except KnownError as error:
        print(f"agent-app: {error.message}\n  → {error.remedy}", file=sys.stderr)  # noqa: T201
        return 3


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="agent-app", description="A local-first desktop agent that you can watch think."
    )
    parser.add_argument("--version", action="version", version=f"agent-app {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="work on a task", description=_run.__doc__)
    run.add_argument("task", metavar="TASK", help="what to do, in words or step by step")
    run.add_argument("--model", metavar="NAME", help="which model decides (default: reader)")
    where = run.add_mutually_exclusive_group()
    where.add_argument("--monitor", type=int, metavar="N", help="from 1; 0 is all of them")
    where.add_argument("--region", metavar="X,Y,W,H", help="a part of the screen, in its units")
    run.add_argument(
        "--mask",
        action="append",
        default=[],
        metavar="X,Y,W,H",
        help="never look at this part of the screen; may be given several times",
    )
    run.add_argument("--virtual", metavar="WxH", help="work on a private desktop of this size")
    run.add_argument("--app", metavar="CMD", help="start this program on the desktop first")
    run.add_argument("--max-steps", type=int, default=50, metavar="N", help="default: 50")
    run.add_argument("--max-seconds", type=float, default=1800, metavar="S", help="default: 1800")
    run.add_argument("--no-window", action="store_true", help="print the run in the terminal")
    run.add_argument("--episode", type=Path, metavar="DIR", help="record into this new folder")
    run.set_defaults(command=_run)

    demo = commands.add_parser("demo", help="watch it work", description=_demo.__doc__)
    demo.add_argument(
        "--output",
        type=Path,
        default=Path("demo-output"),
        metavar="DIR",
        help="where the results go (default: demo-output)",
    )
    demo.add_argument("--virtual", metavar="WxH", help="use a private desktop of this size")
    demo.set_defaults(command=_demo)

    doctor = commands.add_parser("doctor", help="check this machine", description=_doctor.__doc__)
    doctor.add_argument("--virtual", metavar="WxH", help="check on a private desktop of this size")
    doctor.set_defaults(command=_doctor)
    return parser


def _run(options: argparse.Namespace) -> int:
    """Work on one task, in a window that shows the thought, or in the terminal."""
    from agent_app.session import EXIT_STATUS, Workplace

    chosen = _workplace_options(options)
    if not options.no_window:
        _require_display_for_window()
    with Workplace(chosen, environment=os.environ) as place:
        if options.no_window:
            from rich.console import Console

            from agent_app.console import print_run

            console = Console()
            console.print(place.why, style="dim")
            session = place.session(options.task, episode=options.episode)
            finished = print_run(session, console)
            console.print(f"episode: {session.recorder.folder}", style="dim", soft_wrap=True)
            return EXIT_STATUS[finished.outcome]
        from agent_app.ui import run_window

        return run_window(
            lambda task: place.session(task, episode=options.episode),
            own_display=place.desktop is None,
            region=place.screen.region,
            task=options.task,
            autostart=True,
        )


def _demo(options: argparse.Namespace) -> int:
    """Compute, write and save in two real applications, and keep pictures of it."""
    from agent_app.demo import run_demo

    return run_demo(options.output, virtual=_size(options.virtual))


def _doctor(options: argparse.Namespace) -> int:
    """Check everything a run needs; each line is in order, or says what to do."""
    from rich.console import Console

    from agent_app.doctor import print_checks, run_checks

    checks = run_checks(os.environ, virtual=_size(options.virtual))
    return 0 if print_checks(checks, Console()) else 3


def _workplace_options(options: argparse.Namespace) -> WorkplaceOptions:
    from agent_app.events import Budgets
    from agent_app.loop import LoopSettings
    from agent_app.session import WorkplaceOptions

    if options.max_steps < 1 or options.max_seconds <= 0:
        raise KnownError("a run needs room to work", remedy="give limits above zero")
    return WorkplaceOptions(
        model=options.model,
        monitor=options.monitor,
        region=Region.parse(options.region) if options.region else None,
        masks=tuple(Region.parse(mask) for mask in options.mask),
        virtual=_size(options.virtual),
        app=options.app,
        settings=LoopSettings(
            budgets=Budgets(steps=options.max_steps, seconds=options.max_seconds)
        ),
    )


def _size(text: str | None) -> Size | None:
    """Read `WxH`; raises KnownError when it is not two sensible whole numbers."""
    if text is None:
        return None
    try:
        width, height = (int(part) for part in text.lower().split("x"))
    except ValueError:
        width = height = 0
    if not (320 <= width <= 16384 and 200 <= height <= 16384):
        raise KnownError(
            f"cannot use the size {text!r}", remedy="give WIDTHxHEIGHT in pixels, such as 1280x800"
        )
    return Size(width, height)


def _require_display_for_window() -> None:
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY")
        or os.environ.get("WAYLAND_DISPLAY")
        or os.environ.get("QT_QPA_PLATFORM")
    ):
        raise KnownError(
            "there is no display for the window",
            remedy="add --no-window (and --virtual 1280x800, if there is no desktop to work on)",
        )
