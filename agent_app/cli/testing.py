"""`agent-app test`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from agent_app.cli.parsers import Commands

if TYPE_CHECKING:
    from pytest import CollectReport  # noqa: PT013 - for its type alone

_STOPPED, _FAILED, _UNREADABLE, _WRONG_USAGE = 130, 4, 3, 2


def add_test(commands: Commands) -> None:
    """`agent-app test`."""
    test = commands.add_parser(
        "test",
        help="run flows, and tests in Python, with pytest",
        description=_test.__doc__,
        epilog="What follows -- goes to pytest: agent-app test flows -- -x --agent-record always. "
        "docs/flows.md says what a flow can hold, docs/testing.md has all flags.",
    )
    test.add_argument(
        "paths", nargs="*", metavar="PATH", help="flows (*.flow.yaml), tests, or folders of them"
    )
    test.add_argument(
        "--schema",
        action="store_true",
        help="run nothing: put the schema beside the flows in these folders, and the line that "
        "names it into them, so that editors complete and check what is written",
    )
    test.add_argument(
        "--var",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="the value of a flow's variable; may be given several times",
    )
    test.add_argument("--model", metavar="NAME", help="what finds and does what words do not")
    test.set_defaults(command=_test)


def _test(options: argparse.Namespace) -> int:
    """Run flows and tests, each on a desktop of its own, with pytest."""
    if options.schema:
        return _write_schema([Path(path) for path in options.paths or ["."]])
    from agent_app.suite.collecting import plugin_flags, require_pytest

    require_pytest()
    import pytest

    arguments = [*options.paths, *plugin_flags()]
    for value in options.var:
        arguments += ["--agent-var", value]
    if options.model:
        arguments += ["--agent-model", options.model]
    collected = _Collected()
    status = pytest.main(arguments, plugins=[collected])
    match pytest.ExitCode(status):
        case pytest.ExitCode.OK:
            return 0
        case pytest.ExitCode.INTERRUPTED:
            return _UNREADABLE if collected.is_refused else _STOPPED
        case pytest.ExitCode.TESTS_FAILED:
            return _FAILED
        case pytest.ExitCode.INTERNAL_ERROR:
            return 1
        case _:
            return _WRONG_USAGE


class _Collected:
    """A plugin of pytest that notes whether a file could not be read."""

    def __init__(self) -> None:
        self.is_refused = False

    def pytest_collectreport(self, report: CollectReport) -> None:
        self.is_refused |= report.failed


def _write_schema(folders: list[Path]) -> int:
    from rich.console import Console

    from agent_app.flows.schema import SCHEMA_FILE, schema_line, write_schema

    console = Console()
    for folder in folders:
        for path in write_schema(folder):
            console.print(f"wrote {path}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"A flow beside {SCHEMA_FILE} begins with:", style="dim")
    console.print(schema_line(), markup=False, highlight=False, soft_wrap=True)
    return 0
