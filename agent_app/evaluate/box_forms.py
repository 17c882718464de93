"""In which form a file holds its boxes: copies of a benchmark differ from the published one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from agent_app.errors import KnownError
from agent_app.evaluate.items import BoxTarget
from agent_app.geometry import Size

Corners = Literal["xywh", "xyxy"]
Box = tuple[float, float, float, float]

_SLACK = 2.0  # pixels: annotators' boxes reach a little over the edge
_WORDS = {
    "xywh": "left, top, width, height",
    "xyxy": "left, top, right, bottom",
}


class BoxForm:
    """How four numbers are meant: which corners, and whether as shares of the picture."""

    def __init__(self, corners: Corners, *, relative: bool) -> None:
        self.corners: Corners = corners
        self.relative = relative

    def __str__(self) -> str:
        unit = "shares of the picture" if self.relative else "pixels"
        return f"[{_WORDS[self.corners]}] in {unit}"

    def target(self, box: Box, size: Size | None, where: str) -> BoxTarget:
        """The box in pixels; raises KnownError for shares of a picture of unknown size."""
        left, top, third, fourth = box
        if self.relative:
            if size is None:
                raise KnownError(
                    f"{where} holds boxes as shares, and the size of a picture is not known",
                    remedy="download the pictures, too",
                )
            left, third = left * size.width, third * size.width
            top, fourth = top * size.height, fourth * size.height
        if self.corners == "xyxy":
            third, fourth = third - left, fourth - top
        return BoxTarget(left, top, third, fourth)


def box_form(
    boxes: Sequence[Box], sizes: Sequence[Size | None], *, official: Corners, where: str
) -> BoxForm:
    """The form under which the most of these boxes lie in their pictures.

    Where two fit alike it is the official one. Raises KnownError when neither fits most of them.
    """
    relative = all(max(map(abs, box)) <= 1 for box in boxes)
    other: Corners = "xyxy" if official == "xywh" else "xywh"
    fits = {
        corners: sum(
            _fits(box, size, corners, relative=relative)
            for box, size in zip(boxes, sizes, strict=True)
        )
        for corners in (official, other)
    }
    best: Corners = other if fits[other] > fits[official] else official
    if boxes and fits[best] * 2 < len(boxes):
        raise KnownError(
            f"the boxes of {where} fit their pictures neither as [{_WORDS['xywh']}] nor as "
            f"[{_WORDS['xyxy']}]",
            remedy="give the annotations as published, with the pictures that belong to them",
        )
    return BoxForm(best, relative=relative)


def form_note(form: BoxForm, *, official: Corners, where: str) -> str:
    """What to tell of a file that is not in the official form; empty for one that is."""
    if form.corners == official and not form.relative:
        return ""
    return f"{where} is a derived copy: its boxes are {form}; the published ones are " + str(
        BoxForm(official, relative=False)
    )


def _fits(box: Box, size: Size | None, corners: Corners, *, relative: bool) -> bool:
    left, top, third, fourth = box
    right, bottom = (third, fourth) if corners == "xyxy" else (left + third, top + fourth)
    if right <= left or bottom <= top:
        return False
    if relative:
        return right <= 1.01 and bottom <= 1.01
    return size is None or (right <= size.width + _SLACK and bottom <= size.height + _SLACK)
