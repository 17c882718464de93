"""Everything readable in a screenshot, from all sources there are."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from agent_app.geometry import FrameBox
from agent_app.model_runtime import ImagePart
from agent_app.runtimes.reader.seeing.accessibility import FIELDS, AccessibilityTree, AccessibleNode
from agent_app.runtimes.reader.seeing.ink import edges
from agent_app.runtimes.reader.seeing.merging import (
    Layer,
    Placed,
    covered,
    layers,
    merge,
    place,
    shows,
    sight_windows,
    visible,
)
from agent_app.runtimes.reader.seeing.ocr import Engine, Ocr
from agent_app.runtimes.reader.sight import Element, Sight
from agent_app.screen.windows import TopLevel, WindowList, WindowsUnknown, without_own

RecordedWindows = Callable[[ImagePart], Sequence[TopLevel]]
"""The windows that a recording has for one of its frames, from the topmost down."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds that the last look took, by source."""

    ocr: float = 0.0
    accessibility: float = 0.0
    windows: float = 0.0
    merging: float = 0.0

    @property
    def total(self) -> float:
        return self.ocr + self.accessibility + self.windows + self.merging


class Eyes:
    """Looks at screenshots of one desktop.

    `environment` is that of the desktop: its DISPLAY and DBUS_SESSION_BUS_ADDRESS are asked for
    windows and accessible elements, and what is missing is only noted: the pixels are always read.
    With `recorded` the screenshots are recorded ones, and only that tells their windows.
    Raises KnownError when the text reader is not installed whole.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        engine: Engine | None = None,
        accessibility: bool = True,
        recorded: RecordedWindows | None = None,
    ) -> None:
        self._ocr = Ocr(engine=engine)
        bus = environment.get("DBUS_SESSION_BUS_ADDRESS", "")
        self._tree = AccessibilityTree(bus) if bus and accessibility else None
        self._display = environment.get("DISPLAY", "")
        self._windows: WindowList | None = None
        self._recorded = recorded
        self.timing = Timing()

    def texts(
        self, part: ImagePart, within: Sequence[FrameBox] | None = None
    ) -> tuple[Element, ...]:
        """The texts of a screenshot, or of some boxes of it, by its pixels alone."""
        return self._ocr.read(part) if within is None else self._ocr.read_within(part, within)

    def confirm(
        self, part: ImagePart, wanted: Callable[[str], bool], windows: Collection[int] | None
    ) -> Sight | None:
        """What is called as `wanted` says, as the applications tell, confirmed by the pixels there.

        None where that does not settle it: when nothing is so called, when a name is not read where
        it is to be, or when one of the `windows` (by their places from the topmost down; None for
        all) is of an application that tells nothing. Reads little, so it takes a tenth of `look`.
        """
        stack = self._stack(part, [])
        if not stack:
            return None
        nodes = self._nodes([])
        telling = {node.process for node in nodes}
        for index, layer in enumerate(stack):
            counts = windows is None or index in windows
            silent = layer.window.process not in telling
            if counts and silent and (layer.window.process or not layer.window.popup):
                return None
        items = [
            Placed(node, part.transform.region_to_box(node.region))
            for node in nodes
            if node.name and wanted(node.name)
        ]
        items = visible(items, stack)
        texts = self._ocr.read_within(part, [item.box for item in items])
        confirmed = {
            item.node.process for item in items if any(shows(item, text) for text in texts)
        }
        for item in items:
            is_field = item.node.role in FIELDS
            if is_field and item.node.process in confirmed:
                continue  # beside its label, which is where it should be
            if is_field or not any(shows(item, text) for text in texts):
                return None
        if not items:
            return None
        own = [text for text in texts if any(shows(item, text) for item in items)]
        elements = merge(own, items, stack)
        return Sight(elements, sight_windows(stack, part.transform))

    def told(self, part: ImagePart) -> Sight:
        """What the applications alone tell, where they say that it is: no pixel is read."""
        stack = self._stack(part, [])
        items = [
            Placed(node, part.transform.region_to_box(node.region)) for node in self._nodes([])
        ]
        elements = merge((), visible(items, stack), stack)
        return Sight(elements, sight_windows(stack or (), part.transform))

    def look(self, part: ImagePart) -> Sight:
        """What can be read in a screenshot taken just now."""
        clock = _Clock()
        notes: list[str] = []
        stack = self._stack(part, notes)
        windows_seconds = clock.lap()
        nodes = self._nodes(notes)
        tree_seconds = clock.lap()
        texts = self._ocr.read(part)
        ocr_seconds = clock.lap()
        edge = edges(np.asarray(part.image.convert("RGB")))
        placed = visible(place(nodes, texts, part.transform, edge), stack)
        hidden = covered(nodes, part.transform, stack)
        elements = merge(texts, placed, stack)
        windows = sight_windows(stack or (), part.transform)
        self.timing = Timing(ocr_seconds, tree_seconds, windows_seconds, clock.lap())
        return Sight(elements, windows, tuple(notes), hidden)

    def content(self, element: Element) -> str | None:
        """What stands in a field, in full; None when no application tells."""
        if self._tree is None or element.reference is None:
            return None
        return self._tree.text(element.reference)

    def close(self) -> None:
        """Let go of the bus and the display."""
        if self._tree is not None:
            self._tree.close()
        if self._windows is not None:
            self._windows.close()
            self._windows = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _stack(self, part: ImagePart, notes: list[str]) -> tuple[Layer, ...] | None:
        if self._recorded is not None:
            known = self._recorded(part)
            if not known:
                notes.append("windows: none were recorded")
                return None
            return layers(known, part.transform)
        if not self._display:
            notes.append("windows: no X display")
            return None
        try:
            if self._windows is None:
                self._windows = WindowList(self._display)
            return layers(without_own(self._windows.read()), part.transform)
        except WindowsUnknown as error:
            self._windows = None
            notes.append(f"windows: {error}")
            return None

    def _nodes(self, notes: list[str]) -> tuple[AccessibleNode, ...]:
        if self._tree is None:
            notes.append("accessibility: no session bus")
            return ()
        nodes, remarks = self._tree.read()
        notes.extend(remarks)
        return tuple(node for node in nodes if node.process != os.getpid())


class _Clock:
    def __init__(self) -> None:
        self._last = time.perf_counter()

    def lap(self) -> float:
        """Seconds since the last lap."""
        now = time.perf_counter()
        seconds, self._last = now - self._last, now
        return seconds
