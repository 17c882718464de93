"""Questions about the focus: what has it, what that is, and to be told when it moves."""

from __future__ import annotations

from jeepney import DBusAddress, new_method_call
from jeepney.io.blocking import DBusConnection

from agent_app.runtimes.reader.seeing.atspi import (
    ACTIVE,
    FOCUSED,
    REGISTRY,
    ROOT,
    SHOWING,
    TREE,
    method_call,
    state_bits,
)
from agent_app.runtimes.reader.seeing.bus import Bus

_SECONDS = 1.0  # for one question to an application
_TRIES = 5  # to ask a field what it is

# Of the AT-SPI 2 specification (atspi-constants.h).
_PASSWORD_TEXT = 40

_REGISTRY = DBusAddress("/org/a11y/atspi/registry", bus_name=REGISTRY, interface=REGISTRY)
_EVENTS = ("object:state-changed:focused", "focus:")  # Qt may hear of the second one only
_LEVELS, _NODES = 40, 3000


def is_password(asking: Bus, owner: str, path: str) -> bool:
    """Whether it is a field for passwords; also when it leaves that unanswered."""
    for _ in range(_TRIES):
        asking.begin(_SECONDS)
        (role,) = asking.ask([method_call(owner, path, TREE, "GetRole")])
        if role is not None or not (asking.late or owner in asking.silent):
            return bool(role and role[0] == _PASSWORD_TEXT)
    return True


def ask_for_events(connection: DBusConnection) -> None:
    """Have applications tell when the focus moves."""
    for event in _EVENTS:
        connection.send(new_method_call(_REGISTRY, "RegisterEvent", "s", (event,)))


def focused_now(bus: Bus) -> tuple[str, str] | None:
    """What has the focus in the active window, as deep in its tree as is told."""
    bus.begin(2 * _SECONDS)
    (answer,) = bus.ask([method_call(REGISTRY, ROOT, TREE, "GetChildren")])
    level = [(str(owner), str(path)) for owner, path in answer[0]] if answer else []
    found: tuple[str, str] | None = None
    seen = 0
    for depth in range(_LEVELS):
        seen += len(level)
        if not level or seen > _NODES:
            break
        states = bus.ask([method_call(owner, path, TREE, "GetState") for owner, path in level])
        entered: list[tuple[str, str]] = []
        for node, state in zip(level, states, strict=True):
            bits = state_bits(state[0]) if state else 0
            if bits >> FOCUSED & 1:
                found = node
            # the applications, then their windows, of which one is active, then what shows there
            if depth == 0 or (bits >> ACTIVE & 1 if depth == 1 else bits >> SHOWING & 1):
                entered.append(node)
        families = bus.ask(
            [method_call(owner, path, TREE, "GetChildren") for owner, path in entered]
        )
        level = [
            (str(owner), str(path))
            for family in families
            if family
            for owner, path in family[0][:400]
        ]
    return found
