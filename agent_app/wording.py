"""Texts of ours that a person reads: in English, and as what they are made of.

The terminal, a model and a recording have the English; the window puts the same text into the
person's language, template by template (`agent_app.ui.phrases`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

_GAP = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)  # no msgspec here: a GPU machine without it hosts the model
class Words:
    """An English text with named gaps, `{like_this}`, and what fills them; `str` gives the whole.

    A field may be such a text itself. In a text of several lines each begins with a capital, as the
    sentences that they are. It is never taken for a format string: a recorded one is not ours.
    """

    template: str
    fields: dict[str, str | Words] = field(default_factory=dict[str, "str | Words"])

    def __str__(self) -> str:
        return worded(self, str)


def say(template: str, **fields: str | int | Words) -> Words:
    """A text of ours. Translators find the template by this call: it is written out in it."""
    filled = {name: str(each) if isinstance(each, int) else each for name, each in fields.items()}
    return Words(template, filled)


def choice(text: str) -> str:
    """An answer that a person may choose: shown in their language, and given as this text."""
    return text


def worded(words: Words, translate: Callable[[str], str]) -> str:
    """The whole text, with every template of it translated first."""
    template = translate(words.template)
    if words.fields:
        template = _GAP.sub(lambda gap: _filled(words, gap, translate), template)
    if "\n" in words.template:
        template = "\n".join(line[:1].upper() + line[1:] for line in template.split("\n"))
    return template


def words_of(text: str | Words) -> Words | None:
    """What a text is made of, as far as that is known."""
    return text if isinstance(text, Words) else None


def _filled(words: Words, gap: re.Match[str], translate: Callable[[str], str]) -> str:
    field = words.fields.get(gap[1], gap[0])
    return worded(field, translate) if isinstance(field, Words) else field
