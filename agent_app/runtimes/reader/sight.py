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
    `confidence` is 0..1, and 1 for the accessibility tree. What only that tells: whether it is
    `checked` (None for what cannot be), its whole `extent` where `box` is its text's alone, and the
    `reference` by which its application knows it.
    """

    text: str
    box: FrameBox
    source: Literal["ocr", "accessibility"]
    confidence: float = 1.0
    role: str = ""
    window: str = ""
    focused: bool = False
    enabled: bool = True
    checked: bool | None = None
    extent: FrameBox | None = None
    reference: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """A top-level window; `box` is its part inside the frame, `active` says it has the focus.

    `process` is 0 when the window does not say; a menu or another popup has `popup` set.
    """

    title: str
    application: str
    box: FrameBox
    active: bool
    process: int = 0
    popup: bool = False


@dataclass(frozen=True, slots=True)
class Sight:
    """Everything readable in one frame; windows from the topmost down."""

    elements: tuple[Element, ...]
    windows: tuple[Window, ...] = ()
    notes: tuple[str, ...] = ()  # what could not be read, and why: for the thought and the log
    hidden: tuple[Element, ...] = ()  # what applications tell of that another window covers
