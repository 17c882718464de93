"""What stands around a target, for policy: little of the screen is read, and no model is asked.

Pixels are read in a small part of the frame, and of the applications only the one concerned is
asked. What an application says of itself is believed in so far as it makes the agent more careful,
or says that something is a field, a tab or a menu.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from PIL import Image

from agent_app.errors import KnownError
from agent_app.events import ShownText, WindowRef
from agent_app.geometry import FrameBox, FramePoint, FrameTransform, ScreenPoint, Size
from agent_app.model_runtime import ImagePart
from agent_app.policy.scene import Focus, Hosts, Nearby
from agent_app.runtimes.reader.seeing.accessibility import FIELDS, AccessibilityTree, AccessibleNode
from agent_app.runtimes.reader.seeing.ink import edges
from agent_app.runtimes.reader.seeing.ocr import Ocr
from agent_app.screen.frame import Frame
from agent_app.screen.windows import TopLevel, WindowList, WindowsUnknown, without_own

_TREE_SECONDS = 0.4
_REACH = (180, 36)  # pixels around a click that are read: a wide button's half, and its caption
_UNDER = (10, 8)  # pixels by which a text may miss the click and still be what is clicked
_BESIDE = 150  # pixels to a text in the same row, where nothing stands under the click
_CAPTION = 34  # pixels from an icon's middle to the text below it
_SPOT = 14  # pixels around a click in which something is drawn, or nothing
_DIALOG = (640, 400)  # a dialog up to this size asks something, a larger one is a form
_ABOVE, _ASIDE, _BELOW = 300, 420, 60  # of an answer's button in a larger window
_BAR = 130  # pixels of a browser's window in which its address stands
_KEPT = 64  # parts of screens whose texts are remembered
_HARMLESS = FIELDS | {"menu", "page tab", "terminal"}
_TERMINAL = "terminal"
_HOST = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://)?(?:[^\s/@]*@)?"
    r"(?P<host>localhost|\[[0-9a-f:]+\]|(?:[\w-]+\.)+[\w-]{2,})(?::\d+)?(?:[/?#]\S*)?",
    re.IGNORECASE,
)


class LiveSurroundings:
    """The `Surroundings` of one desktop, by its pixels, windows and applications.

    Nothing is opened before it is asked for. Where the text reader is not installed, nothing can be
    told of texts, so that the person is asked.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        bus = environment.get("DBUS_SESSION_BUS_ADDRESS", "")
        self._tree = AccessibilityTree(bus, seconds=_TREE_SECONDS) if bus else None
        self._display = environment.get("DISPLAY", "")
        self._windows: WindowList | None = None
        self._ocr: Ocr | None = None
        self._known: OrderedDict[bytes, tuple[ShownText, ...]] = OrderedDict()
        self._blind = False

    def near(self, frame: Frame, point: FramePoint, window: WindowRef | None) -> Nearby | None:
        read = self._read(frame, _around(point, *_REACH), window)
        if read is None:
            return None
        place = frame.transform.frame_to_screen(point)
        node = _at(self._nodes(self._process_at(place)), place)
        own = _own_texts(read, point)
        if node is not None and node.name:
            named = ShownText(node.name, frame.transform.region_to_box(node.region))
            own = (named, *(text for text in own if text.text != node.name))
        harmless = node is not None and node.role in _HARMLESS
        return Nearby(own, harmless, drawn=_is_drawn(frame, point))

    def around(
        self, frame: Frame, point: FramePoint | None, window: WindowRef | None
    ) -> tuple[ShownText, ...] | None:
        own = (each for each in self._stack() if window and each.region == window.region)
        dialog = next(own, None)
        box = _dialog_box(frame, point, window, dialog=bool(dialog and dialog.dialog))
        return () if box is None else self._read(frame, box, window)

    def focus(self, window: WindowRef) -> Focus | None:
        processes = {each.process for each in self._stack() if each.active and each.process}
        nodes = self._nodes(processes)
        if not nodes:
            return None
        assert self._tree is not None, "it told the nodes"
        fields = [node for node in nodes if node.role in FIELDS]
        passwords = self._tree.passwords(fields) if fields else ()
        focused = [node for node in nodes if node.focused]
        in_window = [node for node in focused if node.window == window.title] or focused
        if not in_window:
            # it says nothing of its focus: if it shows no field for passwords, it is in none
            return None if passwords else Focus()
        node = min(in_window, key=lambda each: each.region.width * each.region.height)
        return Focus(
            node.name,
            password=any(each in passwords for each in in_window),
            terminal=node.role == _TERMINAL,
            field=node.role in FIELDS,
            lines=node.lines,
            region=node.region,
        )

    def hosts(self, frame: Frame, window: WindowRef) -> Hosts:
        bar = _bar(frame, window)
        read = self._read(frame, bar, window) or ()
        told: list[str] = []
        processes = {each.process for each in self._stack() if each.region == window.region}
        for node in self._nodes(processes):
            top = node.region.top - window.region.top
            if node.role in FIELDS and node.reference is not None and 0 <= top < _BAR:
                assert self._tree is not None
                told.append(self._tree.text(node.reference) or "")
        return Hosts(_hosts(told), _hosts([text.text for text in read]))

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

    def _read(
        self, frame: Frame, box: FrameBox, window: WindowRef | None
    ) -> tuple[ShownText, ...] | None:
        """The texts in a box of a frame, as far as it lies in the window; None when unreadable."""
        if self._blind:
            return None
        try:
            self._ocr = self._ocr or Ocr()
        except KnownError:
            self._blind = True
            return None
        return read_within(self._ocr, frame, box, window, known=self._known)

    def _stack(self) -> Sequence[TopLevel]:
        if not self._display:
            return ()
        try:
            self._windows = self._windows or WindowList(self._display)
            return without_own(self._windows.read())
        except WindowsUnknown:
            self._windows = None
            return ()

    def _process_at(self, point: ScreenPoint) -> set[int]:
        window = next((each for each in self._stack() if each.region.contains(point)), None)
        return {window.process} if window is not None and window.process else set()

    def _nodes(self, processes: set[int]) -> tuple[AccessibleNode, ...]:
        if self._tree is None or not processes:
            return ()
        return self._tree.read(processes)[0]


@dataclass(frozen=True, slots=True)
class RecordedSurroundings:
    """The `Surroundings` of recorded frames: their pixels alone; nothing is known of a focus."""

    ocr: Ocr

    def near(self, frame: Frame, point: FramePoint, window: WindowRef | None) -> Nearby | None:
        read = read_within(self.ocr, frame, _around(point, *_REACH), window)
        return Nearby(_own_texts(read, point), drawn=_is_drawn(frame, point))

    def around(
        self, frame: Frame, point: FramePoint | None, window: WindowRef | None
    ) -> tuple[ShownText, ...] | None:
        box = _dialog_box(frame, point, window, dialog=True)
        return () if box is None else read_within(self.ocr, frame, box, window)

    def focus(self, window: WindowRef) -> Focus | None:  # noqa: ARG002 - it was not recorded
        return None

    def hosts(self, frame: Frame, window: WindowRef) -> Hosts:
        read = read_within(self.ocr, frame, _bar(frame, window), window)
        return Hosts(read=_hosts([text.text for text in read]))


def recorded_surroundings() -> RecordedSurroundings | None:
    """Who reads recorded frames; None where the text reader is not installed."""
    try:
        return RecordedSurroundings(Ocr())
    except KnownError:
        return None


def read_within(
    ocr: Ocr,
    frame: Frame,
    box: FrameBox,
    window: WindowRef | None,
    *,
    known: OrderedDict[bytes, tuple[ShownText, ...]] | None = None,
) -> tuple[ShownText, ...]:
    """The texts in a box of a frame, as far as it lies in the window; in reading order.

    What the same pixels at the same place said before is taken from `known`, and put there.
    """
    if window is not None:
        box = _common(box, frame.transform.region_to_box(window.region))
    box = _common(box, FrameBox(0, 0, frame.size.width, frame.size.height))
    left, top, right, bottom = (int(v) for v in (box.left, box.top, box.right, box.bottom))
    if right - left < 2 or bottom - top < 2:
        return ()
    pixels = np.ascontiguousarray(frame.pixels[top:bottom, left:right])
    name = hashlib.sha1(f"{left},{top},{pixels.shape}".encode() + pixels.tobytes()).digest()
    if known is not None and name in known:
        known.move_to_end(name)
        return known[name]
    image = Image.fromarray(pixels)
    size = Size(right - left, bottom - top)
    part = ImagePart(image, frame.sha1, FrameTransform(ScreenPoint(0, 0), 1.0, size))
    found = ocr.read_within(part, [FrameBox(0, 0, size.width, size.height)])
    placed = [
        ShownText(
            each.text,
            FrameBox(each.box.left + left, each.box.top + top, each.box.width, each.box.height),
        )
        for each in found
    ]
    texts = tuple(sorted(placed, key=_reading_place))
    if known is not None:
        known[name] = texts
        while len(known) > _KEPT:
            known.popitem(last=False)
    return texts


def _reading_place(text: ShownText) -> tuple[int, float]:
    assert text.box is not None
    return round(text.box.center.y / 12), text.box.left


def _own_texts(read: Sequence[ShownText], point: FramePoint) -> tuple[ShownText, ...]:
    """The texts that are clicked: under the click, else right beside or below it."""
    boxes = [(text, text.box) for text in read if text.box is not None]
    under = tuple(text for text, box in boxes if _grown(box, *_UNDER).contains(point))
    if under:
        return under
    beside: list[tuple[float, ShownText]] = []
    for text, box in boxes:
        aside = max(box.left - point.x, point.x - box.right, 0.0)
        below = box.top - point.y
        if abs(box.center.y - point.y) <= 0.7 * box.height and aside <= _BESIDE:
            beside.append((aside, text))
        elif aside <= _UNDER[0] and 0 <= below <= _CAPTION:
            beside.append((below, text))
    return tuple(text for _, text in sorted(beside, key=lambda each: each[0])[:2])


def _at(nodes: Sequence[AccessibleNode], point: ScreenPoint) -> AccessibleNode | None:
    """The smallest node at a place, popups before what they cover."""
    there = [node for node in nodes if node.region.contains(point)]
    front = [node for node in there if node.popup] or there
    return min(front, key=lambda node: node.region.width * node.region.height, default=None)


def _is_drawn(frame: Frame, point: FramePoint) -> bool:
    x, y = int(point.x), int(point.y)
    cut = frame.pixels[max(0, y - _SPOT) : y + _SPOT + 1, max(0, x - _SPOT) : x + _SPOT + 1]
    return cut.size > 0 and bool(edges(np.ascontiguousarray(cut)).any())


def _dialog_box(
    frame: Frame, point: FramePoint | None, window: WindowRef | None, *, dialog: bool
) -> FrameBox | None:
    """What is read of a dialog: all of it if it is small, else what stands around its button."""
    if window is not None and dialog:
        box = frame.transform.region_to_box(window.region)
        if box.width <= _DIALOG[0] and box.height <= _DIALOG[1]:
            return box
    if point is None:
        return None
    height = _ABOVE + _BELOW
    return FrameBox(point.x - _ASIDE, point.y - _ABOVE, 2 * _ASIDE, height)


def _bar(frame: Frame, window: WindowRef) -> FrameBox:
    box = frame.transform.region_to_box(window.region)
    return FrameBox(box.left, box.top, box.width, _BAR)


def _hosts(texts: Sequence[str]) -> tuple[str, ...]:
    """The hosts that these texts name, as addresses."""
    found = (
        _HOST.fullmatch(word.strip("()[]<>,;")) for text in texts for word in text.split()[:200]
    )
    hosts = (match["host"].casefold() for match in found if match is not None)
    return tuple(dict.fromkeys(hosts))


def _around(point: FramePoint, across: float, down: float) -> FrameBox:
    return FrameBox(point.x - across, point.y - down, 2 * across, 2 * down)


def _grown(box: FrameBox, across: float, down: float) -> FrameBox:
    return FrameBox(
        box.left - across, box.top - down, box.width + 2 * across, box.height + 2 * down
    )


def _common(one: FrameBox, other: FrameBox) -> FrameBox:
    left, top = max(one.left, other.left), max(one.top, other.top)
    right, bottom = min(one.right, other.right), min(one.bottom, other.bottom)
    return FrameBox(left, top, max(0.0, right - left), max(0.0, bottom - top))
