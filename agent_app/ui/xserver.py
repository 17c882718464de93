"""What only the X server knows of our window: where it really is, and whether it is really gone."""

from __future__ import annotations

from typing import Any

from Xlib import X, display, error

from agent_app.geometry import Region


class XProbe:
    """A connection of its own to the X server, for one thread.

    `name` is the display (such as `:0`); None is the environment's.
    """

    def __init__(self, name: str | None = None) -> None:
        self._display: Any = display.Display(name)
        self._root: Any = self._display.screen().root

    def close(self) -> None:
        """End the connection."""
        self._display.close()

    def outermost(self, window: int) -> int:
        """The window manager's frame around a window, or the window itself without one."""
        current = self._display.create_resource_object("window", window)
        while True:
            parent = current.query_tree().parent
            if parent == X.NONE or parent.id == self._root.id:
                return int(current.id)
            current = parent

    def place(self, window: int) -> Region:
        """Where a window lies on the screen, in pixels, its frame's border included."""
        resource = self._display.create_resource_object("window", window)
        geometry = resource.get_geometry()
        corner = resource.translate_coords(self._root, 0, 0)  # the root's, as seen from the window
        border = 2 * geometry.border_width
        return Region(-corner.x, -corner.y, geometry.width + border, geometry.height + border)

    def on_screen(self, window: int) -> bool:
        """Whether the server shows the window, or would if nothing lay over it."""
        try:
            resource = self._display.create_resource_object("window", window)
            return bool(resource.get_attributes().map_state == X.IsViewable)
        except (error.BadWindow, error.BadDrawable):  # a frame ends with its window
            return False
