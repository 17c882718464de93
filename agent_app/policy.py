"""What may be done, whatever the model answers: the last word before any input is sent.

The model and the screen it reads are untrusted. A refusal is a `ModelMistake`, so the model is told
and may choose another way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from agent_app.actions import Action, Click, Drag, Hold, Hotkey, Press, Scroll
from agent_app.errors import ModelMistake
from agent_app.geometry import Region, ScreenPoint

# Chords that leave the session, switch its terminal or kill its X server.
_BARRED = frozenset(
    frozenset(chord.split("+"))
    for chord in (
        "ctrl+alt+delete",
        "ctrl+alt+backspace",
        "alt+printscreen",
        *(f"ctrl+alt+f{n}" for n in range(1, 13)),
    )
)
_SIDES = ("left", "right")


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of one run. `barred` are key chords that are never pressed, in any order."""

    barred: frozenset[frozenset[str]] = _BARRED

    def check(self, action: Action, *, points: Iterable[ScreenPoint], region: Region) -> None:
        """Raises ModelMistake when the action may not be done.

        `points` are the places it touches, `region` the part of the screen the agent may touch.
        """
        for point in points:
            if not region.contains(point):
                raise ModelMistake(
                    f"({point.x}, {point.y}) is outside the part of the screen you may act on."
                )
        chord = frozenset(_plain(key) for key in _keys_together(action))
        for barred in self.barred:
            if barred <= chord:
                raise ModelMistake(
                    f"{'+'.join(sorted(barred))} is barred: it would leave this desktop session."
                )


def _keys_together(action: Action) -> tuple[str, ...]:
    match action:
        case Hotkey(keys=keys) | Hold(keys=keys):
            return keys
        case Click(modifiers=keys) | Drag(modifiers=keys) | Scroll(modifiers=keys):
            return keys
        case Press(keys=keys) if len(keys) == 1:
            return keys
        case _:
            return ()


def _plain(key: str) -> str:
    """`ctrlleft` and `ctrlright` are `ctrl` when it comes to chords."""
    for side in _SIDES:
        if key.endswith(side) and key != side:
            return key.removesuffix(side)
    return key
