"""What a place on a screen may be called in a test, best first, and why.

Every proposal was looked for on that very screen: it is the one thing that matches there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
from PIL import Image

from agent_app.flows.steps import Target
from agent_app.flows.variables import escaped
from agent_app.geometry import FrameBox, FramePoint, Region
from agent_app.replaying.anchor import Anchor, AnchorMaker
from agent_app.runtimes.reader.language.steps import Where
from agent_app.runtimes.reader.matching.candidates import FIELD_ROLES
from agent_app.runtimes.reader.quoting import quote
from agent_app.runtimes.reader.sight import Element, Window
from agent_app.testing.description import Beside, Description, Wanted
from agent_app.testing.looking import View
from agent_app.testing.resolving import Resolution, resolve

_LONGEST = 60  # characters of a text that names a thing
_SLACK = 4  # pixels by which a box may be too small
_MOST_LANDMARKS = 4
_FIELD_REACH = 260  # pixels from a field's middle to the label it stands at


@dataclass(frozen=True, slots=True)
class Proposal:
    """A locator for a place: as a flow's target, with its picture if it is one, and why.

    `description` is what was resolved.
    """

    target: Target
    description: Description
    why: str
    picture: Image.Image | None = None


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on a screen, with what is known of it.

    `names` are what whoever acted on it called it; `is_field` says that something was typed there.
    """

    view: View
    point: FramePoint
    anchor: Anchor
    names: tuple[str, ...] = ()
    is_field: bool = False

    @classmethod
    def at(cls, view: View, point: FramePoint) -> Spot:
        """A place on a screen that is there now."""
        maker = AnchorMaker(lambda _part: view.sight)
        frame = view.frame
        anchor = maker.make(frame.image, frame.transform, point, windows=view.refs)
        return cls(view, point, anchor)

    @property
    def window(self) -> Window | None:
        """The topmost window there."""
        found = (window for window in self.view.windows if window.box.contains(self.point))
        return next(found, None)

    @property
    def element(self) -> Element | None:
        """What an application tells that is there: the smallest such thing."""
        under = [
            each
            for each in self.view.sight.elements
            if each.source == "accessibility" and (each.extent or each.box).contains(self.point)
        ]
        return min(under, key=lambda each: _area(each.extent or each.box), default=None)


def propose(spot: Spot) -> Iterator[Proposal]:
    """The locators that find a place, the best first."""
    told: set[str] = set()
    counted: list[Proposal] = []  # what only its number tells comes last
    labels = tuple(_assumed_labels(spot)) if spot.is_field else ()
    for target, why, picture in _candidates(spot):
        description = describe(target, picture)
        if str(description) in told:
            continue
        told.add(str(description))
        found = resolve(description, spot.view)
        if is_found(spot, found):
            yield Proposal(target, description, why, picture)
        elif len(found.things) > 1 and target.nth is None:
            indices = [n for n, each in enumerate(found.things) if _is_it(spot, each.extent)]
            if len(indices) == 1:
                count = len(found.things)
                numbered = _changed(target, nth=indices[0])
                whole = f"number {indices[0]} of {count} that match so, from 0 in reading order"
                counted.append(Proposal(numbered, describe(numbered, picture), whole, picture))

    yield from counted
    for label in labels:
        target = Target(text=label, role="field")
        if not resolve(describe(target), spot.view).things:
            why = "the field at this label, which pixels alone do not show"
            yield Proposal(target, describe(target), why)
    if spot.anchor.empty and (title := _title(spot)):
        target = Target(text=title, role="window")
        yield Proposal(target, describe(target), "the middle of the window: nothing is drawn there")


def best(spot: Spot) -> Proposal | None:
    """The locator for a place that a test should have."""
    return next(propose(spot), None)


def is_found(spot: Spot, found: Resolution) -> bool:
    """Whether what is found is one thing, which lies at the place."""
    return len(found.things) == 1 and _is_it(spot, found.things[0].extent)


def describe(target: Target, picture: Image.Image | None = None) -> Description:
    """What is looked for by a target that lies in no application."""
    beside: tuple[tuple[Where, str | Target | None], ...] = (
        ("next to", target.near),
        ("right of", target.right_of),
        ("left of", target.left_of),
        ("above", target.above),
        ("below", target.below),
    )
    relations = tuple(
        Beside(where, describe(_target(other))) for where, other in beside if other is not None
    )
    return Description(
        text=target.text.replace("$$", "$"),
        role=target.role,
        picture=None if picture is None else Wanted.of(picture, target.picture or "a picture"),
        window=target.window.replace("$$", "$") or None,
        region=None if target.region is None else Region(*target.region),
        relations=relations,
        nth=target.nth,
        exact=target.exact,
    )


def short_title(title: str) -> str:
    """The part of a window's title that is the same wherever a document lies, changed or not."""
    plain = title.rsplit("/", 1)[-1] if "/" in title else title
    return plain.strip().lstrip("*").strip() or title


def _candidates(spot: Spot) -> Iterator[tuple[Target, str, Image.Image | None]]:
    if spot.is_field:
        for label in _labels(spot):
            yield Target(text=label, role="field"), "the field at this label", None
    for name, why in _names(spot):
        yield from ((target, said, None) for target, said in _by_name(spot, name, why))
    element = spot.element
    if element is not None and element.role:
        yield Target(role=element.role), f"the only {element.role}", None
    if not spot.anchor.empty:
        image = Image.fromarray(spot.anchor.element.drawing.pixels)
        yield Target(picture="picture.png"), "this picture of it", image
        if title := _title(spot):
            target = Target(picture="picture.png", window=title)
            yield target, f"this picture of it in {quote(title)}", image


def _by_name(spot: Spot, name: str, why: str) -> Iterator[tuple[Target, str]]:
    yield Target(text=name), why
    element = spot.element
    if element is not None and element.role and element.role not in FIELD_ROLES:
        yield Target(text=name, role=element.role), f"{why}, of the role {element.role}"
    if title := _title(spot):
        yield Target(text=name, window=title), f"{why} in the window {quote(title)}"
    yield Target(text=name, exact=True), f"{why}, as a whole label"
    for landmark in spot.anchor.landmarks[:_MOST_LANDMARKS]:
        other = _plain(landmark.text)
        if landmark.relation != "row" or not landmark.distinct or not _is_name(other):
            continue
        if landmark.picture.box.center.x < spot.point.x:
            yield Target(text=name, right_of=escaped(other)), f"{why}, right of {quote(other)}"
        else:
            yield Target(text=name, left_of=escaped(other)), f"{why}, left of {quote(other)}"


def _names(spot: Spot) -> Iterator[tuple[str, str]]:
    """What the thing may be called, each once."""
    element = spot.element
    told = [(name, "the text that it was called by") for name in spot.names]
    if element is not None and element.role not in FIELD_ROLES:
        told.append((element.text, "the name that its application tells"))
    told.append((spot.anchor.text, "the text that is read there"))
    seen: set[str] = set()
    for name, why in told:
        plain = _plain(name)
        if _is_name(plain) and plain not in seen:
            seen.add(plain)
            yield escaped(plain), why


def _labels(spot: Spot) -> Iterator[str]:
    """Texts left of a place or above it, the nearest first: a field's labels."""
    point = spot.point
    near = [
        (math.hypot(point.x - each.box.center.x, 2 * (point.y - each.box.center.y)), each.text)
        for each in spot.view.sight.elements
        if each.box.center.x < point.x + 40 and each.box.center.y < point.y + 12
    ]
    told = [_plain(name) for name in spot.names]
    told += [_plain(text) for away, text in sorted(near) if away <= _FIELD_REACH]
    for text in dict.fromkeys(told):
        if label := text.rstrip(":").strip():
            yield escaped(label)


def _assumed_labels(spot: Spot) -> Iterator[str]:
    """Labels of a field that no pixel shows: what it was called, or what stands before it."""
    called = [_plain(name) for name in spot.names]
    row = [
        (spot.point.x - each.box.right, _plain(each.text))
        for each in spot.view.sight.elements
        if 0 < spot.point.x - each.box.right <= _FIELD_REACH
        and abs(each.box.center.y - spot.point.y) <= max(8.0, each.box.height / 2)
    ]
    before = [text for _, text in sorted(row)[:1]]
    for text in dict.fromkeys((*called, *before)):
        label = escaped(text.rstrip(":").strip())
        if label and len(resolve(describe(Target(text=label)), spot.view).things) == 1:
            yield label


def _title(spot: Spot) -> str:
    window = spot.window
    return "" if window is None or window.popup else escaped(short_title(window.title))


def _is_it(spot: Spot, box: FrameBox) -> bool:
    own = spot.anchor.element.box
    if spot.anchor.empty and spot.is_field:
        own = FrameBox(spot.point.x, spot.point.y, 1, 1)
    return _grown(box).contains(spot.point) or (
        not spot.anchor.empty and _grown(own).contains(box.center)
    )


def _changed(target: Target, *, nth: int) -> Target:
    return msgspec.structs.replace(target, nth=nth)


def _target(thing: str | Target) -> Target:
    return Target(text=thing) if isinstance(thing, str) else thing


def _plain(text: str) -> str:
    return " ".join(text.split())


def _is_name(text: str) -> bool:
    return bool(text) and len(text) <= _LONGEST


def _grown(box: FrameBox) -> FrameBox:
    by = _SLACK
    return FrameBox(box.left - by, box.top - by, box.width + 2 * by, box.height + 2 * by)


def _area(box: FrameBox) -> float:
    return box.width * box.height
