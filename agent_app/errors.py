"""Faults, sorted by who caused them: the world, the model, or nobody.

Anything raised that is none of these is a bug of ours: it is recorded once and re-raised.
"""

from __future__ import annotations

from typing import Literal

from agent_app.wording import Words

EndReason = Literal[
    "stopped", "step limit", "time limit", "token limit", "mistakes", "loop", "miss"
]


class KnownError(Exception):
    """The world's fault (no display, no space, unknown model), with what to do about it.

    It is shown as it is, without a traceback, and makes the command exit with status 3.
    """

    def __init__(self, message: str | Words, *, remedy: str | Words) -> None:
        super().__init__(str(message))
        self.message = str(message)
        self.remedy = str(remedy)
        self.told = (message, remedy)

    def __str__(self) -> str:
        return f"{self.message} — {self.remedy}"


class ModelMistake(Exception):
    """The model's fault: a reply that cannot be carried out.

    The message goes back to the model as its next observation, so it is written for the model.
    """

    def __init__(self, message: str | Words) -> None:
        super().__init__(str(message))
        self.told = message


class RunEnded(Exception):
    """Nobody's fault: the run was stopped or reached one of its limits."""

    def __init__(self, reason: EndReason, detail: str | Words = "") -> None:
        super().__init__(str(detail) or reason)
        self.reason: EndReason = reason
        self.detail = str(detail)
        self.told = detail if self.detail else reason
