"""What the reader sees: texts with their places, and the windows they lie in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agent_app.geometry import FrameBox


@dataclass(frozen=True, slots=True)
class Element:
    """One readable thing on the screen, in pixels of the frame.

    `role` is the accessibility role in lower case ("push button", "menu item", "text") or empty
    when only pixels were read; `window` is the title of the window it lies in, or empty;
    `confidence` is 0..1, and 1 for the accessibility tree.
    """

    text: str
    box: FrameBox
    source: Literal["ocr", "accessibility"]
    confidence: float = 1.0
    role: str = ""
    window: str = ""
    focused: bool = False
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Window:
    """A top-level window; `box` is its part inside the frame, `active` says it has the focus."""

    title: str
    application: str
    box: FrameBox
    active: bool


@dataclass(frozen=True, slots=True)
class Sight:
    """Everything readable in one frame; windows from the topmost down."""

    elements: tuple[Element, ...]
    windows: tuple[Window, ...] = ()
    notes: tuple[str, ...] = ()  # what could not be read, and why: for the thought and the log
