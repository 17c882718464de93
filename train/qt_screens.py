"""Renders windows of real Qt widgets and packs them with their labels into one file.

    QT_QPA_PLATFORM=offscreen python -m train.qt_screens PACK.zip --count 1200 --seed 1
    QT_QPA_PLATFORM=offscreen python -m train.qt_screens HELD.zip --count 120 --seed 2 --held-out

A held-out pack is drawn in a style, in fonts and in sheets that the training pack never uses, with
known words, with words never trained, or with both.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import sys
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from PIL import Image
from PySide6.QtCore import QBuffer, QCoreApplication, QEvent, QIODevice, QPoint, QRect
from PySide6.QtGui import QColor, QFontDatabase, QPalette, QPixmap
from PySide6.QtWidgets import (
    QApplication,
)

from train.qt_looks import FAMILIES, HELD_FAMILIES, dress
from train.qt_painter import SIZE, Painter
from train.qt_windows import add_window, open_menu
from train.screens import Element, Scene


def render(app: QApplication, seed: int, *, held_out: bool, pool: str) -> Scene:
    """One picture of one to three windows and sometimes an open menu."""
    rng = random.Random(seed)
    dress(app, rng, held_out=held_out)
    ratio = rng.choice((1.0, 1.0, 1.0, 1.25, 1.5))
    painter = Painter(rng, pool, ratio)
    ground = painter.root.palette()
    tint = QColor.fromHsv(rng.randrange(360), rng.randrange(120), rng.randrange(40, 250))
    ground.setColor(QPalette.ColorRole.Window, tint)
    painter.root.setPalette(ground)
    width, height = painter.size.width(), painter.size.height()
    columns = rng.choice((2, 3, 3, 4) if ratio < 1.2 else (1, 2, 2, 3))
    lines = rng.choice((1, 2, 2, 3) if ratio < 1.2 else (1, 2, 2))
    for column in range(columns):
        for line in range(lines):
            if rng.random() < 0.1:
                continue
            w, h = width // columns, height // lines
            left = column * w + rng.randrange(0, max(1, w // 12))
            top = line * h + rng.randrange(0, max(1, h // 12))
            right, bottom = (column + 1) * w - rng.randrange(2, 20), (line + 1) * h - 4
            add_window(painter, QRect(QPoint(left, top), QPoint(right, bottom)))
    if rng.random() < 0.25:
        open_menu(painter)
    picture = QPixmap(*SIZE)
    picture.setDevicePixelRatio(ratio)
    painter.root.ensurePolished()
    painter.root.show()
    app.processEvents()
    painter.root.render(picture)
    found = [element for read in painter.read for element in read()]
    elements, hidden = _visible([(one, painter.is_clear(one)) for one in found])
    painter.root.close()
    painter.root.deleteLater()
    # without an event loop nobody else carries it out, and a new sheet would dress every old widget
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return Scene(_as_pil(picture), elements, hidden)


def _visible(
    found: list[tuple[Element, bool]],
) -> tuple[tuple[Element, ...], frozenset[str]]:
    """What lies wholly on the picture, under nothing and with its whole label."""
    kept: list[Element] = []
    hidden: set[str] = set()
    for element, is_clear in found:
        x0, y0, x1, y1 = element.box
        inside = x0 >= 0 and y0 >= 0 and x1 <= SIZE[0] and y1 <= SIZE[1] and x1 - x0 > 5 < y1 - y0
        cut = element.text is not None and (
            element.text[2] > x1 + 2 or element.text[0] < x0 - 2 or element.text[3] > y1 + 6
        )
        if inside and is_clear and not cut:
            kept.append(element)
        else:
            hidden.add(element.label)
    return tuple(kept), frozenset(hidden)


def _as_pil(picture: QPixmap) -> Image.Image:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "BMP")
    return Image.open(io.BytesIO(buffer.data().data())).convert("RGB")


# --- packs ---------------------------------------------------------------------------------------


def write_pack(path: Path, count: int, *, seed: int, held_out: bool) -> None:
    """`count` pictures, each as lossless WebP and its labels as JSON, in one zip."""
    app = QApplication(sys.argv[:1])
    there = {family.split(" [")[0] for family in QFontDatabase.families()}
    missing = {*FAMILIES, *HELD_FAMILIES} - there
    if missing:
        raise SystemExit(f"fonts are missing: {', '.join(sorted(missing))}")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as pack:
        for number in range(count):
            pool = ("known", "kept")[number % 2] if held_out else "train"
            scene = render(app, seed * 1_000_003 + number, held_out=held_out, pool=pool)
            picture = io.BytesIO()
            scene.image.save(picture, "WEBP", lossless=True, quality=50, method=1)
            pack.writestr(f"{number:05}.webp", picture.getvalue(), zipfile.ZIP_STORED)
            pack.writestr(f"{number:05}.json", json.dumps(_as_json(scene, pool)))


def _as_json(scene: Scene, pool: str) -> dict[str, Any]:
    return {
        "pool": pool,
        "hidden": sorted(scene.hidden),
        "elements": [asdict(element) for element in scene.elements],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pack", type=Path)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--held-out", action="store_true")
    options = parser.parse_args()
    write_pack(options.pack, options.count, seed=options.seed, held_out=options.held_out)


if __name__ == "__main__":
    main()
