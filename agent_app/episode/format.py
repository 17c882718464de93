"""The episode format: this file is its definition, docs/episode-format.md its description.

An episode is a folder:

    episode.jsonl       a `Header` line, then one line of JSON for each event, in order
    frames/<sha1>.png   each frame once, without loss, 8-bit RGB, named by `content_sha1`

A line is UTF-8 JSON that ends in a newline. The first one is the `Header`; every other one is an
object whose `type` names its kind in `agent_app.events`.

What is on disk when:

- `episode.jsonl` appears with its header in one rename, when the first event comes;
- each event is one write(2) to the operating system before any consumer sees it, so killing the
  process loses nothing that was seen;
- before an `ActionDecided` is seen, and so before any input is sent, its line and everything ahead
  of it are synced to the disk itself, and so is the frame it was decided on; the same goes for
  `RunFinished`. A frame without an action may lie a moment behind its event.

What a reader takes as it is:

- a last line that was cut off, which is what a killed writer or a full disk leaves;
- kinds it does not know, kept as `UnknownEvent` and written again as they were;
- `*.tmp` files, which are frames that were never finished;
- a frame that is missing or was altered: named as a problem, and the rest opens.

A higher `version` is refused by name. Within one version, fields with a default and new kinds may
be added, nothing else changes. `TokenStreamed` is live only and never written.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar, get_args

import msgspec

from agent_app.errors import KnownError
from agent_app.events import Event, decode_event, encode_event

FORMAT = "agent-app episode"
VERSION = 1
EVENTS_FILE = "episode.jsonl"
FRAMES_FOLDER = "frames"

KINDS = frozenset(str(kind.__struct_config__.tag) for kind in get_args(Event))

_T = TypeVar("_T")
_SHA1 = re.compile(r"[0-9a-f]{40}")


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The first line.

    `app` is the version that wrote it, `created` the wall clock with its zone (ISO 8601 in the
    file), and `at` the monotonic clock at that same moment, which dates every event.
    """

    app: str
    created: Annotated[datetime, msgspec.Meta(tz=True)]
    at: float
    format: str = FORMAT
    version: int = VERSION


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


def frame_path(folder: Path, sha1: str) -> Path:
    """Where a frame's pixels lie; raises ValueError for a name that is no sha1, such as `../x`."""
    if not _SHA1.fullmatch(sha1):
        raise ValueError(f"{sha1[:60]!r} is no sha1")
    return folder / FRAMES_FOLDER / f"{sha1}.png"


def encode_line(record: Header | RecordedEvent) -> bytes:
    """One line with its newline; an unknown event comes out as it came in."""
    match record:
        case UnknownEvent():
            return record.raw + b"\n"
        case Header():
            return msgspec.json.encode(record) + b"\n"
        case _:
            return encode_event(record) + b"\n"


def decode_header(line: bytes, *, folder: Path) -> Header:
    """The header of an episode.

    Raises KnownError when the line is none, or when a newer version wrote it.
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
    header = _decode(line, Header)
    if header is None:
        raise _not_an_episode(folder)
    return header


def decode_line(line: bytes) -> RecordedEvent:
    """The event of one line without its newline.

    A kind that is not known, or a known one that holds something new, gives an `UnknownEvent`.
    Raises ValueError for a line that is no event of any version.
    """
    try:
        return decode_event(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        kind = _decode(line, _Kind)
        if kind is None:
            raise ValueError("no event") from None
        return UnknownEvent(line, kind.type)


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
