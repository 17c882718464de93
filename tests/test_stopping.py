"""Every way to stop a run ends all of it: the thought, the input, what is held, the episode."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path

import pytest

from agent_app import workplace as workplace_module
from agent_app.episode.reader import open_episode
from agent_app.events import ActionDecided, ActionDone, Event, RunFinished, TokenStreamed
from agent_app.model_runtime import GenerationRequest, ModelRuntime, Token
from agent_app.session import LiveSession
from agent_app.virtual import VirtualDesktop
from agent_app.workplace import Workplace, WorkplaceOptions
from tests.applications import activate
from tests.fakes.runtime import ScriptedRuntime, reply
from tests.hand import Hand
from tests.witness import Witness

pytestmark = pytest.mark.desktop

ENDLESS = "the quick brown fox " * 240
PHASES = {
    "thinks": "",
    "types": f"pyautogui.write({ENDLESS!r})",
    "holds a key": "pyautogui.keyDown('shift')\ntime.sleep(9)\npyautogui.keyUp('shift')",
}


class Busy(ScriptedRuntime):
    """A model that thinks without end, or says one thing; `ended` once it was let go."""

    def __init__(self, code: str) -> None:
        super().__init__([reply(code)])
        self._code = code
        self.ended = threading.Event()

    def generate(self, request: GenerationRequest) -> Generator[Token]:
        try:
            if self._code:
                yield from super().generate(request)
            while not self._code:
                time.sleep(0.001)
                yield Token("◁think▷on and on ".encode())
        finally:
            self.ended.set()


class Run:
    """A run in a thread of its own, and what it told."""

    def __init__(self, session: LiveSession) -> None:
        self.session = session
        self.events: list[Event] = []
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def has(self, kind: type) -> bool:
        return any(isinstance(event, kind) for event in self.events)

    def _run(self) -> None:
        for event in self.session.events():
            self.events.append(event)


@pytest.fixture
def hand(desktop: VirtualDesktop) -> Iterator[Hand]:
    hand = Hand(desktop.display, pace=0.001)
    hand.move(640, 300)
    yield hand
    hand.close()


@pytest.fixture
def witness(desktop: VirtualDesktop, wait_until: Callable[..., None]) -> Iterator[Witness]:
    """A window with the keyboard."""
    window = Witness(desktop.display)
    activate(desktop, "witness", wait_until)
    window.take()
    yield window
    window.close()


@pytest.mark.parametrize(
    ("way", "phase"),
    [
        ("the stop keys", "thinks"),
        ("the stop keys", "types"),
        ("the stop keys", "holds a key"),
        ("the button", "types"),
        ("a corner", "types"),
        ("a corner", "holds a key"),
    ],
)
def test_a_stop_ends_the_thought_and_the_input_and_closes_the_episode(
    way: str,
    phase: str,
    desktop: VirtualDesktop,
    hand: Hand,
    witness: Witness,
    wait_until: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    model = Busy(PHASES[phase])

    def opened(
        _name: str | None, *, environment: Mapping[str, str], **_options: object
    ) -> tuple[ModelRuntime, str]:
        assert environment["DISPLAY"]
        return model, "for this test"

    monkeypatch.setattr(workplace_module, "open_runtime", opened)
    options = WorkplaceOptions(take_over=False)
    with Workplace(options, environment=desktop.environment) as place:
        run = Run(LiveSession(place, "go on and on", episode=tmp_path / "episode"))
        under_way = {
            "thinks": lambda: run.has(TokenStreamed),
            "types": lambda: len(witness.seen()) > 40,
            "holds a key": lambda: len(witness.keys_down()) == 1,
        }
        try:
            wait_until(under_way[phase], seconds=60)
            match way:
                case "the stop keys":
                    hand.press("ctrl", "alt", "end")
                case "the button":
                    run.session.stop()
                case _:
                    hand.move(1279, 799)
            run.thread.join(30)
            assert not run.thread.is_alive()
        finally:
            run.session.stop()
            run.thread.join()
        witness.take()  # all that was sent has come
        assert witness.keys_down() == []
        witness.take()
        hand.wait(0.1)
        assert witness.seen() == []  # nothing was waiting to be typed
    assert model.ended.is_set()
    finished = run.events[-1]
    assert isinstance(finished, RunFinished)
    assert finished.outcome == "stopped"
    assert {"the stop keys": "ctrl+alt+end", "a corner": "corner"}.get(way, "") in finished.reason
    recorded = open_episode(tmp_path / "episode")
    assert not recorded.problems
    assert recorded.end is not None
    assert recorded.end.outcome == "stopped"
    assert not run.has(ActionDone)
    assert run.has(ActionDecided) == (phase != "thinks")


def test_the_loss_of_the_display_ends_the_run_and_closes_the_episode(
    tmp_path: Path, wait_until: Callable[..., None]
) -> None:
    episode = tmp_path / "episode"
    command = [
        *(sys.executable, "-m", "agent_app", "run", f'type "{ENDLESS}"', "--no-window"),
        *("--virtual", "800x600", "--app", "mousepad", "--episode", str(episode)),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            log = episode / "episode.jsonl"
            wait_until(lambda: log.exists() and b"action_decided" in log.read_bytes(), seconds=120)
            os.kill(_child(process.pid, "Xvfb"), signal.SIGKILL)
            told, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode in (3, 130), told
    assert b"Traceback" not in told
    assert b"display" in told
    recorded = open_episode(episode)
    assert not recorded.problems
    assert recorded.end is not None
    assert recorded.end.outcome in ("stopped", "error")
    assert not any(isinstance(event, ActionDone) for event in recorded.events)


def _child(parent: int, name: str) -> int:
    """The process of this name that this one has started."""
    children = Path(f"/proc/{parent}/task").glob("*/children")
    for child in (word for path in children for word in path.read_text().split()):
        if Path(f"/proc/{child}/comm").read_text().strip() == name:
            return int(child)
    raise AssertionError(f"{parent} has started no {name}")
