"""What a result says in words, for the terminal, the Markdown and the page alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent_app.evaluate.items import BoxTarget, PolygonTarget, Published, RefusalTarget, Target
from agent_app.evaluate.results import Conditions, Outcome, Result
from agent_app.evaluate.scoring import Prediction
from agent_app.evaluate.tables import Row, pace
from agent_app.replaying.report import percent, plain

TELLING = 20  # ids of missing items that are spelt out


def model_line(conditions: Conditions) -> str:
    """The model as it was asked."""
    parts = [
        conditions.model,
        conditions.detail,
        f"temperature {conditions.temperature:g}",
        f"up to {conditions.max_tokens} tokens",
        "" if conditions.think else "without a thought",
        f"prompt {conditions.prompt_sha1[:8]}",
        f"{conditions.samples} samples" if conditions.samples > 1 else "",
    ]
    return plain(" · ".join(part for part in parts if part))


def extent(outcome: Outcome) -> str:
    """How much of the benchmark was asked."""
    conditions, count = outcome.conditions, len(outcome.results)
    told = f"{count} of {conditions.items} items"
    if count < conditions.items:
        told += ": a part, which no published figure speaks of"
    return told


def bounds(row: Row) -> str:
    """The 95 % bounds of a share; empty for a mean of others."""
    if row.low is None or row.high is None:
        return ""
    return f"{100 * row.low:.1f} to {100 * row.high:.1f}"


def pace_line(results: Sequence[Result]) -> str:
    """How long an answer takes."""
    told = pace(results)
    return (
        f"{told.median:.2f} s an answer in the median, {told.p95:.2f} s at p95, "
        f"{told.tokens:.0f} tokens"
    )


def published_line(figure: Published) -> str:
    """A figure of others, marked as theirs."""
    return f"published: {figure.who}, {figure.what}: {figure.percent:.1f} % ({figure.source})"


def remarks(outcome: Outcome) -> Iterator[str]:
    """What one must know to read the figures."""
    conditions = outcome.conditions
    if conditions.missing:
        named = ", ".join(conditions.missing[:TELLING])
        more = ", …" if len(conditions.missing) > TELLING else ""
        yield (
            f"{len(conditions.missing)} items have no picture, were not asked and are not counted: "
            f"{named}{more}"
        )
    yield from conditions.notes
    if conditions.model == "reader":
        yield (
            "The reader follows written steps: an instruction in free words was given to it as the "
            "label of what to click. It looks again for what it does not find, and on a picture "
            "that is its refusal. It reads each picture once, so only the first answer on one "
            "takes the time of reading."
        )
    if any(isinstance(result.item.target, RefusalTarget) for result in outcome.results):
        yield (
            'A refusal is computer.terminate(status="failure") or the point (-1, -1); this mapping '
            "is ours, for none is published. What cannot be read is never one."
        )


def target_words(target: Target) -> str:
    """Where a right answer lies."""
    match target:
        case BoxTarget(left, top, width, height):
            return f"box {left:.0f},{top:.0f} of {width:.0f}×{height:.0f}"
        case PolygonTarget(points):
            return f"polygon of {len(points)} corners"
        case RefusalTarget():
            return "not there: to be refused"


def prediction_words(prediction: Prediction, size: tuple[int, int]) -> str:
    """What was answered, in pixels."""
    match prediction.kind:
        case "point":
            return f"point {prediction.x * size[0]:.0f},{prediction.y * size[1]:.0f}"
        case "refusal":
            return "refused"
        case "none":
            return f"nothing that can be read: {plain(prediction.fault)[:200]}"


def share_words(row: Row) -> str:
    """The share that is right."""
    return percent(row.share)
