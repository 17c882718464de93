"""Which tests there are: pytest collects them once, in a process of its own."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from pathlib import Path

import msgspec

from agent_app.errors import KnownError
from agent_app.flows.document import SUFFIX
from agent_app.suite.tasks import Task, target_of

NO_PLUGINS = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"
"""Where this variable is set, pytest loads no plugin but those it is told of."""

_FINE = (0, 5)  # pytest's own: all is well, and there is no test
_PLUGIN = "agent_app.testing.plugin"


class Found(msgspec.Struct, frozen=True):
    """What was collected: each test's file and its name there; or why it could not be."""

    tests: list[tuple[str, str]]
    problem: str


def plugin_flags(environment: Mapping[str, str] = os.environ) -> list[str]:
    """What tells pytest of our plugin where no installation does, or where it heeds none."""
    registered = [each.value for each in entry_points(group="pytest11")]
    is_found = _PLUGIN in registered and not environment.get(NO_PLUGINS)
    return [] if is_found else ["-p", _PLUGIN]


def require_pytest() -> None:
    """Raises KnownError where pytest is not installed."""
    if importlib.util.find_spec("pytest") is None:
        raise KnownError("pytest is not installed", remedy="pip install pytest")


def collect(
    paths: Sequence[str], *, root: Path, plain: Task, per_file: bool, flags: Sequence[str]
) -> tuple[Task, ...]:
    """Each test, or each file of tests, as a task that is otherwise like `plain`.

    Raises KnownError for what pytest cannot collect, in its words.
    """
    require_pytest()
    with tempfile.TemporaryDirectory(prefix="agent-collect-") as folder:
        note = Path(folder, "note.json")
        arguments = [str(note), "--collect-only", "-q", *plugin_flags(), *flags, *paths]
        ran = subprocess.run(  # tests are others' code, which is imported there and not here
            [sys.executable, "-m", "agent_app.suite.collector", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        found = msgspec.json.decode(note.read_bytes(), type=Found) if note.exists() else None
    if found is None or found.problem or ran.returncode not in _FINE:
        told = found.problem if found is not None and found.problem else ran.stdout.strip()
        raise KnownError(
            f"pytest cannot collect {' '.join(paths)}: {told}", remedy="agent-app test says more"
        )
    targets: dict[str, None] = {}
    for path, inside in found.tests:
        whole = per_file or path.endswith(SUFFIX)  # a flow's file is one test
        targets[target_of(Path(path), root, inside="" if whole else inside)] = None
    return tuple(msgspec.structs.replace(plain, id=each, target=each) for each in targets)
