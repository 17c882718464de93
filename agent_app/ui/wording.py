"""Texts of ours in the language of the window; see `agent_app.wording`."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from agent_app.wording import Words, worded


def in_language(words: Words) -> str:
    """The text in the person's language."""
    return worded(words, lambda template: QCoreApplication.translate("Core", template))


def shown(text: str | Words) -> str:
    """A text in the person's language if it is known what it was made of, else as it is."""
    return in_language(text) if isinstance(text, Words) else text


def shown_choice(choice: str) -> str:
    """An answer of ours in the person's language."""
    return QCoreApplication.translate("Core", choice)
