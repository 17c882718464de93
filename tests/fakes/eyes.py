"""Eyes that see what was prepared, and short ways to prepare it."""

from __future__ import annotations

from collections.abc import Mapping

from PIL import Image

from agent_app.geometry import FrameBox, FrameTransform, ScreenPoint, Size
from agent_app.model_runtime import ImagePart
from agent_app.runtimes.reader.sight import Element, Sight, Window

SIZE = Size(1280, 800)


class FakeEyes:
    """Sees, in the picture of each name, the sight prepared for it; `looks` are the names seen."""

    def __init__(self, sights: Mapping[str, Sight]) -> None:
        self.looks: list[str] = []
        self.closed = False
        self._sights = sights

    def look(self, part: ImagePart) -> Sight:
        self.looks.append(part.sha1)
        return self._sights[part.sha1]

    def close(self) -> None:
        self.closed = True


def picture(name: str) -> ImagePart:
    """A blank screenshot that fake eyes know by its name."""
    image = Image.new("RGB", (SIZE.width, SIZE.height))
    return ImagePart(image, name, FrameTransform(ScreenPoint(0, 0), 1.0, SIZE))


def box(left: float, top: float, width: float = 60, height: float = 20) -> FrameBox:
    return FrameBox(left, top, width, height)


def read(text: str, left: float, top: float, width: float | None = None) -> Element:
    """A text that OCR read."""
    return Element(text, box(left, top, width or max(10, 9 * len(text))), "ocr", confidence=0.97)


def told(
    role: str,
    text: str,
    left: float,
    top: float,
    *,
    width: float = 80,
    height: float = 24,
    window: str = "",
    enabled: bool = True,
) -> Element:
    """A thing that the accessibility tree told of."""
    place = box(left, top, width, height)
    return Element(text, place, "accessibility", role=role, window=window, enabled=enabled)


def window(
    title: str,
    left: float = 0,
    top: float = 0,
    width: float = 1280,
    height: float = 800,
    *,
    application: str = "",
    active: bool = False,
) -> Window:
    return Window(title, application, box(left, top, width, height), active)


def sight(*elements: Element, windows: tuple[Window, ...] = ()) -> Sight:
    return Sight(elements, windows)
