"""A served model as a `ModelRuntime`: from turns to a streamed reply, over any number of tries."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any, Self

from agent_app.model_runtime import (
    KIMI_VL_LIMITS,
    THINK_CLOSE,
    THINK_OPEN,
    EndedBy,
    GenerationRequest,
    ImagePart,
    RuntimeInfo,
    Token,
    Turn,
)
from agent_app.prompting import shortened
from agent_app.runtimes.endpoint.addresses import Address
from agent_app.runtimes.endpoint.background import Background
from agent_app.runtimes.endpoint.faults import Fault
from agent_app.runtimes.endpoint.messages import Pictures, ask_in_words, write_messages
from agent_app.runtimes.endpoint.pool import Pool
from agent_app.runtimes.endpoint.reply import MOST_CHARACTERS, GrowingReply
from agent_app.runtimes.endpoint.server import PLAIN, Patience, Server

_NO_THOUGHT = f"{THINK_OPEN}\n\n{THINK_CLOSE}"
_ROOM_FOR_REPLY = 1024  # tokens: no conversation is shortened to leave more
_log = logging.getLogger(__name__)


class _Stopped(Exception):
    """The stop event was set while a server was waited for."""


class EndpointRuntime:
    """One model at one server or several."""

    def __init__(self, pool: Pool, line: Background, patience: Patience) -> None:
        self._pool = pool
        self._line = line
        self._patience = patience
        self._pictures = Pictures()
        self._longest: int | None = None  # the longest reply that a server has room for
        first = next(server for server in pool.servers if server.is_introduced)
        hosts = ", ".join(server.address.host for server in pool.servers)
        # the name says that it is served: a server may call its model anything, also "reader"
        self.info = RuntimeInfo(
            f"endpoint {first.model}",
            f"{first.kind} at {hosts}",
            KIMI_VL_LIMITS,
            sends_to=hosts,
        )

    @classmethod
    def open(
        cls,
        keys: Mapping[Address, str],
        *,
        patience: Patience,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> Self:
        """Ask servers, each with its key, what they are and which model they have.

        What `meanwhile` raises ends the asking. Raises KnownError when none can be asked.
        """
        line = Background()
        servers = [Server(address, key=key, patience=patience) for address, key in keys.items()]
        pool = Pool(servers, line, patience)
        try:
            pool.introduce(meanwhile=meanwhile)
        except BaseException:
            line.close(pool.close())
            raise
        return cls(pool, line, patience)

    def generate(self, request: GenerationRequest) -> Generator[Token]:
        """Stream the reply to the turns, from `opening` on; see `ModelRuntime`.

        What passes is tried again, at another server where there is one; a reply that was cut off
        is gone on with where the server can. Past steps are shortened until the server takes the
        conversation. Raises KnownError.
        """
        turns: Sequence[Turn] = request.turns
        opening = request.opening or ("" if request.sampling.think else _NO_THOUGHT)
        reply = GrowingReply(opening)
        tries = 0
        while True:
            server = None
            try:
                server = self._pool.choose(turns, meanwhile=_watch(request))
                ended = yield from self._once(server, request, turns, reply)
            except _Stopped:
                ended = "cancelled"
            except Fault as fault:
                if request.stop.is_set():
                    yield reply.ended("cancelled")
                    return
                if server is not None and self._eased(server, fault, reply):
                    continue
                shorter = shortened(turns) if fault.kind == "too long" else None
                if shorter is not None and not reply.has_begun:
                    turns = shorter
                    continue
                tries += 1
                self._go_on_after(fault, server, reply, tries, request)
                continue
            if ended is not None:
                yield reply.ended(ended)
                return

    def foresee(self, show: Callable[[], ImagePart]) -> None:
        """Nothing: a picture that is sent ahead would be in the way of those who ask now."""

    def close(self) -> None:
        """Close the connections."""
        self._line.close(self._pool.close())

    def _once(
        self,
        server: Server,
        request: GenerationRequest,
        turns: Sequence[Turn],
        reply: GrowingReply,
    ) -> Generator[Token, None, EndedBy | None]:
        """One request; None when another one has to go on from what was said."""
        sampling = request.sampling
        reply.begin_request()
        left = sampling.max_tokens - reply.tokens
        body, names = self._body(server, request, turns, reply, left)
        # told in words what it had thought, a model begins anew
        begins_anew = not server.abilities.goes_on and reply.is_thinking
        with closing(self._line.stream(server.chat(body), stop=request.stop)) as deltas:
            for delta in deltas:
                if begins_anew and (delta.content or delta.reasoning):
                    begins_anew = False
                    reply.say(THINK_CLOSE)
                    yield Token(THINK_CLOSE.encode())
                if said := reply.take(delta):
                    if server.abilities.names:
                        server.known |= names  # it has read them
                    yield Token(said.encode("utf-8", "replace"))
                if request.stop.is_set():
                    return "cancelled"
                if reply.finish:
                    continue  # what comes now is the count of its tokens
                if reply.tokens > sampling.max_tokens or len(reply.text) > MOST_CHARACTERS:
                    return "length"
                if self._thinks_too_long(server, request, reply):
                    reply.say(THINK_CLOSE)
                    yield Token(THINK_CLOSE.encode())
                    return None
        if request.stop.is_set():
            return "cancelled"
        if reply.finish == "content_filter":
            raise Fault(
                f"{server.address.host} withheld the rest of the reply (content_filter)",
                remedy="look at the server's rules, or ask for something else",
            )
        return "length" if reply.finish == "length" else "stop"

    def _body(
        self,
        server: Server,
        request: GenerationRequest,
        turns: Sequence[Turn],
        reply: GrowingReply,
        left: int,
    ) -> tuple[dict[str, Any], frozenset[str]]:
        """A request, and the names of the pictures in it."""
        can, sampling = server.abilities, request.sampling
        more: dict[str, Any] = {}
        if reply.text and not can.goes_on:
            turns = ask_in_words(turns, request.opening, think=sampling.think)
        messages, names = write_messages(turns, self._pictures, known=server.known, named=can.names)
        if reply.text and can.goes_on:
            messages.append({"role": "assistant", "content": reply.text})
            if can.by_flag:
                more |= {"add_generation_prompt": False, "continue_final_message": True}
        if server.stop_ids:
            more["stop_token_ids"] = list(server.stop_ids)
        body: dict[str, Any] = {
            "model": server.model,
            "messages": messages,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": max(1, min(left, self._longest or left)),
        }
        if sampling.seed is not None:
            body["seed"] = sampling.seed
        if can.usage:
            body["stream_options"] = {"include_usage": True}
        return {**body, "extra_body": more} if more else body, names

    def _thinks_too_long(
        self, server: Server, request: GenerationRequest, reply: GrowingReply
    ) -> bool:
        budget = request.sampling.thinking_budget
        return (
            budget is not None
            and server.abilities.goes_on
            and reply.is_thinking
            and reply.thought_tokens >= budget
        )

    def _eased(self, server: Server, fault: Fault, reply: GrowingReply) -> bool:
        """Whether less is asked of the server from now on, for what it refused."""
        if server.known and fault.kind in ("refused field", "passing") and not reply.has_begun:
            # perhaps it has not the pictures any more that it was believed to have
            server.known.clear()
            server.abilities = replace(server.abilities, names=False)
            return True
        if fault.kind == "refused field" and server.abilities != PLAIN:
            _log.info("%s; it is asked plainly from now on", fault.message)
            server.abilities = PLAIN
            return True
        if fault.kind == "too long" and (self._longest is None or self._longest > _ROOM_FOR_REPLY):
            self._longest = max(_ROOM_FOR_REPLY, (self._longest or 8 * _ROOM_FOR_REPLY) // 2)
            return True
        return False

    def _go_on_after(
        self,
        fault: Fault,
        server: Server | None,
        reply: GrowingReply,
        tries: int,
        request: GenerationRequest,
    ) -> None:
        """Wait as long as it takes to try again. Raises KnownError when that is in vain."""
        has_others = self._pool.rest(server, fault) if server is not None else True
        is_lost = reply.has_begun and (server is None or not server.abilities.goes_on)
        is_lasting = fault.kind != "passing" and not has_others
        if is_lost or is_lasting or tries >= self._patience.attempts:
            raise fault.known()
        wait = fault.wait
        if wait is not None and wait > self._patience.longest_wait and not has_others:
            raise fault.known()
        if not has_others:
            backoff = self._patience.backoff * 2 ** (tries - 1)
            seconds = backoff if wait is None else wait
            _log.warning("%s; trying again in %.1f seconds", fault.message, seconds)
            request.stop.wait(seconds)


def _watch(request: GenerationRequest) -> Callable[[], None]:
    """What is done while a server is waited for."""

    def check() -> None:
        if request.stop.is_set():
            raise _Stopped

    return check
