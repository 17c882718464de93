"""A reply put together from what servers stream, as one text with the model's own marks."""

from __future__ import annotations

import time
from dataclasses import dataclass

from agent_app.model_runtime import (
    THINK_CLOSE,
    THINK_OPEN,
    EndedBy,
    Finish,
    ReplySplitter,
    Token,
)

MOST_CHARACTERS = 4_000_000
"""Of one reply, far beyond what any model says: a server that never ends fills no memory."""


@dataclass(frozen=True, slots=True)
class Delta:
    """What one chunk of a stream says; the numbers are tokens, None where it does not tell."""

    content: str = ""
    reasoning: str = ""
    finish: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class GrowingReply:
    """What was said so far, over as many requests as it took.

    A thought comes between the model's marks, or in a field of its own when the server splits
    replies; it gets its marks back then. Marks that are spelt out inside such a field are not
    marks, so no words of a thought can end it.
    """

    def __init__(self, opening: str) -> None:
        self.text = opening
        self.tokens = 0  # that are counted: the server's number where it tells, else its chunks
        self.prompt_tokens = 0
        self.thought_tokens = 0
        self.finish = ""
        self.has_begun = False
        self._began = time.monotonic()
        self._first = 0.0
        self._in_field = False
        self._before = 0  # tokens of the requests that are over
        self._splitter = ReplySplitter()
        self._splitter.feed(opening.encode("utf-8", "replace"))

    @property
    def is_thinking(self) -> bool:
        return self._splitter.is_thinking

    def begin_request(self) -> None:
        """Another request goes on from here."""
        self._before = self.tokens
        self._in_field = False
        self.finish = ""

    def take(self, delta: Delta) -> str:
        """The text that a chunk adds."""
        said = ""
        if delta.reasoning:
            said += "" if self._in_field else THINK_OPEN
            said += delta.reasoning.replace(THINK_OPEN[0], "<")
            self._in_field = True
        if delta.content:
            said += THINK_CLOSE if self._in_field else ""
            said += delta.content
            self._in_field = False
        self.finish = delta.finish or self.finish
        if delta.prompt_tokens is not None:
            self.prompt_tokens = delta.prompt_tokens
        if said:
            self.tokens += 1
            self.say(said)
        if delta.completion_tokens:  # some say 0, and mean that they do not count
            self.tokens = self._before + delta.completion_tokens
        return said

    def say(self, text: str) -> None:
        """Take in words that go to the reply, whoever said them."""
        if not self.has_begun:
            self.has_begun = True
            self._first = time.monotonic()
        self.thought_tokens += self.is_thinking
        self.text += text
        self._splitter.feed(text.encode("utf-8", "replace"))

    def ended(self, by: EndedBy) -> Token:
        """The last token."""
        prefill = self._first - self._began if self.has_begun else 0.0
        return Token(b"", Finish(by, self.prompt_tokens, self.tokens, prefill_seconds=prefill))
