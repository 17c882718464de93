"""A person works on a real desktop, and an episode of it comes out."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from jeepney import Message

from agent_app.actions import Action, Click, Hotkey, Press, Write, perform, target_points
from agent_app.demonstration.options import RecordingOptions
from agent_app.demonstration.session import DemonstrationSession
from agent_app.episode.reader import Episode, open_episode
from agent_app.errors import KnownError
from agent_app.events import (
    EffectCompared,
    Event,
    RunFinished,
    StepFinished,
    WindowRef,
)
from agent_app.geometry import Region, ScreenPoint
from agent_app.hiding.fields import start_accessibility
from agent_app.replaying.recording import open_recording
from agent_app.replaying.session import ReplayOptions, ReplaySession
from agent_app.runtimes.reader.seeing.bus import Bus
from agent_app.screen.capture import open_screen
from agent_app.virtual import VirtualDesktop
from agent_app.workplace import Workplace, WorkplaceOptions
from tests.applications import WHOLE, Wait, activate, at
from tests.hand import Hand

pytestmark = pytest.mark.desktop

SECRETS = ("Tr0ub4dor", "swordfish")


class Recorded:
    """A recording under way in a thread of its own; the test is the person."""

    def __init__(self, session: DemonstrationSession, wait: Wait) -> None:
        self.session = session
        self.events: list[Event] = []
        self.fault: KnownError | None = None
        self._wait = wait
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.events.extend(self.session.events())
        except KnownError as error:
            self.fault = error

    def has_steps(self, count: int) -> None:
        """Wait until that many steps are told, which are then on the disk."""
        self._wait(lambda: len(self.all(StepFinished)) >= count, seconds=60)

    def all(self, kind: type) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    def end(self) -> Episode:
        self.session.stop()
        return self.ended()

    def ended(self) -> Episode:
        self._thread.join()
        return open_episode(self.session.recorder.folder)


@pytest.fixture
def place(desktop: VirtualDesktop) -> Iterator[Workplace]:
    with Workplace(WorkplaceOptions(), environment=desktop.environment) as opened:
        yield opened


@pytest.fixture
def hand(desktop: VirtualDesktop) -> Iterator[Hand]:
    hand = Hand(desktop.display)
    yield hand
    hand.close()


@pytest.fixture
def record(place: Workplace, tmp_path: Path, wait_until: Wait) -> Iterator[Callable[..., Recorded]]:
    begun: list[Recorded] = []

    def start(options: RecordingOptions | None = None, **more: Callable[[], bool]) -> Recorded:
        session = DemonstrationSession(
            place, "a test", episode=tmp_path / "episode", options=options, **more
        )
        begun.append(Recorded(session, wait_until))
        wait_until(lambda: begun[-1].events)
        return begun[-1]

    yield start
    for recorded in begun:
        recorded.end()


def actions(episode: Episode) -> list[Action]:
    return [done.action for step in episode.steps for done in step.actions]


@contextmanager
def program(desktop: VirtualDesktop, *command: str) -> Iterator[subprocess.Popen[str]]:
    start_accessibility(desktop.environment)
    process = subprocess.Popen(command, env=desktop.environment, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def editor(desktop: VirtualDesktop, tmp_path: Path, wait_until: Wait) -> Iterator[Path]:
    """A mousepad with an empty file."""
    path = tmp_path / "written-by-hand.txt"
    path.touch()
    with program(desktop, "mousepad", "--disable-server", str(path)):
        activate(desktop, path.name, wait_until)
        yield path


def test_clicks_and_texts_of_a_person_are_recorded_with_the_screen_before_them(
    editor: Path, place: Workplace, hand: Hand, record: Callable[..., Recorded]
) -> None:
    window = next(w for w in place.screen.windows() if editor.name in w.title)
    middle = ScreenPoint(window.region.left + window.region.width // 2, window.region.top + 300)
    recorded = record()
    hand.click(middle.x, middle.y)
    recorded.has_steps(1)
    hand.type("Hi thre")
    for _ in "re":
        hand.press("backspace")
    hand.type("ere < 1")
    hand.press("enter")
    hand.press("ctrl", "s")
    recorded.has_steps(4)
    hand.click(middle.x, middle.y, count=2)
    recorded.has_steps(5)
    hand.press("ctrl", "alt", "end")
    episode = recorded.ended()

    click, write, enter, save, double = actions(episode)
    assert isinstance(click, Click)
    assert target_points(click, WHOLE) == (middle,)
    assert (write, enter, save) == (Write("Hi there < 1"), Press(("enter",)), Hotkey(("ctrl", "s")))
    assert isinstance(double, Click)
    assert double.count == 2
    assert editor.read_text() == "Hi there < 1\n"
    assert episode.run is not None
    assert episode.run.model == "human"
    assert episode.end is not None
    assert (episode.end.outcome, episode.end.steps) == ("success", 5)
    assert not episode.problems
    frames = [step.frame_before for step in episode.steps]
    assert frames[0] is not None
    assert all(frame is not None for frame in frames)
    empty, before_enter = (episode.frame(frames[index].sha1) for index in (1, 3))  # type: ignore[union-attr]
    assert empty is not None
    assert before_enter is not None
    line = (window.region.left, window.region.top, middle.x, middle.y)
    assert dark(before_enter.crop(line)) > dark(empty.crop(line)) + 50
    assert "Mousepad" in episode.steps[1].actions[0].intent
    assert "“Hi there < 1”" in episode.steps[1].actions[0].intent
    assert any(w.active and editor.name in w.title for w in episode.steps[0].windows_before)
    settled = episode.steps[0].settled
    assert settled is not None
    assert settled.settled


def test_what_a_person_did_is_done_again_in_a_window_that_lies_elsewhere(
    desktop: VirtualDesktop,
    place: Workplace,
    hand: Hand,
    record: Callable[..., Recorded],
    tmp_path: Path,
    wait_until: Wait,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "shopping.txt"
    command = ("mousepad", "--disable-server", str(path))

    def window() -> WindowRef:
        wait_until(lambda: any(path.name in w.title for w in place.screen.windows()))
        return next(w for w in place.screen.windows() if path.name in w.title)

    path.touch()
    with program(desktop, *command):
        activate(desktop, path.name, wait_until)
        recorded = record()
        hand.type("milk and bread")
        hand.press("ctrl", "s")
        recorded.has_steps(2)
        wait_until(lambda: path.read_text() == "milk and bread")
        episode = recorded.end()
    path.write_text("")
    with program(desktop, *command):
        activate(desktop, path.name, wait_until)
        then = window().region
        move = ["xdotool", "getactivewindow", "windowmove", then.left + 60, then.top + 40]
        subprocess.run([*map(str, move)], env=desktop.environment, check=True)
        wait_until(lambda: window().region.left >= then.left + 50)
        session = ReplaySession(
            place, open_recording(episode.folder), ReplayOptions(), folder=tmp_path / "again"
        )
        session.prepare()
        events = list(session.events())
    finished = events[-1]
    assert isinstance(finished, RunFinished)
    assert finished.outcome == "success", finished.reason
    assert path.read_text() == "milk and bread"
    assert [event.alike for event in events if isinstance(event, EffectCompared)] == [True] * 2


def dark(image) -> int:
    return int((np.asarray(image.convert("L")) < 100).sum())


@pytest.mark.usefixtures("editor")
def test_the_agents_own_input_is_not_taken_for_the_persons(
    place: Workplace, hand: Hand, record: Callable[..., Recorded]
) -> None:
    recorded = record()
    stop = threading.Event()
    for action in (Click(at(640, 500)), Write("by the agent é 你"), Press(("enter",))):
        perform(action, input=place.input, transform=WHOLE, stop=stop)
    hand.type("by hand")
    perform(Hotkey(("ctrl", "s")), input=place.input, transform=WHOLE, stop=stop)
    hand.press("left")
    recorded.has_steps(2)
    assert actions(recorded.end()) == [Write("by hand"), Press(("left",))]


@pytest.mark.usefixtures("editor")
def test_where_programs_input_is_the_persons_it_is_recorded(
    place: Workplace, record: Callable[..., Recorded]
) -> None:
    recorded = record(RecordingOptions(injected=True))
    for action in (Click(at(640, 500)), Write("through VNC"), Press(("enter",))):
        perform(action, input=place.input, transform=WHOLE, stop=threading.Event())
    recorded.has_steps(3)
    click, *rest = actions(recorded.end())
    assert isinstance(click, Click)
    assert rest == [Write("through VNC"), Press(("enter",))]


def test_it_ends_with_its_application(
    desktop: VirtualDesktop, record: Callable[..., Recorded]
) -> None:
    with program(desktop, "xterm", "-e", "sleep", "60") as process:
        recorded = record(app_ended=lambda: process.poll() is not None)
        process.terminate()
        episode = recorded.ended()
    assert episode.end is not None
    assert (episode.end.outcome, episode.end.reason) == ("success", "the application ended")


@pytest.fixture
def sign_in(desktop: VirtualDesktop) -> Iterator[dict[str, Region]]:
    """A window with fields for a name and a password; where they are."""
    with program(desktop, sys.executable, "-m", "tests.login") as process:
        assert process.stdout is not None
        yield {name: Region(*box) for name, box in json.loads(process.stdout.readline()).items()}


def middle(region: Region) -> tuple[int, int]:
    return region.left + min(region.width // 2, 40), region.top + region.height // 2


@pytest.fixture(params=[0.0, 0.1], ids=["prompt", "late"])
def accessibility_bus(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Applications that answer at once, and such as do so late."""
    if request.param:

        class Late(Bus):
            def ask(self, questions: Sequence[Message]) -> list[tuple[Any, ...] | None]:
                threading.Event().wait(request.param)
                return super().ask(questions)

        monkeypatch.setattr("agent_app.hiding.fields.Bus", Late)


@pytest.mark.usefixtures("accessibility_bus")
def test_of_a_password_nothing_is_kept(
    sign_in: dict[str, Region],
    place: Workplace,
    hand: Hand,
    record: Callable[..., Recorded],
) -> None:
    recorded = record()
    hand.click(*middle(sign_in["name"]))
    recorded.has_steps(1)
    hand.type("ada")
    hand.click(*middle(sign_in["password"]))
    recorded.has_steps(3)
    hand.type(SECRETS[0])
    hand.press("left")
    hand.press("backspace")
    hand.type("o")
    hand.click(*middle(sign_in["show"]))  # it stands there for everyone to read
    hand.click(*middle(sign_in["note"]))
    hand.press("ctrlleft", "ctrlright")
    hand.type(SECRETS[1])
    hand.press("ctrlleft", "ctrlright")
    hand.press("tab")
    recorded.has_steps(8)
    screen = open_screen(place.environment)
    shown = screen.grab().pixels
    screen.close()
    episode = recorded.end()

    name, *others = [action for action in actions(episode) if not isinstance(action, Click)]
    # within an application's lag, what is typed is as secret as what goes into the next field
    count = 1 if name == Write("ada") else 2
    if count == 2:
        assert name == Write("{{secret:secret_1}}")
    assert others == [
        Write(f"{{{{secret:secret_{count}}}}}"),
        Write(f"{{{{secret:secret_{count + 1}}}}}"),
        Press(("tab",)),
    ]
    # not a byte of it, and no picture in which it can be read
    for path in episode.folder.rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        assert not any(secret.encode() in data for secret in SECRETS)
    text = (episode.folder / "episode.jsonl").read_text()
    assert "backspace" not in text
    letters = [ink(shown, sign_in[name]) for name in ("password", "note")]
    assert all(part.size for part in letters)
    for ref in episode.frames:
        image = episode.frame(ref.sha1)
        assert image is not None
        for part in letters:
            assert likeness(np.asarray(image), part) < 0.8
    # while the person's own screen did show it
    assert all(likeness(shown, part) > 0.99 for part in letters)
    # and all that is left of the field tells no length: it is painted over from edge to edge
    last = np.asarray(episode.frame(episode.frames[-1].sha1))
    assert len(np.unique(inside(last, sign_in["password"]).reshape(-1, 3), axis=0)) == 1
    assert recorded.fault is None


def inside(pixels: np.ndarray, region: Region) -> np.ndarray:
    return pixels[region.top : region.top + region.height, region.left : region.left + region.width]


def ink(pixels: np.ndarray, region: Region) -> np.ndarray:
    """The part of a field that its letters take up."""
    inner = Region(region.left + 4, region.top + 4, region.width - 8, region.height - 8)
    part = inside(pixels, inner)
    rows, columns = np.nonzero(part.min(axis=2) < 100)
    return part[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


def likeness(pixels: np.ndarray, part: np.ndarray) -> float:
    gray = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (pixels, part))
    return float(cv2.matchTemplate(*gray, cv2.TM_CCOEFF_NORMED).max())


def test_what_is_typed_into_a_window_named_secret_is_not_kept(
    editor: Path, hand: Hand, record: Callable[..., Recorded]
) -> None:
    recorded = record(RecordingOptions(secret_windows=("WRITTEN-BY-HAND",)))
    hand.type(SECRETS[0])
    hand.press("ctrl", "s")
    recorded.has_steps(2)
    episode = recorded.end()
    assert actions(episode) == [Write("{{secret:secret_1}}"), Hotkey(("ctrl", "s"))]
    assert editor.read_text() == SECRETS[0]
    (window,) = [w for w in episode.steps[1].windows_before if editor.name in w.title]
    last = episode.frame(episode.frames[-1].sha1)
    assert len(np.unique(inside(np.asarray(last), window.region).reshape(-1, 3), axis=0)) == 1
