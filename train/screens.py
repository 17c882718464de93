"""What a screen is to those who ask about it: pixels, and the elements on them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PIL import Image

Box = tuple[float, float, float, float]  # left, top, right, bottom; pixels

COLOURS = "red orange yellow green blue purple pink cyan".split()
SHAPES = "circle square triangle diamond star".split()
ICONS = "plus cross search menu arrow play pause download".split()
NOUNS = {
    "button": "button",
    "field": "field",
    "check": "check box",
    "option": "option",
    "tab": "tab",
    "menu": "menu",
    "item": "item",
    "link": "link",
    "icon": "icon",
    "shape": "",
    "text": "",
}
KINDS = tuple(NOUNS)


@dataclass(frozen=True, slots=True)
class Element:
    """Something that can be named. `text` is where its label stands, when it shows one.

    `ends` are the right edges of the label's characters, in pixels. A field's label stands beside
    it and is an element of kind "text"; a shape has a colour and a form, an icon a meaning.
    `row` groups what belongs together.
    """

    kind: str
    label: str
    box: Box
    text: Box | None = None
    ends: tuple[float, ...] = ()
    colour: int = -1
    form: int = -1
    row: int = -1

    @property
    def centre(self) -> tuple[float, float]:
        left, top, right, bottom = self.box
        return (left + right) / 2, (top + bottom) / 2

    def moved(self, dx: float, dy: float, sx: float = 1.0, sy: float = 1.0) -> Element:
        """Shifted by pixels, and then scaled."""

        def at(box: Box) -> Box:
            return (
                (box[0] + dx) * sx,
                (box[1] + dy) * sy,
                (box[2] + dx) * sx,
                (box[3] + dy) * sy,
            )

        return replace(
            self,
            box=at(self.box),
            text=at(self.text) if self.text else None,
            ends=tuple((end + dx) * sx for end in self.ends),
        )


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture in RGB and its elements. `hidden` are labels of what is only partly visible."""

    image: Image.Image
    elements: tuple[Element, ...]
    hidden: frozenset[str] = frozenset()


def cropped(scene: Scene, box: tuple[int, int, int, int]) -> Scene:
    """A part of a scene; what is cut is no element of it any more."""
    left, top, right, bottom = box
    kept: list[Element] = []
    cut: set[str] = set(scene.hidden)
    for element in scene.elements:
        x0, y0, x1, y1 = element.box
        if x0 >= left and y0 >= top and x1 <= right and y1 <= bottom:
            kept.append(element.moved(-left, -top))
        elif x1 > left and y1 > top and x0 < right and y0 < bottom:
            cut.add(element.label)
    return Scene(scene.image.crop(box), tuple(kept), frozenset(cut))


def resized(scene: Scene, size: tuple[int, int]) -> Scene:
    """A scene as the application scales a capture for the model: bicubic."""
    if scene.image.size == size:
        return scene
    sx, sy = size[0] / scene.image.width, size[1] / scene.image.height
    elements = tuple(element.moved(0, 0, sx, sy) for element in scene.elements)
    return Scene(scene.image.resize(size, Image.Resampling.BICUBIC), elements, scene.hidden)
