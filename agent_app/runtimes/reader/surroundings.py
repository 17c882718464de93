"""What stands around a target, for policy: little of the screen is read, and no model is asked.

Pixels are read in a small part of the frame, and of the applications only the one concerned is
asked. What an application says of itself is believed in so far as it makes the agent more careful,
or says that something is a field, a tab or a menu.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from agent_app.errors import KnownError
from agent_app.events import ShownText, WindowRef
from agent_app.geometry import FrameBox, FramePoint, ScreenPoint
from agent_app.policy.scene import Focus, Hosts, Nearby
from agent_app.runtimes.reader.seeing.accessibility import FIELDS, AccessibilityTree, AccessibleNode
from agent_app.runtimes.reader.seeing.ocr import Ocr
from agent_app.runtimes.reader.sight import Element
from agent_app.runtimes.reader.surrounding_texts import (
    BAR,
    REACH,
    address_bar,
    as_shown,
    box_around,
    dialog_box,
    hosts_in,
    is_drawn,
    is_sure,
    own_texts,
    read_within,
)
from agent_app.screen.frame import Frame
from agent_app.screen.windows import TopLevel, WindowList, WindowsUnknown, without_own

_TREE_SECONDS = 0.4
_HARMLESS = FIELDS | {"menu", "page tab", "terminal"}
_TERMINAL = "terminal"


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
        self._known: OrderedDict[bytes, tuple[Element, ...]] = OrderedDict()
        self._blind = False

    def near(self, frame: Frame, point: FramePoint, window: WindowRef | None) -> Nearby | None:
        read = self._read(frame, box_around(point, *REACH), window)
        if read is None:
            return None
        place = frame.transform.frame_to_screen(point)
        node = _at(self._nodes(self._process_at(place)), place)
        under = own_texts(read, point)
        own, sure = as_shown(under), is_sure(under)
        if node is not None and node.name:
            named = ShownText(node.name, frame.transform.region_to_box(node.region))
            own, sure = (named, *(text for text in own if text.text != node.name)), True
        harmless = node is not None and node.role in _HARMLESS
        return Nearby(own, harmless, drawn=is_drawn(frame, point), sure=sure)

    def around(
        self, frame: Frame, point: FramePoint | None, window: WindowRef | None
    ) -> tuple[ShownText, ...] | None:
        own = (each for each in self._stack() if window and each.region == window.region)
        dialog = next(own, None)
        box = dialog_box(frame, point, window, dialog=bool(dialog and dialog.dialog))
        if box is None:
            return ()
        read = self._read(frame, box, window)
        if read is None:
            return None
        told = self._told_within(frame, box, dialog)
        return tuple(dict.fromkeys((*as_shown(read), *told)))

    def focus(self, window: WindowRef) -> Focus | None:
        processes = {each.process for each in self._stack() if each.active and each.process}
        nodes, whole = self._told(processes)
        if not nodes:
            return None
        assert self._tree is not None, "it told the nodes"
        fields = [node for node in nodes if node.role in FIELDS]
        passwords = self._tree.passwords(fields) if fields else ()
        focused = [node for node in nodes if node.focused]
        in_window = [node for node in focused if node.window == window.title] or focused
        if not in_window:
            # it says nothing of its focus: if it shows no field for passwords, it is in none
            return Focus() if whole and not passwords else None
        node = min(in_window, key=lambda each: each.region.width * each.region.height)
        return Focus(
            node.name,
            password=any(each in passwords for each in in_window),
            terminal=node.role == _TERMINAL,
            field=node.role in FIELDS,
            lines=node.lines,
            region=node.region,
        )

    def _told_within(self, frame: Frame, box: FrameBox, window: TopLevel | None) -> list[ShownText]:
        """What an application says that stands in a part of its window, in any script."""
        if window is None or not window.process:
            return []
        others = {each.title for each in self._stack() if each.process == window.process} - {
            window.title
        }  # a dialog may have another name here than its title
        placed = (
            (node, frame.transform.region_to_box(node.region))
            for node in self._nodes({window.process})
            if node.window not in others
        )
        return [ShownText(node.name, at) for node, at in placed if box.contains(at.center)]

    def hosts(self, frame: Frame, window: WindowRef) -> Hosts:
        bar = address_bar(frame, window)
        read = self._read(frame, bar, window) or ()
        told: list[str] = []
        processes = {each.process for each in self._stack() if each.region == window.region}
        for node in self._nodes(processes):
            top = node.region.top - window.region.top
            if node.role in FIELDS and node.reference is not None and 0 <= top < BAR:
                assert self._tree is not None
                told.append(self._tree.text(node.reference) or "")
        return Hosts(hosts_in(told), hosts_in([text.text for text in read]))

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
    ) -> tuple[Element, ...] | None:
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
        return self._told(processes)[0]

    def _told(self, processes: set[int]) -> tuple[tuple[AccessibleNode, ...], bool]:
        """What these tell of themselves, and whether that is all; one that is slow is asked twice.

        What was read before does not count: the screen is judged as it is now.
        """
        if self._tree is None or not processes:
            return (), False
        nodes, notes = self._tree.read(processes)
        if notes and not nodes:
            nodes, notes = self._tree.read(processes)
        return nodes, not notes


@dataclass(frozen=True, slots=True)
class RecordedSurroundings:
    """The `Surroundings` of recorded frames: their pixels alone; nothing is known of a focus."""

    ocr: Ocr

    def near(self, frame: Frame, point: FramePoint, window: WindowRef | None) -> Nearby | None:
        read = read_within(self.ocr, frame, box_around(point, *REACH), window)
        own = own_texts(read, point)
        return Nearby(as_shown(own), drawn=is_drawn(frame, point), sure=is_sure(own))

    def around(
        self, frame: Frame, point: FramePoint | None, window: WindowRef | None
    ) -> tuple[ShownText, ...] | None:
        box = dialog_box(frame, point, window, dialog=True)
        return () if box is None else as_shown(read_within(self.ocr, frame, box, window))

    def focus(self, window: WindowRef) -> Focus | None:  # noqa: ARG002 - it was not recorded
        return None

    def hosts(self, frame: Frame, window: WindowRef) -> Hosts:
        read = read_within(self.ocr, frame, address_bar(frame, window), window)
        return Hosts(read=hosts_in([text.text for text in read]))


def recorded_surroundings() -> RecordedSurroundings | None:
    """Who reads recorded frames; None where the text reader is not installed."""
    try:
        return RecordedSurroundings(Ocr())
    except KnownError:
        return None


def _at(nodes: Sequence[AccessibleNode], point: ScreenPoint) -> AccessibleNode | None:
    """The smallest node at a place, popups before what they cover."""
    there = [node for node in nodes if node.region.contains(point)]
    front = [node for node in there if node.popup] or there
    return min(front, key=lambda node: node.region.width * node.region.height, default=None)
