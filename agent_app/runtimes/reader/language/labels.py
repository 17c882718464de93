"""Reads a label with all that stands around it: kind, ordinal, relations and window."""

from __future__ import annotations

from collections.abc import Collection
from typing import NoReturn

from agent_app.runtimes.reader.language.forms import form_for, nearest_form, unreadable
from agent_app.runtimes.reader.language.lexing import Lexeme
from agent_app.runtimes.reader.language.rows import words_of
from agent_app.runtimes.reader.language.steps import Kind, Relation, Target
from agent_app.runtimes.reader.language.vocabulary import (
    ARTICLES,
    KINDS,
    PLAIN_KINDS,
    QUALIFIERS,
    RELATIONS,
    kind_at,
    ordinal_of,
    phrase_at,
)


class LabelReader:
    """A cursor over one step's tokens that can read labels, and says what cannot be read."""

    def __init__(self, source: str, row: list[Lexeme], number: int) -> None:
        self.source = source
        self.row = row
        self.number = number
        self.at = 0
        self.verb: str | None = None

    def target(self, *, until: tuple[str, ...] = (), unquoted_menu: bool = False) -> Target:
        """A label with what stands before and behind it."""
        ordinal: int | None = None
        kind: Kind | None = None
        at = self.at
        while at < len(self.row) and self.row[at].kind == "word":
            word = self.row[at].lower
            if (number := ordinal_of(word)) is not None:
                ordinal = number
                at += 1
            elif (found := kind_at(self.row, at)) is not None:
                kind, at = found
            elif word in ARTICLES:
                at += 1
            else:
                break
        if at < len(self.row) and self.row[at].kind == "quoted":
            text = self.row[at].text
            if not text.strip():
                self.fail("there is nothing between the quotes")
            self.at = at + 1
            return self.qualified(Target(text, ordinal=ordinal, kind=kind))
        return self._bare_target(until, unquoted_menu=unquoted_menu)

    def _bare_target(self, until: tuple[str, ...], *, unquoted_menu: bool) -> Target:
        self.skip({"on", "the"})
        end = self.at
        while end < len(self.row) and self.row[end].kind == "word":
            if end > self.at and self.row[end].lower in until:
                break
            end += 1
        after = self.row[end] if end < len(self.row) else None
        qualifier = self._qualifier_before(end) if after and after.kind == "quoted" else None
        if after and after.kind == "quoted":
            if qualifier is None or qualifier == self.at:
                self.fail("the label to look for is missing or stands in no quotes")
            end = qualifier
        words = self.row[self.at : end]
        if not words:
            self.fail("it does not say what")
        if any(ordinal_of(word.lower) is not None for word in words) or any(
            phrase_at(words, at, QUALIFIERS) for at in range(1, len(words) - 1)
        ):
            self.fail("the label must stand in quotes, to tell it from the rest")
        kind: Kind | None = None
        for length in (2, 1):
            tail = tuple(word.lower for word in words[-length:])
            if len(words) > length and tail in KINDS:
                if tail not in PLAIN_KINDS and not unquoted_menu:
                    self.fail("the label must stand in quotes, to tell it from the rest")
                kind = KINDS[tail]
                words = words[:-length]
                break
        text = self.source[words[0].start : words[-1].end]
        self.at = end
        return self.qualified(Target(text, kind=kind))

    def qualified(self, target: Target) -> Target:
        """The target with all that stands behind its label: window, relations, ordinal, kind."""
        window, relations = target.window, target.relations
        ordinal, kind = target.ordinal, target.kind
        while not self.at_end():
            if (number := ordinal_of(self.word())) is not None:
                ordinal = number
                self.at += 1
            elif (found := kind_at(self.row, self.at)) is not None:
                kind, self.at = found
            elif (phrase := phrase_at(self.row, self.at, QUALIFIERS)) is not None:
                other_at = self._quoted_after(self.at + len(phrase))
                if other_at is None:
                    break
                other = self.row[other_at].text
                self.at = other_at + 1
                self.skip({"window", "dialog", "application", "app"})
                if phrase in RELATIONS:
                    found = kind_at(self.row, self.at)
                    self.at = found[1] if found else self.at
                    relations = (*relations, Relation(RELATIONS[phrase], other))
                else:
                    window = other
            else:
                break
        return Target(target.text, window, relations, ordinal, kind)

    def _quoted_after(self, at: int) -> int | None:
        while at < len(self.row) and self.row[at].lower in ("the", "window", "dialog", "label"):
            at += 1
        return at if at < len(self.row) and self.row[at].kind == "quoted" else None

    def _qualifier_before(self, end: int) -> int | None:
        """Where a qualifying phrase begins that reaches up to `end`, an article aside."""
        for start in range(self.at, end):
            phrase = phrase_at(self.row, start, QUALIFIERS)
            if phrase and self._quoted_after(start + len(phrase)) == end:
                return start
        return None

    # the row itself

    def at_end(self) -> bool:
        return self.at >= len(self.row)

    def skip(self, words: Collection[str], *, before_quote: bool = False) -> None:
        """Step over these words; with `before_quote`, only when a quoted text follows them."""
        at = self.at
        while at < len(self.row) and self.row[at].kind == "word" and self.row[at].lower in words:
            at += 1
        if not before_quote or (at < len(self.row) and self.row[at].kind == "quoted"):
            self.at = at

    def peek(self, kind: str) -> bool:
        return not self.at_end() and self.row[self.at].kind == kind

    def take(self) -> Lexeme:
        self.at += 1
        return self.row[self.at - 1]

    def word(self) -> str:
        return self.row[self.at].lower if self.peek("word") else ""

    def slice(self, start: int, end: int) -> str:
        return self.source[self.row[start].start : self.row[end - 1].end]

    def fail(self, fault: str) -> NoReturn:
        labels = tuple(lexeme.text for lexeme in self.row if lexeme.kind == "quoted")
        verb = self.verb
        if any(lexeme.kind == "arrow" for lexeme in self.row) and verb == "click":
            verb = "open menu"
        if verb == "wait" and (labels or "until" in words_of(self.row)):
            verb = "wait until"
        raise unreadable(
            fault,
            number=self.number,
            said=self.slice(0, len(self.row)),
            form=form_for(verb) if verb else nearest_form(words_of(self.row)),
            labels=labels,
        )
