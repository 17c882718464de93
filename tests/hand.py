"""A person's hand: input through the X server's own mouse and keyboard, not through XTEST's.

Xvfb has both devices and nothing moves them. XTEST can, when its request names the device (as
XTestFakeDeviceKeyEvent of libXtst does): their events then carry the device's number, as those of a
real mouse and keyboard do.
"""

from __future__ import annotations

import struct
import time

from Xlib.display import Display
from Xlib.ext import record, xinput
from Xlib.protocol import rq

from agent_app.input.x11_keymap import Keymap, keysym_of

# Of the X Input extension's first version, from the number of its first event on.
_KEY_PRESS, _KEY_RELEASE, _BUTTON_PRESS, _BUTTON_RELEASE, _MOTION = range(1, 6)
_VALUATOR = 0
_MORE_EVENTS = 0x80
_FAKE_INPUT = 2


class _FakeInput(rq.Request):
    _request = rq.Struct(
        rq.Card8("opcode"), rq.Opcode(_FAKE_INPUT), rq.RequestLength(), record.RawField("data")
    )


class Hand:
    """Moves, clicks and types as a person does, only faster; `pace` is between two inputs."""

    def __init__(self, display: str, *, pace: float = 0.02) -> None:
        self._display = Display(display)
        self._pace = pace
        self._first = self._display.query_extension("XInputExtension").first_event
        self._opcode = self._display.query_extension("XTEST").major_opcode
        devices = self._display.xinput_query_device(xinput.AllDevices).devices
        own = [device for device in devices if "XTEST" not in device.name]
        self._mouse = next(d.deviceid for d in own if d.use == xinput.SlavePointer)
        self._keyboard = next(d.deviceid for d in own if d.use == xinput.SlaveKeyboard)

    def move(self, x: int, y: int) -> None:
        valuators = struct.pack(
            "=BBHHBBiiiiii", self._first, self._mouse, 0, 0, 2, 0, x, y, *[0] * 4
        )
        self._send(_MOTION, 0, self._mouse | _MORE_EVENTS, valuators)

    def nudge(self, dx: int, dy: int) -> None:
        """Move by so much, as a mouse on a table does."""
        valuators = struct.pack(
            "=BBHHBBiiiiii", self._first, self._mouse, 0, 0, 2, 0, dx, dy, *[0] * 4
        )
        self._send(_MOTION, 1, self._mouse | _MORE_EVENTS, valuators)

    def down(self, button: int = 1) -> None:
        self._send(_BUTTON_PRESS, button, self._mouse)

    def up(self, button: int = 1) -> None:
        self._send(_BUTTON_RELEASE, button, self._mouse)

    def click(self, x: int, y: int, *, button: int = 1, count: int = 1) -> None:
        self.move(x, y)
        for _ in range(count):
            self.down(button)
            self.up(button)

    def drag(self, x: int, y: int, to_x: int, to_y: int) -> None:
        self.move(x, y)
        self.down()
        for share in range(1, 11):
            self.move(x + (to_x - x) * share // 10, y + (to_y - y) * share // 10)
        self.up()

    def key_down(self, code: int) -> None:
        self._send(_KEY_PRESS, code, self._keyboard)

    def key_up(self, code: int) -> None:
        self._send(_KEY_RELEASE, code, self._keyboard)

    def press(self, *names: str) -> None:
        """Keys together, by their canonical names."""
        keymap = Keymap(self._display)
        codes = [keymap.key(name).keycode for name in names]
        for code in codes:
            self.key_down(code)
        for code in reversed(codes):
            self.key_up(code)

    def type(self, text: str) -> None:
        keymap = Keymap(self._display)
        for character in text:
            if character == "\n":
                self.press("enter")
                continue
            stroke = keymap.find(keysym_of(character))
            assert stroke is not None, f"no key for {character!r}"
            for code in (*stroke.modifiers, stroke.keycode):
                self.key_down(code)
            for code in (stroke.keycode, *reversed(stroke.modifiers)):
                self.key_up(code)

    def keys_down(self) -> list[int]:
        """The keys that the server holds to be down."""
        bits = self._display.query_keymap()
        return [code for code in range(256) if bits[code // 8] >> code % 8 & 1]

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def close(self) -> None:
        self._display.close()

    def _send(self, kind: int, detail: int, device: int, more: bytes = b"") -> None:
        event = struct.pack("=BBHIIIIhhII", self._first + kind, detail, *[0] * 9)
        data = event[:31] + bytes([device]) + more
        _FakeInput(display=self._display.display, opcode=self._opcode, data=data)
        self._display.sync()
        time.sleep(self._pace)
