"""The devices of an X server: which are hands, which are programs, and what they do."""

from __future__ import annotations

import struct
from collections.abc import Collection, Sequence, Set
from typing import Any

from Xlib.display import Display
from Xlib.error import ConnectionClosedError, DisplayError, XauthError
from Xlib.ext import xinput

from agent_app.errors import KnownError

_XI_MAJOR, _XI_MINOR = 2, 2  # from 2.1 on, raw events tell the device, and come during grabs, too
RAW_FIELDS = struct.Struct("=HIIHHI")  # device, time, detail, source device, valuators, flags


class _QueryVersion(xinput.XIQueryVersion):  # the library's own call asks for 2.0
    pass


def connect(name: str, extensions: Sequence[str]) -> Display:
    """A connection to a display on which hands can be felt.

    Raises KnownError when it cannot be reached or lacks one of these extensions.
    """
    try:
        display = Display(name)
    except (DisplayError, ConnectionClosedError, XauthError) as error:
        raise KnownError(
            f"cannot connect to the display {name}: {error}",
            remedy="check DISPLAY and XAUTHORITY, or use --virtual 1280x800",
        ) from error
    for extension in extensions:
        if not display.has_extension(extension):
            display.close()
            raise KnownError(
                f"the display {name} cannot be listened to: it lacks the {extension} extension",
                remedy="enable it in the X server, or use --virtual 1280x800",
            )
    return display


def select_raw(display: Any, kinds: Collection[int]) -> Set[int]:
    """Ask for these raw events of all devices; returns those through which programs send input.

    Changes of the devices come as `xinput.HierarchyChanged`. Raises KnownError when the server
    does not tell the device of an event.
    """
    answer: Any = _QueryVersion(
        display=display.display,
        opcode=display.display.get_extension_major(xinput.extname),
        major_version=_XI_MAJOR,
        minor_version=_XI_MINOR,
    )
    if (answer.major_version, answer.minor_version) < (2, 1):
        raise KnownError(
            f"this X server's input extension is too old "
            f"({answer.major_version}.{answer.minor_version})",
            remedy="it needs XInput 2.1 or newer, which every X server since 2011 has",
        )
    masks = sum(1 << kind for kind in kinds)
    display.screen().root.xinput_select_events(
        [(xinput.AllMasterDevices, masks), (xinput.AllDevices, xinput.HierarchyChangedMask)]
    )
    display.sync()
    return program_devices(display)


def program_devices(display: Any) -> Set[int]:
    """The devices through which programs send input: each master has an XTEST one."""
    devices = display.xinput_query_device(xinput.AllDevices).devices
    return frozenset(device.deviceid for device in devices if "XTEST" in device.name)
