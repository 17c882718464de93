"""Reads an instruction into steps, all of it before anything is done."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import NoReturn

from agent_app.errors import ModelMistake
from agent_app.keys import MODIFIERS, canonical_key
from agent_app.runtimes.reader.language.forms import StepError, free_form
from agent_app.runtimes.reader.language.labels import LabelReader
from agent_app.runtimes.reader.language.lexing import UnclosedQuoteError, lex
from agent_app.runtimes.reader.language.rows import is_near_a_verb, split_rows, verb_at
from agent_app.runtimes.reader.language.steps import (
    Check,
    Click,
    Deed,
    Direction,
    Drag,
    Hover,
    OpenMenu,
    Press,
    Scroll,
    Step,
    Target,
    Type,
    Wait,
    WaitFor,
)
from agent_app.runtimes.reader.language.vocabulary import (
    CLICKS,
    COUNT_WORDS,
    NUMBER,
    PREDICATES,
    SECONDS_PER_UNIT,
)

DEFAULT_NOTCHES = 5
DEFAULT_LIMIT_SECONDS = 60.0
_MOST_SECONDS = 3600.0
_MOST_TIMES = 100
_MOST_CHORDS = 30  # each is one action, and a reply may hold 32 of them
_MOST_KEYS = 8
_LONGEST_TEXT = 5000  # characters; a reply holds 20,000, and an escaped character takes four


def parse_steps(instruction: str) -> tuple[Step, ...]:
    """The steps of an instruction, at least one.

    Raises StepError, which names the step, its text and the nearest valid form.
    """
    try:
        lexemes = lex(instruction)
    except UnclosedQuoteError as error:
        rest = instruction[error.start :]
        raise StepError(
            f"a quote is opened and never closed: {rest[:60]}",
            remedy=(
                'close it, and write a quote inside quotes as \\" and a backslash before the '
                "closing one as \\\\"
            ),
            number=len(split_rows(lex(instruction[: error.start]))) or 1,
        ) from None
    rows = split_rows(lexemes)
    if not rows:
        raise StepError(
            "the task is empty",
            remedy='write steps such as: click "Save"; type "hello"; press enter',
            number=0,
        )
    if not any(is_near_a_verb(row) for row in rows):
        raise free_form(instruction)
    return tuple(
        _StepReader(instruction, row, number).step() for number, row in enumerate(rows, start=1)
    )


def parse_qualifiers(answer: str, target: Target) -> Target | None:
    """The target narrowed by an answer such as `in "Editor"` or `the 2nd`; None if it is none."""
    try:
        lexemes = lex(answer)
    except UnclosedQuoteError:
        return None
    if not lexemes or any(lexeme.kind == "break" for lexeme in lexemes):
        return None
    parser = _StepReader(answer, [*lexemes], 1)
    parser.skip({"the", "one", "that"})
    try:
        narrowed = parser.qualified(target)
    except StepError:
        return None
    parser.skip({"one"})
    return narrowed if parser.at_end() and narrowed != target else None


class _StepReader(LabelReader):
    """Reads one row of tokens as a step."""

    def step(self) -> Step:
        found = verb_at(self.row)
        if found is None:
            first = self.row[0]
            named = self.slice(0, 1) if first.kind == "quoted" else f"“{first.text}”"
            self.fail(f"{named} is no instruction")
        self.verb, self.at = found
        deed = self._deed(self.verb)
        if not self.at_end():
            self.fail(f"it is not clear what {self.slice(self.at, len(self.row))} means here")
        return Step(self.slice(0, len(self.row)), deed)

    def _deed(self, verb: str) -> Deed:
        if verb in CLICKS:
            button, count = CLICKS[verb]
            return Click(self.target(), button, count)
        readers: dict[str, Callable[[], Deed]] = {
            "hover": lambda: Hover(self.target()),
            "type": self._type,
            "press": self._press,
            "open menu": self._open_menu,
            "scroll": self._scroll,
            "drag": self._drag,
            "wait": self._wait,
            "check": self._check,
        }
        return readers[verb]()

    # the single deeds

    def _type(self) -> Type:
        self.skip({"the", "text"}, before_quote=True)
        if self.peek("quoted"):
            text = self.take().text
            self._check_text(text)
            if self.word() in ("into", "in", "to"):
                self.at += 1
                return Type(text, self.target())
            return Type(text)
        rest = self.row[self.at :]
        if not rest or any(
            lexeme.kind == "quoted" or lexeme.ends_sentence or lexeme.lower in ("into", "in")
            for lexeme in rest
        ):
            self.fail("the text to type stands in no quotes")
        text = self.slice(self.at, len(self.row))
        self._check_text(text)
        self.at = len(self.row)
        return Type(text)

    def _check_text(self, text: str) -> None:
        if not text:
            self.fail("there is nothing between the quotes")
        if len(text) > _LONGEST_TEXT:
            self.fail(f"a text may have up to {_LONGEST_TEXT} characters: type it in several steps")
        if odd := next((char for char in text if not _can_be_typed(char)), None):
            self.fail(f"the character {odd!r} cannot be typed")

    def _press(self) -> Press:
        words = [lexeme.text for lexeme in self.row[self.at :]]
        self.at = len(self.row)
        count = 1
        lower = [word.lower() for word in words]
        if len(words) > 2 and lower[-1] in ("times", "time", "x") and lower[-2].isdigit():
            count, words = int(lower[-2]), words[:-2]
        elif len(words) > 1 and lower[-1] in COUNT_WORDS:
            count, words = COUNT_WORDS[lower[-1]], words[:-1]
        elif len(words) > 1 and (match := re.fullmatch(r"x(\d+)|(\d+)x|×(\d+)", lower[-1])):
            count, words = int(match[1] or match[2] or match[3]), words[:-1]
        if not 1 <= count <= _MOST_TIMES:
            self.fail(f"keys can be pressed 1 to {_MOST_TIMES} times")
        while len(words) > 1 and words[0].lower() in ("the", "key", "keys"):
            words = words[1:]
        while len(words) > 1 and words[-1].lower() in ("key", "keys", "together"):
            words = words[:-1]
        keys = self._chord(" ".join(words))
        if len(keys) > _MOST_KEYS:
            self.fail(f"at most {_MOST_KEYS} keys can be pressed together")
        if len(keys) > 1 and count > _MOST_CHORDS:
            self.fail(f"keys can be pressed together at most {_MOST_CHORDS} times")
        return Press(keys, count)

    def _chord(self, chord: str) -> tuple[str, ...]:
        if not chord:
            self.fail("no key is named")
        head, plus = chord, False
        if chord.endswith("+"):  # the plus key itself, alone or behind a modifier
            plus = True
            head = chord[:-1].rstrip().removesuffix("+")
            if head and not chord[:-1].rstrip().endswith("+"):
                self.fail("a key is missing behind the plus")
        names = [name.strip() for name in head.split("+")] if head else []
        if len(names) == 1 and "-" in names[0]:
            parts = names[0].split("-")
            if parts[0].strip().lower() in (*MODIFIERS, "control", "cmd", "super"):
                names = parts
        try:
            keys = tuple(canonical_key(name) for name in names)
        except ModelMistake:
            self._fail_on_keys(chord)
        return (*keys, "+") if plus else keys

    def _fail_on_keys(self, chord: str) -> NoReturn:
        parts = chord.split()
        if len(parts) > 1 and all(_is_key(part) for part in parts):
            joined = "+".join(parts)
            rows = "; ".join(f"press {part}" for part in parts)
            raise StepError(
                f"step {self.number} (“press {chord}”) cannot be read: it names several keys",
                remedy=f"write “press {joined}” for all together, or “{rows}” one by one",
                number=self.number,
            )
        quoted = any(lexeme.kind == "quoted" for lexeme in self.row)
        self.verb = "click" if quoted else "press"
        self.fail(f"“{chord}” is not the name of a key")

    def _open_menu(self) -> OpenMenu:
        self.skip({"the", "menu"})
        path: list[str] = []
        window: str | None = None
        while True:
            self.skip({"the"}, before_quote=True)
            item = self.target(unquoted_menu=True)
            if item.relations or item.ordinal is not None:
                self.fail("a menu is named by its labels alone")
            path.append(item.text)
            window = item.window or window
            if not self.peek("arrow"):
                return OpenMenu(tuple(path), window)
            self.at += 1

    def _scroll(self) -> Scroll:
        direction = self._direction()
        notches = DEFAULT_NOTCHES
        self.skip({"by"})
        if (word := self.word()) and word.isdigit():
            notches = int(word)
            self.at += 1
            self.skip({"times", "time", "notches", "notch", "clicks", "lines", "steps"})
        if not 1 <= notches <= _MOST_TIMES:
            self.fail(f"the wheel can be turned by 1 to {_MOST_TIMES} notches")
        if self.word() in ("at", "in", "over", "on", "inside"):
            self.at += 1
            return Scroll(direction, notches, self.target())
        return Scroll(direction, notches)

    def _direction(self) -> Direction:
        match self.word():
            case "up":
                direction: Direction = "up"
            case "down":
                direction = "down"
            case "left":
                direction = "left"
            case "right":
                direction = "right"
            case _:
                self.fail("the direction is missing")
        self.at += 1
        return direction

    def _drag(self) -> Drag:
        self.skip({"from"})
        start = self.target(until=("to", "onto", "into"))
        if self.word() not in ("to", "onto", "into", "on"):
            self.fail("it does not say where to drag to")
        self.at += 1
        return Drag(start, self.target())

    def _wait(self) -> Wait | WaitFor:
        limit = self._limit()
        word = self.word()
        names_a_thing = word == "for" and not self._is_duration(self.at + 1)
        if word in ("until", "till", "while") or names_a_thing:
            self.at += 1
        elif limit is None:
            self.skip({"for"})
            seconds = self._duration()
            if seconds is None:
                self.fail("it does not say how long or for what")
            return Wait(seconds)
        else:
            self.fail("it does not say what to wait for")
        target, visible = self._condition(default=True if word in ("for", "while") else None)
        limit = self._limit() if limit is None else limit
        return WaitFor(target, visible != (word == "while"), limit or DEFAULT_LIMIT_SECONDS)

    def _check(self) -> Check:
        self.skip({"that", "whether", "if"})
        return Check(*self._condition(default=None))

    # their parts

    def _condition(self, *, default: bool | None) -> tuple[Target, bool]:
        self.skip({"there", "is", "a", "the", "text"}, before_quote=True)
        target = self.target(until=("is", "isn't", "appears", "disappears", "exists", "vanishes"))
        words = tuple(lexeme.lower for lexeme in self.row[self.at : self.at + 6])
        for length in range(len(words), 0, -1):
            visible = PREDICATES.get(words[:length])
            if visible is not None:
                self.at += length
                return self.qualified(target), visible
        if default is None:
            self.fail("it does not say whether the text is visible or not")
        return target, default

    def _limit(self) -> float | None:
        """`up to N seconds`, `for up to …`, `at most …`, in parentheses or not."""
        start = self.at
        self.skip({"for"})
        word = self.word().lstrip("(")
        following = self.row[self.at + 1].lower if self.at + 1 < len(self.row) else ""
        if (word, following) not in (("up", "to"), ("at", "most")):
            self.at = start
            return None
        self.at += 2
        seconds = self._duration()
        if seconds is None:
            self.fail("it does not say how long")
        return seconds

    def _is_duration(self, at: int) -> bool:
        word = self.row[at].lower if at < len(self.row) else ""
        return bool(NUMBER.fullmatch(word)) or word in ("a", "an", "one")

    def _duration(self) -> float | None:
        word = self.word().rstrip(")")
        match = NUMBER.fullmatch(word)
        if match is None and word not in ("a", "an", "one"):
            return None
        self.at += 1
        amount = float(match[1]) if match else 1.0
        unit = match[2] if match else ""
        if not unit and self.word().rstrip(")") in SECONDS_PER_UNIT:
            unit = self.word().rstrip(")")
            self.at += 1
        if unit and unit not in SECONDS_PER_UNIT:
            self.fail(f"“{unit}” is no unit of time")
        seconds = amount * SECONDS_PER_UNIT.get(unit, 1.0)
        if not 0 < seconds <= _MOST_SECONDS:
            self.fail(f"it can wait up to {_MOST_SECONDS:.0f} seconds")
        return seconds


def _can_be_typed(char: str) -> bool:
    return char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs")


def _is_key(name: str) -> bool:
    try:
        canonical_key(name)
    except ModelMistake:
        return False
    return True
