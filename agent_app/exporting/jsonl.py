"""An episode as plain JSON lines, one for each step: for scripts, spreadsheets and data frames."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from agent_app.actions import describe_action
from agent_app.episode.files import cannot_write, write_whole
from agent_app.episode.reader import Episode
from agent_app.episode.steps import EpisodeAction, EpisodeStep
from agent_app.episode.wording import result_of
from agent_app.events import FrameRef
from agent_app.exporting.moments import Moments, moments_of, wall_clock
from agent_app.model_runtime import Progress


def write_jsonl(episode: Episode, output: Path, progress: Progress) -> Sequence[str]:
    """Write the lines; what they cannot hold is returned, one sentence each.

    Raises KnownError when the file cannot be written.
    """
    moments = moments_of(episode)
    lines: list[bytes] = []
    for step in episode.steps:
        lines.append(msgspec.json.encode(_line(episode, step, moments[step.number])) + b"\n")
        progress("steps", len(lines), len(episode.steps))
    try:
        write_whole(output, b"".join(lines))
    except OSError as error:
        raise cannot_write(error, output) from error
    return ["the pictures: they stay in the episode, and are named here by their sha1"]


def _line(episode: Episode, step: EpisodeStep, moments: Moments) -> dict[str, object]:
    run, end = episode.run, episode.end
    result, _ = result_of(step)
    return {
        "run": run.run if run is not None else None,
        "task": run.task if run is not None else None,
        "model": run.model if run is not None else None,
        "outcome": end.outcome if end is not None else None,
        "step": step.number,
        "time": wall_clock(episode, step.at).isoformat(),
        "began": moments.began,
        "seconds": moments.ended - moments.began,
        "frame_before": _frame(step.frame_before),
        "frame_after": _frame(step.frame_after),
        "thought": step.thought,
        "summary": step.summary,
        "actions": [_action(each, step.frame_before) for each in step.actions],
        "mistakes": step.mistakes,
        "warnings": step.warnings,
        "questions": [{"question": asked, "answer": answer} for asked, answer in step.questions],
        "changed": step.settled.changed if step.settled is not None else None,
        "settled": step.settled.settled if step.settled is not None else None,
        "timing": step.timing,
        "result": result,
    }


def _frame(ref: FrameRef | None) -> dict[str, object] | None:
    if ref is None:
        return None
    size = ref.transform.size
    return {"sha1": ref.sha1, "width": size.width, "height": size.height}


def _action(each: EpisodeAction, frame: FrameRef | None) -> dict[str, object]:
    places = [frame.transform.screen_to_frame(point) for point in each.points] if frame else []
    return {
        "words": describe_action(each.action),
        "intent": each.intent,
        "done": each.done,
        "action": each.action,
        "screen_points": [[point.x, point.y] for point in each.points],
        "frame_points": [[place.x, place.y] for place in places],
    }
