"""AgentNetBench's own score of a step, with the other right actions that its files name.

The rules and constants are those of its published evaluation: a click in a box of the truth is
right, one beside it worth less with its distance; a text is worth its likeness; keys must be the
same; a scroll its direction and amount. Of the truth and its alternatives the best counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from rapidfuzz.distance import Levenshtein

from agent_app.actions import Action, Click, Drag, Hotkey, Move, Press, Scroll, Terminate, Write
from agent_app.evaluate.reading import read_bytes
from agent_app.geometry import RelativePoint

_NEAR = 0.01 * math.sqrt(2)  # of the picture: within it a click is as good as on the spot
_FALL = 120.0  # how fast a click beside it loses its worth
_ALIKE = 0.8  # from this likeness on, a text is right
_NO_ENTER = 0.9  # of the worth, where only one of the texts ends in Enter
_ENTER = {"enter", "return"}
_CLICKS = {"click", "doubleclick", "rightclick", "tripleclick", "middleclick"}


class _Position(msgspec.Struct):
    x: float
    y: float


class _Params(msgspec.Struct):
    position: _Position | None = None
    text: str = ""
    content: str = ""
    keys: list[str] = []
    amount: float | None = None
    pixels: float | None = None
    status: str = ""


class _Box(msgspec.Struct):
    rel_bbox: tuple[float, float, float, float]


class _Metadata(msgspec.Struct):
    bboxes: list[_Box] = []


class _Deed(msgspec.Struct):
    type: str
    params: _Params = msgspec.field(default_factory=_Params)
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)


class _Step(msgspec.Struct):
    ground_truth_actions: list[_Deed] = []
    alternative_options: list[list[_Deed]] = []


class _Task(msgspec.Struct):
    task_id: str
    steps: list[_Step]


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that is done, in the benchmark's own terms; shares of the picture.

    `boxes` are left, top, width and height; `amount` is a scroll's, up is positive.
    """

    type: str
    at: tuple[float, float] | None = None
    boxes: tuple[tuple[float, float, float, float], ...] = ()
    text: str = ""
    keys: tuple[str, ...] = ()
    amount: float = 0.0


Right = Sequence[Sequence[Deed]]
"""What would be right at a step: the truth, then its alternatives."""


def truths_in(folder: Path) -> Mapping[str, Sequence[Right]]:
    """What the tasks of a folder, or of one file, take as right, by task and step from the first.

    A file that is no task of the benchmark has none.
    """
    found: dict[str, Sequence[Right]] = {}
    for path in [folder] if folder.is_file() else sorted(folder.glob("*.json")):
        try:
            task = msgspec.json.decode(read_bytes(path), type=_Task)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        found[task.task_id] = [
            [
                _together([_told(deed) for deed in deeds])
                for deeds in (step.ground_truth_actions, *step.alternative_options)
                if deeds
            ]
            for step in task.steps
        ]
    return found


def step_score(right: Right, actions: Sequence[Action]) -> float:
    """What the actions of a step are worth, 0 to 1."""
    done = _together([deed for action in actions for deed in _deeds(action)])
    return max((_score(deeds, done) for deeds in right), default=0.0)


def _told(deed: _Deed) -> Deed:
    params = deed.params
    position = params.position
    amount = params.amount if params.amount is not None else params.pixels
    kind = deed.type.lower()
    return Deed(
        kind,
        None if position is None else (position.x, position.y),
        tuple(box.rel_bbox for box in deed.metadata.bboxes),
        params.status if kind == "terminate" else params.content or params.text,
        tuple(key.lower() for key in params.keys),
        amount or 0.0,
    )


def _deeds(action: Action) -> Iterator[Deed]:
    match action:
        case Click(at=at, button=button, count=count):
            times = {1: "click", 2: "doubleclick", 3: "tripleclick"}.get(count, "click")
            yield Deed(times if button == "left" else f"{button}click", _at(at))
        case Move(at=at):
            yield Deed("moveto", _at(at))
        case Drag(start=start, end=end):
            if start is not None:
                yield Deed("moveto", _at(start))
            yield Deed("dragto", _at(end))
        case Scroll(at=at, dy=dy, dx=dx):
            if at is not None:
                yield Deed("moveto", _at(at))
            yield Deed("scroll", _at(at), amount=dy or dx)
        case Write(text=text):
            yield Deed("write", text=text)
        case Press(keys=keys, count=count):
            yield Deed("press", keys=keys * count)
        case Hotkey(keys=keys):
            yield Deed("hotkey", keys=keys)
        case Terminate(status=status):
            yield Deed("terminate", text=status)
        case _:
            yield Deed("other")


def _at(place: RelativePoint | None) -> tuple[float, float] | None:
    return None if place is None else (place.x, place.y)


def _together(deeds: Sequence[Deed]) -> tuple[Deed, ...]:
    """A text and the Enter behind it are one deed."""
    joined: list[Deed] = []
    for deed in deeds:
        is_enter = deed.type in ("press", "hotkey") and len(deed.keys) == 1
        if is_enter and deed.keys[0] in _ENTER and joined and joined[-1].type == "write":
            joined[-1] = Deed("write", text=joined[-1].text + "\n")
        else:
            joined.append(deed)
    return tuple(joined)


def _score(right: Sequence[Deed], done: Sequence[Deed]) -> float:
    """The mean over the kinds of deeds of the truth; more deeds than it has cost their share."""
    if not right or not done:
        return 0.0
    penalty = min(1.0, len(right) / len(done))
    if right[0].type == "terminate":
        return penalty if (done[0].type, done[0].text) == ("terminate", right[0].text) else 0.0
    if done[0].type not in {deed.type for deed in right}:
        return 0.0
    worth: dict[str, list[float]] = {}
    for number, deed in enumerate(right):
        same = number < len(done) and done[number].type == deed.type
        worth.setdefault(deed.type, []).append(_worth(deed, done[number]) if same else 0.0)
    kinds = [math.fsum(each) / len(each) for each in worth.values()]
    return penalty * math.fsum(kinds) / len(kinds)


def _worth(right: Deed, done: Deed) -> float:
    """What one deed is worth beside that of the truth, both of one type."""
    match right.type:
        case "write":
            return _likeness(right.text, done.text)
        case "press" | "hotkey":
            return float(right.keys == done.keys)
        case "scroll":
            if right.amount * done.amount <= 0:
                return float(right.amount == done.amount)
            return min(right.amount / done.amount, done.amount / right.amount)
        case _ if right.type in _CLICKS or right.type in ("moveto", "dragto"):
            return _nearness(right, done)
        case _:
            return 0.0


def _nearness(right: Deed, done: Deed) -> float:
    if right.at is None or done.at is None:
        return 0.0
    x, y = done.at
    if any(
        left <= x <= left + width and top <= y <= top + height
        for left, top, width, height in right.boxes
    ):
        return 1.0
    apart = math.hypot(x - right.at[0], y - right.at[1])
    return math.exp(-_FALL * max(0.0, apart - _NEAR))


def _likeness(right: str, done: str) -> float:
    """The likeness of two texts, capitals and white space around them aside."""
    one, other = right.lower().strip(), done.lower().strip()
    longest = max(len(one), len(other))
    if not longest:
        return 1.0
    alike = 1 - Levenshtein.distance(one, other) / longest
    return min(1.0, alike / _ALIKE)
