"""`agent-app record`, and the small judgements that a recording makes."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from agent_app.actions import Click, Hold, Hotkey, Move, Press, Write
from agent_app.cli import main
from agent_app.demonstration.film import Rest
from agent_app.demonstration.hovering import hovers_before
from agent_app.demonstration.pending import Gesture
from agent_app.demonstration.secrets import tells_characters
from agent_app.demonstration.typed import inserted
from agent_app.episode.reader import open_episode
from agent_app.geometry import FrameTransform, RelativePoint, ScreenPoint, Size
from agent_app.hiding.shots import Shot
from agent_app.screen.frame import Frame

ROOT = Path(__file__).parents[1]
WHOLE = FrameTransform(ScreenPoint(0, 0), 1.0, Size(200, 100))


@pytest.mark.parametrize("keys", ["q", "ctrl+nokey"])
def test_keys_that_cannot_end_a_recording_are_refused_with_a_remedy(
    keys: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["record", "--stop-key", keys]) == 3
    assert "ctrl+alt+end" in capsys.readouterr().err


@pytest.mark.desktop
def test_a_recording_that_is_told_to_end_leaves_an_episode(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "agent_app", "record", "a note", "--virtual", "640x480"]
    process = subprocess.Popen(
        [*command, "--no-window", "--episode", str(tmp_path / "episode")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout as output:
        for line in output:
            if "ctrl+alt+end" in line:
                break
        process.send_signal(signal.SIGTERM)
        said = output.read()
    assert process.wait(timeout=30) == 0
    assert "0 steps" in said
    assert str(tmp_path / "episode") in said
    episode = open_episode(tmp_path / "episode")
    assert episode.run is not None
    assert episode.run.task == "a note"
    assert episode.end is not None
    assert len(episode.frames) == 1


@pytest.mark.parametrize(
    ("before", "after", "typed", "expected"),
    [
        ("ab", "ab hello", " hello", " hello"),
        ("", "你好", "nihao ", "你好"),  # what an input method made of the keys
        ("甲乙", "甲你好乙", "nihao ", "你好"),
        ("", "Hello,", "hello,", "hello,"),  # corrected, as it will be again
        ("x", "x", "lost", "lost"),
    ],
)
def test_what_an_input_method_made_of_the_keys_is_what_was_typed(
    before: str, after: str, typed: str, expected: str
) -> None:
    assert inserted(before, after, typed=typed) == expected


def test_whatever_edits_a_secret_tells_of_it() -> None:
    telling = (Write("a"), Press(("backspace",)), Hold(("w",), 2.0), Hotkey(("shift", "left")))
    silent = (Press(("enter",)), Hotkey(("ctrl", "v")), Hotkey(("shift", "tab")), Click())
    assert all(map(tells_characters, telling))
    assert not any(map(tells_characters, silent))


class Film:
    """Shows a menu from 2.0 and its submenu from 3.0 on; the pointer rests on an item of each."""

    def __init__(self) -> None:
        self._rests = (
            Rest(ScreenPoint(10, 50), 1.0, 2.5),
            Rest(ScreenPoint(60, 20), 2.6, 3.5),
            Rest(ScreenPoint(180, 90), 3.6, 3.7),
            Rest(ScreenPoint(120, 20), 3.8, 4.0),
        )

    def rests(self, began: float, ended: float) -> tuple[Rest, ...]:
        return tuple(r for r in self._rests if r.began >= began and r.ended <= ended)

    def before(self, at: float) -> Shot:
        pixels = np.zeros((100, 200, 3), np.uint8)
        if at >= 2.0:
            pixels[10:40, 40:80] = 200
        if at >= 3.0:
            pixels[10:40, 100:140] = 200
        return Shot(Frame(pixels, WHOLE, 1, at), at, (), ())


def test_rests_of_the_pointer_that_brought_up_what_was_clicked_are_steps() -> None:
    click = Gesture(Click(RelativePoint(0.6, 0.2)), 4.0, 4.1, (ScreenPoint(120, 20),))
    found = hovers_before(click, Film(), since=0.0)  # type: ignore[arg-type]
    assert [gesture.points[0] for gesture in found] == [ScreenPoint(10, 50), ScreenPoint(60, 20)]
    assert all(isinstance(gesture.action, Move) for gesture in found)


def test_a_rest_that_brought_up_something_else_is_no_step() -> None:
    click = Gesture(Click(RelativePoint(0.1, 0.9)), 4.0, 4.1, (ScreenPoint(20, 90),))
    assert hovers_before(click, Film(), since=0.0) == []  # type: ignore[arg-type]
