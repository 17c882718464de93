"""From the summary of a reply to typed actions, in every dialect a grounder may speak.

The summary's sections are found, then the dialects are tried on what may hold the actions. A reply
is parsed and checked, never run; what cannot be carried out is a ModelMistake.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent_app.actions import Action
from agent_app.dialects.calls import calls_in_prose, first_call
from agent_app.dialects.table import CALL_NAMES, DIALECTS
from agent_app.errors import ModelMistake
from agent_app.geometry import Size

MAX_SUMMARY = 20_000  # characters; a long text to type is a tenth of it
MAX_INTENT = 2_000

_NO_ACTION = (
    "The reply holds no action that can be carried out. Write two sections: ## Action: with what "
    "you do in one sentence, then ## Code: with a ```python block such as "
    'pyautogui.click(x=0.5, y=0.3), or computer.terminate(status="success") at the end.'
)

# a block ends where a fence stands at the beginning or the end of a line, or with the reply: a
# fence inside a text that is typed does not end it
_FENCE = re.compile(
    r"```(?:[\w+-]*[ \t]*\n|python[ \t]+)?(.*?)(?:\n[ \t]*```|```[ \t]*(?=\n|\Z)|\Z)", re.S
)
_HEADING = re.compile(
    r"^[ \t]*(?P<mark>[#*]+[ \t]*)?(?P<name>action|code)s?[ \t*]*(?:(?P<colon>[:：])[ \t*]*|$)",
    re.I | re.M,
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What the model wants done: its own sentence, and the actions in order."""

    intent: str
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class _Sections:
    intent: str
    pieces: tuple[str, ...]  # that may hold the actions, the likeliest first


def ground(summary: str, *, image_size: Size) -> Decision:
    """The actions that a reply's summary asks for.

    `image_size` is the picture the model saw, in pixels: places above 1 are pixels of it, places
    within 0..1 shares (`values.place`). Raises ModelMistake, and nothing else whatever the text,
    with the fault and what to write instead.
    """
    if len(summary) > MAX_SUMMARY:
        raise ModelMistake(
            f"The reply has {len(summary)} characters, and {MAX_SUMMARY} are read. Write one short "
            "sentence and the code, and type long texts in several steps."
        )
    sections = _read_sections(_whole_characters(summary))
    for piece in sections.pieces:
        for read in DIALECTS.values():
            actions = read(piece, image_size)
            if actions:
                return Decision(sections.intent, actions)
    raise ModelMistake(_NO_ACTION)


def _whole_characters(text: str) -> str:
    """The text with plain newlines, and with half characters made visible."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\r\n", "\n").replace("\r", "\n")


def _read_sections(text: str) -> _Sections:
    """The last fenced block, or else what follows the code heading, or else the whole reply."""
    blocks = [match for match in _FENCE.finditer(text) if match[1].strip()]
    headings = [
        match
        for match in _HEADING.finditer(text)
        if (match["mark"] or match["colon"])
        and not any(block.start() < match.start() < block.end() for block in blocks)
    ]
    code_at = max((h.end() for h in headings if h["name"].lower() == "code"), default=len(text))
    bare_code = text[code_at:].strip("` \t\n")
    if bare_code:
        blocks = [block for block in blocks if block.start() >= code_at]
    if blocks:
        return _Sections(_intent(text, headings, blocks[-1].start()), (blocks[-1][1].strip("\n"),))
    if bare_code:
        piece = calls_in_prose(bare_code, CALL_NAMES)
        return _Sections(_intent(text, headings, code_at), (piece,))
    said_at = max((h.end() for h in headings if h["name"].lower() == "action"), default=0)
    said = text[said_at:].strip()
    before = text[: first_call(text, CALL_NAMES)]
    pieces = (calls_in_prose(piece, CALL_NAMES) for piece in (said, text.strip()))
    return _Sections(_intent(before, headings, len(before)), tuple(dict.fromkeys(pieces)))


def _intent(text: str, headings: list[re.Match[str]], end: int) -> str:
    """The last action section that begins before `end`, or else all the prose before `end`."""
    start = 0
    for head in headings:
        if head.end() >= end:
            break
        if head["name"].lower() == "action":
            start = head.end()
    stop = min((head.start() for head in headings if start <= head.start() < end), default=end)
    return text[start:stop].strip("` \t\n")[:MAX_INTENT]
