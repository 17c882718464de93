"""What a suite came to: counts, JUnit's XML, and a JSON document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

import msgspec

from agent_app.suite.attempt import Outcome
from agent_app.suite.store import Result
from agent_app.suite.tasks import Task

ORDER: tuple[Outcome, ...] = ("passed", "skipped", "failed", "error", "timeout", "died")


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Each task that has ended is counted once, by its result.

    `outcomes` are their numbers by outcome; `left` have no result. `flaky` passed after a failure.
    `attempts` are all that were made; `seconds` is the sum of their times.
    """

    tasks: int
    left: int
    outcomes: dict[str, int]
    flaky: tuple[str, ...]
    attempts: int
    deaths: int
    seconds: float

    @property
    def is_good(self) -> bool:
        """Whether all have ended, and none badly."""
        bad = sum(self.outcomes.get(each, 0) for each in ORDER[2:])
        return not self.left and not bad


def summarise(tasks: Sequence[Task], results: Mapping[str, Result]) -> Summary:
    """Count the results of these tasks."""
    ended = [results[task.id] for task in tasks if task.id in results]
    counts = Counter(each.outcome for each in ended)
    attempts = [attempt for each in ended for attempt in each.attempts]
    return Summary(
        tasks=len(tasks),
        left=len(tasks) - len(ended),
        outcomes={name: counts[name] for name in ORDER if counts[name]},
        flaky=tuple(each.id for each in ended if each.is_flaky),
        attempts=len(attempts),
        deaths=sum(each.outcome == "died" for each in attempts),
        seconds=round(sum(each.seconds for each in attempts), 2),
    )


def junit(tasks: Sequence[Task], results: Mapping[str, Result]) -> str:
    """JUnit's XML, a case for each task that has ended."""
    cases: list[str] = []
    for task in tasks:
        result = results.get(task.id)
        if result is None:
            continue
        last = result.last
        said = escape(_plain(last.reason))
        told = f"message={quoteattr(_plain(last.reason))}"
        match last.outcome:
            case "passed":
                inside = ""
            case "skipped":
                inside = "<skipped/>"
            case "failed" | "timeout":
                inside = f"<failure {told}>{said}</failure>"
            case _:
                inside = f"<error {told}>{said}</error>"
        name = quoteattr(_plain(task.id))
        cases.append(f'  <testcase name={name} time="{last.seconds:.2f}">{inside}</testcase>\n')
    summary = summarise(tasks, results)
    bad = summary.outcomes
    head = (
        f'<testsuite name="suite" tests="{len(cases)}" skipped="{bad.get("skipped", 0)}" '
        f'failures="{bad.get("failed", 0) + bad.get("timeout", 0)}" '
        f'errors="{bad.get("error", 0) + bad.get("died", 0)}" time="{summary.seconds:.2f}">\n'
    )
    return f'<?xml version="1.0" encoding="utf-8"?>\n{head}{"".join(cases)}</testsuite>\n'


def _plain(text: str) -> str:
    """A text without what XML cannot hold."""
    return "".join(sign if sign.isprintable() or sign in "\n\t" else "�" for sign in text)
