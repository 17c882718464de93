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
from agent_app.keys import STOP_CHORD, without_side

# Chords that leave the session, switch its terminal or kill its X server, and a person's own.
_BARRED = frozenset(
    frozenset(chord.split("+"))
    for chord in (
        "ctrl+alt+delete",
        "ctrl+alt+backspace",
        "alt+printscreen",
        "+".join(STOP_CHORD),
        *(f"ctrl+alt+f{n}" for n in range(1, 13)),
    )
)


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
        chord = frozenset(without_side(key) for key in _keys_together(action))
        for barred in self.barred:
            if barred <= chord:
                chord_name = "+".join(sorted(barred))
                why = (
                    "it is how a person stops you"
                    if barred == frozenset(STOP_CHORD)
                    else "it would leave this desktop session"
                )
                raise ModelMistake(f"{chord_name} is barred: {why}.")


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
