"""Answers to questions: in the terminal, in time, and to the question that was asked."""

from __future__ import annotations

import io
import os
import pty
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from agent_app.approval import FOR_THIS_RUN, ONCE, REFUSE
from agent_app.console import print_run
from agent_app.course import STOP
from agent_app.events import Event, QuestionAnswered, QuestionAsked, StepStarted
from tests.fakes.session import ScriptedSession

CHOICES = (ONCE, FOR_THIS_RUN, REFUSE, STOP)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A terminal of its own as the standard input; the end that types."""
    keyboard, screen = pty.openpty()
    with os.fdopen(screen, encoding="utf-8") as reading:
        monkeypatch.setattr(sys, "stdin", reading)
        yield keyboard
    os.close(keyboard)


def asks(seconds: float | None) -> Callable[[ScriptedSession], Iterator[Event]]:
    def script(session: ScriptedSession) -> Iterator[Event]:
        yield session.started()
        yield StepStarted(1, time.monotonic())
        yield from session.ask(1, "May the agent?", CHOICES, seconds=seconds)
        yield session.finished("success")

    return script


class Typing(io.StringIO):
    """What is printed; types a line once the prompt shows."""

    def __init__(self, keyboard: int, line: str) -> None:
        super().__init__()
        self._keyboard, self._line = keyboard, line

    def write(self, text: str) -> int:
        if text.endswith("> ") and self._line:
            os.write(self._keyboard, self._line.encode())
            self._line = ""
        return super().write(text)


@pytest.mark.parametrize(
    ("line", "answer"),
    [("1\n", ONCE), ("3\n", REFUSE), ("allow once\n", ONCE), ("5\n", "5"), ("\n", None)],
)
def test_a_number_in_the_terminal_is_the_choice_with_that_number(
    terminal: int, line: str, answer: str | None
) -> None:
    session = ScriptedSession(asks(60))
    print_run(session, Console(file=Typing(terminal, line), width=100))
    assert session.answers == [answer]


def test_what_was_typed_before_the_question_is_no_answer_and_time_runs_out(terminal: int) -> None:
    os.write(terminal, b"1\n")
    session = ScriptedSession(asks(0.3))
    written = io.StringIO()
    print_run(session, Console(file=written, width=100))
    assert session.answers == [None]
    assert "no answer in time" in written.getvalue()


def test_with_nobody_there_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("1\n"))
    session = ScriptedSession(asks(60))
    written = io.StringIO()
    print_run(session, Console(file=written, width=100))
    assert session.answers == [None]
    assert "nobody is here to answer" in written.getvalue()


def test_an_answer_that_comes_late_answers_no_later_question(tmp_path: Path) -> None:
    from agent_app.model_runtime import Progress, RuntimeInfo, no_progress
    from agent_app.session import RecordedSession

    secrecy = SimpleNamespace(cleaned=lambda event: event)
    place: Any = SimpleNamespace(screen=SimpleNamespace(region=None), secrecy=secrecy)

    class Asking(RecordedSession):
        def prepare(self, progress: Progress = no_progress) -> None:  # noqa: ARG002
            self.runtime = RuntimeInfo("x", "", None)

        def run(self) -> Iterator[Event]:
            scripted = ScriptedSession(asks(None))
            yield scripted.started()
            for number, seconds in ((1, 0.01), (2, 30.0)):
                asked = QuestionAsked(number, "May the agent?", CHOICES, 0.0, seconds)
                yield asked
                yield QuestionAnswered(number, self.wait_for_answer(asked), 0.0)
            yield scripted.finished("success")

        def settings_sha1(self) -> str:
            return ""

        def watching_hands(self):
            import contextlib

            return contextlib.nullcontext()

    session = Asking(place, "x", tmp_path / "episode")
    given: list[str | None] = []
    for event in session.events():
        if isinstance(event, QuestionAnswered):
            given.append(event.answer)
            session.answer(ONCE)  # to the first question, whose time is over
        elif isinstance(event, QuestionAsked) and event.step == 2:
            threading.Timer(0.05, session.answer, [REFUSE]).start()
    assert given == [None, REFUSE]
