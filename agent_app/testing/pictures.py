"""Finding a picture on the screen: its shapes in any colour, as a replay finds its targets."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from agent_app.geometry import FrameBox
from agent_app.replaying.anchor import Drawing
from agent_app.replaying.verifying import is_alike, peaks
from agent_app.runtimes.reader.seeing.ink import Box
from agent_app.screen.frame import Pixels

_SURE = 0.97  # correlation at which it is there, whatever the ink of its shapes says
_FIRST_LOOK = 0.8  # least correlation of a place that is worth verifying
_WORTH_TELLING = 0.5


def places_of(
    drawing: Drawing, pixels: Pixels, rooms: Sequence[FrameBox]
) -> tuple[dict[tuple[int, int], float], float]:
    """The left top corners where a picture is, with its correlation there; and the best anywhere.

    `rooms` are where it may lie, in pixels of the frame.
    """
    height, width = drawing.pixels.shape[:2]
    frame = Box(0, 0, pixels.shape[1], pixels.shape[0])
    grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    found: dict[tuple[int, int], float] = {}
    best = 0.0
    for room in rooms:
        cut = Box(int(room.left), int(room.top), int(room.right), int(room.bottom)).within(frame)
        part = grey[cut.top : cut.bottom, cut.left : cut.right]
        for peak in peaks(part, drawing, least=_WORTH_TELLING):
            left, top = cut.left + peak.left, cut.top + peak.top
            best = max(best, peak.score)
            if peak.score < _FIRST_LOOK:
                continue
            piece = pixels[top : top + height, left : left + width]
            if peak.score >= _SURE or is_alike(piece, drawing):
                found[left, top] = peak.score
    return found, best
