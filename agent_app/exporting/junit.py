"""A run as a test case, in the XML that continuous integration reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree

from agent_app.actions import describe_action
from agent_app.episode.files import cannot_write, write_whole
from agent_app.episode.reader import Episode
from agent_app.episode.steps import EpisodeStep
from agent_app.episode.wording import (
    ending_text,
    outcome_of,
    result_of,
    seconds_text,
    task_text,
    total_seconds,
)
from agent_app.model_runtime import Progress

# what XML 1.0 cannot hold, not even escaped
_IMPOSSIBLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FAILURES = ("failure", "limit")
_LONGEST_NAME = 200


def write_junit(episode: Episode, output: Path, progress: Progress) -> Sequence[str]:
    """Write a suite of one case: a failed task is its failure, a run that broke its error.

    What it cannot hold is returned, one sentence each. Raises KnownError when the file cannot be
    written.
    """
    word, _ = outcome_of(episode)
    outcome = episode.end.outcome if episode.end is not None else "cut off"
    failed = outcome in _FAILURES
    broken = outcome != "success" and not failed
    seconds = f"{max(total_seconds(episode), 0):.3f}"
    counts = {"tests": "1", "failures": str(int(failed)), "errors": str(int(broken))}
    suites = ElementTree.Element("testsuites", counts | {"time": seconds})
    created = episode.header.created.isoformat(timespec="seconds")
    suite = ElementTree.SubElement(
        suites,
        "testsuite",
        {"name": "agent-app"} | counts | {"skipped": "0", "time": seconds, "timestamp": created},
    )
    run = episode.run
    model = run.model if run is not None else ""
    name = " ".join(task_text(episode).split())[:_LONGEST_NAME]
    case = ElementTree.SubElement(
        suite,
        "testcase",
        {"classname": "agent-app", "name": _possible(name), "time": seconds},
    )
    properties = ElementTree.SubElement(case, "properties")
    for key, value in (("model", model), ("episode", episode.folder.name)):
        ElementTree.SubElement(properties, "property", {"name": key, "value": _possible(value)})
    if failed or broken:
        problem = ElementTree.SubElement(
            case,
            "failure" if failed else "error",
            {"type": outcome, "message": _possible(ending_text(episode) or word)},
        )
        last = episode.steps[-1] if episode.steps else None
        problem.text = _possible("\n".join(_telling(last)) if last is not None else "no steps")
    log = ElementTree.SubElement(case, "system-out")
    lines = [f"Task: {task_text(episode)}"]
    for count, step in enumerate(episode.steps, 1):
        lines += _telling(step)
        progress("steps", count, len(episode.steps))
    log.text = _possible("\n".join(lines))
    ElementTree.indent(suites)
    try:
        write_whole(output, ElementTree.tostring(suites, "utf-8", xml_declaration=True))
    except OSError as error:
        raise cannot_write(error, output) from error
    return ["the pictures and the split of each step's time"]


def _telling(step: EpisodeStep) -> Iterator[str]:
    """A step in words, one line after the other."""
    result, _ = result_of(step)
    yield f"Step {step.number} ({seconds_text(max(step.seconds, 0))}): {result}"
    if step.thought:
        yield f"  thought: {step.thought}"
    if step.summary:
        yield f"  summary: {step.summary}"
    for each in step.actions:
        places = "".join(f" ({point.x}, {point.y})" for point in each.points)
        yield f"  does: {each.intent}: {describe_action(each.action)}{places}"
    for message in (*step.mistakes, *step.warnings):
        yield f"  told: {message}"
    for question, answer in step.questions:
        yield f"  asked: {question} answered: {answer if answer is not None else 'nothing'}"


def _possible(text: str) -> str:
    return _IMPOSSIBLE.sub("\ufffd", text)
