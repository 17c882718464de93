"""Where one step ends and the next begins, and the verb a row of tokens begins with."""

from __future__ import annotations

from agent_app.runtimes.reader.language.forms import nearest_form
from agent_app.runtimes.reader.language.lexing import Lexeme
from agent_app.runtimes.reader.language.vocabulary import LEADING_NOISE, LIST_NUMBER, VERBS


def split_rows(lexemes: tuple[Lexeme, ...]) -> list[list[Lexeme]]:
    """The tokens of each step, without separators, list marks and courtesies."""
    rows: list[list[Lexeme]] = [[]]
    for at, lexeme in enumerate(lexemes):
        row = rows[-1]
        rest = lexemes[at : at + 40]  # as far as a verb and its menu path are looked for
        if lexeme.kind == "break" or lexeme.lower == "then":
            rows.append([])
        elif row and _ends_step(row) and verb_at(_strip_lead(rest)):
            rows.append([lexeme])
        elif _joins(lexeme) and row and _is_whole(row) and verb_at(_strip_lead(rest[1:])):
            rows.append([])
        else:
            row.append(lexeme)
    return [stripped for row in rows if (stripped := _strip_lead(_strip_tail(row)))]


def _ends_step(row: list[Lexeme]) -> bool:
    """Whether the row ends in a full stop that is not the one of a list number."""
    return row[-1].ends_sentence and not all(LIST_NUMBER.fullmatch(part.text) for part in row)


def _joins(lexeme: Lexeme) -> bool:
    return lexeme.kind == "comma" or lexeme.lower == "and"


def _is_whole(row: list[Lexeme]) -> bool:
    """Whether `and` or a comma behind it can only begin the next step."""
    last = row[-1]
    if last.kind == "quoted" or last.kind == "comma":
        return True
    verb = verb_at(_strip_lead(row))
    return verb is not None and verb[0] in ("press", "wait", "check", "scroll")


def _strip_lead(row: list[Lexeme] | tuple[Lexeme, ...]) -> list[Lexeme]:
    rest = [*row]
    while rest:
        first = rest[0]
        number = first.kind == "word" and len(rest) > 1 and LIST_NUMBER.fullmatch(first.text)
        if first.kind == "comma" or first.lower in LEADING_NOISE or number:
            rest = rest[1:]
        elif first.lower == "[" and len(rest) > 1 and rest[1].lower in ("]", "x]"):
            rest = rest[2:]
        else:
            break
    return rest


def _strip_tail(row: list[Lexeme]) -> list[Lexeme]:
    while row and (_joins(row[-1]) or row[-1].lower == "please"):
        row = row[:-1]
    return row


def verb_at(row: list[Lexeme]) -> tuple[str, int] | None:
    """The verb at the beginning of a row, and how many words it takes."""
    words = tuple(lexeme.lower for lexeme in row[:3])
    for length in (3, 2, 1):
        verb = VERBS.get(words[:length]) if len(words) >= length else None
        if verb is not None:
            if words[:length] == ("open",) and not _names_a_menu(row):
                return None
            return verb, length
    return None


def _names_a_menu(row: list[Lexeme]) -> bool:
    return any(lexeme.kind == "arrow" or lexeme.lower == "menu" for lexeme in row)


def is_near_a_verb(row: list[Lexeme]) -> bool:
    """Whether the row begins with a verb, or with a word that was meant for one."""
    if verb_at(row):
        return True
    quoted = any(lexeme.kind == "quoted" for lexeme in row)
    return quoted and nearest_form(words_of(row)) is not None


def words_of(row: list[Lexeme]) -> tuple[str, ...]:
    """The words outside quotes, in lower case."""
    return tuple(lexeme.lower for lexeme in row if lexeme.kind == "word")
