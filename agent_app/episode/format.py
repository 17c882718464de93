"""The episode format: this file is its definition, docs/episode-format.md its description.

An episode is a folder:

    episode.jsonl          a `Header` line, then one line of JSON for each event, in order
    frames/<sha1>.png      a frame, whole, without loss, 8-bit RGB, named by `content_sha1`; or
    frames/<sha1>.webp     the same, smaller; or
    frames/<sha1>.changes  what differs from another frame, see `agent_app.episode.pictures`
    tags.json              what a person filed it under, see `agent_app.episode.tags`; may be absent
    truth.json             labels of an imported recording, see `agent_app.episode.truth`; the same
    heals/                 see `agent_app.replaying.healing`; may be absent, and readers ignore it

A line is UTF-8 JSON that ends in a newline. The first one is the `Header`; every other one is an
object whose `type` names its kind in `agent_app.events`.

What is on disk when:

- `episode.jsonl` appears with its header in one rename, when the first event comes;
- each event is one write(2) to the operating system before any consumer sees it, so killing the
  process loses nothing that was seen;
- before an `ActionDecided` is seen, and so before any input is sent, its line and everything ahead
  of it are synced to the disk itself, and so are the frame it was decided on and the frames that
  one is built from; the same goes for `RunFinished`. A frame without an action may lie a moment
  behind its event.

What a reader takes as it is:

- a last line that was cut off, which is what a killed writer or a full disk leaves;
- kinds it does not know, kept as `UnknownEvent` and written again as they were;
- fields it does not know in kinds that it does, written again by `Episode.lines`;
- `*.tmp` files, which are frames that were never finished;
- a frame that is missing or was altered: named as a problem, and the rest opens;
- an older `version`, through `agent_app.episode.upgrade`.

A higher `version` is refused by name. Within one version, fields with a default and new kinds may
be added, nothing else changes. What is `LIVE_ONLY` is never written.
"""

from __future__ import annotations

import math
import re
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar, get_args

import msgspec

from agent_app.episode.upgrade import UPGRADES, Fields
from agent_app.errors import KnownError
from agent_app.events import ActionJudged, Event, FrameCaptured, decode_event, encode_event
from agent_app.geometry import Monitor

FORMAT = "agent-app episode"
VERSION = 2
EVENTS_FILE = "episode.jsonl"
FRAMES_FOLDER = "frames"

# An episode may come from anyone. A long run of 2,000 steps has 20,000 lines in 100 MB at most; a
# screen of 16384x8192 pixels, three of 8K side by side, is one frame of 403 MB.
MAX_LINES = 200_000
MAX_LINE_BYTES = 16 * 2**20
MAX_BYTES = 256 * 2**20
MAX_FRAME_PIXELS = 2**27

KINDS = frozenset(str(kind.__struct_config__.tag) for kind in get_args(Event))

_T = TypeVar("_T")
_SHA1 = re.compile(r"[0-9a-f]{40}")


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The first line.

    `app` is the version that wrote it, `created` the wall clock with its zone (ISO 8601 in the
    file), and `at` the monotonic clock at that same moment, which dates every event. `model` and
    `prompt_sha1` are the run's own; `model_sha1` tells the model as it was loaded (checkpoint,
    precision), `settings_sha1` the loop's settings: equal hashes, equal conditions. Empty is
    unknown.
    """

    app: str
    created: Annotated[datetime, msgspec.Meta(tz=True)]
    at: float
    format: str = FORMAT
    version: int = VERSION
    model: str = ""
    model_sha1: str = ""
    prompt_sha1: str = ""
    settings_sha1: str = ""
    monitors: tuple[Monitor, ...] = ()


class UnknownEvent(msgspec.Struct, frozen=True):
    """A line whose kind, or content, this version does not know; `raw` is without its newline."""

    raw: bytes
    type: str


RecordedEvent = Event | UnknownEvent


class _Identity(msgspec.Struct):
    """What tells the version of any header, also of one that is not written yet."""

    format: str
    version: int
    app: str = "an unknown version"


class _Kind(msgspec.Struct):
    type: str


def frame_path(folder: Path, sha1: str, suffix: str) -> Path:
    """Where a frame's file lies; raises ValueError for a name that is no sha1, such as `../x`."""
    if not _SHA1.fullmatch(sha1):
        raise ValueError(f"{sha1[:60]!r} is no sha1")
    return folder / FRAMES_FOLDER / f"{sha1}{suffix}"


def encode_line(record: Header | RecordedEvent) -> bytes:
    """One line with its newline; an unknown event comes out as it came in."""
    match record:
        case UnknownEvent():
            return record.raw + b"\n"
        case Header():
            return msgspec.json.encode(record) + b"\n"
        case _:
            return encode_event(record) + b"\n"


def recorded_version(line: bytes, *, folder: Path) -> int:
    """The format version of an episode by its first line.

    Raises KnownError when the line is no header, or when a newer version wrote it.
    """
    identity = _decode(line, _Identity)
    if identity is None or identity.format != FORMAT or identity.version < 1:
        raise _not_an_episode(folder)
    if identity.version > VERSION:
        raise KnownError(
            f"{folder} is an episode of format version {identity.version}, written by agent-app "
            f"{identity.app}; this one reads up to version {VERSION}",
            remedy="update agent-app",
        )
    return identity.version


def decode_header(line: bytes, *, folder: Path, first_event: bytes = b"") -> Header:
    """The header of an episode; that of an older version is upgraded, with what its run began with.

    Raises KnownError when the line is none, or when a newer version wrote it.
    """
    version = recorded_version(line, folder=folder)
    if version < VERSION:
        fields = _decode(line, Fields) or {}
        begun = _decode(first_event, Fields) or {}
        for upgrade in UPGRADES[version - 1 :]:
            fields = upgrade.header(fields, begun)
        line = msgspec.json.encode(fields)
    header = _decode(line, Header)
    if header is None:
        raise _not_an_episode(folder)
    return header


def upgrade_line(line: bytes, *, version: int) -> bytes:
    """An event's line, without its newline, that a format `version` wrote, as this one has it."""
    for upgrade in UPGRADES[version - 1 :]:
        if upgrade.event is not None and (fields := _decode(line, Fields)) is not None:
            line = msgspec.json.encode(upgrade.event(fields))
    return line


def decode_line(line: bytes) -> RecordedEvent:
    """The event of one line without its newline.

    A kind that is not known, or a known one that holds something new or impossible, gives an
    `UnknownEvent`. Raises ValueError for a line that is no event of any version.
    """
    try:
        event = decode_event(line)
        if _is_possible(event):
            return event
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    kind = _decode(line, _Kind)
    if kind is None:
        raise ValueError("no event")
    return UnknownEvent(line, kind.type)


def _is_possible(event: Event) -> bool:
    """Whether a frame has a size, and a scale to divide by; nobody after this one asks again."""
    if not isinstance(event, (FrameCaptured, ActionJudged)):
        return True
    size, scale = event.frame.transform.size, event.frame.transform.scale
    return (
        min(size.width, size.height) > 0
        and size.width * size.height <= MAX_FRAME_PIXELS
        and math.isfinite(scale)
        and scale > 0
    )


def _decode(line: bytes, kind: type[_T]) -> _T | None:
    try:
        return msgspec.json.decode(line, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _not_an_episode(folder: Path) -> KnownError:
    return KnownError(
        f"{folder / EVENTS_FILE} does not begin with the header of an episode",
        remedy="give the folder of an episode; this file is another program's, or was damaged",
    )
