"""Typed answers out of a model's words: parsed, bounded, never run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_app.errors import ModelMistake
from agent_app.model_runtime import Reply
from agent_app.testing.model_answers import (
    check_type,
    form_of,
    is_unknown,
    judgement_of,
    read_answer,
    sections,
)


@dataclass
class File:
    name: str
    size: int


class Row(msgspec.Struct):
    title: str
    done: bool
    files: list[File]


KINDS: tuple[Any, ...] = (str, int, float, bool, list[str], list[int], Literal["a", "b"], File, Row)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("3", int, 3),
        ("**1,234**", int, 1234),
        ("-2.5", float, -2.5),
        ("4", float, 4.0),
        ("Yes.", bool, True),
        ("`false`", bool, False),
        ('"notes.txt"', str, "notes.txt"),
        ("notes.txt", str, "notes.txt"),
        ('["a", "b"]', list[str], ["a", "b"]),
        ("- a\n- b", list[str], ["a", "b"]),
        ("```json\n[1, 2]\n```", list[int], [1, 2]),
        ("Red", Literal["red", "green"], "red"),
        ('{"name": "x", "size": 3}', File, File("x", 3)),
        (
            '{"title": "t", "done": true, "files": [{"name": "x", "size": 3}]}',
            Row,
            Row("t", True, [File("x", 3)]),
        ),
    ],
)
def test_an_answer_comes_as_the_type_that_was_asked_for(text, kind, value):
    check_type(kind)
    answer = read_answer(text, kind)
    assert answer == value
    assert type(answer) is type(value)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("three", int),
        ("3 lines", int),
        ("2.5", int),
        ("9" * 400, int),
        ("1e999", float),
        ("nan", float),
        ("maybe", bool),
        ("blue", Literal["red", "green"]),
        ("__import__('os').system('x')", list[int]),
        ('{"name": "x"}', File),
        ('{"name": "x", "size": "3"}', File),
        ("[" * 100_000, list[int]),
        ("", int),
    ],
)
def test_what_is_no_such_answer_is_the_models_mistake_and_says_what_would_be(text, kind):
    with pytest.raises(ModelMistake) as mistake:
        read_answer(text, kind)
    assert form_of(kind) in str(mistake.value)


@given(st.text(), st.sampled_from(KINDS))
def test_any_text_is_an_answer_or_a_mistake(text, kind):
    try:
        answer = read_answer(text, kind)
    except ModelMistake:
        return
    assert kind in KINDS[4:] or type(answer) is kind


@pytest.mark.parametrize("kind", [dict, list, object, dict[str, int], "int"])
def test_what_cannot_be_asked_for_is_refused_before_the_model_is(kind):
    with pytest.raises(TypeError, match="cannot ask for"):
        check_type(kind)


def test_the_last_section_of_each_name_counts():
    parts = sections("## Reason:\nno\n## Answer:\n1\n## Reason:\nIt says so.\n## Answer:\n2")
    assert parts == {"reason": "It says so.", "answer": "2"}
    assert sections("just 3")["answer"] == "just 3"
    with pytest.raises(ModelMistake, match="longer"):
        sections("x" * 30_000)


def test_that_it_cannot_tell_is_no_answer_but_may_be_a_choice():
    assert is_unknown("`unknown`", int)
    assert is_unknown("Unknown.", str)
    assert not is_unknown("unknown", Literal["known", "unknown"])


@pytest.mark.parametrize(
    ("verdict", "where", "holds", "box"),
    [
        ("yes", "[0.1, 0.2, 0.5, 0.6]", True, (0.1, 0.2, 0.5, 0.6)),
        ("**No**", "[0, 0, 1, 1]", False, (0.0, 0.0, 1.0, 1.0)),
        ("unknown", "nowhere", None, None),
        ("yes", "[5, 0.2, 0.5, 0.6]", True, None),
        ("yes", "[0.1, 0.2, 0.5, 0.6, 0.7]", True, None),
    ],
)
def test_a_judgement_has_a_verdict_a_reason_and_perhaps_a_place(verdict, where, holds, box):
    summary = f"## Reason:\nIt\nis so.\n## Where:\n{where}\n## Verdict:\n{verdict}"
    judged = judgement_of(Reply("", summary, "stop"))
    assert (judged.holds, judged.reason, judged.box) == (holds, "It is so.", box)


@pytest.mark.parametrize(
    "reply",
    [
        Reply("thinking", None, "stop"),
        Reply("", "## Verdict:\nyes", "length"),
        Reply("", "## Verdict:\nyes and no", "stop"),
        Reply("", "## Reason:\nyes", "stop"),
    ],
)
def test_a_reply_without_a_plain_verdict_judges_nothing(reply):
    with pytest.raises(ModelMistake):
        judgement_of(reply)
