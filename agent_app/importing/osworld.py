"""Results folders of OSWorld: `traj.jsonl` with a screenshot after each action."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from agent_app.errors import KnownError
from agent_app.importing.recording import (
    ForeignStep,
    Picture,
    Recording,
    check_count,
    picture_in,
    read_bounded,
)

TRAJECTORY = "traj.jsonl"
_FIRST = re.compile(r"step_0(_.*)?\.(png|jpe?g)")
_SUFFIXES = (".png", ".jpg", ".jpeg")
_STAMP = "%Y%m%d@%H%M%S"


class _Line(msgspec.Struct):
    step_num: int
    action: str | dict[str, Any]
    response: str | list[Any] | dict[str, Any] | None = None
    action_timestamp: str = ""
    screenshot_file: str | None = None


class _Config(msgspec.Struct):
    instruction: str = ""


def read_osworld(folder: Path) -> Iterator[Recording]:
    """The one task of a folder; a line's screen is the screenshot of the line before it.

    Raises KnownError for a line that is no step, naming its number.
    """
    decoder = msgspec.json.Decoder(_Line)
    steps: list[ForeignStep] = []
    shown: Picture | None = _first(folder)
    began: datetime | None = None
    lines = read_bounded(folder / TRAJECTORY).splitlines()
    check_count(len(lines))
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            line = decoder.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise KnownError(
                f"line {number} of {folder / TRAJECTORY} is no step of OSWorld: {error}",
                remedy="give a results folder as OSWorld writes them",
            ) from error
        at = _time(line.action_timestamp)
        began = began or at
        code = line.action if isinstance(line.action, str) else msgspec.json.encode(line.action)
        code = code if isinstance(code, str) else code.decode()
        comments = re.findall(r"^\s*#\s*(.+)$", code, re.MULTILINE)
        seconds = (at - began).total_seconds() if at is not None and began is not None else None
        response = line.response if isinstance(line.response, str) else ""
        steps.append(ForeignStep(shown, code, response, "; ".join(comments), seconds))
        if line.screenshot_file is not None:
            shown = _screenshot(folder, line.screenshot_file)
    score = _score(folder)
    yield Recording(
        folder.name,
        _instruction(folder),
        "osworld",
        steps,
        final=shown,
        outcome=None if score is None else "success" if score >= 1 else "failure",
        reason="" if score is None else f"OSWorld's evaluator gave {score:g}",
        lost=(
            "rewards and infos of single steps, the task's set-up and evaluator",
            "how long a move of the pointer took",
        ),
    )


def _first(folder: Path) -> Picture | None:
    names = (path.name for path in folder.iterdir() if _FIRST.fullmatch(path.name))
    name = min(names, default=None)
    return None if name is None else picture_in(folder, name)


def _screenshot(folder: Path, name: str) -> Picture:
    """A screenshot by its name; published folders have JPEGs that their lines call PNG."""
    picture = picture_in(folder, name)  # refuses what leads out of the folder
    path = folder / name
    for suffix in _SUFFIXES:
        if not path.is_file() and path.with_suffix(suffix).is_file():
            return picture_in(folder, path.with_suffix(suffix).name)
    return picture


def _time(stamp: str) -> datetime | None:
    try:
        return datetime.strptime(stamp, _STAMP)
    except ValueError:
        return None


def _instruction(folder: Path) -> str:
    if (folder / "instruction.txt").is_file():
        return read_bounded(folder / "instruction.txt").decode(errors="replace").strip()
    if not (folder / "config.json").is_file():
        return ""
    try:
        return msgspec.json.decode(read_bounded(folder / "config.json"), type=_Config).instruction
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def _score(folder: Path) -> float | None:
    if not (folder / "result.txt").is_file():
        return None
    try:
        score = float(read_bounded(folder / "result.txt").decode())
    except (ValueError, UnicodeDecodeError):
        return None
    return score if 0 <= score <= 1 else None  # NaN is no score, either
