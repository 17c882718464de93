"""The pages of a window that people keep open, brought into its row of pages."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from agent_app.settings import Setting
from agent_app.ui import Home
from agent_app.ui.navigation import Navigation
from agent_app.ui.pages.model import ModelPage
from agent_app.ui.pages.settings import SettingsPage


class HomePages(QObject):
    """Makes the pages when they are looked at, and tells what is done on them.

    **Signals:**

    - `theme_chosen` (str): the window is to be "light", "dark", or as the "system" has it
    - `idle`: nothing goes on in the background any more
    """

    theme_chosen = Signal(str)
    idle = Signal()

    def __init__(self, home: Home, navigation: Navigation, window: QWidget) -> None:
        super().__init__(window)
        self.home = home
        self.model: ModelPage | None = None
        self.settings: SettingsPage | None = None
        self._running = False
        navigation.add("model", self.tr("&Model"), self._make_model)
        navigation.add("settings", self.tr("Se&ttings"), self._make_settings)
        navigation.changed.connect(self._on_page_changed)

    @property
    def busy(self) -> bool:
        """Whether something goes on in the background that has to end before the window does."""
        return self.model is not None and (self.model.look.busy or self.model.work.busy)

    def set_running(self, running: bool) -> None:
        """A run has begun or ended: what it works with is left alone meanwhile."""
        self._running = running
        if self.model is not None:
            self.model.set_running(running)

    def close_down(self) -> None:
        """Have everything in the background end; `idle` tells when it has."""
        if self.model is not None:
            self.model.close_down()

    def _make_model(self) -> QWidget:
        home = self.home
        page = self.model = ModelPage(home.office, home.settings, home.environment)
        page.set_running(self._running)
        for errand in (page.look, page.work):
            errand.ended.connect(self._on_errand_ended)
        return page

    @Slot()
    def _on_errand_ended(self) -> None:
        if not self.busy:
            self.idle.emit()

    def _make_settings(self) -> QWidget:
        self.settings = SettingsPage(self.home.settings, self.home.environment, ())
        self.settings.changed.connect(self._on_changed)
        return self.settings

    @Slot(str)
    def _on_page_changed(self, key: str) -> None:
        if key == "settings" and self.settings is not None:
            self.settings.refresh()
        if key == "model" and self.model is not None:
            self.model.refresh()

    @Slot(object)
    def _on_changed(self, setting: Setting) -> None:
        if setting.key == "window.theme":
            self.theme_chosen.emit(self.home.settings.settings(self.home.environment).theme)
