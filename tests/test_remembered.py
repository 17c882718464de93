"""Readings of recorded pictures, kept from one run to the next."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from agent_app.geometry import FrameBox, FrameTransform, ScreenPoint, Size
from agent_app.model_runtime import ImagePart
from agent_app.replaying.remembered import Remembered, default_folder
from agent_app.runtimes.reader.sight import Element, Sight
from agent_app.screen.frame import content_sha1


def part(shade: int) -> ImagePart:
    pixels = np.full((20, 30, 3), shade, np.uint8)
    transform = FrameTransform(ScreenPoint(0, 0), 1.0, Size(30, 20))
    return ImagePart(Image.fromarray(pixels), content_sha1(pixels), transform)


class Reader:
    """Reads a picture as its first pixel's shade, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, which: ImagePart) -> Sight:
        self.asked += 1
        shade = np.asarray(which.image)[0, 0, 0]
        return Sight((Element(f"“{shade}” é", FrameBox(1.5, 2, 3, 4), "ocr", 0.75, window="w"),))


def test_a_picture_is_read_once_even_by_another_process(tmp_path: Path) -> None:
    first, second = Reader(), Reader()
    told = [Remembered(first, tmp_path)(part(shade)) for shade in (1, 2, 1)]
    assert told[0] == told[2] != told[1]
    assert first.asked == 2
    assert [Remembered(second, tmp_path)(part(shade)) for shade in (1, 2)] == told[:2]
    assert second.asked == 0


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "a folder", "a link"])
def test_what_is_damaged_is_read_again(damage: str, tmp_path: Path) -> None:
    folder, reader = tmp_path / "readings", Reader()
    told = Remembered(reader, folder)(part(1))
    (path,) = folder.iterdir()
    data = path.read_bytes()
    path.unlink()
    match damage:
        case "cut":
            path.write_bytes(data[:-9])
        case "changed":
            path.write_bytes(data.replace(b"ocr", b"ocx"))
        case "empty":
            path.touch()
        case "a folder":
            path.mkdir()
        case _:
            (tmp_path / "elsewhere").write_bytes(data)
            path.symlink_to(tmp_path / "elsewhere")
    assert Remembered(reader, folder)(part(1)) == told
    assert reader.asked == 2


def test_the_readings_used_last_are_kept_when_there_are_too_many(tmp_path: Path) -> None:
    reader = Reader()
    for shade in range(4):
        Remembered(reader, tmp_path, most=4)(part(shade))
        for path in tmp_path.iterdir():
            os.utime(path, (shade, path.stat().st_mtime - 100))
    Remembered(reader, tmp_path, most=4)(part(0))
    Remembered(reader, tmp_path, most=4)(part(4))
    assert len(list(tmp_path.iterdir())) == 3
    assert reader.asked == 5
    Remembered(reader, tmp_path)(part(0))
    assert reader.asked == 5
    Remembered(reader, tmp_path)(part(1))
    assert reader.asked == 6


def test_a_folder_that_cannot_be_written_costs_only_time(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a file").touch()
    reader = Reader()
    with caplog.at_level(logging.INFO):
        for _ in range(2):
            assert Remembered(reader, tmp_path / "a file")(part(1)).elements
    assert reader.asked == 2
    assert "a reading was not kept" in caplog.text


def test_readings_lie_in_the_users_cache_and_for_the_user_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    Remembered(Reader())(part(1))
    assert default_folder() == tmp_path / "agent-app" / "readings"
    (path,) = default_folder().iterdir()
    assert default_folder().stat().st_mode & 0o077 == 0
    assert path.stat().st_mode & 0o077 == 0
