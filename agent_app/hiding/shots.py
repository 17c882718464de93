"""A captured frame, and what is known of the windows around that moment."""

from __future__ import annotations

from dataclasses import dataclass

from agent_app.events import WindowRef
from agent_app.screen.frame import Frame


@dataclass(frozen=True, slots=True)
class Shot:
    """A frame that differs from the one before it, and when its capture was over.

    `windows` are those right after the capture, `before` those right before it.
    """

    frame: Frame
    taken: float
    windows: tuple[WindowRef, ...]
    before: tuple[WindowRef, ...]
