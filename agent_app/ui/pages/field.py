"""One setting on the settings page: its name, its value, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from agent_app.settings import Setting
from agent_app.settings.kinds import Choice, Switch, Value, shown
from agent_app.ui.cards import sentence
from agent_app.ui.pages.page import set_tone, text_label

_NAME_WIDTH = 190
_VALUE_WIDTH = 240


class SettingField(QWidget):
    """Lets one setting be changed; an empty field is what nothing is set.

    `choices` are offered for a setting that could be any text; `locked` says why it cannot be
    changed here.

    **Signals:**

    - `changed` (Setting, Value | None): the person wants it to be this; None is not set
    """

    changed = Signal(object, object)

    def __init__(
        self,
        setting: Setting,
        parent: QWidget | None = None,
        *,
        choices: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(parent)
        self.setting = setting
        name = said(setting.label)
        label = text_label(name, self)
        label.setFixedWidth(_NAME_WIDTH)
        self.box: QCheckBox | None = None
        self.choice: QComboBox | None = None
        self.line: QLineEdit | None = None
        value = self._make(choices)
        value.setAccessibleName(name)
        value.setAccessibleDescription(said(setting.about))
        value.setToolTip(setting.key)
        about = text_label(sentence(said(setting.about)), self, role="muted")
        self.problem = text_label("", self)
        set_tone(self.problem, "bad")
        self.problem.hide()
        right = QVBoxLayout()
        right.setSpacing(2)
        right.addWidget(about)
        right.addWidget(self.problem)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 2, 0, 2)
        row.setSpacing(12)
        top = Qt.AlignmentFlag.AlignVCenter
        row.addWidget(label, 0, top)
        row.addWidget(value, 0, top)
        row.addLayout(right, 1)

    def show_value(self, value: Value | None, *, locked: str = "") -> None:
        """Show what it is now."""
        if self.box is not None:
            self.box.setChecked(value is True)
        elif self.choice is not None:
            at = self.choice.findData(shown(value))
            if at < 0:
                self.choice.addItem(shown(value), shown(value))
                at = self.choice.count() - 1
            self.choice.setCurrentIndex(at)
        elif self.line is not None:
            self.line.setText(shown(value))
            self.line.setModified(False)
        for part in (self.box, self.choice, self.line):
            if part is not None:
                part.setEnabled(not locked)
        self.show_problem(locked, tone="muted")

    def show_nothing(self) -> None:
        """It is not set, and what it is then shows faintly."""
        default = self.setting.default
        if self.line is None:
            self.show_value(default)
            return
        self.line.clear()
        self.line.setModified(False)
        self.line.setEnabled(True)
        self.show_problem("")

    def show_problem(self, text: str, *, tone: str = "bad") -> None:
        """Say what is wrong with what was written; an empty text takes it away."""
        self.problem.setText(text)
        self.problem.setVisible(bool(text))
        set_tone(self.problem, tone)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """The wheel scrolls the page; it changes nothing that it passes over."""
        if event.type() == QEvent.Type.Wheel and watched is self.choice:
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    def _make(self, choices: Sequence[tuple[str, str]]) -> QWidget:
        kind = self.setting.kind
        if isinstance(kind, Switch):
            self.box = QCheckBox(self)
            self.box.setFixedWidth(_VALUE_WIDTH)
            self.box.clicked.connect(self._on_chosen)
            return self.box
        if isinstance(kind, Choice) or choices:
            self.choice = QComboBox(self)
            words = kind.words if isinstance(kind, Choice) else ()
            if self.setting.default is None:
                self.choice.addItem(said("not set"), "")
            for word, name in (*((word, said(word)) for word in words), *choices):
                self.choice.addItem(name, word)
            self.choice.setFixedWidth(_VALUE_WIDTH)
            self.choice.installEventFilter(self)
            self.choice.activated.connect(self._on_chosen)
            return self.choice
        self.line = QLineEdit(self)
        default = self.setting.default
        none = said("not set")
        self.line.setPlaceholderText(shown(default) if default not in (None, ()) else none)
        self.line.setFixedWidth(_VALUE_WIDTH)
        self.line.editingFinished.connect(self._on_written)
        return self.line

    @Slot()
    def _on_chosen(self) -> None:
        value: Value | None
        if self.box is not None:
            value = self.box.isChecked()
        else:
            assert self.choice is not None
            value = str(self.choice.currentData()) or None
        self.changed.emit(self.setting, None if value == self.setting.default else value)

    @Slot()
    def _on_written(self) -> None:
        assert self.line is not None
        if not self.line.isModified():
            return
        text = self.line.text().strip()
        if not text:
            self.line.setModified(False)
            self.show_problem("")
            self.changed.emit(self.setting, None)
            return
        try:
            value = self.setting.kind.read(text)
        except ValueError:
            wanted = said("Give {wanted}.").format(wanted=said(self.setting.kind.wanted))
            self.show_problem(wanted)
            return
        self.line.setModified(False)
        self.show_problem("")
        self.changed.emit(self.setting, value)


def said(text: str) -> str:
    """A text of the settings' table in the window's language."""
    return QCoreApplication.translate("Settings", text)
