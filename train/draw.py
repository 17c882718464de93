"""Screens drawn with PIL, filled with blocks of what windows are made of.

A scene is a pure function of its random generator. Nothing here is a real toolkit's look; those
come from `qt_screens`. Elements never overlap, so each has one place.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from PIL import Image

from train.canvas import FONTS, HELD_FONTS, RGB, Canvas, any_ground, luminance, shade
from train.screens import COLOURS, Box, Element, Scene
from train.words import short_labels


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
    style = canvas.ground if rng.random() < 0.3 else any_ground(rng)
    outline = shade(style, -50 if luminance(style) > 0.4 else 50)
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
    ground = shade(canvas.ground, rng.choice((-18, 0, 18)))
    canvas.draw.rectangle((box[0], box[1], box[2], box[1] + high), fill=ground)
    while True:
        text = canvas.name(longest=11)
        right = x + canvas.width(text, face) + gap
        if right > box[2] - 2:
            break
        where = (x, box[1] + 1, right, box[1] + high)
        if kind == "tab":
            canvas.draw.rectangle(where, outline=shade(ground, -70 if ground[0] > 120 else 70))
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
        return Scene(Image.new("RGB", size, shade(colour, rng.randrange(-15, 16))), ()), (
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
            canvas.ground = any_ground(rng)
            frame = tuple(round(side) for side in box)
            outline = shade(canvas.ground, -50 if canvas.ground[0] > 110 else 50)
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
                tiny.putpixel((x, y), shade(canvas.ground, canvas.rng.randrange(-25, 26)))
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
