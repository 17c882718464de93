"""The doctor page: is everything here that a run needs? And a first run, to see it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import closing

from PySide6.QtCore import Qt, Signal, Slot
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
from agent_app.ui.pages.page import Page, Section, set_tone, text_label

_DESKTOP = Size(1024, 640)
_SIGNS = {True: ("✓", "good"), None: ("–", ""), False: ("✕", "bad")}
Checks = Callable[[Mapping[str, str], Size | None], Generator[CheckResult]]


def _checks(environment: Mapping[str, str], virtual: Size | None) -> Generator[CheckResult]:
    return run_checks(environment, virtual=virtual)


class DoctorPage(Page):
    """Checks this machine, and offers a first run.

    `prepare` is called before the checks, in their thread: what is open on a desktop has to be
    closed before another one can be worked on. `checks` is what finds things out.

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
        self.introduce(
            self.tr("Doctor"),
            self.tr("Is everything here that a run needs? What is missing is named with its cure."),
        )
        self.error = ErrorCard(self)
        self.body.addWidget(self.error)
        self.body.addWidget(self._make_checks())
        self.body.addWidget(self._make_trial())
        self.body.addStretch(1)

    def set_running(self, running: bool) -> None:
        """Leave the desktop to a run while one goes on."""
        self._running = running
        self._update()

    @Slot()
    def check(self) -> None:
        """Check everything, unless that goes on already."""
        if self.errand.busy or self._running:
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
        card = Section(self.tr("This machine"), self)
        self.verdict = text_label(self.tr("Nothing has been checked yet."), card)
        card.rows.addWidget(self.verdict)
        holder = QWidget(card)
        self._grid = QGridLayout(holder)
        self._grid.setContentsMargins(0, 4, 0, 4)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(2, 1)
        card.rows.addWidget(holder)
        self.own = QCheckBox(
            self.tr("On my &own desktop: the pointer moves, a small window shows"), card
        )
        self.again = QPushButton(self.tr("&Check"), card)
        self.again.clicked.connect(self.check)
        row = QHBoxLayout()
        row.addWidget(self.again)
        row.addSpacing(12)
        row.addWidget(self.own)
        row.addStretch(1)
        card.rows.addLayout(row)
        return card

    def _make_trial(self) -> QWidget:
        card = Section(self.tr("A first run"), self)
        card.rows.addWidget(
            text_label(
                self.tr(
                    "On a private desktop of its own the agent opens a small window, types a name "
                    "into it, presses its button and checks what comes of it. Yours stays as it is."
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
        name = text_label(result.name, self)
        name.setFixedWidth(130)
        detail = text_label(result.detail, self, role="muted")
        parts = [sign, name, detail]
        self._grid.addWidget(sign, row, 0, top)
        self._grid.addWidget(name, row, 1, top)
        self._grid.addWidget(detail, row, 2)
        states = {True: self.tr("in order"), None: self.tr("not needed"), False: self.tr("wrong")}
        sign.setAccessibleName(f"{result.name}: {states[result.ok]}")
        if result.remedy:
            remedy = text_label(f"→ {result.remedy}", self)
            set_tone(remedy, "bad" if result.ok is False else "")
            self._grid.addWidget(remedy, row + 1, 2)
            parts.append(remedy)
        for label in parts:
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.show()  # a layout does so only when it is next its turn

    @Slot()
    def _on_done(self) -> None:
        wrong = [result.name for result in self.results if result.ok is False]
        if wrong:
            said = self.tr("To be put right: {names}").format(names=", ".join(wrong))
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
        self.checked.emit()

    def _update(self) -> None:
        busy = self.errand.busy
        self.again.setEnabled(not busy and not self._running)
        self.own.setEnabled(not busy)
        self.trial.setEnabled(not busy and not self._running)

    def close_down(self) -> None:
        """End what goes on: the window closes."""
        self.errand.cancel()
