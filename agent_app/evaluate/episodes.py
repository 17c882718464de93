"""Recordings of others as a benchmark: a model is asked at each step, and measured by its parts.

Where a recording has boxes, the point must be in one; where it has points alone, the distance is
told. How a model is asked, and what its decision is compared with, is `replaying`.
"""

from __future__ import annotations

import re
import shutil
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from agent_app.actions import places_of
from agent_app.episode.files import cannot_write
from agent_app.episode.reader import Episode
from agent_app.episode.truth import read_truth
from agent_app.evaluate.agentnetbench import Right, step_score
from agent_app.importing.formats import recordings_in
from agent_app.importing.recording import write_recording
from agent_app.model_runtime import Progress
from agent_app.replaying.comparison import RADIUS_SHARE, ActionComparison
from agent_app.replaying.decisions import StepDecision
from agent_app.replaying.scores import percentile, wilson

_NAME = re.compile(r"[^\w.-]+")


def import_all(data: Path, library: Path, progress: Progress) -> None:
    """Import the recordings of a folder under their own names, all or none; once is enough.

    Raises KnownError for recordings that cannot be read, and a folder that cannot be written.
    """
    if library.is_dir():
        return
    unfinished = library.with_name(library.name + ".tmp")
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        for number, recording in enumerate(recordings_in(data), 1):
            slug = _NAME.sub("-", recording.name).strip("-.") or "recording"
            folder = unfinished / slug
            if folder.exists():
                folder = unfinished / f"{slug}-{number}"
            write_recording(recording, folder, _named(progress, slug))
        unfinished.rename(library)
    except OSError as error:
        raise cannot_write(error, library) from error


def _named(progress: Progress, name: str) -> Progress:
    def tell(what: str, done: int, total: int) -> None:
        progress(f"Importing {name}: {what}", done, total)

    return tell


@dataclass
class Figures:
    """What was counted over some steps.

    `kinds` are steps whose actions are of the recorded kinds; `boxes` are places with a box, hit or
    not, and `points` those with a point alone, `near` within 1.5 % of the picture's diagonal.
    `apart` are distances in pixels of the latter where both name a place. `likeness` of texts is 0
    to 1; `worth` the benchmark's own score of a step, where it has one.
    """

    steps: int = 0
    kinds: int = 0
    unreadable: int = 0
    boxes: list[bool] = field(default_factory=list[bool])
    points: list[bool] = field(default_factory=list[bool])
    apart: list[float] = field(default_factory=list[float])
    texts: list[bool] = field(default_factory=list[bool])
    likeness: list[float] = field(default_factory=list[float])
    keys: list[bool] = field(default_factory=list[bool])
    worth: list[float] = field(default_factory=list[float])

    def add(self, step: StepDecision, labelled: int, right: Right | None) -> None:
        """Count a step; `labelled` of its recorded places have a box."""
        sample = step.sample
        self.steps += 1
        if right:
            self.worth.append(step_score(right, sample.actions))
        if sample.comparison is None:
            self.unreadable += 1
            places = sum(
                place is not None for action in step.recorded for place in places_of(action)
            )
            self.boxes += [False] * min(labelled, places)
            self.points += [False] * max(0, places - labelled)
            return
        compared = [each for each in sample.comparison.actions if each.recorded is not None]
        self.kinds += all(each.same_kind for each in sample.comparison.actions)
        for each in compared:
            self._places(each)
            if each.text is not None:
                self.texts.append(each.text.same)
                self.likeness.append(
                    Levenshtein.normalized_similarity(each.text.recorded, each.text.decided)
                )
            if each.same_keys is not None:
                self.keys.append(each.same_keys)

    def _places(self, compared: ActionComparison) -> None:
        for place in compared.places:
            if place.recorded is None or place.element is None:
                continue
            if place.element.source == "label":
                self.boxes.append(place.hit)
                continue
            self.points.append(place.share is not None and place.share <= RADIUS_SHARE)
            if place.moved is not None:
                self.apart.append(place.moved)

    def cells(self) -> tuple[str, ...]:
        """The figures as a row of the table; see `HEADINGS`."""
        apart = sorted(self.apart)
        median, high = percentile(apart, 0.5), percentile(apart, 0.95)
        return (
            str(self.steps),
            _share([True] * self.kinds + [False] * (self.steps - self.kinds)),
            _share(self.boxes),
            _share(self.points),
            "" if median is None or high is None else f"{median:.0f} / {high:.0f} px",
            _share(self.texts),
            f"{statistics.fmean(self.likeness):.2f}" if self.likeness else "",
            _share(self.keys),
            f"{100 * statistics.fmean(self.worth):.1f}" if self.worth else "",
            str(self.unreadable or ""),
        )


HEADINGS = (
    "steps",
    "kind",
    "in box",
    "near point",
    "apart p50 / p95",
    "text",
    "likeness",
    "keys",
    "own score",
    "no action",
)


def figures(
    steps: Iterable[StepDecision],
    episodes: Mapping[str, Episode],
    truths: Mapping[str, Sequence[Right]],
) -> dict[str, Figures]:
    """The figures of each source of recordings, and of all together."""
    found: dict[str, Figures] = {}
    whole = Figures()
    for step in steps:
        episode = episodes.get(step.episode)
        run = episode.run if episode is not None else None
        targets = read_truth(episode.folder) if episode is not None else ()
        labelled = sum(target.step == step.step for target in targets)
        known = truths.get(run.run, ()) if run is not None else ()
        right = known[step.step - 1] if step.step <= len(known) else None
        source = run.model if run is not None else "unknown"
        for counted in (found.setdefault(source, Figures()), whole):
            counted.add(step, labelled, right)
    return {**dict(sorted(found.items())), "all": whole}


def _share(hits: Sequence[bool]) -> str:
    """How many of how many, with the 95 % bounds of the share; empty of none."""
    if not hits:
        return ""
    low, high = wilson(sum(hits), len(hits))
    return f"{sum(hits)}/{len(hits)} ({100 * low:.0f}–{100 * high:.0f} %)"
