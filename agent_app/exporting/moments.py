"""When things happened in a run, on a clock that begins with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from agent_app.episode.reader import Episode
from agent_app.events import ActionDecided, ActionDone, ReplyReceived


@dataclass(frozen=True, slots=True)
class Moments:
    """The times of one step in seconds since the run began, in this order.

    A file may hold any numbers: these never go back and never before the step ahead.
    """

    began: float
    answered: float
    acted: float
    done: float
    ended: float


def moments_of(episode: Episode) -> Mapping[int, Moments]:
    """The moments of every step, by its number.

    What a step lacks falls on what came before it: without an answer it answered when it began.
    """
    answered: dict[int, float] = {}
    acted: dict[int, float] = {}
    done: dict[int, float] = {}
    for event in episode.events:
        match event:
            case ReplyReceived():
                answered[event.step] = event.at
            case ActionDecided():
                acted.setdefault(event.step, event.at)
            case ActionDone():
                done[event.step] = event.at
            case _:
                pass
    start = starting_at(episode)
    moments: dict[int, Moments] = {}
    latest = 0.0
    for step in episode.steps:
        times: list[float] = []
        number = step.number
        for at in (
            step.at,
            answered.get(number, step.at),
            acted.get(number, answered.get(number, step.at)),
            done.get(number, acted.get(number, step.at)),
            step.at + step.seconds,
        ):
            latest = max(latest, at - start)
            times.append(latest)
        moments[number] = Moments(*times)
    return moments


def wall_clock(episode: Episode, at: float) -> datetime:
    """The time of day of a moment on the monotonic clock; of the recording, if that is no moment.

    A damaged file may hold numbers beyond the years that there are.
    """
    try:
        return episode.wall_clock(at)
    except (OverflowError, ValueError):
        return episode.header.created


def starting_at(episode: Episode) -> float:
    """The monotonic clock when the run began."""
    if episode.run is not None:
        return episode.run.at
    return episode.steps[0].at if episode.steps else episode.header.at
