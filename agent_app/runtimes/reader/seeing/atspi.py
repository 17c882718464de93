"""The words of AT-SPI 2 over D-Bus: its interfaces, and questions to what stands in its tree."""

from __future__ import annotations

from collections.abc import Sequence

from jeepney import DBusAddress, Message, new_method_call

from agent_app.runtimes.reader.seeing.bus import Bus, BusError

REGISTRY = "org.a11y.atspi.Registry"
ROOT = "/org/a11y/atspi/accessible/root"
TREE = "org.a11y.atspi.Accessible"
COMPONENT = "org.a11y.atspi.Component"
TEXT = "org.a11y.atspi.Text"
PROPERTIES = "org.freedesktop.DBus.Properties"
DAEMON = DBusAddress(
    "/org/freedesktop/DBus", bus_name="org.freedesktop.DBus", interface="org.freedesktop.DBus"
)
_LAUNCHER = DBusAddress("/org/a11y/bus", bus_name="org.a11y.Bus", interface="org.a11y.Bus")

# Bits of a state, of atspi-constants.h.
ACTIVE, CHECKED, ENABLED, FOCUSED, MULTI_LINE = 1, 4, 8, 12, 17
SENSITIVE, SHOWING, VISIBLE, MANAGES_DESCENDANTS, CHECKABLE = 24, 25, 30, 31, 41


def bus_address(session_bus: str, *, seconds: float) -> str:
    """The address of the accessibility bus, which is started if it does not run yet.

    Raises BusError when the session has none, or nobody answers in time.
    """
    if not session_bus:
        raise BusError("no session bus")
    with Bus(session_bus) as session:
        session.begin(seconds)
        (answer,) = session.ask([new_method_call(_LAUNCHER, "GetAddress")])
    if not answer:
        raise BusError("no accessibility bus answers")
    return str(answer[0])


def method_call(
    owner: str,
    path: str,
    interface: str,
    method: str,
    signature: str | None = None,
    body: tuple[object, ...] = (),
) -> Message:
    """A method call to one object of an application."""
    return new_method_call(DBusAddress(path, owner, interface), method, signature, body)


def state_bits(words: Sequence[int]) -> int:
    """The set of states that comes as two words; none when it does not."""
    return int(words[0]) | int(words[1]) << 32 if len(words) == 2 else 0
