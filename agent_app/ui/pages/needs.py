"""What a checkpoint needs, as a table beside what this machine has."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from agent_app.runtimes.kimi_vl.memory import MemoryPlan
from agent_app.runtimes.kimi_vl.survey import Survey
from agent_app.ui.pages.page import set_tone, text_label


class NeedsTable(QWidget):
    """One row for each precision: what it takes, what is free, and whether it fits."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 4, 0, 4)
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(4, 1)
        self.setAccessibleName(self.tr("What it needs"))

    def show_survey(self, survey: Survey) -> None:
        """Show these plans."""
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        headings = (
            self.tr("Precision"),
            self.tr("Weights"),
            self.tr("Loaded"),
            self.tr("Free here"),
            self.tr("On this machine"),
        )
        for column, text in enumerate(headings):
            self._put(0, column, text, role="heading")
        spoken: list[str] = []
        for row, plan in enumerate(survey.plans, start=1):
            self._show_plan(row, plan)
            spoken.append(f"{plan.precision}: {self._verdict(plan)}")
        self.setAccessibleDescription(". ".join(spoken))

    def _show_plan(self, row: int, plan: MemoryPlan) -> None:
        free = sum(share.device.free for share in plan.shares)
        where = ", ".join(share.device.name for share in plan.shares)
        self._put(row, 0, plan.precision)
        self._put(row, 1, gigabytes(plan.weights))
        self._put(row, 2, gigabytes(plan.needed))
        self._put(row, 3, f"{gigabytes(free)}  {where}")
        set_tone(self._put(row, 4, self._verdict(plan)), "good" if plan.fits else "bad")

    def _verdict(self, plan: MemoryPlan) -> str:
        return self.tr("fits") if plan.fits else self.tr("does not fit")

    def _put(self, row: int, column: int, text: str, *, role: str = "") -> QLabel:
        label = text_label(text, self, role=role)
        label.setWordWrap(False)
        numbers = column in (1, 2)
        side = Qt.AlignmentFlag.AlignRight if numbers else Qt.AlignmentFlag.AlignLeft
        self._grid.addWidget(label, row, column, side)
        return label


def gigabytes(size: float) -> str:
    """A number of bytes, as it is told of models."""
    return f"{size / 1e9:,.1f} GB" if size >= 1e8 else f"{size / 1e6:,.1f} MB"
