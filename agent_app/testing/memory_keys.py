"""What a thing is remembered by: its description in words, where that says which thing is meant."""

from __future__ import annotations

from dataclasses import replace

from agent_app.runtimes.reader.quoting import quote
from agent_app.testing.description import Description


def is_memorable(wanted: Description) -> bool:
    """Whether its looks say which thing is meant: a place in an order does not, nor does a role."""
    parts = [wanted, *(beside.other for beside in wanted.relations)]
    if wanted.inside is not None:
        parts.append(wanted.inside)
    if any(part.nth is not None for part in parts) or wanted.role in ("title", "window"):
        return False
    return bool(wanted.text) or wanted.picture is not None


def key_of(wanted: Description) -> str:
    """A description in words that tell it from every other one."""
    words = [str(replace(wanted, inside=None, relations=()))]
    if quote(wanted.text) != f"“{wanted.text}”":  # shortened, say
        words.append(repr(wanted.text))
    if wanted.picture is not None:
        words.append(f"({wanted.picture.drawing.sha1[:12]})")
    if wanted.exact:
        words.append("exactly")
    for beside in wanted.relations:
        words.append(f"{beside.where} ({key_of(beside.other)})")
    if wanted.inside is not None:
        words.append(f"inside ({key_of(wanted.inside)})")
    return " ".join(" ".join(words).split())
