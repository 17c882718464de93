"""Single items for the report: the picture with the target and the answer, and what was said."""

from __future__ import annotations

from pathlib import Path

from agent_app.errors import KnownError
from agent_app.evaluate.items import BoxTarget, Item, PolygonTarget
from agent_app.evaluate.reading import inside, open_picture
from agent_app.evaluate.results import Result
from agent_app.evaluate.wording import prediction_words, target_words
from agent_app.geometry import FrameBox, FramePoint, Size
from agent_app.replaying.marks_svg import Mark, Scene, Whose
from agent_app.replaying.report import plain
from agent_app.replaying.report_cards import defined_picture, escaped

_LOUPE = 0.22  # of the picture's width
_THOUGHT = 2_000  # characters


class Screens:
    """The pictures that the page has already, each once, and those still to be had."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._names: dict[str, str] = {}

    def of(self, item: Item) -> tuple[str, str]:
        """A picture's id in the page, and the element to put there first; empty without one."""
        if item.picture in self._names:
            return self._names[item.picture], ""
        try:
            name = inside(self._root, "", item.picture, "the result")
            image = open_picture(self._root / name)
        except KnownError:  # moved since the result was made
            return "", ""
        self._names[item.picture] = f"screen-{len(self._names)}"
        return self._names[item.picture], defined_picture(self._names[item.picture], image)


def card(was: Result | None, now: Result, heading: str, tone: str, screens: Screens | None) -> str:
    """One item; without `screens` its picture is left out."""
    words = _answers(was, now)
    picture = ""
    if screens is not None:
        name, defined = screens.of(now.item)
        scene = _scene(was, now)
        if name:
            picture = f'<div class="picture">{defined}{scene.whole(name)}</div>'
            words = _loupes(scene, name) + words
    where = " · ".join(label for labels in now.item.labels.values() for label in labels)
    return (
        f'<section class="card"><header><b>{escaped(plain(now.item.id))}</b>'
        f'<span class="where">{escaped(plain(where))}</span>'
        f'<span class="chip {tone}">{heading}</span></header>'
        f'<div class="inside">{picture}<div class="words">{words}</div></div></section>'
    )


def _scene(was: Result | None, now: Result) -> Scene:
    """The target and the answers, in pixels of the picture as it is."""
    size = Size(*now.size)
    annotated = now.item.size or now.size
    across, down = size.width / annotated[0], size.height / annotated[1]
    boxes: list[FrameBox] = []
    outlines: list[list[FramePoint]] = []
    match now.item.target:
        case BoxTarget(left, top, width, height):
            boxes.append(FrameBox(left * across, top * down, width * across, height * down))
        case PolygonTarget(points):
            outlines.append([FramePoint(x * across, y * down) for x, y in points])
        case _:
            pass
    told: list[tuple[Whose, Result]] = [("now", now)]
    if was is not None:
        told.insert(0, ("before", was))
    marks = [
        Mark(whose, FramePoint(answer.x * size.width, answer.y * size.height))
        for whose, result in told
        if (answer := result.answer.prediction).kind == "point"
    ]
    return Scene(size, boxes, marks, outlines=outlines)


def _loupes(scene: Scene, picture: str) -> str:
    """Close views of the target and of the answers, as far as there are any."""
    centers = [box.center for box in scene.boxes] + [outline[0] for outline in scene.outlines]
    views = [(center, "the target") for center in centers]
    views += [(mark.point, f"the answer {mark.whose}") for mark in scene.marks]
    width = _LOUPE * scene.size.width
    shown: list[FramePoint] = []
    parts: list[str] = []
    for point, about in views:
        near = any(
            abs(point.x - other.x) < width / 3 and abs(point.y - other.y) < width / 5
            for other in shown
        )
        if not near and len(shown) < 2:
            shown.append(point)
            view = scene.part(picture, point, width=width)
            parts.append(f'<div class="loupe">{view}{about}</div>')
    return f'<div class="loupes">{"".join(parts)}</div>'


def _answers(was: Result | None, now: Result) -> str:
    asked = now.item.instruction
    given = "" if now.asked == asked else f"given as {plain(now.asked)}"
    facts = " · ".join(filter(None, (target_words(now.item.target), given)))
    parts = [
        '<div class="answer recorded"><h4>Asked</h4>'
        f'<div class="did">{escaped(plain(asked))}</div>'
        f'<div class="why">{escaped(facts)}'
        "</div></div>"
    ]
    if was is not None:
        parts.append(_answer("before", "Before", was))
    parts.append(_answer("now", "Answer" if was is None else "Now", now))
    return "".join(parts)


def _answer(whose: Whose, label: str, result: Result) -> str:
    answer = result.answer
    facts = [label, f"{answer.seconds:.2f} s"]
    if len(result.answers) > 1:
        right = sum(each.verdict == "correct" for each in result.answers)
        facts.append(f"{right} of {len(result.answers)} samples right")
    thought = answer.thought[:_THOUGHT] + ("…" if len(answer.thought) > _THOUGHT else "")
    more = f"<div class='thought'>{escaped(thought)}</div>"
    more = f"<details><summary>thought</summary>{more}</details>"
    said = plain(answer.summary or "")[:400]
    return (
        f'<div class="answer {whose}"><h4>{escaped(" · ".join(facts))}</h4>'
        f'<div class="did">{escaped(prediction_words(answer.prediction, result.size))}</div>'
        f'<div class="why">{escaped(said)}</div>{more if thought else ""}</div>'
    )
