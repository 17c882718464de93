"""What a model's judgement went by, kept in the recording, and judged again from it alone.

evidence/<step>.json   a claim, the frame it is about, and what the model said: an `Evidence`
evidence/<step>.png    the part of the frame that shows it
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image

from agent_app.asking import ask
from agent_app.episode.files import cannot_write, read_regular, write_whole
from agent_app.episode.reader import open_episode
from agent_app.errors import KnownError, ModelMistake
from agent_app.model_runtime import GenerationRequest, ModelRuntime, Reply, Sampling
from agent_app.prompting import History, load_prompt
from agent_app.screen.frame import Frame
from agent_app.testing.model_answers import Judgement, judgement_of

FOLDER = "evidence"
_MOST_BYTES = 65_536
_MARGIN = 8  # pixels around what the model points at
_NUMBER = re.compile(r"[1-9][0-9]{0,6}")


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One judgement: `holds` is what the model said of the claim, None that it cannot tell.

    `box` is left, top, right and bottom in shares of the frame, which `frame` names by content.
    """

    step: int
    claim: str
    negated: bool
    frame: str
    holds: bool | None
    reason: str
    box: tuple[float, float, float, float] | None
    samples: int
    model: str
    prompt_sha1: str


@dataclass(frozen=True, slots=True)
class Rechecked:
    """A judgement made again; `agrees` says whether it came out as it did in the test."""

    evidence: Evidence
    holds: bool | None
    reason: str

    @property
    def agrees(self) -> bool:
        return self.holds is self.evidence.holds


def keep_evidence(episode: Path, evidence: Evidence, frame: Image.Image) -> None:
    """Write a judgement into a recording under way. Raises KnownError when it cannot be."""
    folder = episode / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if evidence.box is not None:
            data = io.BytesIO()
            _crop(frame, evidence.box).save(data, "PNG")
            write_whole(folder / f"{evidence.step}.png", data.getvalue())
        written = msgspec.json.format(msgspec.json.encode(evidence), indent=1)
        write_whole(folder / f"{evidence.step}.json", written + b"\n")
    except OSError as error:
        raise cannot_write(error, folder) from error


def read_evidence(episode: Path) -> tuple[Evidence, ...]:
    """The judgements of a recording, in order. Raises KnownError for one that is damaged."""
    found: list[Evidence] = []
    for path in (episode / FOLDER).glob("*.json"):
        if not _NUMBER.fullmatch(path.stem):
            continue
        try:
            found.append(msgspec.json.decode(read_regular(path, most=_MOST_BYTES), type=Evidence))
        except (OSError, ValueError) as error:
            raise KnownError(
                f"cannot read {path}: {error}", remedy="run the test again to record it anew"
            ) from error
    return tuple(sorted(found, key=lambda each: each.step))


def recheck(episode: Path, runtime: ModelRuntime) -> tuple[Rechecked, ...]:
    """Ask a model again about the recorded frames, once each.

    Raises KnownError when the recording cannot be read, or lacks a frame.
    """
    recording = open_episode(episode)
    prompt = load_prompt("judging")
    refs = {ref.sha1: ref for ref in recording.frames}
    again: list[Rechecked] = []
    for evidence in read_evidence(episode):
        image = recording.frame(evidence.frame)
        ref = refs.get(evidence.frame)
        if image is None or ref is None:
            raise KnownError(
                f"{episode} lacks the frame of step {evidence.step}",
                remedy="run the test again to record it anew",
            )
        frame = Frame(np.asarray(image.convert("RGB")), ref.transform, ref.monitor, 0.0)
        shown = frame.for_model(runtime.info.image_limits)
        request = GenerationRequest(
            History(prompt, evidence.claim).turns(shown),
            evidence.claim,
            sampling=Sampling(temperature=0.0),
        )
        try:
            judged = judgement_of(_reply(runtime, request))
        except ModelMistake as mistake:
            judged = Judgement(None, str(mistake))
        again.append(Rechecked(evidence, judged.holds, judged.reason))
    return tuple(again)


def _reply(runtime: ModelRuntime, request: GenerationRequest) -> Reply:
    asked = ask(runtime, request)
    while True:
        try:
            next(asked)
        except StopIteration as end:
            return end.value.reply


def _crop(frame: Image.Image, box: tuple[float, float, float, float]) -> Image.Image:
    width, height = frame.size
    left, top, right, bottom = box
    return frame.crop(
        (
            max(0, round(left * width) - _MARGIN),
            max(0, round(top * height) - _MARGIN),
            min(width, round(right * width) + _MARGIN),
            min(height, round(bottom * height) + _MARGIN),
        )
    )
