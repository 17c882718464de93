"""An event loop in a thread of its own, so that waiting for a server can be given up at any time.

A request that its task drops is closed at once, which a read that blocks cannot be.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from concurrent.futures import CancelledError
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

_POLL = 0.05  # seconds until a stop is noticed while nothing comes
_CLOSING = 5.0  # seconds at most for a dropped request to be closed

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Ended:
    """The last thing that comes; `error` is what ended it early."""

    error: BaseException | None


@dataclass(frozen=True, slots=True)
class _Item(Generic[T]):
    value: T


class Background:
    """The loop; to be closed. It may be used from any one thread at a time."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="model servers", daemon=True
        )
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T], *, meanwhile: Callable[[], None]) -> T:
        """What `work` comes to. What `meanwhile`, called again and again, raises ends it."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            while True:
                try:
                    return future.result(timeout=_POLL)
                except TimeoutError:
                    if future.done():  # it was the work's own, or the work is done just now
                        return future.result()
                    meanwhile()
        finally:
            future.cancel()

    def stream(self, source: AsyncGenerator[T], *, stop: threading.Event) -> Generator[T]:
        """What comes, as it comes, until `stop` is set.

        Ending early closes the source, and with it the request, before this returns.
        """
        items: queue.SimpleQueue[_Item[T] | _Ended] = queue.SimpleQueue()
        tasks: list[asyncio.Task[None]] = []
        over = threading.Event()

        async def pump() -> None:
            ended = _Ended(None)
            try:
                async with aclosing(source):
                    async for item in source:
                        items.put(_Item(item))
            except Exception as error:  # noqa: BLE001 - handed to the thread that waits for it
                ended = _Ended(error)
            finally:
                items.put(ended)

        def begin() -> None:
            tasks.append(self._loop.create_task(pump()))
            tasks[0].add_done_callback(lambda _task: over.set())

        self._loop.call_soon_threadsafe(begin)
        try:
            while not stop.is_set():
                try:
                    item = items.get(timeout=_POLL)
                except queue.Empty:
                    continue
                if isinstance(item, _Ended):
                    if item.error is not None:
                        raise item.error
                    return
                yield item.value
        finally:
            self._loop.call_soon_threadsafe(lambda: tasks[0].cancel())
            over.wait(_CLOSING)

    def close(self, last: Coroutine[Any, Any, None]) -> None:
        """Do `last`, then end the loop and its thread."""
        future = asyncio.run_coroutine_threadsafe(last, self._loop)
        try:
            future.result(_CLOSING)
        except (TimeoutError, CancelledError):
            future.cancel()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()
