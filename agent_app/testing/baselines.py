"""Pictures that a screen is compared with: beside the test, looked at and committed by a person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from agent_app.episode.files import write_whole
from agent_app.errors import KnownError
from agent_app.geometry import FrameBox
from agent_app.runtimes.reader.seeing.ink import Box
from agent_app.screen.change import changed_boxes, is_caret
from agent_app.screen.frame import Pixels
from agent_app.testing.failures import DesktopFailure, hidden
from agent_app.testing.locator import Locator
from agent_app.testing.looking import View
from agent_app.testing.resolving import resolve
from agent_app.testing.stage import Stage

__tracebackhide__ = hidden

_OTHER = 16  # of 255, in any channel: below it is how the same letters are smoothed elsewhere
_RED = (220, 38, 38)


class Baselines:
    """The comparison of one expectation with its baseline."""

    def __init__(self, stage: Stage, name: str, mask: Sequence[Locator], tolerance: float) -> None:
        if Path(name).name != name:
            raise ValueError(f"{name!r} must be a plain file name")
        self._stage = stage
        self._path = stage.baselines_folder / (name if name.endswith(".png") else f"{name}.png")
        self._mask = mask
        self._tolerance = tolerance
        self._last: tuple[Pixels, Pixels | None] | None = None
        self._stable: Pixels | None = None

    def compare(self, view: View, box: FrameBox | None) -> tuple[bool | None, str]:
        """Whether a view shows the baseline, and how it differs."""
        frame = Box(0, 0, view.frame.size.width, view.frame.size.height)
        part = frame if box is None else _bounds(box).within(frame)
        pixels = view.frame.pixels[part.top : part.bottom, part.left : part.right]
        before, self._stable = self._stable, pixels
        masks = [
            FrameBox(
                thing.extent.left - part.left,
                thing.extent.top - part.top,
                thing.extent.width,
                thing.extent.height,
            )
            for locator in self._mask
            for thing in resolve(locator.wanted, view).things
        ]
        if self._is_wanted():
            if before is None or _share(before, pixels, masks) > 0:
                return None, "it is still moving"
            self._write(pixels)
            return True, f"the baseline {self._path} was written: look at it, then commit it"
        expected = self._read()
        self._last = (pixels, expected)
        if expected is None:
            return False, f"there is no baseline {self._path}, and this run may not write one"
        if expected.shape != pixels.shape:
            return False, f"it is {_size(pixels)} now and was {_size(expected)} in {self._path}"
        share = _share(expected, pixels, masks)
        shown = f"{share:.3%} of its pixels differ from {self._path.name}"
        return share <= self._tolerance, shown if share else f"it is as in {self._path.name}"

    def judge(self, judge: Callable[[], None]) -> None:
        """Do the judging, and keep what differs for a person to look at."""
        try:
            judge()
        except DesktopFailure as failure:
            if self._last is not None:
                path = self._stage.keep(f"{self._path.stem}-differs", difference(*self._last))
                failure.add_note(f"expected, seen, and what differs: {path}")
            raise

    def _is_wanted(self) -> bool:
        """Whether this run is to write the baseline."""
        mode = self._stage.baselines
        return mode == "all" or (mode == "missing" and not self._path.exists())

    def _read(self) -> Pixels | None:
        try:
            with Image.open(self._path) as image:
                return np.asarray(image.convert("RGB"), np.uint8)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise KnownError(
                f"cannot read the baseline {self._path}: {error}",
                remedy="restore it, or delete it and run the test again",
            ) from error

    def _write(self, pixels: Pixels) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        data = cv2.imencode(".png", pixels[..., ::-1])[1].tobytes()
        write_whole(self._path, data)
        self._stage.written.append(self._path)


def difference(seen: Pixels, expected: Pixels | None) -> Image.Image:
    """What was expected, what was seen, and in red what differs, side by side."""
    if expected is None:
        return Image.fromarray(seen)
    height = max(seen.shape[0], expected.shape[0])
    panels = [expected, seen]
    if seen.shape == expected.shape:
        faded = (255 - (255 - seen.astype(np.int16)) // 4).astype(np.uint8)
        faded[_differs(expected, seen)] = _RED
        panels.append(faded)
    gap = np.full((height, 8, 3), 128, np.uint8)
    row: list[Pixels] = []
    for panel in panels:
        below = height - panel.shape[0]
        row += [np.pad(panel, ((0, below), (0, 0), (0, 0)), constant_values=128), gap]
    return Image.fromarray(np.concatenate(row[:-1], axis=1))


def _differs(one: Pixels, other: Pixels) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    return (np.abs(one.astype(np.int16) - other.astype(np.int16)).max(axis=2)) >= _OTHER


def _share(expected: Pixels, seen: Pixels, masks: Sequence[FrameBox]) -> float:
    """The share of pixels that differ, without masked places and carets."""
    if expected.shape != seen.shape:
        return 1.0
    count = 0
    differs = _differs(expected, seen)
    for box in changed_boxes(expected, seen, ignore=masks):
        if not is_caret(box):
            part = _bounds(box)
            inner = differs[part.top : part.bottom, part.left : part.right].copy()
            for mask in masks:
                left, top = int(mask.left) - part.left, int(mask.top) - part.top
                right, bottom = round(mask.right) - part.left, round(mask.bottom) - part.top
                inner[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = False
            count += int(inner.sum())
    return count / (seen.shape[0] * seen.shape[1])


def _bounds(box: FrameBox) -> Box:
    return Box(int(box.left), int(box.top), round(box.right), round(box.bottom))


def _size(pixels: Pixels) -> str:
    return f"{pixels.shape[1]}x{pixels.shape[0]}"
