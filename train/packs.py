"""Screens that `qt_screens` rendered before, with their labels, out of zips."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from functools import cache
from typing import Any

from PIL import Image

from train.screens import Element, Scene


class Pack:
    """Scenes of zips that `qt_screens` wrote, their paths joined by commas.

    Pictures are decoded when they are asked for.
    """

    def __init__(self, paths: str) -> None:
        self.names: list[tuple[zipfile.ZipFile, str]] = []
        for path in paths.split(","):
            file = zipfile.ZipFile(path)
            names = sorted(name[:-5] for name in file.namelist() if name.endswith(".webp"))
            self.names += [(file, name) for name in names[: len(names) // 2 * 2]]

    def scene(self, number: int) -> tuple[Scene, str]:
        """A scene, and the pool that its words come from."""
        file, name = self.names[number % len(self.names)]
        data: Mapping[str, Any] = json.loads(file.read(f"{name}.json"))
        with Image.open(io.BytesIO(file.read(f"{name}.webp"))) as image:
            picture = image.convert("RGB")
        elements = tuple(_element(one) for one in data["elements"])
        return Scene(picture, elements, frozenset(data["hidden"])), data["pool"]


def _element(data: Mapping[str, Any]) -> Element:
    text = data["text"]
    return Element(
        **{
            **data,
            "box": tuple(data["box"]),
            "text": tuple(text) if text else None,
            "ends": tuple(data["ends"]),
        }
    )


@cache
def open_pack(path: str) -> Pack:
    return Pack(path)
