"""A task of a suite, and the file that lists some: `TASKS.yaml`.

Texts are read as in flows, so variables and secrets stand in them as they do there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import yaml
from msgspec import Meta

from agent_app.errors import KnownError
from agent_app.flows.document import VERSION as FLOW_VERSION
from agent_app.flows.document import Surroundings
from agent_app.flows.nodes import Node, Wrong, convert, quoted, read_file
from agent_app.flows.reading import flow_of

VERSION = 1
REMEDY = "docs/suite.md says what a file of tasks can hold"
_NAME = re.compile(r"[^\w.-]+")
_NAME_LENGTH = 60
_STARTING_SECONDS = 60.0  # for the desktop, the programs and the claims, beside the instruction
_MOST_SECONDS = 86_400.0

Seconds = Annotated[float, Meta(gt=0, le=_MOST_SECONDS)]
Retries = Annotated[int, Meta(ge=0, le=10)]
Amount = Annotated[float, Meta(ge=0)]


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What is tried: a test of pytest.

    `target` names it from the suite's folder; else `flow` is the text of one. An attempt takes
    `seconds` at most, and there are `retries` more when it fails. `resources` are for Ray: cpu,
    gpu, memory (GiB), and whatever a cluster's nodes are said to have.
    """

    id: str
    target: str = ""
    flow: str = ""
    variables: dict[str, str] = {}
    model: str = ""
    model_name: str = ""
    seconds: float = 600.0
    retries: int = 0
    resources: dict[str, float] = {}

    @property
    def file_name(self) -> str:
        """A name for files and objects that no other task has."""
        words = _NAME.sub("-", self.id).strip("-.")[-_NAME_LENGTH:].lstrip("-.")
        return f"{words}-{hashlib.sha1(self.id.encode()).hexdigest()[:8]}"


class _Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a file says of all its tasks, or of one."""

    model: str | None = None
    model_name: str | None = None
    desktop: Surroundings | None = None
    steps: Annotated[int, Meta(ge=1, le=100)] | None = None
    seconds: Seconds | None = None
    retries: Retries | None = None
    resources: dict[str, Amount] | None = None


class _Given(_Settings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One task of a file."""

    id: Annotated[str, Meta(min_length=1, max_length=500)]
    instruction: str = ""
    flow: str = ""
    test: str = ""
    apps: tuple[str, ...] = ()
    variables: dict[str, str] = {}


class _Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    suite: int


def read_tasks(path: Path, *, root: Path, plain: Task) -> tuple[Task, ...]:
    """The tasks of a file; `plain` has what neither it nor its defaults say.

    Files that it names stand beside it and lie within `root`. Raises KnownError, with the line,
    for what is no such file.
    """
    reading = _Reading(path, root, plain)
    return read_file(path, reading.tasks, called="file of tasks", remedy=REMEDY)


def check_ids(tasks: Sequence[Task]) -> None:
    """Raises KnownError when two tasks have the same id, or when there is none at all."""
    if not tasks:
        raise KnownError("there is no task", remedy="give a file of tasks, flows or tests")
    ids = [task.id for task in tasks]
    for each in ids:
        if ids.count(each) > 1:
            raise KnownError(f"two tasks are called {each!r}", remedy="give each an id of its own")


def tasks_sha1(tasks: Iterable[Task]) -> str:
    """What is tried, whatever time and room it is given."""
    decided = [
        (
            task.id,
            task.target,
            task.flow,
            sorted(task.variables.items()),
            task.model,
            task.model_name,
        )
        for task in tasks
    ]
    return hashlib.sha1(msgspec.json.encode(sorted(decided))).hexdigest()


def target_of(path: Path, root: Path, *, inside: str = "") -> str:
    """How pytest is told of a file, or of a test `inside` it, from `root`; raises KnownError."""
    try:
        relative = path.resolve().relative_to(root.resolve())
    except ValueError:
        raise KnownError(
            f"{path} does not lie in {root}",
            remedy="start the suite in a folder that holds all its files",
        ) from None
    return relative.as_posix() + (f"::{inside}" if inside else "")


class _Reading:
    """One file on its way to its tasks."""

    def __init__(self, path: Path, root: Path, plain: Task) -> None:
        self._path = path
        self._root = root
        self._plain = plain
        self._defaults = _Settings()
        self._desktop: tuple[Node, int] | None = None

    def tasks(self, root: Node) -> tuple[Task, ...]:
        if not isinstance(root.value, dict):
            raise Wrong("it is a mapping with `suite`, `tasks` and more", root.line)
        values = dict(root.value)
        listed, line = values.pop("tasks", (None, root.line))
        defaults = values.pop("defaults", None)
        head = convert(Node({**values}, root.line), _Head, "a suite", more=("defaults", "tasks"))
        if head.suite != VERSION:
            raise Wrong(f"its format is {head.suite}, and this agent-app reads {VERSION}", line)
        if listed is None or not isinstance(listed.value, list):
            raise Wrong("it needs `tasks`, a list, each with a dash before it", line)
        if defaults is not None and defaults[0].value is not None:
            self._defaults = convert(defaults[0], _Settings, "`defaults`")
            assert isinstance(defaults[0].value, dict)
            self._desktop = defaults[0].value.get("desktop")
        return tuple(self._task(each) for each in listed.value)

    def _task(self, node: Node) -> Task:
        if not isinstance(node.value, dict):
            raise Wrong("a task is a mapping with `id` and more", node.line)
        claims, line = node.value.get("expect", (Node([], node.line), node.line))
        rest = {key: value for key, value in node.value.items() if key != "expect"}
        given = convert(Node(rest, node.line), _Given, "a task", more=("expect",))
        kinds = [name for name in ("instruction", "flow", "test") if getattr(given, name)]
        if len(kinds) != 1:
            raise Wrong("a task has one of `instruction`, `flow` and `test`", node.line)
        said = self._said(given)
        if kinds != ["instruction"]:
            for name in ("apps", "expect", "steps", "desktop"):
                if name in node.value:
                    raise Wrong(f"`{name}` goes with an `instruction`", node.value[name][1])
            file, _, inside = (given.flow or given.test).partition("::")
            path = self._path.parent / file
            if not path.exists():
                raise Wrong(f"there is no {quoted(file)} beside it", node.line)
            target = target_of(path, self._root, inside=inside)
            return msgspec.structs.replace(said, target=target)
        flow = self._flow(given, node, claims if claims.value is not None else Node([], line))
        seconds = said.seconds + _STARTING_SECONDS
        return msgspec.structs.replace(said, flow=flow, seconds=seconds)

    def _said(self, given: _Given) -> Task:
        """A task with the values that it, the defaults and the command line give."""
        values: dict[str, Any] = {"id": given.id, "variables": given.variables}
        for name in ("model", "model_name", "seconds", "retries", "resources"):
            for source in (given, self._defaults):
                value = getattr(source, name)
                if value is not None:
                    values[name] = value
                    break
        return msgspec.structs.replace(self._plain, **values)

    def _flow(self, given: _Given, node: Node, claims: Node) -> str:
        """An instruction as a flow: start the programs, do it, expect what must come of it."""
        assert isinstance(node.value, dict)
        if not isinstance(claims.value, list):
            raise Wrong("`expect` must be a list of claims, each with a dash before it", node.line)
        task, line = node.value["instruction"]
        seconds = self._said(given).seconds
        do: dict[str, tuple[Node, int]] = {"task": (task, line)}
        steps = given.steps or self._defaults.steps
        if steps is not None:
            do["steps"] = (Node(str(steps), line), line)
        doing = {"do": (Node(do, line), line), "timeout": (Node(f"{seconds:g}", line), line)}
        expecting = [Node({"expect": (claim, claim.line)}, claim.line) for claim in claims.value]
        setup = [
            Node({"launch": (Node(command, node.line), node.line)}, node.line)
            for command in given.apps
        ]
        values: dict[str, tuple[Node, int]] = {
            "flow": (Node(str(FLOW_VERSION), line), line),
            "name": (Node(given.id, line), line),
            "setup": (Node(setup, line), line),
            "steps": (Node([Node({**doing}, line), *expecting], line), line),
        }
        desktop = node.value.get("desktop", self._desktop)
        if desktop is not None:
            values["desktop"] = desktop
        root = Node(values, node.line)
        flow_of(self._path, root)
        return _text(root.plain())


def _text(flow: Mapping[str, object]) -> str:
    return yaml.safe_dump(flow, sort_keys=False, allow_unicode=True)
