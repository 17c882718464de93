"""The seam to a model: what it is asked, what it streams back, and how a reply is split.

Imports nothing but the ground floor, so that a runtime runs on a bare GPU machine.
"""

from __future__ import annotations

import codecs
import pkgutil
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from agent_app.errors import KnownError
from agent_app.geometry import FrameTransform, Size

if TYPE_CHECKING:
    from PIL.Image import Image

Role = Literal["system", "user", "assistant"]
Channel = Literal["thought", "summary"]
EndedBy = Literal["stop", "length", "cancelled"]

THINK_OPEN = "◁think▷"
THINK_CLOSE = "◁/think▷"


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """What a model can see: sides in multiples of `grid` pixels, at most `max_pixels` in all.

    Kimi-VL-A3B-Thinking-2506: 28 (a 14-pixel patch, merged 2x2) and 16384 * 14 * 14 = 3.2 MP.
    """

    grid: int
    max_pixels: int


KIMI_VL_LIMITS = ImageLimits(grid=28, max_pixels=16384 * 14 * 14)


@dataclass(frozen=True, slots=True)
class ImagePart:
    """A screenshot as the model sees it (RGB), and where on the screen it lies."""

    image: Image
    sha1: str
    transform: FrameTransform


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of the conversation: texts and images in the order they are read."""

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

    `instruction` is the person's task alone, for a runtime that does not read prompts. The runtime
    looks at `stop` before every token and ends with "cancelled" once it is set.
    """

    turns: tuple[Turn, ...]
    instruction: str
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
    """What a runtime is. `image_limits` is None when it takes screenshots as they were captured."""

    name: str
    detail: str
    image_limits: ImageLimits | None


class ModelRuntime(Protocol):
    """A model that can be asked. `generate` may be called from any one thread at a time."""

    @property
    def info(self) -> RuntimeInfo: ...
    def generate(self, request: GenerationRequest) -> Iterator[Token]: ...
    def close(self) -> None: ...


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


class ReplySplitter:
    """Splits a reply into thought and summary while it streams.

    The marks are ordinary text that may be spread over any number of tokens and cut inside a
    character, so bytes are decoded incrementally and a possible beginning of a mark is held back.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self._channel: Channel = "summary"
        self._thought: list[str] = []
        self._summary: list[str] = []
        self._since_mark: list[str] = []  # what an end mark without a beginning takes back

    def feed(self, data: bytes) -> list[Piece]:
        """The pieces that this token completes; empty while a mark may be under way."""
        return self._consume(self._decoder.decode(data), final=False)

    def finish(self, ended_by: EndedBy) -> tuple[list[Piece], Reply]:
        """The held-back rest, and the whole reply."""
        pieces = self._consume(self._decoder.decode(b"", final=True), final=True)
        closed = self._channel == "summary"
        summary = "".join(self._summary).strip() if closed else None
        return pieces, Reply("\n\n".join(self._blocks()), summary, ended_by)

    def _blocks(self) -> list[str]:
        return [block for part in "".join(self._thought).split("\0") if (block := part.strip())]

    def _consume(self, text: str, *, final: bool) -> list[Piece]:
        pieces: list[Piece] = []
        self._held += text.replace("\0", "\ufffd")  # NUL separates thoughts below
        while True:
            mark, at = self._first_mark()
            if mark is None:
                break
            self._emit(self._held[:at], pieces)
            self._held = self._held[at + len(mark) :]
            self._turn(mark, pieces)
        keep = 0 if final else self._partial_mark()
        split_at = len(self._held) - keep
        self._emit(self._held[:split_at], pieces)
        self._held = self._held[split_at:]
        return pieces

    def _first_mark(self) -> tuple[str | None, int]:
        found = [(at, m) for m in (THINK_OPEN, THINK_CLOSE) if (at := self._held.find(m)) >= 0]
        if not found:
            return None, -1
        at, mark = min(found)
        return mark, at

    def _partial_mark(self) -> int:
        """How many characters at the end may be the beginning of a mark."""
        for length in range(min(len(self._held), len(THINK_CLOSE) - 1), 0, -1):
            tail = self._held[-length:]
            if THINK_OPEN.startswith(tail) or THINK_CLOSE.startswith(tail):
                return length
        return 0

    def _turn(self, mark: str, pieces: list[Piece]) -> None:
        if mark == THINK_OPEN:
            self._channel = "thought"
        elif self._channel == "thought":
            self._channel = "summary"
            self._thought.append("\0")
        else:  # never opened: what was taken for summary since the last mark was a thought
            stray = "".join(self._since_mark)
            del self._summary[len(self._summary) - len(self._since_mark) :]
            self._thought += [stray, "\0"]
            pieces.append(Piece("thought", "".join(self._thought).replace("\0", "\n"), True))
            if self._summary:
                pieces.append(Piece("summary", "".join(self._summary)))
        self._since_mark = []

    def _emit(self, text: str, pieces: list[Piece]) -> None:
        if not text:
            return
        if self._channel == "thought":
            self._thought.append(text)
        else:
            self._summary.append(text)
            self._since_mark.append(text)
        pieces.append(Piece(self._channel, text))


_RUNTIMES = {"reader": "agent_app.runtimes.reader:open_reader"}


def open_runtime(name: str | None, *, environment: Mapping[str, str]) -> tuple[ModelRuntime, str]:
    """Open a runtime by its name on the command line, and say in one line which and why.

    `environment` is that of the desktop the agent works on, which need not be this process's own.
    Raises KnownError for a name that is no runtime.
    """
    chosen = name or "reader"
    why = "as asked" if name else "the embedded default, which needs no GPU and no download"
    if chosen not in _RUNTIMES:
        raise KnownError(
            f"unknown model {chosen!r}", remedy=f"use one of: {', '.join(sorted(_RUNTIMES))}"
        )
    # resolved by name: this file stands below the runtimes and must not import them
    factory = pkgutil.resolve_name(_RUNTIMES[chosen])
    return factory(environment=environment), f"{chosen}: {why}"


def model_size(size: Size, limits: ImageLimits) -> Size:
    """The size at which a model sees a capture: on the grid, within the limit, aspect kept.

    Each side goes to the nearest multiple of the grid, so nothing is padded, and the picture is
    never enlarged by more than that rounding. Both sides are at least one grid cell.
    """
    shrink = min(1.0, (limits.max_pixels / (size.width * size.height)) ** 0.5)
    grid = limits.grid
    width = max(grid, round(size.width * shrink / grid) * grid)
    height = max(grid, round(size.height * shrink / grid) * grid)
    while width * height > limits.max_pixels:  # rounding up both sides may pass the limit
        if width >= height:
            width -= grid
        else:
            height -= grid
    return Size(width, height)
