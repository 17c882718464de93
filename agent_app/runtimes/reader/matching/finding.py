"""Finds what a step names, or says that it is ambiguous or missing; it never guesses.

The order of decisions:

1. Only what lies in the named window, and nothing hidden behind another window or a menu.
2. Labels that read the same (`likeness` tiers up to CONFUSED); then the same words inside a field
   or document; then nearly the same labels; then the label in pieces, or as a stretch of a line
   that dashes or wide gaps divide.
3. Controls before plain text of the same window, and the kind that was asked for ("button",
   "tab"), where the accessibility tree tells them.
4. Relations ("below X"): the nearest in that direction. An ordinal: the n-th in reading order.
5. The best tier among the rest: "Save" before "save", "Save" before "Save…".
6. One in the active window against others in windows that it overlaps and that lie behind it:
   the active window's. Windows side by side are equally in front, so the label is ambiguous.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from agent_app.geometry import FrameBox, Size
from agent_app.runtimes.reader.language.steps import Kind, Target
from agent_app.runtimes.reader.matching.candidates import (
    FIELD_ROLES,
    MENU_ROLES,
    Candidate,
    Scene,
    as_candidate,
    gather,
    gather_holding,
    gather_parts,
    in_order,
    survey,
)
from agent_app.runtimes.reader.matching.choosing import (
    Ambiguous,
    Found,
    Match,
    Missing,
    alike,
    choose,
    nearest,
    within_window,
)
from agent_app.runtimes.reader.matching.likeness import Likeness, Tier, folded
from agent_app.runtimes.reader.matching.relations import same_thing, share_columns, share_rows
from agent_app.runtimes.reader.quoting import quote
from agent_app.runtimes.reader.sight import Element, Sight

__all__ = ["Ambiguous", "Found", "Match", "Missing", "Purpose", "find"]

Purpose = Literal["point", "read", "field", "menu", "item", "subitem"]


def find(
    sight: Sight,
    target: Target,
    *,
    purpose: Purpose = "point",
    size: Size | None = None,
    parent: str | None = None,
    among: Callable[[Element, int | None], bool] | None = None,
) -> Found:
    """The one thing on the screen that the target names.

    `size` is the frame's, in pixels: what lies outside is left out. `purpose` says what it is for:
    "field" looks for a place to type into, "menu", "item" and "subitem" for the first, second and
    further labels of a menu path, where `parent` is the label before; "read" takes longer texts
    that hold the words, and one of several will do. Only what `among` holds for is considered; it
    is told an element and its window's place in the sight.
    """
    scene = survey(sight, size)
    if among is not None:
        scene = replace(scene, elements=tuple(each for each in scene.elements if among(*each)))
    if target.window is not None:
        inside = within_window(scene, target.window)
        if isinstance(inside, Missing):
            return inside
        scene = inside
    if purpose == "read":
        return _find_text(scene, target)
    if purpose == "field" or (purpose == "point" and target.kind == "field"):
        return _find_field(scene, target)
    if purpose in ("item", "subitem"):
        return _find_item(scene, target, parent, purpose)
    kind: Kind | None = "menu item" if purpose == "menu" else None
    return choose(scene, replace(target, kind=target.kind or kind), alike(scene, target))


# --- texts, fields, menu items -------------------------------------------------------------------


def _find_text(scene: Scene, target: Target) -> Found:
    whole = gather(scene, target.text)
    holding = gather_holding(scene, target.text)
    found = choose(scene, target, whole or holding or gather_parts(scene, target.text))
    if isinstance(found, Ambiguous):  # seen is seen, once or twice
        first, *others = found.candidates
        return Match(first, "the first of several", tuple(others))
    return found


def _find_field(scene: Scene, target: Target) -> Found:
    named = [
        c for c in gather(scene, target.text) if c.role in FIELD_ROLES and c.tier <= Tier.CONFUSED
    ]
    if named:
        return choose(scene, target, named)
    label = choose(scene, replace(target, kind=None), alike(scene, target))
    match label:
        case Match(candidate=chosen) if chosen.is_content:
            return label  # the words stand in the field itself
        case Match(candidate=chosen):
            labels: tuple[Candidate, ...] = (chosen,)
        case Ambiguous(candidates=several):
            labels = several
        case Missing():
            return _only_field_of_window(scene, target.text) or label
    fields: list[Candidate] = []
    for candidate in labels:
        beside = _field_beside(scene, candidate)
        if beside is not None and all(not same_thing(beside.box, f.box) for f in fields):
            fields.append(beside)
    if len(fields) > 1:
        return Ambiguous(tuple(in_order(fields)))
    if not fields:
        return Missing(
            f"{quote(target.text)} is there, but no field beside it can be made out (click into "
            "the field first, or go to it with press tab, then type without “into”)",
            labels,
        )
    return Match(fields[0], "the field that its label stands at")


def _field_beside(scene: Scene, label: Candidate) -> Candidate | None:
    """The nearest field right of a label, or else the nearest one below it."""
    height = label.box.height
    fields = [(e, d) for e, d in scene.elements if e.role in FIELD_ROLES and d == label.depth]
    right = [
        (field.box.left - label.box.right, index)
        for index, (field, _) in enumerate(fields)
        if share_rows(field.box, label.box)
        and -height <= field.box.left - label.box.right <= 25 * height
    ]
    below = [
        (field.box.top - label.box.bottom, index)
        for index, (field, _) in enumerate(fields)
        if share_columns(field.box, label.box)
        and -height / 2 <= field.box.top - label.box.bottom <= 3 * height
    ]
    if not right and not below:
        return None
    _, index = min(right or below)
    field, depth = fields[index]
    return replace(
        as_candidate(scene, field, depth, Likeness(label.tier, label.score)), text=label.text
    )


def _only_field_of_window(scene: Scene, title: str) -> Match | None:
    inside = within_window(scene, title)
    if isinstance(inside, Missing):
        return None
    fields = [(e, depth) for e, depth in inside.elements if e.role in FIELD_ROLES]
    if len(fields) != 1:
        return None
    field, depth = fields[0]
    candidate = as_candidate(scene, field, depth, Likeness(Tier.PART, 0.8))
    return Match(replace(candidate, text=title), "the only field of that window")


def _find_item(scene: Scene, target: Target, parent: str | None, purpose: Purpose) -> Found:
    """A menu's item: known as one, or else standing where the open menu hangs."""
    items = _menu_things(scene, target.text)
    hanging = [] if parent is None else _menu_things(scene, parent)
    if parent is not None and folded(parent) == folded(target.text):
        hanging, items = items[:1], items[1:]  # View > View: the menu comes before its item
    # a menu within a menu has the same role as those in the bar: it must hang where it belongs
    known = [c for c in items if c.role in MENU_ROLES - {"menu"}]
    if known or not hanging:
        return choose(scene, target, known or items)
    ways = (_hangs_straight, _hangs_below) if purpose == "item" else (_hangs_beside, _hangs_below)
    for hangs in ways:
        near = [c for c in items if any(hangs(c.box, p.box) for p in hanging)]
        if near:
            return choose(scene, target, near)
    return Missing(
        f"nothing under {quote(parent or '')} reads {quote(target.text)}",
        nearest(scene, target.text),
    )


def _menu_things(scene: Scene, wanted: str) -> list[Candidate]:
    """What reads so and may belong to a menu, in reading order."""
    whole = gather(scene, wanted)
    sure = [c for c in whole if c.tier <= Tier.CONFUSED]
    things = sure or whole or gather_parts(scene, wanted)
    return in_order([c for c in things if c.role in MENU_ROLES or not c.role])


def _hangs_straight(item: FrameBox, label: FrameBox) -> bool:
    """Under the label, indented by no more than an icon or a check mark."""
    return abs(item.left - label.left) <= 4 * label.height and item.top >= label.bottom


def _hangs_below(item: FrameBox, label: FrameBox) -> bool:
    """Under the label, though pushed aside by the edge of the screen."""
    return abs(item.left - label.left) <= 12 * label.height and item.top >= label.bottom


def _hangs_beside(item: FrameBox, label: FrameBox) -> bool:
    """At a submenu's place, left or right of its label."""
    beside = item.left >= label.right or item.right <= label.left
    return beside and item.top >= label.top - label.height
