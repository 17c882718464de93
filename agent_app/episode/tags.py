"""What a person files an episode under, kept beside it: the index may be lost, tags may not."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path

import msgspec

from agent_app.episode.files import cannot_write, read_regular, write_whole
from agent_app.errors import KnownError

TAGS_FILE = "tags.json"
_MOST = 100
_LONGEST = 60
_MOST_BYTES = 65_536


class _Tags(msgspec.Struct):
    tags: list[str]


def read_tags(folder: Path) -> tuple[str, ...]:
    """An episode's tags, sorted; none when there are none, or no file that could hold them."""
    try:
        data = read_regular(folder / TAGS_FILE, most=_MOST_BYTES)
        return tuple(sorted({_proper(tag) for tag in msgspec.json.decode(data, type=_Tags).tags}))
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, KnownError):
        return ()


def change_tags(
    folder: Path, *, add: Iterable[str] = (), remove: Iterable[str] = ()
) -> tuple[str, ...]:
    """Add tags to an episode, and take others away; what it has then, sorted.

    Raises KnownError for a tag that is empty, long or more than one line, and when it cannot be
    written.
    """
    tags = {*read_tags(folder), *map(_proper, add)} - set(map(_proper, remove))
    if len(tags) > _MOST:
        raise KnownError(f"more than {_MOST} tags are no order", remedy="use fewer")
    path = folder / TAGS_FILE
    try:
        write_whole(path, msgspec.json.encode(_Tags(sorted(tags))) + b"\n")
    except OSError as error:
        raise cannot_write(error, path) from error
    return tuple(sorted(tags))


def _proper(tag: str) -> str:
    tag = unicodedata.normalize("NFC", tag.strip())
    if not tag or len(tag) > _LONGEST or not tag.isprintable():
        raise KnownError(
            f"{tag[:_LONGEST]!r} is no tag", remedy=f"use one line of up to {_LONGEST} characters"
        )
    return tag
