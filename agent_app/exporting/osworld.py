"""An episode as a results folder of OSWorld: `traj.jsonl`, its screenshots and the result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from agent_app.actions import AskHuman, Terminate, Wait
from agent_app.episode.files import write_whole
from agent_app.episode.reader import Episode
from agent_app.episode.steps import EpisodeAction, EpisodeStep
from agent_app.exporting.code import as_pixels, lines_of
from agent_app.exporting.folders import Folder
from agent_app.exporting.moments import wall_clock
from agent_app.model_runtime import Progress

_STAMP = "%Y%m%d@%H%M%S"


def write_osworld(episode: Episode, output: Path, progress: Progress) -> Sequence[str]:
    """Write the folder; what the format cannot hold is returned and written to lost.txt.

    A line's screenshot is the one after its action; `step_0` is the first screen. Raises KnownError
    when the folder cannot be written.
    """
    run, end = episode.run, episode.end
    with Folder(output, episode) as folder:
        lines: list[bytes] = []
        if episode.steps and (first := episode.steps[0].frame_before) is not None:
            stamp = wall_clock(episode, episode.steps[0].at).strftime(_STAMP)
            folder.save_frame(first, Path(f"step_0_{stamp}.png"))
        for count, step in enumerate(episode.steps, 1):
            progress("steps", count, len(episode.steps))
            screenshot = None
            stamp = wall_clock(episode, step.at + step.seconds).strftime(_STAMP)
            name = f"step_{step.number}_{stamp}.png"
            seen = step.frame_after or step.frame_before  # the end of a task has no screen after it
            if seen is not None and folder.save_frame(seen, Path(name)):
                screenshot = name
            actions = list(_actions(step, folder))
            if not actions:
                folder.lose("steps without an action")
            for action in actions:
                over = action in ("DONE", "FAIL")
                line = {
                    "step_num": step.number,
                    "action_timestamp": stamp,
                    "action": action,
                    "response": _response(step),
                    "reward": 0,
                    "done": over,
                    "info": {"done": True} if action == "DONE" else {"fail": True} if over else {},
                    "screenshot_file": screenshot,
                }
                lines.append(msgspec.json.encode(line) + b"\n")
        write_whole(output / "traj.jsonl", b"".join(lines))
        write_whole(output / "instruction.txt", (run.task if run is not None else "").encode())
        success = end is not None and end.outcome == "success"
        write_whole(output / "result.txt", b"1.0\n" if success else b"0.0\n")
        settings = {"model": run.model if run is not None else "", "action_space": "pyautogui"}
        write_whole(output / "args.json", msgspec.json.encode(settings))
        folder.lose(
            "the evaluator's verdict: result.txt holds what the run said of itself", count=None
        )
        folder.lose("the model's own markup: thought and summary are joined", count=None)
        return folder.finish()


def _response(step: EpisodeStep) -> str:
    return "\n\n".join(part for part in (step.thought, step.summary) if part)


def _actions(step: EpisodeStep, folder: Folder) -> Iterator[str]:
    """What the lines of a step hold: one piece of code, and the special words by themselves."""
    code: list[str] = []
    for each in step.actions:
        word = _word(each, folder)
        if word is None:
            code += [line for line in _code(each, step) if line[:1] != "#" or line not in code]
        else:
            if code:
                yield "\n".join(code)
                code = []
            if word:
                yield word
    if code:
        yield "\n".join(code)
    if step.mistakes or step.warnings:
        folder.lose("messages to the model")
    if step.timing is not None:
        folder.lose("the split of a step's time")


def _word(each: EpisodeAction, folder: Folder) -> str | None:
    """OSWorld's word for an action, empty for one that it does not know; None for code."""
    match each.action:
        case Wait():
            folder.lose("how long a WAIT was")
            return "WAIT"
        case Terminate(status=status, answer=answer):
            if answer:
                folder.lose("answers")
            return "DONE" if status == "success" else "FAIL"
        case AskHuman():
            folder.lose("questions to the person")
            return ""
        case _:
            return None


def _code(each: EpisodeAction, step: EpisodeStep) -> list[str]:
    if step.frame_before is None:
        return []
    comment = [f"# {' '.join(each.intent.split())}"] if each.intent.strip() else []
    return [*comment, *lines_of(each.action, as_pixels(step.frame_before.transform.size))]
