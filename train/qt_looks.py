"""How the widgets look: styles, palettes, sheets and fonts, the trained and the held-out ones."""

from __future__ import annotations

import random

from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QStyleFactory,
)

FAMILIES = (
    "DejaVu Sans",
    "DejaVu Sans",
    "DejaVu Sans Condensed",
    "DejaVu Serif",
    "Nimbus Sans",
    "Nimbus Sans",
    "Nimbus Roman",
    "DejaVu Sans Mono",
    "C059",
    "URW Bookman",
)
HELD_FAMILIES = ("P052", "Nimbus Sans Narrow", "Nimbus Mono PS")


ACCENTS = "#3584e4 #2e7d32 #b71c1c #6a1b9a #e65100 #00695c #37474f #5d4037".split()


def _palette(rng: random.Random) -> QPalette:
    draw = rng.random()
    if draw < 0.35:
        return QPalette(QColor(*(rng.randrange(225, 250) for _ in range(3))))
    if draw < 0.6:
        grey = rng.randrange(28, 70)
        return QPalette(QColor(grey, grey, min(255, grey + rng.randrange(12))))
    base = QColor.fromHsv(rng.randrange(360), rng.randrange(10, 70), rng.randrange(190, 250))
    made = QPalette(base)
    made.setColor(QPalette.ColorRole.Highlight, QColor(rng.choice(ACCENTS)))
    return made


def _sheet(rng: random.Random) -> str:
    """A flat theme of random colours, corners and spaces."""
    dark = rng.random() < 0.35
    ground, ink = ("#202124", "#e8eaed") if dark else ("#fafafa", "#1f1f1f")
    raised = ("#3c4043", "#2d2f31") if dark else ("#ffffff", "#e9ecef")
    accent, corner, space = rng.choice(ACCENTS), rng.randrange(0, 10), rng.randrange(3, 9)
    filled = rng.random() < 0.4
    button = (
        f"background: {accent}; color: white; border: none"
        if filled
        else f"background: {raised[1]}; border: 1px solid #8a8f94"
    )
    return f"""
QWidget {{ background: {ground}; color: {ink}; }}
QPushButton, QToolButton {{ {button}; border-radius: {corner}px;
  padding: {space}px {2 * space}px; }}
QLineEdit, QComboBox {{ background: {raised[0]}; border: 1px solid #8a8f94;
  border-radius: {corner // 2}px; padding: {space // 2 + 1}px; }}
QTabBar::tab {{ padding: {space}px {2 * space}px; border-bottom: 2px solid transparent; }}
QTabBar::tab:selected {{ border-bottom: 2px solid {accent}; }}
QFrame#window {{ border: 1px solid #8a8f94; }}
"""


def _held_sheet(rng: random.Random) -> str:
    ground = rng.choice(("#fdf6e3", "#e3f2fd", "#1b2b34", "#2e3440"))
    ink = "#1d1d1d" if ground[1] in "fe" else "#eceff4"
    return f"""
QWidget {{ background: {ground}; color: {ink}; }}
QPushButton {{ border: 2px solid {ink}; border-radius: 3px; padding: 5px 14px; }}
QLineEdit, QComboBox {{ border: none; border-bottom: 2px solid {ink}; padding: 4px; }}
QFrame#window {{ border: 2px dashed {ink}; }}
"""


def dress(app: QApplication, rng: random.Random, *, held_out: bool) -> None:
    font = QFont(rng.choice(HELD_FAMILIES if held_out else FAMILIES))
    font.setPixelSize(rng.choice((11, 12, 12, 13, 13, 14, 14, 15, 16, 18)))
    font.setHintingPreference(rng.choice(tuple(QFont.HintingPreference)))
    font.setBold(rng.random() < 0.12)
    app.setFont(font)
    app.setStyleSheet("")
    if held_out:
        app.setStyle(QStyleFactory.create("Windows" if rng.random() < 0.7 else "Fusion"))
        app.setPalette(_palette(rng))
        if app.style().name() == "fusion":
            app.setStyleSheet(_held_sheet(rng))
        return
    app.setStyle(QStyleFactory.create("Fusion"))
    app.setPalette(_palette(rng))
    if rng.random() < 0.4:
        app.setStyleSheet(_sheet(rng))
