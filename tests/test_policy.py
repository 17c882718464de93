"""What policy refuses, whatever the model answers."""

from __future__ import annotations

import pytest

from agent_app.actions import Click, Hold, Hotkey, Press, Write
from agent_app.errors import ModelMistake
from agent_app.geometry import Region, RelativePoint, ScreenPoint
from agent_app.policy import Policy

REGION = Region(-1280, 0, 1280, 800)


@pytest.mark.parametrize(
    "action",
    [
        Hotkey(("ctrl", "alt", "delete")),
        Hotkey(("delete", "altright", "ctrlleft")),
        Hotkey(("ctrl", "shift", "alt", "backspace")),
        Hold(("ctrl", "alt", "f2"), 1.0),
        Hotkey(("alt", "printscreen")),
        Hotkey(("Control", "Alt", "Del")),  # as a recording or a test may spell it
        Hotkey(("Ctrl_L", "option", "End")),
    ],
)
def test_chords_that_leave_the_session_are_refused(action):
    with pytest.raises(ModelMistake, match="barred"):
        Policy().check(action, points=(), region=REGION)


@pytest.mark.parametrize(
    "action",
    [Hotkey(("ctrl", "s")), Hotkey(("alt", "f4")), Press(("delete",)), Write("ctrl+alt+delete")],
)
def test_ordinary_input_is_allowed(action):
    assert Policy().check(action, points=(), region=REGION) is None


def test_only_the_captured_region_may_be_touched():
    click = Click(at=RelativePoint(0, 0))
    assert Policy().check(click, points=(ScreenPoint(-1280, 0),), region=REGION) is None
    for outside in (ScreenPoint(0, 0), ScreenPoint(-1281, 0), ScreenPoint(-1, 800)):
        with pytest.raises(ModelMistake, match="outside"):
            Policy().check(click, points=(outside,), region=REGION)
