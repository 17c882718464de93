"""An action and where it goes, in words that a person reads for the first time."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from agent_app.actions import Action, Click, Write, describe_action
from agent_app.events import ShownText
from agent_app.policy.case import Case

_LONGEST = 80  # characters of a text that are shown
_LABEL = 60
_VERBS = {
    "click": ("click", "clicking"),
    "drag": ("drag to", "dragging to"),
    "scroll": ("scroll", "scrolling"),
    "move": ("point at", "pointing at"),
    "type": ("type", "typing"),
    "press": ("press", "pressing"),
}


def deed_of(case: Case, own: Sequence[ShownText], *, by_ing: bool = False) -> str:
    """What is done, such as `click “Send”`; with `by_ing`, `clicking “Send”`."""
    verb = _VERBS[case.kind][by_ing]
    if isinstance(case.action, Click):
        before = " ".join(describe_action(case.action).split()[:-1])  # double, right, ctrl
        verb = f"{before} {verb}".strip()
    if case.pointer:
        label = plain(" ".join(_labels(own)), _LABEL)
        return f"{verb} “{label}”" if label else f"{verb} something without a text"
    secret = "focus" in vars(case) and case.focus is not None and case.focus.password
    return f"{verb} {_typed(case.action, hidden=secret)}"


def window_of(case: Case) -> str:
    """Where it goes, such as `“notes.txt - Mousepad”`; empty when that is not known."""
    window = case.window
    if window is None:
        return ""
    title = plain(window.title, _LABEL)
    named = window.application
    if not title:
        return f"a menu or popup of {named}" if named else ""
    beside = f" ({named})" if named and named.casefold() not in title.casefold() else ""
    return f"“{title}”{beside}"


def sentence_of(reason: str) -> str:
    """The reason as a sentence of its own."""
    return f"{reason[:1].upper()}{reason[1:]}."


def plain(text: str, most: int) -> str:
    """A text of the screen as one line that cannot be taken for a part of the question."""
    kept = "".join(
        " " if char.isspace() else char
        for char in text[: 4 * most]
        if char.isspace() or unicodedata.category(char) not in ("Cc", "Cf", "Cs")
    )
    line = " ".join(kept.replace("“", "'").replace("”", "'").split())
    return line if len(line) <= most else line[: most - 1] + "…"


def _labels(own: Sequence[ShownText]) -> list[str]:
    """The texts of what is clicked; what was read within what an application names is the same."""
    kept: list[ShownText] = []
    for text in own:
        inside = text.box is not None and any(
            each.box is not None and each.box.contains(text.box.center) for each in kept
        )
        if not inside:
            kept.append(text)
    return list(dict.fromkeys(each.text for each in kept))


def _typed(action: Action, *, hidden: bool) -> str:
    if hidden:
        return "what is not shown here"
    if isinstance(action, Write):
        text = plain(action.text.replace("\n", " ⏎ ").replace("\t", " ⇥ "), _LONGEST)
        if not text:
            return "blanks alone"
        more = f" ({len(action.text)} characters)" if len(action.text) > _LONGEST else ""
        return f"“{text}”{more}"
    return describe_action(action)
