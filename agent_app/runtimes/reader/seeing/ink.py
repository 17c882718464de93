"""Where the marks are: labels within a line of text, lone glyphs, and tiles that hold anything.

Plain image arithmetic on what toolkits draw: flat backgrounds, marks that stand out. Boxes are
`Box`, whole pixels with exclusive far edges.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

TILE = 16

_STANDS_OUT = 40  # of 255, from the background: greyed-out text has 60 and more
_EDGE = 24  # of 255, between neighbours
_BUSY = 0.3  # share of a row that stands out from its own median when that is no background
_GAP = 1.25  # of a letter's height: a space has 0.3 to 0.8, menu bars leave 1.4 and more
_GLYPH_SIDE = 16  # larger marks are found by the detector
_ICON_GAP = 3  # pixels between an icon and its text, at least
_UPRIGHT = 14  # and a thin upright one no letter
_FLAT = 24  # pixels from which a thin line is no dash but an underline or a border
_RULE = 17  # pixels from which a straight edge belongs to no small character
_GLYPH_CROP = 20  # the line height that a lone glyph is shown in to be recognised


class Box(NamedTuple):
    """A rectangle in whole pixels; `right` and `bottom` are the first ones outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def area(self) -> int:
        return max(0, self.width) * max(0, self.height)

    def meets(self, other: Box) -> bool:
        """Whether they share a pixel."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def padded(self, x: int, y: int) -> Box:
        return Box(self.left - x, self.top - y, self.right + x, self.bottom + y)

    def within(self, outer: Box) -> Box:
        """The part inside another."""
        return Box(
            max(self.left, outer.left),
            max(self.top, outer.top),
            min(self.right, outer.right),
            min(self.bottom, outer.bottom),
        )

    def joined(self, other: Box) -> Box:
        """The smallest box that holds both."""
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )

    def moved(self, x: int, y: int) -> Box:
        return Box(self.left + x, self.top + y, self.right + x, self.bottom + y)


def ink(crop: Pixels) -> Mask:
    """Which pixels of a line of text stand out from their row's background.

    A row that is mostly of one colour is its own background, so a gradient and a rule across the
    whole crop are no ink; a row full of letters is held against the crop's.
    """
    values = crop.astype(np.int16)
    row = np.median(values, axis=1, keepdims=True)  # (rows, 1, 3)
    differs = np.abs(values - row).max(axis=2) > _STANDS_OUT
    busy = differs.mean(axis=1) > _BUSY
    if busy.any():
        whole = np.median(values[~busy] if not busy.all() else values, axis=(0, 1))
        differs[busy] = np.abs(values[busy] - whole).max(axis=2) > _STANDS_OUT
    return differs


def labels(crop: Pixels) -> list[Box]:
    """The labels in a crop of one line, left to right: split at gaps wider than a space.

    A menu bar comes apart into its menus, a label of several words stays whole. Borders and what
    reaches in from outside belong to no label; the crop has some pixels of room around its line.
    """
    marks = _without_intruders(_without_rules(ink(crop)))
    columns = np.flatnonzero(marks.any(axis=0))
    if columns.size == 0:
        return []
    gaps = np.diff(columns)
    letter = _letter_height(marks)
    breaks = np.flatnonzero(gaps > _GAP * letter)
    after_icon = np.flatnonzero(gaps > _ICON_GAP)[:1]
    if after_icon.size and _is_icon(marks[:, columns[0] : columns[after_icon[0]] + 1], letter):
        breaks = np.union1d(breaks, after_icon)
    starts = np.concatenate((columns[:1], columns[breaks + 1]))
    ends = np.concatenate((columns[breaks], columns[-1:])) + 1
    return [_tight(marks, int(start), int(end)) for start, end in zip(starts, ends, strict=True)]


def _is_icon(marks: Mask, letter: float) -> bool:
    """Whether what stands before a line's text is too tall and wide for a letter of it."""
    height = int(np.count_nonzero(marks.any(axis=1)))
    width = marks.shape[1]
    return height >= max(13.0, 1.4 * letter) and 0.7 * height <= width <= 2 * height


def _without_rules(marks: Mask) -> Mask:
    """The marks without the lines of borders and underlined tabs."""
    marks[:, marks.mean(axis=0) > 0.92] = False
    names, widths, heights = _components(marks)
    lines = ((widths > _FLAT) & (heights <= 4)) | ((widths <= 2) & (heights > _UPRIGHT))
    lines[0] = False  # the background
    return marks & ~lines[names]


def _without_intruders(marks: Mask) -> Mask:
    """The marks without those that reach in from above and below, and without lines at the sides.

    All of them, should nothing of a letter's size be left.
    """
    names, widths, _ = _components(marks)
    intruding = np.zeros(widths.size, np.bool_)
    intruding[names[0]] = intruding[names[-1]] = True
    sides = np.concatenate((names[:, 0], names[:, -1]))
    intruding[sides[widths[sides] <= 3]] = True
    own = marks & ~intruding[names]
    rows = np.flatnonzero(own.any(axis=1))
    return own if rows.size and rows[-1] - rows[0] >= 4 and np.count_nonzero(own) >= 12 else marks


def _components(marks: Mask) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """The number of each pixel's component (0 is the background), and their widths and heights."""
    _, names, stats, _ = cv2.connectedComponentsWithStats(marks.astype(np.uint8), connectivity=8)
    sides = np.asarray(stats, dtype=np.int32)
    return (
        np.asarray(names, dtype=np.int32),
        sides[:, cv2.CC_STAT_WIDTH],
        sides[:, cv2.CC_STAT_HEIGHT],
    )


def without_underlines(crop: Pixels) -> Pixels:
    """The crop without the short lines under single letters, which mark a menu's keys.

    A recogniser takes an underlined `File` for `Eile`. The line lies right below the others'
    baseline and is of one colour; descenders are thinner there, and an underscore lies lower.
    """
    marks = ink(crop)
    columns = np.flatnonzero(marks.any(axis=0))
    if columns.size < 8:
        return crop
    bottoms = crop.shape[0] - 1 - marks[::-1].argmax(axis=0)  # of columns with ink
    cleaned = crop
    for row in sorted({int(bottom) for bottom in bottoms[columns]}):
        under = columns[bottoms[columns] == row]
        for run in np.split(under, np.flatnonzero(np.diff(under) > 1) + 1):
            outside = np.setdiff1d(columns, run)
            if not 4 <= run.size <= _GLYPH_SIDE or outside.size < 4:
                continue
            base = int(np.percentile(bottoms[outside], 60))
            line = crop[base + 1 : row + 1, run].astype(np.int16)
            if 1 <= row - base <= 2 and np.ptp(line[-1], axis=0).max() <= 16:
                cleaned = crop.copy() if cleaned is crop else cleaned
                background = np.median(crop[base + 1 : row + 1], axis=1, keepdims=True)
                cleaned[base + 1 : row + 1, run] = background.astype(np.uint8)
    return cleaned


def _letter_height(marks: Mask) -> float:
    """The usual height of a letter: the median over the line, without dots and underlines."""
    _, _, every = _components(marks)
    heights = every[1:]
    letters = heights[heights >= 4]
    return float(np.median(letters)) if letters.size else float(marks.shape[0]) / 2


def _tight(marks: Mask, left: int, right: int) -> Box:
    rows = np.flatnonzero(marks[:, left:right].any(axis=1))
    return Box(left, int(rows[0]), right, int(rows[-1]) + 1)


def edges(pixels: Pixels) -> Mask:
    """Pixels beside a visible change of colour."""
    gradient = cv2.morphologyEx(pixels, cv2.MORPH_GRADIENT, np.ones((2, 2), np.uint8))
    return np.asarray(_strongest(gradient) > _EDGE)


def changed_tiles(before: Pixels, after: Pixels) -> Mask:
    """Which tiles differ between two pictures of one size, be it by one pixel."""
    return tiles(np.asarray(_strongest(cv2.absdiff(before, after)) > 0))


def _strongest(pixels: NDArray[Any]) -> Pixels:
    """The highest channel of each pixel (numpy's own maximum takes 50 times as long)."""
    red, green, blue = cv2.split(pixels)
    return np.asarray(cv2.max(cv2.max(red, green), blue), dtype=np.uint8)


def lone_glyphs(edge: Mask, found: Sequence[Box]) -> list[Box]:
    """Marks the size of a character with nothing around them, outside the boxes already found.

    The detector misses a single small character (a calculator's `7` or `=`) because it shrinks
    what it finds; such marks are cheap to find by themselves.
    """
    every = edge.astype(np.uint8)
    rules = cv2.max(
        cv2.morphologyEx(every, cv2.MORPH_OPEN, np.ones((1, _RULE), np.uint8)),
        cv2.morphologyEx(every, cv2.MORPH_OPEN, np.ones((_RULE, 1), np.uint8)),
    )
    # parts of one character (=, :, i) are joined, neighbours in a word too, which disqualifies it
    joined = cv2.dilate(cv2.subtract(every, rules), np.ones((5, 5), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    glyphs: list[Box] = []
    for left, top, width, height, _ in stats[1:count].tolist():
        mark = Box(left + 2, top + 2, left + width - 2, top + height - 2)
        small = 2 <= mark.width <= 2 * _GLYPH_SIDE and 2 <= mark.height <= _GLYPH_SIDE
        if not small or any(mark.meets(box) for box in found):
            continue
        # the border of a cell may pass nearby, but a mark that touches one is its corner
        around = rules[max(0, top) : top + height, max(0, left) : left + width]
        if not around.any():
            glyphs.append(mark)
    return glyphs


def glyph_frame(mark: Box) -> Box:
    """What to show the recogniser of a lone glyph: a line's height around its middle."""
    top = (mark.top + mark.bottom - _GLYPH_CROP) // 2
    return Box(mark.left - 5, top, mark.right + 5, top + _GLYPH_CROP)


def slant(crop: Pixels) -> float:
    """How far the ink moves to the right for each row down: 0 for `1`, about -0.4 for `/`."""
    marks = ink(crop)
    rows = np.flatnonzero(marks.any(axis=1))
    if rows.size < 4:
        return 0.0
    middles = [float(np.flatnonzero(marks[row]).mean()) for row in rows]
    return float(np.polyfit(rows, middles, 1)[0])


def tiles(mask: Mask) -> Mask:
    """Which tiles of `TILE` pixels hold any pixel of the mask, part tiles at the far edges too."""
    height, width = mask.shape
    padded = np.zeros((-(-height // TILE) * TILE, -(-width // TILE) * TILE), np.bool_)
    padded[:height, :width] = mask
    blocks = padded.reshape(padded.shape[0] // TILE, TILE, padded.shape[1] // TILE, TILE)
    return np.asarray(blocks.any(axis=(1, 3)))


def clusters(tile_mask: Mask, *, reach: int = 0) -> list[Box]:
    """The boxes, in pixels, of tiles that touch one another or lie within `reach` tiles."""
    side = 2 * reach + 1
    room = np.pad(tile_mask.astype(np.uint8), reach)  # so that dilation reaches over the borders
    near = cv2.dilate(room, np.ones((side, side), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(near, connectivity=8)
    return [
        Box(
            TILE * left,
            TILE * top,
            TILE * (left + width - 2 * reach),
            TILE * (top + height - 2 * reach),
        )
        for left, top, width, height, _ in stats[1:count].tolist()
    ]


def merged(boxes: Iterable[Box]) -> list[Box]:
    """The boxes with those that meet joined into one, until none meet."""
    pending = list(boxes)
    done: list[Box] = []
    while pending:
        box = pending.pop()
        for other in done:
            if box.meets(other):
                done.remove(other)
                pending.append(box.joined(other))
                break
        else:
            done.append(box)
    return sorted(done, key=lambda box: (box.top, box.left))
