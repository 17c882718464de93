"""One OpenAI-compatible server: what it is, what it can do, and a chat with it."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import openai
from openai import AsyncOpenAI, DefaultAsyncHttpxClient

from agent_app.runtimes.endpoint.addresses import Address
from agent_app.runtimes.endpoint.faults import (
    Asked,
    Fault,
    cut,
    fault_of,
    malformed,
    no_stream,
    silence,
)
from agent_app.runtimes.endpoint.reply import Delta

_KIMI_VL = re.compile("kimi-?vl", re.IGNORECASE)
_LOAD_SECONDS = 1.0
_LOAD_BYTES = 4_000_000
# What servers say of their load at /metrics: requests that run and that wait, by vLLM, SGLang and
# llama.cpp.
_LOAD = re.compile(
    rb"^(?:vllm:num_requests_(?:running|waiting)|sglang:num_(?:running|queue)_reqs"
    rb"|llamacpp:requests_(?:processing|deferred))(?:\{[^}\n]*\})? ([0-9.eE+-]+)",
    re.MULTILINE,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited, in seconds, and how often a request is tried in all.

    `longest_wait` is how long a server may ask us to wait, `rest` for how long one that failed is
    left alone while there are others.
    """

    connect: float = 10.0
    first_token: float = 300.0
    idle: float = 60.0
    attempts: int = 4
    backoff: float = 0.5
    longest_wait: float = 60.0
    rest: float = 30.0


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a server takes beside the plain interface.

    `goes_on`: it continues an assistant's turn that stands last; `by_flag` when told to. `stop_ids`
    are token ids that end a reply. `names` are those of pictures, and a picture that it has need
    not be sent again.
    """

    usage: bool = False
    goes_on: bool = False
    by_flag: bool = False
    stop_ids: bool = False
    names: bool = False


PLAIN = Abilities()
_KINDS = {  # by what a server says of who owns its models
    "vllm": ("vLLM", Abilities(usage=True, goes_on=True, by_flag=True, stop_ids=True, names=True)),
    "sglang": ("SGLang", Abilities(usage=True, goes_on=True, by_flag=True, stop_ids=True)),
    "llamacpp": ("llama.cpp", Abilities(usage=True, goes_on=True)),
}
_UNKNOWN = ("an OpenAI-compatible server", Abilities(usage=True))


class Server:
    """One server; its coroutines belong to one event loop.

    `known` are the names of the pictures that it has been sent.
    """

    def __init__(self, address: Address, *, key: str, patience: Patience) -> None:
        self.address = address
        self.model = address.model
        self.kind = ""
        self.abilities = PLAIN
        self.known: set[str] = set()
        self.rests_until = 0.0
        self.is_introduced = False
        self._is_kimi = False
        self._key = key
        self._patience = patience
        self._http = DefaultAsyncHttpxClient(
            # a server that sends us elsewhere would send the screenshots there
            follow_redirects=False,
            trust_env=not address.is_here,  # no proxy between us and this computer
            # reading the authorities takes half a second, and http:// has no use for them
            verify=address.is_encrypted or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            timeout=openai.Timeout(None, connect=patience.connect),
        )
        self._client = AsyncOpenAI(
            base_url=address.url,
            api_key=key or "none",
            max_retries=0,
            http_client=self._http,
            timeout=openai.Timeout(None, connect=patience.connect),
        )
        # without a key no header for one: some servers refuse any that they do not know
        self._headers: dict[str, Any] = {} if key else {"Authorization": openai.omit}

    @property
    def stop_ids(self) -> tuple[int, ...]:
        """[EOS] and <|im_end|> of Kimi-VL's vocabulary, of which servers know the first alone."""
        return (163585, 163586) if self._is_kimi and self.abilities.stop_ids else ()

    async def introduce(self) -> None:
        """Ask for its models, which also tells what kind of server it is. Raises Fault."""
        asked = self._asked()
        try:
            async with asyncio.timeout(self._patience.connect * 2):
                page = await self._client.models.list(extra_headers=self._headers)
                models = _read_models(page)
        except TimeoutError as error:
            raise silence(asked, self._patience.connect * 2, has_begun=False) from error
        except openai.NotFoundError as error:
            if not self.model:
                raise Fault(
                    f"{self.address.host} does not tell its models",
                    remedy="give --model-name, and the address up to its /v1",
                ) from error
            models = []
        except openai.APIError as error:
            raise fault_of(error, asked) from error
        except _UNREADABLE as error:
            raise malformed(asked, error) from error
        self._choose_model([model for model, _, _ in models])
        mine = next((one for one in models if one[0] == self.model), (self.model, "", ""))
        self.kind, self.abilities = _KINDS.get(mine[1], _UNKNOWN)
        self._is_kimi = any(_KIMI_VL.search(name) for name in (mine[0], mine[2]))
        self.is_introduced = True

    def _choose_model(self, models: list[str]) -> None:
        if self.model:
            return
        candidates = [model for model in models if _KIMI_VL.search(model)] or models
        if len(candidates) != 1:
            names = ", ".join(sorted(candidates)[:8])
            raise Fault(
                f"{self.address.host} has {len(models)} models{f': {names}' if names else ''}",
                remedy="say which: --model-name NAME",
            )
        self.model = candidates[0]

    async def load(self) -> float | None:
        """How many requests it works on and has waiting; None when it does not tell."""
        data = b""
        with suppress(Exception):  # whatever it is that answers there, it is no load
            async with (
                asyncio.timeout(_LOAD_SECONDS),
                self._http.stream("GET", f"{self.address.root}/metrics") as response,
            ):
                if response.status_code == 200:
                    async for piece in response.aiter_bytes():
                        data += piece
                        if len(data) > _LOAD_BYTES:
                            break
        found = [float(number) for number in _LOAD.findall(data)]
        return sum(found) if found else None

    async def chat(self, body: dict[str, Any]) -> AsyncGenerator[Delta]:
        """Ask, and pass on what comes; closing this drops the request. Raises Fault."""
        asked = self._asked(size=len(json.dumps(body)))
        loop = asyncio.get_running_loop()
        allowed = self._patience.first_token
        until = loop.time() + allowed
        has_begun = has_finished = has_come = False
        try:
            async with asyncio.timeout_at(until):
                stream = await self._client.chat.completions.create(
                    **body, stream=True, extra_headers=self._headers
                )
        except TimeoutError as error:
            raise silence(asked, allowed, has_begun=False) from error
        except openai.APIError as error:
            raise fault_of(error, asked) from error
        async with stream:
            while True:
                try:
                    async with asyncio.timeout_at(until):
                        delta = _read_chunk(await anext(stream))
                except StopAsyncIteration:
                    break
                except TimeoutError as error:
                    fault = silence(asked, allowed, has_begun=has_begun)
                    cause: Exception = error
                except openai.APIError as error:
                    fault, cause = fault_of(error, asked), error
                except _UNREADABLE as error:
                    fault, cause = malformed(asked, error), error
                else:
                    has_come = True
                    has_begun = has_begun or bool(delta.content or delta.reasoning)
                    has_finished = has_finished or bool(delta.finish)
                    if has_begun or has_finished:
                        allowed = self._patience.idle
                        until = loop.time() + allowed
                    yield delta
                    continue
                if has_finished:  # all was said
                    return
                raise fault from cause
            kind = stream.response.headers.get("content-type", "")
            if not has_come and not kind.startswith("text/event-stream"):
                raise no_stream(asked, kind)
            if not has_finished:
                raise cut(asked)

    async def close(self) -> None:
        await self._client.close()

    def _asked(self, *, size: int = 0) -> Asked:
        return Asked(self.address, self.model, self._key, size)


_UNREADABLE = (ValueError, TypeError, AttributeError, LookupError, RecursionError)
"""What reading JSON of any shape may raise, in the client as in here."""


def _read_models(page: object) -> list[tuple[str, str, str]]:
    """Name, owner and origin of each model that a server lists."""
    models: list[tuple[str, str, str]] = []
    for model in _listed(page, "data") or []:
        name = _typed(model, "id", str)
        if not name or len(name) > 500 or not name.isprintable():
            raise ValueError("a model without a proper name")
        owner, root = _typed(model, "owned_by", object), _typed(model, "root", object)
        models.append((name, owner if isinstance(owner, str) else "", str(root or "")))
    return models


def _read_chunk(chunk: object) -> Delta:
    """What a chunk says. Raises ValueError when it is none."""
    usage = _typed(chunk, "usage", object)
    prompt, completion = (
        _typed(usage, name, int) for name in ("prompt_tokens", "completion_tokens")
    )
    choices = _listed(chunk, "choices")
    if choices is None:
        raise ValueError("it has no choices")
    if not choices:
        return Delta(prompt_tokens=prompt, completion_tokens=completion)
    choice = choices[0]
    delta = _typed(choice, "delta", object)
    # two names of one thing, by the server's age; some send both
    reasoning = _typed(delta, "reasoning", str) or _typed(delta, "reasoning_content", str)
    return Delta(
        _typed(delta, "content", str) or "",
        reasoning or "",
        _typed(choice, "finish_reason", str) or "",
        prompt,
        completion,
    )


def _typed(thing: object, name: str, kind: type[T]) -> T | None:
    """An attribute that must be of this type if it is there; raises ValueError."""
    value: object = getattr(thing, name, None)
    if value is None or isinstance(value, kind):
        return value
    raise ValueError(f"its {name} is {type(value).__name__}")


def _listed(thing: object, name: str) -> list[object] | None:
    return cast("list[object] | None", _typed(thing, name, list))
