"""Frames as small lossless pictures: one whole now and then, and what changed for the others.

Screens of one run are mostly alike. A frame is stored as the patches by which it differs from an
earlier one, its base, and a base is never far: a viewer that jumps draws few pictures.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from agent_app.episode.reader import Episode
from agent_app.screen.frame import Pixels

_NEAR = np.ones((25, 25), np.uint8)  # changes closer than this become one patch
_DEEPEST = 12  # patches on patches: what a jump costs, at most
_LARGEST_SHARE = 0.6  # of a frame: with more changed, a whole picture is as small
_THUMBNAIL = (192, 120)


@dataclass(frozen=True, slots=True)
class Patch:
    """A part of a frame as a lossless WebP, with its top left corner in pixels."""

    left: int
    top: int
    webp: bytes


@dataclass(frozen=True, slots=True)
class PackedFrame:
    """A frame: its base with the patches drawn over it.

    `base` is the index of an earlier packed frame, None when the patches hold all of it. A frame
    that could not be read has no patches and no thumbnail.
    """

    sha1: str
    width: int
    height: int
    base: int | None
    patches: tuple[Patch, ...]
    thumbnail: bytes


def pack_frames(episode: Episode) -> Iterator[PackedFrame]:
    """Every different frame of an episode, in the order they were first seen."""
    before: Pixels | None = None
    before_index = depth = 0
    for index, ref in enumerate(episode.frames):
        size = ref.transform.size
        image = episode.frame(ref.sha1)
        if image is None:
            yield PackedFrame(ref.sha1, size.width, size.height, None, (), b"")
            continue
        pixels = np.asarray(image)
        boxes = _changes(before, pixels) if depth < _DEEPEST else None
        if boxes is None:
            base, depth = None, 0
            boxes = [(0, 0, size.width, size.height)]
        else:
            base, depth = before_index, depth + 1
        patches = tuple(
            Patch(left, top, _lossless(image.crop((left, top, left + width, top + height))))
            for left, top, width, height in boxes
        )
        yield PackedFrame(ref.sha1, size.width, size.height, base, patches, _thumbnail(image))
        before, before_index = pixels, index


def _changes(before: Pixels | None, pixels: Pixels) -> list[tuple[int, int, int, int]] | None:
    """Boxes (left, top, width, height) around what differs; None when a whole picture is better."""
    if before is None or before.shape != pixels.shape:
        return None
    # numpy's maximum over the last axis takes twenty times as long as these two
    red, green, blue = cv2.split(cv2.absdiff(before, pixels))
    changed = cv2.max(cv2.max(red, green), blue)
    joined = cv2.dilate(cv2.threshold(changed, 0, 1, cv2.THRESH_BINARY)[1], _NEAR)
    boxes: list[tuple[int, int, int, int]] = []
    for left, top, wide, high in cv2.connectedComponentsWithStats(joined)[2][1:, :4].tolist():
        inner = cv2.boundingRect(changed[top : top + high, left : left + wide])
        boxes.append((left + inner[0], top + inner[1], inner[2], inner[3]))
    area = sum(wide * high for _, _, wide, high in boxes)
    return boxes if area <= _LARGEST_SHARE * pixels.shape[0] * pixels.shape[1] else None


def _lossless(image: Image.Image) -> bytes:
    data = io.BytesIO()
    image.save(data, "WEBP", lossless=True, quality=60, method=3)
    return data.getvalue()


def _thumbnail(image: Image.Image) -> bytes:
    small = image.copy()
    small.thumbnail(_THUMBNAIL, Image.Resampling.LANCZOS, reducing_gap=2.0)
    data = io.BytesIO()
    small.save(data, "WEBP", quality=62, method=3)
    return data.getvalue()
