"""Reads the text in a screenshot, and again only where the next one differs.

rapidocr finds and recognises lines with the models in its wheel. Lines are split into labels by
the gaps in their ink, and lone characters, which its detector misses, are found by their edges.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Literal, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from agent_app.egress import keep_quiet
from agent_app.errors import KnownError
from agent_app.geometry import FrameBox, FrameTransform
from agent_app.model_runtime import ImagePart
from agent_app.runtimes.reader.seeing.ink import (
    Box,
    Mask,
    Pixels,
    changed_tiles,
    clusters,
    edges,
    glyph_frame,
    ink,
    labels,
    lone_glyphs,
    merged,
    slant,
    tiles,
    without_underlines,
)
from agent_app.runtimes.reader.sight import Element

Engine = Literal["onnxruntime", "openvino"]

_LEAST_CONFIDENCE = 0.5
_LEAST_GLYPH_CONFIDENCE = 0.6
_GRID = 48  # pixels that the detector sees as its stride of 32
_DETECT_SCALE = 32 / _GRID  # finds what full size finds, at 0.45 of its time
_CONTEXT = 32  # pixels around a region that the detector sees without reading them
_NEIGHBOUR = 20  # pixels to the side within which text may be the same line's
_ALL_AGAIN = 0.6  # share of tiles changed from which regions save nothing
_FRAMES_KEPT = 4  # so that closing a menu costs as little as a caret's blink
_FEW_TILES = 6
_TEXTS_KEPT = 8192
# A lone sign as the recogniser, which knows ten thousand Chinese characters, tends to see it.
_SIGNS = {"十": "+", "一": "-", "二": "=", "三": "=", "米": "*", "＊": "*", "×": "×"}


@dataclass(frozen=True, slots=True)
class _Memory:
    pixels: Pixels
    elements: tuple[Element, ...]


class Ocr:
    """A reader of screenshots that remembers the last few.

    `engine` "openvino" needs the extra of that name; by default it is used when installed. Raises
    KnownError when a model or the engine is missing: nothing is ever downloaded.
    """

    def __init__(self, *, engine: Engine | None = None) -> None:
        self.engine: Engine = engine or _best_engine()
        self._models = _Models(self.engine)
        self._transform: FrameTransform | None = None
        self._memories: list[_Memory] = []

    def read(self, part: ImagePart) -> tuple[Element, ...]:
        """The texts of a screenshot, in no particular order; boxes are in pixels of the frame."""
        pixels = np.asarray(part.image.convert("RGB"))
        if part.transform != self._transform:
            self._transform = part.transform
            self._memories = []
        before, changed = self._closest(pixels)
        if before is not None and not changed.any():
            elements = before.elements
        elif before is None or changed.mean() > _ALL_AGAIN:
            elements = self._read_everything(pixels)
        else:
            elements = self._read_changes(pixels, before.elements, changed)
        if np.count_nonzero(changed) <= _FEW_TILES:  # a caret or a letter: the same frame, newer
            self._memories = [memory for memory in self._memories if memory is not before]
        self._memories = [*self._memories[-_FRAMES_KEPT + 1 :], _Memory(pixels.copy(), elements)]
        return _scaled(elements, part)

    def read_within(self, part: ImagePart, boxes: Iterable[FrameBox]) -> tuple[Element, ...]:
        """The texts in some boxes of a screenshot as it was captured; nothing else is read.

        Nothing is remembered but the texts' own pictures.
        """
        pixels = np.asarray(part.image.convert("RGB"))
        frame = Box(0, 0, pixels.shape[1], pixels.shape[0])
        regions = [
            Box(int(b.left), int(b.top), round(b.right), round(b.bottom)).within(frame)
            for b in boxes
        ]
        regions = merged(region for region in regions if region.area > 0)
        return self._read_regions(pixels, edges(pixels), regions) if regions else ()

    def forget(self) -> None:
        """Read everything again next time."""
        self._memories = []

    def _closest(self, pixels: Pixels) -> tuple[_Memory | None, Mask]:
        """The remembered frame that differs in the fewest tiles, and which those are."""
        best: _Memory | None = None
        best_changed = np.ones((1, 1), np.bool_)
        for memory in reversed(self._memories):
            if memory.pixels.shape != pixels.shape:
                continue
            changed = changed_tiles(memory.pixels, pixels)
            if best is None or changed.sum() < best_changed.sum():
                best, best_changed = memory, changed
        return best, best_changed

    def _read_everything(self, pixels: Pixels) -> tuple[Element, ...]:
        edge = edges(pixels)
        regions = merged(clusters(tiles(edge), reach=1))
        return self._read_regions(pixels, edge, regions)

    def _read_changes(
        self, pixels: Pixels, before: Sequence[Element], changed: Mask
    ) -> tuple[Element, ...]:
        boxes = [_box(element) for element in before]
        regions = _grown(clusters(changed, reach=1), boxes)
        kept = [
            element
            for element, box in zip(before, boxes, strict=True)
            if not any(box.meets(region) for region in regions)
        ]
        found = self._read_regions(pixels, edges(pixels), regions)
        places = [_box(element) for element in found]
        kept = [element for element in kept if not any(_box(element).meets(p) for p in places)]
        return (*kept, *found)

    def _read_regions(
        self, pixels: Pixels, edge: Mask, regions: Sequence[Box]
    ) -> tuple[Element, ...]:
        frame = Box(0, 0, pixels.shape[1], pixels.shape[0])
        bgr = pixels[..., ::-1]  # the models' order
        lines: list[Box] = []
        glyphs: list[Box] = []
        for region in regions:
            view = _on_grid(region.padded(_CONTEXT, _CONTEXT).within(frame))
            if not edge[view.top : view.bottom, view.left : view.right].any():
                continue
            found = [
                label
                for line in self._models.detect(_cut(bgr, view))
                for label in _labels(bgr, line.moved(view.left, view.top), frame)
                if label.meets(region)
            ]
            lines += found
            cut = edge[view.top : view.bottom, view.left : view.right]
            taken = [box.moved(-view.left, -view.top) for box in found]
            for mark in lone_glyphs(cut, taken):
                glyph = mark.moved(view.left, view.top)
                if glyph.meets(region) and not _cut_off(glyph, view, frame):
                    glyphs.append(glyph)
        return self._recognised(bgr, lines, glyphs, frame)

    def _recognised(
        self, bgr: Pixels, lines: Sequence[Box], glyphs: Sequence[Box], frame: Box
    ) -> tuple[Element, ...]:
        crops = [without_underlines(_cut(bgr, line.padded(3, 3).within(frame))) for line in lines]
        crops += [_cut(bgr, glyph_frame(mark).within(frame)) for mark in glyphs]
        texts = self._models.recognise(crops)
        elements: list[Element] = []
        for index, (box, (text, score)) in enumerate(zip((*lines, *glyphs), texts, strict=True)):
            least = _LEAST_CONFIDENCE if index < len(lines) else _LEAST_GLYPH_CONFIDENCE
            text = _sign(text.strip(), crops[index])
            if not text or score < least or (index >= len(lines) and len(text) > 3):
                continue
            place = FrameBox(box.left, box.top, box.width, box.height)
            elements.append(Element(text, place, "ocr", confidence=round(score, 3)))
        return tuple(elements)


class _Models:
    """The detector and the recogniser, and the texts already recognised, by their pixels."""

    def __init__(self, engine: Engine) -> None:
        if importlib.util.find_spec(engine) is None:
            raise KnownError(
                f"the text reader's engine {engine} is not installed",
                remedy=f"install it: pip install {engine}",
            )
        if engine == "openvino":
            # importing openvino reports to its maker; without this package it has nothing to do
            # so with, which it takes as it is
            cast("dict[str, ModuleType | None]", sys.modules)["openvino_telemetry"] = None
        keep_quiet()
        import rapidocr  # takes 0.5 s: only when something is read
        from rapidocr import EngineType, RapidOCR

        assert rapidocr.__file__ is not None
        folder = Path(rapidocr.__file__).parent / "models"
        paths = {
            "Det.model_path": folder / "PP-OCRv6_det_small.onnx",
            "Rec.model_path": folder / "PP-OCRv6_rec_small.onnx",
        }
        for path in paths.values():  # without a path, or a file at it, rapidocr would download one
            if not path.is_file():
                raise KnownError(
                    f"the text reader's model {path.name} is not in the installed rapidocr",
                    remedy="reinstall it: pip install --force-reinstall 'rapidocr>=3.10'",
                )
        threads = min(2, len(os.sched_getaffinity(0)))
        self._engine = RapidOCR(
            params={name: str(path) for name, path in paths.items()}
            | {
                "Global.log_level": "critical",  # its own logger's, no other
                "Global.use_preprocess_img": False,
                "Global.use_vertical_padding": False,
                "Det.engine_type": EngineType(engine),
                "Det.limit_type": "max",
                "Det.limit_side_len": 1 << 20,  # never resized: crops stay at one scale
                "Rec.engine_type": EngineType(engine),
                "Rec.rec_img_shape": [3, 48, 48],  # the width of a batch is its widest, at least
                "EngineConfig.onnxruntime.intra_op_num_threads": threads,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                "EngineConfig.openvino.inference_num_threads": threads,
            }
        )
        self._texts: OrderedDict[bytes, tuple[str, float]] = OrderedDict()

    def detect(self, bgr: Pixels) -> list[Box]:
        """The boxes of lines of text."""
        height, width = bgr.shape[:2]
        padded = cv2.copyMakeBorder(
            bgr, 0, -height % _GRID, 0, -width % _GRID, cv2.BORDER_REPLICATE
        )
        small = cv2.resize(
            padded, None, fx=_DETECT_SCALE, fy=_DETECT_SCALE, interpolation=cv2.INTER_AREA
        )
        found = self._engine(_pixels(small), use_det=True, use_cls=False, use_rec=False).boxes
        if found is None:
            return []
        corners = found.astype(np.float64) / _DETECT_SCALE
        lows, highs = np.floor(corners.min(axis=1)), np.ceil(corners.max(axis=1))
        sides = np.concatenate((lows, highs), axis=1).astype(np.int64)
        whole = Box(0, 0, width, height)
        return [Box(*row).within(whole) for row in sides.tolist()]

    def recognise(self, crops: Sequence[Pixels]) -> list[tuple[str, float]]:
        """Text and confidence (0..1) of each crop of one line."""
        names = [_name(crop) for crop in crops]
        new = {name: i for i, name in enumerate(names) if name not in self._texts}
        if new:
            output = self._engine.recognize_txt([crops[i] for i in new.values()])
            read = zip(output.txts or [""] * len(new), output.scores, strict=True)
            self._texts.update(zip(new, read, strict=True))
        texts = [self._texts[name] for name in names]
        for name in names:
            self._texts.move_to_end(name)
        while len(self._texts) > _TEXTS_KEPT:
            self._texts.popitem(last=False)
        return texts


def _best_engine() -> Engine:
    return "openvino" if importlib.util.find_spec("openvino") is not None else "onnxruntime"


def _name(crop: Pixels) -> bytes:
    return hashlib.sha1(f"{crop.shape}".encode() + crop.tobytes()).digest()


def _pixels(image: NDArray[np.generic]) -> Pixels:
    return np.ascontiguousarray(image, dtype=np.uint8)


def _cut(pixels: Pixels, box: Box) -> Pixels:
    return np.ascontiguousarray(pixels[box.top : box.bottom, box.left : box.right])


def _on_grid(view: Box) -> Box:
    """Begun on the grid, so that a crop is sampled as the whole frame is."""
    return view._replace(left=view.left // _GRID * _GRID, top=view.top // _GRID * _GRID)


def _labels(bgr: Pixels, line: Box, frame: Box) -> list[Box]:
    """The labels of a detected line, each trimmed to its ink."""
    room = line.padded(3, 2).within(frame)
    if line.area == 0:
        return []
    return [label.moved(room.left, room.top) for label in labels(_cut(bgr, room))]


def _cut_off(mark: Box, view: Box, frame: Box) -> bool:
    """Whether a mark touches a side of the view that is not the frame's own."""
    return (
        (mark.left <= view.left + 2 and view.left > frame.left)
        or (mark.top <= view.top + 2 and view.top > frame.top)
        or (mark.right >= view.right - 2 and view.right < frame.right)
        or (mark.bottom >= view.bottom - 2 and view.bottom < frame.bottom)
    )


def _sign(text: str, crop: Pixels) -> str:
    """A single character, put right where its shape says what it is."""
    if len(text) != 1:
        return text
    if text in "1lI|" and slant(crop) < -0.2:
        return "/"
    columns = np.flatnonzero(ink(crop).any(axis=0))
    small = columns.size > 0 and columns[-1] - columns[0] < 12  # an ideograph fills its em
    return _SIGNS.get(text, text) if small else text


def _box(element: Element) -> Box:
    box = element.box
    return Box(int(box.left), int(box.top), int(box.right), int(box.bottom))


def _grown(regions: Iterable[Box], texts: Sequence[Box]) -> list[Box]:
    """Regions that hold whole every text they touch or lie beside, joined where they meet."""
    grown = merged(regions)
    while True:
        before = grown
        for text in texts:
            beside = text.padded(_NEIGHBOUR, 2)
            grown = [
                region.joined(text.padded(4, 2)) if region.meets(beside) else region
                for region in grown
            ]
        grown = merged(grown)
        if grown == before:
            return grown


def _scaled(elements: tuple[Element, ...], part: ImagePart) -> tuple[Element, ...]:
    """Boxes in pixels of the frame, should the picture be a resized copy of it."""
    x = part.transform.size.width / part.image.width
    y = part.transform.size.height / part.image.height
    if x == y == 1.0:
        return elements
    return tuple(
        Element(
            element.text,
            FrameBox(
                element.box.left * x,
                element.box.top * y,
                element.box.width * x,
                element.box.height * y,
            ),
            "ocr",
            confidence=element.confidence,
        )
        for element in elements
    )
