"""Surroundings that are written down: what stands where, without pixels and applications."""

# ruff: noqa: ARG002 - who writes down what is there needs no frame

from __future__ import annotations

from dataclasses import dataclass

from agent_app.events import ShownText, WindowRef
from agent_app.geometry import FramePoint
from agent_app.policy.scene import Focus, Hosts, Nearby
from agent_app.screen.frame import Frame


@dataclass
class WrittenSurroundings:
    """Says `label` of whatever is clicked; `looks` counts how often it was asked."""

    label: str = ""
    dialog: str | None = ""
    focused: Focus | None = Focus(field=True)  # noqa: RUF009 - frozen
    at: Hosts = Hosts()  # noqa: RUF009 - frozen
    harmless: bool = False
    drawn: bool = True
    sure: bool = True
    blind: bool = False
    looks: int = 0

    def near(self, frame: Frame, point: FramePoint, window: WindowRef | None) -> Nearby | None:
        self.looks += 1
        if self.blind:
            return None
        own = (ShownText(self.label),) if self.label else ()
        return Nearby(own, self.harmless, self.drawn, self.sure)

    def around(
        self, frame: Frame, point: FramePoint | None, window: WindowRef | None
    ) -> tuple[ShownText, ...] | None:
        self.looks += 1
        if self.dialog is None:
            return None
        return (ShownText(self.dialog),) if self.dialog else ()

    def focus(self, window: WindowRef) -> Focus | None:
        self.looks += 1
        return self.focused

    def hosts(self, frame: Frame, window: WindowRef) -> Hosts:
        self.looks += 1
        return self.at
