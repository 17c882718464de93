"""Several servers for one model: the least loaded is asked, and another one when it fails."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Sequence

from agent_app.model_runtime import Turn
from agent_app.runtimes.endpoint.background import Background
from agent_app.runtimes.endpoint.faults import Fault
from agent_app.runtimes.endpoint.server import Patience, Server

_log = logging.getLogger(__name__)


class Pool:
    """The servers of one runtime; which of them is asked."""

    def __init__(self, servers: Sequence[Server], line: Background, patience: Patience) -> None:
        self.servers = tuple(servers)
        self._line = line
        self._patience = patience
        self._current: Server | None = None

    def introduce(self, *, meanwhile: Callable[[], None]) -> None:
        """Get to know all of them. Raises KnownError when none can be asked."""

        async def all_of_them() -> list[BaseException | None]:
            met = (server.introduce() for server in self.servers)
            return await asyncio.gather(*met, return_exceptions=True)

        faults: list[Fault] = []
        for server, result in zip(
            self.servers, self._line.run(all_of_them(), meanwhile=meanwhile), strict=True
        ):
            if isinstance(result, Fault):
                faults.append(result)
                self.rest(server, result)
            elif result is not None:
                raise result
        if len(faults) == len(self.servers):
            raise faults[0].known()

    def choose(self, turns: Sequence[Turn], *, meanwhile: Callable[[], None]) -> Server:
        """The server to ask.

        A run stays with the one that has its screens in its cache; a new one begins with the least
        loaded. Servers that failed rest for a while, unless all do. Raises Fault when it is asked
        for its models for the first time and does not tell.
        """
        now = time.monotonic()
        awake = [server for server in self.servers if server.rests_until <= now]
        candidates = awake or [min(self.servers, key=lambda server: server.rests_until)]
        is_new = not any(turn.role == "assistant" for turn in turns)
        if is_new or self._current not in candidates:
            self._current = self._least_loaded(candidates, meanwhile)
        assert self._current is not None
        if not self._current.is_introduced:
            try:
                self._line.run(self._current.introduce(), meanwhile=meanwhile)
            except Fault as fault:
                self.rest(self._current, fault)
                raise
        return self._current

    def rest(self, server: Server, fault: Fault) -> bool:
        """Leave a server alone for a while; whether another one is awake."""
        server.rests_until = time.monotonic() + self._patience.rest
        server.known.clear()  # it may come back as another process
        others = any(one.rests_until <= time.monotonic() for one in self.servers)
        if len(self.servers) > 1:
            _log.warning(
                "%s (%s)", fault.message, "going on with another" if others else "the last"
            )
        return others

    async def close(self) -> None:
        await asyncio.gather(*(server.close() for server in self.servers))

    def _least_loaded(self, servers: Sequence[Server], meanwhile: Callable[[], None]) -> Server:
        """By what they tell; those that do not are taken for idle. Any of equals."""
        if len(servers) == 1:
            return servers[0]

        async def loads() -> list[float | None]:
            return await asyncio.gather(*(server.load() for server in servers))

        told = [load or 0.0 for load in self._line.run(loads(), meanwhile=meanwhile)]
        return random.choice(
            [server for server, load in zip(servers, told, strict=True) if load == min(told)]
        )
