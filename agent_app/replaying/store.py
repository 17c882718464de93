"""Anchors in a folder: `anchors.json`, to be read and reviewed, and a PNG for each picture.

The folder may come from anyone: everything in it is bounded and checked before it is used.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from agent_app.episode.files import cannot_write, read_regular, write_whole
from agent_app.episode.pictures import decode_picture, encode_png
from agent_app.errors import KnownError
from agent_app.geometry import FrameBox, Size
from agent_app.replaying.anchor import (
    LONGEST_TEXT,
    MOST_LANDMARKS,
    MOST_SIDE,
    Anchor,
    Drawing,
    Picture,
)

ANCHORS_FILE = "anchors.json"
VERSION = 1
_MOST_ANCHORS = 20_000
_MOST_BYTES = 128 * 2**20
_MOST_PICTURE_BYTES = 2 * 2**20
_LARGEST_FRAME = 65_536
_FARTHEST = 1e6
_SHA1 = re.compile(r"[0-9a-f]{40}")
_KEY = re.compile(r"[0-9]{1,9}\.[0-9]{1,9}\.[01]")

Drawings = dict[tuple[str, Size], Drawing]


class _File(msgspec.Struct):
    version: int
    anchors: dict[str, Anchor]


def save_anchors(folder: Path, anchors: Mapping[str, Anchor]) -> None:
    """Write anchors into a folder, which is made if need be; pictures there already stay.

    A key is `<step>.<index>.<place>`: place 0 is the target, 1 the end of a drag. Raises KnownError
    when it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_drawings(folder, anchors.values())
        content = msgspec.json.encode(_File(VERSION, dict(anchors)), enc_hook=drawing_name)
        write_whole(folder / ANCHORS_FILE, msgspec.json.format(content, indent=1) + b"\n")
    except OSError as error:
        raise cannot_write(error, folder) from error


def write_drawings(folder: Path, anchors: Iterable[Anchor]) -> set[str]:
    """Write each picture of some anchors that is not there yet; the names of all of them.

    Raises OSError.
    """
    drawings = {
        picture.drawing.sha1: picture.drawing for anchor in anchors for picture in _pictures(anchor)
    }
    for sha1, drawing in drawings.items():
        path = folder / f"{sha1}.png"
        if not path.exists():
            _write_unsynced(path, encode_png(drawing.pixels))
    return set(drawings)


def _write_unsynced(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, but not through a loss of power.

    Syncing hundreds of small files takes seconds, and anchors can be made again.
    """
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")  # others may write it, too
    unfinished.write_bytes(data)
    unfinished.replace(path)


def load_anchors(folder: Path) -> dict[str, Anchor]:
    """The anchors of a folder by their keys.

    Raises KnownError for one that is not there, is damaged, or is not what `save_anchors` writes.
    """
    path = folder / ANCHORS_FILE
    try:
        data = read_regular(path, most=_MOST_BYTES)
        version = msgspec.json.decode(data, type=_Version).version
        if version != VERSION:
            raise ValueError(f"its version is {version}, not {VERSION}")
        file = msgspec.json.decode(data, type=_File, dec_hook=drawing_named)
        if len(file.anchors) > _MOST_ANCHORS:
            raise ValueError(f"it holds more than {_MOST_ANCHORS} anchors")
        read: Drawings = {}
        return {key: checked(key, anchor, folder, read) for key, anchor in file.anchors.items()}
    except (OSError, ValueError, RecursionError) as error:
        # msgspec's errors are ValueErrors
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise KnownError(
            f"cannot read the anchors in {path}: {reason}",
            remedy="make them again from the episode, or use another folder",
        ) from error


class _Version(msgspec.Struct):
    version: int


class _Unread(Drawing):
    """A drawing of which only the name is known yet."""

    def __init__(self, name: str) -> None:
        self.name = name


def drawing_name(value: Any) -> str:
    """What msgspec writes for a drawing: an encoder's `enc_hook`."""
    assert isinstance(value, Drawing)
    return value.sha1


def drawing_named(kind: type, value: Any) -> Any:
    """What msgspec reads for a drawing, which `checked` then opens: a decoder's `dec_hook`."""
    if kind is not Drawing or not isinstance(value, str) or not _SHA1.fullmatch(value):
        raise ValueError("a picture has no proper name")
    return _Unread(value)


def _pictures(anchor: Anchor) -> Iterator[Picture]:
    yield anchor.element
    yield anchor.around
    for landmark in anchor.landmarks:
        yield landmark.picture


def checked(key: str, anchor: Anchor, folder: Path, read: Drawings) -> Anchor:
    """An anchor just decoded, with its pictures from a folder; `read` are those opened before.

    Raises OSError, and ValueError for what `save_anchors` would not write.
    """
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key[:40]!r} names no target")
    try:
        frame = anchor.frame
        _demand(0 < frame.width <= _LARGEST_FRAME and 0 < frame.height <= _LARGEST_FRAME, "frame")
        inside = 0 <= anchor.point.x < frame.width and 0 <= anchor.point.y < frame.height
        _demand(inside, "point")
        _demand(len(anchor.landmarks) <= MOST_LANDMARKS, "landmarks")
        texts = [anchor.text, *(landmark.text for landmark in anchor.landmarks)]
        if anchor.text_box is not None:
            _demand(_is_sane(anchor.text_box), "text_box")
        if anchor.window is not None:
            _demand(_is_sane(anchor.window.box), "window")
            texts += [anchor.window.title, anchor.window.application]
        _demand(all(len(text) <= LONGEST_TEXT for text in texts), "texts")
        return msgspec.structs.replace(
            anchor,
            element=_with_pixels(anchor.element, frame, folder, read),
            around=_with_pixels(anchor.around, frame, folder, read),
            landmarks=tuple(
                msgspec.structs.replace(
                    landmark, picture=_with_pixels(landmark.picture, frame, folder, read)
                )
                for landmark in anchor.landmarks
            ),
        )
    except ValueError as error:
        raise ValueError(f"anchor {key}: {error}") from error


def _with_pixels(picture: Picture, frame: Size, folder: Path, read: Drawings) -> Picture:
    box = picture.box
    whole = all(float(side).is_integer() for side in (box.left, box.top, box.width, box.height))
    inside = box.left >= 0 and box.top >= 0
    inside = inside and box.right <= frame.width and box.bottom <= frame.height
    small = 0 < box.width <= MOST_SIDE and 0 < box.height <= MOST_SIDE
    _demand(whole and inside and small, "picture")
    assert isinstance(picture.drawing, _Unread)
    name, size = picture.drawing.name, Size(int(box.width), int(box.height))
    if (name, size) not in read:
        data = read_regular(folder / f"{name}.png", most=_MOST_PICTURE_BYTES)
        drawing = Drawing(decode_picture(data, size))
        _demand(drawing.sha1 == name, "picture, which was altered")
        read[name, size] = drawing
    return Picture(box, read[name, size])


def _is_sane(box: FrameBox) -> bool:
    sides = (box.left, box.top, box.width, box.height)
    near = all(math.isfinite(side) and abs(side) <= _FARTHEST for side in sides)
    return near and box.width > 0 and box.height > 0


def _demand(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(f"it has no proper {what}")
