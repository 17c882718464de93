"""The things on the screen that read like a wanted label: gathered, joined, seen once each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent_app.geometry import FrameBox, Size
from agent_app.runtimes.reader.matching.likeness import (
    Likeness,
    Tier,
    contains,
    folded,
    likeness,
    segments,
    where_held,
)
from agent_app.runtimes.reader.matching.relations import area, around, reading_order, same_thing
from agent_app.runtimes.reader.sight import Element, Sight, Window

FIELD_ROLES = frozenset(
    "text,entry,password text,spin button,combo box,editbar,date editor,terminal,paragraph,"
    "document text,document web,document frame".split(",")
)
MENU_ROLES = frozenset(
    "menu,menu item,check menu item,radio menu item,tearoff menu item".split(",")
)
CONTROL_ROLES = MENU_ROLES | frozenset(
    "push button,button,toggle button,check box,radio button,switch,page tab,tab,link,hyper link,"
    "list item,tree item,table cell,icon,combo box,slider".split(",")
)
_ITEM_ROLES = MENU_ROLES - {"menu"}
_CONTAINERS = frozenset(
    "application,frame,window,dialog,alert,file chooser,panel,filler,scroll pane,viewport,"
    "split pane,menu bar,tool bar,status bar,page tab list,table,tree,tree table,list,list box,"
    "layered pane,root pane,desktop frame,section,grouping,form".split(",")
)
_WIDE = 0x2E80  # from here on, characters take about twice the width of a letter


@dataclass(frozen=True, slots=True)
class Candidate:
    """One thing that reads like the wanted label.

    `depth` is its window's place in the sight, from the topmost down, or None when it is in none;
    `is_content` tells that it is what a field or document holds and not the label of anything.
    `element` is what it was made of.
    """

    text: str
    box: FrameBox
    tier: Tier
    score: float
    source: str
    role: str = ""
    window: str = ""
    depth: int | None = None
    enabled: bool = True
    is_content: bool = False
    element: Element | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """A sight with what can be pointed at: nothing hidden, nothing outside the frame."""

    elements: tuple[tuple[Element, int | None], ...]  # each with its window's depth
    windows: tuple[Window, ...]


def survey(sight: Sight, size: Size | None) -> Scene:
    """Leave out what no click could reach, cut boxes at the frame's edge, and find each window."""
    kept: list[tuple[Element, int | None]] = []
    items = [
        element
        for element in sight.elements
        if element.source == "accessibility" and element.role in _ITEM_ROLES
    ]
    for element in sight.elements:
        shown = element if size is None else _clipped(element, size)
        nameless = not element.text.strip() and element.role not in FIELD_ROLES
        if shown is None or nameless:
            continue
        depth = _depth(shown, sight.windows)
        if element.source == "accessibility" and element.role not in MENU_ROLES:
            under_menu = any(item.box.contains(shown.box.center) for item in items)
            if under_menu or _is_covered(shown, depth, sight.windows):
                continue
        kept.append((shown, depth))
    return Scene(tuple(kept), sight.windows)


def gather(scene: Scene, wanted: str) -> list[Candidate]:
    """Everything whose text as a whole is like the wanted label, each thing once, best first."""
    found = [
        as_candidate(scene, element, depth, alike)
        for element, depth in scene.elements
        if element.role not in _CONTAINERS
        and element.text.strip()
        and (alike := likeness(wanted, element.text)) is not None
    ]
    return _each_once(found)


def gather_parts(scene: Scene, wanted: str) -> list[Candidate]:
    """Texts side by side or line by line that make up the label, and divided lines that hold it.

    Of what was read by OCR alone: the accessibility tree tells labels whole.
    """
    read = [(e, depth) for e, depth in scene.elements if e.source == "ocr"]
    alike = Likeness(Tier.PART, 0.8)
    found: list[Candidate] = []
    for element, depth in read:
        others = [other for other, where in read if where == depth]
        for join in (_joined, _unwrapped):
            if (joined := join(element, others, folded(wanted))) is not None:
                found.append(as_candidate(scene, joined, depth, alike))
        for span in segments(element.text):
            text = element.text[slice(*span)]
            if (sure := likeness(wanted, text)) is not None and sure.tier <= Tier.CASE:
                cut = replace(element, text=text, box=_share(element.box, element.text, span))
                found.append(as_candidate(scene, cut, depth, alike))
    return _each_once(found)


def gather_holding(scene: Scene, wanted: str) -> list[Candidate]:
    """Everything longer that holds the wanted words; in a line that OCR read, where they stand."""
    alike = Likeness(Tier.PART, 0.8)
    found: list[Candidate] = []
    for element, depth in scene.elements:
        if not contains(wanted, element.text):
            continue
        whole = as_candidate(scene, element, depth, alike)
        span = where_held(wanted, element.text) if element.source == "ocr" else None
        if span is not None:
            whole = replace(whole, box=_share(element.box, element.text, span))
        found.append(whole)
    return found


def in_order(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates in reading order."""
    return [candidates[index] for index in reading_order([c.box for c in candidates])]


def as_candidate(scene: Scene, element: Element, depth: int | None, alike: Likeness) -> Candidate:
    """An element as a candidate that is so alike."""
    return Candidate(
        text=element.text,
        box=element.box,
        tier=alike.tier,
        score=alike.score,
        source=element.source,
        role=element.role,
        window=element.window if depth is None else scene.windows[depth].title,
        depth=depth,
        enabled=element.enabled,
        element=element,
        is_content=element.source == "ocr" and _is_in_field(scene, element, depth),
    )


def _each_once(found: list[Candidate]) -> list[Candidate]:
    """Merge what was seen twice: by the accessibility tree and by OCR, or as parts of a whole.

    The smaller box is kept, because its middle lies in both.
    """
    things: list[Candidate] = []
    for candidate in sorted(found, key=lambda c: (c.tier, area(c.box))):
        for index, thing in enumerate(things):
            if same_thing(thing.box, candidate.box):
                things[index] = _merged(thing, candidate)
                break
        else:
            things.append(candidate)
    return things


def _merged(better: Candidate, other: Candidate) -> Candidate:
    told = next((c for c in (better, other) if c.source != "ocr"), better)
    sources = sorted({*better.source.split("+"), *other.source.split("+")})
    return replace(
        better,
        box=min(better.box, other.box, key=area),
        source="+".join(sources),
        role=told.role or better.role or other.role,
        window=told.window or better.window or other.window,
        depth=told.depth if told.depth is not None else better.depth,
        enabled=told.enabled,
        element=told.element,
        is_content=better.is_content and other.is_content,
    )


def _clipped(element: Element, size: Size) -> Element | None:
    box = element.box
    left, top = max(0.0, box.left), max(0.0, box.top)
    right, bottom = min(float(size.width), box.right), min(float(size.height), box.bottom)
    if right - left < 1 or bottom - top < 1:
        return None
    return replace(element, box=FrameBox(left, top, right - left, bottom - top))


def _depth(element: Element, windows: Sequence[Window]) -> int | None:
    """The window an element lies in: the one it names, or else the topmost one around it."""
    center = element.box.center
    around = [i for i, window in enumerate(windows) if window.box.contains(center)]
    named = [i for i, window in enumerate(windows) if window.title == element.window]
    if element.source == "ocr" and around and windows[around[0]].popup:
        return around[0]  # what is read there is the menu's, whose title is its window's
    if element.window and named:
        return next((i for i in named if i in around), named[0])
    return around[0] if around else None


def _is_covered(element: Element, depth: int | None, windows: Sequence[Window]) -> bool:
    center = element.box.center
    return depth is not None and any(window.box.contains(center) for window in windows[:depth])


def _is_in_field(scene: Scene, element: Element, depth: int | None) -> bool:
    center = element.box.center
    return any(
        field.role in FIELD_ROLES and field.box.contains(center) and field_depth == depth
        for field, field_depth in scene.elements
    )


def _joined(first: Element, others: Sequence[Element], wanted: str) -> Element | None:
    """`first` with what stands right of it, as soon as together they read as wanted."""
    whole = first
    while (so_far := folded(whole.text)) and len(so_far) < len(wanted):
        if not wanted.startswith(so_far):
            return None
        following = _right_neighbour(whole.box, others)
        if following is None:
            return None
        whole = replace(
            whole, text=f"{whole.text} {following.text}", box=around(whole.box, following.box)
        )
    return whole if whole is not first and folded(whole.text) == wanted else None


def _unwrapped(first: Element, others: Sequence[Element], wanted: str) -> Element | None:
    """`first` with the lines below it, as soon as together they read as wanted.

    A hyphen at a line's end is the label's own, or was put there to break a word.
    """
    whole, line = first, first.box
    while (so_far := folded(whole.text)) != wanted and len(so_far) <= len(wanted):
        texts = [whole.text, whole.text.rstrip().removesuffix("-")]
        text = next((t for t in texts if folded(t) and wanted.startswith(folded(t))), None)
        following = None if text is None else _line_below(line, others)
        if following is None:
            break
        space = " " if text == whole.text else ""
        box = around(whole.box, following.box)
        whole, line = replace(whole, text=f"{text}{space}{following.text}", box=box), following.box
    return whole if whole is not first and folded(whole.text) == wanted else None


def _line_below(box: FrameBox, others: Sequence[Element]) -> Element | None:
    """The next line of the same text: as large, close below, with the same middle or left edge.

    The taller of the two tells how large the letters are, as for `_right_neighbour`.
    """
    near = [
        other
        for other in others
        if (letter := max(box.height, other.box.height)) <= 1.8 * min(box.height, other.box.height)
        and -0.3 * letter <= other.box.top - box.bottom <= 0.9 * letter
        and min(abs(other.box.center.x - box.center.x), abs(other.box.left - box.left))
        <= 0.5 * letter
    ]
    return min(near, key=lambda other: other.box.top, default=None)


def _right_neighbour(box: FrameBox, others: Sequence[Element]) -> Element | None:
    """The next text on the same line, at most a wide space away.

    The taller of the two tells how large the letters are: `on` and `answer` have no tall ones.
    """
    near = [
        other
        for other in others
        if -0.3 * box.height
        <= other.box.left - box.right
        <= 1.2 * max(box.height, other.box.height)
        and abs(other.box.center.y - box.center.y) <= 0.4 * min(box.height, other.box.height)
    ]
    return min(near, key=lambda other: other.box.left, default=None)


def _share(box: FrameBox, text: str, span: tuple[int, int]) -> FrameBox:
    """About where a slice of a line lies, wide characters counted twice."""
    widths = [2.0 if ord(char) >= _WIDE else 1.0 for char in text]
    unit = box.width / sum(widths)
    left = box.left + unit * sum(widths[: span[0]])
    return FrameBox(left, box.top, unit * sum(widths[slice(*span)]), box.height)
