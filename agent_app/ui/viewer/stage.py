"""The screen of a step: before, the target, after, or both with a line to move between them."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from agent_app.screen.frame import Pixels
from agent_app.ui.icons import sign
from agent_app.ui.marks import Mark
from agent_app.ui.screenshot import ScreenshotView
from agent_app.ui.theme import Theme

View = Literal["before", "target", "after", "compare"]
VIEWS: tuple[View, ...] = ("before", "target", "after", "compare")
_LINE_STEPS = 100
_ROOMY = 560  # pixels


class Stage(QWidget):
    """Shows one screen, with tabs to choose which and buttons to zoom.

    **Signals:**

    - `view_chosen` (str): the person wants to see this one of `VIEWS`
    """

    view_chosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.screenshot = ScreenshotView(theme, self)
        self.screenshot.zoomed.connect(self._on_zoomed)
        self.screenshot.wiped.connect(self._on_wiped)
        names: dict[View, tuple[str, str]] = {
            "before": (self.tr("Before"), self.tr("What the agent saw (1)")),
            "target": (self.tr("Target"), self.tr("Where it acted (2)")),
            "after": (self.tr("After"), self.tr("What came of it (3)")),
            "compare": (self.tr("Compare"), self.tr("Before and after, with a line between (4)")),
        }
        self.tabs: dict[View, QPushButton] = {}
        group = QButtonGroup(self)
        row = QHBoxLayout()
        row.setSpacing(4)
        for view, (name, about) in names.items():
            tab = QPushButton(name, self)
            tab.setProperty("role", "tab")
            tab.setCheckable(True)
            tab.setToolTip(about)
            tab.setAccessibleDescription(about)
            tab.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            tab.clicked.connect(lambda _checked=False, view=view: self.view_chosen.emit(view))
            group.addButton(tab)
            row.addWidget(tab)
            self.tabs[view] = tab
        self.line = QSlider(Qt.Orientation.Horizontal, self)
        self.line.setRange(0, _LINE_STEPS)
        self.line.setValue(_LINE_STEPS // 2)
        self.line.setFixedWidth(90)
        self.line.setAccessibleName(self.tr("Line between before and after"))
        self.line.setToolTip(self.tr("Drag the line: before on the left, after on the right"))
        self.line.valueChanged.connect(self._on_line_moved)
        self.line.hide()
        row.addWidget(self.line)
        row.addStretch(1)
        self.size_label = QLabel(self)
        self.size_label.setProperty("role", "muted")
        row.addWidget(self.size_label)
        self.fit = self._button(self.tr("Fit"), self.tr("The whole screen (0)"))
        self.fit.setCheckable(True)
        self.fit.clicked.connect(self.screenshot.fit)
        self.full = self._button(self.tr("100 %"), self.tr("Pixel for pixel (9)"))
        self.full.setCheckable(True)
        self.full.clicked.connect(self.screenshot.show_pixels)
        self.smaller = self._button("", self.tr("Smaller (Ctrl+−)"))
        self.smaller.clicked.connect(lambda: self.screenshot.zoom_by(-1))
        self.larger = self._button("", self.tr("Larger (Ctrl++)"))
        self.larger.clicked.connect(lambda: self.screenshot.zoom_by(1))
        for button in (self.smaller, self.larger, self.fit, self.full):
            row.addWidget(button)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(8)
        rows.addLayout(row)
        rows.addWidget(self.screenshot, 1)
        self.set_theme(theme)
        self._on_zoomed()

    def set_theme(self, theme: Theme) -> None:
        """Draw in these colours."""
        self.screenshot.set_theme(theme)
        self.smaller.setIcon(sign("minus", theme.text, disabled=theme.faint))
        self.larger.setIcon(sign("plus", theme.text, disabled=theme.faint))

    def show_view(self, view: View, *, compares: bool) -> None:
        """Say which screen is shown; comparing is offered when there are two."""
        self.tabs[view].setChecked(True)
        self.tabs["compare"].setEnabled(compares)
        self.line.setVisible(view == "compare")
        self._make_room()

    def show_screen(
        self,
        picture: Pixels | None,
        marks: tuple[Mark, ...],
        hint: str,
        other: Pixels | None = None,
    ) -> None:
        """Show a frame; without one, `hint` says why. `other` is compared with it.

        Zoomed, the last mark is brought into view.
        """
        self.screenshot.show_picture(picture, marks, hint, other=other)
        places = [mark.points[-1] for mark in marks if mark.points]
        if picture is not None and places:
            self.screenshot.bring_to_view(places[-1])

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """In a narrow window, what has a key as well gives way."""
        roomy = self.width() >= _ROOMY
        for widget in (self.size_label, self.smaller, self.larger, self.full):
            widget.setVisible(roomy)
        self.fit.setVisible(roomy or self.line.isHidden())

    def _button(self, text: str, about: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setProperty("role", "tab" if text else "icon")
        button.setToolTip(about)
        button.setAccessibleName(about)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    @Slot()
    def _on_zoomed(self) -> None:
        view = self.screenshot
        there = view.picture is not None
        for button in (self.fit, self.full, self.smaller, self.larger):
            button.setEnabled(there)
        self.size_label.setText(f"{view.scale * 100:.0f} %" if there else "")
        self.fit.setChecked(there and view.fitted)
        self.full.setChecked(there and not view.fitted and view.scale == 1.0)

    @Slot(float)
    def _on_wiped(self, share: float) -> None:
        self.line.setValue(round(share * _LINE_STEPS))

    @Slot(int)
    def _on_line_moved(self, value: int) -> None:
        self.screenshot.set_line(value / _LINE_STEPS)
