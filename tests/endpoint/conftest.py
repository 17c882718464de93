"""A server that says what a test tells it to, and a runtime that asks it with little patience."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from PIL import Image

from agent_app.geometry import FrameTransform, ScreenPoint, Size
from agent_app.model_runtime import GenerationRequest, ImagePart, Sampling, Turn
from agent_app.runtimes.endpoint.addresses import read_addresses
from agent_app.runtimes.endpoint.runtime import EndpointRuntime
from agent_app.runtimes.endpoint.server import Patience
from tests.fakes.model_server import ModelServer, serve_model
from tests.fakes.secret_store import store_of

SHORT = Patience(connect=5, first_token=20, idle=20, attempts=3, backoff=0.01, rest=60)
OpenRuntime = Callable[..., EndpointRuntime]


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The keys of whoever runs the tests stay out of them."""
    for name in ("AGENT_APP_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("agent_app.runtimes.endpoint.open_store", lambda _environment: store_of({}))


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with serve_model() as running:
        yield running


@pytest.fixture
def connect() -> Iterator[OpenRuntime]:
    """Opens runtimes that end with the test: `connect(server, …)`, or with addresses."""
    with ExitStack() as opened:

        def open_it(
            *where: ModelServer | str,
            patience: Patience = SHORT,
            key: str = "",
            model: str | None = None,
        ) -> EndpointRuntime:
            urls = ",".join(one if isinstance(one, str) else one.url for one in where)
            keys = dict.fromkeys(read_addresses(urls, model=model), key)
            runtime = EndpointRuntime.open(keys, patience=patience)
            opened.callback(runtime.close)
            return runtime

        yield open_it


def picture(colour: str = "red", *, side: int = 56) -> ImagePart:
    transform = FrameTransform(ScreenPoint(0, 0), 1.0, Size(side, side))
    return ImagePart(Image.new("RGB", (side, side), colour), f"sha of {colour}", transform)


def question(*turns: Turn, opening: str = "", **sampling: object) -> GenerationRequest:
    return GenerationRequest(
        turns or (Turn("user", ("What now?",)),),
        "What now?",
        opening=opening,
        sampling=Sampling(**sampling),
    )


def run_of(*colours: str) -> tuple[Turn, ...]:
    """A run that has seen all these screens, the last one now."""
    turns = [Turn("system", ("You act.",))]
    for number, colour in enumerate(colours[:-1], 1):
        turns += [
            Turn("user", (picture(colour),)),
            Turn("assistant", (f"# Step {number}:\n◁think▷hm◁/think▷## Action:\nclick",)),
        ]
    return (*turns, Turn("user", (picture(colours[-1]), "# Task Instruction:\ngo on")))


def text(runtime: EndpointRuntime, request: GenerationRequest) -> str:
    return b"".join(token.data for token in runtime.generate(request)).decode()
