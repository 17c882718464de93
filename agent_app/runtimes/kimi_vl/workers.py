"""Many small jobs on a few threads, with one report of progress, in the caller's thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from agent_app.model_runtime import Progress

Job = TypeVar("Job")
Advance = Callable[[int], None]

_PATIENCE = 0.5  # seconds between two chances for Ctrl-C on Windows, where a wait cannot be broken


class _Ended(Exception):
    """Another job failed, so this one need not go on."""


def run_jobs(
    jobs: Sequence[Job],
    work: Callable[[Job, Advance], None],
    *,
    threads: int,
    what: str,
    total: int,
    progress: Progress,
) -> None:
    """Do `work(job, advance)` for every job, started in their order, on that many threads.

    `work` calls `advance` with the bytes that it has done since the last call; `progress` is told
    in the calling thread. The first failure, of a job or of `progress`, ends the other jobs at
    their next `advance` and is raised when all threads have ended.
    """
    done: queue.SimpleQueue[int | None] = queue.SimpleQueue()
    ended = threading.Event()
    failures: list[BaseException] = []
    waiting: Iterator[Job] = iter(jobs)
    taking = threading.Lock()

    def advance(size: int) -> None:
        if ended.is_set():
            raise _Ended
        done.put(size)

    def serve() -> None:
        try:
            while not ended.is_set():
                with taking:
                    job = next(waiting, None)
                if job is None:
                    break
                work(job, advance)
        except _Ended:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again in the calling thread
            failures.append(error)
            ended.set()
        finally:
            done.put(None)

    workers = [
        threading.Thread(target=serve, name=f"{what} {number}", daemon=True)
        for number in range(max(1, min(threads, len(jobs))))
    ]
    for worker in workers:
        worker.start()
    try:
        _report(done, len(workers), what, total, progress)
    finally:
        ended.set()
        for worker in workers:
            worker.join()
    if failures:
        raise failures[0]


def _report(
    done: queue.SimpleQueue[int | None], running: int, what: str, total: int, progress: Progress
) -> None:
    so_far = 0
    progress(what, so_far, total)
    while running:
        try:
            size = done.get(timeout=_PATIENCE)
        except queue.Empty:
            continue
        if size is None:
            running -= 1
        else:
            so_far += size
            progress(what, so_far, total)
