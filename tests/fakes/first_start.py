"""The window's first start: `python -m tests.fakes.first_start FOLDER` prints what it showed.

On the first start the doctor's page is shown, and its run is tried; a later one shows the run page.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any, cast

from PySide6.QtWidgets import QApplication

from agent_app.doctor import CheckResult
from agent_app.office import Office
from agent_app.settings import SettingsFile
from agent_app.ui import Home, run_window
from agent_app.ui.pages import doctor
from agent_app.ui.window import MainWindow
from agent_app.workplace import WorkplaceOptions

SECONDS = 60.0


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        QApplication.processEvents()
        time.sleep(0.01)


def nothing(_environment: Mapping[str, str], **_options: object) -> Generator[CheckResult]:
    yield from ()


def main(folder: Path) -> None:
    shown: list[str] = []
    environment = dict(os.environ) | {"XDG_DATA_HOME": str(folder)}
    os.environ["XDG_DATA_HOME"] = str(folder)
    cast("Any", doctor).run_checks = nothing  # they are tested by themselves

    def on_ready(opened: object) -> None:
        window = cast("MainWindow", opened)
        QApplication.processEvents()
        shown.append(window.navigation.current)
        home = window.home
        assert home is not None
        if home.doctor is not None:
            page = home.doctor
            until(lambda: not page.errand.busy)
            page.trial.click()
            until(lambda: window.view.outcome.isVisible() or window.view.error.isVisible())
            shown.append(window.view.outcome.title.text() or window.view.error.title.text())
            answer = window.view.outcome.text.toPlainText()
            shown.append("Hello, Ada!" if "“Hello, Ada!” is visible" in answer else answer)
        window.close()

    file = SettingsFile(folder / "settings.toml")
    with Office(WorkplaceOptions, environment=environment) as office:
        home = Home(office, file, environment, folder / "state", stays=True)
        run_window(
            office.session,
            own_display=False,
            home=home,
            environment=environment | {"QT_QPA_PLATFORM": "offscreen"},
            on_ready=on_ready,
        )
    sys.stdout.write(json.dumps(shown))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
