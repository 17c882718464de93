"""How boxes lie to one another: in a direction, and in the order of reading."""

from __future__ import annotations

import math
from collections.abc import Sequence

from agent_app.geometry import FrameBox, Size
from agent_app.runtimes.reader.language.steps import Where

_SHARE_OF_ROW = 0.5  # of the lower one's height


def gap(
    box: FrameBox, other: FrameBox, where: Where, *, share: float = _SHARE_OF_ROW
) -> float | None:
    """How far a box lies from another one in a direction, in pixels; None when it does not.

    `share` of the lower one's height lies beside the other one where they are in a row.
    """
    match where:
        case "right of":
            in_row = share_rows(box, other, share=share) and box.center.x > other.right
            return max(0.0, box.left - other.right) if in_row else None
        case "left of":
            return gap(other, box, "right of", share=share)
        case "below":
            slack = 0.25 * min(box.height, other.height)  # boxes of tight lines run into each other
            in_column = share_columns(box, other) and box.center.y > other.bottom - slack
            return max(0.0, box.top - other.bottom) if in_column else None
        case "above":
            return gap(other, box, "below")
        case "next to":
            sides: tuple[Where, ...] = ("right of", "left of", "below", "above")
            gaps = [
                away for side in sides if (away := gap(box, other, side, share=share)) is not None
            ]
            return min(gaps, default=None)


def share_rows(box: FrameBox, other: FrameBox, *, share: float = _SHARE_OF_ROW) -> bool:
    shared = min(box.bottom, other.bottom) - max(box.top, other.top)
    return shared >= share * min(box.height, other.height)


def share_columns(box: FrameBox, other: FrameBox) -> bool:
    slack = 2 * min(box.height, other.height)  # labels of one column need not be aligned
    return min(box.right, other.right) + slack > max(box.left, other.left)


def same_thing(one: FrameBox, other: FrameBox, *, share: float = 0.5) -> bool:
    """Whether two boxes cover each other by this share of the smaller one."""
    smaller = min(one.width * one.height, other.width * other.height)
    return one.overlap(other) >= share * smaller


def reading_order(boxes: Sequence[FrameBox]) -> list[int]:
    """The indices of the boxes by rows from the top down, each row from the left."""
    rows: list[list[int]] = []
    for index in sorted(range(len(boxes)), key=lambda i: boxes[i].center.y):
        if rows and boxes[index].center.y < boxes[rows[-1][0]].bottom:
            rows[-1].append(index)
        else:
            rows.append([index])
    return [index for row in rows for index in sorted(row, key=lambda i: boxes[i].left)]


def around(one: FrameBox, other: FrameBox) -> FrameBox:
    """The smallest box that holds both."""
    left, top = min(one.left, other.left), min(one.top, other.top)
    right, bottom = max(one.right, other.right), max(one.bottom, other.bottom)
    return FrameBox(left, top, right - left, bottom - top)


def quiet_spot(boxes: Sequence[FrameBox], size: Size) -> FrameBox:
    """The place along the frame's edges that is farthest from these boxes; never in a corner."""
    shares = (0.02, 0.25, 0.5, 0.75, 0.98)
    spots = [
        FrameBox(x * size.width, y * size.height, 0, 0)
        for x in shares
        for y in shares
        if (x in (0.02, 0.98)) != (y in (0.02, 0.98))
    ]
    return max(spots, key=lambda spot: min((_distance(spot, box) for box in boxes), default=0.0))


def _distance(one: FrameBox, other: FrameBox) -> float:
    across = max(0.0, one.left - other.right, other.left - one.right)
    down = max(0.0, one.top - other.bottom, other.top - one.bottom)
    return math.hypot(across, down)


def area(box: FrameBox) -> float:
    """Square pixels."""
    return box.width * box.height
