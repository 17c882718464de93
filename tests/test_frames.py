"""Frames on the disk: as changes to one another, rebuilt bit by bit, and never trusted."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from agent_app.episode import frame_writer
from agent_app.episode.differences import changed_rects
from agent_app.episode.format import FRAMES_FOLDER
from agent_app.episode.frame_reader import FrameReader
from agent_app.episode.frame_writer import FrameWriter
from agent_app.episode.pictures import (
    CHANGES_SUFFIX,
    MAX_DEPTH,
    MAX_RECTS,
    Changes,
    encode_changes,
    encode_png,
    lay_out,
)
from agent_app.geometry import FrameTransform, ScreenPoint, Size
from agent_app.screen.frame import Frame, Pixels

SIZE = Size(200, 150)


def frame_of(pixels: Pixels) -> Frame:
    size = Size(pixels.shape[1], pixels.shape[0])
    return Frame(pixels, FrameTransform(ScreenPoint(0, 0), 1.0, size), 1, 0.0)


def screen(*boxes: tuple[int, int, int, int], seed: int = 0) -> Pixels:
    """A wallpaper of noise with windows of one colour: left, top, width, height of each."""
    pixels = np.random.default_rng(seed).integers(0, 256, (SIZE.height, SIZE.width, 3), np.uint8)
    for number, (left, top, width, height) in enumerate(boxes, start=1):
        pixels[top : top + height, left : left + width] = (40 * number, 255 - 40 * number, 90)
    return pixels


def write(folder: Path, pictures: Sequence[Pixels]) -> list[Frame]:
    (folder / FRAMES_FOLDER).mkdir(exist_ok=True)
    frames = [frame_of(pixels) for pixels in pictures]
    with FrameWriter(folder) as writer:
        for frame in frames:
            if not writer.has(frame.sha1):
                writer.start(frame)
        writer.finish()
    return frames


def problems_of(folder: Path, frame: Frame) -> list[str]:
    """What reading a frame reports; nothing when it comes back as it was."""
    problems: list[str] = []
    pixels = FrameReader(folder, problems.append).read(frame.sha1, frame.size)
    assert (pixels is None) == bool(problems)
    assert pixels is None or np.array_equal(pixels, frame.pixels)
    return problems


def files_of(folder: Path, suffix: str) -> list[Path]:
    return sorted((folder / FRAMES_FOLDER).glob(f"*{suffix}"))


def test_what_changed_is_all_that_is_written(tmp_path: Path):
    pictures = [screen((10 * step, 20, 30, 30)) for step in range(8)]
    frames = write(tmp_path, pictures)
    assert len(files_of(tmp_path, CHANGES_SUFFIX)) == 7
    whole = sum(len(encode_png(pixels)) for pixels in pictures)
    stored = sum(path.stat().st_size for path in files_of(tmp_path, ""))
    assert stored < whole / 4
    for frame in frames:
        assert problems_of(tmp_path, frame) == []


boxes = st.tuples(st.integers(0, 150), st.integers(0, 100), st.integers(1, 50), st.integers(1, 50))


@given(runs=st.lists(st.tuples(st.lists(boxes, max_size=3), st.integers(0, 1)), max_size=12))
@settings(max_examples=25, deadline=None)
def test_any_run_of_screens_comes_back_as_it_was(
    runs: list[tuple[list[tuple[int, int, int, int]], int]],
    tmp_path_factory: pytest.TempPathFactory,
):
    folder = tmp_path_factory.mktemp("run")
    frames = write(folder, [screen(*windows, seed=seed) for windows, seed in runs])
    problems: list[str] = []
    reader = FrameReader(folder, problems.append)
    for frame in reversed(frames):
        assert np.array_equal(reader.read(frame.sha1, frame.size), frame.pixels)
    assert problems == []


@given(
    st.integers(1, 100), st.integers(1, 100), st.lists(st.tuples(share := st.floats(0, 1), share))
)
@settings(max_examples=100, deadline=None)
def test_rectangles_hold_every_pixel_that_changed_and_begin_at_one(
    width: int, height: int, places: list[tuple[float, float]]
):
    before = np.zeros((height, width, 3), np.uint8)
    after = before.copy()
    for x, y in places:
        after[round(y * (height - 1)), round(x * (width - 1)), 1] = 255
    rects = changed_rects(after, before)
    for left, top, rect_width, rect_height in rects:
        part = after[top : top + rect_height, left : left + rect_width]
        assert part[0].any()
        assert part[-1].any()
        assert part[:, 0].any()
        assert part[:, -1].any()
        part[:] = 0
    assert not after.any()


def test_a_frame_is_never_built_from_more_than_four_others_and_a_group_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(frame_writer, "_GROUP", 8)
    pixels = screen()
    pictures: list[Pixels] = []
    for step in range(40):  # each differs from the first more and more, from the last a little
        pixels = pixels.copy()
        pixels[3 * step : 3 * step + 3] = step
        pictures.append(pixels)
    frames = write(tmp_path, pictures)
    bases: dict[str, str] = {}
    for path in files_of(tmp_path, CHANGES_SUFFIX):
        head = path.read_bytes().split(b"\n")[0]
        bases[path.stem] = msgspec.json.decode(head, type=Changes).base
    groups: dict[str, int] = {}
    for frame in frames:
        root, depth = frame.sha1, 0
        while root in bases:
            root, depth = bases[root], depth + 1
        assert depth <= MAX_DEPTH
        groups[root] = groups.get(root, 0) + 1
    assert max(groups.values()) <= 8
    assert max(groups.values()) > 1
    for frame in frames:
        assert problems_of(tmp_path, frame) == []


def test_screens_of_other_sizes_follow_one_another(tmp_path: Path):
    wide = np.zeros((40, 333, 3), np.uint8)
    tall = np.zeros((333, 40, 3), np.uint8)
    dot = np.full((1, 1, 3), 9, np.uint8)
    for frame in write(tmp_path, [wide, tall, dot, wide + 1, tall + 1]):
        assert problems_of(tmp_path, frame) == []


def test_a_damaged_frame_costs_those_that_are_built_from_it_and_no_other(tmp_path: Path):
    first, second = screen(seed=1), screen(seed=2)
    frames = write(tmp_path, [first, second, screen((5, 5, 9, 9), seed=1)])
    for path in (tmp_path / FRAMES_FOLDER).glob(f"{frames[0].sha1}.*"):
        path.unlink()
    assert problems_of(tmp_path, frames[1]) == []
    missing, built = problems_of(tmp_path, frames[2])
    assert missing == f"frame {frames[0].sha1[:12]} is missing"
    assert frames[2].sha1[:12] in built
    assert frames[0].sha1[:12] in built


def test_a_whole_frame_is_read_while_its_run_makes_it_smaller(tmp_path: Path):
    (frame,) = write(tmp_path, [screen()])
    (webp,) = files_of(tmp_path, ".webp")
    webp.with_suffix(".png").write_bytes(encode_png(frame.pixels))
    assert problems_of(tmp_path, frame) == []
    webp.unlink()
    assert problems_of(tmp_path, frame) == []


def test_what_has_not_become_smaller_when_the_run_ends_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(frame_writer, "_SHRINKING_AT_THE_END", 0.0)
    frames = write(tmp_path, [screen(seed=seed) for seed in range(12)])
    assert files_of(tmp_path, ".png")
    for frame in frames:
        assert problems_of(tmp_path, frame) == []


BASE = "b" * 40
"""Stands for a frame that is there."""
CELL = encode_png(np.zeros((4, 4, 3), np.uint8))


def changes(base: str, *rects: tuple[int, int, int, int], picture: bytes = CELL) -> bytes:
    return encode_changes(base, rects, picture)


def bomb(width: int, height: int) -> bytes:
    """A small PNG of a huge black picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    packed = zlib.compress(bytes(20_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def webp_of(pixels: Pixels) -> bytes:
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "WEBP", lossless=True)
    return data.getvalue()


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "no changes"),
        (b"{}" * 10, "no changes"),
        (b"[" * 100_000, "no changes"),
        (changes(BASE), "no changes, or too many"),
        (changes(BASE, *[(0, 0, 1, 1)] * (MAX_RECTS + 1)), "no changes"),
        (changes(BASE, (-1, 0, 4, 4)), "outside the frame"),
        (changes(BASE, (197, 0, 4, 4)), "outside the frame"),
        (changes(BASE, (0, 147, 4, 4)), "outside the frame"),
        (changes(BASE, (0, 0, 0, 4)), "outside the frame"),
        (changes(BASE, (0, 0, 10**30, 4)), "outside the frame"),
        (changes(BASE, (0, 0, 4, 5)), "the picture is RGB 4x4"),
        (changes(BASE, *[(0, 0, 200, 150)] * 2), "more changes than the frame holds"),
        (changes(BASE, (0, 0, 4, 4), picture=bomb(60_000, 60_000)), "cannot be read"),
        (changes(BASE, (0, 0, 4, 4), picture=bomb(9_000, 9_000)), "9000x9000"),
        (changes(BASE, (0, 0, 4, 4), picture=b"GIF89a"), "no PNG or WebP"),
        (changes(BASE, (0, 0, 4, 4)), "was altered"),
        (changes(BASE, (0, 0, 4, 4), picture=webp_of(screen())), "RGB 200x150"),
        (changes("../../../etc/passwd", (0, 0, 4, 4)), "no proper name"),
        (changes("0" * 40, (0, 0, 4, 4)), "is missing"),
        (changes("f" * 40, (0, 0, 4, 4)), "too many others"),  # itself
    ],
)
def test_hostile_changes_are_named_and_take_no_memory(data: bytes, problem: str, tmp_path: Path):
    (base,) = write(tmp_path, [screen()])
    (tmp_path / FRAMES_FOLDER / ("f" * 40 + CHANGES_SUFFIX)).write_bytes(
        data.replace(BASE.encode(), base.sha1.encode())
    )
    problems: list[str] = []
    assert FrameReader(tmp_path, problems.append).read("f" * 40, SIZE) is None
    assert problem in " / ".join(problems)
    assert problems_of(tmp_path, base) == []


def test_a_folder_of_frames_that_is_a_link_or_holds_pipes_is_not_followed(tmp_path: Path):
    (frame,) = write(tmp_path, [screen()])
    (tmp_path / FRAMES_FOLDER).rename(tmp_path / "elsewhere")
    (tmp_path / FRAMES_FOLDER).symlink_to(tmp_path / "elsewhere")
    assert problems_of(tmp_path, frame) == ["frames is a link, which is not followed"]
    (tmp_path / FRAMES_FOLDER).unlink()
    (tmp_path / FRAMES_FOLDER).mkdir()
    os.mkfifo(tmp_path / FRAMES_FOLDER / f"{frame.sha1}.png")
    assert problems_of(tmp_path, frame) == [f"frame {frame.sha1[:12]} is missing"]


def test_rectangles_are_laid_out_on_shelves():
    layout = lay_out([(0, 0, 50, 20), (9, 9, 20, 10), (1, 1, 20, 5), (2, 2, 20, 5)])
    assert layout.places == ((0, 0), (0, 20), (20, 20), (0, 30))
    assert layout.size == Size(50, 35)
