"""The contact sheet: marks where they belong, any text, any episode."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from agent_app.actions import (
    Action,
    AskHuman,
    Click,
    Drag,
    Hold,
    Hotkey,
    Move,
    Press,
    Scroll,
    Terminate,
    Wait,
    Write,
    describe_action,
)
from agent_app.episode.contact_sheet import draw_contact_sheet
from agent_app.episode.lettering import Lettering
from agent_app.episode.marks import ACCENT, draw_action
from agent_app.episode.reader import open_episode
from agent_app.episode.recorder import EpisodeRecorder
from agent_app.episode.wording import seconds_text
from agent_app.errors import KnownError
from agent_app.events import (
    ActionDecided,
    ActionDone,
    Budgets,
    Event,
    FrameCaptured,
    FrameRef,
    RunFinished,
    RunStarted,
    StepStarted,
)
from agent_app.geometry import (
    FramePoint,
    FrameTransform,
    Monitor,
    Region,
    RelativePoint,
    ScreenPoint,
    Size,
)
from agent_app.screen.frame import Frame
from tests.fakes.episodes import MadeUpRun

HERE = RelativePoint(0.5, 0.5)
NASTY_TEXTS = [
    "",
    " \n\t ",
    "x" * 5000,
    "word " * 2000,
    "把结果写进编辑器并保存" * 50,
    "Ω Привет 😀👩‍👩‍👧‍👦🏳️‍🌈 ✓ \u202eright to left\u202c שלום مرحبا",
    "lone \ud800 surrogate \x00\x07 and <b>marks</b>",
]


def accented(picture: Image.Image) -> np.ndarray:
    """Where the pixels of a mark's own colour are: (count, 2) as x, y."""
    return colored(picture, ACCENT)


def colored(picture: Image.Image, color: tuple[int, int, int]) -> np.ndarray:
    away = np.abs(np.asarray(picture).astype(int) - color).sum(axis=2)
    return np.argwhere(away < 12)[:, ::-1]


def sheet_of(folder: Path, *, columns: int | None = None) -> Image.Image:
    """The contact sheet of the episode in this folder, drawn, written and read back."""
    path = folder.with_suffix(".png")
    draw_contact_sheet(open_episode(folder), path, columns=columns)
    with Image.open(path) as sheet:
        return sheet.convert("RGB")


def marked(action: Action, *places: tuple[float, float]) -> np.ndarray:
    picture = Image.new("RGB", (300, 200), (250, 250, 250))
    draw_action(picture, action, places)
    return accented(picture)


@pytest.mark.parametrize("place", [(40.5, 60.5), (150.5, 100.5), (270.5, 170.5)])
@pytest.mark.parametrize("action", [Click(HERE), Move(HERE), Click(HERE, "right", 2)])
def test_a_target_is_marked_around_its_place(action: Action, place: tuple[float, float]):
    points = marked(action, place)
    assert np.abs(points.mean(axis=0) + 0.5 - place).max() < 0.5
    assert np.abs(points + 0.5 - place).max() < 22


def test_a_target_at_the_edge_is_marked_as_far_as_it_is_seen():
    points = marked(Click(HERE), (0.0, 0.0))
    assert len(points) > 0
    assert points.max() < 22


def test_the_middle_of_a_target_stays_visible():
    points = marked(Click(HERE), (150.5, 100.5)) + 0.5 - (150.5, 100.5)
    distances = np.hypot(points[:, 0], points[:, 1])
    assert not ((distances > 3) & (distances < 5)).any()


def test_a_drag_is_an_arrow_from_its_start_to_its_end():
    points = marked(Drag(HERE), (50.0, 100.0), (250.0, 100.0))
    for x in range(60, 230, 10):
        assert (np.abs(points - (x, 100)).max(axis=1) <= 2).any(), f"the line has a hole at {x}"
    ends = [points[np.abs(points[:, 0] - x) < 20] for x in (50, 250)]
    assert np.ptp(ends[1][:, 1]) > 2 * np.ptp(ends[0][:, 1]), "the end is the larger mark"


@pytest.mark.parametrize(
    ("action", "axis", "sign"),
    [
        (Scroll(dy=3), 1, -1),
        (Scroll(dy=-3), 1, 1),
        (Scroll(dx=2), 0, 1),
        (Scroll(dx=-2), 0, -1),
    ],
)
def test_a_scroll_points_where_the_wheel_turns(action: Scroll, axis: int, sign: int):
    points = marked(action, (150.5, 100.5)) + 0.5 - (150.5, 100.5)
    farthest = points[np.abs(points).max(axis=1).argmax()]
    assert farthest[axis] * sign > 30


@pytest.mark.parametrize("action", [Write("a"), Wait(1.0), Drag(HERE), Scroll(dy=1)])
def test_an_action_without_a_place_marks_nothing(action: Action):
    assert len(marked(action)) == 0


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (Click(HERE), "click"),
        (Click(HERE, "right"), "right click"),
        (Click(None, "left", 2, ("ctrl",)), "ctrl double click"),
        (Click(HERE, count=4), "4× click"),
        (Move(HERE), "move the pointer"),
        (Drag(HERE, modifiers=("shift",)), "shift drag"),
        (Scroll(dx=-1, dy=3), "scroll up 3 left 1"),
        (Scroll(), "scroll"),
        (Press(("tab", "enter"), 2), "tab enter ×2"),
        (Hotkey(("ctrl", "s")), "ctrl+s"),
        (Hold(("shift",), 1.5), "hold shift for 1.5 s"),
        (Write("6×7"), "“6×7”"),
        (Wait(2), "wait 2 s"),
        (Terminate("success"), "success"),
        (Terminate("failure", "no such file"), "failure: no such file"),
        (AskHuman("Which one?"), "asks: Which one?"),
    ],
)
def test_an_action_is_said_in_a_few_words(action: Action, words: str):
    assert describe_action(action) == words


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("text", NASTY_TEXTS)
def test_any_text_is_wrapped_into_its_room_and_drawn(text: str, bold: bool):
    letters = Lettering(16, bold=bold)
    canvas = ImageDraw.Draw(Image.new("RGB", (250, 80), (255, 255, 255)))
    lines = letters.wrap(text, 200, lines=3)
    assert len(lines) <= 3
    for line in lines:
        assert letters.width(line) <= 201
        letters.draw(canvas, (5, 5), line, (0, 0, 0))


def test_text_that_fits_is_left_as_it_is_and_longer_text_says_so():
    letters = Lettering(16)
    assert letters.wrap("Save the file", 300, lines=2) == ["Save the file"]
    assert letters.elide("Save the file " * 20, 200).endswith("…")
    assert letters.wrap("aaa bbb", letters.width("aaa bb"), lines=2) == ["aaa", "bbb"]
    assert letters.wrap("aaa", 0, lines=2) == ["a", "…"]


def record(folder: Path, events: Sequence[Event], frames: Sequence[Frame]) -> Path:
    by_name = {frame.sha1: frame for frame in frames}
    list(EpisodeRecorder(folder, by_name.get).tee(iter(events)))
    return folder


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_a_step_is_marked_where_its_input_went(scale: float, tmp_path: Path):
    """On a monitor left of the first, at any scale: the mark is where the target was seen."""
    transform = FrameTransform(ScreenPoint(-640, -200), scale, Size(640, 400))
    pixels = np.full((400, 640, 3), 255, np.uint8)
    seen = FramePoint(480.0, 100.0)
    pixels[94:106, 474:486] = (0, 0, 255)
    frame = Frame(pixels, transform, 2, 0.0)
    click = Click(transform.frame_to_relative(seen))
    point = transform.frame_to_screen(seen)
    events = [
        StepStarted(1, 0.0),
        FrameCaptured(1, FrameRef(frame.sha1, transform, 2), 1.0),
        ActionDecided(1, 0, click, "", (point,), 2.0),
        ActionDone(1, 0, 3.0),
    ]
    sheet = sheet_of(record(tmp_path / "e", events, [frame]), columns=2)
    target = colored(sheet, (0, 0, 255)).mean(axis=0)
    ring = accented(sheet)
    middle = (ring.max(axis=0) + ring.min(axis=0)) / 2
    assert np.abs(middle - target).max() <= 3


@pytest.mark.parametrize("text", NASTY_TEXTS)
def test_any_text_can_be_in_an_episode(text: str, tmp_path: Path):
    text = text.encode("utf-8", "replace").decode()
    run = MadeUpRun(1)
    events: list[Event] = [
        RunStarted("r", text, text, "", (), Budgets(), 0.0),
        StepStarted(1, 0.0),
        FrameCaptured(1, run.frame(1), 0.0),
        ActionDecided(1, 0, Write(text), text, (), 0.0),
        StepStarted(2, 1.0),
        ActionDecided(2, 0, AskHuman(text, (text,)), text, (), 1.0),
        RunFinished("failure", text, text, 2, 1.0, 10, 2.0),
    ]
    sheet = sheet_of(record(tmp_path / "e", events, list(run.kept.values())))
    assert sheet.width == 1960


def test_an_episode_without_steps_is_a_sheet_that_says_so(tmp_path: Path):
    monitor = Monitor(1, Region(0, 0, 9, 9))
    started = RunStarted("r", "Do it", "reader", "", (monitor,), Budgets(), 0.0)
    empty = sheet_of(record(tmp_path / "empty", [started], []))
    bare = sheet_of(record(tmp_path / "bare", [StepStarted(1, 0.0)], []))
    assert 100 < empty.height < bare.height
    assert len(np.unique(np.asarray(empty).reshape(-1, 3), axis=0)) > 10, "it holds text"


def test_a_lost_frame_leaves_an_empty_place(tmp_path: Path):
    folder = MadeUpRun(2).record(tmp_path / "e")
    before = sheet_of(folder, columns=4)
    lost = open_episode(folder).frames[0]
    for file in (folder / "frames").glob(f"{lost.sha1}.*"):
        file.unlink()
    after = sheet_of(folder, columns=4)
    assert before.size == after.size
    assert len(accented(after)) > 0, "the target is still marked"


def test_a_row_holds_as_many_steps_as_asked(tmp_path: Path):
    folder = MadeUpRun(5).record(tmp_path / "e")
    heights = [sheet_of(folder, columns=columns).height for columns in (3, 5, 8)]
    assert heights[0] > heights[1] > heights[2]


def test_a_sheet_that_cannot_be_written_is_refused_with_what_to_do(tmp_path: Path):
    episode = open_episode(MadeUpRun(1).record(tmp_path / "e"))
    with pytest.raises(KnownError, match="cannot write"):
        draw_contact_sheet(episode, tmp_path / "nowhere" / "sheet.png")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.00 s"),
        (0.994, "0.99 s"),
        (0.999, "1.0 s"),
        (59.96, "1 min 00 s"),
        (125, "2 min 05 s"),
    ],
)
def test_a_duration_is_written_for_people(seconds: float, text: str):
    assert seconds_text(seconds) == text
