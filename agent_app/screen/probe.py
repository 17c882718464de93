"""Whether captures show what is on the screen: draw something small, and look for it.

Under Wayland the X root window can be read, but holds none of what a person sees; a machine whose
screen is off or locked, or a remote session that was detached, hands out black or old pictures.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from agent_app.geometry import Region
from agent_app.screen.frame import Pixels

if TYPE_CHECKING:
    from Xlib.display import Display
    from Xlib.xobject.drawable import Window

_SIDE = 6
_COLORS = (0xFF00FF, 0x00FF00)
_SECONDS = 1.0


def capture_is_live(
    display: str | None, region: Region, capture: Callable[[Region], Pixels]
) -> bool:
    """Whether a small window drawn in the region's top left corner appears in a capture.

    It is there for a few milliseconds in two colours. Where the system is not X11 there is no
    probe, and a capture counts as live when it is not black.
    """
    corner = Region(region.left, region.top, _SIDE, _SIDE)
    if not sys.platform.startswith("linux"):
        return bool(capture(region).any())
    from Xlib import X
    from Xlib.display import Display

    connection = Display(display)
    try:
        window = connection.screen().root.create_window(
            *(corner.left, corner.top, _SIDE, _SIDE),
            border_width=0,
            depth=X.CopyFromParent,
            override_redirect=True,
        )
        window.map()
        seen = all(_appears(connection, window, color, corner, capture) for color in _COLORS)
        window.destroy()
        connection.sync()
        return seen
    finally:
        connection.close()


def _appears(
    connection: Display,
    window: Window,
    color: int,
    corner: Region,
    capture: Callable[[Region], Pixels],
) -> bool:
    """Paint the window and wait until a capture shows the colour, or give up."""
    wanted = (color >> 16, color >> 8 & 0xFF, color & 0xFF)
    window.change_attributes(background_pixel=color)
    window.clear_area()
    window.raise_window()
    connection.sync()
    deadline = time.monotonic() + _SECONDS
    while tuple(capture(corner)[_SIDE // 2, _SIDE // 2].tolist()) != wanted:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True
