"""The doctor page, and the first start of all."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from agent_app.doctor import CheckResult
from agent_app.errors import KnownError
from agent_app.geometry import Size
from agent_app.ui.pages.doctor import DoctorPage

ROOT = Path(__file__).parents[1]
Results = Callable[[], Generator[CheckResult]]
FINE = CheckResult("Python", True, "3.11")
UNNEEDED = CheckResult("GPU", None, "none found")
WRONG = CheckResult("Fonts", False, "no letters", "apt-get install letters")


class Checks:
    """What is found, and on which desktop it was looked for."""

    def __init__(self) -> None:
        self.results: Results = lambda: iter_of(FINE, UNNEEDED)
        self.desktops: list[Size | None] = []
        self.prepared = 0
        self.closed = False

    def __call__(
        self, _environment: Mapping[str, str], virtual: Size | None
    ) -> Generator[CheckResult]:
        self.desktops.append(virtual)
        try:
            yield from self.results()
        finally:
            self.closed = True

    def prepare(self) -> None:
        self.prepared += 1


def iter_of(*results: CheckResult) -> Generator[CheckResult]:
    yield from results


@pytest.fixture
def checks() -> Checks:
    return Checks()


@pytest.fixture
def page(qtbot: QtBot, checks: Checks) -> Iterator[DoctorPage]:
    it = DoctorPage({}, checks.prepare, checks=checks)
    qtbot.addWidget(it)
    it.resize(900, 700)
    it.show()
    yield it
    it.close_down()
    qtbot.waitUntil(lambda: not it.errand.busy)
    assert not [each.name for each in threading.enumerate() if each.name.startswith("agent-app")]


def check(qtbot: QtBot, page: DoctorPage) -> list[str]:
    with qtbot.waitSignal(page.checked):
        page.again.click()
    return [label.text() for label in page.findChildren(QLabel) if label.isVisible()]


def test_each_check_is_shown_with_its_remedy(
    qtbot: QtBot, page: DoctorPage, checks: Checks
) -> None:
    shown = check(qtbot, page)
    assert "Everything that a run needs is here." in shown
    assert [text for text in ("✓", "Python", "3.11", "–", "GPU") if text not in shown] == []
    checks.results = lambda: iter_of(FINE, WRONG)
    shown = check(qtbot, page)
    assert "Needs attention: Fonts" in shown
    assert "→ apt-get install letters" in shown
    assert "GPU" not in shown  # what was found the last time
    signs = [label for label in page.findChildren(QLabel) if label.text() == "✕"]
    assert [sign.accessibleName() for sign in signs] == ["Fonts: wrong"]
    assert checks.prepared == 2


def test_whoever_starts_for_the_first_time_is_led_from_the_checks_to_a_first_run(
    qtbot: QtBot, page: DoctorPage
) -> None:
    page.activateWindow()
    with qtbot.waitSignal(page.checked):
        page.welcome()
    assert page.title.text() == "Welcome to agent-app"
    qtbot.waitUntil(page.trial.hasFocus)
    with qtbot.waitSignal(page.trial_requested):
        qtbot.keyClick(page.trial, Qt.Key.Key_Space)


def test_it_looks_at_a_private_desktop_unless_it_is_told_to_take_the_persons(
    qtbot: QtBot, page: DoctorPage, checks: Checks
) -> None:
    check(qtbot, page)
    page.own.click()
    check(qtbot, page)
    assert [desktop is None for desktop in checks.desktops] == [False, True]


def test_nothing_is_checked_and_tried_while_a_run_goes_on(page: DoctorPage, checks: Checks) -> None:
    page.set_running(True)
    page.check()
    assert checks.desktops == []
    assert (page.again.isEnabled(), page.trial.isEnabled()) == (False, False)
    page.set_running(False)
    assert (page.again.isEnabled(), page.trial.isEnabled()) == (True, True)


def test_a_page_that_closes_ends_the_checks_and_what_they_opened(
    qtbot: QtBot, page: DoctorPage, checks: Checks
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def results() -> Generator[CheckResult]:
        yield FINE
        begun.set()
        assert go_on.wait(20)
        yield UNNEEDED
        raise AssertionError("it went on")

    checks.results = results
    with qtbot.waitSignal(page.checked):
        page.again.click()
        assert begun.wait(20)
        page.close_down()
        go_on.set()
    assert checks.closed


def test_a_check_that_cannot_be_done_is_told(
    qtbot: QtBot, page: DoctorPage, checks: Checks
) -> None:
    def results() -> Generator[CheckResult]:
        yield FINE
        raise KnownError("the disk is gone", remedy="bring it back")

    checks.results = results
    check(qtbot, page)
    assert page.error.title.text() == "The disk is gone"
    assert page.verdict.text() == ""


@pytest.mark.desktop
def test_the_first_start_shows_the_doctor_and_ends_in_a_run_that_works(tmp_path: Path) -> None:
    def start() -> list[str]:
        command = [sys.executable, "-W", "error", "-m", "tests.fakes.first_start", str(tmp_path)]
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.stderr == ""
        return json.loads(done.stdout)

    assert start() == ["doctor", "Done", "Hello, Ada!"]
    assert start() == ["run"]
