"""`agent-app suite`."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from agent_app.cli.parsers import Commands
from agent_app.errors import KnownError

if TYPE_CHECKING:
    from rich.console import Console

    from agent_app.suite.crews import Crew
    from agent_app.suite.tasks import Task

_FAILED = 4
_FLOW = ".flow.yaml"


def add_suite(commands: Commands) -> None:
    """`agent-app suite`."""
    suite = commands.add_parser(
        "suite",
        help="many tasks at a time, on one machine or on a Ray cluster",
        description=_suite.__doc__,
        epilog="docs/suite.md says what a file of tasks holds, docs/scale.md what it takes.",
    )
    suite.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="files of tasks (TASKS.yaml), flows (*.flow.yaml), tests, or folders of these two",
    )
    suite.add_argument(
        "--output",
        required=True,
        metavar="DIR",
        help="where results and episodes go: a folder, or storage such as s3://bucket/name",
    )
    suite.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="attempts at a time on this machine (default: one for each processor)",
    )
    suite.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="spread them over this Ray cluster; local starts one here, with --workers processors",
    )
    suite.add_argument("--resume", action="store_true", help="go on with what --output holds")
    suite.add_argument(
        "--retries",
        type=int,
        default=0,
        metavar="N",
        help="how often a task that fails is tried again (default: 0)",
    )
    suite.add_argument(
        "--seconds",
        type=float,
        default=600.0,
        metavar="S",
        help="the most that an attempt may take (default: 600)",
    )
    suite.add_argument(
        "--per-file", action="store_true", help="a file of tests is one task, not each of its tests"
    )
    suite.add_argument("--model", metavar="NAME", help="what finds and does what words do not")
    suite.add_argument(
        "--model-name", metavar="NAME", help="what a server calls the model (default: it is asked)"
    )
    suite.add_argument(
        "--pytest",
        default="",
        metavar="FLAGS",
        help='further flags for pytest, in one text, such as "--agent-record on-failure"',
    )
    suite.set_defaults(command=_suite)


def _suite(options: argparse.Namespace) -> int:
    """Try many tasks, each in a process and on a desktop of its own, and collect what they leave.

    A task is a line of a file of tasks, a flow, or a test of pytest. What has a result keeps it:
    after a crash, --resume goes on with the others.
    """
    import msgspec
    from rich.console import Console

    from agent_app.suite.running import run_suite
    from agent_app.suite.showing import print_summary, show_suite
    from agent_app.suite.store import Head, Store, open_files
    from agent_app.suite.summary import junit, summarise
    from agent_app.suite.tasks import tasks_sha1

    console = Console()
    root = Path.cwd()
    flags = shlex.split(options.pytest)
    tasks = _tasks(options, root, flags)
    files = open_files(options.output)
    try:
        head = Head(tasks=len(tasks), tasks_sha1=tasks_sha1(tasks))
        store = Store(files, head, resume=options.resume)
        left = [task for task in tasks if task.id not in store.results]
        try:
            if left:
                crew = _crew(options, root, left, console)
                console.print(f"{len(left)} of {len(tasks)} tasks on {crew.where}", markup=False)
                try:
                    show_suite(
                        run_suite(tasks, crew, store, flags=flags),
                        tasks=tasks,
                        results=store.results,
                        crew=crew,
                        console=console,
                    )
                finally:
                    crew.close()
        finally:
            summary = summarise(tasks, store.results)
            store.write("summary.json", msgspec.json.format(msgspec.json.encode(summary)))
            store.write("junit.xml", junit(tasks, store.results).encode())
            print_summary(summary, console, store.where)
    finally:
        files.close()
    return 0 if summary.is_good else _FAILED


def _tasks(options: argparse.Namespace, root: Path, flags: list[str]) -> tuple[Task, ...]:
    """What is to be tried; raises KnownError for what cannot be."""
    from agent_app.suite.collecting import collect, require_pytest
    from agent_app.suite.tasks import Task, check_ids, read_tasks

    if options.seconds <= 0 or options.retries < 0:
        raise KnownError(
            "an attempt needs time", remedy="give --seconds above zero, and --retries 0 or more"
        )
    require_pytest()
    plain = Task(
        id="",
        model=options.model or "",
        model_name=options.model_name or "",
        seconds=options.seconds,
        retries=options.retries,
    )
    tasks: list[Task] = []
    tests: list[str] = []
    for path in options.paths:
        if path.endswith((".yaml", ".yml")) and not path.endswith(_FLOW):
            tasks += read_tasks(Path(path), root=root, plain=plain)
        else:
            tests.append(path)
    if tests:
        tasks += collect(tests, root=root, plain=plain, per_file=options.per_file, flags=flags)
    check_ids(tasks)
    return tuple(tasks)


def _crew(options: argparse.Namespace, root: Path, left: Sequence[Task], console: Console) -> Crew:
    from agent_app.suite.crews import LOCAL_RAY, LocalCrew, RayCrew, default_workers

    workers: int | None = options.workers
    if workers is not None and workers < 1:
        raise KnownError("somebody has to work", remedy="give --workers above zero")
    if options.ray is None:
        return LocalCrew(workers or default_workers(), root)
    if workers is not None and options.ray != LOCAL_RAY:
        raise KnownError(
            "a cluster says itself how many workers it has",
            remedy="leave out --workers, or give it with `--ray local`",
        )
    output = Path(options.output).resolve()
    inside = [f"/{output.relative_to(root).as_posix()}"] if output.is_relative_to(root) else []
    needs_files = any(task.target for task in left)
    crew = RayCrew(options.ray, workers, root if needs_files else None, left_out=inside)
    for task in crew.without_a_node(left):
        line = f"{task} waits: no node has now what it needs (resources)"
        console.print(line, style="yellow", markup=False, soft_wrap=True)
    return crew
