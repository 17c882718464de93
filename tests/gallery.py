"""Pictures of every page, to be looked at: `python -m tests.gallery docs/gallery`.

Light and dark, English and Chinese, at scale 1 and 2: one process for each language and scale, for
a scale is a process's. `--variants zh_CN-2x` and `--pages run viewer` make some of them, and
`--shown docs` copies those that the pages there show.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QWidget

from agent_app.ui import languages
from agent_app.ui.application import make_application
from agent_app.ui.theme import DARK, LIGHT, Theme, apply_theme
from tests.fakes.pages import PAGES, Pages

LANGUAGES = ("en", "zh_CN")
SCALES = ("1x", "2x")
KEPT = (
    *("run", "strip", "question", "finished", "keys", "crash"),
    *("episodes", "viewer", "model", "download", "doctor", "settings"),
)
SHOWN = {
    "window": "run-light-en-1x",
    "window-dark": "finished-dark-en-1x",
    "question": "question-dark-en-1x",
    "viewer": "viewer-light-en-1x",
}
EXACT = 128  # of the 256 colours of a picture
MOST = 1 << 20  # colours that a picture may have
MARGIN = 24  # pixels around what is no whole window


def main() -> None:
    parser = argparse.ArgumentParser(description="Make pictures of every page.")
    every = [f"{language}-{scale}" for language, scale in itertools.product(LANGUAGES, SCALES)]
    parser.add_argument("folder", type=Path)
    parser.add_argument("--variants", nargs="+", default=every, choices=every)
    parser.add_argument("--pages", nargs="+", default=KEPT, choices=PAGES)
    parser.add_argument("--shown", type=Path, help="copy the pictures of the docs to this folder")
    parser.add_argument("--here", action="store_true", help="make the one variant in this process")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.here:
        take(options.folder, options.variants[0], options.pages, Path.home())
        return
    for variant in options.variants:
        with tempfile.TemporaryDirectory() as home:
            command = [sys.executable, "-m", "tests.gallery", str(options.folder), "--here"]
            command += ["--variants", variant, "--pages", *options.pages]
            subprocess.run(command, env=environment(variant, Path(home)), check=True)
    for path in options.folder.glob("*.png"):  # a palette makes them a quarter as large
        with Image.open(path) as picture:
            if picture.mode == "P":
                continue
            small = with_palette(picture)
        small.save(path, optimize=True)
    for name, picture in SHOWN.items():
        if options.shown is not None:
            shutil.copyfile(options.folder / f"{picture}.png", options.shown / f"{name}.png")


def with_palette(picture: Image.Image) -> Image.Image:
    """The picture in 256 colours: the commonest as they are, and some of all the others."""
    picture = picture.convert("RGB")
    counted = sorted(picture.getcolors(MOST) or (), reverse=True)
    colours = np.array([colour for _, colour in counted], np.int32)
    others = Image.fromarray(colours[None].astype(np.uint8)).quantize(
        256 - EXACT, Image.Quantize.MAXCOVERAGE
    )
    spread = np.array(others.getpalette(), np.int32).reshape(-1, 3)[: 256 - EXACT]
    chosen = np.concatenate((colours[:EXACT], spread))
    nearest = np.zeros(1 << 24, np.uint8)
    for red, green, blue in colours:
        each = ((chosen - (red, green, blue)) ** 2).sum(1).argmin()
        nearest[red << 16 | green << 8 | blue] = each
    parts = np.asarray(picture, np.int32) << (16, 8, 0)
    small = Image.fromarray(nearest[parts.sum(2)], "P")
    small.putpalette(chosen.astype(np.uint8).tobytes())
    return small


def environment(variant: str, home: Path) -> dict[str, str]:
    """What a process is started with that makes this variant."""
    return os.environ | {
        "QT_QPA_PLATFORM": "offscreen",
        "QT_SCALE_FACTOR": variant.rpartition("-")[2].removesuffix("x"),
        "AGENT_APP_SETTINGS": os.devnull,
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
    }


def take(folder: Path, variant: str, wanted: Sequence[str], home: Path) -> None:
    """The pictures of one process."""
    language = variant.partition("-")[0]
    app = make_application([])
    apply_theme(app, LIGHT)
    languages.install(app, language, None)
    pages = Pages(home, LIGHT, language)
    for page in PAGES[: 1 + max(map(PAGES.index, wanted))]:
        seen = pages.show(page)
        if page not in wanted:
            continue
        for theme in (DARK, LIGHT):
            apply_theme(app, theme)
            pages.window.set_theme(theme)
            pages.settle()
            name = f"{page}-{'dark' if theme.dark else 'light'}-{variant}.png"
            picture_of(seen, theme).save(str(folder / name), "PNG")
    pages.close()
    QApplication.shutdown(app)


def picture_of(seen: tuple[QWidget, ...], theme: Theme) -> QPixmap:
    """A window, or smaller things one below the other."""
    shots = [widget.grab() for widget in seen]
    if len(shots) == 1:
        return shots[0]
    ratio = shots[0].devicePixelRatio()
    sizes = [shot.deviceIndependentSize() for shot in shots]
    width = round(max(size.width() for size in sizes)) + 2 * MARGIN
    height = round(sum(size.height() + MARGIN for size in sizes)) + MARGIN
    picture = QPixmap(round(width * ratio), round(height * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(QColor(theme.line))
    painter = QPainter(picture)
    top = MARGIN
    for shot, size in zip(shots, sizes, strict=True):
        painter.drawPixmap(QPoint(MARGIN, top), shot)
        top += round(size.height()) + MARGIN
    painter.end()
    return picture


if __name__ == "__main__":
    main()
