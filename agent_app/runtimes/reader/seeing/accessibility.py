"""What applications say of themselves: the AT-SPI tree, over D-Bus.

Speaks the bus directly (jeepney), because the usual bindings do not install from PyPI. Calls go out
in batches, one batch for each level of the tree, and hidden branches are never entered. Roles,
states and relations are those of the AT-SPI 2 specification (atspi-constants.h).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from jeepney import new_method_call

from agent_app.geometry import Region
from agent_app.runtimes.reader.seeing.atspi import (
    CHECKABLE,
    CHECKED,
    COMPONENT,
    DAEMON,
    ENABLED,
    FOCUSED,
    MANAGES_DESCENDANTS,
    MULTI_LINE,
    PROPERTIES,
    REGISTRY,
    ROOT,
    SENSITIVE,
    SHOWING,
    TEXT,
    TREE,
    VISIBLE,
    bus_address,
    method_call,
    state_bits,
)
from agent_app.runtimes.reader.seeing.bus import Bus, BusError

_LABELLED_BY = 2
_PASSWORD_TEXT = 40

_LEVELS = 40
_NODES = 4000
_CHILDREN = 400
_FARTHEST = 100_000  # hidden nodes report -2147483648

_CONTAINERS = frozenset(
    "application,alert,canvas,desktop frame,dialog,document email,document frame,"
    "document presentation,document spreadsheet,document text,document web,embedded,file chooser,"
    "filler,form,frame,glass pane,grouping,html container,internal frame,layered pane,"
    "layered pane,list,list box,menu bar,option pane,page,page tab list,panel,redundant object,"
    "root pane,scroll bar,scroll pane,section,separator,split pane,status bar,statusbar,table,"
    "table row,title bar,tool bar,tree,tree table,unknown,viewport,window".split(",")
)
_CHECKS = frozenset(
    "check box,check menu item,radio button,radio menu item,switch,toggle button".split(",")
)
FIELDS = frozenset("combo box,editbar,entry,password text,spin button,text,date editor".split(","))


@dataclass(frozen=True, slots=True)
class AccessibleNode:
    """One visible thing in the tree that has a name or is a field (whose name may be empty).

    `region` is where it says it lies on the screen.

    `window` is the title of its top-level window and `popup` whether it hangs in a menu or another
    window without a title; `process` is 0 when unknown. Nodes of one `block` err together, should
    the toolkit place them wrongly. `checked` is None for what cannot be; `reference` is the node's
    owner and path on the bus; `lines` says whether it takes several.
    """

    name: str
    role: str
    region: Region
    window: str
    process: int
    popup: bool
    block: int
    focused: bool
    enabled: bool
    checked: bool | None = None
    reference: tuple[str, str] | None = None
    lines: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    """What a node inherits from those above it."""

    owner: str
    process: int
    window: str = ""
    popup: bool = False
    block: int = 0
    region: Region | None = None  # of the nearest node above that has one
    label: str = ""  # the nearest named container's name, for a field without its own
    depth: int = 0


@dataclass(frozen=True, slots=True)
class _Visit:
    owner: str
    path: str
    place: _Place
    siblings: tuple[_Visit, ...] = ()  # looked at only if this one shows


class AccessibilityTree:
    """The applications on one session bus.

    `seconds` bounds a whole reading. An application that does not answer is named in the notes and
    left out until it answers again. Nothing here raises for what an application does.
    """

    def __init__(self, session_bus: str, *, seconds: float = 1.5) -> None:
        self._address = session_bus
        self._seconds = seconds
        self._bus: Bus | None = None
        self._processes: dict[str, int] = {}
        self._silent: set[str] = set()
        self._blocks = 0

    def read(
        self, processes: Collection[int] | None = None
    ) -> tuple[tuple[AccessibleNode, ...], tuple[str, ...]]:
        """Every visible named node, of these processes alone, and notes on what was not read."""
        try:
            bus = self._connected()
            return self._read(bus, processes)
        except BusError as error:
            self.close()
            return (), (f"accessibility: {error}",)

    def text(self, reference: tuple[str, str]) -> str | None:
        """What stands in a field, in full; None when its application does not tell."""
        try:
            bus = self._connected()
            bus.begin(self._seconds)
            (answer,) = bus.ask([method_call(*reference, TEXT, "GetText", "ii", (0, -1))])
        except BusError:
            self.close()
            return None
        return str(answer[0]) if answer else None

    def content(self, reference: tuple[str, str], *, longest: int) -> tuple[str, int, int] | None:
        """A field's text, and where its selection begins and ends: at the caret without one.

        None when its application does not tell, or it has more characters than `longest`.
        """
        try:
            bus = self._connected()
            bus.begin(self._seconds)
            questions = [
                method_call(*reference, PROPERTIES, "Get", "ss", (TEXT, "CharacterCount")),
                method_call(*reference, PROPERTIES, "Get", "ss", (TEXT, "CaretOffset")),
                method_call(*reference, TEXT, "GetSelection", "i", (0,)),
            ]
            count, caret, selected = bus.ask(questions)
            if count is None or caret is None or not 0 <= int(count[0][1]) <= longest:
                return None
            (answer,) = bus.ask([method_call(*reference, TEXT, "GetText", "ii", (0, -1))])
        except BusError:
            self.close()
            return None
        if answer is None:
            return None
        start = end = int(caret[0][1])
        if selected is not None and 0 <= int(selected[0]) < int(selected[1]):
            start, end = int(selected[0]), int(selected[1])
        return str(answer[0]), start, end

    def passwords(self, nodes: Sequence[AccessibleNode]) -> tuple[AccessibleNode, ...]:
        """Those of these that are fields for passwords, and those that do not say.

        Qt names the role of such a field as that of any other, and numbers it rightly.
        """
        asked = [(node, node.reference) for node in nodes if node.reference is not None]
        try:
            bus = self._connected()
            bus.begin(self._seconds)
            answers = bus.ask([method_call(*at, TREE, "GetRole") for _, at in asked])
        except BusError:
            self.close()
            return tuple(nodes)
        return tuple(
            node
            for (node, _), answer in zip(asked, answers, strict=True)
            if answer is None or answer[0] == _PASSWORD_TEXT
        )

    def close(self) -> None:
        if self._bus is not None:
            self._bus.close()
        self._bus = None
        self._processes.clear()

    def _connected(self) -> Bus:
        if self._bus is None:
            self._bus = Bus(bus_address(self._address, seconds=self._seconds))
        return self._bus

    def _read(
        self, bus: Bus, processes: Collection[int] | None
    ) -> tuple[tuple[AccessibleNode, ...], tuple[str, ...]]:
        bus.begin(self._seconds, silent=self._silent)
        (answer,) = bus.ask([method_call(REGISTRY, ROOT, TREE, "GetChildren")])
        applications = [str(owner) for owner, _ in answer[0]] if answer else []
        self._learn_processes(bus, applications)
        if processes is not None:
            applications = [each for each in applications if self._processes.get(each) in processes]
        level = [
            _Visit(owner, ROOT, _Place(owner, self._processes.get(owner, 0)))
            for owner in dict.fromkeys(applications)
        ]
        nodes: list[AccessibleNode] = []
        self._blocks = 0
        seen = 0
        for depth in range(_LEVELS):
            if not level or seen > _NODES:
                break
            seen += len(level)
            level = self._read_level(bus, level, nodes, root=depth == 0)
        self._silent = bus.silent & set(applications)
        notes = [
            f"accessibility: process {self._processes.get(owner, 0)} does not answer"
            for owner in sorted(self._silent)
        ]
        if bus.late:
            notes.append(f"accessibility: not all read within {self._seconds} s")
        if not applications:
            notes.append("accessibility: no application answers")
        return tuple(nodes), tuple(notes)

    def _learn_processes(self, bus: Bus, owners: Sequence[str]) -> None:
        new = [owner for owner in owners if owner not in self._processes]
        answers = bus.ask(
            [new_method_call(DAEMON, "GetConnectionUnixProcessID", "s", (o,)) for o in new]
        )
        for owner, answer in zip(new, answers, strict=True):
            self._processes[owner] = int(answer[0]) if answer else 0

    def _read_level(
        self, bus: Bus, level: Sequence[_Visit], nodes: list[AccessibleNode], *, root: bool
    ) -> list[_Visit]:
        """Add the level's nodes that show, and return the visits of the next."""
        answers = bus.ask([method_call(v.owner, v.path, TREE, "GetState") for v in level])
        shown: list[tuple[_Visit, int]] = []
        following: list[_Visit] = []
        for visit, answer in zip(level, answers, strict=True):
            states = state_bits(answer[0]) if answer else 0
            if root or (states >> SHOWING & 1 and states >> VISIBLE & 1):
                shown.append((visit, states))
                following += visit.siblings
        questions = [
            question
            for visit, _ in shown
            for question in (
                method_call(visit.owner, visit.path, TREE, "GetRoleName"),
                method_call(visit.owner, visit.path, PROPERTIES, "Get", "ss", (TREE, "Name")),
                method_call(visit.owner, visit.path, COMPONENT, "GetExtents", "u", (0,)),
            )
        ]
        facts = bus.ask(questions)
        parents = [
            (visit, states) for visit, states in shown if not states >> MANAGES_DESCENDANTS & 1
        ]
        families = dict(
            zip(
                (visit for visit, _ in parents),
                bus.ask([method_call(v.owner, v.path, TREE, "GetChildren") for v, _ in parents]),
                strict=True,
            )
        )
        fields: list[tuple[_Visit, AccessibleNode]] = []
        for index, (visit, states) in enumerate(shown):
            role_answer, name_answer, extents = facts[3 * index : 3 * index + 3]
            role = str(role_answer[0]) if role_answer else ""
            name = " ".join(str(name_answer[0][1]).split()) if name_answer else ""
            region = _region(extents)
            place = self._place(visit.place, role, region)
            if role == "menu bar" and region is None:  # a second one that is never drawn
                continue
            if region is not None and role not in _CONTAINERS:
                node = AccessibleNode(
                    name,
                    role,
                    region,
                    place.window,
                    place.process,
                    place.popup,
                    place.block,
                    focused=bool(states >> FOCUSED & 1),
                    enabled=bool(states >> SENSITIVE & 1 or states >> ENABLED & 1),
                    checked=_checked(role, states),
                    reference=(visit.owner, visit.path),
                    lines=bool(states >> MULTI_LINE & 1),
                )
                if name:
                    nodes.append(node)
                elif role in FIELDS:
                    fields.append((visit, node))
            following += _children(families.get(visit), visit, _below(place, role, name))
        self._name_fields(bus, fields, nodes)
        return following

    def _place(self, place: _Place, role: str, region: Region | None) -> _Place:
        """The node's place, in a block of its own where it leaves the box it stands in.

        LibreOffice draws by itself below its "root pane" and there, as in widgets of the toolkit
        within, boxes may be off by a title or menu bar's height.
        """
        if region is None:
            return place
        if place.region is None or role == "root pane" or not _inside(region, place.region):
            self._blocks += 1
            return replace(place, block=self._blocks, region=region)
        return replace(place, region=region)

    def _name_fields(
        self,
        bus: Bus,
        fields: Sequence[tuple[_Visit, AccessibleNode]],
        nodes: list[AccessibleNode],
    ) -> None:
        """Add the fields without a name of their own, under that of what labels them if any."""
        relations = bus.ask(
            [method_call(v.owner, v.path, TREE, "GetRelationSet") for v, _ in fields]
        )
        labels: list[tuple[str, str] | None] = []
        for answer in relations:
            targets = [t for kind, t in answer[0] if kind == _LABELLED_BY] if answer else []
            labels.append(tuple(targets[0][0]) if targets and targets[0] else None)
        answers = bus.ask(
            [
                method_call(label[0], label[1], PROPERTIES, "Get", "ss", (TREE, "Name"))
                for label in labels
                if label
            ]
        )
        names = iter(answers)
        for (visit, node), label in zip(fields, labels, strict=True):
            answer = next(names) if label else None
            name = str(answer[0][1]).strip().rstrip(":") if answer else visit.place.label
            nodes.append(replace(node, name=name))


def _below(place: _Place, role: str, name: str) -> _Place:
    """What the children of a node inherit."""
    if role in ("frame", "dialog", "alert", "file chooser"):
        return replace(place, window=name, popup=False, label="")
    if role == "window":
        return replace(place, popup=True, label="")
    if role in ("menu", "popup menu"):
        return replace(place, popup=True, label="")
    if role in ("panel", "combo box") and name:
        return replace(place, label=name, depth=0)
    if role in ("tool bar", "document spreadsheet", "document text", "root pane"):
        return replace(place, label="")
    # a container's name speaks for a field a few levels down, not for everything inside
    deep = place.depth >= 6
    return replace(place, label="" if deep else place.label, depth=place.depth + 1)


def _children(answer: Sequence[Any] | None, parent: _Visit, place: _Place) -> list[_Visit]:
    if not answer:
        return []
    visits = [_Visit(str(owner), str(path), place) for owner, path in answer[0][:_CHILDREN]]
    visits = [visit for visit in visits if visit.owner == parent.owner]
    if place.popup and len(visits) > 2:  # a closed menu hides all its items: two tell
        return [replace(visits[0], siblings=tuple(visits[1:-1])), visits[-1]]
    return visits


def _checked(role: str, states: int) -> bool | None:
    if role in _CHECKS or states >> CHECKABLE & 1:
        return bool(states >> CHECKED & 1)
    return None


def _inside(inner: Region, outer: Region, *, slack: int = 3) -> bool:
    return (
        inner.left >= outer.left - slack
        and inner.top >= outer.top - slack
        and inner.left + inner.width <= outer.left + outer.width + slack
        and inner.top + inner.height <= outer.top + outer.height + slack
    )


def _region(answer: Sequence[Any] | None) -> Region | None:
    if not answer:
        return None
    left, top, width, height = (int(side) for side in answer[0])
    if width <= 1 or height <= 1 or max(abs(left), abs(top), width, height) > _FARTHEST:
        return None
    return Region(left, top, width, height)
