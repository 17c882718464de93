"""Text on pictures in any script: which fonts there are, and which of them has each character."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import groupby

from PIL import Image, ImageDraw, ImageFont

Color = tuple[int, int, int]
Corner = tuple[float, float]

# By file name, best first; Pillow looks in the system's own font folders. The first one found sets
# the look, the others step in for characters that it lacks.
_FAMILIES = {
    False: (
        ("NotoSans-Regular.ttf", "segoeui.ttf", "Helvetica.ttc", "LiberationSans-Regular.ttf"),
        ("NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "msyh.ttc", "PingFang.ttc"),
        ("DejaVuSans.ttf", "seguisym.ttf", "Apple Symbols.ttf"),
    ),
    True: (
        ("NotoSans-Bold.ttf", "segoeuib.ttf", "Helvetica.ttc", "LiberationSans-Bold.ttf"),
        ("NotoSansCJK-Bold.ttc", "NotoSansCJKsc-Bold.otf", "msyhbd.ttc", "PingFang.ttc"),
        ("DejaVuSans-Bold.ttf", "DejaVuSans.ttf", "seguisym.ttf", "Apple Symbols.ttf"),
    ),
}
_NOWHERE = "\U0010ffff"  # a character that no font has: it draws the font's sign for "missing"
_ELLIPSIS = "…"
_LONGEST = 2000  # characters looked at: far more than any caption holds


class Lettering:
    """One size and weight of text, in pixels."""

    def __init__(self, size: int, *, bold: bool = False) -> None:
        self.size = size
        self.line_height = round(size * 1.4)
        found = [_first_of(names, size) for names in _FAMILIES[bold]]
        self._fonts = [font for font in found if font is not None] or [_built_in(size)]
        self._font_of: dict[str, ImageFont.FreeTypeFont] = {}

    def width(self, text: str) -> float:
        """How wide a line of this text is."""
        return sum(font.getlength(run) for font, run in self._runs(text))

    def draw(self, canvas: ImageDraw.ImageDraw, at: Corner, text: str, color: Color) -> None:
        """Draw one line; `at` is the top left corner of its box, which is `line_height` high."""
        left, top = at
        for font, run in self._runs(text):
            canvas.text((left, top + self.size * 1.1), run, fill=color, font=font, anchor="ls")
            left += font.getlength(run)

    def elide(self, text: str, width: float) -> str:
        """The text on one line, cut with an ellipsis where it is too wide."""
        return "".join(self.wrap(text, width, lines=1))

    def wrap(self, text: str, width: float, *, lines: int) -> list[str]:
        """The text on at most so many lines of at most this width; what is left over is elided.

        Breaks at spaces, and between characters that are written without spaces.
        """
        rest = _printable(text)
        wrapped: list[str] = []
        while rest:
            fitting = self._fitting(rest, width)
            if fitting == len(rest):
                return [*wrapped, rest]
            if len(wrapped) == lines - 1:
                fitting = self._fitting(rest, width - self.width(_ELLIPSIS))
                return [*wrapped, rest[:fitting].rstrip() + _ELLIPSIS]
            cut = _last_break(rest, fitting) or max(fitting, 1)
            wrapped.append(rest[:cut].rstrip())
            rest = rest[cut:].lstrip()
        return wrapped

    def _fitting(self, text: str, width: float) -> int:
        """How many characters from the beginning fit."""
        for count, character in enumerate(text):
            width -= self._font_for(character).getlength(character)
            if width < 0:
                return count
        return len(text)

    def _runs(self, text: str) -> Iterator[tuple[ImageFont.FreeTypeFont, str]]:
        for font, run in groupby(_printable(text, keep_spaces=True), key=self._font_for):
            yield font, "".join(run)

    def _font_for(self, character: str) -> ImageFont.FreeTypeFont:
        if character not in self._font_of:
            having = (font for font in self._fonts if _has(font, character))
            self._font_of[character] = next(having, self._fonts[0])
        return self._font_of[character]


def _printable(text: str, *, keep_spaces: bool = False) -> str:
    """What can be drawn on one line: no breaks, controls, joiners or variation selectors."""
    short = text[:_LONGEST]
    plain = short if keep_spaces else " ".join(short.split())
    return "".join(c for c in plain if c.isprintable() and not "\ufe00" <= c <= "\ufe0f")


def _last_break(text: str, fitting: int) -> int:
    """Where a line of at most `fitting` characters may end; 0 when only inside a word."""
    for cut in range(fitting, 0, -1):
        if text[cut] == " " or unicodedata.east_asian_width(text[cut - 1]) in "WF":
            return cut
    return 0


def _has(font: ImageFont.FreeTypeFont, character: str) -> bool:
    return _drawn(font, character) != _drawn(font, _NOWHERE)


def _drawn(font: ImageFont.FreeTypeFont, character: str) -> bytes:
    picture = Image.new("L", (round(font.size * 2), round(font.size * 2)))
    ImageDraw.Draw(picture).text((0, 0), character, fill=255, font=font)
    return picture.tobytes()


def _first_of(names: Sequence[str], size: int) -> ImageFont.FreeTypeFont | None:
    for name in names:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return None


def _built_in(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)  # with a size it is never the bitmap font
    return font
