"""A thing that is described in a person's words, found by the model."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass

from agent_app.actions import Click
from agent_app.course import Stopwatch
from agent_app.events import Event, ModelErred
from agent_app.geometry import FrameBox, FramePoint
from agent_app.model_runtime import Sampling
from agent_app.prompting import load_prompt
from agent_app.replaying.execution_steps import Miss, Trouble
from agent_app.replaying.helping import Model
from agent_app.replaying.reading import bounds_of, thing_at
from agent_app.replaying.script import Deed
from agent_app.runtimes.reader.seeing.ink import edges
from agent_app.testing.description import Description
from agent_app.testing.looking import View
from agent_app.testing.memory import with_state
from agent_app.testing.model import AskedModel, drained
from agent_app.testing.seams import Sought, Thing
from agent_app.testing.stage import Stage
from agent_app.wording import Words

PHRASE = "the "  # what a description in words begins with; everything else is a label
_KEY = "0.0.0"


@dataclass
class ModelGrounder:
    """Finds things by the model, as a `Grounder`.

    Only descriptions that begin with “the” are for it: a label is a claim about the application,
    and a model that finds something like it would hide that it is gone.
    """

    stage: Stage
    model: AskedModel

    def ground(self, sought: Sought) -> Thing | None:
        """The one thing that is meant, or None when it is not there, or is for the reader."""
        wanted, view = sought.description, sought.view
        if not wanted.text.startswith(PHRASE) or not self.model.sees:
            return None
        number = self.stage.session.trial.steps
        point = drained(self._help(wanted, view, number), self._tell)
        if not isinstance(point, FramePoint):
            return None
        room = next((each for each in sought.rooms if each.contains(point)), None)
        if room is None:
            at = f"({point.x:.0f}, {point.y:.0f})"
            message = f"The model's place {at} is not where {wanted} may be."
            self._tell(ModelErred(number, message, time.monotonic()))
            return None
        return _thing(view, point, room)

    def _help(
        self, wanted: Description, view: View, number: int
    ) -> Generator[Event, None, FramePoint | Miss | None]:
        words = " ".join((wanted.text, *wanted.whereabouts))
        deed = Deed(_KEY.removesuffix(".0"), Click(), f"Click {words}")
        trouble = Trouble(
            number=number,
            deed=deed,
            key=_KEY,
            anchor=None,
            told=Words(""),
            candidates=(),
            frame=view.frame,
            windows=view.refs,
        )
        asker = Model(
            lambda: self.model.runtime, load_prompt("grounding"), Sampling(temperature=0.0)
        )
        return asker.help(self.stage.session.trial, trouble, Stopwatch())

    def _tell(self, event: Event) -> None:
        self.stage.session.tell([event])


def _thing(view: View, point: FramePoint, room: FrameBox) -> Thing:
    """What lies at the model's place."""
    bounds = bounds_of(room)
    pixels = view.frame.pixels
    bounds = bounds.within(bounds_of(FrameBox(0, 0, pixels.shape[1], pixels.shape[0])))
    found = thing_at(edges(pixels), point, view.sight.elements, bounds)
    box = FrameBox(found.box.left, found.box.top, found.box.width, found.box.height)
    if not box.contains(point):
        box = FrameBox(point.x - 8, point.y - 8, 16, 16)
    window = next((each.title for each in view.windows if each.box.contains(point)), "")
    text = found.text.text if found.text is not None else ""
    return with_state(Thing(box, "model", text, window=window), view.sight)
