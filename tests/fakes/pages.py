"""Every page of the window in the states that matter, without a desktop and without a model.

`PAGES` are their names, in the order in which `Pages.show` brings them up: a later one builds on
what an earlier one has left. Only the run, the machine and the model are made up; the window is the
real one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QWidget

from agent_app.calibration import Correction, Kept, Stretch
from agent_app.doctor import CheckResult
from agent_app.episode.library import Library
from agent_app.episode.recorder import default_library
from agent_app.errors import KnownError
from agent_app.events import Outcome
from agent_app.geometry import Region
from agent_app.model_runtime import ModelOptions, Progress, RuntimeInfo
from agent_app.office import Office
from agent_app.runtimes.kimi_vl.config import KimiConfig
from agent_app.runtimes.kimi_vl.hub import DEFAULT_REPO
from agent_app.runtimes.kimi_vl.memory import Device
from agent_app.runtimes.kimi_vl.survey import Survey, fitting_plans
from agent_app.settings import SettingsFile, setting_of
from agent_app.ui import Home
from agent_app.ui.application import connect_tray
from agent_app.ui.faults import fault_report
from agent_app.ui.pages import clicks, doctor, model
from agent_app.ui.pages.page import Page
from agent_app.ui.theme import Theme
from agent_app.ui.tray import Tray
from agent_app.ui.window import MainWindow
from agent_app.workplace import WorkplaceOptions
from tests.fakes import mail
from tests.fakes.session import ScriptedSession

PAGES = (
    *("empty", "loading", "run", "strip", "question", "finished", "keys", "crash"),
    *("no-episodes", "episodes", "viewer", "export"),
    *("server", "model", "download", "doctor", "settings"),
)
SECONDS = 20.0
CACHE = "~/.cache/huggingface/hub"
PULL = f"agent-app model pull {DEFAULT_REPO}"
KIMI = RuntimeInfo("kimi-vl", "Kimi-VL-A3B-Thinking-2506, int8 on cuda:0, fast engine", None)
FREE = Device("cuda:0", 23_600_000_000)
PLAN = "int8: weights 18.4, cache 1.0, activations 1.6, reserve included 21.8 of 23.6 GB on cuda:0"
CONTENTS = "16.407 billion parameters, 32.8 GB in 7 shards, BF16"
CRASH = """\
Traceback (most recent call last):
  File "agent_app/ui/worker.py", line 131, in _run
    for event in session.events():
  File "agent_app/loop.py", line 96, in run
    yield from course.step()
  File "agent_app/grounding.py", line 212, in ground
    return _TABLE[dialect](call)
KeyError: 'swipe'
"""


def checks(_environment: Mapping[str, str], **_options: object) -> Generator[CheckResult]:
    """What the doctor may find, in its own words."""
    packages = "PySide6-Essentials 6.11.2, mss 10.1.0, pyautogui 0.9.54, msgspec 0.20.0"
    yield CheckResult("Python", True, "3.11.14 (/usr/bin/python3)")
    yield CheckResult("Packages", True, packages)
    yield CheckResult("python-xlib", True, "0.33")
    yield CheckResult("Virtual desktop", True, "starts")
    yield CheckResult("Display", True, ":99: 1024x640 at scale 1")
    yield CheckResult("Capture", True, "1024x640 in 9 ms, shows what is drawn")
    yield CheckResult("Input method", True, "none is active: keys arrive as they are")
    yield CheckResult("Pointer and text", True, "typed and read back: Hello, 你好, Привет")
    missing = "no session bus: DBUS_SESSION_BUS_ADDRESS is not set"
    bus = (
        "the reader works without it, from pixels alone; to have it: apt-get install at-spi2-core "
        "libatk-adaptor, in a session with D-Bus"
    )
    yield CheckResult("Accessibility", None, missing, bus)
    yield CheckResult("OCR", True, "onnxruntime: opened in 0.6 s, read a label in 31 ms")
    none = "none for emoji: typed all the same, but shown as boxes"
    yield CheckResult("Fonts", None, none, "apt-get install fonts-noto-color-emoji")
    full = "1.2 GiB free for ~/.local/share/agent-app/episodes"
    yield CheckResult("Disk", False, full, "make room, or use --episode on another disk")
    yield CheckResult("GPU", True, "NVIDIA GeForce RTX 4090, 24564 MiB")
    absent = f"there is no {DEFAULT_REPO} in {CACHE}; the reader needs none"
    yield CheckResult("Kimi-VL", None, absent, f"fetch it with `{PULL}`")


def calibrated() -> tuple[Kept, ...]:
    """What a calibration may have found: nothing, something to correct, and what nothing helps."""
    at = datetime(2026, 1, 7, 16, 20, tzinfo=UTC)
    bent = Correction(Stretch(1.002, -3.0), Stretch(1.0, 2.0))
    return (
        Kept("DP-1", Region(0, 0, 2560, 1440), 1.0, None, 0.0, 0.0, at),
        Kept("HDMI-1", Region(2560, 0, 1920, 1080), 1.25, bent, 6.5, 0.5, at),
        Kept("", Region(-1024, 300, 1024, 768), 1.0, None, 14.0, 14.0, at),
    )


def survey_of(folder: Path | None) -> Survey:
    """What this model takes on a GPU of a good desktop machine; it is not here without a folder."""
    plans = fitting_plans(KimiConfig(), ModelOptions(), 32768, [FREE])
    absent = None
    if folder is None:
        what = f"there is no {DEFAULT_REPO} in {CACHE}"
        absent = KnownError(what, remedy=f"fetch it with `{PULL}`")
    fetched = 0 if folder else 32_815_000_000
    return Survey(
        folder, CONTENTS if folder else "", absent, None, 32768, tuple(plans), fetched, 412 * 10**9
    )


class OfficeOf(Office):
    """An office without a desktop, whose model is a word."""

    def __init__(self, file: SettingsFile, environment: Mapping[str, str]) -> None:
        def choose() -> WorkplaceOptions:
            settings = file.settings(environment)
            return WorkplaceOptions(model=settings.model)

        super().__init__(choose, environment=environment)
        self.loaded: RuntimeInfo | None = None

    @property
    def model(self) -> RuntimeInfo | None:
        return self.loaded


class Pages:
    """One window, brought from page to page; `folder` is for all that it writes."""

    def __init__(self, folder: Path, theme: Theme, language: str) -> None:
        self._words = mail.words_in(language)
        self._folder = folder
        self._go_on = threading.Event()
        self._loaded = threading.Event()
        self.environment: dict[str, str] = {}
        self.file = SettingsFile(folder / ".config" / "agent-app" / "settings.toml")
        self.office = OfficeOf(self.file, self.environment)
        home = Home(self.office, self.file, self.environment, folder / "state", stays=True)
        self.window = MainWindow(self._session, theme, home=home)
        self.tray = connect_tray(Tray(self.window), self.window)
        self.window.view.steer.time.setValue(1.0)
        for part, name, value in (
            (model, "survey", lambda _name, _loading: survey_of(self._checkpoint)),
            (model, "pull", self._pull),
            (doctor, "run_checks", checks),
            (clicks, "kept_at", lambda _path: calibrated()),
        ):
            setattr(cast("Any", part), name, value)
        self._checkpoint: Path | None = None
        self._cancelled = threading.Event()
        self.window.show()

    def show(self, name: str) -> tuple[QWidget, ...]:
        """Bring a page up; what there is to see of it."""
        self.window.view.keys.close_sheet()
        self.window.episodes.export.close_sheet()
        self.window.resize(1280, 800)
        self.window.activateWindow()
        shown = getattr(self, "_" + name.replace("-", "_"))()
        self.settle()
        return shown or (self.window,)

    def settle(self) -> None:
        """Let everything be laid out and drawn."""
        for _ in range(3):
            QApplication.processEvents()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)

    def close(self) -> None:
        """End everything."""
        self._go_on.set()
        self._loaded.set()
        self._cancelled.set()
        closed: list[bool] = []
        self.window.closed.connect(lambda: closed.append(True))
        self.window.close()
        self._until(lambda: closed)
        self.window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)

    # The run

    def _empty(self) -> None:
        self.window.show_run()

    def _loading(self) -> None:
        self.window.task.box.setPlainText(self._words.task)
        self.window.start(self._words.task)
        self._until(lambda: self.window.view.loading.isVisible())

    def _run(self) -> None:
        self._loaded.set()
        self._until(lambda: self.window.view.steer.veto.isEnabled())

    def _strip(self) -> tuple[QWidget, ...]:
        strip = self.window.strip
        strip.show_story(self.window.view.story, running=True)
        strip.place()
        strip.show()
        self.tray.menu.ensurePolished()
        self.tray.menu.adjustSize()
        return strip, self.tray.menu

    def _question(self) -> None:
        self.window.strip.hide()
        self._go_on.set()
        self._until(lambda: self.window.view.question.isVisible())

    def _finished(self) -> None:
        view = self.window.view
        view.question.give(None)
        self._until(lambda: not self.window.running)
        view.pane.time.of_session.click()
        view.steps.setCurrentIndex(view.model.index(3))
        for _ in range(2):  # to the last but one
            view.thought.go_to_mention(-1)

    def _keys(self) -> None:
        self.window.view.show_keys()

    def _crash(self) -> None:
        view = self.window.view
        view.pane.time.of_step.click()
        view.outcome.hide()
        self.window.show_report(fault_report(CRASH))

    # The episodes

    def _no_episodes(self) -> None:
        self.window.show_episodes()
        self._listed(0)

    def _episodes(self) -> None:
        library = default_library()
        english, chinese = mail.ENGLISH, mail.CHINESE
        runs: tuple[tuple[str, mail.Words, Outcome, int], ...] = (
            ("20260105-091500-figures", english, "success", 5),
            ("20260105-140210-figures", chinese, "success", 5),
            ("20260106-101133-figures", english, "limit", 3),
            ("20260107-173020-figures", english, "stopped", 2),
        )
        for name, words, outcome, steps in runs:
            mail.record(library / name, words, outcome=outcome, steps=steps)
        with Library(library) as opened:
            opened.tag(library / runs[0][0], add=["mail", "weekly"])
            opened.tag(library / runs[1][0], add=["mail"])
        self.window.episodes.library.refresh()
        self._listed(len(runs))

    def _viewer(self) -> None:
        name = "-140210-" if self._words is mail.CHINESE else "-091500-"
        episodes = self.window.episodes
        rows = episodes.library.model.rows
        folder = next(row.entry.folder for row in rows if name in row.entry.name)
        self.window.replay(folder)
        viewer = episodes.viewer
        self._until(lambda: viewer.reel is not None)
        viewer.go_to(3, "target")
        self._until(lambda: viewer.screens.ready)
        self._wait(0.3)  # for the thumbnails

    def _export(self) -> None:
        self.window.episodes.export.ask(self.window.episodes.viewer.folder or self._folder)

    def _listed(self, count: int) -> None:
        self._until(lambda: len(self.window.episodes.library.model.rows) == count)

    # The pages beside them

    def _server(self) -> None:
        self.file.change({setting_of("model.name"): "http://gpu.example.org:8000/v1"})
        host = "gpu.example.org:8000"
        self.office.loaded = RuntimeInfo("endpoint kimi-vl", f"vLLM at {host}", None, host)
        self._page("model")

    def _model(self) -> None:
        self.file.change({setting_of("model.name"): "kimi-vl"})
        self.office.loaded = KIMI
        self._checkpoint = Path("~/.cache/huggingface/hub/Kimi-VL-A3B-Thinking-2506")
        self._page("model")
        page = self._home.model
        assert page is not None
        self._until(lambda: not page.look.busy)
        self._fit(page)

    def _download(self) -> None:
        self.office.loaded = self._checkpoint = None
        page = self._home.model
        assert page is not None
        page._on_worked()  # as after something that is done: all is looked at anew
        self._until(lambda: not page.look.busy)
        page.download.click()
        self._until(lambda: page.bar.value() > 0)
        self._fit(page)

    def _doctor(self) -> None:
        self._cancelled.set()
        self._home.welcome()
        page = self._home.doctor
        assert page is not None
        self._until(lambda: not page.errand.busy)
        self._fit(page)

    def _settings(self) -> None:
        self.environment["AGENT_APP_RUN_MAX_STEPS"] = "80"
        self._page("settings")
        page = self._home.settings
        assert page is not None
        self._fit(page)

    @property
    def _home(self) -> Any:
        return self.window.home

    def _page(self, name: str) -> None:
        self.window.navigation.show_page(name)
        self.settle()

    def _fit(self, page: Page) -> None:
        """As high as the page needs to be seen whole."""
        self.settle()
        inner = page.area.widget()
        lacking = inner.heightForWidth(inner.width()) - page.area.height()
        if lacking > 0:
            self.window.resize(1280, 800 + lacking)

    # What is made up

    def _session(self, task: str) -> ScriptedSession:
        def prepare(_session: ScriptedSession, progress: Progress) -> None:
            while not self._loaded.wait(0.05):
                progress(f"loading the model ({PLAN})", 11.2e9, 18.4e9)

        made = ScriptedSession(mail.script(self._words, self._go_on), task=task, prepare=prepare)
        made.runtime, made.why = KIMI, "kimi-vl: its weights and a GPU are here"
        made.episode = self._folder
        return made

    def _pull(self, _repo: str, *, progress: Progress, **_options: object) -> None:
        while not self._cancelled.wait(0.05):
            progress("fetching", 13.4e9, 32.8e9)

    def _until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < deadline, "waited in vain"
            QApplication.processEvents()
            time.sleep(0.005)

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        self._until(lambda: time.monotonic() > end)
