"""Files of a benchmark, read with suspicion: bounded, typed, and named in every fault."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
from PIL import Image

from agent_app.errors import KnownError
from agent_app.evaluate.items import BoxTarget, Item, PolygonTarget
from agent_app.geometry import Size

_MOST_BYTES = 256 * 2**20
_MOST_ITEMS = 200_000
MOST_PIXELS = 64_000_000  # of one picture: an 8K screen has 33 million
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")

_T = TypeVar("_T")


def check_folder(folder: Path, what: str, *, holds: str) -> None:
    """Raises KnownError when there is no such folder."""
    if not folder.is_dir():
        raise KnownError(
            f"{folder} is no folder of {what}", remedy=f"give the folder that holds {holds}"
        )


def read_json(path: Path, kind: type[_T], what: str) -> _T:
    """A JSON file of this form; raises KnownError that names it."""
    return decode(read_bytes(path), kind, str(path), what)


def read_bytes(path: Path) -> bytes:
    """A plain file's content; raises KnownError that names it."""
    try:
        if not path.is_file():  # opening a pipe would wait for ever
            raise OSError(2, "there is no such file")
        if path.stat().st_size > _MOST_BYTES:
            raise OSError(27, f"it is larger than {_MOST_BYTES} bytes")
        return path.read_bytes()
    except OSError as error:
        raise KnownError(
            f"cannot read {path}: {error.strerror or error}",
            remedy="check that the benchmark was downloaded whole",
        ) from error


def decode(data: bytes, kind: type[_T], where: str, what: str) -> _T:
    """JSON of this form; raises KnownError that names where it stands."""
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        pointer = (
            " (a pointer of Git LFS: run git lfs pull)" if data.startswith(b"version ") else ""
        )
        raise KnownError(
            f"{where} is no {what}: {error}{pointer}",
            remedy="give the files as the benchmark publishes them",
        ) from error


def picture_folder(root: Path, names: Sequence[str]) -> str:
    """The first of these folders that is there; raises KnownError that names them all."""
    for name in names:
        if (root / name).is_dir():
            return name
    raise KnownError(
        f"{root} has no folder of pictures", remedy=f"unpack them there as {' or '.join(names)}"
    )


def inside(root: Path, folder: str, name: str, where: str) -> str:
    """A picture's path below the root; raises KnownError for one that leads out of it."""
    try:
        path = (root / folder / name).resolve()
        is_inside = path.is_relative_to(root.resolve())
    except (OSError, ValueError, RuntimeError):  # a null byte, a loop of links
        is_inside = False
    if not is_inside or not name:
        raise KnownError(
            f"{where} names a picture outside the folder: {name[:200]!r}",
            remedy="do not trust this file",
        )
    return f"{folder}/{name}" if folder not in ("", ".") else name


def check_items(items: Sequence[Item], root: Path) -> tuple[str, ...]:
    """Check what is asked, and return the ids of items whose picture is missing.

    Raises KnownError for no items, for two of one id, and when not one picture is there.
    """
    if not items:
        raise KnownError(f"{root} holds no items", remedy="check that it was downloaded whole")
    if len(items) > _MOST_ITEMS:
        raise KnownError(f"{root} holds more than {_MOST_ITEMS} items", remedy="split it")
    seen: set[str] = set()
    for item in items:
        if item.id in seen:
            raise KnownError(
                f"{root} holds two items of the id {item.id!r}",
                remedy="leave only the files as published in the folder",
            )
        seen.add(item.id)
    there = {name: (root / name).is_file() for name in dict.fromkeys(i.picture for i in items)}
    missing = tuple(item.id for item in items if not there[item.picture])
    if len(missing) == len(items):
        raise KnownError(
            f"not one picture of {root} is there, the first would be {items[0].picture}",
            remedy="download the pictures, too, and unpack them beside the annotations",
        )
    return missing


def size_on_disk(path: Path) -> Size | None:
    """A picture's size, read from its head alone; None when it cannot be told."""
    try:
        with Image.open(path, formats=_FORMATS) as image:
            return Size(*image.size)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None


def open_picture(path: Path) -> Image.Image:
    """A picture in RGB; raises KnownError that names it."""
    try:
        with Image.open(path, formats=_FORMATS) as image:
            # looked at before a pixel is decoded: a small file can claim to be a huge picture
            if image.width * image.height > MOST_PIXELS:
                raise OSError(f"{image.width}x{image.height} pixels are too many")
            return image.convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise KnownError(
            f"cannot read the picture {path}: {error}",
            remedy="download it again, or take it away: the item is then listed as missing",
        ) from error


def check_targets(items: Iterable[Item], sizes: Iterable[Size | None], where: str) -> Iterator[str]:
    """A note where targets reach over the picture's edge.

    Raises KnownError for a target without an area, or that lies wholly outside its picture.
    """
    over: list[str] = []
    for item, size in zip(items, sizes, strict=True):
        match item.target:
            case BoxTarget(left, top, width, height):
                right, bottom = left + width, top + height
            case PolygonTarget(points):
                across, down = [x for x, _ in points], [y for _, y in points]
                left, right, top, bottom = min(across), max(across), min(down), max(down)
            case _:
                continue
        if not (right > left and bottom > top):
            raise _bad_target(where, item, "its box has no area")
        if size is None:
            continue
        if left >= size.width or top >= size.height or right <= 0 or bottom <= 0:
            raise _bad_target(
                where, item, f"its box lies outside the picture of {size.width}x{size.height}"
            )
        if min(left, top) < -1 or right > size.width + 1 or bottom > size.height + 1:
            over.append(item.id)
    if over:
        yield f"{len(over)} boxes reach over the edge of their picture: {', '.join(over[:5])}"


def _bad_target(where: str, item: Item, fault: str) -> KnownError:
    return KnownError(
        f"{where}: item {item.id!r}: {fault}",
        remedy="download it again; for a derived copy, turn it into the official form first",
    )


def resized(items: Iterable[Item], root: Path) -> Iterator[str]:
    """A note where pictures have another size than the annotations say."""
    sizes = {item.picture: item.size for item in items if item.size is not None}
    other = [
        name
        for name, size in sizes.items()
        if (found := size_on_disk(root / name)) is not None and found != Size(*size)
    ]
    if other:
        yield (
            f"{len(other)} pictures have another size than annotated, such as {other[0]}: answers "
            "are compared as shares of the picture"
        )
