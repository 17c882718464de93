"""The film of an episode, and the files it is written to."""

from __future__ import annotations

import sys
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from agent_app.actions import Drag, Write
from agent_app.episode.marks import ACCENT
from agent_app.episode.reader import Episode
from agent_app.errors import KnownError
from agent_app.exporting import gif
from agent_app.exporting.film import Film, Shot
from agent_app.exporting.formats import export_episode
from agent_app.model_runtime import no_progress
from tests.chromium import Chromium
from tests.fakes.runs import ACTIONS, ExampleRun, at

WIDTH = 640  # twice the frames of the example run


def shots_of(episode: Episode, step: int) -> list[Shot]:
    return [shot for told, shot in Film(episode, width=WIDTH, moves=4).shots() if told == step]


def is_accent(picture: Image.Image, x: float, y: float) -> bool:
    """Whether the mark's colour covers this pixel of the frame."""
    return picture.getpixel((round(2 * x), round(2 * y))) == ACCENT


@pytest.fixture(scope="module")
def episode(tmp_path_factory: pytest.TempPathFactory) -> Episode:
    return ExampleRun().episode(tmp_path_factory.mktemp("example") / "episode")


def test_the_target_is_marked_only_once_the_pointer_is_there(episode: Episode):
    *before, last = shots_of(episode, 3)  # ctrl+shift+click at pixel 30, 40
    up = (30.5, 40.5 - 7.5)  # on the cross hair, where the pointer's arrow does not reach
    assert is_accent(last.picture, *up)
    assert not any(is_accent(shot.picture, *up) for shot in before)
    assert last.seconds >= 0.5


def test_the_pointer_goes_from_target_to_target(tmp_path: Path):
    drag = Drag(at(300, 180), at(20, 20))
    episode = ExampleRun(actions=((drag,), (Write("x"),)), says="").episode(tmp_path / "e")
    film = Film(episode, width=WIDTH, moves=4)
    pictures = [np.asarray(shot.picture, int) for told, shot in film.shots() if told == 0]
    still = np.asarray(Film(episode, width=WIDTH, moves=4)._seen(episode.steps[0].frame_before))
    height = still.shape[0]
    corners = []
    for picture in pictures[1:5]:  # on the way to where the drag begins, nothing is marked yet
        rows, columns = np.nonzero((picture[:height] != still).any(axis=2))
        corners.append((int(columns.min()), int(rows.min())))
    begin, end = (WIDTH / 2, height / 2), (41, 41)
    for count, (x, y) in enumerate(corners, 1):
        eased = (count / 4) ** 2 * (3 - 2 * count / 4)
        assert x == pytest.approx(begin[0] + (end[0] - begin[0]) * eased, abs=3)
        assert y == pytest.approx(begin[1] + (end[1] - begin[1]) * eased, abs=3)


def test_a_thought_is_seen_as_long_as_it_takes_to_read(tmp_path: Path):
    short = ExampleRun(says="Ok.").episode(tmp_path / "short")
    long = ExampleRun(says="A long thought about what is to be done. " * 8).episode(
        tmp_path / "long"
    )
    assert sum(s.seconds for s in shots_of(long, 0)) > sum(s.seconds for s in shots_of(short, 0))


def test_a_thought_without_end_is_cut_to_some_pages(tmp_path: Path):
    endless = ExampleRun(says="word " * 20_000, actions=((Write("x"),),)).episode(tmp_path / "e")
    assert sum(shot.seconds for shot in shots_of(endless, 0)) < 20


def test_all_pictures_have_the_size_of_the_film_with_even_sides(episode: Episode):
    film = Film(episode, width=WIDTH, moves=2)
    assert {shot.picture.size for _, shot in film.shots()} == {film.size}
    assert [side % 2 for side in film.size] == [0, 0]


def test_the_steps_are_told_in_order_and_all_of_them(episode: Episode):
    told = [step for step, _ in Film(episode, width=320, moves=2).shots()]
    assert told == sorted(told)
    assert set(told) == set(range(len(ACTIONS) + 1))


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Episode:
    return ExampleRun(actions=ACTIONS[1:4]).episode(tmp_path_factory.mktemp("short") / "episode")


def test_the_mp4_is_h264_and_shows_the_film_for_as_long(short: Episode, tmp_path: Path):
    output = tmp_path / "run.mp4"
    export_episode(short, "mp4", output, progress=no_progress)
    shots = [shot for _, shot in Film(short, width=1280, moves=12).shots()]
    with av.open(str(output)) as container:
        stream = container.streams.video[0]
        frames = [
            (float(frame.pts * stream.time_base), np.asarray(frame.to_image(), int))
            for frame in container.decode(stream)
        ]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
    assert len(frames) == len(shots) + 1
    assert frames[-1][0] == pytest.approx(sum(shot.seconds for shot in shots), abs=0.05)
    for (_, decoded), shot in list(zip(frames, shots, strict=False))[::9]:
        assert np.abs(decoded - np.asarray(shot.picture, int)).mean() < 20  # noise, halved colours


def test_a_browser_plays_the_mp4(short: Episode, tmp_path: Path):
    export_episode(short, "mp4", tmp_path / "run.mp4", progress=no_progress)
    page = tmp_path / "page.html"
    page.write_text('<body data-ready="true"><video src="run.mp4" muted></video>')
    with Chromium() as browser:
        browser.open(page)
        browser.wait("document.querySelector('video').readyState >= 2")
        browser.evaluate("document.querySelector('video').currentTime = 5")
        browser.wait("!document.querySelector('video').seeking")
        assert browser.evaluate("document.querySelector('video').videoWidth") == 1280
        assert browser.evaluate("document.querySelector('video').error") is None


def test_a_video_without_pyav_says_what_to_install(
    short: Episode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(KnownError) as caught:
        export_episode(short, "mp4", tmp_path / "run.mp4", progress=no_progress)
    assert "agent-app[video]" in caught.value.remedy
    assert list(tmp_path.iterdir()) == []


def test_the_gif_is_animated_and_seen_as_long_as_the_film(short: Episode, tmp_path: Path):
    output = tmp_path / "run.gif"
    export_episode(short, "gif", output, progress=no_progress)
    assert output.stat().st_size <= gif.LARGEST
    with Image.open(output) as image:
        seconds = 0.0
        for number in range(image.n_frames):
            image.seek(number)
            seconds += image.info["duration"] / 1000
        assert image.n_frames > 6
        assert image.info["loop"] == 0
    shots = Film(short, width=960, moves=5).shots()
    assert seconds == pytest.approx(sum(shot.seconds for _, shot in shots), rel=0.05)


def test_a_gif_too_large_is_made_narrower(
    short: Episode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    export_episode(short, "gif", tmp_path / "wide.gif", progress=no_progress)
    monkeypatch.setattr(gif, "LARGEST", (tmp_path / "wide.gif").stat().st_size - 1)
    export_episode(short, "gif", tmp_path / "narrow.gif", progress=no_progress)
    with Image.open(tmp_path / "narrow.gif") as narrow, Image.open(tmp_path / "wide.gif") as wide:
        assert narrow.width < wide.width
    monkeypatch.setattr(gif, "LARGEST", 1000)
    with pytest.raises(KnownError, match="too long for a GIF"):
        export_episode(short, "gif", tmp_path / "none.gif", progress=no_progress)
    assert not (tmp_path / "none.gif").exists()
