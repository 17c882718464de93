"""An episode as the report data of UI-TARS-desktop: its conversation, in the page of a report.

The page holds the data alone, in the element where tools look for it; the viewer is not ours to
copy.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from pathlib import Path

from agent_app.actions import (
    Action,
    AskHuman,
    Click,
    Drag,
    Hold,
    Hotkey,
    Move,
    Press,
    Scroll,
    Terminate,
    Wait,
    Write,
    describe_action,
)
from agent_app.episode.files import cannot_write, write_whole
from agent_app.episode.reader import Episode
from agent_app.episode.steps import EpisodeStep
from agent_app.events import FrameRef
from agent_app.exporting.code import pixel_of
from agent_app.exporting.inert import inert_json
from agent_app.exporting.moments import Moments, moments_of, starting_at, wall_clock
from agent_app.geometry import RelativePoint, Size
from agent_app.model_runtime import Progress

_STATUS = {"success": "end", "failure": "end", "stopped": "user_stopped", "limit": "end"}
_CLICKS = {
    ("left", 1): "click",
    ("left", 2): "left_double",
    ("right", 1): "right_single",
}


def write_ui_tars(episode: Episode, output: Path, progress: Progress) -> Sequence[str]:
    """Write the page; what it cannot hold is returned, one sentence each.

    Raises KnownError when the file cannot be written.
    """
    run, end = episode.run, episode.end
    moments = moments_of(episode)
    started = wall_clock(episode, starting_at(episode)).timestamp() * 1000
    lost: dict[str, None] = {}
    conversations: list[dict[str, object]] = []
    for count, step in enumerate(episode.steps, 1):
        times = moments[step.number]
        if step.frame_before is not None:
            conversations.append(_seen(episode, step.frame_before, started, times))
        conversations.append(_said(step, started, times, lost))
        progress("steps", count, len(episode.steps))
    data = {
        "version": "v1",
        "instruction": run.task if run is not None else "",
        "systemPrompt": "",
        "modelName": run.model if run is not None else "",
        "mode": "agent",
        "logTime": started,
        "status": _STATUS.get(end.outcome, "error") if end is not None else "running",
        "errMsg": end.reason if end is not None and end.outcome == "error" else "",
        "conversations": conversations,
    }
    page = (
        '<!doctype html>\n<meta charset="utf-8">\n<title>UI-TARS report data</title>\n'
        '<script type="ui_tars_web_dump" type="application/json">'
        f"{inert_json(data)}</script>\n"
    )
    try:
        write_whole(output, page.encode())
    except OSError as error:
        raise cannot_write(error, output) from error
    return [
        "UI-TARS's own viewer: the page holds the data alone",
        "places in the text of a reply: they are rounded to thousandths, the parsed ones are exact",
        *lost,
    ]


def _timing(started: float, begin: float, end: float) -> dict[str, float]:
    cost = 1000 * (end - begin)
    return {"start": started + 1000 * begin, "end": started + 1000 * end, "cost": cost}


def _seen(episode: Episode, ref: FrameRef, started: float, moments: Moments) -> dict[str, object]:
    size = ref.transform.size
    message: dict[str, object] = {
        "from": "human",
        "value": "<image>",
        "timing": _timing(started, moments.began, moments.began),
        "screenshotContext": {
            "size": {"width": size.width, "height": size.height},
            "mime": "image/png",
            "scaleFactor": ref.transform.scale,
        },
    }
    image = episode.frame(ref.sha1)
    if image is not None:
        data = io.BytesIO()
        image.save(data, "PNG")
        message["screenshotBase64"] = base64.b64encode(data.getvalue()).decode()
    return message


def _said(
    step: EpisodeStep, started: float, moments: Moments, lost: dict[str, None]
) -> dict[str, object]:
    size = step.frame_before.transform.size if step.frame_before is not None else Size(1, 1)
    calls: list[str] = []
    parsed: list[dict[str, object]] = []
    for each in step.actions:
        kind, inputs, places, held = _call(each.action)
        if not held:
            lost[f"exactly: {describe_action(each.action)}"] = None
        text = [f"{name}='{_thousandths(at)}'" for name, at in places.items()]
        text += [f"{name}={value!r}" for name, value in inputs.items()]
        calls.append(f"{kind}({', '.join(text)})")
        boxes: dict[str, object] = {}
        for name, at in places.items():
            boxes[name] = f"[{at.x!r},{at.y!r},{at.x!r},{at.y!r}]"
            boxes[name.replace("box", "coords")] = pixel_of(at, size)
        parsed.append(
            {
                "reflection": None,
                "thought": step.thought,
                "action_type": kind,
                "action_inputs": boxes | inputs,
            }
        )
    return {
        "from": "gpt",
        "value": f"Thought: {step.thought}\nAction: " + "\n\n".join(calls),
        "timing": _timing(started, moments.began, moments.answered),
        "predictionParsed": parsed,
    }


def _thousandths(at: RelativePoint) -> str:
    return f"({round(at.x * 1000)},{round(at.y * 1000)})"


def _call(
    action: Action,
) -> tuple[str, dict[str, str], dict[str, RelativePoint], bool]:
    """UI-TARS's name for an action, its inputs and places, and whether that holds all of it."""
    match action:
        case Click(at=at, button=button, count=count, modifiers=modifiers):
            kind = _CLICKS.get((button, count))
            return kind or "click", {}, _box(start_box=at), bool(kind) and not modifiers
        case Move(at=at):
            return "hover", {}, _box(start_box=at), True
        case Drag(start=start, end=end, button=button, modifiers=modifiers):
            held = button == "left" and not modifiers and start is not None
            return "drag", {}, _box(start_box=start, end_box=end), held
        case Scroll(dx=dx, dy=dy, at=at):
            vertical = "up" if dy > 0 else "down"
            direction = vertical if dy else "right" if dx > 0 else "left"
            return "scroll", {"direction": direction}, _box(start_box=at), False
        case Press(keys=keys, count=count):
            return "hotkey", {"key": " ".join(keys)}, {}, len(keys) == count == 1
        case Hotkey(keys=keys):
            return "hotkey", {"key": " ".join(keys)}, {}, True
        case Hold(keys=keys):
            return "hotkey", {"key": " ".join(keys)}, {}, False
        case Write(text=text):
            return "type", {"content": text}, {}, True
        case Wait():
            return "wait", {}, {}, False
        case Terminate(status=status, answer=answer):
            return "finished", {"content": answer}, {}, status == "success"
        case AskHuman(question=question):
            return "call_user", {"content": question}, {}, not action.choices


def _box(**places: RelativePoint | None) -> dict[str, RelativePoint]:
    return {name: at for name, at in places.items() if at is not None}
