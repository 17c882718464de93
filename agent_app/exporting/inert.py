"""Data inside a page: what was recorded may hold markup, and must stay text."""

from __future__ import annotations

import json


def inert_json(data: object) -> str:
    """JSON that may stand in a script element: no character of it begins markup."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
