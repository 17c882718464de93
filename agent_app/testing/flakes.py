"""What repeated runs of one test came to: how many passed, and in which step they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Literal

import msgspec

from agent_app.episode.steps import EpisodeStep

_SLOW_FACTOR, _SLOW_SECONDS = 2.0, 1.0  # of the median, and more than it, at which a run was slow
_MOST_SHOWN = 5  # steps of one test
Outcome = Literal["passed", "failed", "rerun"]


class StepRun(msgspec.Struct, frozen=True):
    """One step of one run: what it was, whether it failed, and its seconds."""

    summary: str
    failed: bool
    seconds: float


class Run(msgspec.Struct, frozen=True):
    """One run of a test; a `rerun` is a failure after which it was tried again."""

    outcome: Outcome
    steps: tuple[StepRun, ...] = ()


def step_runs(steps: Sequence[EpisodeStep], *, failed: bool) -> tuple[StepRun, ...]:
    """The steps of a recorded test; the last one of a failing test is where it failed."""
    return tuple(
        StepRun(
            step.summary or next((each.intent for each in step.actions), "a step"),
            bool(step.missed) or bool(step.effect and not step.effect.alike)
            if number < len(steps)
            else failed,
            step.seconds,
        )
        for number, step in enumerate(steps, 1)
    )


def told(runs: Mapping[str, Sequence[Run]]) -> list[str]:
    """What to say of tests that ran more than once, the least reliable ones first."""
    several = {test: each for test, each in runs.items() if len(each) > 1}
    if not several:
        return []
    flaky = [test for test, each in several.items() if 0 < _passed(each) < len(each)]
    failing = [test for test, each in several.items() if not _passed(each)]
    total = sum(map(len, several.values()))
    failures = total - sum(map(_passed, several.values()))
    tests = f"{len(several)} test" if len(several) == 1 else f"{len(several)} tests"
    lines = [
        f"{tests}, {total} runs: {len(flaky)} flaky, {len(failing)} always failing, "
        f"{failures / total:.1%} of the runs failed"
    ]
    for test, each in sorted(several.items(), key=lambda item: _passed(item[1]) / len(item[1])):
        varied = _varied(each)
        if _passed(each) == len(each) and not varied:
            continue
        retries = sum(run.outcome == "rerun" for run in each)
        again = f", {retries} of them tried again" if retries else ""
        lines.append(f"{test}: {_passed(each)} of {len(each)} passed{again}")
        lines += [f"    {line}" for line in varied[:_MOST_SHOWN]]
        if len(varied) > _MOST_SHOWN:
            lines.append(f"    and {len(varied) - _MOST_SHOWN} more steps")
    return lines


def _passed(runs: Sequence[Run]) -> int:
    return sum(run.outcome == "passed" for run in runs)


def _varied(runs: Sequence[Run]) -> list[str]:
    """The steps in which runs differ, in order: that failed, were others, or took far longer."""
    lines: list[str] = []
    for number in range(max((len(run.steps) for run in runs), default=0)):
        there = [run.steps[number] for run in runs if number < len(run.steps)]
        name = f"step {number + 1}, {there[0].summary}"
        others = [step.summary for step in there if step.summary != there[0].summary]
        failed = sum(step.failed for step in there)
        seconds = [step.seconds for step in there if not step.failed]
        if others:
            lines.append(f"{name}: in {len(others)} of {len(there)} runs, {others[0]}")
            break  # from here on the runs cannot be compared step by step
        if failed:
            lines.append(f"{name}: failed in {failed} of {len(there)}")
        elif len(seconds) > 1 and max(seconds) > max(
            _SLOW_FACTOR * median(seconds), median(seconds) + _SLOW_SECONDS
        ):
            lines.append(f"{name}: took {min(seconds):.1f} to {max(seconds):.1f} s")
    return lines
