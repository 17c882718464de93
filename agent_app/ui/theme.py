"""Colours, palette and style sheet, light and dark, and the application's icon."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFontDatabase,
    QFontInfo,
    QIcon,
    QPainter,
    QPalette,
    QPen,
    QPixmap,
    QPolygonF,
)
from PySide6.QtWidgets import QApplication

STAGES: tuple[str, ...] = ("capture", "encode", "prefill", "decode", "parse", "act", "settle")
SPOKEN = "#2f62e0"  # around what a thought speaks of
MARK = "#ff2d6f"  # a hue that desktops hardly use, so that a mark is never taken for content
MARK_LABEL = "#e0185a"  # the same, dark enough for white letters on it
_ICON = "#2f62e0"
_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Theme:
    """One colour scheme; every colour is `#rrggbb`.

    `muted` is for what matters less, `faint` for what cannot be used or has not come yet.
    """

    dark: bool
    window: str
    surface: str
    sunken: str
    line: str
    text: str
    muted: str
    faint: str
    accent: str
    accent_hover: str
    on_accent: str
    accent_soft: str
    good: str
    good_soft: str
    warn: str
    warn_soft: str
    bad: str
    bad_soft: str
    stages: tuple[str, ...]

    def tone(self, name: str) -> tuple[str, str]:
        """The ground and the line or letters of a tone, such as "good"; "live" is what goes on."""
        return {
            "live": (self.accent, self.accent),
            "info": (self.accent_soft, self.accent),
            "good": (self.good_soft, self.good),
            "warn": (self.warn_soft, self.warn),
            "bad": (self.bad_soft, self.bad),
        }.get(name, (self.sunken, self.muted))


LIGHT = Theme(
    dark=False,
    window="#f3f4f6",
    surface="#ffffff",
    sunken="#e9ebef",
    line="#d9dde3",
    text="#1b1f26",
    muted="#5c6570",
    faint="#9aa3ae",
    accent="#2c5edb",
    accent_hover="#2450c0",
    on_accent="#ffffff",
    accent_soft="#e8eefd",
    good="#16774a",
    good_soft="#e3f4ea",
    warn="#8a5a00",
    warn_soft="#fdf1d6",
    bad="#bf2f2f",
    bad_soft="#fce8e6",
    stages=("#7c8aa0", "#9a7fd1", "#4790cd", "#2c5edb", "#c46fae", "#cf7a25", "#48986a"),
)
DARK = Theme(
    dark=True,
    window="#15171b",
    surface="#1d2026",
    sunken="#101216",
    line="#333943",
    text="#e7e9ec",
    muted="#9aa4b0",
    faint="#626b77",
    accent="#6a97ff",
    accent_hover="#88adff",
    on_accent="#08132e",
    accent_soft="#222f4d",
    good="#56c792",
    good_soft="#1b3328",
    warn="#e3b04b",
    warn_soft="#382d15",
    bad="#ff8078",
    bad_soft="#3d2222",
    stages=("#8c9ab0", "#a78fe0", "#5cabea", "#6a97ff", "#d57fbf", "#ee9b4d", "#66ba84"),
)


def system_theme() -> Theme:
    """The scheme the person's desktop asks for; where it does not say, what its palette is like."""
    hints = QApplication.styleHints()
    scheme = hints.colorScheme()
    if scheme == Qt.ColorScheme.Unknown:
        palette = QApplication.style().standardPalette()
        return DARK if palette.window().color().lightness() < 128 else LIGHT
    return DARK if scheme == Qt.ColorScheme.Dark else LIGHT


def apply_theme(app: QApplication, theme: Theme) -> None:
    """Give the whole application this scheme."""
    app.setPalette(_palette(theme))
    app.setStyleSheet(_style_sheet(theme))


def _palette(theme: Theme) -> QPalette:
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: theme.window,
        QPalette.ColorRole.WindowText: theme.text,
        QPalette.ColorRole.Base: theme.surface,
        QPalette.ColorRole.AlternateBase: theme.sunken,
        QPalette.ColorRole.Text: theme.text,
        QPalette.ColorRole.Button: theme.surface,
        QPalette.ColorRole.ButtonText: theme.text,
        QPalette.ColorRole.ToolTipBase: theme.surface,
        QPalette.ColorRole.ToolTipText: theme.text,
        QPalette.ColorRole.PlaceholderText: theme.muted,
        QPalette.ColorRole.Highlight: theme.accent,
        QPalette.ColorRole.HighlightedText: theme.on_accent,
        QPalette.ColorRole.Link: theme.accent,
        QPalette.ColorRole.Mid: theme.line,
    }
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.muted))
    return palette


def _style_sheet(theme: Theme) -> str:
    t = theme
    # by its own name: what the system calls it may be no family
    fixed = QFontInfo(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)).family()
    check = (_FOLDER / f"check-{'dark' if t.dark else 'light'}.svg").as_posix()
    veil = "rgba(0, 0, 0, 150)" if t.dark else "rgba(27, 31, 38, 90)"
    return f"""
    QFrame[card="true"] {{
        background: {t.surface}; border: 1px solid {t.line}; border-radius: 8px; }}
    QFrame[card="true"][tone="question"] {{
        background: {t.accent_soft}; border: 1px solid {t.accent}; }}
    QFrame[card="true"][tone="good"] {{ background: {t.good_soft}; border: 1px solid {t.good}; }}
    QFrame[card="true"][tone="warn"] {{ background: {t.warn_soft}; border: 1px solid {t.warn}; }}
    QFrame[card="true"][tone="bad"] {{ background: {t.bad_soft}; border: 1px solid {t.bad}; }}
    QLabel[role="heading"] {{ font-weight: 600; color: {t.muted}; }}
    QLabel[role="title"] {{ font-weight: 600; font-size: 12pt; }}
    QLabel[role="key"] {{
        background: {t.window}; border: 1px solid {t.line}; border-bottom: 2px solid {t.line};
        border-radius: 5px; padding: 0 6px; }}
    QLabel[role="headline"] {{ font-weight: 600; font-size: 13pt; }}
    QLabel[role="muted"] {{ color: {t.muted}; }}
    QLabel[role="chip"] {{
        background: {t.sunken}; color: {t.muted}; border-radius: 8px; padding: 1px 9px; }}
    QLabel[role="chip"][tone="good"] {{ background: {t.good_soft}; }}
    QLabel[role="chip"][tone="warn"] {{ background: {t.warn_soft}; }}
    QLabel[role="chip"][tone="bad"] {{ background: {t.bad_soft}; }}
    QLabel[role="chip"][tone="info"] {{ background: {t.accent_soft}; color: {t.accent}; }}
    QLabel[tone="muted"] {{ color: {t.muted}; }}
    QLabel[tone="good"] {{ color: {t.good}; }}
    QLabel[tone="warn"] {{ color: {t.warn}; }}
    QLabel[tone="bad"] {{ color: {t.bad}; }}
    QPlainTextEdit, QTextEdit, QLineEdit, QListView {{
        background: {t.surface}; border: 1px solid {t.line}; border-radius: 8px; padding: 6px;
        selection-background-color: {t.accent}; selection-color: {t.on_accent}; }}
    QLineEdit {{ padding: 5px 8px; border-radius: 6px; }}
    QDoubleSpinBox {{
        background: {t.surface}; border: 1px solid {t.line}; border-radius: 6px;
        padding: 3px 4px 3px 8px; min-height: 20px; }}
    QDoubleSpinBox QLineEdit {{ background: transparent; border: none; padding: 0 0 0 4px; }}
    QDoubleSpinBox:focus {{ border: 1px solid {t.accent}; }}
    QDoubleSpinBox::up-button, QDoubleSpinBox::down-button {{ width: 0; border: none; }}
    QDoubleSpinBox:disabled {{ color: {t.muted}; background: {t.window}; }}
    QComboBox {{
        background: {t.surface}; border: 1px solid {t.line}; border-radius: 6px;
        padding: 5px 10px; min-height: 20px; }}
    QComboBox::drop-down {{ border: none; width: 22px; }}
    QComboBox::down-arrow {{
        width: 0; height: 0; margin-right: 8px; border-left: 4px solid {t.surface};
        border-right: 4px solid {t.surface}; border-top: 5px solid {t.muted}; }}
    QComboBox:hover {{ border-color: {t.muted}; }}
    QComboBox:focus {{ border: 1px solid {t.accent}; }}
    QComboBox:disabled {{ color: {t.muted}; background: {t.window}; border-color: {t.line}; }}
    QListView {{ padding: 4px; outline: 0; }}
    QListView[role="strip"] {{ background: transparent; border: 1px solid transparent;
        padding: 2px; }}
    QScrollArea[role="page"], QWidget[role="page"] {{ background: transparent; border: none; }}
    QWidget[role="veil"] {{ background: {veil}; }}
    QPlainTextEdit:focus, QTextEdit:focus, QLineEdit:focus, QListView:focus {{
        border: 1px solid {t.accent}; }}
    QPlainTextEdit[role="plain"] {{ background: transparent; border: none; padding: 0; }}
    QPlainTextEdit[role="plain"]:focus {{ border: none; }}
    QPlainTextEdit[fixed="true"] {{ font-family: "{fixed}"; }}
    QPlainTextEdit[locked="true"] {{ background: {t.window}; color: {t.muted}; }}
    QProgressBar {{
        background: {t.sunken}; border: none; border-radius: 4px; min-height: 8px;
        max-height: 8px; }}
    QProgressBar::chunk {{ background: {t.accent}; border-radius: 4px; }}
    QPushButton {{
        background: {t.surface}; border: 1px solid {t.line}; border-radius: 6px;
        padding: 5px 14px; min-height: 20px; }}
    QPushButton:hover {{ border-color: {t.muted}; }}
    QPushButton:focus {{ border: 1px solid {t.accent}; }}
    QPushButton:pressed {{ background: {t.sunken}; }}
    QPushButton:disabled {{ color: {t.muted}; background: {t.window}; border-color: {t.line}; }}
    QPushButton[role="primary"] {{
        background: {t.accent}; color: {t.on_accent}; border-color: {t.accent}; font-weight: 600; }}
    QPushButton[role="primary"]:hover {{
        background: {t.accent_hover}; border-color: {t.accent_hover}; }}
    QPushButton[role="primary"]:focus {{ border: 1px solid {t.text}; }}
    QPushButton[role="primary"]:disabled {{
        background: {t.sunken}; color: {t.muted}; border-color: {t.line}; }}
    QPushButton[role="danger"] {{ color: {t.bad}; font-weight: 600; }}
    QPushButton[role="danger"]:hover {{ border-color: {t.bad}; }}
    QPushButton[role="danger"]:disabled {{ color: {t.muted}; font-weight: 400; }}
    QPushButton[role="tab"] {{
        background: transparent; border: 1px solid transparent; color: {t.muted};
        padding: 5px 12px; }}
    QPushButton[role="tab"]:hover {{ color: {t.text}; }}
    QPushButton[role="tab"]:checked {{
        background: {t.accent_soft}; color: {t.accent}; }}
    QPushButton[role="tab"]:focus {{ border-color: {t.accent}; }}
    QPushButton[role="tab"]:disabled {{ color: {t.faint}; }}
    QPushButton[role="icon"] {{ padding: 5px 9px; }}
    QPushButton[role="switch"] {{ padding: 4px 10px; }}
    QPushButton[role="switch"]:checked {{
        background: {t.accent_soft}; color: {t.accent}; border-color: {t.accent}; }}
    QCheckBox {{ spacing: 8px; padding: 3px 4px; border: 1px solid transparent;
        border-radius: 5px; }}
    QCheckBox:focus {{ border-color: {t.accent}; }}
    QCheckBox::indicator {{
        width: 16px; height: 16px; background: {t.surface}; border: 1px solid {t.muted};
        border-radius: 4px; }}
    QCheckBox::indicator:checked {{
        background: {t.accent}; border-color: {t.accent}; image: url("{check}"); }}
    QCheckBox::indicator:disabled {{ background: {t.sunken}; border-color: {t.line}; }}
    QCheckBox::indicator:checked:disabled {{ background: {t.faint}; border-color: {t.faint}; }}
    QRadioButton {{ spacing: 8px; padding: 1px 4px; border: 1px solid transparent;
        border-radius: 5px; }}
    QRadioButton:focus {{ border-color: {t.accent}; }}
    QRadioButton::indicator {{
        width: 13px; height: 13px; background: {t.surface}; border: 1px solid {t.muted};
        border-radius: 7px; }}
    QRadioButton::indicator:checked {{
        width: 7px; height: 7px; background: {t.on_accent}; border: 4px solid {t.accent};
        border-radius: 7px; }}
    QSlider:horizontal {{ min-height: 22px; border: 1px solid transparent; border-radius: 6px; }}
    QSlider:horizontal:focus {{ border-color: {t.accent}; }}
    QSlider::groove:horizontal {{ height: 4px; background: {t.line}; border-radius: 2px; }}
    QSlider::sub-page:horizontal {{ background: {t.accent}; border-radius: 2px; }}
    QSlider::handle:horizontal {{
        background: {t.accent}; width: 14px; height: 14px; margin: -5px 0; border-radius: 7px; }}
    QSplitter::handle {{ background: transparent; }}
    QMenu {{
        background: {t.surface}; border: 1px solid {t.line}; padding: 4px; }}
    QMenu::item {{ padding: 6px 24px 6px 12px; border-radius: 4px; }}
    QMenu::item:selected {{ background: {t.accent_soft}; color: {t.accent}; }}
    QMenu::item:disabled {{ color: {t.muted}; background: transparent; }}
    QMenu::separator {{ height: 1px; background: {t.line}; margin: 4px 8px; }}
    QToolTip {{
        background: {t.surface}; color: {t.text}; border: 1px solid {t.line}; padding: 4px; }}
    QScrollBar:vertical {{ background: transparent; width: 10px; margin: 2px; }}
    QScrollBar::handle:vertical {{ background: {t.line}; border-radius: 3px; min-height: 28px; }}
    QScrollBar::handle:vertical:hover {{ background: {t.muted}; }}
    QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 2px; }}
    QScrollBar::handle:horizontal {{
        background: {t.line}; border-radius: 3px; min-width: 28px; }}
    QScrollBar::handle:horizontal:hover {{ background: {t.muted}; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; width: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    """


def application_icon() -> QIcon:
    """A pointer meeting its target, drawn at the usual sizes."""
    icon = QIcon()
    for side in (16, 24, 32, 48, 64, 128, 256):
        icon.addPixmap(_icon_pixmap(side))
    return icon


def _icon_pixmap(side: int) -> QPixmap:
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(side / 64, side / 64)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(_ICON))
    painter.drawRoundedRect(QRectF(2, 2, 60, 60), 14, 14)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor("#ffffff"), 5))
    painter.drawEllipse(QPointF(27, 27), 14, 14)
    edge = QPen(QColor(_ICON), 3)
    edge.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(edge)
    painter.setBrush(QBrush(QColor("#ffffff")))
    arrow = ((27, 27), (53, 37), (42, 42), (37, 53))
    painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in arrow]))
    painter.end()
    return pixmap
