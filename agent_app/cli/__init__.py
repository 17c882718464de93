"""The command line: reads flags, opens what they name, and hands over.

Nothing heavy is imported before a command needs it. Exit status: 0 done, 1 a fault of ours (with a
traceback), 2 wrong usage, 3 a known problem (named with its remedy), 4 the task failed, 5 a limit
was reached, 130 stopped. Each file here holds a few commands that belong together.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from agent_app import __version__
from agent_app.cli import (
    codegen,
    evaluating,
    machine,
    models,
    policy,
    recording,
    recordings,
    replaying,
    running,
    secrets,
    settings,
    suite,
    testing,
    window,
)
from agent_app.egress import keep_quiet
from agent_app.errors import KnownError

_STOPPED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    keep_quiet()
    options = parser().parse_args(arguments)
    try:
        return options.command(options)
    except KnownError as error:
        print(f"agent-app: {error.message}\n  → {error.remedy}", file=sys.stderr)  # noqa: T201
        return 3
    except KeyboardInterrupt:
        print("agent-app: stopped", file=sys.stderr)  # noqa: T201
        return _STOPPED


def parser() -> argparse.ArgumentParser:
    """Every command with its flags; `command` in what it reads is the function to call."""
    parser = argparse.ArgumentParser(
        prog="agent-app", description="A local-first desktop agent that you can watch think."
    )
    parser.add_argument("--version", action="version", version=f"agent-app {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    running.add_run(commands)
    window.add_window(commands)
    window.add_install_desktop(commands)
    replaying.add_replay(commands)
    models.add_model(commands)
    policy.add_policy(commands)
    evaluating.add_eval(commands)
    recording.add_record(commands)
    testing.add_test(commands)
    suite.add_suite(commands)
    codegen.add_codegen(commands)
    codegen.add_inspect(commands)
    recordings.add_episodes(commands)
    recordings.add_export(commands)
    recordings.add_import(commands)
    secrets.add_secret(commands)
    settings.add_settings(commands)
    machine.add_demo(commands)
    machine.add_doctor(commands)
    return parser
