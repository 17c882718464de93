"""The doctor page: is all here that a run needs, do clicks land? And a first run, to see it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import closing

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from agent_app.doctor import CheckResult, run_checks
from agent_app.errors import KnownError
from agent_app.geometry import Size
from agent_app.model_runtime import Progress
from agent_app.ui.cards import ErrorCard, sentence
from agent_app.ui.errand import Errand
from agent_app.ui.pages.clicks import ClicksCard, Trying, try_clicks
from agent_app.ui.pages.page import Page, Section, set_tone, text_label
from agent_app.ui.phrases import spoken

_DESKTOP = Size(1024, 640)
_SIGNS = {True: ("✓", "good"), None: ("–", ""), False: ("✕", "bad")}
Checks = Callable[[Mapping[str, str], Size | None], Generator[CheckResult]]


def _checks(environment: Mapping[str, str], virtual: Size | None) -> Generator[CheckResult]:
    return run_checks(environment, virtual=virtual)


class DoctorPage(Page):
    """Checks this machine, and offers a first run.

    `prepare` is called before the checks, in their thread: what is open on a desktop has to be
    closed before another one can be worked on. `checks` is what finds things out, and
    `trying` what tries clicks.

    **Signals:**

    - `trial_requested`: the person wants to see a first run
    - `checked`: the checks have ended
    """

    trial_requested = Signal()
    checked = Signal()

    def __init__(
        self,
        environment: Mapping[str, str],
        prepare: Callable[[], None],
        parent: QWidget | None = None,
        *,
        checks: Checks = _checks,
        trying: Trying = try_clicks,
    ) -> None:
        super().__init__(parent)
        self._environment = environment
        self._prepare = prepare
        self._checks = checks
        self._running = False
        self.results: list[CheckResult] = []
        self.errand = Errand(self)
        self.errand.found.connect(self._on_found)
        self.errand.failed.connect(self._on_failed)
        self.errand.crashed.connect(self._on_crashed)
        self.errand.done.connect(self._on_done)
        self.errand.ended.connect(self._on_ended)
        self._welcomes = False
        self.title, self.about = self.introduce(
            self.tr("Doctor"),
            self.tr("Is everything here that a run needs? What is missing is named with its cure."),
        )
        self.error = ErrorCard(self)
        self.body.addWidget(self.error)
        self.body.addWidget(self._make_checks())
        self.body.addWidget(self._make_trial())
        self.clicks = ClicksCard(environment, prepare, self, trying=trying)
        self.clicks.changed.connect(self._update)
        self.body.addWidget(self.clicks)
        self.body.addStretch(1)

    def set_running(self, running: bool) -> None:
        """Leave the desktop to a run while one goes on."""
        self._running = running
        self._update()

    def welcome(self) -> None:
        """Greet who starts us for the first time, check, and lead on to a first run."""
        self._welcomes = True
        self.title.setText(self.tr("Welcome to agent-app"))
        self.about.setText(
            self.tr(
                "First a look at this machine, then a first run to watch. It works on a private "
                "desktop of its own, and nothing leaves this computer."
            )
        )
        self.check()

    @Slot()
    def check(self) -> None:
        """Check everything, unless that goes on already."""
        if self.errand.busy or self.clicks.errand.busy or self._running:
            return
        self.error.hide()
        self.results = []
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        virtual = None if self.own.isChecked() else _DESKTOP

        def work(_progress: Progress, show: Callable[[object], None]) -> None:
            self._prepare()
            with closing(self._checks(self._environment, virtual)) as results:
                for result in results:
                    show(result)

        self.verdict.setText(self.tr("Checking…"))
        set_tone(self.verdict, "")
        self.errand.begin(work)
        self._update()

    def _make_checks(self) -> QWidget:
        card = Section("", self)
        self.own = QCheckBox(self.tr("On my &own desktop"), card)
        about = self.tr("The pointer moves there, and a small window shows for a few seconds.")
        self.own.setToolTip(about)
        self.own.setAccessibleDescription(about)
        self.again = QPushButton(self.tr("&Check"), card)
        self.again.clicked.connect(self.check)
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(text_label(self.tr("This machine"), card, role="title"), 1)
        head.addWidget(self.own)
        head.addWidget(self.again)
        card.rows.addLayout(head)
        self.verdict = text_label(self.tr("Nothing has been checked yet."), card)
        card.rows.addWidget(self.verdict)
        holder = QWidget(card)
        self._grid = QGridLayout(holder)
        self._grid.setContentsMargins(0, 4, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(5)
        self._grid.setColumnStretch(2, 1)
        card.rows.addWidget(holder)
        return card

    def _make_trial(self) -> QWidget:
        card = Section(self.tr("A first run"), self)
        card.rows.addWidget(
            text_label(
                self.tr(
                    "On a private desktop of its own the agent opens a small window, types a name "
                    "into it, presses its button and checks what comes of it. Your own desktop "
                    "stays as it is."
                ),
                card,
                role="muted",
            )
        )
        self.trial = QPushButton(self.tr("&Watch a first run"), card)
        self.trial.setProperty("role", "primary")
        self.trial.clicked.connect(self.trial_requested)
        row = QVBoxLayout()
        row.addWidget(self.trial, 0, Qt.AlignmentFlag.AlignLeft)
        card.rows.addLayout(row)
        return card

    @Slot(object)
    def _on_found(self, result: CheckResult) -> None:
        self.results.append(result)
        row = 2 * len(self.results)
        mark, tone = _SIGNS[result.ok]
        sign = text_label(mark, self)
        set_tone(sign, tone)
        top = Qt.AlignmentFlag.AlignTop
        name = text_label(spoken(result.name), self)
        name.setFixedWidth(130)
        detail = text_label(spoken(result.detail), self, role="muted")
        parts = [sign, name, detail]
        self._grid.addWidget(sign, row, 0, top)
        self._grid.addWidget(name, row, 1, top)
        self._grid.addWidget(detail, row, 2)
        states = {True: self.tr("in order"), None: self.tr("not needed"), False: self.tr("wrong")}
        sign.setAccessibleName(f"{spoken(result.name)}: {states[result.ok]}")
        if result.remedy:
            remedy = text_label(f"→ {spoken(result.remedy)}", self)
            set_tone(remedy, "bad" if result.ok is False else "muted")
            self._grid.addWidget(remedy, row + 1, 2)
            parts.append(remedy)
        for label in parts:
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.show()  # a layout does so only when it is next its turn

    @Slot()
    def _on_done(self) -> None:
        wrong = [spoken(result.name) for result in self.results if result.ok is False]
        if wrong:
            said = self.tr("Needs attention: {names}").format(names=", ".join(wrong))
        else:
            said = self.tr("Everything that a run needs is here.")
        self.verdict.setText(sentence(said))
        set_tone(self.verdict, "bad" if wrong else "good")

    @Slot(object)
    def _on_failed(self, error: KnownError) -> None:
        self.verdict.setText("")
        self.error.show_known(error)

    @Slot(str)
    def _on_crashed(self, report: str) -> None:
        self.verdict.setText("")
        self.error.show_report(report)

    @Slot()
    def _on_ended(self) -> None:
        self._update()
        if self._welcomes and self.isVisible():
            self.trial.setFocus()
            QTimer.singleShot(0, self, lambda: self.area.ensureWidgetVisible(self.trial))
        self.checked.emit()

    def _update(self) -> None:
        checking, trying = self.errand.busy, self.clicks.errand.busy
        free = not (checking or trying or self._running)
        self.again.setText(self.tr("&Check again") if self.results else self.tr("&Check"))
        self.again.setEnabled(free)
        self.own.setEnabled(not checking)
        self.trial.setEnabled(free)
        self.clicks.set_free(not checking, running=self._running)

    def close_down(self) -> None:
        """End what goes on: the window closes."""
        self.clicks.close_down()
        self.errand.cancel()
