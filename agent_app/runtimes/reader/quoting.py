"""Quotes that are safe inside a reply.

Whatever was read from the screen goes through `quote` or `literal`: it stays on one line, and no
mark of the reply's own format survives in it, so that text on the screen is never taken for a part
of the reply.
"""

from __future__ import annotations

_LONGEST = 60
_SAFE = str.maketrans(
    {"◁": "<", "▷": ">", "`": "'", "“": '"', "”": '"', "\n": "⏎", "\r": "⏎", "\t": "⇥"}
)
_ESCAPED = {"`": "\\x60", "◁": "\\u25c1", "▷": "\\u25b7"}


def quote(text: str) -> str:
    """The text in quotes, on one line, shortened when it is long."""
    plain = "".join(char if char.isprintable() else " " for char in text.translate(_SAFE))
    return f"“{plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + '…'}”"


def literal(text: str) -> str:
    """A Python literal of the text that holds neither code fences nor marks of thought."""
    written = repr(text)
    for char, escape in _ESCAPED.items():
        written = written.replace(char, escape)
    return written
