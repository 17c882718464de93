"""The colours: letters that can be read on every ground that they stand on."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor

from agent_app.ui.theme import DARK, LIGHT, MARK_LABEL, SPOKEN, Theme

LEAST = 4.5  # WCAG 2.2, 1.4.3, for text of an ordinary size


def luminance(name: str) -> float:
    """WCAG's relative luminance."""
    colour = QColor(name)
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_measured_as_it_is_defined() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_letters_stand_out_from_every_ground(theme: Theme) -> None:
    grounds = (theme.window, theme.surface, theme.sunken, theme.accent_soft)
    pairs = [(ink, ground) for ink in (theme.text, theme.muted) for ground in grounds]
    pairs += [(theme.accent, ground) for ground in grounds]
    for tone in ("good", "warn", "bad"):
        soft, ink = theme.tone(tone)
        pairs += [(each, soft) for each in (theme.text, theme.muted, ink)]
        pairs += [(ink, theme.window), (ink, theme.surface)]
    pairs += [(theme.on_accent, theme.accent), (theme.on_accent, theme.accent_hover)]
    pairs += [("#ffffff", MARK_LABEL), ("#ffffff", SPOKEN)]
    weak = {pair: round(contrast(*pair), 2) for pair in pairs if contrast(*pair) < LEAST}
    assert weak == {}
