"""The pages of a window that people keep open, brought into its row of pages."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import suppress

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from agent_app.control import VETO_SECONDS
from agent_app.errors import KnownError
from agent_app.geometry import Size
from agent_app.office import Office
from agent_app.session import AgentSession
from agent_app.settings import Setting
from agent_app.ui import Home, languages
from agent_app.ui.errand import Errand
from agent_app.ui.navigation import Navigation
from agent_app.ui.pages.doctor import DoctorPage
from agent_app.ui.pages.model import ModelPage
from agent_app.ui.pages.settings import SettingsPage
from agent_app.ui.trial import TASK
from agent_app.workplace import WorkplaceOptions

_WELCOMED = "welcomed"
_TRIAL_DESKTOP = Size(1024, 640)


class HomePages(QObject):
    """Makes the pages when they are looked at, and tells what is done on them.

    **Signals:**

    - `theme_chosen` (str): the window is to be "light", "dark", or as the "system" has it
    - `confirm_chosen` (Confirm): when the person is to be asked has been set
    - `veto_chosen` (float): for how many seconds an act is shown before it is done has been set
    - `trial_requested`: the person wants to watch a first run
    - `idle`: nothing goes on in the background any more
    """

    theme_chosen = Signal(str)
    confirm_chosen = Signal(str)
    veto_chosen = Signal(float)
    trial_requested = Signal()
    idle = Signal()

    def __init__(self, home: Home, navigation: Navigation, window: QWidget) -> None:
        super().__init__(window)
        self.home = home
        self.model: ModelPage | None = None
        self.settings: SettingsPage | None = None
        self.doctor: DoctorPage | None = None
        self._running = False
        self._navigation = navigation
        self.trial = Office(_trial_options, environment=home.environment)
        self.tidying = Errand(self)  # closes what a first run has opened
        self.tidying.ended.connect(self._on_errand_ended)
        navigation.add("model", self.tr("&Model"), self._make_model)
        navigation.add("doctor", self.tr("&Doctor"), self._make_doctor)
        navigation.add("settings", self.tr("Se&ttings"), self._make_settings)
        navigation.changed.connect(self._on_page_changed)

    @property
    def busy(self) -> bool:
        """Whether something goes on in the background that has to end before the window does."""
        return any(errand.busy for errand in self._errands())

    def set_running(self, running: bool) -> None:
        """A run has begun or ended: what it works with is left alone meanwhile."""
        self._running = running
        for page in (self.model, self.doctor):
            if page is not None:
                page.set_running(running)
        if not running and self.trial.is_open:
            self.tidying.begin(lambda _progress, _show: self.trial.close())

    def welcome(self) -> None:
        """On the first start of all, begin with a look at the machine."""
        mark = self.home.state / _WELCOMED
        if not self.home.stays or mark.exists():
            return
        with suppress(OSError):  # it is then said once more
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.touch()
        self._navigation.show_page("doctor")
        assert self.doctor is not None
        self.doctor.welcome()

    def begin_trial(self) -> AgentSession:
        """The session of a first run; for the run's thread. Raises KnownError."""
        self.home.office.close()  # one process works on one desktop at a time
        return self.trial.session(TASK)

    def close_down(self) -> None:
        """Have everything in the background end; `idle` tells when it has."""
        for page in (self.model, self.doctor):
            if page is not None:
                page.close_down()

    def _errands(self) -> Iterator[Errand]:
        yield self.tidying
        if self.model is not None:
            yield self.model.look
            yield self.model.work
        if self.doctor is not None:
            yield self.doctor.errand
            yield self.doctor.clicks.errand

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

    def _make_doctor(self) -> QWidget:
        page = self.doctor = DoctorPage(self.home.environment, self.home.office.close)
        page.set_running(self._running)
        page.trial_requested.connect(self.trial_requested)
        for errand in (page.errand, page.clicks.errand):
            errand.ended.connect(self._on_errand_ended)
        return page

    def _make_settings(self) -> QWidget:
        self.settings = SettingsPage(
            self.home.settings,
            self.home.environment,
            languages.choices(languages.beside(self.home.settings)),
        )
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
        elif setting.key == "run.veto":
            veto = self.home.settings.settings(self.home.environment).veto
            self.veto_chosen.emit(VETO_SECONDS if veto is None else veto)
        elif setting.key in ("run.confirm", "desktop.virtual"):
            with suppress(KnownError):  # which the page shows
                self.confirm_chosen.emit(self.home.office.chosen.settings.policy.confirm)


def _trial_options() -> WorkplaceOptions:
    """A first run: the built-in model, in a small window of our own, on a private desktop."""
    app = shlex.join([sys.executable, "-m", "agent_app.ui.trial"])
    return WorkplaceOptions(model="reader", virtual=_TRIAL_DESKTOP, app=app)
