"""What differs between two captures, as boxes."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from agent_app.geometry import FrameBox
from agent_app.screen.frame import Pixels

_NOISE_LEVEL = 2  # of 255, in luma: what is below it is dithering or compression, not a change
_MERGE = 4  # pixels by which a changed area grows to join its neighbours
_CARET_WIDTH = 3
_CARET_HEIGHT = 64


def changed_boxes(
    before: Pixels, after: Pixels, *, ignore: Sequence[FrameBox] = ()
) -> tuple[FrameBox, ...]:
    """The areas that differ, each with its bounding box; empty when nothing does.

    Both are (height, width, 3) uint8; captures of different sizes differ everywhere. Whatever lies
    in `ignore` counts as equal. Areas less than eight pixels apart are one.
    """
    if before.shape != after.shape:
        return (FrameBox(0, 0, after.shape[1], after.shape[0]),)
    if cv2.norm(before, after, cv2.NORM_INF) == 0:
        return ()
    luma = cv2.cvtColor(cv2.absdiff(before, after), cv2.COLOR_RGB2GRAY)
    changed = cv2.threshold(luma, _NOISE_LEVEL - 1, 1, cv2.THRESH_BINARY)[1]
    for box in ignore:
        top, left = max(0, int(box.top)), max(0, int(box.left))
        changed[top : max(0, round(box.bottom)), left : max(0, round(box.right))] = 0
    kernel = np.ones((2 * _MERGE + 1, 2 * _MERGE + 1), np.uint8)
    stats = cv2.connectedComponentsWithStats(cv2.dilate(changed, kernel))[2][1:]
    boxes: list[FrameBox] = []
    for left, top, width, height in stats[:, :4].tolist():
        inner = cv2.boundingRect(changed[top : top + height, left : left + width])
        boxes.append(FrameBox(left + inner[0], top + inner[1], inner[2], inner[3]))
    return tuple(boxes)


def is_caret(box: FrameBox) -> bool:
    """Whether a changed area has the shape of a blinking text caret."""
    return box.width <= _CARET_WIDTH and box.width < box.height <= _CARET_HEIGHT
