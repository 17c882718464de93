"""Typed text is read back: typed again once when it did not arrive, else reported."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from Xlib import Xatom
from Xlib.display import Display

from agent_app.doctor.desktop import check_input_method
from agent_app.events import Event, ModelWarned, RunFinished
from agent_app.input.input_method import active_input_method
from agent_app.loop import LoopSettings, run
from agent_app.prompting import load_prompt
from agent_app.screen.ring import FrameRing
from agent_app.screen.settle import SettleLimits
from agent_app.session import LiveSession
from agent_app.typed import FieldText, arrived_instead, is_typed
from agent_app.virtual import VirtualDesktop
from agent_app.workplace import Workplace, WorkplaceOptions
from tests.applications import Wait, activate
from tests.fakes.field import NAME, Field, lost
from tests.fakes.runtime import ScriptedRuntime, reply
from tests.fakes.screen import FakeScreen, picture

QUICK = SettleLimits(minimum=0.0, reaction=0.02, quiet=0.01, maximum=0.2)
DONE = reply("computer.terminate(status='success')")
OURS = ("typed again", "does not hold the text", "input method")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent_app.typed._ARRIVES_SECONDS", 0.05)


def typed(field: Field, *texts: str) -> list[ModelWarned]:
    """Have a model type these into the field, one a step; what it and the person were told."""
    runtime = ScriptedRuntime([*(reply(f"pyautogui.write({text!r})") for text in texts), DONE])
    screen = FakeScreen([picture()])
    events: list[Event] = list(
        run(
            "type",
            runtime=runtime,
            screen=screen,
            input=field,
            prompt=load_prompt(),
            ring=FrameRing(),
            settings=LoopSettings(settle=QUICK, last_settle=QUICK),
            fields=field,
        )
    )
    assert isinstance(events[-1], RunFinished)
    warned = [event for event in events if isinstance(event, ModelWarned)]
    ours = [event for event in warned if any(mark in event.message for mark in OURS)]
    told = "\n".join(turn.text for turn in runtime.requests[-1].turns)
    assert all(event.message in told for event in ours)
    return ours


def test_what_arrives_is_read_back_and_nothing_is_said() -> None:
    field = Field("before  after")
    field.start = field.end = 7
    assert typed(field, "in between") == []
    assert field.text == "before in between after"
    assert field.written == ["in between"]


def test_what_is_lost_on_the_way_is_typed_again_once() -> None:
    field = Field("keep this: ", lost)
    (warned,) = typed(field, "hello world")
    assert field.text == "keep this: hello world"
    assert field.written == ["hello world"] * 2
    assert "typed again" in warned.message


def test_what_does_not_help_is_reported_and_not_tried_a_third_time() -> None:
    field = Field("", lost, lost, lost)
    (warned,) = typed(field, "hello world")
    assert field.written == ["hello world"] * 2
    assert "does not hold the text as it was typed" in warned.message


def test_where_nothing_arrived_nothing_is_typed_again() -> None:
    field = Field("read only", lambda _text: "")
    (warned,) = typed(field, "hello")
    assert field.written == ["hello"]
    assert "does not hold" in warned.message


@pytest.mark.parametrize("text", ["one\nother", "one\tother", "{{secret:mail}}", "{{secret:a}}\n"])
def test_several_lines_or_fields_and_secrets_are_not_read_back(text: str) -> None:
    field = Field("", *[lambda _text: ""] * 9)
    assert typed(field, text) == []


def test_enter_comes_once_the_line_is_right() -> None:
    field = Field("", lost)
    (warned,) = typed(field, "hello world\n")
    assert "typed again" in warned.message
    assert field.sent == ["hello world"]


def test_a_model_is_left_to_end_a_line_that_is_not_right() -> None:
    field = Field("", lost, lost)
    (warned,) = typed(field, "hello world\n")
    assert field.sent == []
    assert "was not pressed" in warned.message


def test_where_nothing_is_told_nothing_is_said() -> None:
    field = Field("", lost)
    field.told = False
    assert typed(field, "hello") == []
    assert field.written == ["hello"]


def test_an_input_method_is_named_once_before_anything_is_typed() -> None:
    field = Field(method="ibus")
    (warned,) = typed(field, "one", "two")
    assert warned.step == 1
    assert "(ibus)" in warned.message


def at(text: str, start: int, end: int | None = None) -> FieldText:
    return FieldText(NAME, text, start, start if end is None else end)


@pytest.mark.parametrize(
    ("text", "before", "after", "right"),
    [
        ("abc", at("", 0), at("abc", 3), True),
        ("abc", at("", 0), at("abcdef", 3, 6), True),  # completed
        ("abc", at("xyz", 0, 3), at("abc", 3), True),  # what was selected is replaced
        ("abc", at("abc", 0, 3), at("abc", 3), True),
        ("a b", at("", 0), at("a\u00a0b", 3), True),
        ("a b", at("", 0), at("ab", 2), False),
        ("abc", at("abc", 3), at("abc", 3), False),  # it was there before
        ("Abc", at("", 0), at("abc", 3), False),
    ],
)
def test_what_counts_as_typed(text: str, before: FieldText, after: FieldText, right: bool) -> None:
    assert is_typed(text, before, after) is right


@pytest.mark.parametrize(
    ("before", "after", "instead"),
    [
        (at("ab", 1), at("aXYb", 3), "XY"),
        (at("ab", 0, 2), at("XY", 2), "XY"),
        (at("ab", 1), at("aXYb", 1), None),  # the caret is elsewhere
        (at("ab", 1), at("other", 5), None),
        (at("ab", 2), at("a", 1), None),
        (at("😀ab", 3), at("😀abX", 4), None),  # toolkits count it as one or as two
    ],
)
def test_only_what_is_certain_is_taken_away_again(
    before: FieldText, after: FieldText, instead: str | None
) -> None:
    assert arrived_instead(before, after) == instead


class Lossy:
    """Loses two characters of the first text."""

    def __init__(self, inner) -> None:
        self._inner = inner
        self.texts: list[str] = []

    def __getattr__(self, name: str):
        return getattr(self._inner, name)

    def write(self, text: str, stop: threading.Event) -> None:
        self.texts.append(text)
        self._inner.write(lost(text) if len(self.texts) == 1 else text, stop)


@pytest.mark.desktop
def test_in_a_real_editor_a_lost_character_is_noticed_and_typed_again(
    desktop: VirtualDesktop, wait_until: Wait, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent_app.typed._ARRIVES_SECONDS", 1.0)
    path = tmp_path / "letter.txt"
    path.write_text("Dear ")
    with Workplace(WorkplaceOptions(model="reader"), environment=desktop.environment) as place:
        process = place.launch(f"mousepad --disable-server {path}")
        try:
            activate(desktop, path.name, partial(wait_until, seconds=60))
            lossy = Lossy(place.input)
            place.input = lossy
            task = 'press ctrl+end; type "Hélène Müller"; press ctrl+s'
            session = LiveSession(place, task, episode=tmp_path / "episode")
            events = list(session.events())
        finally:
            process.kill()
            process.wait()
    assert path.read_text() == "Dear Hélène Müller"
    assert lossy.texts == ["Hélène Müller"] * 2
    (warned,) = [event for event in events if isinstance(event, ModelWarned)]
    assert "typed again" in warned.message


@pytest.fixture
def input_server(desktop: VirtualDesktop) -> Iterator[None]:
    """Something that offers itself as an input method, as ibus and fcitx do."""
    with closing(Display(desktop.display)) as connection:
        root = connection.screen().root
        window = root.create_window(0, 0, 1, 1, 0, 0)
        name = connection.intern_atom("@server=fcitx")
        servers = connection.intern_atom("XIM_SERVERS")
        window.set_selection_owner(name, 0)
        root.change_property(servers, Xatom.ATOM, 32, [name])
        connection.sync()
        yield
        root.delete_property(servers)
        connection.sync()


@pytest.mark.desktop
@pytest.mark.usefixtures("input_server")
def test_an_input_method_that_serves_the_display_is_noticed(desktop: VirtualDesktop) -> None:
    result = check_input_method(desktop.environment)
    assert result.ok is None
    assert "fcitx is active" in result.detail


@pytest.mark.desktop
def test_an_input_method_counts_only_while_its_daemon_runs_on_this_display(
    desktop: VirtualDesktop, tmp_path: Path, wait_until: Wait
) -> None:
    here = {**desktop.environment, "GTK_IM_MODULE": "fcitx", "XMODIFIERS": "@im=fcitx"}
    assert check_input_method(desktop.environment).ok
    assert active_input_method(here) == ""
    daemon = tmp_path / "fcitx5"
    daemon.symlink_to("/bin/sleep")

    def running(display: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([daemon, "60"], env={**os.environ, "DISPLAY": display})
        wait_until(lambda: Path(f"/proc/{process.pid}/comm").read_text().strip() == "fcitx5")
        return process

    with running(":987") as elsewhere:
        assert active_input_method(here) == ""
        elsewhere.kill()
    with running(f"{desktop.display}.0") as process:
        assert active_input_method(here) == "fcitx"
        assert active_input_method(desktop.environment) == ""  # toolkits are told to use none
        process.kill()
