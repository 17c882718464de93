"""A workplace and its sessions: the model is opened when it is needed, and can be stopped then."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from rich.console import Console

from agent_app import workplace as workplace_module
from agent_app.console import print_run, progress_bar
from agent_app.errors import KnownError
from agent_app.events import Event, RunFinished, RunStarted
from agent_app.loop import LoopSettings
from agent_app.model_runtime import (
    ModelOptions,
    ModelRuntime,
    Progress,
    Sampling,
    no_progress,
    open_runtime,
)
from agent_app.session import LiveSession
from agent_app.virtual import VirtualDesktop
from agent_app.workplace import Workplace, WorkplaceOptions
from tests.fakes.runtime import ScriptedRuntime, reply
from tests.fakes.session import ScriptedSession

DONE = 'computer.terminate(status="success")'
PROMPT = "<!-- system -->\nYou are mine.\n<!-- user -->\nPlease: $instruction\n"


class Opener:
    """Stands in for `open_runtime`: counts its calls, tells of progress, fails on demand."""

    def __init__(self) -> None:
        self.opened: list[tuple[str | None, ModelOptions | None]] = []
        self.runtimes: list[ScriptedRuntime] = []
        self.fault: Exception | None = None

    def __call__(
        self,
        name: str | None,
        *,
        environment: Mapping[str, str],
        options: ModelOptions | None = None,
        progress: Progress = no_progress,
    ) -> tuple[ModelRuntime, str]:
        assert environment["DISPLAY"]
        self.opened.append((name, options))
        progress("loading", 1, 2)
        if self.fault:
            raise self.fault
        progress("loading", 2, 2)
        self.runtimes.append(ScriptedRuntime([reply(DONE)] * 2))
        return self.runtimes[-1], "scripted: for this test"


@pytest.fixture
def opener(monkeypatch: pytest.MonkeyPatch) -> Opener:
    made = Opener()
    monkeypatch.setattr(workplace_module, "open_runtime", made)
    return made


@pytest.fixture
def place(tmp_path: Path, opener: Opener, desktop: VirtualDesktop) -> Iterator[Workplace]:
    prompt = tmp_path / "prompt.md"
    prompt.write_text(PROMPT)
    options = WorkplaceOptions(
        model="any",
        loading=ModelOptions(device="cpu", precision="int8", context=99),
        prompt=prompt,
        settings=LoopSettings(sampling=Sampling(temperature=0.1, seed=3)),
    )
    with Workplace(options, environment=desktop.environment) as opened:
        assert opener.opened == []
        yield opened


@pytest.mark.desktop
def test_the_model_is_opened_once_and_serves_every_session(
    place: Workplace, opener: Opener, tmp_path: Path
) -> None:
    told: list[tuple[str, int, int]] = []
    session = LiveSession(place, "first", episode=tmp_path / "1")
    assert session.runtime is None
    session.prepare(lambda what, done, total: told.append((what, done, total)))
    assert told == [("loading", 1, 2), ("loading", 2, 2)]
    assert session.runtime is not None
    assert session.why == "scripted: for this test"
    outcomes = [event.outcome for event in session.events() if isinstance(event, RunFinished)]
    events = list(LiveSession(place, "second", episode=tmp_path / "2").events())
    outcomes += [event.outcome for event in events if isinstance(event, RunFinished)]
    assert outcomes == ["success", "success"]
    assert opener.opened == [("any", ModelOptions(device="cpu", precision="int8", context=99))]
    first, second = opener.runtimes[0].requests
    assert first.sampling == Sampling(temperature=0.1, seed=3)
    assert first.turns[0].text == "You are mine."
    assert second.turns[-1].text == "Please: second"


@pytest.mark.desktop
def test_a_stop_while_the_model_loads_ends_the_run_without_an_episode(
    place: Workplace, opener: Opener, tmp_path: Path
) -> None:
    session = LiveSession(place, "x", episode=tmp_path / "1")
    session.prepare(lambda _what, _done, _total: session.stop())
    assert session.runtime is None
    (finished,) = session.events()
    assert isinstance(finished, RunFinished)
    assert finished.outcome == "stopped"
    assert not (tmp_path / "1").exists()
    again = list(LiveSession(place, "x", episode=tmp_path / "1").events())
    assert isinstance(again[0], RunStarted)
    assert len(opener.opened) == 2


@pytest.mark.desktop
def test_a_model_that_cannot_be_had_is_tried_again_by_the_next_session(
    place: Workplace, opener: Opener, tmp_path: Path
) -> None:
    opener.fault = KnownError("no memory", remedy="buy some")
    with pytest.raises(KnownError, match="no memory"):
        LiveSession(place, "x", episode=tmp_path / "1").prepare()
    opener.fault = None
    LiveSession(place, "x", episode=tmp_path / "1").prepare()


def test_ctrl_c_while_the_model_loads_stops_the_run() -> None:
    def prepare(_session: ScriptedSession, progress: Progress) -> None:
        progress("loading the model", 12_300_000_000, 32_800_000_000)
        signal.raise_signal(signal.SIGINT)

    def script(session: ScriptedSession) -> Iterator[Event]:
        assert session.stopped.wait(10)
        yield session.finished("stopped", steps=0)

    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=100)
    finished = print_run(ScriptedSession(script, prepare=prepare), console)
    assert finished.outcome == "stopped"
    assert "loading the model" in written.getvalue()
    assert "12.3/32.8 GB" in written.getvalue()


def test_into_a_file_goes_what_is_done_and_no_bar() -> None:
    written = io.StringIO()
    with progress_bar(Console(file=written)) as progress:
        progress("loading the model", 1, 2)
        progress("loading the model", 2, 2)
    assert written.getvalue() == "loading the model\n"


UNFIT = "agent_app.runtimes.kimi_vl.unfitness"


def test_without_weights_the_reader_is_taken_and_torch_is_not_imported(tmp_path: Path) -> None:
    code = (
        "import sys, os\n"
        "from agent_app.model_runtime import open_runtime\n"
        "runtime, why = open_runtime(None, environment={})\n"
        "runtime.close()\n"
        "assert 'torch' not in sys.modules\n"
        "print(why)"
    )
    environment = {**os.environ, "HF_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("reader: the embedded default, because for Kimi-VL there is no ")


@pytest.mark.parametrize(
    ("unfit", "why"),
    [
        ("there is no GPU", "reader: the embedded default, because for Kimi-VL there is no GPU"),
        ("", "kimi-vl: the default where its weights and a GPU are"),
    ],
)
def test_the_default_says_which_model_it_is_and_why(
    monkeypatch: pytest.MonkeyPatch, unfit: str, why: str
) -> None:
    runtime = ScriptedRuntime([])
    opener: Callable[..., ModelRuntime] = lambda *_, **__: runtime  # noqa: E731
    monkeypatch.setattr(UNFIT, lambda: unfit)
    monkeypatch.setattr("agent_app.runtimes.reader.open_reader", opener)
    monkeypatch.setattr("agent_app.runtimes.kimi_vl.open_kimi_vl", opener)
    assert open_runtime(None, environment={}) == (runtime, why)
