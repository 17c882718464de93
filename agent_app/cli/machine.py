"""`agent-app demo` and `doctor`: see it work, and see whether it can."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from agent_app.cli.parsers import Commands
from agent_app.cli.running import size_of


def add_demo(commands: Commands) -> None:
    """`agent-app demo`."""
    demo = commands.add_parser("demo", help="watch it work", description=_demo.__doc__)
    demo.add_argument(
        "--output",
        type=Path,
        default=Path("demo-output"),
        metavar="DIR",
        help="where the results go (default: demo-output)",
    )
    demo.add_argument("--virtual", metavar="WxH", help="use a private desktop of this size")
    demo.add_argument(
        "--model",
        choices=("reader", "small"),
        default="reader",
        help="what decides: the reader in two applications, or a small Kimi-VL in a form "
        "(default: reader)",
    )
    demo.set_defaults(command=_demo)


def add_doctor(commands: Commands) -> None:
    """`agent-app doctor`."""
    doctor = commands.add_parser("doctor", help="check this machine", description=_doctor.__doc__)
    doctor.add_argument("--virtual", metavar="WxH", help="check on a private desktop of this size")
    doctor.add_argument(
        "--calibrate",
        action="store_true",
        help="click targets on every monitor instead, and store a correction where they are missed",
    )
    doctor.set_defaults(command=_doctor)


def _demo(options: argparse.Namespace) -> int:
    """Watch it work in real windows, and keep pictures of it."""
    from agent_app.demo import run_demo

    return run_demo(options.output, model=options.model, virtual=size_of(options.virtual))


def _doctor(options: argparse.Namespace) -> int:
    """Check everything a run needs; each line is in order, or says what to do."""
    from rich.console import Console

    if options.calibrate:
        from agent_app.doctor.calibrating import print_calibration

        size = size_of(options.virtual)
        return 0 if print_calibration(os.environ, Console(), virtual=size) else 3
    from agent_app.doctor import print_checks, run_checks

    checks = run_checks(os.environ, virtual=size_of(options.virtual))
    return 0 if print_checks(checks, Console()) else 3
