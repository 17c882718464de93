"""Turns as the messages of a chat, with their pictures."""

from __future__ import annotations

import base64
import hashlib
from collections import OrderedDict
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from agent_app.episode.pictures import encode_png
from agent_app.model_runtime import THINK_CLOSE, THINK_OPEN, ImagePart, Turn

_KEPT = 16  # pictures: more than any history shows
_NO_THOUGHT = "Answer at once, without thinking first."
_GO_ON = (
    "You were interrupted while you thought about this. So far you had thought:\n{thought}\n"
    "Go on from there."
)

Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture to be sent; `name` names its bytes."""

    name: str
    url: str


class Pictures:
    """Pictures as PNG, each made once: the same screen is the same bytes in every request.

    PNG, because it shows the model what was captured. A JPEG of quality 95 is a third smaller, and
    its colours are off by up to a third of their range at the edges of letters (bench/endpoint.py).
    """

    def __init__(self) -> None:
        self._made: OrderedDict[tuple[str, tuple[int, int]], Picture] = OrderedDict()

    def of(self, part: ImagePart) -> Picture:
        """A picture's data URL."""
        key = part.sha1, part.image.size
        if key not in self._made:
            png = encode_png(np.asarray(part.image.convert("RGB")))
            url = f"data:image/png;base64,{base64.b64encode(png).decode()}"
            self._made[key] = Picture(hashlib.sha1(png).hexdigest(), url)
            while len(self._made) > _KEPT:
                self._made.popitem(last=False)
        self._made.move_to_end(key)
        return self._made[key]


def write_messages(
    turns: Sequence[Turn],
    pictures: Pictures,
    *,
    known: Container[str] = (),
    named: bool = False,
) -> tuple[list[Message], frozenset[str]]:
    """The messages, and the names of all pictures in them.

    A turn of words alone is a string, which every server reads. With `named` a picture goes with
    its name, and one whose name is among `known` goes without its bytes.
    """
    messages: list[Message] = []
    names: set[str] = set()
    for turn in turns:
        content: list[Message] = []
        for part in turn.parts:
            if isinstance(part, ImagePart):
                picture = pictures.of(part)
                names.add(picture.name)
                is_known = named and picture.name in known
                about: Message = {
                    "type": "image_url",
                    "image_url": None if is_known else {"url": picture.url},
                }
                content.append({**about, "uuid": picture.name} if named else about)
            elif content and content[-1]["type"] == "text":
                content[-1]["text"] += "\n" + part
            else:
                content.append({"type": "text", "text": part})
        is_text = len(content) == 1 and content[0]["type"] == "text"
        messages.append({"role": turn.role, "content": content[0]["text"] if is_text else content})
    return messages, frozenset(names)


def ask_in_words(turns: Sequence[Turn], opening: str, *, think: bool) -> tuple[Turn, ...]:
    """The turns for a server that cannot go on from an opening: it is told in words instead."""
    thought = opening.replace(THINK_OPEN, "").replace(THINK_CLOSE, "").strip()
    words = [_GO_ON.format(thought=thought)] if thought else []
    words += [] if think else [_NO_THOUGHT]
    *past, now = turns
    return (*past, Turn(now.role, (*now.parts, *words)))
