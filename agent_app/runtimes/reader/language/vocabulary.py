"""The words of the instruction language, and how phrases of them are found in a row of tokens."""

from __future__ import annotations

import re
from collections.abc import Collection

from agent_app.actions import Button
from agent_app.runtimes.reader.language.lexing import Lexeme
from agent_app.runtimes.reader.language.steps import LAST, Kind, Where

Phrase = tuple[str, ...]

VERBS: dict[Phrase, str] = {
    ("open", "the", "menu"): "open menu",
    ("open", "menu"): "open menu",
    ("open",): "open menu",  # only with the word menu or an arrow behind it
    ("click",): "click",
    ("left", "click"): "click",
    ("drag", "and", "drop"): "drag",
    **{(verb,): verb for verb in ("hover", "type", "press", "scroll", "drag", "wait", "check")},
    **{
        spelling: f"{how} click"
        for how in ("double", "triple", "right", "middle")
        for spelling in ((how, "click"), (f"{how}-click",), (f"{how}click",))
    },
    ("left-click",): "click",
    ("leftclick",): "click",
}
CLICKS: dict[str, tuple[Button, int]] = {
    "click": ("left", 1),
    "double click": ("left", 2),
    "triple click": ("left", 3),
    "right click": ("right", 1),
    "middle click": ("middle", 1),
}
LEADING_NOISE = frozenset("please now first next finally and then - * • – — [] [x]".split())
LIST_NUMBER = re.compile(r"(?:step\s*)?\(?\d+[.):]?|step", re.IGNORECASE)
ARTICLES = frozenset("on the a an over at".split())
ORDINALS = {
    word: number
    for number, words in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth".split(), start=1
    )
    for word in words.split()
} | {"last": LAST}
ORDINAL_DIGITS = re.compile(r"\(?(\d{1,3})(?:st|nd|rd|th)\)?")
KINDS: dict[Phrase, Kind] = {
    ("menu", "item"): "menu item",
    ("menu", "entry"): "menu item",
    ("radio", "button"): "radio button",
    ("check", "box"): "checkbox",
    ("list", "item"): "item",
    ("text", "field"): "field",
    ("text", "box"): "field",
    ("input", "field"): "field",
    ("button",): "button",
    ("menu",): "menu",
    ("tab",): "tab",
    ("link",): "link",
    ("field",): "field",
    ("entry",): "field",
    ("input",): "field",
    ("box",): "field",
    ("checkbox",): "checkbox",
    ("item",): "item",
    ("row",): "item",
    ("cell",): "item",
    ("icon",): "item",
    ("file",): "item",
    ("folder",): "item",
    ("label",): "label",
    ("text",): "label",
    ("word",): "label",
}
PLAIN_KINDS = {("button",), ("menu", "item"), ("radio", "button"), ("checkbox",), ("link",)}
WINDOW_WORDS = ("in", "inside", "within")
RELATIONS: dict[Phrase, Where] = {
    ("next", "to"): "next to",
    ("beside",): "next to",
    ("near",): "next to",
    ("to", "the", "left", "of"): "left of",
    ("on", "the", "left", "of"): "left of",
    ("left", "of"): "left of",
    ("to", "the", "right", "of"): "right of",
    ("on", "the", "right", "of"): "right of",
    ("right", "of"): "right of",
    ("above",): "above",
    ("below",): "below",
    ("under",): "below",
    ("beneath",): "below",
}
QUALIFIERS = [*RELATIONS, *((word,) for word in WINDOW_WORDS)]
_VISIBLE = (
    "is visible|visible|is shown|is there|is on the screen|is on screen|is displayed|exists|"
    "appears|has appeared|to appear|to be visible|can be seen|becomes visible"
)
_NOT_VISIBLE = (
    "is not visible|isn't visible|not visible|is not shown|isn't shown|is not there|isn't there|"
    "is no longer visible|is no longer there|is gone|is hidden|is invisible|disappears|"
    "has disappeared|to disappear|is not on the screen|is not on screen|does not appear|"
    "doesn't appear|is not displayed|vanishes"
)
PREDICATES = {
    tuple(phrase.split()): visible
    for phrases, visible in ((_VISIBLE, True), (_NOT_VISIBLE, False))
    for phrase in phrases.split("|")
}
SECONDS_PER_UNIT = {
    unit: seconds
    for seconds, units in (
        (1.0, "s sec secs second seconds"),
        (0.001, "ms millisecond milliseconds"),
        (60.0, "min mins minute minutes"),
    )
    for unit in units.split()
}
NUMBER = re.compile(r"(\d+(?:\.\d+)?)([a-z]*)")
COUNT_WORDS = {"once": 1, "twice": 2, "thrice": 3}


def ordinal_of(word: str) -> int | None:
    """The number that a word such as `2nd` or `second` stands for; LAST for `last`."""
    match = ORDINAL_DIGITS.fullmatch(word)
    if match:
        return int(match[1]) or None
    return ORDINALS.get(word.strip("()"))


def kind_at(row: list[Lexeme], at: int) -> tuple[Kind, int] | None:
    """The kind of thing named at this place, and where its name ends."""
    phrase = phrase_at(row, at, KINDS)
    return (KINDS[phrase], at + len(phrase)) if phrase else None


def phrase_at(row: list[Lexeme], at: int, phrases: Collection[Phrase]) -> Phrase | None:
    """The longest of these phrases that stands at this place."""
    for length in (4, 3, 2, 1):
        words = tuple(lexeme.lower for lexeme in row[at : at + length])
        if len(words) == length and words in phrases:
            return words
    return None
