"""What the viewer is made of: the reel, the search, the player, the frames, the zoom."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from agent_app.episode.reader import Episode, open_episode
from agent_app.screen.frame import Pixels
from agent_app.ui.labels import LineLabel, plain_tip
from agent_app.ui.screenshot import ScreenshotView
from agent_app.ui.story import GrowingText, shown_line, shown_text
from agent_app.ui.theme import LIGHT
from agent_app.ui.thought import ThoughtView
from agent_app.ui.thought_text import sentence_at
from agent_app.ui.viewer.finding import find_all, first_at
from agent_app.ui.viewer.frames import FrameLoader
from agent_app.ui.viewer.player import SPEEDS, Player
from agent_app.ui.viewer.reel import Reel
from agent_app.ui.viewport import Viewport
from tests.fakes.runs import SIZE, ExampleRun

FRAME_BYTES = SIZE.width * SIZE.height * 3


@pytest.fixture(scope="module")
def episode(tmp_path_factory: pytest.TempPathFactory) -> Episode:
    return ExampleRun().episode(tmp_path_factory.mktemp("run") / "episode")


def rewritten(folder: Path, change: Callable[[dict[str, Any]], None]) -> Episode:
    """The example run with each of its events changed."""
    ExampleRun().episode(folder)
    path = folder / "episode.jsonl"
    events = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for event in events[1:]:
        change(event)
    path.write_text("".join(json.dumps(event) + "\n" for event in events), "utf-8")
    return open_episode(folder)


# The reel


def test_a_moment_shows_the_step_it_falls_in(episode: Episode) -> None:
    reel = Reel(episode)
    assert [reel.shots[2].began, reel.shots[2].acted, reel.shots[2].ended] == [6.0, 7.1, 7.8]
    seen = [(reel.index_at(at), reel.look_at(at)) for at in (0.0, 6.0, 7.2, 7.9, 8.0, 99.0)]
    before = [(0, "before"), (2, "before"), (2, "target"), (2, "target"), (3, "before")]
    assert seen == [*before, (9, "after")]
    for index in range(len(reel.shots)):
        for look in ("before", "target"):
            at = reel.time_of(index, look)
            assert (reel.index_at(at), reel.look_at(at)) == (index, look)


def test_the_thought_comes_evenly_while_it_is_decoded(episode: Episode) -> None:
    reel = Reel(episode)
    shot = reel.shots[0]
    assert shot.thinks == pytest.approx(shot.answered - 0.6)  # its decode time
    shares = [reel.reached(0, shot.thinks + 0.6 * share) for share in (-1, 0, 0.25, 0.5, 1, 2)]
    assert shares == pytest.approx([0, 0, 0.25, 0.5, 1, 1])


def test_skipping_shortens_waits_and_nothing_else(episode: Episode) -> None:
    reel = Reel(episode)
    slow, quick = [reel.advance(0.0, 1.0, skip_waiting=skip) for skip in (False, True)]
    assert slow == 1.0
    assert quick == pytest.approx(2.5)  # 2 s until the first step took half a second
    thinks = reel.shots[1].thinks
    assert reel.advance(thinks, 0.3, skip_waiting=True) == pytest.approx(thinks + 0.3)
    assert reel.advance(0.0, 1e6, skip_waiting=True) == reel.seconds


@given(st.lists(st.floats(0.001, 3), max_size=12), st.booleans())
def test_many_small_advances_are_one_large_one(
    episode: Episode, parts: list[float], skip: bool
) -> None:
    reel, time = Reel(episode), 0.0
    for part in parts:
        time = reel.advance(time, part, skip_waiting=skip)
    assert time == pytest.approx(reel.advance(0.0, sum(parts), skip_waiting=skip), abs=1e-6)


@pytest.mark.parametrize("at", [0.0, {"float": "nan"}, {"float": "inf"}, 1e300])
def test_steps_without_sensible_times_are_shown_one_by_one(tmp_path: Path, at: object) -> None:
    def change(event: dict[str, Any]) -> None:
        event["at"] = 0.0 if event["type"] == "run_started" else at

    reel = Reel(rewritten(tmp_path / "e", change))
    assert reel.untimed
    assert [shot.began for shot in reel.shots] == [2.0 * n for n in range(10)]
    assert reel.seconds == 20.0


def test_numbers_that_are_no_durations_are_left_out(tmp_path: Path) -> None:
    def change(event: dict[str, Any]) -> None:
        if event["type"] == "step_finished":
            event["timing"] |= {"decode": {"float": "nan"}, "act": -3.0, "settle": 1e300}

    reel = Reel(rewritten(tmp_path / "e", change))
    timing = reel.shots[0].timing
    assert timing is not None
    assert (timing.decode, timing.act, timing.settle, timing.prefill) == (0, 0, 0, 0.3)
    assert reel.totals is not None
    assert reel.totals.prefill == pytest.approx(3.0)


# The search


def test_words_are_found_where_they_stand_in_order(episode: Episode) -> None:
    shots = Reel(episode).shots
    finds = find_all(shots, "LOOK there")
    assert len(finds) == 34  # three in each of ten; a mistake, a warning, a question, its answer
    assert [find.index for find in finds] == sorted(find.index for find in finds)
    for find in finds:
        text = shots[find.index].pieces[find.piece][1] if find.piece >= 0 else "Look there."
        assert text[find.start : find.start + find.length] == find.words == "Look there"
    assert {find.index for find in find_all(shots, "héllo")} == {1}  # what was typed
    assert find_all(shots, "  ") == find_all(shots, "nowhere") == ()
    assert finds[first_at(finds, 4)].index == 4
    assert first_at(find_all(shots, "héllo"), 5) == 0  # from the beginning again


# The player


def test_playing_follows_its_clock_at_its_speed(qtbot: QtBot, episode: Episode) -> None:
    now = [0.0]
    player = Player(clock=lambda: now[0])
    player.load(Reel(episode))
    player.tick()
    assert player.time == 0.0  # it stands still
    player.toggle()
    for speed, expected in ((1.0, 1.0), (0.25, 1.25), (4.0, 5.25), (16.0, 21.25)):
        player.set_speed(speed)
        now[0] += 1.0
        player.tick()
        assert player.time == pytest.approx(expected)
    now[0] += 1.0
    with qtbot.waitSignal(player.playing_changed, check_params_cb=lambda on: not on):
        player.tick()
    assert player.time == player._reel.seconds
    player.toggle()  # from the beginning again
    assert player.playing
    assert player.time == 0.0
    player.pause()
    now[0] += 5.0
    assert not player.playing


def test_speeds_end_at_the_slowest_and_the_fastest() -> None:
    player = Player()
    for by, last in ((1, 16.0), (-1, 0.25)):
        for _ in SPEEDS:
            player.change_speed(by)
        assert player.speed == last


# The frames


@pytest.fixture
def loader(qtbot: QtBot, episode: Episode) -> Iterator[Callable[..., FrameLoader]]:
    made: list[FrameLoader] = []

    def make(folder: Path = episode.folder, **options: int) -> FrameLoader:
        made.append(FrameLoader(folder, **options))
        with qtbot.waitSignal(made[-1].opened):
            made[-1].start()
        return made[-1]

    yield make
    for each in made:
        each.close()
    assert "agent-app frames" not in [thread.name for thread in threading.enumerate()]


def test_frames_are_decoded_in_their_own_thread_and_bounded_in_bytes(
    qtbot: QtBot,
    loader: Callable[..., FrameLoader],
    episode: Episode,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: set[str] = set()
    decode = Episode.pixels

    def pixels(self: Episode, sha1: str) -> Pixels | None:
        threads.add(threading.current_thread().name)
        return decode(self, sha1)

    monkeypatch.setattr(Episode, "pixels", pixels)
    it = loader(kept_bytes=3 * FRAME_BYTES)
    names = [ref.sha1 for ref in episode.frames]
    for name in names:
        if it.frame(name) is None:
            with qtbot.waitSignal(it.loaded, check_params_cb=lambda sha1, name=name: sha1 == name):
                it.want(name)
        assert it.frame(name) is not None
        assert it.kept_bytes <= 3 * FRAME_BYTES
    assert [it.frame(name) is not None for name in names] == [False] * 8 + [True] * 3
    assert threads == {"agent-app frames"}


def test_what_was_wanted_last_comes_first(
    qtbot: QtBot,
    loader: Callable[..., FrameLoader],
    episode: Episode,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order: list[str] = []
    begun, free = threading.Event(), threading.Event()
    decode = Episode.pixels

    def pixels(self: Episode, sha1: str) -> Pixels | None:
        order.append(sha1)
        begun.set()
        assert free.wait(10)
        return decode(self, sha1)

    monkeypatch.setattr(Episode, "pixels", pixels)
    it = loader()
    names = [ref.sha1 for ref in episode.frames]
    it.thumbnail(names[9])
    assert begun.wait(10)
    it.want(names[1], names[2:5])  # never made: another one is wanted before its turn
    it.thumbnail(names[8])
    it.want(names[6], names[7:8])
    with qtbot.waitSignal(it.thumbnail_made, check_params_cb=lambda sha1: sha1 == names[8]):
        free.set()
    assert order == [names[9], names[6], names[7], names[8]]
    thumbnail = it.thumbnail(names[8])
    assert thumbnail is not None
    assert (thumbnail.width(), thumbnail.height()) == (SIZE.width, SIZE.height)


# Texts


def test_a_sentence_is_found_by_any_of_its_characters() -> None:
    text = "I see it. “Save” is there! 你好。世界\nDone"
    for sentence in ("I see it. ", "“Save” is there! ", "你好。", "世界\n", "Done"):
        start = text.index(sentence)
        for at in range(start, start + len(sentence)):
            assert sentence_at(text, at) == (start, start + len(sentence))


PARTS = st.sampled_from(["`", "```py", "\n", "\r", "\r\n", "\u2029", "\u202e", "a", " x", "😀"])


@given(st.lists(PARTS, max_size=30))
def test_a_text_that_grows_is_shown_as_if_it_had_come_whole(parts: list[str]) -> None:
    growing = GrowingText()
    for count in range(len(parts) + 1):
        text = "".join(parts[:count])
        assert growing.show(text) == shown_text(text)
    assert growing.show("other") == "other"


@pytest.mark.usefixtures("qapp")
@given(st.text(max_size=60), st.data())
def test_found_words_are_marked_where_they_stand(text: str, data: Any) -> None:
    shown = shown_text("😀 " + text)
    start = data.draw(st.integers(0, len(shown)))
    end = data.draw(st.integers(start, len(shown)))
    view = ThoughtView(LIGHT)
    view.show_pieces([("thought", "😀\r\nfirst"), ("summary", "😀 " + text)])
    view.show_found(1, start, end - start)
    marks = view.extraSelections()
    marked = marks[0].cursor.selectedText()
    assert marked.replace("\u2029", "\n") == shown[start:end]


def test_no_text_is_taken_for_markup_or_turns_its_direction(qtbot: QtBot) -> None:
    label = LineLabel()
    qtbot.addWidget(label)
    label.set_line("<b>bold</b>\n\u202egnp.exe")
    assert label.text() == "<b>bold</b> · \ufffdgnp.exe"
    assert label.textFormat() == Qt.TextFormat.PlainText
    assert "&lt;b&gt;" in label.toolTip()
    assert plain_tip("1 & 2") == "1 & 2"
    assert shown_line("x" * 10_000, 20) == "x" * 19 + "…"
    assert len(shown_text("x" * 3_000_000)) < 201_000


# The zoom


@given(
    st.integers(1, 4000),
    st.integers(1, 4000),
    st.sampled_from([0.25, 1.0, 2.0, 8.0]),
    st.sampled_from([1.0, 2.0]),
    st.floats(0, 600),
    st.floats(0, 400),
)
def test_a_zoomed_place_stays_under_the_pointer_or_the_edge_holds(
    width: int, height: int, zoom: float, ratio: float, x: float, y: float
) -> None:
    view, size, room = Viewport(), QSizeF(width, height), QRectF(0, 0, 600, 400)
    at = QPointF(x, y)
    before = view.place(size, room, ratio)
    view.zoom_to(zoom, size, room, ratio, at)
    after = view.place(size, room, ratio)
    assert after.width() == pytest.approx(width * zoom / ratio)
    if after.width() > 600:
        assert after.left() <= 0.51
        assert after.right() >= 599.49
        share = (x - before.left()) / before.width()
        moved = after.left() + share * after.width() - x
        held = after.left() > -0.51 or after.right() < 600.51
        assert abs(moved) <= 1 or held or not 0 <= share <= 1
    else:
        assert after.left() >= 0
        assert after.right() <= 600.01


def test_at_100_percent_each_pixel_is_one_of_the_display(qtbot: QtBot) -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (700, 900, 3), np.uint8)
    view = ScreenshotView(LIGHT)
    qtbot.addWidget(view)
    view.resize(402, 302)
    view.show_picture(pixels, ())
    view.show()
    view.show_pixels()
    shown = view.picture_rect()
    left, top = round(shown.left()), round(shown.top())
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    drawn = np.frombuffer(image.constBits(), np.uint8).reshape(302, image.bytesPerLine())
    drawn = drawn[:, : 402 * 3].reshape(302, 402, 3)
    inner = drawn[10:290, 10:390]
    assert np.array_equal(inner, pixels[10 - top : 290 - top, 10 - left : 390 - left])
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=view.rect().center())
    qtbot.mouseMove(view, view.rect().center() + view.rect().center() / 2)
    assert view.picture_rect().left() > shown.left()  # dragged to the right
