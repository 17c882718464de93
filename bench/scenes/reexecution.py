"""Whole episodes done again by the real re-execution, held against the accessibility tree."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from agent_app.episode.recorder import EpisodeRecorder
from agent_app.events import (
    ActionDecided,
    ActionDone,
    EffectCompared,
    Event,
    RunFinished,
    StepFinished,
    TargetFound,
    TargetMissed,
)
from agent_app.replaying.recording import open_recording
from agent_app.replaying.session import ReplayOptions, ReplaySession
from agent_app.screen.ring import FrameRing
from agent_app.workplace import Workplace, WorkplaceOptions
from scenes.hand import Lost, Spot, Truth
from scenes.recorded import CONDITIONS, Condition, staged, work
from scenes.scripts import EPISODES, Episode

SLACK = 1.0  # pixels by which a box may be rounded


@dataclass
class Again:
    """What became of the steps of all episodes under one condition."""

    steps: int = 0
    done: int = 0
    targets: int = 0
    wrong: int = 0
    runs: int = 0
    passed: int = 0
    seconds: list[float] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def measure_reexecution(
    console: Console, folder: Path, *, conditions: Sequence[str] = (), episodes: Sequence[str] = ()
) -> dict[str, object]:
    """Record each episode once, do it again under each condition, and say how that went."""
    tallies = {c.name: Again() for c in CONDITIONS if not conditions or c.name in conditions}
    for episode in EPISODES:
        if episodes and episode.name not in episodes:
            continue
        home = folder / f"home of {episode.app}"
        recorded = folder / episode.name
        record_episode(episode, recorded, home)
        for condition in CONDITIONS:
            if condition.name not in tallies:
                continue
            tally = tallies[condition.name]
            said = len(tally.remarks)
            result = folder / f"{episode.name}, {condition.name}"
            do_again(episode, condition, recorded, result, home, tally)
            for remark in tally.remarks[said:]:
                console.print(remark, markup=False, highlight=False)
    return report(tallies, console)


def record_episode(episode: Episode, folder: Path, home: Path) -> None:
    _clear(home)
    with staged(episode, CONDITIONS[0], home) as (hand, screen):
        ring = FrameRing()
        for _ in EpisodeRecorder(folder, ring.get).tee(work(hand, screen, ring)):
            pass


def do_again(
    episode: Episode, condition: Condition, recorded: Path, folder: Path, home: Path, tally: Again
) -> None:
    """Do a recorded episode again, and hold each place acted on against the truth."""
    _clear(home)
    name = f"{condition.name} / {episode.name}"
    tally.runs += 1
    tally.steps += len(episode.steps)
    with (
        staged(episode, condition, home) as (hand, _screen),
        Workplace(WorkplaceOptions(model="reader"), environment=hand.desktop.environment) as place,
    ):
        session = ReplaySession(place, open_recording(recorded), ReplayOptions(), folder=folder)
        session.prepare()
        step, places = 0, 0
        aimed: list[tuple[TargetFound, Truth]] = []
        decided = False
        for event in session.events():
            if isinstance(event, TargetFound):
                if decided:  # it has moved before it was acted on, and was found again
                    places, decided = places - len(aimed), False
                    aimed.clear()
                step, places = event.step, places + 1 if event.step == step else 0
                goals = episode.steps[step - 1].target, episode.steps[step - 1].end
                goal = goals[places]
                assert goal is not None
                if condition.font and isinstance(goal, Spot):
                    continue  # a larger font moves what lies there, and nothing tells where to
                try:
                    aimed.append((event, hand.find(goal)))
                except Lost as error:
                    tally.remarks.append(f"unknown: {name} {step}: {error}"[:300])
            elif isinstance(event, ActionDecided):
                decided = True
            elif isinstance(event, ActionDone):  # what was only looked at does no harm
                decided = False
                for found, truth in aimed:
                    _judge(found, truth, f"{name} {step}", tally)
                aimed.clear()
            else:
                aimed = [] if isinstance(event, StepFinished) else aimed
                _count(event, name, tally, last=len(episode.steps))


def _judge(event: TargetFound, truth: Truth, name: str, tally: Again) -> None:
    box, x, y = truth.box, event.point.x, event.point.y
    inside = box.left - SLACK <= x < box.right + SLACK
    tally.targets += 1
    if not (inside and box.top - SLACK <= y < box.bottom + SLACK):
        tally.wrong += 1
        tally.remarks.append(f"wrong: {name} by {event.how} at {x},{y}, truth {box}")


def _count(event: Event, name: str, tally: Again, *, last: int) -> None:
    match event:
        case TargetMissed():
            tally.remarks.append(f"missed: {name} {event.step}: {event.reason}")
        case EffectCompared(alike=False):
            tally.remarks.append(f"other effect: {name} {event.step}: {event.message}")
        case StepFinished() if event.step <= last:  # the one after it is the end
            tally.done += 1
            timing = event.timing
            tally.seconds.append(timing.capture + timing.encode + timing.act)
        case RunFinished():
            tally.passed += event.outcome == "success"
            if event.outcome != "success":
                tally.remarks.append(f"{event.outcome}: {name}: {event.reason}")
        case _:
            pass


def _clear(home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)


def report(tallies: dict[str, Again], console: Console) -> dict[str, object]:
    table = Table(title="Episodes done again without a model")
    headings = ("condition", "runs", "passed", "steps", "done %", "targets", "wrong", "p50 s")
    for heading in headings:
        table.add_column(heading, justify="left" if heading == "condition" else "right")
    result: dict[str, object] = {}
    for name, tally in tallies.items():
        if not tally.runs:
            continue
        p50 = statistics.median(tally.seconds) if tally.seconds else 0.0
        share = tally.done / tally.steps
        table.add_row(
            name,
            str(tally.runs),
            str(tally.passed),
            str(tally.steps),
            f"{100 * share:.1f}",
            str(tally.targets),
            str(tally.wrong),
            f"{p50:.2f}",
        )
        result[name] = {
            "runs": tally.runs,
            "passed": tally.passed,
            "steps": tally.steps,
            "done": round(share, 4),
            "targets": tally.targets,
            "wrong": tally.wrong,
            "step_p50_s": round(p50, 3),
        }
    console.print(table)
    return result
