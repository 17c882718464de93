"""What differs between two frames: quickly in tiles, to find the most alike, then exactly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from agent_app.episode.pictures import Rect
from agent_app.screen.frame import Pixels

TILE = 32  # pixels; with 16 and 64, episodes of real applications were 0 to 10 % larger
_WORDS = TILE * 3 // 8  # 64-bit words in a row of a tile

Prints = NDArray[np.uint64]
"""One number for each tile of a frame: (rows, columns)."""

_WEIGHTS = np.random.default_rng(TILE).integers(0, 2**63, (TILE, _WORDS), np.uint64) * 2 + 1


def tile_prints(pixels: Pixels) -> Prints:
    """A number for each tile that two tiles share when they are equal, and else hardly ever."""
    words = _words(pixels)
    rows, columns = words.shape[0] // TILE, words.shape[1] // _WORDS
    # (rows, TILE, columns, _WORDS) by (TILE, _WORDS)
    return np.einsum("rtcw,tw->rc", words.reshape(rows, TILE, columns, _WORDS), _WEIGHTS)


def changed_rects(pixels: Pixels, base: Pixels) -> list[Rect]:
    """Rectangles that hold every pixel in which two frames of one size differ, the tallest first.

    Changed tiles that touch go together, and each rectangle is cut down to what changed.
    """
    differs = _words(pixels) != _words(base)
    rows, width = differs.shape[0] // TILE, differs.shape[1]
    lines = np.logical_or.reduce(differs.reshape(rows, TILE, width), axis=1)
    tiles = np.logical_or.reduceat(lines, range(0, width, _WORDS), axis=1)
    rects = [_cut_down(pixels, base, *rect) for rect in _joined(tiles)]
    return sorted(rects, key=lambda rect: (-rect[3], rect[1], rect[0]))


def _words(pixels: Pixels) -> NDArray[np.uint64]:
    """The frame filled up with black to whole tiles, row by row, eight bytes each."""
    height, width = pixels.shape[:2]
    below, beside = -height % TILE, -width % TILE
    if below or beside:
        pixels = np.pad(pixels, ((0, below), (0, beside), (0, 0)))
    return np.ascontiguousarray(pixels).reshape(pixels.shape[0], -1).view(np.uint64)


def _joined(tiles: NDArray[np.bool_]) -> list[tuple[int, int, int, int]]:
    """Runs of tiles in a row, joined downwards while they are equal: left, top, right, bottom."""
    done: list[list[int]] = []
    above: dict[tuple[int, int], list[int]] = {}
    for row, line in enumerate(tiles):
        steps = np.flatnonzero(np.diff(line.astype(np.int8), prepend=0, append=0)).tolist()
        here: dict[tuple[int, int], list[int]] = {}
        for left, right in zip(steps[::2], steps[1::2], strict=True):
            rect = above.get((left, right))
            if rect is None:
                rect = [left, row, right, row]
                done.append(rect)
            rect[3] = row + 1
            here[left, right] = rect
        above = here
    return [(left, top, right, bottom) for left, top, right, bottom in done]


def _cut_down(pixels: Pixels, base: Pixels, left: int, top: int, right: int, bottom: int) -> Rect:
    left, top, right, bottom = (TILE * side for side in (left, top, right, bottom))
    differs = pixels[top:bottom, left:right] != base[top:bottom, left:right]
    # never over the short last axis of the whole: that is 20 times as slow
    ys = np.flatnonzero(differs.reshape(differs.shape[0], -1).any(axis=1)).tolist()
    xs = np.flatnonzero(differs.any(axis=0).any(axis=1)).tolist()
    return left + xs[0], top + ys[0], xs[-1] - xs[0] + 1, ys[-1] - ys[0] + 1
