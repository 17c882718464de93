"""Bringing a thing into view by turning the wheel."""

from __future__ import annotations

from agent_app.actions import Scroll
from agent_app.geometry import FrameBox
from agent_app.screen.settle import moved
from agent_app.testing.description import Description
from agent_app.testing.failures import ActionFailed, found_instead, hidden
from agent_app.testing.looking import View
from agent_app.testing.resolving import Resolution
from agent_app.testing.stage import Search, Stage
from agent_app.testing.waiting import Deadline

__tracebackhide__ = hidden

_NOTCHES = 3


def scroll_to(
    stage: Stage, wanted: Description, over: Description | None, timeout: float | None
) -> None:
    """Turn the wheel down, then up, until the thing shows or nothing moves any more.

    Raises ActionFailed when it does not show.
    """
    search = Search(wanted, Deadline(stage.timeout if timeout is None else timeout))
    ways = [-_NOTCHES, _NOTCHES]
    while True:
        with stage.step(f"scroll to {wanted}") as step:
            view = stage.looker.look()
            resolution = stage.resolve(search, view)
            step.see(view)
            if resolution.things:
                step.say(search.log)
                step.judge(True, "it is in view")
                return
            if not ways or not search.deadline.left():
                message = f"{step.summary}: it did not come into view"
                details = [f"looked    for {wanted}", *found_instead(resolution, view)]
                raise ActionFailed(message, details, search.log, view)
            place = _over(stage, search, over, view, resolution)
            at = view.frame.transform.frame_to_relative(place.center)
            way = "down" if ways[0] < 0 else "up"
            search.log.add(f"scrolling {way}: {resolution.reason}")
            step.say(search.log)
            step.do(view, [Scroll(dy=ways[0], at=at)])
        if not moved(view.frame, stage.looker.look().frame, ()):
            search.log.add(f"nothing moves {way}")
            ways.pop(0)


def _over(
    stage: Stage, search: Search, over: Description | None, view: View, resolution: Resolution
) -> FrameBox:
    """Where the wheel is turned: over a thing, or where the wanted one may lie."""
    if over is not None:
        found = stage.find_one(Search(over, search.deadline, search.log))
        if found is not None:
            return found[1].extent
    whole = FrameBox(0, 0, view.frame.size.width, view.frame.size.height)
    if resolution.rooms and resolution.rooms != (whole,):
        return max(resolution.rooms, key=lambda room: room.width * room.height)
    return next((each.box for each in view.windows if each.active), whole)
