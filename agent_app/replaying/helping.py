"""Who is asked when a target is missed: the person, or the model."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass

import numpy as np

from agent_app.course import Course, Stopwatch
from agent_app.errors import KnownError, ModelMistake
from agent_app.events import Event, ModelErred
from agent_app.geometry import FramePoint, ScreenPoint, Size
from agent_app.grounding import ground
from agent_app.model_runtime import GenerationRequest, ModelRuntime, Sampling
from agent_app.prompting import History, Prompt
from agent_app.replaying.execution_steps import Miss, Trouble
from agent_app.replaying.script import places_of
from agent_app.screen.frame import Frame
from agent_app.wording import Words, choice, say

_AGAIN, _SKIP = choice("Look again"), choice("Leave this action out")
_GO_ON, _STOP = choice("Go on"), choice("Stop")
_POINTING_SECONDS = 3.0
_POINT = choice("Where the pointer is in 3 seconds")
_NEAR = "At {x}, {y}"
_MOST_CANDIDATES = 3
_PLACE = re.compile(r"\D*?(-?\d{1,6})\s*[,;]\s*(-?\d{1,6})\s*\)?")
_COUNT = re.compile(r"^\[[\d./]+\]\s*")  # "[3/15] Click …", as the reader counts its steps
_MOST_ASKED = 20  # times that one run may ask the model
_SPOT = 12  # pixels around a place in which something must be drawn
_LEAST_DRAWN = 2.0  # standard deviation of its pixels


class Person:
    """Asks the person, who may look, leave it out, stop, or point at the target."""

    def help(
        self,
        course: Course,
        trouble: Trouble,
        watch: Stopwatch,  # noqa: ARG002 - the protocol's
    ) -> Generator[Event, None, FramePoint | Miss | None]:
        transform = trouble.frame.transform
        near = [transform.frame_to_screen(point) for point in trouble.candidates]
        places = [_NEAR.format(x=at.x, y=at.y) for at in near[:_MOST_CANDIDATES]]
        choices = (_AGAIN, *places, *([_POINT] if trouble.key else []), _SKIP, _STOP)
        question = trouble.told
        if trouble.key:
            question = say(
                "{told}\nWhere is it? A place on the screen, as x, y, is an answer, too.",
                told=question,
            )
        answer = _chosen((yield from course.ask(trouble.number, question, choices)), choices)
        if answer == _POINT:
            course.control.halt.wait(_POINTING_SECONDS)
            return _inside(course.input.position(), trouble.frame)
        if answer == _AGAIN:
            return "again"
        if answer == _SKIP:
            return "skip"
        place = _PLACE.fullmatch(answer)
        if place is None or not trouble.key:
            return None
        return _inside(ScreenPoint(int(place[1]), int(place[2])), trouble.frame)

    def go_on(self, course: Course, number: int, told: Words) -> Generator[Event, None, bool]:
        choices = (_GO_ON, _STOP)
        answer = yield from course.ask(number, f"{told}.\nIs it to go on all the same?", choices)
        return _chosen(answer, choices) == _GO_ON


@dataclass
class Model:
    """Asks a model where the target is, with the recorded intent; its answer has to be plausible.

    `open` gives the model. It is asked a limited number of times.
    """

    open: Callable[[], ModelRuntime]
    prompt: Prompt
    sampling: Sampling
    asked: int = 0

    def help(
        self, course: Course, trouble: Trouble, watch: Stopwatch
    ) -> Generator[Event, None, FramePoint | Miss | None]:
        if not trouble.key or self.asked >= _MOST_ASKED:
            return None
        self.asked += 1
        runtime = self.open()
        instruction = _instruction(trouble)
        image = trouble.frame.for_model(runtime.info.image_limits)
        turns = History(self.prompt, instruction).turns(image)
        request = GenerationRequest(turns, instruction, sampling=self.sampling)
        try:
            reply = yield from course.think(trouble.number, runtime, request, watch)
            course.check_stop()
            return _place_in(reply.summary or "", trouble, Size(*image.image.size))
        except (ModelMistake, KnownError) as mistake:
            told = mistake.message if isinstance(mistake, KnownError) else str(mistake)
            yield ModelErred(trouble.number, told, time.monotonic())
            return None

    def go_on(
        self,
        course: Course,  # noqa: ARG002 - the protocol's
        number: int,  # noqa: ARG002
        told: Words,  # noqa: ARG002
    ) -> Generator[Event, None, bool]:
        yield from ()
        return False


def _place_in(summary: str, trouble: Trouble, image_size: Size) -> FramePoint:
    """The place that a reply names; raises ModelMistake when there is none, or none plausible."""
    decision = ground(summary, image_size=image_size)
    places = [place for action in decision.actions for place in places_of(action)]
    if not places:
        raise ModelMistake(f"The model named no place: {decision.intent}")
    place = places[-1] if trouble.key.endswith(".1") else places[0]
    transform = trouble.frame.transform
    point = transform.relative_to_frame(place)
    at = transform.frame_to_screen(point)
    window = next((each for each in trouble.windows if each.region.contains(at)), None)
    recorded = trouble.anchor.window if trouble.anchor is not None else None
    then = recorded.application if recorded is not None else ""
    now = window.application if window is not None else ""
    if then and now and then != now:
        raise ModelMistake(
            f"The model's place ({at.x}, {at.y}) lies in {now}, and the target lay in {then}."
        )
    if not (trouble.anchor is not None and trouble.anchor.empty) and _is_bare(trouble.frame, point):
        raise ModelMistake(f"There is nothing at the model's place ({at.x}, {at.y}).")
    return point


def _instruction(trouble: Trouble) -> str:
    words = _COUNT.sub("", trouble.deed.intent).strip()
    text = trouble.anchor.text if trouble.anchor is not None else ""
    words = words or (f"Click “{text}”" if text else "Find the target")
    return f"{words} (the place where the drag ends)" if trouble.key.endswith(".1") else words


def _is_bare(frame: Frame, point: FramePoint) -> bool:
    x, y = int(point.x), int(point.y)
    spot = frame.pixels[max(0, y - _SPOT) : y + _SPOT, max(0, x - _SPOT) : x + _SPOT]
    return float(np.std(spot)) < _LEAST_DRAWN


def _inside(at: ScreenPoint, frame: Frame) -> FramePoint | None:
    point = frame.transform.screen_to_frame(at)
    size = frame.size
    return point if 0 <= point.x < size.width and 0 <= point.y < size.height else None


def _chosen(answer: str | None, choices: tuple[str, ...]) -> str:
    """The answer in words: a terminal may give the choice's number. Nobody's answer is a stop."""
    answer = (answer or _STOP).strip()
    if answer.isdecimal() and 1 <= int(answer) <= len(choices):
        return choices[int(answer) - 1]
    return answer
