"""What a reply predicts, and whether that is right: item by item as the official scorers decide."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import msgspec

from agent_app.actions import Terminate, Wait, places_of
from agent_app.errors import ModelMistake
from agent_app.evaluate.items import BoxTarget, Item, PolygonTarget, RefusalTarget
from agent_app.geometry import Size
from agent_app.grounding import ground
from agent_app.model_runtime import Reply

# The one form that the published evaluation of Kimi-VL reads (ScreenSpot-Pro): the first of these.
_OFFICIAL = re.compile(r"x=(0(?:\.\d+)?|1(?:\.0+)?), y=(0(?:\.\d+)?|1(?:\.0+)?)")
# How other grounders say that there is nothing to point at.
_MINUS_ONE = re.compile(r"(?:\bx\s*=\s*|[\[(]\s*)-1(?:\.0+)?\s*,\s*(?:y\s*=\s*)?-1(?:\.0+)?\b")

Kind = Literal["point", "refusal", "none"]
ReadBy = Literal["", "official", "dialect"]
Verdict = Literal["correct", "wrong", "wrong_format"]


class Prediction(msgspec.Struct, frozen=True):
    """Where a reply points, as shares of the picture; (0, 0) is its top left corner.

    `read_by` says whether the published parser reads it, or only one of the other dialects; `fault`
    why there is neither a point nor a refusal. `waits` is set when all that it asks for is time.
    """

    kind: Kind
    x: float = 0.0
    y: float = 0.0
    read_by: ReadBy = ""
    fault: str = ""
    waits: bool = False


def predicted(reply: Reply, *, image_size: Size) -> Prediction:
    """What a reply predicts; `image_size` is the picture the model saw, in pixels.

    The published parser goes first: the first `x=…, y=…` within 0..1 of the summary. A box counts
    by its centre. A thought that never ended, and a summary that nothing can be read from, predict
    nothing; only words meant as one are a refusal.
    """
    if reply.summary is None:
        cut = ", it was cut off at the length limit" if reply.ended_by == "length" else ""
        return Prediction("none", fault=f"the thought never ended{cut}")
    official = _OFFICIAL.search(reply.summary)
    if official is not None:
        return Prediction("point", float(official[1]), float(official[2]), "official")
    if _MINUS_ONE.search(reply.summary):
        return Prediction("refusal", read_by="dialect")
    try:
        actions = ground(reply.summary, image_size=image_size).actions
    except ModelMistake as mistake:
        return Prediction("none", fault=str(mistake))
    places = [place for action in actions for place in places_of(action) if place is not None]
    if places:
        return Prediction("point", places[0].x, places[0].y, "dialect")
    if any(isinstance(action, Terminate) and action.status == "failure" for action in actions):
        return Prediction("refusal", read_by="dialect")
    waits = all(isinstance(action, Wait) for action in actions)
    return Prediction("none", fault="the answer names no place", waits=waits)


def verdict(item: Item, prediction: Prediction, size: Size) -> Verdict:
    """Whether a prediction is right; `size` is the picture as annotated, else as it is.

    Edges belong to a box. A refusal is right where nothing is to be found and wrong elsewhere; what
    cannot be read is "wrong_format" everywhere, and counts as wrong.
    """
    if prediction.kind == "none":
        return "wrong_format"
    if isinstance(item.target, RefusalTarget) or prediction.kind == "refusal":
        right = isinstance(item.target, RefusalTarget) and prediction.kind == "refusal"
        return "correct" if right else "wrong"
    match item.target:
        case BoxTarget():
            inside = _in_box(prediction, item.target, size)
        case PolygonTarget():
            x, y = prediction.x * size.width, prediction.y * size.height
            inside = in_polygon(x, y, item.target.points)
    return "correct" if inside else "wrong"


def _in_box(point: Prediction, box: BoxTarget, size: Size) -> bool:
    """Compared as shares, as the official scorers do: in pixels, rounding could lose an edge."""
    return (
        box.left / size.width <= point.x <= (box.left + box.width) / size.width
        and box.top / size.height <= point.y <= (box.top + box.height) / size.height
    )


def in_polygon(x: float, y: float, points: Sequence[tuple[float, float]]) -> bool:
    """Whether a ray from the point to the right crosses the outline an odd number of times."""
    crossings = 0
    for index, (x2, y2) in enumerate(points):
        x1, y1 = points[index - 1]
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            crossings += 1
    return crossings % 2 == 1
