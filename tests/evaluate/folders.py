"""Benchmark folders in the official schemas, with small pictures, as large as the real ones."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

SIZE = (200, 100)
V2_SPLITS = {"desktop": 334, "mobile": 501, "web": 437}
V2_CELLS = [(split, kind) for split in V2_SPLITS for kind in ("text", "icon")]


def write_json(path: Path, rows: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows), "utf-8")


def draw(path: Path, size: tuple[int, int] = SIZE, shade: int = 40) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((size[1], size[0], 3), shade, np.uint8)
    pixels[size[1] // 4 : size[1] // 2, size[0] // 4 : size[0] // 2] = 200
    Image.fromarray(pixels).save(path)


def v2_row(number: int, split: str, *, pictures: int = 20) -> dict[str, Any]:
    """A row as published: left, top, width, height in pixels, no id and no size."""
    shop = split != "web" and number % 10 == 0
    return {
        "img_filename": f"{split}_{number % pictures}.png",
        "bbox": [20 + number % 50, 10 + number % 30, 60, 40],
        "instruction": f"open thing {number} of {split}",
        "data_type": "text" if number % 3 else "icon",
        "data_source": "shop" if shop else {"web": "gitlab", "mobile": "ios"}.get(split, "windows"),
    }


def screenspot_v2(
    root: Path, counts: dict[str, int] | None = None, *, images: str = "screenspotv2_image"
) -> Path:
    for split, count in (counts or V2_SPLITS).items():
        rows = [v2_row(number, split) for number in range(count)]
        write_json(root / f"screenspot_{split}_v2.json", rows)
        for name in {row["img_filename"] for row in rows}:
            draw(root / images / name)
    return root


def pro_row(number: int, application: str, group: str) -> dict[str, Any]:
    return {
        "img_filename": f"{application}/shot_{number % 5}.png",
        "bbox": [40 + number % 20, 20, 120, 60 + number % 20],
        "instruction": f"use tool {number}",
        "instruction_cn": f"使用工具 {number}",
        "id": f"{application}_{number}",
        "application": application,
        "platform": ("windows", "macos", "linux")[number % 3],
        "img_size": list(SIZE),
        "ui_type": "text" if number % 5 < 3 else "icon",
        "group": group,
    }


PRO_GROUPS = ("Dev", "Creative", "CAD", "Scientific", "Office", "OS")


def screenspot_pro(root: Path, *, files: int = 26, total: int = 1581) -> Path:
    for file in range(files):
        application = f"app{file:02}"
        count = total // files + (file < total % files)
        rows = [pro_row(n, application, PRO_GROUPS[file % 6]) for n in range(count)]
        write_json(root / "annotations" / f"{application}_windows.json", rows)
        for name in {row["img_filename"] for row in rows}:
            draw(root / "images" / name)
    return root


def g_row(number: int, kind: str) -> dict[str, Any]:
    box: Sequence[float] = {
        "bbox": [20.5, 10.25, 60.0, 40.5],
        "polygon": [20.0, 10.0, 120.0, 10.0, 20.0, 90.0],
        "refusal": [-1, -1, -1, -1],
    }[kind]
    return {
        "id": f"{kind}-{number}",
        "image_path": f"{number % 12}.png",
        "image_size": list(SIZE),
        "instruction": f"touch {kind} {number}",
        "box_type": kind,
        "box_coordinates": list(box),
        "GUI_types": ["Icon", "Button"] if number % 2 else ["Label"],
    }


def osworld_g(root: Path, *, boxes: int = 470, polygons: int = 40, refusals: int = 54) -> Path:
    kinds = ["bbox"] * boxes + ["polygon"] * polygons + ["refusal"] * refusals
    rows = [g_row(number, kind) for number, kind in enumerate(kinds)]
    write_json(root / "benchmark" / "OSWorld-G.json", rows)
    refined = [{**row, "instruction": f"{row['instruction']}, at length"} for row in rows]
    write_json(root / "benchmark" / "OSWorld-G_refined.json", refined)
    classified = {
        "text_matching": [{"id": row["id"]} for row in rows[::2]],
        "element_recognition": [{"id": row["id"]} for row in rows[::3]],
        "refusal": [{"id": row["id"]} for row in rows if row["box_type"] == "refusal"],
    }
    write_json(root / "benchmark" / "classification_result.json", {"classified": classified})
    for name in {row["image_path"] for row in rows}:
        draw(root / "benchmark" / "images" / name)
    return root
