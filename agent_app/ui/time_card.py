"""Where time went: in the step that is shown, or in all the steps of this session."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from agent_app.events import Timing
from agent_app.ui.story import Step
from agent_app.ui.theme import Theme
from agent_app.ui.timing import TimingBar, percentile, seconds_text


class TimeCard(QFrame):
    """The bar of a step, or the median and the 95th percentile of every stage."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", True)
        self._step: Step | None = None
        self._timings: list[Timing] = []
        self.bar = TimingBar(theme, self)
        self.total = QLabel(self)
        self.total.setProperty("role", "muted")
        self.total.setAccessibleName(self.tr("How long it took"))
        self.of_step = QPushButton(self.tr("Time of this step"), self)
        self.of_session = QPushButton(self.tr("All steps"), self)
        self.of_session.setToolTip(
            self.tr("The median and the 95th percentile of all steps since the window was opened")
        )
        head = QHBoxLayout()
        head.setSpacing(2)
        group = QButtonGroup(self)
        for button in (self.of_step, self.of_session):
            button.setProperty("role", "tab")
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(self._show)
            group.addButton(button)
            head.addWidget(button)
        self.of_step.setChecked(True)
        head.addStretch(1)
        head.addWidget(self.total)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(10, 6, 14, 10)
        rows.setSpacing(8)
        rows.addLayout(head)
        rows.addWidget(self.bar)
        self._show()

    @property
    def has_any(self) -> bool:
        """Whether there is a step, or has been one."""
        return self._step is not None or bool(self._timings)

    def add(self, timing: Timing) -> None:
        """Count one more step."""
        self._timings.append(timing)
        self._show()

    def show_step(self, step: Step | None) -> None:
        """Show where the time of this step went, once it is over."""
        self._step = step
        self._show()

    @Slot()
    def _show(self) -> None:
        if self.of_session.isChecked():
            self._show_session()
        elif self._step is None or self._step.timing is None:
            self.bar.show_timing(None, self.tr("Shown when the step is over."))
            self.total.setText("")
        else:
            step = self._step
            self.bar.show_timing(step.timing)
            self.total.setText("" if step.seconds is None else seconds_text(step.seconds))

    def _show_session(self) -> None:
        count = len(self._timings)
        if not count:
            self.bar.show_timing(None, self.tr("Shown when a step is over."))
            self.total.setText("")
            return
        middle, worst = percentile(self._timings, 0.5), percentile(self._timings, 0.95)
        self.bar.show_timing(middle, worst=worst)
        steps = self.tr("1 step") if count == 1 else self.tr("{n} steps").format(n=count)
        self.total.setText(self.tr("p50 / p95 of {steps}").format(steps=steps))
