"""From a model's reply to a typed answer: parsed and bounded, never run.

The types that can be asked for: str, int, float, bool, `list` of these, a `Literal`, a dataclass
and a msgspec Struct of all of them.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
import types
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import msgspec

from agent_app.errors import ModelMistake
from agent_app.model_runtime import Reply

T = TypeVar("T")

LONGEST_ANSWER = 20_000  # characters
_LONGEST_REASON = 2_000
_DEEPEST = 6  # structures within structures
_SECTION = re.compile(
    r"^[ \t]*[#*]+[ \t]*(reason|answer|where|verdict)[ \t*]*[:：]?[ \t*]*", re.I | re.M
)
_FENCED = re.compile(r"```[\w+-]*\n?(.*?)```", re.S)
_UNKNOWN = re.compile(r"`?(?:unknown|n/a)`?\.?", re.I)
_YES, _NO = ("yes", "true"), ("no", "false")
_PLAIN = (str, int, float, bool)
_NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:[ ,’']\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d{1,3})?")


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the model says of a claim on one view; `holds` is None when it cannot tell.

    `box` is left, top, right and bottom in shares of the frame.
    """

    holds: bool | None
    reason: str
    box: tuple[float, float, float, float] | None = None


def whole_text(reply: Reply) -> str:
    """What it answers. Raises ModelMistake for one that has no end."""
    if reply.summary is None or reply.ended_by != "stop":
        raise ModelMistake("The reply was cut off. Think shorter, then answer.")
    return reply.summary


def judgement_of(reply: Reply) -> Judgement:
    """What a reply says of a claim. Raises ModelMistake when it says nothing of it."""
    parts = sections(whole_text(reply))
    holds = read_verdict(parts.get("verdict", ""))
    return Judgement(holds, reason_in(parts), read_box(parts.get("where", "")))


def sections(summary: str) -> dict[str, str]:
    """The last section of each name, in lower case; all of it as the answer when there is none.

    Raises ModelMistake for a reply that is too long.
    """
    if len(summary) > LONGEST_ANSWER:
        raise ModelMistake(f"The reply is longer than {LONGEST_ANSWER} characters.")
    marks = list(_SECTION.finditer(summary))
    if not marks:
        return {"answer": summary.strip(), "verdict": summary.strip()}
    ends = [mark.start() for mark in marks[1:]] + [len(summary)]
    return {
        mark[1].lower(): summary[mark.end() : end].strip()
        for mark, end in zip(marks, ends, strict=True)
    }


def reason_in(parts: dict[str, str]) -> str:
    """Why, in the model's words, on one line."""
    return " ".join(parts.get("reason", "").split())[:_LONGEST_REASON]


def check_type(kind: Any, depth: int = 0) -> None:
    """Raises TypeError for a type that cannot be asked for."""
    if depth > _DEEPEST:
        raise TypeError("the type of an answer is nested too deep")
    origin, arguments = get_origin(kind), get_args(kind)
    if kind in _PLAIN or origin is Literal:
        return
    if origin is list and arguments:
        check_type(arguments[0], depth + 1)
    elif origin in (Union, types.UnionType):
        for each in arguments:
            if each is not type(None):
                check_type(each, depth + 1)
    elif _is_structure(kind):
        for each in _fields(kind).values():
            check_type(each, depth + 1)
    else:
        raise TypeError(
            f"cannot ask for {kind!r}: use str, int, float, bool, list[…], Literal[…], a "
            "dataclass or a msgspec Struct"
        )


def form_of(kind: Any) -> str:
    """What an answer of this type must look like, in words for a model."""
    if kind is str:
        return "a text, as it stands on the screen if it does"
    if kind is bool:
        return "yes or no"
    if kind is int:
        return "a whole number in digits, such as 3"
    if kind is float:
        return "a number in digits with a decimal point, such as 2.5"
    if get_origin(kind) is Literal:
        return f"one of {', '.join(map(str, get_args(kind)))}"
    return f"JSON of this shape: {_shape(kind)}"


def read_answer(text: str, kind: type[T]) -> T:
    """The answer as this type. Raises ModelMistake, and nothing else whatever the text."""
    plain = _unfenced(text)
    try:
        return cast("T", _read(plain, kind))
    except (ValueError, RecursionError, OverflowError) as error:  # msgspec's are ValueErrors
        raise ModelMistake(
            f"The answer {json.dumps(plain[:80], ensure_ascii=False)} is not {form_of(kind)}."
        ) from error


def is_unknown(text: str, kind: Any) -> bool:
    """Whether the model says that it cannot tell; a choice may have that name."""
    choices = get_args(kind) if get_origin(kind) is Literal else ()
    return bool(_UNKNOWN.fullmatch(_unfenced(text))) and "unknown" not in choices


def read_verdict(text: str) -> bool | None:
    """Yes, no, or None for unknown. Raises ModelMistake for anything else."""
    plain = _unfenced(text).strip("`*_.! ").casefold()
    if _UNKNOWN.fullmatch(plain):
        return None
    if plain in _YES or plain in _NO:
        return plain in _YES
    raise ModelMistake("The verdict must be yes, no or unknown.")


def read_box(text: str) -> tuple[float, float, float, float] | None:
    """Left, top, right and bottom in shares of the picture; None when the text names no box."""
    numbers = [float(each) for each in re.findall(r"\d+(?:\.\d+)?", text)[:5]]
    if len(numbers) != 4:
        return None
    left, top, right, bottom = numbers
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        return None
    return left, top, right, bottom


def _read(text: str, kind: Any) -> Any:
    if kind is str:
        return _unquoted(text)
    if kind is bool:
        word = text.strip("`*_.! ").casefold()
        if word in _YES or word in _NO:
            return word in _YES
        raise ValueError(text)
    if kind is int or kind is float:
        return _number(text, kind)
    if get_origin(kind) is Literal:
        return _choice(text, get_args(kind))
    if get_origin(kind) is list and not text.startswith("["):
        (inner,) = get_args(kind)
        lines = [
            line.strip().removeprefix("-").removeprefix("*").strip() for line in text.split("\n")
        ]
        return [_read(line, inner) for line in lines if line]
    return msgspec.json.decode(text.encode("utf-8", "replace"), type=kind)


def _number(text: str, kind: type[int] | type[float]) -> int | float:
    match = _NUMBER.fullmatch(text.strip("`*_ ").removesuffix("."))
    if match is None or len(text) > 40:
        raise ValueError(text)
    value = float(re.sub(r"[ ,’']", "", match[0]))
    if not math.isfinite(value) or (kind is int and not value.is_integer()):
        raise ValueError(text)
    return int(value) if kind is int else value


def _choice(text: str, choices: Sequence[object]) -> object:
    plain = _unquoted(text).strip("`*_. ").casefold()
    for choice in choices:
        if str(choice).casefold() == plain:
            return choice
    raise ValueError(text)


def _unfenced(text: str) -> str:
    match = _FENCED.fullmatch(text.strip())
    return (match[1] if match is not None else text).strip()


def _unquoted(text: str) -> str:
    for opening, closing in (('"', '"'), ("“", "”"), ("'", "'"), ("`", "`")):
        if len(text) >= 2 and text.startswith(opening) and text.endswith(closing):
            return text[1:-1]
    return text


def _is_structure(kind: Any) -> bool:
    return isinstance(kind, type) and (
        dataclasses.is_dataclass(kind) or issubclass(kind, msgspec.Struct)
    )


def _fields(kind: Any) -> dict[str, Any]:
    try:
        return get_type_hints(kind)
    except NameError as error:
        raise TypeError(f"{kind!r} has fields of unknown types: {error}") from error


def _shape(kind: Any) -> str:
    origin, arguments = get_origin(kind), get_args(kind)
    if kind in _PLAIN:
        return {str: '"text"', int: "3", float: "2.5", bool: "true"}[kind]
    if origin is Literal:
        return " or ".join(json.dumps(each, ensure_ascii=False) for each in arguments)
    if origin is list:
        return f"[{_shape(arguments[0])}, …]"
    if origin in (Union, types.UnionType):
        return " or ".join("null" if each is type(None) else _shape(each) for each in arguments)
    fields = (f'"{name}": {_shape(each)}' for name, each in _fields(kind).items())
    return f"{{{', '.join(fields)}}}"
