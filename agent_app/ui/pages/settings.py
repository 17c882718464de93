"""The settings page: every setting, kept in the file that the command line reads, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from PySide6.QtCore import QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from agent_app.errors import KnownError
from agent_app.settings import SETTINGS, Setting, SettingsFile
from agent_app.settings.file import read_variables
from agent_app.settings.kinds import Value
from agent_app.ui.cards import ErrorCard
from agent_app.ui.labels import homely
from agent_app.ui.pages.field import SettingField, said
from agent_app.ui.pages.page import Page, Section, text_label

_ORDER = ("run", "desktop", "window", "episodes", "model")
_RESTART = ("window.language", "window.tray", "episodes.folder")


class SettingsPage(Page):
    """Shows what is set and changes it at once, one setting at a time.

    A file that is wrong is shown with its line and left as it is until the person has put it right.

    **Signals:**

    - `changed` (Setting): this one has been changed in the file
    """

    changed = Signal(object)

    def __init__(
        self,
        file: SettingsFile,
        environment: Mapping[str, str],
        languages: Sequence[tuple[str, str]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._file = file
        self._environment = environment
        self.introduce(
            self.tr("Settings"),
            self.tr(
                "Changes are saved at once, for the command line as well, whose flags come first. "
                "A run under way keeps what it began with."
            ),
        )
        self.error = ErrorCard(self)
        self.error.dismiss.hide()
        self.body.addWidget(self.error)
        self.fields: dict[Setting, SettingField] = {}
        by_section = {
            section: list(group) for section, group in groupby(SETTINGS, key=lambda s: s.section)
        }
        for section in _ORDER:
            card = Section(said(section.capitalize()), self)
            for setting in by_section[section]:
                system = ("system", said("system"))
                offered = (system, *languages) if setting.key == "window.language" else ()
                field = SettingField(setting, card, choices=offered)
                field.changed.connect(self._on_changed)
                card.rows.addWidget(field)
                self.fields[setting] = field
            self.body.addWidget(card)
        self.restart = text_label(self.tr("This shows when the window is opened again."), self)
        self.path = text_label("", self, role="muted")
        self.open = QPushButton(self.tr("&Open the file"), self)
        self.open.clicked.connect(self._on_open)
        self.again = QPushButton(self.tr("Read it &again"), self)
        self.again.clicked.connect(self.refresh)
        row = QHBoxLayout()
        row.addWidget(self.path, 1)
        row.addWidget(self.again)
        row.addWidget(self.open)
        self.body.addWidget(self.restart)
        self.body.addLayout(row)
        self.body.addStretch(1)
        self.restart.hide()
        self.path.setText(homely(file.path))
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Read the file again, which may have been changed elsewhere."""
        try:
            given = self._file.read()
            forced = read_variables(self._environment)
        except KnownError as error:
            self._show_error(error)
            return
        self.error.hide()
        for setting, field in self.fields.items():
            field.setEnabled(True)
            if setting in forced:
                why = self.tr("Set by {variable}.").format(variable=setting.variable)
                field.show_value(forced[setting], locked=why)
            elif setting in given:
                field.show_value(given[setting])
            else:
                field.show_nothing()

    @Slot(object, object)
    def _on_changed(self, setting: Setting, value: Value | None) -> None:
        try:
            self._file.change({setting: value})
        except KnownError as error:
            self._show_error(error)
            return
        if setting.key in _RESTART:
            self.restart.show()
        self.changed.emit(setting)

    def _show_error(self, error: KnownError) -> None:
        self.error.show_known(error)
        self.area.ensureWidgetVisible(self.error)
        for field in self.fields.values():
            field.setEnabled(False)

    @Slot()
    def _on_open(self) -> None:
        """Open the file in an editor; where there is none, its path is copied."""
        try:
            if not self._file.path.exists():
                self._file.change({})
        except KnownError as error:
            self._show_error(error)
            return
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._file.path))):
            QGuiApplication.clipboard().setText(str(self._file.path))
            self.open.setText(self.tr("Its path has been copied"))
