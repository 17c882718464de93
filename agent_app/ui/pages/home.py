"""The pages of a window that people keep open, brought into its row of pages."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from agent_app.settings import Setting
from agent_app.ui import Home
from agent_app.ui.navigation import Navigation
from agent_app.ui.pages.settings import SettingsPage


class HomePages(QObject):
    """Makes the pages when they are looked at, and tells what is done on them.

    **Signals:**

    - `theme_chosen` (str): the window is to be "light", "dark", or as the "system" has it
    """

    theme_chosen = Signal(str)

    def __init__(self, home: Home, navigation: Navigation, window: QWidget) -> None:
        super().__init__(window)
        self.home = home
        self.settings: SettingsPage | None = None
        navigation.add("settings", self.tr("Se&ttings"), self._make_settings)
        navigation.changed.connect(self._on_page_changed)

    def _make_settings(self) -> QWidget:
        self.settings = SettingsPage(self.home.settings, self.home.environment, ())
        self.settings.changed.connect(self._on_changed)
        return self.settings

    @Slot(str)
    def _on_page_changed(self, key: str) -> None:
        if key == "settings" and self.settings is not None:
            self.settings.refresh()

    @Slot(object)
    def _on_changed(self, setting: Setting) -> None:
        if setting.key == "window.theme":
            self.theme_chosen.emit(self.home.settings.settings(self.home.environment).theme)
