"""Texts of ours: English by themselves, and worded anew in another language."""

from __future__ import annotations

import pytest

from agent_app.errors import KnownError, ModelMistake, RunEnded
from agent_app.events import QuestionAsked, decode_event, encode_event
from agent_app.wording import Words, say, worded

GERMAN = {
    "May I {deed}?\n{why}.": "Darf ich {deed}?\n{why}.",
    "click “{label}”": "„{label}“ anklicken",
}


def german(template: str) -> str:
    return GERMAN.get(template, template)


def question(label: str) -> Words:
    return say("May I {deed}?\n{why}.", deed=say("click “{label}”", label=label), why="it sends")


def test_a_text_is_english_by_itself_and_each_line_begins_with_a_capital() -> None:
    assert str(question("Send")) == "May I click “Send”?\nIt sends."
    assert f"{say('{count} steps', count=3)}" == "3 steps"


def test_each_template_is_translated_and_what_is_not_stays() -> None:
    assert worded(question("Send"), german) == "Darf ich „Send“ anklicken?\nIt sends."


@pytest.mark.parametrize("label", ["{deed}", "{label.__class__}", "{0:>99999999}", "{", "%s", "{{"])
def test_what_fills_a_text_is_never_taken_for_a_part_of_it(label: str) -> None:
    assert str(question(label)) == f"May I click “{label}”?\nIt sends."
    assert str(Words(label)) == label


@pytest.mark.parametrize(
    "template", ["{missing}", "{a.__class__}", "{a:>99999999999}", "{a!r}", "{"]
)
def test_a_template_of_a_recording_is_no_format_string(template: str) -> None:
    assert str(Words(template, {"a": "x"})) == template


def test_a_recorded_question_keeps_its_words_and_an_old_one_has_none() -> None:
    words = question("Send")
    asked = QuestionAsked(1, str(words), ("stop",), 0.0, None, words)
    assert decode_event(encode_event(asked)) == asked
    plain = QuestionAsked(1, "Which?", (), 0.0)
    assert b"words" not in encode_event(plain)
    assert decode_event(encode_event(plain)) == plain


def test_faults_are_told_in_english_and_keep_their_words() -> None:
    words = say("no {thing}", thing="display")
    error = KnownError(words, remedy="give one")
    assert (error.message, str(error)) == ("no display", "no display — give one")
    assert error.told == (words, "give one")
    assert (str(ModelMistake(words)), ModelMistake(words).told) == ("no display", words)
    assert (str(RunEnded("stopped", words)), RunEnded("stopped", words).told) == (str(words), words)
    assert RunEnded("stopped").told == str(RunEnded("stopped")) == "stopped"
