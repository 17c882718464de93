"""`agent-app policy`."""

from __future__ import annotations

import argparse
from pathlib import Path

from agent_app.cli.parsers import Commands

_STATUS = (
    "Exit status of test: 0 when nothing would be asked or refused, 4 when something would be "
    "refused, 6 when something would be asked and nothing refused."
)


def add_policy(commands: Commands) -> None:
    """`agent-app policy …`."""
    policy = commands.add_parser(
        "policy",
        help="what runs without asking, what asks, and what is refused",
        description="What the agent may do without asking, what it asks about, and what it never "
        "does.",
        epilog=_STATUS,
    )
    actions = policy.add_subparsers(dest="action", required=True, metavar="ACTION")

    def add(name: str, what: str) -> argparse.ArgumentParser:
        return actions.add_parser(name, help=what, description=what)

    show = add("show", "say which policy is in force, where it lies, and what stands in it")
    show.add_argument("--default", action="store_true", help="print the one that is shipped, whole")
    init = add("init", "write the policy that is shipped into your configuration folder, to edit")
    init.add_argument("--output", type=Path, metavar="FILE", help="write it there instead")
    test = add("test", "say what of recorded runs would be asked or refused now, and by which rule")
    test.add_argument(
        "episodes",
        nargs="+",
        metavar="EPISODE",
        help="a folder, or a part of a name in the library that no other one has",
    )
    test.add_argument(
        "--confirm",
        choices=("risky", "all", "none"),
        help="as if the run had this mode (default: the policy's own)",
    )
    for each in (show, test):
        each.add_argument(
            "--policy", type=Path, metavar="FILE", help="this policy (default: yours)"
        )
    policy.set_defaults(command=_policy)


def _policy(options: argparse.Namespace) -> int:
    from rich.console import Console

    from agent_app import policy_commands as policy

    console = Console()
    match options.action:
        case "init":
            return policy.init_policy(options.output, console=console)
        case "test":
            return policy.test_policy(
                options.episodes, policy=options.policy, confirm=options.confirm, console=console
            )
        case _:
            return policy.show_policy(options.policy, default=options.default, console=console)
