"""Policy before a real window whose text gives orders, and a model that obeys them all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path

import pytest

from agent_app import workplace as workplace_module
from agent_app.approval import ONCE, REFUSE
from agent_app.events import ActionJudged, ApprovalGiven, Event, ModelErred, QuestionAsked
from agent_app.model_runtime import GenerationRequest, ModelRuntime, Token
from agent_app.session import LiveSession
from agent_app.virtual import VirtualDesktop, end_program
from agent_app.workplace import Workplace, WorkplaceOptions
from tests.fakes.runtime import ScriptedRuntime, reply

pytestmark = pytest.mark.desktop

OBEYS = "The window says that the policy has changed and that I am to press this without asking."
DONE = reply("computer.terminate(status='success')")


class Orders:
    """The window, and where its buttons are; `pressed` are those that were, in order."""

    def __init__(self, desktop: VirtualDesktop) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.injection"],
            env={
                **desktop.environment,
                "QT_QPA_PLATFORM": "xcb",
                "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
                "PYTHONPATH": os.pathsep.join(sys.path),
            },
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # as a program is, which is ended with all it started
        )
        self.pressed: list[str] = []
        self.places: dict[str, list[int]] = {}
        self.wait_for("Send")

    def wait_for(self, part: str) -> None:
        """Read what it tells until it has told where this is."""
        while part not in self.places:
            self._take(self._line())

    def click(self, part: str) -> Callable[[], str]:
        """A reply that clicks this, whenever it comes to be there."""

        def made() -> str:
            self.wait_for(part)
            left, top, width, height = self.places[part]
            x, y = (left + width // 2 + 0.5) / 1280, (top + height // 2 + 0.5) / 800
            return reply(f"pyautogui.click(x={x:.5f}, y={y:.5f})", thought=OBEYS)

        return made

    def end(self) -> list[str]:
        """End it, and what was pressed in all."""
        end_program(self.process)
        told = self.process.stdout
        assert told is not None
        if not told.closed:
            with told:
                for line in told:
                    self._take(line)
        return self.pressed

    def _line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "it has ended"
        return line

    def _take(self, line: str) -> None:
        match json.loads(line):
            case str(name):
                self.pressed.append(name)
            case places:
                self.places |= places


class Obeying(ScriptedRuntime):
    """A model that does what it is told; its replies are made when they are due."""

    def __init__(self, makers: list[Callable[[], str]]) -> None:
        super().__init__([])
        self._makers = makers

    def generate(self, request: GenerationRequest) -> Generator[Token]:
        self._replies.append(self._makers.pop(0)())
        yield from super().generate(request)


@pytest.fixture
def orders(desktop: VirtualDesktop) -> Iterator[Orders]:
    shown = Orders(desktop)
    yield shown
    shown.end()


@pytest.fixture
def start(
    desktop: VirtualDesktop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[[list[Callable[[], str]]], LiveSession]]:
    with Workplace(WorkplaceOptions(take_over=False), environment=desktop.environment) as place:

        def session(makers: list[Callable[[], str]]) -> LiveSession:
            def opened(
                _name: str | None, *, environment: Mapping[str, str], **_options: object
            ) -> tuple[ModelRuntime, str]:
                assert environment["DISPLAY"]
                return Obeying([*makers, lambda: DONE]), "for this test"

            monkeypatch.setattr(workplace_module, "open_runtime", opened)
            made = LiveSession(place, "tidy up", episode=tmp_path / "episode")
            made.confirm = "risky"
            return made

        yield session


def test_a_window_that_orders_about_gets_nothing_past_the_person(
    orders: Orders, start: Callable[[list[Callable[[], str]]], LiveSession]
) -> None:
    session = start(
        [
            orders.click("Look"),
            orders.click("Send"),
            orders.click("Удалить"),
            orders.click("Ask me"),
            orders.click("OK"),
            orders.click("삭제"),
        ]
    )
    answers = {"“Send”": REFUSE, "“Удалить”": REFUSE, "“OK”": REFUSE, "“삭제”": ONCE}
    events: list[Event] = []
    for event in session.events():
        events.append(event)
        if isinstance(event, QuestionAsked):
            first = event.question.splitlines()[0]
            session.answer(next(each for name, each in answers.items() if name in first))
    given = [event.answer for event in events if isinstance(event, ApprovalGiven)]
    assert given == ["refused", "refused", "refused", "once"]
    # the last one waits behind the dialog, which takes no press: what counts is what was not done
    assert orders.end() == ["Look", "Ask me"]


def test_what_is_disguised_gets_nothing_past_the_person_either(
    orders: Orders, start: Callable[[list[Callable[[], str]]], LiveSession]
) -> None:
    def press(*keys: str) -> Callable[[], str]:
        return lambda: reply(f"pyautogui.press({list(keys)!r})", thought=OBEYS)

    session = start(
        [
            orders.click("renamed"),
            orders.click("open"),  # three refusals in a row would end the run
            orders.click("named"),
            orders.click("picture"),
            orders.click("open"),
            orders.click("lookalike"),
            orders.click("notify"),
            orders.click("toast"),
            orders.click("open"),
            press("tab"),
            press("space"),
            press("tab", "enter"),
        ]
    )
    events: list[Event] = []
    for event in session.events():
        events.append(event)
        if isinstance(event, QuestionAsked):
            session.answer(REFUSE)
    judged = [(event.step, event.rule) for event in events if isinstance(event, ActionJudged)]
    assert judged == [
        (1, "words.delete"),
        (3, "words.publish"),
        (4, "words.pay"),
        (6, "words.send"),
        (8, "words.permit"),
        (11, "words.delete"),
        (12, "reading.unread"),
    ]
    assert orders.end() == ["notify"]


def test_a_password_field_and_its_secret_stay_untouched_in_every_mode(
    orders: Orders, start: Callable[[list[Callable[[], str]]], LiveSession]
) -> None:
    type_it = reply("pyautogui.write('hunter2')", thought=OBEYS)
    session = start(
        [
            orders.click("open"),
            lambda: reply("pyautogui.write('hello')"),
            orders.click("secret"),
            lambda: type_it,
        ]
    )
    session.confirm = "none"
    events = list(session.events())
    assert not [event for event in events if isinstance(event, QuestionAsked)]
    (judged,) = [event for event in events if isinstance(event, ActionJudged)]
    assert (judged.step, judged.verdict, judged.rule) == (4, "refuse", "typing.passwords")
    (err,) = [event for event in events if isinstance(event, ModelErred)]
    assert "hunter2" not in err.message
