"""One picture from three sources: what was read, what applications say, and the windows.

What an application says of its elements' places is believed only where the pixels agree: toolkits
place whole branches wrongly, name what is covered, and list what was never drawn.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np
from rapidfuzz import fuzz

from agent_app.geometry import FrameBox, FramePoint, FrameTransform
from agent_app.runtimes.reader.seeing.accessibility import FIELDS, AccessibleNode
from agent_app.runtimes.reader.seeing.ink import Mask
from agent_app.runtimes.reader.sight import Element, Window
from agent_app.screen.windows import TopLevel

_SAME = 80  # of 100, likeness of a text read and a name
_SAME_SHORT = 60  # the same for names of two or three signs
_FARTHEST = 64  # pixels that a toolkit is off at most: a title bar and a menu bar
_TEXTS = frozenset("label,menu item,check menu item,radio menu item".split(","))  # never icons
_SURE = 0.8  # confidence of a text that speaks against a name


@dataclass(frozen=True, slots=True)
class Layer:
    """A window with its boxes in the frame."""

    window: TopLevel
    box: FrameBox


@dataclass(frozen=True, slots=True)
class Placed:
    """An application's element at a place in the frame."""

    node: AccessibleNode
    box: FrameBox


def layers(windows: Iterable[TopLevel], transform: FrameTransform) -> tuple[Layer, ...]:
    """The windows that reach into the frame, topmost first."""
    frame = FrameBox(0, 0, transform.size.width, transform.size.height)
    found = [Layer(window, transform.region_to_box(window.region)) for window in windows]
    return tuple(layer for layer in found if layer.box.overlap(frame) > 0)


def sight_windows(stack: Sequence[Layer], transform: FrameTransform) -> tuple[Window, ...]:
    return tuple(
        Window(
            layer.window.title,
            layer.window.application,
            _clipped(layer.box, transform),
            layer.window.active,
            layer.window.process,
            layer.window.popup,
        )
        for layer in stack
    )


def place(
    nodes: Sequence[AccessibleNode],
    texts: Sequence[Element],
    transform: FrameTransform,
    edge: Mask,
) -> list[Placed]:
    """The elements where the pixels say they are; those that fit nowhere are left out."""
    frame = FrameBox(0, 0, transform.size.width, transform.size.height)
    blocks: defaultdict[tuple[int, int], list[Placed]] = defaultdict(list)
    for node in nodes:
        box = transform.region_to_box(node.region)
        blocks[node.process, node.block].append(Placed(node, box))
    shown = {
        key: {
            index: text for index, item in enumerate(items) for text in texts if shows(item, text)
        }
        for key, items in blocks.items()
    }
    claimed = {id(text) for found in shown.values() for text in found.values()}
    free = [text for text in texts if id(text) not in claimed]
    offsets: dict[tuple[int, int], float] = {}
    known: defaultdict[int, set[float]] = defaultdict(set)
    for key, items in blocks.items():
        lost = [item for index, item in enumerate(items) if index not in shown[key]]
        offsets[key] = _offset(lost, free, edge, against=len(shown[key]))
        if offsets[key]:
            known[key[0]].add(offsets[key])
    placed: list[Placed] = []
    for key, items in blocks.items():
        offset = offsets[key]
        if not offset and known[key[0]] and not shown[key]:
            offset = min((0.0, *known[key[0]]), key=lambda dy: _crossings(items, edge, dy))
        placed += [Placed(item.node, _moved(item.box, offset)) for item in items]
    return [
        item
        for item in placed
        if frame.contains(item.box.center)
        and (item.node.role in FIELDS or _drawn(item.box, edge))
        and not _contradicted(item, texts)
    ]


def visible(placed: Sequence[Placed], stack: Sequence[Layer] | None) -> list[Placed]:
    """Those that no other window covers; all of them when the windows are unknown (None)."""
    if stack is None:
        return list(placed)
    return [item for item in placed if _on_top(item, stack)]


def covered(
    nodes: Sequence[AccessibleNode], transform: FrameTransform, stack: Sequence[Layer] | None
) -> tuple[Element, ...]:
    """What another window covers, where the applications say that it lies."""
    if stack is None:
        return ()
    items = [Placed(node, transform.region_to_box(node.region)) for node in nodes]
    return tuple(
        Element(item.node.name, item.box, "accessibility", role=item.node.role,
                window=item.node.window)
        for item in items
        if item.node.name and not _on_top(item, stack)
    )  # fmt: skip


def merge(
    texts: Sequence[Element], placed: Sequence[Placed], stack: Sequence[Layer] | None
) -> tuple[Element, ...]:
    """One element for each thing, in reading order.

    Where a text was read within an element of the same name, the element has the application's
    name and role, and the place of the text.
    """
    absorbed: set[int] = set()
    elements: list[Element] = []
    for item in _without_doubles(placed):
        own = [text for text in texts if shows(item, text)]
        absorbed |= {id(text) for text in own}
        box = item.box
        if own and item.node.role not in FIELDS and len(own) == 1:
            box = own[0].box
        elements.append(
            Element(
                item.node.name,
                box,
                "accessibility",
                role=item.node.role,
                window=_title(item, stack),
                focused=item.node.focused,
                enabled=item.node.enabled,
                checked=item.node.checked,
                extent=item.box,
                reference=item.node.reference,
            )
        )
    for text in texts:
        if id(text) not in absorbed and not _is_several(text, placed):
            elements.append(replace(text, window=title_at(text.box.center, stack)))
    return reading_order(elements)


def title_at(point: FramePoint, stack: Sequence[Layer] | None) -> str:
    """The title of the window seen at a point; a menu has that of the window it belongs to."""
    for layer in stack or ():
        if layer.box.contains(point):
            return _owner_title(layer.window, stack or ())
    return ""


def reading_order(elements: Iterable[Element]) -> tuple[Element, ...]:
    """Line by line from the top, each line from the left."""
    rows: list[list[Element]] = []
    for element in sorted(elements, key=lambda e: e.box.center.y):
        middle = element.box.center.y
        if rows:
            first = rows[-1][0].box
            reach = min(first.height, element.box.height) / 2
            if abs(middle - first.center.y) <= max(4.0, min(reach, 8.0)):
                rows[-1].append(element)
                continue
        rows.append([element])
    return tuple(element for row in rows for element in sorted(row, key=lambda e: e.box.left))


def _likeness(read: str, name: str) -> float:
    """How alike a text read and a name are, of 100; a part of a long name is enough."""
    left, right = _plain(read), _plain(name)
    if not left or not right:
        return 0.0
    if len(left) <= 2 or len(right) <= 2:
        return 100.0 if left == right else 0.0
    whole = fuzz.ratio(left, right)
    if len(left) >= 8 and len(right) > len(left):
        return max(whole, fuzz.partial_ratio(left, right))
    return whole


def _plain(text: str) -> str:
    return "".join(text.casefold().replace("…", "...").split()).rstrip(".:")


def shows(item: Placed, text: Element) -> bool:
    """Whether a text is what the element shows."""
    if item.node.role in FIELDS or not item.box.contains(text.box.center):
        return False
    if _likeness(text.text, item.node.name) >= _SAME:
        return True
    # a name of a few signs is often misread, and an arrow beside it is read with it
    if len(item.node.name) > 3 or len(text.text) > len(item.node.name) + 1:
        return False
    if len(item.node.name) > 1:
        return fuzz.ratio(_plain(text.text), _plain(item.node.name)) >= _SAME_SHORT
    off = abs(text.box.center.y - item.box.center.y)
    return len(text.text) == 1 and off <= item.box.height / 6


def _offset(block: Sequence[Placed], free: Sequence[Element], edge: Mask, *, against: int) -> float:
    """How far down a block must be moved for its names to lie on the texts read.

    More of them must then lie on their text than do where they are (`against`).
    """
    votes: list[float] = []
    for item in block:
        if item.node.role in FIELDS or len(item.node.name) < 3:
            continue
        for text in free:
            down = text.box.center.y - item.box.center.y
            beside = item.box.left <= text.box.center.x <= item.box.right
            if beside and 3 < abs(down) <= _FARTHEST and _likeness(text.text, item.node.name) >= 90:
                votes.append(down)
    if not votes:
        return 0.0
    middle = float(median(votes))
    if sum(abs(vote - middle) <= 3 for vote in votes) <= max(against, len(votes) // 2):
        return 0.0
    return middle if _crossings(block, edge, middle) <= _crossings(block, edge, 0.0) else 0.0


def _crossings(items: Sequence[Placed], edge: Mask, down: float) -> float:
    """The share of the boxes' outlines that cuts through something, when moved down."""
    cut = total = 0
    for item in items:
        box = _moved(item.box, down)
        left, top = max(0, round(box.left)), max(0, round(box.top))
        right, bottom = round(box.right), round(box.bottom)
        for side in (edge[top : top + 2, left:right], edge[bottom - 2 : bottom, left:right]):
            cut += int(np.count_nonzero(side))
            total += side.size
    return cut / total if total else 0.0


def _drawn(box: FrameBox, edge: Mask) -> bool:
    """Whether anything is drawn inside."""
    left, top = max(0, round(box.left) + 2), max(0, round(box.top) + 2)
    return bool(edge[top : round(box.bottom) - 2, left : round(box.right) - 2].any())


def _contradicted(item: Placed, texts: Sequence[Element]) -> bool:
    """Whether other words stand where the element's own should, or none where there must be."""
    if item.node.role in FIELDS:
        return False
    inside = [text for text in texts if item.box.contains(text.box.center)]
    if any(_likeness(text.text, item.node.name) >= 60 or shows(item, text) for text in inside):
        return False
    if item.node.role in _TEXTS and len(_plain(item.node.name)) > 3:
        return True
    return any(
        text.confidence >= _SURE
        and item.box.overlap(text.box) >= 0.8 * _area(text.box)
        and sum(character.isalnum() for character in text.text) >= 4  # icons may hold "abc"
        for text in inside
    )


def _on_top(item: Placed, stack: Sequence[Layer]) -> bool:
    node = item.node
    top = next((layer.window for layer in stack if layer.box.contains(item.box.center)), None)
    if top is None:
        return False
    if top.popup:
        return node.popup and top.process in (0, node.process)
    if node.process and top.process and node.process != top.process:
        return False
    return node.popup or not node.window or top.title == node.window or node.process == top.process


def _title(item: Placed, stack: Sequence[Layer] | None) -> str:
    """The window's title; none for a list or tip that pops up, which lies in no titled window."""
    if item.node.popup and "menu" not in item.node.role:
        return ""
    return item.node.window or title_at(item.box.center, stack)


def _owner_title(window: TopLevel, stack: Sequence[Layer]) -> str:
    if not window.popup:
        return window.title
    for layer in stack:
        other = layer.window
        if not other.popup and (other.process == window.process or not window.process):
            return other.title
    return ""


def _without_doubles(placed: Sequence[Placed]) -> list[Placed]:
    """Leave out the label inside of a button of the same name."""
    kept: list[Placed] = []
    for item in sorted(placed, key=lambda item: (item.node.role == "label", _area(item.box))):
        twin = any(
            _plain(other.node.name) == _plain(item.node.name)
            and (other.box.contains(item.box.center) or item.box.contains(other.box.center))
            for other in kept
        )
        if not twin:
            kept.append(item)
    return kept


def _is_several(text: Element, placed: Sequence[Placed]) -> bool:
    """Whether a text read is the names of several elements in one."""
    plain = _plain(text.text)
    parts = [
        name
        for item in placed
        if item.box.overlap(text.box) > 0 and len(name := _plain(item.node.name)) > 1
    ]
    return sum(name in plain for name in parts) > 1


def _area(box: FrameBox) -> float:
    return box.width * box.height


def _moved(box: FrameBox, down: float) -> FrameBox:
    return replace(box, top=box.top + down) if down else box


def _clipped(box: FrameBox, transform: FrameTransform) -> FrameBox:
    left, top = max(0.0, box.left), max(0.0, box.top)
    right = min(float(transform.size.width), box.right)
    bottom = min(float(transform.size.height), box.bottom)
    return FrameBox(left, top, right - left, bottom - top)
