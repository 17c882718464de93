#!/usr/bin/python3
"""What applications show, said by Debian's own accessibility client, with each name drawn.

Run by bench/reader.py under the system's interpreter, because the bindings (python3-gi,
gir1.2-atspi-2.0, python3-gi-cairo) come as Debian packages only. It shares no code with the reader.
Prints JSON: the visible named elements with their boxes, and every name drawn as toolkits draw it
(regular and bold, with each way of hinting), so that the boxes can be checked against the pixels.
"""

from __future__ import annotations

import base64
import itertools
import json
import sys
import zlib
from typing import Any

import gi

gi.require_version("Atspi", "2.0")
gi.require_version("Pango", "1.0")
gi.require_version("PangoCairo", "1.0")
import cairo  # noqa: E402 - after the versions are chosen
from gi.repository import Atspi, GLib, Pango, PangoCairo  # noqa: E402

ROLES = frozenset(
    "check box,check menu item,label,link,list item,menu,menu item,page tab,push button,"
    "radio button,radio menu item,table column header,toggle button,tree item".split(",")
)
FONTS = ("Sans 10", "Sans Bold 10")
HINTS = (cairo.HINT_STYLE_NONE, cairo.HINT_STYLE_SLIGHT, cairo.HINT_STYLE_FULL)
WHOLE_PIXELS = (False, True)  # GTK 2 puts every letter on a whole pixel


def visit(node: Any, window: str, found: list[dict[str, Any]], depth: int = 0) -> None:
    """Collect the elements below a node."""
    try:
        states = node.get_state_set()
        role = node.get_role_name()
        if role in ("frame", "dialog", "file chooser", "alert"):
            window = node.get_name()
        shows = all(
            states.contains(state) for state in (Atspi.StateType.SHOWING, Atspi.StateType.VISIBLE)
        )
        if depth > 1 and not shows:
            return
        name = " ".join((node.get_name() or "").split())
        if shows and name and role in ROLES:
            box = node.get_extents(Atspi.CoordType.SCREEN)
            if box.width > 1 and box.height > 1 and box.x >= 0 and box.y >= 0:
                sides = [box.x, box.y, box.width, box.height]
                found.append({"name": name, "role": role, "window": window, "box": sides})
        if states.contains(Atspi.StateType.MANAGES_DESCENDANTS):
            return
        for index in range(min(node.get_child_count(), 300)):
            child = node.get_child_at_index(index)
            if child is not None:
                visit(child, window, found, depth + 1)
    except GLib.Error:  # gone since it was listed
        return


def layout(context: Any, text: str, font: str, hints: Any, whole_pixels: bool) -> Any:
    options = cairo.FontOptions()
    options.set_antialias(cairo.ANTIALIAS_GRAY)
    options.set_hint_style(hints)
    options.set_hint_metrics(cairo.HINT_METRICS_ON if whole_pixels else cairo.HINT_METRICS_OFF)
    made = PangoCairo.create_layout(context)
    PangoCairo.context_set_font_options(made.get_context(), options)
    made.get_context().set_round_glyph_positions(whole_pixels)
    made.set_font_description(Pango.FontDescription(font))
    made.set_text(text, -1)
    return made


def drawn(text: str, *style: Any) -> dict[str, Any]:
    """The text as a toolkit draws it, white on black."""
    blank = cairo.Context(cairo.ImageSurface(cairo.FORMAT_RGB24, 1, 1))
    extents, _ = layout(blank, text, *style).get_pixel_extents()
    width, height = max(1, extents.width), max(1, extents.height)
    surface = cairo.ImageSurface(cairo.FORMAT_RGB24, width, height)
    context = cairo.Context(surface)
    context.set_source_rgb(1, 1, 1)
    context.move_to(-extents.x, -extents.y)
    PangoCairo.show_layout(context, layout(context, text, *style))
    surface.flush()
    data, stride = bytes(surface.get_data()), surface.get_stride()
    grey = b"".join(data[row * stride + 1 : row * stride + 4 * width : 4] for row in range(height))
    packed = base64.b64encode(zlib.compress(grey)).decode()
    return {"width": width, "height": height, "grey": packed}


def main() -> None:
    Atspi.init()
    Atspi.set_timeout(2000, 5000)
    found: list[dict[str, Any]] = []
    desktop = Atspi.get_desktop(0)
    for index in range(desktop.get_child_count()):
        application = desktop.get_child_at_index(index)
        if application is not None:
            visit(application, "", found)
    styles = list(itertools.product(FONTS, HINTS, WHOLE_PIXELS))
    names = sorted({element["name"] for element in found})
    pictures = {name: [drawn(name, *style) for style in styles] for name in names}
    json.dump({"elements": found, "pictures": pictures}, sys.stdout)


main()
