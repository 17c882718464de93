"""Reports of UI-TARS-desktop: the conversation that lies in the page as data."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from agent_app.errors import KnownError
from agent_app.events import Outcome
from agent_app.importing.recording import (
    ForeignStep,
    Picture,
    Recording,
    check_count,
    read_bounded,
)

_DUMP = re.compile(rb'<script\s+type="ui_tars_web_dump"[^>]*>(.*?)</script>', re.DOTALL)
_NAME = re.compile(r"[a-z_]{1,40}")
_INPUTS = ("start_box", "end_box", "content", "key", "direction")  # of a call, in this order
_OUTCOMES: dict[str, Outcome] = {"user_stopped": "stopped", "error": "error"}


class _Parsed(msgspec.Struct):
    action_type: str
    action_inputs: dict[str, object] = msgspec.field(default_factory=dict[str, object])
    thought: str | None = None


class _Timing(msgspec.Struct):
    start: float = 0.0


class _Message(msgspec.Struct):
    from_: str = msgspec.field(name="from")
    value: str | None = None
    screenshotBase64: str | None = None  # noqa: N815 - the names are the format's
    predictionParsed: list[_Parsed] | None = None  # noqa: N815
    timing: _Timing | None = None


class _Report(msgspec.Struct):
    instruction: str
    conversations: list[_Message]
    status: str = ""
    modelName: str = ""  # noqa: N815


def read_ui_tars(path: Path) -> Iterator[Recording]:
    """The conversations of a report; raises KnownError when there is none that can be read."""
    dumps = _DUMP.findall(read_bounded(path))
    if not dumps:
        raise KnownError(
            f"{path} is no report of UI-TARS-desktop", remedy="give a page that it exported"
        )
    for dump in dumps:
        try:
            report = msgspec.json.decode(dump, type=_Report)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise KnownError(
                f"the data in {path} is no conversation of UI-TARS: {error}",
                remedy="give a page that UI-TARS-desktop exported",
            ) from error
        yield Recording(
            path.stem,
            report.instruction,
            report.modelName,
            _steps(report),
            outcome=_OUTCOMES.get(report.status),
            lost=("reflections, system prompt, and screens with marks drawn on them",),
        )


def _steps(report: _Report) -> list[ForeignStep]:
    """A step for each reply, with the latest screen before it."""
    check_count(len(report.conversations))
    steps: list[ForeignStep] = []
    shown: Picture | None = None
    began: float | None = None
    for message in report.conversations:
        if message.timing is not None and began is None:
            began = message.timing.start
        if message.screenshotBase64:
            shown = _picture(message.screenshotBase64)
        parsed = message.predictionParsed
        if message.from_ != "gpt" or parsed is None:
            continue
        seconds = None
        if message.timing is not None and began is not None:
            seconds = min(max((message.timing.start - began) / 1000, 0.0), 1e7)
        thought = next((each.thought for each in parsed if each.thought), "")
        code = "\n".join(_call(each) for each in parsed)
        steps.append(ForeignStep(shown, code, thought, "", seconds))
    return steps


def _picture(text: str) -> Picture:
    def read() -> bytes:
        try:
            return base64.b64decode(text.rpartition(",")[2])
        except (binascii.Error, ValueError) as error:
            raise KnownError(f"is no base64: {error}", remedy="leave it out") from error

    return read


def _call(parsed: _Parsed) -> str:
    """A parsed action as the call that it was parsed from, to be read like a model's own."""
    if not _NAME.fullmatch(parsed.action_type):
        return repr(parsed.action_type)  # cannot be read, and is said so
    inputs = dict(parsed.action_inputs)
    if parsed.action_type == "call_user":
        question = inputs.get("content")
        return f"call_user(question={question!r})" if isinstance(question, str) else "call_user()"
    inputs.setdefault("key", inputs.get("hotkey"))
    given = [f"{name}={inputs[name]!r}" for name in _INPUTS if isinstance(inputs.get(name), str)]
    return f"{parsed.action_type}({', '.join(given)})"
