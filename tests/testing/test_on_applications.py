"""Tests of real applications, through the API that users have."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent_app.episode.reader import open_episode
from agent_app.errors import KnownError
from agent_app.testing import ActionFailed, Desktop, DesktopSettings, expect
from agent_app.testing.place import Place

pytestmark = pytest.mark.desktop
LOGIN = Path(__file__).parent.parent / "login.py"


@pytest.fixture(scope="module")
def place(desktop) -> Iterator[Place]:
    """The suite's desktop, because this process sends input to no other one."""
    opened = Place(DesktopSettings(), display=desktop.display, environment=desktop.environment)
    yield opened
    opened.close()


@pytest.fixture
def under_test(place, tmp_path) -> Iterator[Callable[..., Desktop]]:
    tested = Desktop(place, task="a test", folder=tmp_path, episode=tmp_path / "run", timeout=30.0)
    yield tested
    tested.close()


def test_an_editor_saves_under_a_name(under_test, tmp_path):
    editor = under_test.launch("mousepad --disable-server", folder=tmp_path)
    under_test.type("Hello, Grüße")
    editor.find("File").click()
    editor.find("Save As…").click()
    dialog = under_test.window("Save As")
    expect(dialog).to_be_visible()
    dialog.find("Name", role="text").fill(str(tmp_path / "notes.txt"))
    under_test.press("enter")
    expect(dialog).to_be_hidden()
    expect(under_test.find("notes.txt", window="title")).to_be_visible()
    under_test.assert_seen("Encoding", last=60)
    assert (tmp_path / "notes.txt").read_text() == "Hello, Grüße"
    assert any("notes.txt" in title for title in editor.windows)
    under_test.finish(failed=False)
    episode = open_episode(tmp_path / "run")
    assert episode.run.programs == ("mousepad --disable-server",)
    assert [step.summary for step in episode.steps if step.summary][:4] == [
        "launch mousepad --disable-server",
        "type “Hello, Grüße”",
        "click “File” in mousepad",
        "click “Save As…” in mousepad",
    ]
    page = under_test.write_film()
    assert 10_000 < page.stat().st_size < 5_000_000


def test_a_form_is_filled_checked_and_read(under_test):
    form = under_test.launch([sys.executable, str(LOGIN)])
    name, show = form.find("Name", role="field"), form.find("Show the password")
    name.fill("Ada")
    name.fill("Grace Hopper")
    expect(name).to_have_text("Grace Hopper")
    form.find("Note", role="field").type("x")
    expect(show).not_.to_be_checked()
    show.check()
    expect(show).to_be_checked()
    show.uncheck()
    expect(show).not_.to_be_checked()
    enter = form.find("Sign in", role="button")
    expect(enter).to_be_enabled()
    assert name.region().left > form.find("Name", exact=True).first.region().left
    with pytest.raises(ActionFailed, match="not found"):
        form.find("Sign out").click(timeout=0.5)
    enter.click()
    expect(under_test.window("Sign in")).to_be_hidden()
    assert form.windows == ()


def test_only_what_applications_do_not_tell_is_read_from_the_whole_screen(under_test, place):
    under_test.launch([sys.executable, str(LOGIN)])
    expect(under_test.find("Show the password")).to_be_visible()
    view = place.looker.look()
    (button,) = view.sight_for("Sign in", None).elements
    assert (button.role, button.checked, button.enabled) == ("push button", None, True)
    assert "sight" not in vars(view)
    terminal = under_test.launch("xterm -T Terminal -fa DejaVuSansMono -fs 14 -e sh")
    under_test.type("echo Sign in again\n")
    expect(terminal.find("echo Sign in again")).to_be_visible()
    over = place.looker.look()
    over.sight_for("Sign in", None)
    assert "sight" in vars(over)


def test_what_a_terminal_showed_is_seen_though_it_tells_nothing_and_is_gone(under_test):
    under_test.launch("xterm -fa DejaVuSansMono -fs 14 -e sh")
    under_test.type("echo wonderful news\n")
    expect(under_test.find("wonderful news")).not_.to_be_hidden()
    under_test.type("clear\n")
    expect(under_test.find("wonderful news")).to_be_hidden()
    under_test.assert_seen("wonderful news", last=60)
    under_test.never_seen("terrible news", last=60)


def test_a_program_that_cannot_be_started_or_ends_at_once_is_named(under_test, tmp_path):
    with pytest.raises(KnownError, match="cannot start 'no-such-program'"):
        under_test.launch("no-such-program")
    with pytest.raises(KnownError, match=r"“sh -c 'exit 3'” ended with status 3 before it showed"):
        under_test.launch("sh -c 'exit 3'")
    with pytest.raises(KnownError, match=r"showed no window within 0\.3 s"):
        under_test.launch("sleep 60", timeout=0.3)
    under_test.finish(failed=True)
    steps = open_episode(tmp_path / "run").steps
    assert [step.summary for step in steps] == [
        "launch no-such-program",
        "launch sh -c 'exit 3'",
        "launch sleep 60",
    ]
    assert all(not step.effect.alike for step in steps)


def test_a_failure_names_an_application_that_has_crashed(under_test):
    terminal = under_test.launch("xterm -T Terminal -e sh")
    under_test.press("ctrl+d")
    expect(under_test.window("Terminal")).to_be_hidden()
    assert terminal.status == 0
    killed = under_test.launch("sh -c 'xterm -T Terminal -e sh; exit 7'")
    under_test.press("ctrl+d")
    expect(under_test.window("Terminal")).to_be_hidden()
    with pytest.raises(ActionFailed, match="exit 7'” ended with status 7"):
        killed.find("anything").click(timeout=1)
