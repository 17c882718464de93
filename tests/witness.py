"""A plain X window that notes every event it gets, to see input from the application's side."""

from __future__ import annotations

from dataclasses import dataclass

from Xlib import XK, X
from Xlib.display import Display
from Xlib.ext import xtest

_MASK = (
    X.KeyPressMask
    | X.KeyReleaseMask
    | X.ButtonPressMask
    | X.ButtonReleaseMask
    | X.PointerMotionMask
    | X.FocusChangeMask
    | X.StructureNotifyMask
)
_KINDS = {
    X.KeyPress: "key_down",
    X.KeyRelease: "key_up",
    X.ButtonPress: "button_down",
    X.ButtonRelease: "button_up",
    X.MotionNotify: "move",
    X.FocusIn: "focus",
}


@dataclass(frozen=True)
class Seen:
    """One event; `detail` is the keycode or button, places are the screen's."""

    kind: str
    detail: int = 0
    x: int = 0
    y: int = 0
    state: int = 0


class Witness:
    """The window, with the keyboard. Its own connection sees the server as any client does."""

    def __init__(self, display_name: str) -> None:
        self.display = Display(display_name)
        self.root = self.display.screen().root
        self._window = self.root.create_window(
            *(300, 200, 400, 300), 0, X.CopyFromParent, event_mask=_MASK
        )
        self._window.set_wm_name("witness")
        self._window.map()
        self.display.sync()
        self.all: list[Seen] = []

    def seen(self) -> list[Seen]:
        """Everything so far, in order."""
        self.display.sync()
        while self.display.pending_events():
            event = self.display.next_event()
            kind = _KINDS.get(event.type)
            if kind == "focus":
                self.all.append(Seen("focus"))
            elif kind is not None:
                self.all.append(Seen(kind, event.detail, event.root_x, event.root_y, event.state))
        return self.all

    def take(self) -> list[Seen]:
        """What came since the last look."""
        self.all = []
        return self.seen()

    def grab_keyboard(self) -> None:
        """Get every key from now on, also those the window manager acts on."""
        mode = X.GrabModeAsync
        assert self._window.grab_keyboard(True, mode, mode, X.CurrentTime) == X.GrabSuccess

    def tap(self, keycode: int) -> None:
        """Press and let go of a key, as a hand would."""
        xtest.fake_input(self.display, X.KeyPress, keycode)
        xtest.fake_input(self.display, X.KeyRelease, keycode)
        self.display.sync()

    def keys_down(self) -> list[int]:
        """The keycodes that are down, by the server's own account."""
        bits = self.display.query_keymap()
        return [code for code in range(256) if bits[code // 8] >> code % 8 & 1]

    def state(self) -> int:
        """Modifiers and buttons that are on."""
        return self.root.query_pointer().mask

    def keymap(self) -> list[tuple[int, ...]]:
        """All keysyms of all keycodes."""
        first, last = self.display.display.info.min_keycode, self.display.display.info.max_keycode
        rows = self.display.get_keyboard_mapping(first, last - first + 1)
        return [tuple(row) for row in rows]

    def keysym(self, press: Seen) -> int:
        """What a key press stands for: level 2 by Shift, on the keypad's digits by NumLock too."""
        row = self.display.get_keyboard_mapping(press.detail, 1)[0]
        second = bool(press.state & X.ShiftMask)
        if XK.XK_KP_Separator <= row[1] <= XK.XK_KP_9:
            second = second != bool(press.state & X.Mod2Mask)
        return row[1 if second else 0]

    def outer_place(self) -> tuple[int, int]:
        """Where the window's top left corner is on the screen."""
        self.display.sync()
        place = self._window.translate_coords(self.root, 0, 0)
        return -place.x, -place.y

    def own_and_drop(self, name: str) -> int:
        """Leave a selection without an owner; its atom."""
        selection = self.display.get_atom(name)
        self._window.set_selection_owner(selection, X.CurrentTime)
        nobody = self.display.create_resource_object("window", X.NONE)
        nobody.set_selection_owner(selection, X.CurrentTime)
        self.display.sync()
        return selection

    def close(self) -> None:
        self._window.destroy()
        self.display.close()
