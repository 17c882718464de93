"""`agent-app model …`: fetch a checkpoint, look at it, see whether it sees, make one for tests."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent_app.console import progress_bar
from agent_app.geometry import FrameTransform, ScreenPoint, Size
from agent_app.model_runtime import (
    GenerationRequest,
    ImagePart,
    ModelOptions,
    ModelRuntime,
    Progress,
    ReplySplitter,
    Sampling,
    Turn,
    is_served,
)
from agent_app.runtimes.endpoint import open_endpoint
from agent_app.runtimes.kimi_vl import open_kimi_vl, usual_context
from agent_app.runtimes.kimi_vl.checkpoint import open_checkpoint
from agent_app.runtimes.kimi_vl.hub import find, pull, require_extra
from agent_app.runtimes.kimi_vl.memory import MemoryPlan
from agent_app.runtimes.kimi_vl.survey import contents_of, fitting_plans, machine, unit_for

_SIDE = 336  # pixels: twelve cells of the model's grid
_WORDS = "AGENT 42"
_QUESTION = "What does this picture show? Name its colours, and write down any text in it."
_ANSWER_TOKENS = 64
_FAILED = 4


@runtime_checkable
class _Seeing(Protocol):
    """A model in this process: it can be asked what it makes of a picture before a word is said."""

    def features(self, part: ImagePart) -> NDArray[np.float32]:
        """(tokens, width)."""
        ...


ModelOpener = Callable[[str, Mapping[str, str], ModelOptions, Progress], ModelRuntime]


@dataclass(frozen=True, slots=True)
class _Shown:
    """A picture, and the words that a trained model uses of it."""

    name: str
    part: ImagePart
    expected: str


def pull_model(repo: str, *, revision: str | None, console: Console) -> int:
    """Fetch a checkpoint into the cache and say where it lies."""
    with progress_bar(console) as progress:
        folder = pull(repo, revision=revision, progress=progress)
    checkpoint = open_checkpoint(folder)
    console.print(f"{repo} is complete: {contents_of(checkpoint)}", markup=False, soft_wrap=True)
    console.print(f"in {folder}", markup=False, soft_wrap=True)
    return 0


def show_model(name: str, *, options: ModelOptions, console: Console) -> int:
    """Print what a checkpoint holds, and what loading it takes on this machine."""
    folder = find(name)
    checkpoint = open_checkpoint(folder)
    console.print(f"{folder}", markup=False, soft_wrap=True)
    console.print(contents_of(checkpoint), soft_wrap=True)
    devices, lacking = machine(options.device)
    if lacking is not None:
        told = f"{lacking}; the plan is for this machine's own memory"
        console.print(told, style="yellow", markup=False, soft_wrap=True)
    context = usual_context(checkpoint.config, options)
    plans = fitting_plans(checkpoint.config, options, context, devices)
    console.print(_parts_table(plans))
    console.print(_plans_table(plans, context))
    return 0


def check_model(
    name: str,
    *,
    options: ModelOptions,
    environment: Mapping[str, str],
    console: Console,
    open_model: ModelOpener | None = None,
) -> int:
    """Load a model, or ask the server that has it, show it three pictures, and print what it says.

    The status is that of a failed task when it answers alike, or sees the same, whatever it is
    shown: then its pictures do not reach it.
    """
    with progress_bar(console) as progress:
        runtime = (open_model or _open)(name, environment, options, progress)
    try:
        console.print(f"{runtime.info.name}: {runtime.info.detail}", markup=False, soft_wrap=True)
        pictures = _pictures()
        features = (
            [runtime.features(shown.part) for shown in pictures]
            if isinstance(runtime, _Seeing)
            else []
        )
        replies: list[str] = []
        for shown in pictures:
            replies.append(_ask(runtime, shown.part))
            console.print(Text(f"{shown.name}: {replies[-1] or '(nothing)'}"), soft_wrap=True)
    finally:
        runtime.close()
    return _judge(pictures, features, replies, console)


def make_test_model(folder: Path, size: Literal["tiny", "full"], *, console: Console) -> int:
    """Write a random checkpoint in the real format."""
    require_extra()
    from agent_app.runtimes.kimi_vl.made import make_checkpoint

    with progress_bar(console) as progress:
        make_checkpoint(folder, size, progress=progress)
    console.print(f"{folder}: {contents_of(open_checkpoint(folder))}", markup=False, soft_wrap=True)
    return 0


def _open(
    name: str, environment: Mapping[str, str], options: ModelOptions, progress: Progress
) -> ModelRuntime:
    opener = open_endpoint if is_served(name) else open_kimi_vl
    return opener(name, environment=environment, options=options, progress=progress)


def _parts_table(plans: Sequence[MemoryPlan]) -> Table:
    unit = unit_for(max(made.weights for made in plans))
    table = Table(title=f"weights, {unit.name}")
    table.add_column("part")
    table.add_column("million parameters", justify="right")
    for made in plans:
        table.add_column(made.precision, justify="right")
    for number, part in enumerate(plans[0].parts):
        sizes = (unit.of(made.parts[number].size) for made in plans)
        table.add_row(part.name, f"{part.parameters / 1e6:,.1f}", *sizes)
    totals = (unit.of(made.weights) for made in plans)
    table.add_row("all", f"{plans[0].parameters / 1e6:,.1f}", *totals, style="bold")
    return table


def _plans_table(plans: Sequence[MemoryPlan], context: int) -> Table:
    table = Table(title=f"loaded, with a context of {context:,} tokens, GB")
    for heading in ("precision", "weights", "cache", "activations", "all"):
        table.add_column(heading, justify="left" if heading == "precision" else "right")
    table.add_column("on this machine")
    for made in plans:
        verdict = Text("fits: ", "green") if made.fits else Text("does not fit: ", "bold red")
        sizes = (made.weights, made.cache, made.activations, made.needed)
        room = (f"{one.device.name} has {one.device.free / 1e9:.1f}" for one in made.shares)
        amounts = (f"{size / 1e9:.1f}" for size in sizes)
        table.add_row(made.precision, *amounts, verdict + ", ".join(room))
    return table


def _pictures() -> list[_Shown]:
    text = Image.new("RGB", (_SIDE, _SIDE), "white")
    font = ImageFont.load_default(56)
    ImageDraw.Draw(text).text((_SIDE / 2, _SIDE / 2), _WORDS, "black", font, anchor="mm")
    images = {
        "plain red": (Image.new("RGB", (_SIDE, _SIDE), (255, 0, 0)), "red"),
        "plain blue": (Image.new("RGB", (_SIDE, _SIDE), (0, 0, 255)), "blue"),
        f"the text {_WORDS}": (text, _WORDS),
    }
    transform = FrameTransform(ScreenPoint(0, 0), 1.0, Size(_SIDE, _SIDE))
    return [
        _Shown(name, ImagePart(image, hashlib.sha1(image.tobytes()).hexdigest(), transform), word)
        for name, (image, word) in images.items()
    ]


def _ask(runtime: ModelRuntime, part: ImagePart) -> str:
    request = GenerationRequest(
        turns=(Turn("user", (part, _QUESTION)),),
        instruction=_QUESTION,
        sampling=Sampling(temperature=0, max_tokens=_ANSWER_TOKENS, think=False),
    )
    splitter = ReplySplitter()
    for token in runtime.generate(request):
        splitter.feed(token.data)
    _, reply = splitter.finish("stop")
    return " ".join((reply.summary or reply.thought).split())


def _judge(
    pictures: Sequence[_Shown],
    features: Sequence[NDArray[np.float32]],
    replies: Sequence[str],
    console: Console,
) -> int:
    faults: list[str] = []
    if not all(np.isfinite(seen).all() for seen in features):
        faults.append("what it computes of a picture is no number")
    elif features and all(np.array_equal(seen, features[0]) for seen in features):
        faults.append("it sees the same in every picture")
    if len(set(replies)) == 1:
        faults.append("it answers the same to different pictures")
    if faults:
        console.print(
            f"The pictures do not reach the model: {'; '.join(faults)}.", style="bold red"
        )
        return _FAILED
    named = [
        shown.expected.lower() in reply.lower()
        for shown, reply in zip(pictures, replies, strict=True)
    ]
    if all(named):
        console.print("It names what it is shown.", style="bold green")
    else:
        console.print(
            "It tells the pictures apart, and does not name them all: with random weights that is "
            "as it should be, with trained ones it is not.",
            style="yellow",
        )
    return 0
