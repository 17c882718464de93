"""The doctor page's card that tries out where clicks land."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from agent_app.calibration import (
    Correction,
    MonitorResult,
    Stretch,
    correction_path,
    keep,
    kept_at,
)
from agent_app.doctor import CheckResult
from agent_app.errors import KnownError
from agent_app.geometry import Monitor, Region, Size
from agent_app.model_runtime import Progress
from agent_app.ui.pages.clicks import ClicksCard
from agent_app.ui.pages.doctor import DoctorPage
from agent_app.virtual import VirtualDesktop

BENT = Correction(Stretch(1.02, -3.0), Stretch(0.99, 5.0))
FIRST = Monitor(1, Region(0, 0, 640, 400), 1.0, "DP-1")
SECOND = Monitor(2, Region(640, -100, 800, 600))
THIRD = Monitor(3, Region(-800, 0, 800, 600), 1.0, "DP-3")
STRAIGHT = MonitorResult(FIRST, 0.0, 0.0)
PUT_RIGHT = MonitorResult(SECOND, 9.0, 0.5, BENT)
CROOKED = MonitorResult(THIRD, 14.0, 14.0)
TOUCHED = KnownError(
    "not calibrated: the mouse or the keyboard was touched",
    remedy="start it again, and leave both alone until it is done",
)


class Trying:
    """A calibration that finds this, then ends with this error, if any."""

    def __init__(self) -> None:
        self.results = (STRAIGHT, PUT_RIGHT)
        self.error: Exception | None = None
        self.before_next: Callable[[threading.Event], object] = lambda _stop: None
        self.calls: list[str] = []

    def __call__(
        self,
        _environment: Mapping[str, str],
        stop: threading.Event,
        progress: Progress,
        words: str,
    ) -> Generator[MonitorResult]:
        self.calls.append(f"tried, saying {words.split('.')[0]}")
        try:
            for done, result in enumerate(self.results):
                progress(f"monitor {done + 1}", done, len(self.results))
                self.before_next(stop)
                yield result
            if self.error is not None:
                raise self.error
        finally:
            self.calls.append("ended")

    def prepare(self) -> None:
        self.calls.append("prepared")


def no_checks(_environment: Mapping[str, str], _desktop: Size | None) -> Generator[CheckResult]:
    yield CheckResult("Python", True, "3.11")


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


@pytest.fixture
def trying() -> Trying:
    return Trying()


@pytest.fixture
def page(qtbot: QtBot, trying: Trying) -> Iterator[DoctorPage]:
    it = DoctorPage({}, trying.prepare, checks=no_checks, trying=trying)
    qtbot.addWidget(it)
    it.resize(900, 700)
    it.show()
    yield it
    it.close_down()
    qtbot.waitUntil(lambda: not (it.errand.busy or it.clicks.errand.busy))
    assert not [each.name for each in threading.enumerate() if each.name.startswith("agent-app")]


def calibrated(qtbot: QtBot, card: ClicksCard) -> None:
    with qtbot.waitSignal(card.errand.ended, timeout=20_000):
        card.start.click()


def table(card: ClicksCard) -> list[list[str]]:
    """Its rows of texts, without the times."""
    labels = [each for each in card.table.findChildren(QLabel) if each.isVisibleTo(card)]
    texts = [each.text() for each in labels]
    return [texts[at : at + 3] for at in range(0, len(texts), 4)]


def test_what_was_found_is_shown_and_stored_for_each_monitor(
    qtbot: QtBot, page: DoctorPage, trying: Trying
) -> None:
    card = page.clicks
    assert (card.state.text(), table(card)) == ("Not calibrated yet.", [])
    trying.results = (STRAIGHT, PUT_RIGHT, CROOKED)
    calibrated(qtbot, card)
    assert trying.calls == ["prepared", "tried, saying Clicks are being tried out here", "ended"]
    assert table(card) == [
        ["Monitor", "Error", "Result"],
        ["DP-1  640×400", "0 px", "no correction needed"],
        ["800×600 at (640, -100)", "9 → 0.5 px", "corrected"],
        ["DP-3  800×600", "14 px", "no correction helps"],
    ]
    assert card.state.text().startswith("Clicks arrive beside where they are wanted. Set that")
    assert "DP-1  640×400, 0 px, no correction needed" in card.table.accessibleDescription()
    kept = kept_at(correction_path())
    assert [(each.correction, each.after) for each in kept] == [
        (None, 0.0),
        (BENT, 0.5),
        (None, 14.0),
    ]
    assert (card.bar.isVisible(), card.start.isEnabled()) == (False, True)


def test_what_was_stored_last_is_shown_with_its_time(page: DoctorPage) -> None:
    page.hide()
    keep([PUT_RIGHT])  # by the command, meanwhile
    page.show()
    card = page.clicks
    assert table(card)[1:] == [["800×600 at (640, -100)", "9 → 0.5 px", "corrected"]]
    assert card.state.text() == "Clicks arrive where they are wanted."
    at = kept_at(correction_path())[0].at
    assert at is not None
    assert abs((datetime.now(UTC) - at).total_seconds()) < 3600
    assert f"{at.astimezone():%Y-%m-%d %H:%M}" in card.table.accessibleDescription()


def test_a_calibration_that_was_touched_says_so_and_changes_nothing_that_is_stored(
    qtbot: QtBot, page: DoctorPage, trying: Trying
) -> None:
    keep([CROOKED])
    before = correction_path().read_bytes()
    card = page.clicks
    trying.error = TOUCHED
    calibrated(qtbot, card)
    assert card.error.title.text() == ("Not calibrated: the mouse or the keyboard was touched")
    assert card.error.text.toPlainText().startswith("Start it again")
    assert [row[0] for row in table(card)[1:]] == ["DP-1  640×400", "800×600 at (640, -100)"]
    assert card.state.text() == "What was found is not stored."
    assert correction_path().read_bytes() == before
    card.error.dismiss.click()
    assert [row[0] for row in table(card)[1:]] == ["DP-3  800×600"]
    trying.error = None
    calibrated(qtbot, card)
    assert not card.error.isVisible()
    assert len(kept_at(correction_path())) == 3


def test_a_monitor_that_cannot_be_measured_leaves_what_is_stored_in_the_table(
    qtbot: QtBot, page: DoctorPage, trying: Trying
) -> None:
    keep([CROOKED])
    trying.results = ()
    trying.error = KnownError(
        "the target does not show on monitor 1", remedy="close what covers it"
    )
    calibrated(qtbot, page.clicks)
    assert page.clicks.error.title.text() == "The target does not show on monitor 1"
    assert [row[0] for row in table(page.clicks)[1:]] == ["DP-3  800×600"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_of_ours_is_a_report_to_copy(
    qtbot: QtBot, page: DoctorPage, trying: Trying
) -> None:
    trying.error = ZeroDivisionError("a fault")
    calibrated(qtbot, page.clicks)
    assert "a fault" in page.clicks.error.report


def test_a_file_that_is_not_ours_is_named(page: DoctorPage) -> None:
    page.hide()
    correction_path().parent.mkdir(parents=True)
    correction_path().write_text("no json")
    page.show()
    assert page.clicks.error.title.text().startswith("Cannot use the calibration")
    assert table(page.clicks) == []
    correction_path().unlink()
    page.clicks.error.dismiss.click()
    assert page.clicks.state.text() == "Not calibrated yet."


def test_while_it_goes_on_it_tells_how_far_it_is_and_nothing_else_begins(
    qtbot: QtBot, page: DoctorPage, trying: Trying
) -> None:
    go_on = threading.Semaphore(0)
    trying.before_next = lambda _stop: go_on.acquire(timeout=20)
    card = page.clicks
    page.activateWindow()
    card.start.setFocus()
    with qtbot.waitSignal(card.errand.ended, timeout=20_000):
        qtbot.keyClick(card.start, Qt.Key.Key_Space)
        qtbot.waitUntil(lambda: card.state.text().startswith("Monitor 1 of 2"))
        assert card.bar.isVisible()
        others = (page.again, page.trial, card.start)
        assert [each.isEnabled() for each in others] == [False, False, False]
        page.check()
        assert not page.errand.busy
        go_on.release()
        qtbot.waitUntil(lambda: card.state.text().startswith("Monitor 2 of 2"))
        assert (card.bar.value(), card.bar.maximum()) == (1, 2)
        assert len(table(card)) == 2
        go_on.release()
    assert [each.isEnabled() for each in others] == [True, True, True]
    qtbot.waitUntil(card.start.hasFocus)


def test_it_does_not_begin_while_a_run_goes_on_and_says_so(
    page: DoctorPage, trying: Trying
) -> None:
    card = page.clicks
    page.set_running(True)
    card.calibrate()
    assert trying.calls == []
    assert not card.start.isEnabled()
    assert card.state.text() == "Not possible while a run goes on."
    page.set_running(False)
    assert card.start.isEnabled()
    assert card.state.text() == "Not calibrated yet."


def test_a_page_that_closes_ends_it_and_stores_nothing(
    qtbot: QtBot, page: DoctorPage, trying: Trying
) -> None:
    begun = threading.Event()

    def wait(stop: threading.Event) -> None:
        begun.set()
        assert stop.wait(20)

    trying.before_next = wait
    with qtbot.waitSignal(page.clicks.errand.ended, timeout=20_000):
        page.clicks.start.click()
        assert begun.wait(20)
        page.close_down()
    assert trying.calls[-1] == "ended"
    assert not correction_path().exists()


@pytest.mark.desktop
def test_on_a_real_desktop_clicks_are_tried_and_found_to_arrive(
    qtbot: QtBot, desktop: VirtualDesktop
) -> None:
    card = ClicksCard(desktop.environment, lambda: None)
    qtbot.addWidget(card)
    card.show()
    with qtbot.waitSignal(card.errand.ended, timeout=120_000):
        card.start.click()
    assert not card.error.isVisible(), card.error.text.toPlainText()
    assert [row[1:] for row in table(card)[1:]] == [["0 px", "no correction needed"]]
