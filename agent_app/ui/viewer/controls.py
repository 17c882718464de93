"""The buttons that play, the clock, the speed, and the field to search in."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSlider,
    QWidget,
)

from agent_app.ui.icons import sign
from agent_app.ui.theme import Theme
from agent_app.ui.viewer.player import SPEEDS


class Controls(QWidget):
    """The row below the screen.

    **Signals:**

    - `pressed` (str): one of "first", "back", "play", "forward", "last"
    - `speed_chosen` (float): play so many times as fast
    - `skipping_chosen` (bool): skip waiting, or not
    """

    pressed = Signal(str)
    speed_chosen = Signal(float)
    skipping_chosen = Signal(bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._playing = False
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self.buttons: dict[str, QPushButton] = {}
        for name, about in (
            ("first", self.tr("First step (Home)")),
            ("back", self.tr("Step back (←)")),
            ("play", self.tr("Play (Space)")),
            ("forward", self.tr("Next step (→)")),
            ("last", self.tr("Last step (End)")),
        ):
            button = QPushButton(self)
            button.setProperty("role", "primary" if name == "play" else "icon")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setToolTip(about)
            button.setAccessibleName(about)
            button.clicked.connect(lambda _checked=False, name=name: self.pressed.emit(name))
            row.addWidget(button)
            self.buttons[name] = button
        self.clock = QLabel(self)
        self.clock.setProperty("role", "muted")
        self.clock.setAccessibleName(self.tr("Time"))
        row.addSpacing(8)
        row.addWidget(self.clock)
        row.addSpacing(8)
        caption = QLabel(self.tr("Speed"), self)
        caption.setProperty("role", "muted")
        self.speed = QSlider(Qt.Orientation.Horizontal, self)
        self.speed.setRange(0, len(SPEEDS) - 1)
        self.speed.setPageStep(1)
        self.speed.setFixedWidth(110)
        self.speed.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.speed.setAccessibleName(self.tr("Speed"))
        self.speed.setToolTip(self.tr("Slower or faster (− and +)"))
        self.speed.valueChanged.connect(self._on_speed_moved)
        caption.setBuddy(self.speed)
        self.factor = QLabel(self)
        self.factor.setFixedWidth(self.fontMetrics().horizontalAdvance("0.25×") + 6)
        self.skipping = QPushButton(self.tr("Skip waiting"), self)
        self.skipping.setProperty("role", "switch")
        self.skipping.setCheckable(True)
        self.skipping.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.skipping.setToolTip(
            self.tr(
                "Waits take half a second at most: for the model's first word, "
                "for the screen to settle, for an answer (S)"
            )
        )
        self.skipping.toggled.connect(self.skipping_chosen)
        for widget in (caption, self.speed, self.factor, self.skipping):
            row.addWidget(widget)
        row.addStretch(1)
        self.set_theme(theme)
        self.show_speed(1.0)

    def set_theme(self, theme: Theme) -> None:
        """Draw in these colours."""
        self._theme = theme
        for name, button in self.buttons.items():
            if name != "play":
                button.setIcon(sign(name, theme.text, disabled=theme.faint))
        self.show_playing(self._playing)

    @Slot(bool)
    def show_playing(self, playing: bool) -> None:
        """Offer to pause, or to play."""
        self._playing = playing
        button, theme = self.buttons["play"], self._theme
        name = "pause" if playing else "play"
        button.setIcon(sign(name, theme.on_accent, disabled=theme.muted))
        about = self.tr("Pause (Space)") if playing else self.tr("Play (Space)")
        button.setToolTip(about)
        button.setAccessibleName(about)

    @Slot(float)
    def show_speed(self, speed: float) -> None:
        """Say how fast it plays."""
        self.factor.setText(f"{speed:g}×")
        if self.speed.value() != SPEEDS.index(speed):
            self.speed.setValue(SPEEDS.index(speed))

    @Slot(int)
    def _on_speed_moved(self, at: int) -> None:
        self.speed_chosen.emit(SPEEDS[at])

    def show_time(self, time: float, whole: float) -> None:
        """Say the moment, and how long the run is."""
        self.clock.setText(f"{clock_text(time)} / {clock_text(whole)}")

    def set_ready(self, ready: bool) -> None:
        """Whether there is anything to play."""
        for widget in (*self.buttons.values(), self.speed, self.skipping):
            widget.setEnabled(ready)


class SearchField(QWidget):
    """Words to find, how many places have them, and the way from one to the next.

    **Signals:**

    - `changed` (str): other words are looked for
    - `next_requested` (int): go on by so many places; negative is back
    - `left`: the person is done with it
    """

    changed = Signal(str)
    next_requested = Signal(int)
    left = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = QLineEdit(self)
        self.field.setPlaceholderText(self.tr("Search thoughts and actions"))
        self.field.setAccessibleName(self.tr("Search thoughts and actions"))
        self.field.setToolTip(self.tr("Search (Ctrl+F)"))
        self.field.setClearButtonEnabled(True)
        self.field.textChanged.connect(self.changed)
        self.field.installEventFilter(self)
        self.count = QLabel(self)
        self.count.setProperty("role", "muted")
        self.back = QPushButton(self)
        self.forward = QPushButton(self)
        for button, about, by in (
            (self.back, self.tr("Previous place (Shift+F3)"), -1),
            (self.forward, self.tr("Next place (F3)"), 1),
        ):
            button.setProperty("role", "icon")
            button.setToolTip(about)
            button.setAccessibleName(about)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _checked=False, by=by: self.next_requested.emit(by))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.field, 1)
        for widget in (self.count, self.back, self.forward):
            row.addWidget(widget)
        self.set_theme(theme)
        self.show_count(None, 0)

    def set_theme(self, theme: Theme) -> None:
        """Draw in these colours."""
        self.back.setIcon(sign("up", theme.text, disabled=theme.faint))
        self.forward.setIcon(sign("down", theme.text, disabled=theme.faint))

    def show_count(self, at: int | None, count: int) -> None:
        """Say which of how many places is shown; None when nothing is looked for."""
        if at is None:
            self.count.setText("")
        elif count == 0:
            self.count.setText(self.tr("none"))
        else:
            self.count.setText(self.tr("{at} of {count}").format(at=at + 1, count=count))
        for widget in (self.count, self.back, self.forward):
            widget.setVisible(at is not None)
            widget.setEnabled(count > 0)
        self.count.setEnabled(True)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        if isinstance(event, QKeyEvent) and event.type() == QKeyEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                back = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
                self.next_requested.emit(-1 if back else 1)
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.field.clear()
                self.left.emit()
                return True
        return super().eventFilter(watched, event)


def clock_text(seconds: float) -> str:
    """A moment as a clock shows it, such as 1:02.5 or 1:00:02."""
    minutes, rest = divmod(max(seconds, 0.0), 60)
    hours, minutes = divmod(int(minutes), 60)
    if hours:
        return f"{hours}:{minutes:02d}:{int(rest):02d}"
    return f"{minutes}:{int(rest):02d}.{int(rest % 1 * 10)}"
