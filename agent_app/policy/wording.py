"""An action and where it goes, in words that a person reads for the first time."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from agent_app.actions import Action, Click, Write, describe_action
from agent_app.events import ShownText
from agent_app.policy.case import Case
from agent_app.policy.rules import Kind
from agent_app.wording import Words, say

_LONGEST = 80  # characters of a text that are shown
_LABEL = 60
_VERBS: dict[Kind, tuple[Words, Words]] = {
    "click": (say("click"), say("clicking")),
    "drag": (say("drag to"), say("dragging to")),
    "scroll": (say("scroll"), say("scrolling")),
    "move": (say("point at"), say("pointing at")),
    "type": (say("type"), say("typing")),
    "press": (say("press"), say("pressing")),
}
_HOW = {"double": say("double"), "right": say("right"), "middle": say("middle")}  # it is clicked


def deed_of(case: Case, own: Sequence[ShownText], *, by_ing: bool = False) -> Words:
    """What is done, such as `click “Send”`; with `by_ing`, `clicking “Send”`."""
    verb = _VERBS[case.kind][by_ing]
    if isinstance(case.action, Click):
        for how in reversed(describe_action(case.action).split()[:-1]):  # double, right, ctrl
            verb = say("{how} {verb}", how=_HOW.get(how, how), verb=verb)
    if case.pointer:
        label = plain(" ".join(_labels(own)), _LABEL)
        if not label:
            return say("{verb} something without a text", verb=verb)
        return say("{verb} “{label}”", verb=verb, label=label)
    secret = "focus" in vars(case) and case.focus is not None and case.focus.password
    return say("{verb} {what}", verb=verb, what=_typed(case.action, hidden=secret))


def window_of(case: Case) -> str | Words:
    """Where it goes, such as `“notes.txt - Mousepad”`; empty when that is not known."""
    window = case.window
    if window is None:
        return ""
    title = plain(window.title, _LABEL)
    named = window.application
    if not title:
        return say("a menu or popup of {application}", application=named) if named else ""
    beside = f" ({named})" if named and named.casefold() not in title.casefold() else ""
    return f"“{title}”{beside}"


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


def _typed(action: Action, *, hidden: bool) -> str | Words:
    if hidden:
        return say("what is not shown here")
    if isinstance(action, Write):
        text = plain(action.text.replace("\n", " ⏎ ").replace("\t", " ⇥ "), _LONGEST)
        if not text:
            return say("blanks alone")
        if len(action.text) <= _LONGEST:
            return f"“{text}”"
        return say("“{text}” ({count} characters)", text=text, count=len(action.text))
    return describe_action(action)
