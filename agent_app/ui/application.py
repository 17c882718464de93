"""The application around the window: Qt's set-up, signals, and the status to exit with."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

from agent_app.errors import KnownError
from agent_app.events import Event, RunFinished
from agent_app.geometry import Region, Size
from agent_app.policy.rules import Confirm
from agent_app.session import EXIT_STATUS, AgentSession
from agent_app.settings import Settings, SettingsFile, settings_path
from agent_app.ui import BatchHook, Home, ShownWindow, languages
from agent_app.ui.door import Door, display_of
from agent_app.ui.faults import CrashLog, fault_report
from agent_app.ui.placement import choose_place
from agent_app.ui.signals import SignalWatch
from agent_app.ui.theme import DARK, LIGHT, Theme, application_icon, apply_theme, system_theme
from agent_app.ui.tray import Tray
from agent_app.ui.viewer.window import ViewerWindow
from agent_app.ui.window import MainWindow

_FAULT_OF_OURS = 1


def run(
    make_session: Callable[[str], AgentSession],
    *,
    arguments: list[str],
    own_display: bool,
    region: Region | None,
    task: str,
    autostart: bool,
    confirm: Confirm,
    veto_seconds: float,
    close_when_finished: bool,
    home: Home | None,
    environment: Mapping[str, str],
    on_ready: Callable[[ShownWindow], None] | None,
    on_batch: BatchHook | None,
) -> int:
    """Show the window until it is closed; see `agent_app.ui.run_window`."""
    app, theme = _application(arguments)
    file = SettingsFile(settings_path()) if home is None else home.settings
    settings = _settings_of(file, os.environ if home is None else home.environment)
    language_fault = _speak(app, settings, file)
    door = None
    if home is not None and home.stays:
        door = Door(home.state, display_of(environment))
        if not door.open():
            try:
                door.knock(task)
            finally:
                app.shutdown()
            return 0
    window = MainWindow(make_session, theme, home=home)
    keeper = _Keeper(app, window, theme)
    keeper.on_theme_chosen(settings.theme)
    if window.home is not None:
        window.home.theme_chosen.connect(keeper.on_theme_chosen)
    if app.platformName() != "offscreen":  # which is on no display at all
        _fit(window)
        if own_display:
            window.keep_clear(region, display=environment.get("DISPLAY"))
            _place(window, region)
    window.closed.connect(app.quit)
    if door is not None:
        door.knocked.connect(window.come_forward)
        window.closed.connect(door.close)
    if close_when_finished:
        window.finished.connect(window.close)
    if on_batch is not None:
        hook = on_batch

        def on_shown(events: tuple[Event, ...]) -> None:
            hook(window, events)

        window.shown.connect(on_shown)
    window.task.box.setPlainText(task)
    window.task.set_confirm(confirm)
    window.view.steer.time.setValue(veto_seconds)
    window.show()
    if on_ready is not None:
        QTimer.singleShot(0, window, lambda: on_ready(window))
    if home is not None and settings.tray and Tray.is_there():
        tray = connect_tray(Tray(window), window)
        tray.show()
        window.closed.connect(tray.hide)
    if language_fault is not None:
        window.view.error.show_known(language_fault)
    crashes = None
    if home is not None and home.stays:
        crashes = CrashLog(home.state)
        if crashes.last:
            window.show_crash(crashes.last)
    if window.home is not None:
        QTimer.singleShot(0, window, window.home.welcome)
    if autostart and task.strip():
        QTimer.singleShot(0, window, lambda: window.start(task.strip()))
    keeper.run()
    if crashes is not None:
        crashes.close()
    status = EXIT_STATUS["stopped"] if keeper.got_signal else _status_of(window)
    _end(app, window)
    return status


def show_viewer(
    folder: Path | None,
    *,
    arguments: list[str],
    on_ready: Callable[[ShownWindow], None] | None,
) -> int:
    """Show the viewer until it is closed; see `agent_app.ui.run_viewer`."""
    app, theme = _application(arguments)
    file = SettingsFile(settings_path())
    settings = _settings_of(file, os.environ)
    _speak(app, settings, file)
    window = ViewerWindow(folder, theme)
    keeper = _Keeper(app, window, theme)
    keeper.on_theme_chosen(settings.theme)
    if app.platformName() != "offscreen":
        _fit(window)
    window.closed.connect(app.quit)
    window.show()
    if on_ready is not None:
        QTimer.singleShot(0, window, lambda: on_ready(window))
    keeper.run()
    status = EXIT_STATUS["stopped"] if keeper.got_signal else 0
    _end(app, window)
    return status


def connect_tray(tray: Tray, window: MainWindow) -> Tray:
    """Have the tray show what goes on in this window, and do what is asked for there."""
    window.started.connect(tray.on_started)
    window.shown.connect(tray.on_shown)
    window.finished.connect(tray.on_finished)
    tray.show_requested.connect(window.come_forward)
    tray.pause_requested.connect(window.current.pause)
    tray.stop_requested.connect(window.current.stop)
    return tray


def _settings_of(file: SettingsFile, environment: Mapping[str, str]) -> Settings:
    """What is set; the defaults where that is wrong, which its page says."""
    try:
        return file.settings(environment)
    except KnownError:
        return Settings()


def _speak(app: QApplication, settings: Settings, file: SettingsFile) -> KnownError | None:
    """Show every text in the language that is set; what is wrong with it does not hold us up."""
    try:
        languages.install(app, settings.language, languages.beside(file))
    except KnownError as error:
        return error
    return None


def make_application(arguments: Sequence[str]) -> QApplication:
    """Qt's application, set up as every window of ours wants it."""
    app = QApplication(["agent-app", *arguments])
    app.setApplicationName("agent-app")
    app.setDesktopFileName("agent-app")
    app.setQuitOnLastWindowClosed(False)  # a hidden window is no closed one
    app.setStyle("Fusion")
    app.setWindowIcon(application_icon())
    return app


def _application(arguments: Sequence[str]) -> tuple[QApplication, Theme]:
    app = make_application(arguments)
    theme = system_theme()
    apply_theme(app, theme)
    return app, theme


def _end(app: QApplication, window: QWidget) -> None:
    window.deleteLater()
    app.processEvents()
    app.shutdown()


class _Keeper(QObject):
    """Answers what comes from outside the window: signals, faults, the colours of all of it."""

    def __init__(self, app: QApplication, window: MainWindow | ViewerWindow, theme: Theme) -> None:
        super().__init__()
        self._app = app
        self._window = window
        self._theme = theme
        self._chosen = "system"
        self.got_signal = False
        app.styleHints().colorSchemeChanged.connect(self.on_scheme_changed)
        window.theme_requested.connect(self.on_theme_requested)

    def run(self) -> None:
        """Run the event loop until the window is closed."""
        signals = SignalWatch()
        signals.received.connect(self.on_signal_received)
        before, sys.excepthook = sys.excepthook, self.on_exception
        try:
            self._app.exec()
        finally:
            sys.excepthook = before
            signals.close()

    @Slot(int)
    def on_signal_received(self, _number: int) -> None:
        """The first signal ends the run tidily, a second one at once."""
        if self.got_signal:
            self._window.give_up()
            return
        self.got_signal = True
        self._window.close()

    @Slot()
    def on_scheme_changed(self) -> None:
        """The desktop has turned light or dark."""
        if self._chosen == "system":
            self._show(system_theme())

    @Slot(str)
    def on_theme_chosen(self, chosen: str) -> None:
        """The person has set which one it is to be: "light", "dark", or "system"."""
        if chosen != self._chosen:
            self._chosen = chosen
            self._show({"light": LIGHT, "dark": DARK}.get(chosen) or system_theme())

    @Slot()
    def on_theme_requested(self) -> None:
        """The person wants the other one."""
        self._show(LIGHT if self._theme.dark else DARK)

    def _show(self, theme: Theme) -> None:
        self._theme = theme
        apply_theme(self._app, theme)
        self._window.set_theme(theme)

    def on_exception(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        """A fault in the window never ends the run: it is printed and shown."""
        trace_text = "".join(traceback.format_exception(kind, error, trace))
        report = fault_report(trace_text, hide=self._window.without_secrets)
        if sys.stderr is not None:  # an icon starts us without one
            sys.stderr.write(report + "\n")
        self._window.show_report(report)


def _fit(window: QWidget) -> None:
    """Leave something of a small screen to see and to click on beside the window."""
    room = QGuiApplication.primaryScreen().availableGeometry()
    window.resize(
        min(window.width(), room.width() * 15 // 16), min(window.height(), room.height() * 15 // 16)
    )


def _place(window: MainWindow, region: Region | None) -> None:
    """Open on a monitor, or in a corner, that the agent does not look at, where there is one."""
    screens = [
        Region(area.x(), area.y(), area.width(), area.height())
        for area in (screen.availableGeometry() for screen in QGuiApplication.screens())
    ]
    place = choose_place(screens, region, Size(window.width(), window.height()))
    if place is not None:
        window.move(*place)


def _status_of(window: MainWindow) -> int:
    match window.result:
        case None:
            return 0
        case RunFinished(outcome=outcome):
            return EXIT_STATUS[outcome]
        case KnownError():
            return EXIT_STATUS["error"]
        case str():
            return _FAULT_OF_OURS
