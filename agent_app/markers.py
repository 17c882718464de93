"""`{{secret:NAME}}`, which stands for a secret in every text, and how a secret may be written."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

MARKER = re.compile(r"\{\{secret:([^{}]+)\}\}")

# Characters below which a secret may be part of anything: it could not be told from other texts.
SHORTEST_SECRET = 4


def marker(name: str) -> str:
    """What stands for a secret of this name."""
    return f"{{{{secret:{name}}}}}"


def secret_names(texts: Iterable[str]) -> tuple[str, ...]:
    """The secrets that texts hold, each once."""
    return tuple(dict.fromkeys(name for text in texts for name in MARKER.findall(text)))


def written_forms(value: str) -> dict[str, str]:
    """How a secret may stand in a text: the name of each form, and what to look for.

    Base64 has three forms, by where in a longer text the value begins; of each the characters that
    hang on the neighbours are left out.
    """
    data = value.encode()
    forms = {
        "plain": value,
        "JSON": json.dumps(value)[1:-1],
        "JSON with Unicode as it is": json.dumps(value, ensure_ascii=False)[1:-1],
        "URL": quote(value, safe=""),
        "URL with slashes": quote(value),
        "URL of a form": quote_plus(value),
        "HTML": html.escape(value),
        "hexadecimal": data.hex(),
    }
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + data).decode().rstrip("=")
        first = (8 * before + 5) // 6  # characters that hold bits of what stands before
        last = (8 * (before + len(data))) // 6  # whole characters of the value
        forms[f"base64 at {before}"] = encoded[first:last]
        forms[f"URL-safe base64 at {before}"] = (
            encoded[first:last].replace("+", "-").replace("/", "_")
        )
    return {name: form for name, form in forms.items() if form}


# What a text reader takes for one another in small letters, and does not in a larger one.
_ALIKE = str.maketrans({"0": "o", "1": "l", "i": "l", "|": "l", "!": "l", "5": "s", ";": ":"})


def read_alike(text: str) -> str:
    """A text without what reading it from a picture may get wrong: spaces, capitals, l for 1."""
    return "".join(text.casefold().split()).translate(_ALIKE)
