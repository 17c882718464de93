"""An episode as one HTML file: opens from disk, loads nothing, runs nothing but its own script.

Everything that was recorded is data in it: JSON that the script puts in as text. The page's policy
names the one script and the one style sheet by their hashes, so that markup in a task, a thought
or a window's title could run nothing even if it became markup.
"""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from string import Template

import msgspec

from agent_app.actions import Drag, Scroll, describe_action
from agent_app.episode.files import cannot_write, write_whole
from agent_app.episode.reader import Episode
from agent_app.episode.steps import EpisodeAction, EpisodeStep
from agent_app.episode.wording import (
    ending_text,
    outcome_of,
    result_of,
    seconds_text,
    task_text,
    total_seconds,
)
from agent_app.events import FrameRef
from agent_app.exporting.inert import inert_json
from agent_app.exporting.moments import Moments, moments_of
from agent_app.exporting.pictures import PackedFrame, pack_frames
from agent_app.model_runtime import Progress

_LONGEST_TITLE = 120


def write_html(episode: Episode, output: Path, progress: Progress) -> Sequence[str]:
    """Write the page; what it cannot hold is returned, one sentence each.

    Raises KnownError when the file cannot be written.
    """
    frames: list[PackedFrame] = []
    for frame in pack_frames(episode):
        frames.append(frame)
        progress("frames", len(frames), len(episode.frames))
    page = _page(episode, frames)
    try:
        write_whole(output, page.encode(errors="replace"))
    except OSError as error:
        raise cannot_write(error, output) from error
    missing = sum(not frame.patches for frame in frames)
    return [f"frames that are missing or damaged: {missing}"] if missing else []


def _page(episode: Episode, frames: Sequence[PackedFrame]) -> str:
    parts = files("agent_app.exporting") / "page"
    template, style, script = (
        (parts / name).read_text("utf-8") for name in ("page.html", "page.css", "page.js")
    )
    return Template(template).substitute(
        policy="; ".join(
            (
                "default-src 'none'",
                "img-src data:",
                f"script-src {_hash_source(script)}",
                f"style-src {_hash_source(style)}",
                "base-uri 'none'",
                "form-action 'none'",
            )
        ),
        title=html.escape(f"{_one_line(task_text(episode))} · agent-app"),
        style=style,
        script=script,
        data=inert_json(_data(episode, frames)),
        frames="\n".join(_store(index, frame) for index, frame in enumerate(frames)),
    )


def _hash_source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _one_line(text: str) -> str:
    short = " ".join(text.split())
    return short if len(short) <= _LONGEST_TITLE else short[: _LONGEST_TITLE - 1] + "…"


def _store(index: int, frame: PackedFrame) -> str:
    """A frame's patches, one a line; the browser keeps them unread until they are asked for."""
    if not frame.patches:
        return ""
    lines = "\n".join(base64.b64encode(patch.webp).decode() for patch in frame.patches)
    return f'<script type="text/plain" id="frame-{index}">\n{lines}\n</script>'


def _data(episode: Episode, frames: Sequence[PackedFrame]) -> dict[str, object]:
    index = {frame.sha1: number for number, frame in enumerate(frames)}
    moments = moments_of(episode)
    count = len(episode.steps)
    word, tone = outcome_of(episode)
    model = episode.run.model if episode.run is not None else ""
    damages = len(episode.problems)
    facts = (
        model,
        f"{count} step{'' if count == 1 else 's'}",
        seconds_text(total_seconds(episode)) if count else "",
        f"{episode.header.created:%Y-%m-%d %H:%M}",
        f"agent-app {episode.header.app}",
        f"damaged: {damages} problem{'' if damages == 1 else 's'}" if damages else "",
    )
    ended = [moments[step.number].ended for step in episode.steps]
    return {
        "task": task_text(episode),
        "outcome": word,
        "tone": tone,
        "facts": [fact for fact in facts if fact],
        "ending": ending_text(episode),
        "seconds": ended[-1] if ended else 0.0,
        "frames": [
            {
                "width": frame.width,
                "height": frame.height,
                "base": frame.base,
                "places": [[patch.left, patch.top] for patch in frame.patches],
                "thumbnail": base64.b64encode(frame.thumbnail).decode(),
            }
            for frame in frames
        ],
        "steps": [_step(step, moments[step.number], index) for step in episode.steps],
    }


def _step(step: EpisodeStep, moments: Moments, index: dict[str, int]) -> dict[str, object]:
    result, tone = result_of(step)
    intents = dict.fromkeys(each.intent for each in step.actions if each.intent.strip())
    doing = ", ".join(describe_action(each.action) for each in step.actions)
    notes = [
        *(("bad", text) for text in step.mistakes),
        *(("warn", text) for text in step.warnings),
        *(("info", f"{asked}\n→ {answer or 'no answer'}") for asked, answer in step.questions),
    ]
    return {
        "number": step.number,
        "began": moments.began,
        "answered": moments.answered,
        "acted": moments.acted,
        "ended": moments.ended,
        "before": index[step.frame_before.sha1] if step.frame_before else None,
        "after": index[step.frame_after.sha1] if step.frame_after else None,
        "intent": "; ".join(intents) or doing or step.summary or "No action",
        "thought": step.thought,
        "summary": step.summary or "",
        "notes": notes,
        "deeds": [_deed(each, step.frame_before) for each in step.actions],
        "timing": msgspec.to_builtins(step.timing) if step.timing else None,
        "result": result,
        "tone": tone,
    }


def _deed(each: EpisodeAction, frame: FrameRef | None) -> dict[str, object]:
    """An action with its places in pixels of the frame that it was decided on."""
    places = [frame.transform.screen_to_frame(point) for point in each.points] if frame else []
    deed: dict[str, object] = {
        "text": describe_action(each.action),
        "done": each.done,
        "points": [[place.x, place.y] for place in places],
        "kind": "drag" if isinstance(each.action, Drag) else "other",
    }
    if isinstance(each.action, Scroll):
        deed |= {"kind": "scroll", "dx": each.action.dx, "dy": each.action.dy}
    return deed
