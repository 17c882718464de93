"""How a person is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from agent_app.demonstration.gestures import Signal
from agent_app.keys import STOP_CHORD

# Pressed in no everyday work: both Ctrl keys type nothing anywhere, terminals included.
SECRET_CHORD = ("ctrlleft", "ctrlright")


@dataclass(frozen=True, slots=True)
class RecordingOptions:
    """How a person is recorded.

    With `injected`, input that programs send counts as theirs, as that of VNC does.
    `secret_windows` are parts of titles or applications into which everything typed is secret.
    """

    injected: bool = False
    secret_windows: tuple[str, ...] = ()
    stop_chord: tuple[str, ...] = STOP_CHORD
    secret_chord: tuple[str, ...] = SECRET_CHORD

    def chords(self) -> Mapping[frozenset[str], Signal]:
        """The chords, as the recognizer takes them."""
        return MappingProxyType(
            {frozenset(self.stop_chord): "stop", frozenset(self.secret_chord): "secret"}
        )
