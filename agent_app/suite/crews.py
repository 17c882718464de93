"""Who tries the tasks: threads of this process, or a Ray cluster. Both give futures.

Neither decides what is tried next: a pool of threads does, or Ray, which knows each node's room.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import socket
import subprocess
import threading
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from agent_app.errors import KnownError
from agent_app.suite.attempt import Attempt, Attempted, Job, attempt
from agent_app.suite.tasks import Task
from agent_app.virtual import end_program

LOCAL_RAY = "local"
_GIBIBYTE = 2**30
_LEFT_OUT = [".git", ".venv", "test-results"]
_AMOUNTS = {"cpu": "num_cpus", "gpu": "num_gpus", "memory": "memory"}
_TOLD = {"num_cpus": "CPU", "num_gpus": "GPU", "memory": "memory"}  # what nodes call these


@dataclass(frozen=True, slots=True)
class Place:
    """Where an attempt is made, since a moment of this machine's monotonic clock."""

    where: str
    since: float


class Crew(Protocol):
    """Takes jobs; `running` says what it is at, by the task's id."""

    where: str

    def submit(self, job: Job) -> Future[Any]: ...
    def attempted(self, job: Job, future: Future[Any]) -> Attempted:
        """What came of a job whose future is done; a lost worker is an attempt that died."""
        ...

    def running(self) -> Mapping[str, Place]: ...
    def close(self) -> None: ...


class LocalCrew:
    """`workers` attempts at a time on this machine."""

    def __init__(self, workers: int, root: Path) -> None:
        self.where = f"{workers} workers here" if workers > 1 else "one worker here"
        self._root = root
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="worker")
        self._running: dict[str, Place] = {}
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    def submit(self, job: Job) -> Future[Any]:
        return self._pool.submit(self._attempt, job)

    def attempted(self, job: Job, future: Future[Any]) -> Attempted:
        del job
        return future.result()

    def running(self) -> Mapping[str, Place]:
        return dict(self._running)

    def close(self) -> None:
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in list(self._processes):
            end_program(process)
        self._pool.shutdown()

    def _attempt(self, job: Job) -> Attempted:
        where = threading.current_thread().name.replace("_", " ")
        self._running[job.task.id] = Place(where, time.monotonic())
        try:
            return attempt(job, self._root, where, self._watched)
        finally:
            del self._running[job.task.id]

    @contextlib.contextmanager
    def _watched(self, process: subprocess.Popen[bytes]) -> Generator[None]:
        self._processes.add(process)
        try:
            if self._closed:  # while it was being started
                end_program(process)
            yield
        finally:
            self._processes.discard(process)


class Board:
    """An actor of Ray, on our own node, that attempts tell where they are made."""

    def __init__(self) -> None:
        self._at: dict[str, str] = {}

    def began(self, task: str, where: str) -> None:
        self._at[task] = where

    def ended(self, task: str) -> None:
        self._at.pop(task, None)

    def all(self) -> dict[str, str]:
        return self._at


def attempt_on_node(job: Job, board: Any) -> Attempted:
    """What a worker of Ray does: the folder that came with the job is where it stands."""
    ray = importlib.import_module("ray")
    where = f"{socket.gethostname()} {ray.get_runtime_context().get_node_id()[:6]}"
    board.began.remote(job.task.id, where)
    try:
        return attempt(job, Path.cwd(), where)
    finally:
        board.ended.remote(job.task.id)


class RayCrew:
    """As many attempts at a time as the nodes of a Ray cluster have room for.

    `address` is Ray's own, or "local": a Ray for this command alone, with `workers` processors.
    The folder `root` is given to every node, without what is `left_out` of it; None gives nothing.
    Raises KnownError when there is no such cluster.
    """

    def __init__(
        self,
        address: str,
        workers: int | None,
        root: Path | None,
        *,
        left_out: Sequence[str] = (),
    ) -> None:
        if importlib.util.find_spec("ray") is None:
            raise KnownError("a cluster needs ray", remedy="pip install 'agent-app[ray]'")
        self._ray: Any = importlib.import_module("ray")
        given: dict[str, Any] = {}
        if root is not None:
            given = {"working_dir": str(root), "excludes": [*_LEFT_OUT, *left_out]}
        own: dict[str, Any] = {}
        if address == LOCAL_RAY:  # Ray asks nobody for a password, so it listens to nobody else
            own = {"num_cpus": workers, "_node_ip_address": "127.0.0.1"}
        try:
            self._ray.init(
                address=address,
                runtime_env=given,
                include_dashboard=False if own else None,
                log_to_driver=False,
                logging_level="error",
                **own,
            )
        except (
            *(ConnectionError, ValueError, RuntimeError, TimeoutError),
            self._ray.exceptions.RayError,  # such as that of a missing token
        ) as error:
            said, *_ = " ".join(str(error).split()).split(". ")
            raise KnownError(
                f"cannot use the Ray cluster {address}: {said}",
                remedy="give the address that `ray start` printed, with RAY_AUTH_MODE=token and its"
                " token if it has one (docs/suite.md), or `--ray local`",
            ) from error
        self.where = f"Ray at {address}"
        strategies = importlib.import_module("ray.util.scheduling_strategies")
        here = self._ray.get_runtime_context().get_node_id()
        stays = strategies.NodeAffinitySchedulingStrategy(node_id=here, soft=False)
        actor = self._ray.remote(Board)
        self._board: Any = actor.options(num_cpus=0, scheduling_strategy=stays).remote()
        self._attempt: Any = self._ray.remote(attempt_on_node)
        self._since: dict[str, Place] = {}

    def submit(self, job: Job) -> Future[Any]:
        options = ray_options(job.task.resources)
        # a lost worker is told of and counted, so Ray does not try again by itself
        remote = self._attempt.options(max_retries=0, **options)
        return remote.remote(job, self._board).future()

    def attempted(self, job: Job, future: Future[Any]) -> Attempted:
        error = future.exception()
        if error is None:
            return future.result()
        faults = self._ray.exceptions
        if isinstance(error, faults.RayError) and not isinstance(error, faults.RayTaskError):
            where = self.running().get(job.task.id, Place("", 0.0)).where
            self._board.ended.remote(job.task.id)
            lost = Attempt(
                number=job.number,
                outcome="died",
                reason=f"its worker or node was lost ({type(error).__name__})",
                where=where,
            )
            return Attempted(lost, {})
        raise error

    def running(self) -> Mapping[str, Place]:
        now = time.monotonic()
        told: dict[str, str] = self._ray.get(self._board.all.remote())
        known = self._since
        self._since = {
            task: known[task] if task in known and known[task].where == where else Place(where, now)
            for task, where in told.items()
        }
        return self._since

    def without_a_node(self, tasks: Sequence[Task]) -> Iterator[str]:
        """The ids of tasks for which no node is large enough, as the cluster is now.

        They wait, and for ever where no such node comes.
        """
        nodes: list[dict[str, float]] = [
            node["Resources"] for node in self._ray.nodes() if node["Alive"]
        ]
        for task in tasks:
            options = ray_options(task.resources)
            wanted: dict[str, float] = {
                **options.get("resources", {}),
                **{told: options.get(name, 0) for name, told in _TOLD.items()},
            }
            if not any(
                all(node.get(name, 0) >= amount for name, amount in wanted.items())
                for node in nodes
            ):
                yield task.id

    def close(self) -> None:
        self._ray.shutdown()


def ray_options(resources: Mapping[str, float]) -> dict[str, Any]:
    """What Ray is told that a task needs; without a word of it one processor."""
    options: dict[str, Any] = {"num_cpus": 1}
    others: dict[str, float] = {}
    for name, amount in resources.items():
        if name not in _AMOUNTS:
            others[name] = amount
        elif name == "memory":
            options[name] = int(amount * _GIBIBYTE)
        else:
            options[_AMOUNTS[name]] = amount
    return {**options, "resources": others} if others else options


def default_workers() -> int:
    """One for each processor of this machine."""
    return os.cpu_count() or 1
