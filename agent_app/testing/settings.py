"""What a test's desktop is like: its size, scale, language, theme and letters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from agent_app.errors import KnownError
from agent_app.geometry import Region, Size

_SIZE = re.compile(r"(\d{3,5})x(\d{3,5})")
_THEMES = {"light": "Adwaita", "dark": "Adwaita:dark"}
_FONT = re.compile(r"(.+?)(?:\s+(\d+(?:\.\d+)?))?")


@dataclass(frozen=True, slots=True)
class DesktopSettings:
    """A private desktop as a test wants it.

    `scale` is how large applications draw. `locale` is that of every application, so that a test
    finds the same words on every machine. `theme` is "light", "dark" or a GTK theme's name, and
    `font` a family with or without a size in points; empty leaves them to the toolkits. A `fresh`
    desktop is started for this test alone, with an empty home.
    """

    size: Size = field(default_factory=lambda: Size(1280, 800))
    scale: float = 1.0
    locale: str = "C.UTF-8"
    theme: str = ""
    font: str = ""
    fresh: bool = False

    def environment(self) -> Mapping[str, str]:
        """What applications are told by their environment."""
        told = {"LANG": self.locale, "LC_ALL": self.locale, "LANGUAGE": self.locale.split(".")[0]}
        if self.scale != 1.0:
            told["QT_SCALE_FACTOR"] = f"{self.scale:g}"
            name = "GDK_SCALE" if self.scale.is_integer() else "GDK_DPI_SCALE"
            told[name] = f"{self.scale:g}"
        if self.theme:
            told["GTK_THEME"] = _THEMES.get(self.theme, self.theme)
        return told

    def layout(self, region: Region) -> str:
        """What decides where things lie on such a desktop, such as `1280x800, theme dark`."""
        words = [f"{region.width}x{region.height}"]
        plain = DesktopSettings()
        for name in ("scale", "locale", "theme", "font"):
            if getattr(self, name) != getattr(plain, name):
                words.append(f"{name} {getattr(self, name)}")
        return ", ".join(words)

    def write(self, *, home: Path, config: Path) -> None:
        """Write what toolkits read from files, into a home and a folder of settings."""
        if not self.font:
            return
        match = _FONT.fullmatch(self.font)
        assert match is not None
        family, points = match[1], match[2] or "11"
        for name in ("gtk-3.0", "gtk-4.0"):
            folder = config / name
            folder.mkdir(parents=True, exist_ok=True)
            text = f"[Settings]\ngtk-font-name={family} {points}\n"
            (folder / "settings.ini").write_text(text, "utf-8")
        (home / ".gtkrc-2.0").write_text(f'gtk-font-name="{family} {points}"\n', "utf-8")
        folder = config / "fontconfig"
        folder.mkdir(parents=True, exist_ok=True)
        alias = f"<alias><family>sans-serif</family><prefer><family>{family}</family></prefer>"
        (folder / "fonts.conf").write_text(
            f'<?xml version="1.0"?>\n<fontconfig>{alias}</alias></fontconfig>\n', "utf-8"
        )


def read_size(text: str) -> Size:
    """`1280x800`. Raises KnownError when it is no size."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise KnownError(f"cannot read the size {text!r}", remedy="give it as 1280x800")
    return Size(int(match[1]), int(match[2]))


def changed_settings(settings: DesktopSettings, wanted: Mapping[str, Any]) -> DesktopSettings:
    """Settings with what a marker gives instead. Raises KnownError for what there is not."""
    names = [each.name for each in fields(DesktopSettings)]
    if unknown := sorted(wanted.keys() - names):
        raise KnownError(
            f"the marker agent has no {', '.join(unknown)}", remedy=f"use {', '.join(names)}"
        )
    values = dict(wanted)
    if isinstance(values.get("size"), str):
        values["size"] = read_size(values["size"])
    if "scale" in values:
        values["scale"] = float(values["scale"])
    for name in ("theme", "font"):
        if any(sign in str(values.get(name, "")) for sign in '<>"&\n'):
            raise KnownError(f"{values[name]!r} is no {name}", remedy="give its plain name")
    return replace(settings, **values)
