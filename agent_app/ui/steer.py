"""The row below the screen: a word into the thought, and a no to what is about to be done."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from agent_app.control import MOST_VETO_SECONDS
from agent_app.events import VetoOffered

_COUNT_MILLISECONDS = 50
_ROOMY = 560  # pixels


class SteerBar(QWidget):
    """A hint, one step, and the veto with its time.

    The run holds still from the first character of a hint on, until it is sent or withdrawn.

    **Signals:**

    - `typing_begun`: a hint is being typed; `hinted` follows
    - `hinted` (str): what was typed, or nothing when it was withdrawn
    - `step_requested`: do one step, then ask again
    - `vetoed`: do not do what is shown
    - `veto_time_chosen` (float): show what is about to be done for so many seconds before
    - `counted` (float): this share of the time for a veto is left
    """

    typing_begun = Signal()
    hinted = Signal(str)
    step_requested = Signal()
    vetoed = Signal()
    veto_time_chosen = Signal(float)
    counted = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._offer: VetoOffered | None = None
        self._typing = False
        self.field = QLineEdit(self)
        self.field.setAccessibleName(self.tr("Hint"))
        self.field.setToolTip(
            self.tr("The agent holds still while you type, and goes on with your words (Ctrl+H)")
        )
        self.field.setMinimumWidth(90)
        self.field.textEdited.connect(self._on_edited)
        self.field.returnPressed.connect(self._on_sent)
        self.field.installEventFilter(self)
        self.send = QPushButton(self.tr("&Hint"), self)
        self.send.setToolTip(self.tr("Send the hint (Enter)"))
        self.send.setAccessibleName(self.tr("Send the hint"))
        self.send.clicked.connect(self._on_sent)
        self.step = QPushButton(self.tr("O&ne step"), self)
        self.step.setToolTip(self.tr("Do one step, then ask (F10)"))
        self.step.setAccessibleName(self.tr("One step"))
        self.step.clicked.connect(self.step_requested)
        caption = self._caption = QLabel(self.tr("&Veto time"), self)
        caption.setProperty("role", "muted")
        self.time = QDoubleSpinBox(self)
        self.time.setRange(0.0, MOST_VETO_SECONDS)
        self.time.setSingleStep(0.5)
        self.time.setDecimals(1)
        self.time.setSuffix(self.tr(" s"))
        self.time.setSpecialValueText(self.tr("off"))
        for part in (self.time, self.time.lineEdit()):
            part.setAccessibleName(self.tr("Veto time"))
        self.time.setToolTip(
            self.tr("How long the agent shows what it is about to do before it does it")
        )
        self.time.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.time.setKeyboardTracking(False)
        self.time.valueChanged.connect(self.veto_time_chosen)
        caption.setBuddy(self.time)
        self.veto = QPushButton(self.tr("Veto"), self)
        self.veto.setProperty("role", "danger")
        self.veto.setToolTip(self.tr("Do not do what is shown; say what to do instead (Esc)"))
        self.veto.setAccessibleName(self.tr("Veto"))
        self.veto.setMinimumWidth(self.fontMetrics().horizontalAdvance(self._counting(88.8)) + 30)
        self.veto.setEnabled(False)
        self.veto.clicked.connect(self._on_vetoed)
        self._veto_key = QShortcut(QKeySequence(Qt.Key.Key_Escape), self, self._on_vetoed)
        self._veto_key.setEnabled(False)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.field, 1)
        for widget in (self.send, self.step, caption, self.time, self.veto):
            row.addWidget(widget)
        self._timer = QTimer(self)
        self._timer.setInterval(_COUNT_MILLISECONDS)
        self._timer.timeout.connect(self._count)
        self.set_running(False)

    @property
    def typing(self) -> bool:
        """Whether a hint is being typed, which the run waits for."""
        return self._typing

    def set_running(self, running: bool) -> None:
        """Take hints while a run goes on."""
        self.field.setEnabled(running)
        self.send.setEnabled(running)
        if not running:
            self._typing = False
            self.field.clear()
            self.show_offer(None)

    def show_offer(self, offer: VetoOffered | None) -> None:
        """Offer the veto of what is about to be done; None offers none."""
        if offer is self._offer:
            return
        self._offer = offer
        self.veto.setEnabled(offer is not None)
        self._veto_key.setEnabled(offer is not None)
        self.veto.setText(self.tr("Veto"))
        if offer is None:
            self._timer.stop()
        else:
            self._timer.start()
            self._count()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """In a narrow window, what Enter does as well and what a tip says give way."""
        super().resizeEvent(event)
        roomy = self.width() >= _ROOMY
        words = self.tr("Hint: not that one, the second") if roomy else self.tr("Hint")
        self.field.setPlaceholderText(words)
        for widget in (self.send, self._caption):
            widget.setVisible(roomy)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        escape = (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and event.key() == Qt.Key.Key_Escape
        )
        if escape and self._typing:
            self.field.clear()
            self._on_edited("")
            return True
        return super().eventFilter(watched, event)

    @Slot(str)
    def _on_edited(self, text: str) -> None:
        if text.strip() and not self._typing:
            self._typing = True
            self.typing_begun.emit()
        elif not text.strip() and self._typing:
            self._typing = False
            self.hinted.emit("")

    @Slot()
    def _on_sent(self) -> None:
        text = self.field.text().strip()
        if not text:
            self.field.setFocus()
            return
        self._typing = False
        self.field.clear()
        self.hinted.emit(text)

    @Slot()
    def _on_vetoed(self) -> None:
        if self._offer is not None:
            self.show_offer(None)
            self.vetoed.emit()

    @Slot()
    def _count(self) -> None:
        if self._offer is None:
            return
        left = max(0.0, self._offer.at + self._offer.seconds - time.monotonic())
        self.veto.setText(self._counting(left))
        self.counted.emit(left / self._offer.seconds)

    def _counting(self, seconds: float) -> str:
        return self.tr("Veto  {seconds} s").format(seconds=f"{seconds:.1f}")
