"""Screens drawn with PIL: shapes, icons, and everything with words that windows are made of.

A scene is a pure function of its random generator. Nothing here is a real toolkit's look; those
come from `qt_screens`. Elements never overlap, so each has one place.
"""

from __future__ import annotations

import math
import os
import random
from collections.abc import Callable
from functools import cache
from itertools import accumulate
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from train.screens import COLOURS, ICONS, SHAPES, Box, Element, Scene
from train.words import label, short_labels

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


def _luminance(colour: Colour) -> float:
    return (0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]) / 255


def _shade(colour: Colour, by: int) -> Colour:
    red, green, blue = (max(0, min(255, part + by)) for part in colour)
    return red, green, blue


class Canvas:
    """A picture in the making, and the names that stand on it already."""

    def __init__(
        self, rng: random.Random, size: tuple[int, int], pool: str, fonts: list[str]
    ) -> None:
        self.rng = rng
        self.pool = pool
        self.ground = _ground(rng)
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
        self.accent = RGB[rng.randrange(len(RGB))] if rng.random() < 0.3 else _dark(rng)

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
        light = _luminance(ground) < 0.5
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
            style = _light(self.rng) if self.rng.random() < 0.6 else _dark(self.rng)
            corner = self.rng.randrange(0, 9)
            outline = _shade(style, -60 if _luminance(style) > 0.4 else 60)
            self.draw.rounded_rectangle(where, corner, fill=style, outline=outline)
        elif draw < 0.6:
            style = self.accent
            self.draw.rounded_rectangle(where, self.rng.randrange(0, 9), fill=style)
        elif draw < 0.85:
            outline = _shade(style, -80 if _luminance(style) > 0.5 else 80)
            self.draw.rectangle(where, outline=outline)
        ink = self.ink(style)
        if kind == "link":
            ink = (20, 70, 200) if _luminance(style) > 0.5 else (120, 180, 255)
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
        fill = _shade(self.ground, 14 if _luminance(self.ground) < 0.9 else 8)
        if _luminance(self.ground) > 0.5 and self.rng.random() < 0.7:
            fill = (255, 255, 255)
        outline = _shade(fill, -90 if _luminance(fill) > 0.5 else 90)
        self.draw.rectangle(where, fill=fill, outline=outline)
        if self.rng.random() < 0.3 and box[2] - box[0] > 120:
            face = (self._fonts[0], min(self._text_size, int(box[3] - box[1]) - 4, 16))
            held = label(self.rng, pool=self.pool, longest=9)
            self.put(box[0] + 5, (box[1] + box[3]) / 2, held, face, self.ink(fill))
        self.add(Element("field", text, (box[0], box[1], box[2], box[3]), row=row))


def _ground(rng: random.Random) -> Colour:
    return _light(rng) if rng.random() < 0.65 else _dark(rng)


def _light(rng: random.Random) -> Colour:
    grey = rng.randrange(175, 256)
    red, green, blue = (max(0, min(255, grey + rng.randrange(-14, 15))) for _ in range(3))
    return red, green, blue


def _dark(rng: random.Random) -> Colour:
    grey = rng.randrange(10, 110)
    red, green, blue = (max(0, min(255, grey + rng.randrange(-10, 40))) for _ in range(3))
    return red, green, blue


# --- blocks --------------------------------------------------------------------------------------


def _scatter(canvas: Canvas, box: Box) -> None:
    """Loose shapes, icons, buttons, links and ticks, each in a cell of its own."""
    rng = canvas.rng
    wide, high = rng.randrange(90, 170), rng.randrange(38, 96)
    columns, rows = max(1, int((box[2] - box[0]) // wide)), max(1, int((box[3] - box[1]) // high))
    wide, high = (box[2] - box[0]) / columns, (box[3] - box[1]) / rows
    for row in range(rows):
        for column in range(columns):
            x, y = box[0] + column * wide, box[1] + row * high
            cell = (x, y, x + wide, y + high)
            draw = rng.random()
            if draw < 0.36:
                canvas.shape(cell)
            elif draw < 0.44:
                canvas.icon(cell)
            elif draw < 0.78:
                canvas.button(cell)
            elif draw < 0.85:
                canvas.button(cell, kind="link")
            elif draw < 0.94:
                canvas.tick(cell)


def _form(canvas: Canvas, box: Box) -> None:
    rng = canvas.rng
    high = rng.randrange(30, 52)
    above = rng.random() < 0.25 and box[3] - box[1] > 100
    caption = 0.0 if above else min(130.0, (box[2] - box[0]) * 0.42)
    y = box[1] + 6
    while y + high * (1.7 if above else 1) < box[3] - 4:
        text, row = canvas.name(longest=10), canvas.next_row()
        if above:
            canvas.caption(box[0] + 6, y + 9, text, row=row)
            y += 20
        else:
            made = canvas.caption(box[0] + 6, y + high / 2 - 2, text, row=row)
            caption = max(caption, made.box[2] - box[0] + 4)
        entry = (box[0] + 6 + caption, y, box[2] - rng.randrange(6, 30), y + high - 10)
        if entry[2] - entry[0] > 30:
            canvas.entry(entry, text, row=row)
        y += high


def _rows(canvas: Canvas, box: Box) -> None:
    """Each row its name, and the same buttons again."""
    rng = canvas.rng
    high = rng.randrange(32, 50)
    again = [canvas.name(longest=8) for _ in range(rng.randint(1, 2))]
    y, wide = box[1] + 4, (box[2] - box[0]) * 0.9 / (len(again) + 1)
    while y + high < box[3]:
        row = canvas.next_row()
        canvas.caption(box[0] + 6, y + high / 2, canvas.name(longest=10), row=row)
        for column, text in enumerate(again, 1):
            x = box[0] + column * wide * 1.08
            canvas.button((x, y, x + wide, y + high), text, row=row)
        y += high


def _items(canvas: Canvas, box: Box) -> None:
    """A list or an open menu: full lines, one below the other."""
    rng, face = canvas.rng, canvas.text_font()
    high = face[1] + rng.randrange(5, 16)
    y, indent = box[1] + 2, rng.randrange(4, 28)
    chosen, with_keys = rng.randrange(8), rng.random() < 0.4
    for number in range(12):
        if y + high > box[3] - 2:
            break
        text = canvas.name(longest=14)
        if canvas.width(text, face) + indent + 6 < box[2] - box[0]:
            line = (box[0] + 1, y, box[2] - 1, y + high)
            ground = canvas.ground
            if number == chosen:
                ground = canvas.accent
                canvas.draw.rectangle(line, fill=ground)
            ink = canvas.ink(ground)
            spot, ends = canvas.put(box[0] + indent, y + high / 2, text, face, ink)
            canvas.add(Element("item", text, line, spot, ends))
            if with_keys and rng.random() < 0.6:  # as menus have them; nobody asks for these
                keys = rng.choice(("Ctrl+", "Alt+", "Shift+Ctrl+")) + rng.choice("ABCDEFNOPQSVWXZ")
                left = box[2] - canvas.width(keys, face) - 8
                if left > ends[-1] + 10:
                    canvas.put(left, y + high / 2, keys, face, ink)
        y += high * (1.4 if rng.random() < 0.12 else 1)


def _keys(canvas: Canvas, box: Box) -> None:
    """Keys in a grid, all of one size, each with a letter, a digit or a few."""
    rng, face = canvas.rng, canvas.text_font()
    columns, gap = rng.randint(3, 7), rng.randrange(0, 7)
    wide = min(float(rng.randrange(36, 84)), (box[2] - box[0]) / columns)
    high = max(face[1] + 6.0, min(wide, rng.uniform(24, 48)))
    count = columns * int((box[3] - box[1]) // high)
    style = canvas.ground if rng.random() < 0.3 else _ground(rng)
    outline = _shade(style, -50 if _luminance(style) > 0.4 else 50)
    corner = rng.randrange(0, 7)
    for number, text in enumerate(short_labels(rng, count, canvas.used)):
        row, column = divmod(number, columns)
        x, y = box[0] + column * wide, box[1] + row * high
        where = (round(x), round(y), round(x + wide - 1 - gap), round(y + high - 1 - gap))
        inner = canvas.width(text, face)
        if inner > where[2] - where[0] - 4:
            canvas.hidden.add(text)
            continue
        canvas.draw.rounded_rectangle(where, corner, fill=style, outline=outline)
        middle = (where[1] + where[3]) / 2
        left = (where[0] + where[2] - inner) / 2
        spot, ends = canvas.put(left, middle, text, face, canvas.ink(style))
        canvas.add(Element("button", text, where, spot, ends))


def _notes(canvas: Canvas, box: Box) -> None:
    """Lines of plain text, some long, some with what they tell beside them."""
    rng = canvas.rng
    high = rng.randrange(22, 40)
    y, half = box[1] + 2, (box[2] - box[0]) * rng.uniform(0.4, 0.6)
    while y + high < box[3]:
        row, beside = canvas.next_row(), rng.random() < 0.5
        room = half if beside else box[2] - box[0]
        text = canvas.name(longest=36 if rng.random() < 0.6 else 14)
        if canvas.width(text, canvas.caption_font) + 14 > room:
            text = canvas.name(longest=12)
        canvas.caption(box[0] + 6, y + high / 2, text, row=row)
        if beside:
            canvas.caption(box[0] + 6 + half, y + high / 2, canvas.name(longest=12), row=row)
        y += high


def _bar(canvas: Canvas, box: Box) -> None:
    """A line of menus, tabs or tool buttons along the top of its block, then loose things."""
    rng, face = canvas.rng, canvas.text_font()
    kind = rng.choice(("menu", "tab", "button"))
    high = min(face[1] + rng.randrange(8, 18), box[3] - box[1] - 2)
    x, gap = box[0] + 4, rng.randrange(8, 22)
    ground = _shade(canvas.ground, rng.choice((-18, 0, 18)))
    canvas.draw.rectangle((box[0], box[1], box[2], box[1] + high), fill=ground)
    while True:
        text = canvas.name(longest=11)
        right = x + canvas.width(text, face) + gap
        if right > box[2] - 2:
            break
        where = (x, box[1] + 1, right, box[1] + high)
        if kind == "tab":
            canvas.draw.rectangle(where, outline=_shade(ground, -70 if ground[0] > 120 else 70))
        ink = canvas.ink(ground)
        spot, ends = canvas.put(x + gap / 2, box[1] + high / 2, text, face, ink)
        canvas.add(Element(kind, text, where, spot, ends))
        x = right + rng.randrange(0, 6)
    if box[3] - box[1] - high > 50:
        _scatter(canvas, (box[0], box[1] + high + 2, box[2], box[3]))


_BLOCKS: tuple[Callable[[Canvas, Box], None], ...] = (
    *(_scatter, _form, _rows, _items, _bar),
    *(_keys, _notes),
)
_SHARES = (0.45, 0.12, 0.1, 0.12, 0.13, 0.04, 0.04)
_KNOWN_SHARES = (0.5, 0.14, 0.1, 0.12, 0.14, 0, 0)  # keys are no known words


def plain_scene(rng: random.Random, size: tuple[int, int]) -> tuple[Scene, str]:
    """One colour all over, and its name; or one or two words in large letters."""
    if rng.random() < 0.6:
        number = rng.randrange(len(RGB))
        pure = {"red": (255, 0, 0), "green": (0, 160, 0), "blue": (0, 0, 255)}
        colour = pure.get(COLOURS[number], RGB[number]) if rng.random() < 0.5 else RGB[number]
        return Scene(Image.new("RGB", size, _shade(colour, rng.randrange(-15, 16))), ()), (
            COLOURS[number]
        )
    canvas = Canvas(rng, size, "train", FONTS)
    canvas.ground = (255, 255, 255) if rng.random() < 0.5 else canvas.ground
    canvas.draw.rectangle((0, 0, *size), fill=canvas.ground)
    text = canvas.name(longest=9)
    if rng.random() < 0.4:
        text = f"{text[:6].upper()} {rng.randrange(100)}"
    name, _ = canvas.text_font()
    face = name, min(60, int(size[0] / (0.75 * len(text))), rng.randrange(24, 61))
    left = (size[0] - canvas.width(text, face)) / 2
    spot, ends = canvas.put(left, size[1] / 2, text, face, canvas.ink(canvas.ground))
    return Scene(canvas.image, (Element("text", text, spot, spot, ends),)), ""


def draw_scene(
    rng: random.Random, size: tuple[int, int], *, pool: str = "train", held_out: bool = False
) -> Scene:
    """A screen of `size` pixels, its names from `pool`; held-out ones in fonts never trained."""
    canvas = Canvas(rng, size, pool, HELD_FONTS if held_out else FONTS)
    shares = _SHARES if pool == "train" else _KNOWN_SHARES
    _backdrop(canvas)
    ground = canvas.ground
    for box in _split(rng, (2.0, 2.0, size[0] - 2.0, size[1] - 2.0)):
        canvas.ground = ground
        small = box[2] - box[0] < 190 or box[3] - box[1] < 80
        if rng.random() < 0.6:
            canvas.ground = _ground(rng)
            frame = tuple(round(side) for side in box)
            outline = _shade(canvas.ground, -50 if canvas.ground[0] > 110 else 50)
            canvas.draw.rectangle(frame, fill=canvas.ground, outline=outline)
        fill = _scatter if small else rng.choices(_BLOCKS, shares)[0]
        fill(canvas, (box[0] + 3, box[1] + 3, box[2] - 3, box[3] - 3))
    return Scene(canvas.image, tuple(canvas.elements), frozenset(canvas.hidden))


def _backdrop(canvas: Canvas) -> None:
    """Sometimes a soft run of colours behind everything."""
    if canvas.rng.random() < 0.3:
        tiny = Image.new("RGB", (3, 3))
        for x in range(3):
            for y in range(3):
                tiny.putpixel((x, y), _shade(canvas.ground, canvas.rng.randrange(-25, 26)))
        canvas.image.paste(tiny.resize(canvas.size, Image.Resampling.BILINEAR))


def _split(rng: random.Random, box: Box) -> list[Box]:
    """Cut a box in two, and again, until the parts are of the size of a panel."""
    wide, high = box[2] - box[0], box[3] - box[1]
    most_wide, most_high = rng.randrange(230, 520), rng.randrange(160, 420)
    if wide <= most_wide and high <= most_high:
        return [box]
    share = rng.uniform(0.35, 0.65)
    if wide / most_wide > high / most_high:
        at = box[0] + wide * share
        first, second = (box[0], box[1], at - 3, box[3]), (at + 3, box[1], box[2], box[3])
    else:
        at = box[1] + high * share
        first, second = (box[0], box[1], box[2], at - 3), (box[0], at + 3, box[2], box[3])
    return _split(rng, first) + _split(rng, second)
