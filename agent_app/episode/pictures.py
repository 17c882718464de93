"""What a frame's file holds: a whole picture, or what differs from another frame.

`<sha1>.png` and `<sha1>.webp` are whole pictures. `<sha1>.changes` begins with one line of JSON,
`{"base":SHA1,"rects":[[left,top,width,height],…]}`, and goes on with a PNG or WebP picture of those
rectangles, laid out by `lay_out`. Pasted over the base, which has the frame's size, they make the
frame. A base is a whole frame or made from another, at most `MAX_DEPTH` deep.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import msgspec
import numpy as np
from PIL import Image, UnidentifiedImageError

from agent_app.geometry import Size
from agent_app.screen.frame import Pixels

WHOLE_SUFFIXES = (".png", ".webp")
CHANGES_SUFFIX = ".changes"
MAX_DEPTH = 4
MAX_RECTS = 4096
MAX_SIDE = 16383  # of a WebP picture

# Level 1 with the Up filter: of all lossless encoders among the dependencies the fastest one on
# real desktops.
_PNG = [
    *(cv2.IMWRITE_PNG_COMPRESSION, 1),
    *(cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP),
]
_LARGEST_HEAD = 64 * MAX_RECTS

Rect = tuple[int, int, int, int]
"""Left, top, width, height, in pixels of the frame."""


class Changes(msgspec.Struct, frozen=True):
    """The first line of a file of changes."""

    base: str
    rects: tuple[Rect, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the rectangles lie in their picture: the left top corner of each."""

    size: Size
    places: tuple[tuple[int, int], ...]


def lay_out(rects: Sequence[Rect]) -> Layout:
    """Shelves as wide as the widest rectangle, filled from the left in the order given."""
    width = max(rect[2] for rect in rects)
    places: list[tuple[int, int]] = []
    x = y = shelf = 0
    for _, _, rect_width, rect_height in rects:
        if x + rect_width > width:
            x, y, shelf = 0, y + shelf, 0
        places.append((x, y))
        x += rect_width
        shelf = max(shelf, rect_height)
    return Layout(Size(width, y + shelf), tuple(places))


def encode_png(pixels: Pixels) -> bytes:
    """Pixels, (height, width, 3) RGB, as a lossless PNG: quickly."""
    encoded, data = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), _PNG)
    assert encoded
    return data.tobytes()


def encode_webp(pixels: Pixels) -> bytes:
    """Pixels, (height, width, 3) RGB, as a lossless WebP: small."""
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "WEBP", lossless=True, method=1, quality=0)
    return data.getvalue()


def decode_picture(data: bytes, size: Size) -> Pixels:
    """The pixels of a PNG or WebP picture that must have this size, (height, width, 3) RGB.

    Raises ValueError for any other picture, before it takes any memory.
    """
    try:
        with Image.open(io.BytesIO(data), formats=["PNG", "WEBP"]) as image:
            # Asked before the pixels are: a small file can claim to be a huge picture.
            if image.size != (size.width, size.height) or image.mode != "RGB":
                raise ValueError(f"the picture is {image.mode} {image.width}x{image.height}")
            image.load()
            return np.asarray(image)
    except UnidentifiedImageError as error:
        raise ValueError("it is no PNG or WebP picture") from error
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(str(error)) from error


def encode_changes(base: str, rects: Sequence[Rect], picture: bytes) -> bytes:
    """The content of a file of changes; `picture` shows the rectangles as `lay_out` has them."""
    return msgspec.json.encode(Changes(base, tuple(rects))) + b"\n" + picture


def cut_out(pixels: Pixels, rects: Sequence[Rect]) -> Pixels:
    """The rectangles of a frame as one picture, black between them."""
    layout = lay_out(rects)
    picture = np.zeros((layout.size.height, layout.size.width, 3), np.uint8)
    for (left, top, width, height), (x, y) in zip(rects, layout.places, strict=True):
        picture[y : y + height, x : x + width] = pixels[top : top + height, left : left + width]
    return picture


def split_changes(data: bytes, size: Size) -> tuple[Changes, bytes]:
    """The two parts of a file of changes to a frame of this size, the first one checked.

    Raises ValueError when it is none: rectangles that reach outside the frame, overlap more than
    they could, or are too many.
    """
    end = data.find(b"\n", 0, _LARGEST_HEAD)
    try:
        changes = msgspec.json.decode(data[: max(end, 0)], type=Changes)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"no changes: {error}") from error
    if not 0 < len(changes.rects) <= MAX_RECTS:
        raise ValueError("no changes, or too many")
    for left, top, width, height in changes.rects:
        across = left >= 0 and width > 0 and left + width <= size.width
        if not (across and top >= 0 and height > 0 and top + height <= size.height):
            raise ValueError("changes outside the frame")
    laid_out = lay_out(changes.rects).size
    if laid_out.width * laid_out.height > size.width * size.height:
        raise ValueError("more changes than the frame holds")
    return changes, data[end + 1 :]


def paste(base: Pixels, changes: Changes, picture: bytes) -> Pixels:
    """The frame that the changes make of their base; raises ValueError for a wrong picture."""
    layout = lay_out(changes.rects)
    cut = decode_picture(picture, layout.size)
    pixels = base.copy()
    for (left, top, width, height), (x, y) in zip(changes.rects, layout.places, strict=True):
        pixels[top : top + height, left : left + width] = cut[y : y + height, x : x + width]
    return pixels
