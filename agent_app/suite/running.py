"""The course of a suite: each task is tried until it has a result, and has one result."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import Any

from agent_app.suite.attempt import Attempt, Job
from agent_app.suite.crews import Crew
from agent_app.suite.store import Result, Store
from agent_app.suite.tasks import Task

_LOOK_SECONDS = 0.5  # between two looks at what runs where
_MOST_SUBMITTED = 1000  # more would only lie in memory, with what they left
_MOST_DEATHS = 3  # a task that takes its worker with it does not get another one for ever


@dataclass(frozen=True, slots=True)
class Tried:
    """An attempt has ended; `result` is that of its task, None when it is tried again."""

    task: Task
    attempt: Attempt
    result: Result | None


def run_suite(
    tasks: Sequence[Task], crew: Crew, store: Store, *, flags: Sequence[str] = ()
) -> Iterator[Tried | None]:
    """Try each task that has no result yet, and tell of every attempt; None is a look between.

    Whatever ends this, a task with a result keeps it, and one without is tried another time.
    Raises KnownError when a result cannot be kept.
    """
    waiting = deque(task for task in tasks if task.id not in store.results)
    before: dict[str, list[Attempt]] = {task.id: [] for task in waiting}
    submitted: dict[Future[Any], Job] = {}
    while waiting or submitted:
        while waiting and len(submitted) < _MOST_SUBMITTED:
            task = waiting.popleft()
            job = Job(task, store.next_number(task.file_name), tuple(flags))
            submitted[crew.submit(job)] = job
        done, _ = wait(submitted, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED)
        for future in done:
            job = submitted.pop(future)
            attempted = crew.attempted(job, future)
            attempts = before[job.task.id]
            attempts.append(attempted.attempt)
            store.keep(job.task.file_name, job.number, attempted.files)
            if _is_tried_again(job.task, attempts):
                waiting.append(job.task)
                yield Tried(job.task, attempted.attempt, None)
                continue
            result = Result(id=job.task.id, attempts=tuple(attempts))
            store.add(job.task.file_name, result)
            yield Tried(job.task, attempted.attempt, result)
        yield None


def _is_tried_again(task: Task, attempts: Sequence[Attempt]) -> bool:
    """A lost worker is nobody's fault, so it takes no retry of the task's own."""
    deaths = sum(each.outcome == "died" for each in attempts)
    match attempts[-1].outcome:
        case "passed" | "skipped":
            return False
        case "died":
            return deaths < _MOST_DEATHS
        case _:
            return len(attempts) - deaths <= task.retries
