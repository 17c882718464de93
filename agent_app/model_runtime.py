"""The seam to a model: what it is asked, what it streams back, and how a reply is split.

Imports nothing but the ground floor, so that a runtime runs on a bare GPU machine.
"""

from __future__ import annotations

import codecs
import pkgutil
import re
import threading
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from agent_app.geometry import FrameTransform, Size

if TYPE_CHECKING:
    from PIL.Image import Image

Role = Literal["system", "user", "assistant"]
Channel = Literal["thought", "summary"]
EndedBy = Literal["stop", "length", "cancelled"]
Precision = Literal["auto", "fp32", "bf16", "fp8", "int8", "int4"]
EngineName = Literal["auto", "fast", "reference"]

THINK_OPEN = "◁think▷"
THINK_CLOSE = "◁/think▷"
_MARK = re.compile(f"{THINK_OPEN}|{THINK_CLOSE}")
_BETWEEN = "\n\n"


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """What a model can see: sides in multiples of `grid` pixels, at most `max_pixels` in all.

    `max_side` bounds each side, in pixels. Raises ValueError when not even one cell fits.
    Kimi-VL-A3B-Thinking-2506: 28 (a 14-pixel patch, merged 2x2), 16384 * 14 * 14 = 3.2 MP, and
    sides below 512 patches.
    """

    grid: int
    max_pixels: int
    max_side: int | None = None

    def __post_init__(self) -> None:
        side = self.grid if self.max_side is None else self.max_side
        if self.grid < 1 or self.max_pixels < self.grid**2 or side < self.grid:
            raise ValueError(f"no picture fits these limits: {self}")


KIMI_VL_LIMITS = ImageLimits(grid=28, max_pixels=16384 * 14 * 14, max_side=512 * 14 - 1)


@dataclass(frozen=True, slots=True)
class ImagePart:
    """A screenshot as the model sees it (RGB), and where on the screen it lies."""

    image: Image
    sha1: str
    transform: FrameTransform


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of the conversation: texts and images in the order they are read.

    Texts side by side are read with a newline between them, a text beside an image with nothing.
    """

    role: Role
    parts: tuple[str | ImagePart, ...]

    @property
    def text(self) -> str:
        """The texts of this turn, joined by newlines."""
        return "\n".join(part for part in self.parts if isinstance(part, str))


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a reply is drawn.

    Kimi-VL's model card recommends temperature 0.8; its grounding evaluation used 0. With `think`
    off the reply skips the thought; `thinking_budget` is the most tokens one may take.
    """

    temperature: float = 0.8
    top_p: float = 1.0
    seed: int | None = None
    max_tokens: int = 8192
    think: bool = True
    thinking_budget: int | None = None


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """One question to the model.

    `instruction` is the person's task alone, for a runtime that does not read prompts. `opening` is
    what the reply says already, such as a thought that was interrupted and a hint put into it: the
    model goes on from there, and its words are not streamed again. The runtime looks at `stop`
    before every token and ends with "cancelled" once it is set.
    """

    turns: tuple[Turn, ...]
    instruction: str
    opening: str = ""
    stop: threading.Event = field(default_factory=threading.Event)
    sampling: Sampling = field(default_factory=Sampling)


@dataclass(frozen=True, slots=True)
class Finish:
    """How a generation ended, with what only the runtime can measure; seconds."""

    ended_by: EndedBy
    prompt_tokens: int = 0
    completion_tokens: int = 0
    encode_seconds: float = 0.0
    prefill_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the reply as UTF-8 bytes, which may end inside a character.

    The last token of a reply, and only the last, carries `finish`; its data may be empty.
    """

    data: bytes
    finish: Finish | None = None


@dataclass(frozen=True, slots=True)
class RuntimeInfo:
    """What a runtime is. `image_limits` is None when it takes screenshots as they were captured.

    `sends_to` names the hosts, with their ports, that screenshots are sent to; empty when the model
    runs in this process.
    """

    name: str
    detail: str
    image_limits: ImageLimits | None
    sends_to: str = ""


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """How a model is to be loaded; a runtime takes what concerns it.

    `device` is a name such as "cuda:1" or "cpu", None for the best there is. "auto" is the most
    exact precision that fits. `context` is the most tokens a conversation may have, None for 32768
    or as many as the model has. `engine` "auto" is the fast one where it runs. Of a served model,
    `model_name` is what the server calls it, None to ask; `patience` is how many seconds it may
    take to the first token, None for five minutes.
    """

    device: str | None = None
    precision: Precision = "auto"
    context: int | None = None
    engine: EngineName = "auto"
    model_name: str | None = None
    patience: float | None = None


class Progress(Protocol):
    """Told how far long work has come: `done` of `total`, in bytes for a model."""

    def __call__(self, what: str, done: int, total: int) -> None: ...


def no_progress(what: str, done: int, total: int) -> None:
    """For those who do not watch."""


class ModelRuntime(Protocol):
    """A model that can be asked. `generate` may be called from any one thread at a time."""

    @property
    def info(self) -> RuntimeInfo: ...
    def generate(self, request: GenerationRequest) -> Generator[Token]:
        """Stream the reply; closing the generator ends the generation."""
        ...

    def foresee(self, show: Callable[[], ImagePart]) -> None:
        """Begin to look at the screen that will probably be asked about next; returns at once.

        `show` may be called in another thread. Nothing is done where it would not pay.
        """
        ...

    def close(self) -> None: ...


class Opener(Protocol):
    """Opens a runtime; `name` is what the person called it by."""

    def __call__(
        self,
        name: str,
        *,
        environment: Mapping[str, str],
        options: ModelOptions,
        progress: Progress,
    ) -> ModelRuntime: ...


_RUNTIMES = {
    "reader": "agent_app.runtimes.reader:open_reader",
    "kimi-vl": "agent_app.runtimes.kimi_vl:open_kimi_vl",
}
_ENDPOINT = "agent_app.runtimes.endpoint:open_endpoint"
_UNFITNESS = "agent_app.runtimes.kimi_vl:unfitness"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the reply on its channel.

    With `restart`, everything streamed so far of this reply was in truth what `text` holds: an end
    mark came that was never opened.
    """

    channel: Channel
    text: str
    restart: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply. `summary` is None when a thought never closed: nothing may be acted on."""

    thought: str
    summary: str | None
    ended_by: EndedBy


@dataclass(slots=True)
class _Block:
    """A stretch of the reply between two marks."""

    channel: Channel
    texts: list[str] = field(default_factory=list[str])


class ReplySplitter:
    """Splits a reply into thought and summary while it streams.

    The marks are ordinary text that may be spread over any number of tokens and cut inside a
    character, so bytes are decoded incrementally and a possible beginning of a mark is held back.
    Several stretches of one channel are joined by an empty line. The pieces, put together, are the
    reply's texts but for the white space around them.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""  # text that no piece has carried yet
        self._blocks = [_Block("summary")]

    @property
    def is_thinking(self) -> bool:
        """Whether the reply stands inside a thought."""
        return self._blocks[-1].channel == "thought"

    @property
    def held(self) -> str:
        """What was fed and is in no piece yet, since it may be the beginning of a mark."""
        return self._held

    def feed(self, data: bytes) -> list[Piece]:
        """The pieces that this token completes; empty while a mark may be under way."""
        self._held += self._decoder.decode(data)
        pieces = self._pass_marks()
        keep = self._partial_mark()
        return pieces + self._emit(len(self._held) - keep)

    def finish(self, ended_by: EndedBy) -> tuple[list[Piece], Reply]:
        """The held-back rest, and the whole reply."""
        self._held += self._decoder.decode(b"", final=True)
        pieces = self._pass_marks()
        pieces += self._emit(len(self._held))
        is_closed = self._blocks[-1].channel == "summary"
        summary = self._joined("summary").strip() if is_closed else None
        return pieces, Reply(self._joined("thought").strip(), summary, ended_by)

    def _pass_marks(self) -> list[Piece]:
        """Emit everything up to the last whole mark that is held, and go past it."""
        pieces: list[Piece] = []
        while mark := _MARK.search(self._held):
            pieces += self._emit(mark.start())
            self._held = self._held[len(mark[0]) :]
            if mark[0] == THINK_CLOSE:
                pieces += self._close()
            elif self._blocks[-1].channel == "summary":  # inside a thought it means nothing
                self._blocks.append(_Block("thought"))
        return pieces

    def _close(self) -> list[Piece]:
        """Go past an end mark; one that was never opened turns its stretch into a thought."""
        stretch = self._blocks[-1]
        is_orphan = stretch.channel == "summary"
        stretch.channel = "thought"
        self._blocks.append(_Block("summary"))
        if not is_orphan:
            return []
        pieces = [Piece("thought", self._joined("thought"), restart=True)]
        if summary := self._joined("summary"):
            pieces.append(Piece("summary", summary))
        return pieces

    def _emit(self, count: int) -> list[Piece]:
        """Move the first held characters into the running stretch."""
        text, self._held = self._held[:count], self._held[count:]
        if not text:
            return []
        stretch = self._blocks[-1]
        begins = not stretch.texts and any(
            block.texts for block in self._blocks if block.channel == stretch.channel
        )
        stretch.texts.append(text)
        return [Piece(stretch.channel, _BETWEEN + text if begins else text)]

    def _joined(self, channel: Channel) -> str:
        return _BETWEEN.join(
            "".join(block.texts)
            for block in self._blocks
            if block.channel == channel and block.texts
        )

    def _partial_mark(self) -> int:
        """How many characters at the end may be the beginning of a mark."""
        longest = min(len(self._held), len(THINK_CLOSE) - 1)
        for length in range(longest, 0, -1):
            if any(mark.startswith(self._held[-length:]) for mark in (THINK_OPEN, THINK_CLOSE)):
                return length
        return 0


def open_runtime(
    name: str | None,
    *,
    environment: Mapping[str, str],
    options: ModelOptions | None = None,
    progress: Progress = no_progress,
) -> tuple[ModelRuntime, str]:
    """Open a runtime by its name on the command line, and say in one line which and why.

    `environment` is that of the desktop the agent works on, which need not be this process's own.
    Raises KnownError for a name that is no runtime, and for a model that cannot be had.
    """
    if name is not None:
        why = "as asked"
    elif unfit := _why_not_kimi_vl():
        name, why = "reader", f"the embedded default, because for Kimi-VL {unfit}"
    else:
        name, why = "kimi-vl", "the default where its weights and a GPU are"
    # resolved by name: this file stands below the runtimes and must not import them
    path = _ENDPOINT if is_served(name) else _RUNTIMES.get(name, _RUNTIMES["kimi-vl"])
    opener: Opener = pkgutil.resolve_name(path)
    opened = opener(
        name, environment=environment, options=options or ModelOptions(), progress=progress
    )
    return opened, f"{name}: {why}"


def is_served(name: str) -> bool:
    """Whether a model's name is the address of a server, or several."""
    return name.startswith(("http://", "https://"))


def _why_not_kimi_vl() -> str:
    """What Kimi-VL lacks on this machine; empty when it can run."""
    unfitness: Callable[[], str] = pkgutil.resolve_name(_UNFITNESS)
    return unfitness()


def model_size(size: Size, limits: ImageLimits) -> Size:
    """The size at which a model sees a capture: on the grid, within the limits, aspect kept.

    Each side goes to the nearest multiple of the grid, so nothing is padded, and the picture is
    never enlarged by more than that rounding. Both sides are at least one cell, which bends the
    aspect of a picture that is hardly more than a line.
    """
    shrink = min(1.0, (limits.max_pixels / (size.width * size.height)) ** 0.5)
    if limits.max_side is not None:
        shrink = min(shrink, limits.max_side / max(size.width, size.height))
    cells = limits.max_pixels // limits.grid**2
    longest = cells if limits.max_side is None else min(cells, limits.max_side // limits.grid)
    columns = min(max(1, round(size.width * shrink / limits.grid)), longest)
    rows = min(max(1, round(size.height * shrink / limits.grid)), longest)
    if columns * rows > cells:  # rounding up both sides may pass the limit
        if columns >= rows:
            columns = cells // rows
        else:
            rows = cells // columns
    return Size(columns * limits.grid, rows * limits.grid)
