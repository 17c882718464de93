"""The card that tries out where clicks land, and shows what came of it the last time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from agent_app.calibration import (
    EXACT,
    Kept,
    MonitorResult,
    calibrate,
    correction_path,
    keep,
    kept_at,
)
from agent_app.errors import KnownError
from agent_app.model_runtime import Progress
from agent_app.ui.cards import ErrorCard
from agent_app.ui.errand import Errand
from agent_app.ui.pages.page import Section, set_tone, text_label

Trying = Callable[
    [Mapping[str, str], threading.Event, Progress, str], Generator[MonitorResult]
]  # on which desktop, what ends it, who is told how far it is, and what stands on the screen


def try_clicks(
    environment: Mapping[str, str], stop: threading.Event, progress: Progress, words: str
) -> Generator[MonitorResult]:
    """Measure where clicks land on a desktop that a person sees."""
    return calibrate(environment, stop=stop, progress=progress, words=words)


class ClicksCard(Section):
    """Calibrates the person's own desktop, as `agent-app doctor --calibrate` does.

    `prepare` is called before, in the same thread: what is open on a desktop has to be closed, and
    a workplace that is opened anew takes the correction. `trying` does the measuring.

    **Signals:**

    - `changed`: it has begun or ended; `errand` says which
    """

    changed = Signal()

    def __init__(
        self,
        environment: Mapping[str, str],
        prepare: Callable[[], None],
        parent: QWidget | None = None,
        *,
        trying: Trying = try_clicks,
    ) -> None:
        super().__init__("", parent)
        self._environment = environment
        self._prepare = prepare
        self._trying = trying
        self._stop = threading.Event()
        self._free = True
        self._count = 0  # of the monitors that are measured
        self._unkept = self._had_focus = False
        self.rows_shown: list[Kept] = []
        self.errand = Errand(self)
        self.errand.progressed.connect(self._on_progressed)
        self.errand.found.connect(self._on_found)
        self.errand.failed.connect(self._on_failed)
        self.errand.crashed.connect(self._on_crashed)
        self.errand.ended.connect(self._on_ended)
        self.start = QPushButton(self.tr("Calibrate c&licks"), self)
        self.start.clicked.connect(self.calibrate)
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(text_label(self.tr("Where clicks land"), self, role="title"), 1)
        head.addWidget(self.start)
        self.rows.addLayout(head)
        about = self.tr(
            "For some seconds, targets cover every monitor and are clicked, to see whether clicks "
            "arrive where they are wanted; where they do not, they are corrected from then on. "
            "Leave mouse and keyboard alone meanwhile: touching the mouse or a key, such as Esc, "
            "ends it."
        )
        self.start.setAccessibleDescription(about)
        self.rows.addWidget(text_label(about, self, role="muted"))
        self.state = text_label("", self)
        self.rows.addWidget(self.state)
        self.bar = QProgressBar(self)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.bar.hide()
        self.rows.addWidget(self.bar)
        self.error = ErrorCard(self)
        self.error.dismiss.clicked.connect(self.refresh)
        self.rows.addWidget(self.error)
        self.table = QWidget(self)
        self.table.setAccessibleName(self.tr("Where clicks land"))
        self._grid = QGridLayout(self.table)
        self._grid.setContentsMargins(0, 4, 0, 0)
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(4, 1)
        self.rows.addWidget(self.table)
        self.refresh()

    def set_free(self, free: bool, *, running: bool) -> None:
        """Whether the desktop may be worked on now; `running` when a run has it."""
        self._free = free and not running
        self.start.setEnabled(self._free and not self.errand.busy)
        why = self.tr("Not possible while a run goes on.") if running else ""
        self.start.setToolTip(why)
        if not self.errand.busy:
            self._say(why) if why else self._say_result()

    @Slot()
    def calibrate(self) -> None:
        """Try it out, unless that goes on already or the desktop is not free."""
        if self.errand.busy or not self._free:
            return
        self.error.hide()
        self._stop.clear()
        self._show([])
        words = self.tr(
            "Clicks are being tried out here. Leave mouse and keyboard alone; touching them ends "
            "it."
        )

        def work(progress: Progress, show: Callable[[object], None]) -> None:
            self._prepare()
            results: list[MonitorResult] = []
            trying = self._trying(self._environment, self._stop, progress, words)
            with closing(trying) as measured:
                for result in measured:
                    results.append(result)
                    show(Kept.of(result))
            keep(results, correction_path())

        self.errand.begin(work)
        self._say(self.tr("Leave mouse and keyboard alone…"))
        self.bar.setRange(0, 0)
        self.bar.show()
        self._had_focus = self.start.hasFocus()
        self.start.setEnabled(False)
        self.changed.emit()

    @Slot()
    def refresh(self) -> None:
        """Show what is stored, unless something else is measured just now."""
        if self.errand.busy:
            return
        self._unkept = False
        try:
            stored = kept_at(correction_path())
        except KnownError as error:
            self._show([])
            self.error.show_known(error)
        else:
            self._show(stored)
        self._say_result()

    def close_down(self) -> None:
        """End what goes on: the window closes."""
        self._stop.set()
        self.errand.cancel()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        super().showEvent(event)
        if not self.error.isVisibleTo(self):  # what went wrong stays until it is read
            self.refresh()

    def _say(self, text: str, tone: str = "") -> None:
        self.state.setText(text)
        self.state.setVisible(bool(text))
        set_tone(self.state, tone)

    def _say_result(self) -> None:
        if self._unkept:
            self._say(self.tr("What was found is not stored."))
        elif self.error.isVisibleTo(self):
            self._say("")
        elif not self.rows_shown:
            self._say(self.tr("Not calibrated yet."))
        elif all(_is_exact(row) for row in self.rows_shown):
            self._say(self.tr("Clicks arrive where they are wanted."), "good")
        else:
            remedy = self.tr(
                "Set that monitor's scale to 100%, or let the agent work on a private desktop."
            )
            self._say(f"{self.tr('Clicks arrive beside where they are wanted.')} {remedy}", "bad")

    def _show(self, rows: Sequence[Kept]) -> None:
        self.rows_shown = list(rows)
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        headings = (self.tr("Monitor"), self.tr("Error"), self.tr("Result"), self.tr("When"))
        if rows:
            for column, text in enumerate(headings):
                self._put(0, column, text, role="heading")
        said = [self._show_row(at, row) for at, row in enumerate(rows, start=1)]
        self.table.setAccessibleDescription(". ".join(said))
        self.table.setVisible(bool(rows))

    def _show_row(self, at: int, row: Kept) -> str:
        """Put a monitor into the table; the line that says the same."""
        result, tone = self._result_of(row)
        size = f"{row.region.width}×{row.region.height}"
        place = f"({row.region.left}, {row.region.top})"
        texts = (
            f"{row.name}  {size}"
            if row.name
            else self.tr("{size} at {place}").format(size=size, place=place),
            _error_of(row),
            result,
            _time_of(row),
        )
        for column, text in enumerate(texts):
            label = self._put(at, column, text)
            if column == 2:
                set_tone(label, tone)
        return ", ".join(text for text in texts if text)

    def _result_of(self, row: Kept) -> tuple[str, str]:
        if row.correction is not None:
            if _is_exact(row):
                return self.tr("corrected"), "good"
            return self.tr("corrected in part"), "warn"
        if _is_exact(row):
            return self.tr("no correction needed"), "good"
        return self.tr("no correction helps"), "bad"

    def _put(self, row: int, column: int, text: str, *, role: str = "") -> QLabel:
        label = text_label(text, self.table, role=role)
        label.setWordWrap(False)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._grid.addWidget(label, row, column)
        label.show()
        return label

    @Slot(str, float, float)
    def _on_progressed(self, _what: str, done: float, total: float) -> None:
        self._count = round(total)
        self._tell(round(done))

    @Slot(object)
    def _on_found(self, row: Kept) -> None:
        self._show([*self.rows_shown, row])
        self._tell(len(self.rows_shown))

    def _tell(self, done: int) -> None:
        """Say which monitor is next, if any is."""
        if done < self._count:
            told = self.tr("Monitor {n} of {count}. Leave mouse and keyboard alone…")
            self._say(told.format(n=done + 1, count=self._count))
        self.bar.setRange(0, self._count if done else 0)  # before anything is done it only moves
        self.bar.setValue(done)

    @Slot(object)
    def _on_failed(self, error: KnownError) -> None:
        self.error.show_known(error)

    @Slot(str)
    def _on_crashed(self, report: str) -> None:
        self.error.show_report(report)

    @Slot()
    def _on_ended(self) -> None:
        self.bar.hide()
        self._unkept = self.error.isVisibleTo(self) and bool(self.rows_shown)
        if self._unkept:
            self._say_result()
        else:
            self.refresh()
        self.start.setEnabled(self._free)
        if self._had_focus:
            self.start.setFocus()
        self.changed.emit()


def _is_exact(row: Kept) -> bool:
    """Whether clicks arrive where they are wanted; a correction was kept because it helps."""
    return row.correction is not None if row.after is None else row.after <= EXACT


def _error_of(row: Kept) -> str:
    """How far beside clicks arrive, in pixels, and how far they did before."""
    if row.before is None or row.after is None:
        return ""
    if row.correction is None:
        return f"{row.before:g} px"
    return f"{row.before:g} → {row.after:g} px"


def _time_of(row: Kept) -> str:
    if row.at is None:
        return ""
    return f"{row.at.astimezone():%Y-%m-%d %H:%M}"
