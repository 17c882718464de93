"""The thought with its heading: fold it, copy it, search in it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from agent_app.ui.phrases import deed_text
from agent_app.ui.story import PieceKind, Step, shown_line
from agent_app.ui.theme import Theme
from agent_app.ui.thought import ThoughtView
from agent_app.ui.viewer.controls import SearchField

_FOLDED = 60  # characters of a thought that is folded


class ThoughtPanel(QWidget):
    """Shows the reply of a step; a thought can be folded, each by itself.

    **Signals:**

    - `folded`: the thought of the step that is shown has been folded or unfolded
    """

    folded = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._step: Step | None = None
        self._folded: set[int] = set()
        self.view = ThoughtView(theme, self, links=True)
        self.view.copy_requested.connect(self.copy_step)
        self.search = SearchField(theme, self)
        self.search.left.connect(self.view.setFocus)
        heading = QLabel(self.tr("Thou&ght"), self)
        heading.setProperty("role", "heading")
        heading.setBuddy(self.view)
        self.fold = QPushButton(self.tr("Fold"), self)
        self.fold.setCheckable(True)
        self.fold.setToolTip(self.tr("Show of this thought only what it comes to (F7)"))
        self.fold.setAccessibleName(self.tr("Fold the thought of this step"))
        self.fold.toggled.connect(self._on_folded)
        self.copy = QPushButton(self.tr("Copy"), self)
        self.copy.setToolTip(self.tr("Copy this step as text (Ctrl+Shift+C)"))
        self.copy.setAccessibleName(self.tr("Copy this step as text"))
        self.copy.clicked.connect(self.copy_step)
        head = QHBoxLayout()
        head.setSpacing(2)
        head.addWidget(heading, 1)
        for button in (self.fold, self.copy):
            button.setProperty("role", "tab")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            head.addWidget(button)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(6)
        rows.addLayout(head)
        rows.addWidget(self.search)
        rows.addWidget(self.view, 1)
        self.show_step(None)

    def set_theme(self, theme: Theme) -> None:
        """Draw in these colours."""
        self.view.set_theme(theme)
        self.search.set_theme(theme)

    def forget(self) -> None:
        """Another run begins."""
        self._folded.clear()
        self.show_step(None)

    def show_step(self, step: Step | None) -> None:
        """Show the reply of a step, as far as it has come."""
        self._step = step
        for button in (self.fold, self.copy):
            button.setEnabled(step is not None)
        folded = step is not None and step.number in self._folded
        self.fold.blockSignals(True)  # it is not the person who folds
        self.fold.setChecked(folded)
        self.fold.blockSignals(False)
        pieces = () if step is None else step.pieces
        self.view.show_pieces([_folded(*piece) for piece in pieces] if folded else pieces)

    def unfold(self) -> None:
        """Show all of the step's thought."""
        if self.fold.isChecked():
            self.fold.setChecked(False)

    @Slot()
    def copy_step(self) -> None:
        """Put the step into the clipboard: what it does, and all of its reply."""
        step = self._step
        if step is None:
            return
        title = self.tr("Step {number}: {intent}").format(number=step.number, intent=step.intent)
        deeds = [deed_text(deed.action) for deed in step.deeds]
        parts = [title, *deeds, *(text for _, text in step.pieces)]
        QGuiApplication.clipboard().setText("\n\n".join(part for part in parts if part.strip()))

    @Slot(bool)
    def _on_folded(self, folded: bool) -> None:
        if self._step is None:
            return
        if folded:
            self._folded.add(self._step.number)
        else:
            self._folded.discard(self._step.number)
        self.show_step(self._step)
        self.folded.emit()


def _folded(kind: PieceKind, text: str) -> tuple[PieceKind, str]:
    """A thought as its first words; the rest of a reply stays."""
    return (kind, shown_line(text, _FOLDED) + " …") if kind == "thought" else (kind, text)
