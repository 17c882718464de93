"""What the rest of the application says, in the window's language.

Errors, checks, questions and endings are written in English where they arise, and recorded so. A
translation has them under `Core`, with names in braces for what differs from time to time:
`{size} in {time} ms, shows what is drawn`. A line that no translation knows stays as it is.

What says itself what it was made of (`agent_app.wording`) is not guessed at: its templates are
translated as they are, those under `Words` with them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QCoreApplication

from agent_app.actions import Action, Write, describe_action
from agent_app.wording import Words, worded

CORE, WORDS = "Core", "Words"
_LONGEST = 1000  # characters of a line that is looked at
_NAME = re.compile(r"\{(\w+)\}")


def spoken(text: str | Words) -> str:
    """A text of the core in the window's language, line by line; parts of a line, too."""
    if isinstance(text, Words):
        return worded(text, partial(QCoreApplication.translate, WORDS))
    return "\n".join(_spoken_line(line) for line in text.split("\n"))


def deed_text(action: Action) -> str:
    """An action in a few words; what it types stays as it is."""
    said = describe_action(action)
    return said if isinstance(action, Write) else spoken(said)


def _spoken_line(line: str) -> str:
    if not line or len(line) > _LONGEST or "\0" in line:
        return line
    return QCoreApplication.translate(CORE, line)


class Phrases:
    """Finds which phrase a line is, and fills what differs into its translation."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        phrases = [source for source in texts if _NAME.search(source)]
        phrases.sort(key=lambda source: -len(_NAME.sub("", source)))  # what says most comes first
        self._patterns = [(_pattern(source), texts[source]) for source in phrases]

    def translate(self, line: str) -> str | None:
        """The line in the language of these texts; None when it is none of them."""
        for pattern, translation in self._patterns:
            if (found := pattern.fullmatch(line)) is not None:
                return _NAME.sub(partial(_part, found), translation)
        return None


def _part(found: re.Match[str], name: re.Match[str]) -> str:
    return spoken(found[name[1]])


def _pattern(source: str) -> re.Pattern[str]:
    pieces = _NAME.split(source)  # texts and names in turn
    return re.compile(
        "".join(
            f"(?P<{piece}>.+?)" if at % 2 else re.escape(piece) for at, piece in enumerate(pieces)
        )
    )
