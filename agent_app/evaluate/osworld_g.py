"""OSWorld-G, read from its official folder: boxes, polygons, and items to be refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from agent_app.errors import KnownError
from agent_app.evaluate.box_forms import Box, BoxForm, box_form, form_note
from agent_app.evaluate.items import (
    Breakdown,
    Dataset,
    Item,
    PolygonTarget,
    Published,
    RefusalTarget,
    Target,
)
from agent_app.evaluate.reading import (
    check_folder,
    check_items,
    check_targets,
    inside,
    picture_folder,
    read_json,
    resized,
)
from agent_app.geometry import Size

PLAIN, REFINED, CATEGORIES = (
    "OSWorld-G.json",
    "OSWorld-G_refined.json",
    "classification_result.json",
)
_PUBLISHED = (Published("Kimi-VL-A3B-Thinking-2506", "all, 564 items", 52.5, "its model card"),)


class _Row(msgspec.Struct):
    id: str
    image_path: str
    image_size: tuple[int, int]
    instruction: str
    box_type: str
    box_coordinates: list[float]
    GUI_types: list[str] = []


class _Member(msgspec.Struct):
    id: str


class _Categories(msgspec.Struct):
    classified: dict[str, list[_Member]]


def read_osworld_g(root: Path, *, refined: bool = False) -> Dataset:
    """The official folder, its `benchmark/`, or one file in the same schema with its pictures.

    `refined` takes the longer instructions. Raises KnownError when it cannot be read.
    """
    name = REFINED if refined else PLAIN
    if root.is_file():
        path, root = root, root.parent
    else:
        check_folder(root, "OSWorld-G", holds=f"benchmark/{name}")
        root = root / "benchmark" if (root / "benchmark").is_dir() else root
        path = root / name
    rows = read_json(path, list[_Row], "list of OSWorld-G")
    folder = picture_folder(root, ("images", "."))
    notes: list[str] = []
    form = _form(rows, path, notes)
    categories = _categories(root / CATEGORIES, notes)
    items = [
        _item(
            row,
            picture=inside(root, folder, row.image_path, str(path)),
            target=_target(row, form, path),
            categories=categories,
        )
        for row in rows
    ]
    missing = check_items(items, root)
    notes += check_targets(items, [Size(*row.image_size) for row in rows], str(path))
    notes += resized(items, root)
    return Dataset(
        "osworld-g",
        "OSWorld-G" + (" (refined instructions)" if refined else ""),
        root,
        tuple(items),
        (
            Breakdown("Category (an item may have several)", ("category",)),
            Breakdown("Kind of target", ("target",)),
            Breakdown("Kind of element (an item may have several)", ("element",)),
        ),
        _PUBLISHED,
        tuple(notes),
        missing,
    )


def _form(rows: Sequence[_Row], path: Path, notes: list[str]) -> BoxForm:
    boxed = [row for row in rows if row.box_type == "bbox"]
    boxes = [_box(row, path) for row in boxed]
    sizes = [Size(*row.image_size) for row in boxed]
    form = box_form(boxes, sizes, official="xywh", where=str(path))
    if boxes and (note := form_note(form, official="xywh", where=path.name)):
        notes.append(note)
    return form if boxes else BoxForm("xywh", relative=False)


def _box(row: _Row, path: Path) -> Box:
    if len(row.box_coordinates) != 4:
        raise _bad(path, row, "a box is four numbers")
    left, top, width, height = row.box_coordinates
    return left, top, width, height


def _target(row: _Row, form: BoxForm, path: Path) -> Target:
    match row.box_type:
        case "bbox":
            return form.target(_box(row, path), Size(*row.image_size), str(path))
        case "polygon":
            flat = row.box_coordinates
            if len(flat) < 6 or len(flat) % 2:
                raise _bad(path, row, "a polygon is a flat list of three points or more")
            return PolygonTarget(tuple(zip(flat[0::2], flat[1::2], strict=True)))
        case "refusal":
            return RefusalTarget()
        case other:
            raise _bad(path, row, f"{other!r} is no kind of target")


def _bad(path: Path, row: _Row, fault: str) -> KnownError:
    return KnownError(
        f"{path}: item {row.id!r}: {fault}", remedy="give the annotations as published"
    )


def _categories(path: Path, notes: list[str]) -> Mapping[str, Sequence[str]]:
    """The categories of each item; none, and a note, where the file is not there."""
    if not path.is_file():
        notes.append(f"{path.name} is not there, so every item is unclassified")
        return {}
    found: dict[str, list[str]] = {}
    for name, members in read_json(path, _Categories, "classification").classified.items():
        for member in members:
            found.setdefault(member.id, []).append(name)
    return found


def _item(
    row: _Row, *, picture: str, target: Target, categories: Mapping[str, Sequence[str]]
) -> Item:
    return Item(
        id=row.id,
        picture=picture,
        instruction=row.instruction,
        target=target,
        size=row.image_size,
        labels={
            "category": tuple(categories.get(row.id, ("unclassified",))),
            "target": (row.box_type,),
            "element": tuple(dict.fromkeys(row.GUI_types)) or ("unnamed",),
        },
    )
