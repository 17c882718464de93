"""An episode as one task of AgentNet: a JSON line and its images, as OpenCUA's files have them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from agent_app.actions import AskHuman
from agent_app.episode.files import write_whole
from agent_app.episode.reader import Episode
from agent_app.episode.steps import EpisodeStep
from agent_app.episode.wording import ending_text
from agent_app.exporting.code import as_shares, lines_of
from agent_app.exporting.folders import Folder
from agent_app.model_runtime import Progress

TRAJECTORY = "agentnet.jsonl"
IMAGES = "images"


def write_agentnet(episode: Episode, output: Path, progress: Progress) -> Sequence[str]:
    """Write the folder; what the format cannot hold is returned and written to lost.txt.

    Raises KnownError when the folder cannot be written.
    """
    run, end = episode.run, episode.end
    name = re.sub(r"\W+", "-", run.run if run is not None else "run")[:64]
    with Folder(output, episode) as folder:
        trajectory: list[dict[str, object]] = []
        for count, step in enumerate(episode.steps, 1):
            progress("steps", count, len(episode.steps))
            code = _code(step, folder)
            image = f"{name}_{step.number}.png"
            if not code:
                folder.lose("steps without an action")
            elif step.frame_before is None:
                folder.lose("steps whose screen was not recorded")
            elif folder.save_frame(step.frame_before, Path(IMAGES) / image):
                value = {
                    "observation": "",
                    "thought": step.thought,
                    "action": "; ".join(dict.fromkeys(each.intent for each in step.actions)),
                    "code": code,
                    "last_step_correct": None,
                    "last_step_redundant": None,
                    "reflection": "",
                }
                trajectory.append({"index": len(trajectory), "image": image, "value": value})
            _lose_rest(step, folder)
        task = run.task if run is not None else ""
        line = {
            "task_id": name,
            "instruction": task,
            "task_completed": end is not None and end.outcome == "success",
            "alignment_score": None,
            "efficiency_score": None,
            "task_difficulty": None,
            "reason": ending_text(episode),
            "natural_language_task": task,
            "actual_task": task,
            "traj": trajectory,
        }
        write_whole(output / TRAJECTORY, msgspec.json.encode(line) + b"\n")
        folder.lose("where each screen lies (monitor, origin, scale), and the clock", count=None)
        return folder.finish()


def _code(step: EpisodeStep, folder: Folder) -> str:
    if step.frame_before is None:
        return ""
    place = as_shares(step.frame_before.transform.size)
    lines: list[str] = []
    for each in step.actions:
        if isinstance(each.action, AskHuman):
            folder.lose("questions to the person")
        lines += lines_of(each.action, place)
    return "\n".join(lines)


def _lose_rest(step: EpisodeStep, folder: Folder) -> None:
    if step.mistakes or step.warnings:
        folder.lose("messages to the model")
    if not all(each.done for each in step.actions):
        folder.lose("that an action was not carried out")
    if step.summary and step.summary not in [each.intent for each in step.actions]:
        folder.lose("summaries (the intent of the actions is held)")
    if step.timing is not None:
        folder.lose("the split of a step's time")
