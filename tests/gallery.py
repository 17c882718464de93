"""Pictures of every page, to be looked at: `python -m tests.gallery docs/gallery`.

Light and dark, English and Chinese, at scale 1 and 2: one process for each, because a scale is a
process's. Each makes the first run on a private desktop, so that the pages have something to show.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

from PIL import Image

THEMES = ("light", "dark")
LANGUAGES = ("en", "zh_CN")
SCALES = ("1", "2")
PAGES = ("model", "doctor", "settings")
SECONDS = 60.0
COLOURS = 200


def main(output: Path) -> None:
    output.mkdir(parents=True, exist_ok=True)
    for theme, language, scale in itertools.product(THEMES, LANGUAGES, SCALES):
        name = f"{theme}-{language}-{scale}x"
        with tempfile.TemporaryDirectory() as home:
            environment = os.environ | {
                "QT_QPA_PLATFORM": "offscreen",
                "QT_SCALE_FACTOR": scale,
                "AGENT_APP_SETTINGS": str(Path(home, "settings.toml")),
                "AGENT_APP_WINDOW_THEME": theme,
                "AGENT_APP_WINDOW_LANGUAGE": language,
                "XDG_DATA_HOME": home,
                "HF_HOME": home,
            }
            command = [sys.executable, "-m", "tests.gallery", str(output), name, home]
            subprocess.run(command, env=environment, check=True)
    for path in output.glob("*.png"):  # a palette makes them a quarter as large
        with Image.open(path) as picture:
            small = picture.convert("RGB").quantize(COLOURS)
        small.save(path, optimize=True)


def pictures(output: Path, name: str, home: Path) -> None:
    """The pictures of one process."""
    from PySide6.QtWidgets import QApplication

    from agent_app.office import Office
    from agent_app.settings import SettingsFile, settings_path
    from agent_app.ui import Home, run_window
    from agent_app.ui.window import MainWindow
    from agent_app.workplace import WorkplaceOptions

    def until(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < deadline, "waited in vain"
            QApplication.processEvents()
            time.sleep(0.01)

    def settle() -> None:
        end = time.monotonic() + 0.5
        until(lambda: time.monotonic() > end)

    def on_ready(opened: object) -> None:
        window = cast("MainWindow", opened)
        try:
            take_all(window)
        finally:  # what failed is on stderr; a window that stays would hold everything up
            window.close()

    def take_all(window: MainWindow) -> None:
        pages = window.home
        assert pages is not None

        def take(page: str) -> None:
            settle()
            window.save_picture(output / f"{page}-{name}.png")

        window.start_trial()
        until(lambda: not window.running and not pages.busy)
        take("run")
        for page in PAGES:
            window.navigation.show_page(page)
            if page == "model":
                assert pages.model is not None
                pages.model.choice.buttons["kimi"].click()
                until(lambda: pages.model and not pages.model.look.busy)
            if page == "doctor":
                assert pages.doctor is not None
                pages.doctor.check()
                until(lambda: pages.doctor and not pages.doctor.errand.busy)
            take(page)
        window.show_episodes()
        until(lambda: window.episodes.library.model.rowCount())
        take("episodes")
        row = window.episodes.library.model.rows[0]
        window.replay(row.entry.folder)
        until(lambda: window.episodes.viewer.reel is not None)
        take("viewer")

    file = SettingsFile(settings_path())
    with Office(WorkplaceOptions, environment=os.environ) as office:
        settings = Home(office, file, os.environ, home / "state")
        run_window(office.session, own_display=False, home=settings, on_ready=on_ready)


if __name__ == "__main__":
    if len(sys.argv) == 2:
        main(Path(sys.argv[1]))
    else:
        pictures(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
