"""An episode as the report data of Midscene: an execution for each step, in the page of a report.

The page holds the dump and its pictures in the elements where Midscene's tools look for them; the
viewer is not ours to copy.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from pathlib import Path

from agent_app.actions import Click, Drag, Hotkey, Move, Press, Scroll, Write, describe_action
from agent_app.episode.files import cannot_write, write_whole
from agent_app.episode.reader import Episode
from agent_app.episode.steps import EpisodeAction, EpisodeStep
from agent_app.episode.wording import outcome_of, task_text, total_seconds
from agent_app.events import FrameRef
from agent_app.exporting.inert import inert_json
from agent_app.exporting.moments import Moments, moments_of, starting_at, wall_clock
from agent_app.model_runtime import Progress

_VERSION = "1.0.0"  # of Midscene's data that this follows
_NAMES: dict[type, str] = {
    Click: "Tap",
    Move: "Hover",
    Drag: "DragAndDrop",
    Scroll: "Scroll",
    Press: "KeyboardPress",
    Hotkey: "KeyboardPress",
    Write: "Input",
}
_TEST_STATUS = {"success": "passed", "failure": "failed", "limit": "timedOut"}


def write_midscene(episode: Episode, output: Path, progress: Progress) -> Sequence[str]:
    """Write the page; what it cannot hold is returned, one sentence each.

    Raises KnownError when the file cannot be written.
    """
    pictures = [_picture(episode, ref) for ref in episode.frames]
    dump = _Dump(episode)
    executions: list[dict[str, object]] = []
    for count, step in enumerate(episode.steps, 1):
        executions.append(dump.execution(step))
        progress("steps", count, len(episode.steps))
    run, end = episode.run, episode.end
    model = run.model if run is not None else ""
    group = run.run if run is not None else "run"
    data = {
        "sdkVersion": _VERSION,
        "groupName": task_text(episode),
        "groupDescription": "",
        "modelBriefs": [{"intent": "default", "name": model, "modelDescription": ""}],
        "executions": executions,
        "deviceType": "computer",
    }
    status = _TEST_STATUS.get(end.outcome, "interrupted") if end is not None else "interrupted"
    attributes = {
        "data-group-id": group,
        "data-screenshot-mode": "inline",
        "playwright_test_duration": f"{1000 * max(total_seconds(episode), 0):.0f}",
        "playwright_test_status": status,
        "playwright_test_title": " ".join(task_text(episode).split()),
        "playwright_test_id": group,
        "playwright_test_description": outcome_of(episode)[0],
    }
    written = " ".join(f'{name}="{html.escape(value)}"' for name, value in attributes.items())
    page = (
        '<!doctype html>\n<meta charset="utf-8">\n<title>Midscene report data</title>\n'
        + "".join(pictures)
        + f'<script type="midscene_web_dump" type="application/json" {written}>'
        + f"{inert_json(data)}</script>\n"
    )
    try:
        write_whole(output, page.encode(errors="replace"))
    except OSError as error:
        raise cannot_write(error, output) from error
    return [
        "Midscene's own viewer: the page holds the data alone",
        "where each screen lies (monitor, origin, scale)",
    ]


def _picture(episode: Episode, ref: FrameRef) -> str:
    image = episode.frame(ref.sha1)
    if image is None:
        return ""
    data = io.BytesIO()
    image.save(data, "PNG")
    text = base64.b64encode(data.getvalue()).decode()
    return (
        f'<script type="midscene-image" data-id="{ref.sha1}">'
        f'"data:image/png;base64,{text}"</script>\n'
    )


class _Dump:
    """Turns steps into executions; times are milliseconds since 1970."""

    def __init__(self, episode: Episode) -> None:
        self._moments = moments_of(episode)
        self._started = wall_clock(episode, starting_at(episode)).timestamp() * 1000

    def execution(self, step: EpisodeStep) -> dict[str, object]:
        moments = self._moments[step.number]
        intents = dict.fromkeys(each.intent for each in step.actions if each.intent.strip())
        return {
            "id": f"step-{step.number}",
            "logTime": self._started + 1000 * moments.began,
            "name": f"Step {step.number}",
            "description": "; ".join(intents),
            "tasks": [
                self._plan(step, moments),
                *(self._action(step, each, moments, at) for at, each in enumerate(step.actions)),
            ],
        }

    def _plan(self, step: EpisodeStep, moments: Moments) -> dict[str, object]:
        task: dict[str, object] = {
            "taskId": f"step-{step.number}-plan",
            "type": "Planning",
            "subType": "Plan",
            "status": "failed" if step.mistakes else "finished",
            "thought": step.thought,
            "output": {"log": step.summary or ""},
            "timing": self._timing(moments.began, moments.answered),
            "recorder": self._shots(step.frame_before, moments.began, "before-calling"),
        }
        if step.mistakes:
            task["errorMessage"] = "\n".join(step.mistakes)
        return task

    def _action(
        self, step: EpisodeStep, each: EpisodeAction, moments: Moments, at: int
    ) -> dict[str, object]:
        places = [
            step.frame_before.transform.screen_to_frame(point)
            for point in (each.points if step.frame_before is not None else ())
            if step.frame_before is not None
        ]
        last = at == len(step.actions) - 1
        located = [{"center": [place.x, place.y], "description": each.intent} for place in places]
        param: dict[str, object] = {"does": describe_action(each.action)}
        if isinstance(each.action, Write):
            param["value"] = each.action.text
        if located:
            param["locate"] = located[-1]
        if len(located) > 1:
            param |= {"from": located[0], "to": located[-1]}
        return {
            "taskId": f"step-{step.number}-{at}",
            "type": "Action Space",
            "subType": _NAMES.get(type(each.action), type(each.action).__name__),
            "status": "finished" if each.done else "cancelled",
            "param": param,
            "thought": each.intent,
            "timing": self._timing(moments.acted, moments.ended if last else moments.acted),
            "recorder": self._shots(step.frame_after, moments.ended, "after-calling")
            if last
            else [],
        }

    def _timing(self, begin: float, end: float) -> dict[str, float]:
        return {
            "start": self._started + 1000 * begin,
            "end": self._started + 1000 * end,
            "cost": 1000 * (end - begin),
        }

    def _shots(self, ref: FrameRef | None, at: float, when: str) -> list[dict[str, object]]:
        if ref is None:
            return []
        shot = {"$screenshot": ref.sha1}
        moment = self._started + 1000 * at
        return [{"type": "screenshot", "ts": moment, "screenshot": shot, "timing": when}]
