"""A picture in the making, drawn with PIL: shapes, icons, and single things with words."""

from __future__ import annotations

import math
import os
import random
from functools import cache
from itertools import accumulate
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from train.screens import COLOURS, ICONS, SHAPES, Box, Element
from train.words import label

RGB = (
    (220, 40, 40),
    (245, 140, 20),
    (240, 220, 40),
    (40, 165, 60),
    (40, 80, 220),
    (135, 50, 175),
    (250, 140, 190),
    (60, 205, 220),
)
FONTS = (
    "DejaVuSans.ttf DejaVuSans.ttf DejaVuSans-Bold.ttf DejaVuSansCondensed.ttf "
    "DejaVuSansCondensed-Bold.ttf DejaVuSerif.ttf DejaVuSerif-Bold.ttf DejaVuSansMono.ttf "
    "NimbusSans-Regular.otf NimbusSans-Regular.otf NimbusSans-Bold.otf NimbusRoman-Regular.otf "
    "NimbusRoman-Bold.otf C059-Roman.otf URWBookman-Light.otf"
).split()
HELD_FONTS = "P052-Roman.otf NimbusSansNarrow-Regular.otf NimbusMonoPS-Regular.otf".split()
FONT_FOLDERS = "SMALL_MODEL_FONTS"  # the environment's name for folders of fonts, joined by colons
_USUAL_FOLDERS = "/usr/share/fonts/truetype/dejavu:/usr/share/fonts/opentype/urw-base35"
_SUPERSAMPLED = 4
MOST = 96  # elements on one screen

Colour = tuple[int, int, int]
Font = ImageFont.FreeTypeFont


@cache
def font(name: str, size: int) -> Font:
    """A font file of the folders, at a size in pixels."""
    for folder in os.environ.get(FONT_FOLDERS, _USUAL_FOLDERS).split(":"):
        if (path := Path(folder, name)).exists():
            return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)
    raise FileNotFoundError(f"{name} lies in none of the folders that {FONT_FOLDERS} names")


@cache
def _advance(name: str, size: int, character: str) -> float:
    return font(name, size).getlength(character)


@cache
def form_mask(form: int, size: int) -> Image.Image:
    """A filled shape in a square of `size` pixels; its edges are smooth."""
    n = size * _SUPERSAMPLED
    mask = Image.new("L", (n, n))
    draw, c, r = ImageDraw.Draw(mask), n / 2, n / 2
    match SHAPES[form]:
        case "circle":
            draw.ellipse((0, 0, n - 1, n - 1), fill=255)
        case "square":
            draw.rectangle((n * 0.04, n * 0.04, n * 0.96, n * 0.96), fill=255)
        case "triangle":
            draw.polygon([(c, 0), (n, n * 0.97), (0, n * 0.97)], fill=255)
        case "diamond":
            draw.polygon([(c, 0), (n, c), (c, n), (0, c)], fill=255)
        case _:
            turns = [(k * math.pi / 5, r if k % 2 == 0 else r * 0.45) for k in range(10)]
            draw.polygon([(c + s * math.sin(a), c - s * math.cos(a)) for a, s in turns], fill=255)
    return mask.resize((size, size), Image.Resampling.BOX)


@cache
def icon_mask(form: int, size: int) -> Image.Image:
    """The lines of an icon in a square of `size` pixels."""
    n = size * _SUPERSAMPLED
    mask = Image.new("L", (n, n))
    draw, w, a, b, c = ImageDraw.Draw(mask), n // 9, n * 0.15, n * 0.85, n * 0.5
    lines: list[tuple[float, float, float, float]] = []
    match ICONS[form]:
        case "plus":
            lines = [(a, c, b, c), (c, a, c, b)]
        case "cross":
            lines = [(a, a, b, b), (a, b, b, a)]
        case "search":
            draw.ellipse((a, a, n * 0.62, n * 0.62), outline=255, width=w)
            lines = [(n * 0.58, n * 0.58, b, b)]
        case "menu":
            lines = [(a, y, b, y) for y in (n * 0.25, c, n * 0.75)]
        case "arrow":
            lines = [(a, c, b, c), (c, a, b, c), (c, b, b, c)]
        case "play":
            draw.polygon([(n * 0.25, a), (b, c), (n * 0.25, b)], fill=255)
        case "pause":
            lines = [(n * 0.35, a, n * 0.35, b), (n * 0.65, a, n * 0.65, b)]
        case _:  # download
            lines = [(c, a, c, n * 0.62), (n * 0.28, c, c, n * 0.68), (n * 0.72, c, c, n * 0.68)]
            lines += [(a, b, b, b)]
    for line in lines:
        draw.line(line, fill=255, width=w)
    return mask.resize((size, size), Image.Resampling.BOX)


def luminance(colour: Colour) -> float:
    return (0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]) / 255


def shade(colour: Colour, by: int) -> Colour:
    red, green, blue = (max(0, min(255, part + by)) for part in colour)
    return red, green, blue


class Canvas:
    """A picture in the making, and the names that stand on it already."""

    def __init__(
        self, rng: random.Random, size: tuple[int, int], pool: str, fonts: list[str]
    ) -> None:
        self.rng = rng
        self.pool = pool
        self.ground = any_ground(rng)
        self.image = Image.new("RGB", size, self.ground)
        self.draw = ImageDraw.Draw(self.image)
        self.elements: list[Element] = []
        self.hidden: set[str] = set()
        self.size = size
        self._fonts = rng.sample(fonts, min(2, len(fonts)))
        self._text_size = rng.choice((11, 12, 12, 13, 13, 14, 14, 15, 16, 18, 20))
        self.used: set[str] = set()
        self._pairs = [(c, f) for c in range(len(COLOURS)) for f in range(len(SHAPES))]
        rng.shuffle(self._pairs)
        self._icons = list(range(len(ICONS)))
        rng.shuffle(self._icons)
        self._row = 0
        self.accent = RGB[rng.randrange(len(RGB))] if rng.random() < 0.3 else dark(rng)

    def name(self, *, longest: int = 16) -> str:
        while True:
            text = label(self.rng, pool=self.pool, longest=longest)
            if text.lower() not in self.used:
                self.used.add(text.lower())
                return text

    def next_row(self) -> int:
        self._row += 1
        return self._row

    def text_font(self) -> tuple[str, int]:
        """Mostly the screen's own font and size, sometimes another."""
        name = self._fonts[0] if self.rng.random() < 0.8 else self._fonts[-1]
        size = self._text_size
        return name, size if self.rng.random() < 0.8 else self.rng.randrange(11, 22)

    @property
    def caption_font(self) -> tuple[str, int]:
        return self._fonts[0], min(self._text_size, 16)

    def ink(self, ground: Colour) -> Colour:
        light = luminance(ground) < 0.5
        value = self.rng.randrange(210, 256) if light else self.rng.randrange(0, 60)
        return value, value, value

    def put(
        self, x: float, middle: float, text: str, face: tuple[str, int], colour: Colour
    ) -> tuple[Box, tuple[float, ...]]:
        """Write text from `x` on; where it stands, and where its characters end."""
        self.draw.text((round(x), round(middle)), text, font=font(*face), fill=colour, anchor="lm")
        ends = list(accumulate((_advance(*face, letter) for letter in text), initial=float(x)))[1:]
        half = face[1] * 0.6
        return (x, middle - half, ends[-1], middle + half), tuple(ends)

    def width(self, text: str, face: tuple[str, int]) -> float:
        return sum(_advance(*face, letter) for letter in text)

    def add(self, element: Element) -> None:
        if len(self.elements) < MOST:
            self.elements.append(element)
        else:
            self.hidden.add(element.label)

    # --- single elements, each within a box ------------------------------------------------------

    def shape(self, box: Box) -> None:
        room = int(min(box[2] - box[0], box[3] - box[1])) - 4
        if room < 20 or not self._pairs:
            return
        colour, form = self._pairs.pop()
        side = 20 + int((min(room, 96) - 20) * self.rng.random() ** 1.5)
        x = self.rng.randrange(int(box[0]) + 2, max(int(box[0]) + 3, int(box[2]) - side))
        y = self.rng.randrange(int(box[1]) + 2, max(int(box[1]) + 3, int(box[3]) - side))
        red, green, blue = (
            max(0, min(255, part + self.rng.randrange(-20, 21))) for part in RGB[colour]
        )
        self.image.paste((red, green, blue), (x, y), form_mask(form, side))
        named = f"{COLOURS[colour]} {SHAPES[form]}"
        where = (x, y, x + side, y + side)
        self.add(Element("shape", named, where, colour=colour, form=form))

    def icon(self, box: Box) -> None:
        room = int(min(box[2] - box[0], box[3] - box[1])) - 4
        if room < 16 or not self._icons:
            return
        form = self._icons.pop()
        side = self.rng.randrange(16, max(17, min(room, 40)))
        x, y = int(box[0]) + 2, int((box[1] + box[3] - side) / 2)
        ground = self.ground
        if self.rng.random() < 0.5 and room > side + 10:
            ground = self.accent
            frame = (x - 2, y - 4, x + side + 6, y + side + 4)
            self.draw.rounded_rectangle(frame, 4, fill=ground)
            x += 2
        self.image.paste(self.ink(ground), (x, y), icon_mask(form, side))
        self.add(Element("icon", ICONS[form], (x, y, x + side, y + side), form=form))

    def button(self, box: Box, text: str = "", *, kind: str = "button", row: int = -1) -> None:
        face = self.text_font()
        text = text or self.name(longest=14)
        inner = self.width(text, face)
        width = inner + self.rng.randrange(10, 36)
        height = face[1] + self.rng.randrange(8, 22)
        width, height = min(width, box[2] - box[0] - 4), min(height, box[3] - box[1] - 3)
        if inner > width - 4 or height < face[1] + 3:
            return
        x = box[0] + 2 + self.rng.random() * (box[2] - box[0] - width - 4)
        y = box[1] + 1 + self.rng.random() * (box[3] - box[1] - height - 2)
        where = (round(x), round(y), round(x + width), round(y + height))
        draw, style = self.rng.random(), self.ground
        if draw < 0.35:
            style = light(self.rng) if self.rng.random() < 0.6 else dark(self.rng)
            corner = self.rng.randrange(0, 9)
            outline = shade(style, -60 if luminance(style) > 0.4 else 60)
            self.draw.rounded_rectangle(where, corner, fill=style, outline=outline)
        elif draw < 0.6:
            style = self.accent
            self.draw.rounded_rectangle(where, self.rng.randrange(0, 9), fill=style)
        elif draw < 0.85:
            outline = shade(style, -80 if luminance(style) > 0.5 else 80)
            self.draw.rectangle(where, outline=outline)
        ink = self.ink(style)
        if kind == "link":
            ink = (20, 70, 200) if luminance(style) > 0.5 else (120, 180, 255)
        left = (where[0] + where[2] - inner) / 2
        spot, ends = self.put(left, (where[1] + where[3]) / 2, text, face, ink)
        self.add(Element(kind, text, where, spot, ends, row=row))

    def tick(self, box: Box, text: str = "", *, row: int = -1) -> None:
        face = self.text_font()
        text = text or self.name(longest=14)
        side = face[1] + self.rng.randrange(-1, 4)
        if side + 10 + self.width(text, face) > box[2] - box[0] or side + 2 > box[3] - box[1]:
            return
        is_check = self.rng.random() < 0.6
        x, middle = box[0] + 2, (box[1] + box[3]) / 2
        mark = (x, middle - side / 2, x + side, middle + side / 2)
        fill = (255, 255, 255) if self.rng.random() < 0.7 else self.ground
        outline = (110, 110, 110)
        shape = self.draw.rectangle if is_check else self.draw.ellipse
        shape(mark, fill=fill, outline=outline)
        if self.rng.random() < 0.4:
            shape((x + 4, mark[1] + 4, mark[2] - 4, mark[3] - 4), fill=self.accent)
        spot, ends = self.put(x + side + 6, middle, text, face, self.ink(self.ground))
        where = (x, min(mark[1], spot[1]), spot[2], max(mark[3], spot[3]))
        self.add(Element("check" if is_check else "option", text, where, spot, ends, row=row))

    def caption(self, x: float, middle: float, text: str, *, row: int = -1) -> Element:
        face = self.caption_font
        shown = text + ":" * (self.rng.random() < 0.4)
        spot, ends = self.put(x, middle, shown, face, self.ink(self.ground))
        made = Element("text", text, spot, spot, ends[: len(text)], row=row)
        self.add(made)
        return made

    def entry(self, box: Box, text: str, *, row: int = -1) -> None:
        where = tuple(round(side) for side in box)
        fill = shade(self.ground, 14 if luminance(self.ground) < 0.9 else 8)
        if luminance(self.ground) > 0.5 and self.rng.random() < 0.7:
            fill = (255, 255, 255)
        outline = shade(fill, -90 if luminance(fill) > 0.5 else 90)
        self.draw.rectangle(where, fill=fill, outline=outline)
        if self.rng.random() < 0.3 and box[2] - box[0] > 120:
            face = (self._fonts[0], min(self._text_size, int(box[3] - box[1]) - 4, 16))
            held = label(self.rng, pool=self.pool, longest=9)
            self.put(box[0] + 5, (box[1] + box[3]) / 2, held, face, self.ink(fill))
        self.add(Element("field", text, (box[0], box[1], box[2], box[3]), row=row))


def any_ground(rng: random.Random) -> Colour:
    return light(rng) if rng.random() < 0.65 else dark(rng)


def light(rng: random.Random) -> Colour:
    grey = rng.randrange(175, 256)
    red, green, blue = (max(0, min(255, grey + rng.randrange(-14, 15))) for _ in range(3))
    return red, green, blue


def dark(rng: random.Random) -> Colour:
    grey = rng.randrange(10, 110)
    red, green, blue = (max(0, min(255, grey + rng.randrange(-10, 40))) for _ in range(3))
    return red, green, blue
