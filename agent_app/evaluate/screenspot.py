"""ScreenSpot-V2 and ScreenSpot-Pro, read from their official folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from agent_app.errors import KnownError
from agent_app.evaluate.box_forms import Box, box_form, form_note
from agent_app.evaluate.items import BoxTarget, Breakdown, Dataset, Item, Published
from agent_app.evaluate.reading import (
    check_folder,
    check_items,
    check_targets,
    inside,
    picture_folder,
    read_json,
    resized,
    size_on_disk,
)
from agent_app.geometry import Size

Language = Literal["en", "cn", "all"]

_V2_SPLITS = ("desktop", "mobile", "web")
_V2_PICTURES = ("screenspotv2_image", "screenspotv2_images", "images")
_KIMI = "Kimi-VL-A3B-Thinking-2506"
_CARD = "its model card"
V2_PUBLISHED = (Published(_KIMI, "all, 1,272 items", 91.4, _CARD),)
PRO_PUBLISHED = (
    Published(_KIMI, "all, 1,581 items", 52.8, _CARD),
    Published("OmniParser v2 + GPT-4o", "all, 1,581 items", 39.5, "as published with its log"),
    Published("OmniParser v2 + GPT-4o", "text", 56.8, "as published with its log"),
    Published("OmniParser v2 + GPT-4o", "icon", 11.6, "as published with its log"),
)


class _V2Row(msgspec.Struct):
    img_filename: str
    bbox: Box
    instruction: str
    data_type: str = ""
    data_source: str = ""
    ui_type: str = ""  # copies call the type so, and the source the platform
    platform: str = ""
    img_size: tuple[int, int] | None = None


class _ProRow(msgspec.Struct):
    img_filename: str
    bbox: Box
    instruction: str
    id: str
    application: str
    platform: str
    img_size: tuple[int, int]
    ui_type: str
    group: str
    instruction_cn: str = ""


def read_screenspot_v2(root: Path) -> Dataset:
    """The three files of a folder, split by file: rows of two of them carry the source "shop".

    Raises KnownError for a folder that is not whole enough to be read.
    """
    check_folder(root, "ScreenSpot-V2", holds="screenspot_desktop_v2.json")
    paths = {name: root / f"screenspot_{name}_v2.json" for name in _V2_SPLITS}
    there = {name: path for name, path in paths.items() if path.is_file()}
    if not there:
        raise KnownError(
            f"{root} holds none of {', '.join(path.name for path in paths.values())}",
            remedy="give the folder into which ScreenSpot-V2 was unpacked",
        )
    notes = [f"{paths[name]} is not there" for name in _V2_SPLITS if name not in there]
    folder = picture_folder(root, _V2_PICTURES)
    items: list[Item] = []
    for split, path in there.items():
        rows = read_json(path, list[_V2Row], "list of ScreenSpot-V2")
        items += _v2_items(rows, split, path, root, folder, notes)
    missing = check_items(items, root)
    return Dataset(
        "screenspot-v2",
        "ScreenSpot-V2",
        root,
        tuple(items),
        (
            Breakdown("Platform and kind of target", ("platform", "kind"), mean=True),
            Breakdown("Platform", ("platform",)),
            Breakdown("Kind of target", ("kind",)),
            Breakdown("Source", ("source",)),
        ),
        V2_PUBLISHED,
        tuple(notes),
        missing,
    )


def _v2_items(
    rows: Sequence[_V2Row], split: str, path: Path, root: Path, folder: str, notes: list[str]
) -> list[Item]:
    pictures = [inside(root, folder, row.img_filename, str(path)) for row in rows]
    known = {name: size_on_disk(root / name) for name in dict.fromkeys(pictures)}
    sizes = [
        Size(*row.img_size) if row.img_size else known[name]
        for row, name in zip(rows, pictures, strict=True)
    ]
    form = box_form([row.bbox for row in rows], sizes, official="xywh", where=str(path))
    if note := form_note(form, official="xywh", where=path.name):
        notes.append(note)
    items = [
        Item(
            id=f"{split}-{number:04}",
            picture=picture,
            instruction=row.instruction,
            target=form.target(row.bbox, size, str(path)),
            size=row.img_size,
            labels={
                "platform": (split,),
                "kind": (row.data_type or row.ui_type or "unknown",),
                "source": (row.data_source or row.platform or "unknown",),
            },
        )
        for number, (row, picture, size) in enumerate(zip(rows, pictures, sizes, strict=True), 1)
    ]
    notes += check_targets(items, sizes, str(path))
    return items


def read_screenspot_pro(root: Path, *, language: Language = "en") -> Dataset:
    """Every file of `annotations/`, with the pictures of `images/`.

    With "all" each item is asked in both languages. Raises KnownError as above.
    """
    check_folder(root, "ScreenSpot-Pro", holds="annotations/ and images/")
    paths = sorted((root / "annotations").glob("*.json"))
    if not paths:
        raise KnownError(
            f"{root / 'annotations'} holds no .json file",
            remedy="give the folder that holds annotations/ and images/",
        )
    folder = picture_folder(root, ("images",))
    languages = ("en", "cn") if language == "all" else (language,)
    notes: list[str] = []
    items: list[Item] = []
    for path in paths:
        rows = read_json(path, list[_ProRow], "list of ScreenSpot-Pro")
        sizes = [Size(*row.img_size) for row in rows]
        form = box_form([row.bbox for row in rows], sizes, official="xyxy", where=str(path))
        if note := form_note(form, official="xyxy", where=path.name):
            notes.append(note)
        read = [
            _pro_item(
                row,
                spoken,
                picture=inside(root, folder, row.img_filename, str(path)),
                target=form.target(row.bbox, size, str(path)),
                path=path,
            )
            for spoken in languages
            for row, size in zip(rows, sizes, strict=True)
        ]
        notes += check_targets(read, sizes * len(languages), str(path))
        items += read
    missing = check_items(items, root)
    notes += resized(items, root)
    return Dataset(
        "screenspot-pro",
        "ScreenSpot-Pro",
        root,
        tuple(items),
        (
            Breakdown("Group and kind of target", ("group", "kind")),
            Breakdown("Group", ("group",)),
            Breakdown("Kind of target", ("kind",)),
            Breakdown("Application", ("application",)),
            Breakdown("Platform", ("platform",)),
            Breakdown("Language", ("language",)),
        ),
        PRO_PUBLISHED,
        tuple(notes),
        missing,
    )


def _pro_item(row: _ProRow, language: str, *, picture: str, target: BoxTarget, path: Path) -> Item:
    instruction = row.instruction_cn if language == "cn" else row.instruction
    if not instruction:
        raise KnownError(
            f"{path}: item {row.id!r} has no Chinese instruction", remedy="ask with --language en"
        )
    return Item(
        id=f"{row.id}-cn" if language == "cn" else row.id,
        picture=picture,
        instruction=instruction,
        target=target,
        size=row.img_size,
        labels={
            "group": (row.group,),
            "kind": (row.ui_type,),
            "application": (row.application,),
            "platform": (row.platform,),
            "language": (language,),
        },
    )
