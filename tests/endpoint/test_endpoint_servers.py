"""Real servers that nobody here wrote: transformers' own, and LitServe."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from agent_app import cli
from agent_app.model_runtime import Turn
from agent_app.runtimes.endpoint.server import Patience
from tests.endpoint.conftest import OpenRuntime, picture, question, text
from tests.fakes.vision_checkpoint import REPO, write_vision_checkpoint

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent.parent
START_SECONDS = 120.0
PATIENT = Patience(first_token=60, idle=60)
TRANSFORMERS = (
    "import sys; from transformers.cli.transformers import main;"
    " sys.argv = ['transformers', 'serve', '--device', 'cpu', '--host', '127.0.0.1',"
    " '--port', sys.argv[1]]; main()"
)


def needs(*modules: str) -> None:
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}: pip install 'agent-app[dev]'")


@contextmanager
def running(words: list[str], log: Path, environment: dict[str, str]) -> Iterator[str]:
    """A server's URL; `words` start it, the port is put behind them."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *words, str(port)],
            env=os.environ | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # LitServe's workers outlive it otherwise
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not healthy(port):
            assert process.poll() is None, log.read_text(errors="replace")
            assert time.monotonic() < deadline, log.read_text(errors="replace")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        with suppress(ProcessLookupError):  # it ended by itself, and the log says why
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture(scope="module")
def transformers_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    needs("transformers", "torch", "fastapi", "uvicorn", "openai")
    folder = tmp_path_factory.mktemp("transformers")
    write_vision_checkpoint(folder)
    environment = {"HF_HOME": str(folder), "HF_HUB_OFFLINE": "1"}
    with running(["-c", TRANSFORMERS], folder / "log", environment) as url:
        yield url


@pytest.fixture(scope="module")
def litserve_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    needs("litserve")
    script = str(ROOT / "tests" / "fakes" / "litserve_model.py")
    with running([script], tmp_path_factory.mktemp("litserve") / "log", {}) as url:
        yield url


def test_transformers_serve_tells_its_model_and_sees_pictures(
    connect: OpenRuntime, transformers_server: str
):
    runtime = connect(transformers_server, patience=PATIENT)
    assert runtime.info.name == f"endpoint {REPO}"
    red, blue, again = (
        list(runtime.generate(question(Turn("user", (picture(colour), "What is it?")), **how)))
        for colour in ("red", "blue", "red")
        for how in [{"temperature": 0, "max_tokens": 12}]
    )
    assert [token.data for token in red] != [token.data for token in blue]
    assert [token.data for token in red] == [token.data for token in again]
    finish = red[-1].finish
    assert finish is not None
    assert (finish.ended_by, finish.completion_tokens) == ("length", 12)
    assert finish.prompt_tokens > 16  # the picture's own are 16


def test_a_stop_ends_the_generation_at_transformers_serve(
    connect: OpenRuntime, transformers_server: str
):
    """It generates for one at a time: the next would wait for minutes behind 10,000 tokens."""
    runtime = connect(transformers_server, patience=PATIENT)
    tokens = runtime.generate(question(temperature=0, max_tokens=10_000))
    assert next(tokens).data
    tokens.close()
    *_, last = runtime.generate(question(temperature=0, max_tokens=3))
    assert last.finish is not None
    assert last.finish.completion_tokens == 3


def test_model_check_looks_through_litserve(
    litserve_server: str, capsys: pytest.CaptureFixture[str]
):
    assert cli.main(["model", "check", f"{litserve_server}#colours"]) == 0
    assert "It names what it is shown." in capsys.readouterr().out


def test_litserve_reads_turns_of_words_as_well(connect: OpenRuntime, litserve_server: str):
    runtime = connect(f"{litserve_server}#colours", patience=PATIENT)
    said = text(runtime, question(think=False))
    assert said.startswith("◁think▷Words alone.◁/think▷Nothing to see in: What now?\nAnswer at")
