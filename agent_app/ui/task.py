"""The task box with its three buttons."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from agent_app.policy.rules import Confirm


class TaskBox(QPlainTextEdit):
    """Several lines of instructions; Ctrl+Enter starts, Tab leaves the box.

    **Signals:**

    - `submitted`: the person wants to start
    """

    submitted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTabChangesFocus(True)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(240, 8 * self.fontMetrics().lineSpacing())

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.submitted.emit()
        else:
            super().keyPressEvent(event)


class TaskPanel(QWidget):
    """What to do, when to ask before doing it, Start, Pause and Stop.

    **Signals:**

    - `started` (str): run this task
    - `paused`: have the run hold still
    - `stopped`: end the run
    """

    started = Signal(str)
    paused = Signal()
    stopped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._running = False
        self.box = TaskBox(self)
        self.box.setPlaceholderText(
            self.tr(
                "What should be done?\n\n"
                "One step per line works best:\n"
                "click “File”\n"
                "type “hello” into “Name”\n"
                "press ctrl+s"
            )
        )
        self.box.setAccessibleName(self.tr("Task"))
        heading = QLabel(self.tr("&Task"), self)
        heading.setProperty("role", "heading")
        heading.setBuddy(self.box)
        self.start_button = QPushButton(self.tr("&Start"), self)
        self.start_button.setProperty("role", "primary")
        self.start_button.setToolTip(self.tr("Start (Ctrl+Enter)"))
        self.start_button.setAccessibleName(self.tr("Start"))
        self.pause_button = QPushButton(self.tr("&Pause"), self)
        self.pause_button.setToolTip(
            self.tr("Hold still, then go on, step by step, or with a hint (Ctrl+P)")
        )
        self.pause_button.setAccessibleName(self.tr("Pause"))
        self.stop_button = QPushButton(self.tr("St&op"), self)
        self.stop_button.setProperty("role", "danger")
        self.stop_button.setToolTip(self.tr("Stop at once (Ctrl+. here, ctrl+alt+end anywhere)"))
        self.stop_button.setAccessibleName(self.tr("Stop"))
        self.mode = QComboBox(self)
        for confirm, words in (
            ("risky", self.tr("Ask before risky actions")),
            ("all", self.tr("Ask before every action")),
            ("none", self.tr("Watch only, never ask")),
        ):
            self.mode.addItem(words, confirm)
        self.mode.setAccessibleName(self.tr("When to ask"))
        self.mode.setToolTip(
            self.tr("When the agent asks you before it acts. What policy refuses is never done.")
        )
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self.start_button, self.pause_button, self.stop_button):
            buttons.addWidget(button, 1)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(8)
        heading.setMinimumHeight(self.start_button.sizeHint().height())  # as the others beside it
        rows.addWidget(heading)
        rows.addWidget(self.box, 1)
        rows.addWidget(self.mode)
        rows.addLayout(buttons)
        self.box.submitted.connect(self._on_submitted)
        self.box.textChanged.connect(self._update)
        self.start_button.clicked.connect(self._on_submitted)
        self.stop_button.clicked.connect(self._on_stopped)
        self.pause_button.clicked.connect(self._on_paused)
        QShortcut(QKeySequence("Ctrl+."), self, self._on_stopped)
        QShortcut(QKeySequence("Ctrl+P"), self, self._on_paused)
        self._update()

    @property
    def confirm(self) -> Confirm:
        """When the next run asks the person before it acts."""
        chosen: Confirm = self.mode.currentData()
        return chosen

    def set_confirm(self, confirm: Confirm) -> None:
        """Choose when to ask."""
        self.mode.setCurrentIndex(self.mode.findData(confirm))

    def set_running(self, running: bool) -> None:
        """Offer Stop while a run goes on, and Start while none does."""
        self._running = running
        self.box.setReadOnly(running)
        self.mode.setEnabled(not running)
        self.box.setProperty("locked", running)
        self.box.style().unpolish(self.box)
        self.box.style().polish(self.box)
        self.stop_button.setText(self.tr("St&op"))
        self._update()

    @Slot()
    def _on_submitted(self) -> None:
        task = self.box.toPlainText().strip()
        if task and not self._running:
            self.started.emit(task)

    @Slot()
    def _on_paused(self) -> None:
        if self._running:
            self.paused.emit()

    @Slot()
    def _on_stopped(self) -> None:
        if self._running:
            self.stop_button.setText(self.tr("Stopping…"))
            self.stop_button.setEnabled(False)
            self.stopped.emit()

    @Slot()
    def _update(self) -> None:
        task = self.box.toPlainText().strip()
        self.start_button.setEnabled(not self._running and bool(task))
        self.pause_button.setEnabled(self._running)
        self.stop_button.setEnabled(self._running)
