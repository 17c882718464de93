"""From a description and a view to the things that are meant, or what is there instead.

The rules of the reader's own matching decide; here is what a test adds to them: conditions instead
of preferences, everything that matches instead of one, and no likeness where names are known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent_app.geometry import FrameBox
from agent_app.runtimes.reader.language.steps import Relation, Target
from agent_app.runtimes.reader.matching.candidates import (
    FIELD_ROLES,
    Candidate,
    Scene,
    as_candidate,
    gather_holding,
    survey,
)
from agent_app.runtimes.reader.matching.choosing import (
    ROLES,
    Ambiguous,
    Found,
    Match,
    Missing,
    choose,
    windows_called,
)
from agent_app.runtimes.reader.matching.finding import find
from agent_app.runtimes.reader.matching.likeness import Likeness, Tier, likeness
from agent_app.runtimes.reader.quoting import quote
from agent_app.runtimes.reader.sight import Element, Sight, Window
from agent_app.testing.description import Description
from agent_app.testing.looking import View
from agent_app.testing.pictures import places_of
from agent_app.testing.seams import Thing

_TITLE_HEIGHT = 24
_FIELDS = ("field", "text", "entry", "textbox")
_SYNONYMS = {"check box": "checkbox", "radio": "radio button", "tab": "tab"}


@dataclass(frozen=True, slots=True)
class Resolution:
    """All that a description means on one view; without things, why, and what reads most like it.

    `rooms` are where it was looked for, in pixels of the frame; empty when that place is missing.
    """

    things: tuple[Thing, ...]
    reason: str = ""
    nearest: tuple[Thing, ...] = ()
    rooms: tuple[FrameBox, ...] = ()


def resolve(wanted: Description, view: View) -> Resolution:
    """Everything on this view that the description means, in reading order."""
    place = _place(wanted, view)
    if isinstance(place, Resolution):
        return place
    resolution = _resolve_in(wanted, view, place)
    if wanted.nth is None or not resolution.things:
        return replace(resolution, rooms=place.rooms)
    count = len(resolution.things)
    if not -count <= wanted.nth < count:
        reason = f"there {'is' if count == 1 else 'are'} only {count}"
        return Resolution((), reason, resolution.things, place.rooms)
    return replace(resolution, things=(resolution.things[wanted.nth],), rooms=place.rooms)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a thing may lie: the windows' places in the sight, and boxes that hold its middle."""

    windows: frozenset[int] | None
    boxes: tuple[FrameBox, ...]
    rooms: tuple[FrameBox, ...]

    def holds(self, box: FrameBox, depth: int | None) -> bool:
        if self.windows is not None and depth not in self.windows:
            return False
        return all(outer.contains(box.center) for outer in self.boxes)


def _place(wanted: Description, view: View) -> _Place | Resolution:
    size = view.frame.size
    boxes: list[FrameBox] = []
    if wanted.region is not None:
        boxes.append(view.frame.transform.region_to_box(wanted.region))
    if wanted.inside is not None:
        outer = resolve(wanted.inside, view)
        if len(outer.things) != 1:
            said = f"there are {len(outer.things)} of them" if outer.things else outer.reason
            return Resolution((), f"{wanted.inside.thing}, which it lies in: {said}", outer.things)
        boxes.append(outer.things[0].extent)
    allowed: set[int] | None = None
    if wanted.owner is not None or wanted.window is not None or wanted.popup:
        windows = view.windows
        allowed = {i for i, window in enumerate(windows) if window.popup or not wanted.popup}
        if wanted.owner is not None:
            allowed &= {i for i in allowed if _owns(wanted, windows, i)}
        if wanted.window is not None and wanted.role != "title":
            called = windows_called(windows, wanted.window)
            allowed &= called | {i for i in allowed if _hangs_at(windows, i, called)}
        if not allowed:
            return Resolution((), _no_window(wanted, windows))
    rooms = [FrameBox(0, 0, size.width, size.height)]
    if allowed is not None:
        rooms = [view.windows[i].box for i in sorted(allowed)]
    for box in boxes:
        rooms = [room for each in rooms if (room := _common(each, box)) is not None]
    return _Place(None if allowed is None else frozenset(allowed), tuple(boxes), tuple(rooms))


def may_lie_at(wanted: Description, view: View, box: FrameBox) -> bool:
    """Whether a thing may lie there, as far as windows and the part of the screen decide it."""
    place = _place(replace(wanted, inside=None), view)
    at = box.center
    seen = (i for i, window in enumerate(view.windows) if window.box.contains(at))
    return isinstance(place, _Place) and place.holds(box, next(seen, None))


def _owns(wanted: Description, windows: Sequence[Window], index: int) -> bool:
    """Whether a window is the application's; a popup that does not say is its owner's below."""
    assert wanted.owner is not None
    window = windows[index]
    if window.process or not window.popup:
        return bool(window.process) and wanted.owner.owns(window.process)
    below = next((each for each in windows[index + 1 :] if not each.popup), None)
    return below is not None and bool(below.process) and wanted.owner.owns(below.process)


def _hangs_at(windows: Sequence[Window], index: int, called: set[int]) -> bool:
    """Whether a popup belongs to one of these windows: the topmost one of its application."""
    window = windows[index]
    if not window.popup:
        return False
    for place, other in enumerate(windows[index + 1 :], index + 1):
        if not other.popup and (not window.process or other.process == window.process):
            return place in called
    return False


def _no_window(wanted: Description, windows: Sequence[Window]) -> str:
    titles = [quote(window.title) for window in windows if window.title]
    shown = f"open are {', '.join(titles)}" if titles else "no window is open"
    if wanted.popup:
        return "no list or menu has popped up"
    if wanted.window is not None:
        return f"no window is called {quote(wanted.window)}; {shown}"
    assert wanted.owner is not None
    return f"{wanted.owner.name} has no window; {shown}"


def _resolve_in(wanted: Description, view: View, place: _Place) -> Resolution:
    relations: list[Relation] = []
    for beside in wanted.relations:
        other = resolve(beside.other, view)
        if not other.things:
            return Resolution((), f"{beside.other.thing}: {other.reason}", other.nearest)
        boxes = tuple(thing.box for thing in other.things)
        relations.append(Relation(beside.where, beside.other.thing, boxes))
    if wanted.role in ("title", "window"):
        return _windows(wanted, view, place)
    if wanted.picture is not None:
        return _pictures(wanted, view, place, relations)
    found = _by_text if wanted.text else _by_role
    return _resolution(wanted, found(wanted, view, place, relations))


def _by_text(
    wanted: Description, view: View, place: _Place, relations: Sequence[Relation]
) -> Found:
    sight, size = view.sight_for(wanted.text, place.windows), view.frame.size
    is_field = wanted.role in _FIELDS
    roles = None if is_field else roles_of(wanted.role)
    telling = _telling(sight)

    def among(element: Element, depth: int | None) -> bool:
        if not place.holds(element.box, depth):
            return False
        return roles is None or element.role in roles or (not element.role and depth not in telling)

    target = Target(wanted.text, relations=tuple(relations))
    purpose = "field" if is_field else "point"
    found = _strict(wanted, find(sight, target, purpose=purpose, size=size, among=among))
    if not isinstance(found, Missing) or wanted.exact or is_field:
        return found
    scene = survey(sight, size)
    kept = replace(scene, elements=tuple(each for each in scene.elements if among(*each)))
    holding = gather_holding(kept, wanted.text)
    if not holding:
        return _covered(wanted, view) or found
    return choose(kept, target, holding)


def _covered(wanted: Description, view: View) -> Missing | None:
    """That the thing is there, under another window, as far as its application tells."""
    for element in view.sight.hidden:
        alike = likeness(wanted.text, element.text)
        if alike is not None and alike.tier <= Tier.CASE:
            over = [w for w in view.windows if w.box.contains(element.box.center)]
            by = f" by {quote(over[0].title)}" if over and over[0].title else ""
            where = f" of {quote(element.window)}" if element.window else ""
            return Missing(f"{element.role} {quote(element.text)}{where} is covered{by}")
    return None


def _by_role(
    wanted: Description, view: View, place: _Place, relations: Sequence[Relation]
) -> Found:
    scene = survey(view.sight, view.frame.size)
    roles = FIELD_ROLES if wanted.role in _FIELDS else roles_of(wanted.role)
    assert roles is not None
    kept = tuple(
        (element, depth)
        for element, depth in scene.elements
        if element.role in roles and place.holds(element.box, depth)
    )
    sure = Likeness(Tier.EXACT, 1.0)
    candidates = [as_candidate(scene, element, depth, sure) for element, depth in kept]
    if not candidates:
        names = sorted({element.role for element, _ in scene.elements if element.role})
        told = f"there are {', '.join(names)}" if names else "no application tells its roles"
        return Missing(f"there is no {wanted.role}; {told}")
    return choose(Scene(kept, scene.windows), Target("", relations=tuple(relations)), candidates)


def roles_of(role: str) -> frozenset[str] | None:
    """The roles of AT-SPI that a name means; None for no condition."""
    if not role:
        return None
    plain = role.casefold().replace("_", " ").strip()
    named = ROLES.get(_SYNONYMS.get(plain, plain))  # type: ignore[call-overload]
    return named or frozenset({plain})


def _telling(sight: Sight) -> set[int | None]:
    """The windows, by their places in the sight, whose application tells roles."""
    scene = survey(sight, None)
    return {depth for element, depth in scene.elements if element.role}


def _strict(wanted: Description, found: Found) -> Found:
    """Without what only resembles the text although its name is known for certain."""

    def holds(candidate: Candidate) -> bool:
        if candidate.role in FIELD_ROLES:
            return True
        known = candidate.source != "ocr" or wanted.exact
        return not known or candidate.tier <= Tier.CASE

    match found:
        case Match(candidate=chosen) if not holds(chosen):
            left: list[Candidate] = []
        case Ambiguous(candidates=several):
            left = [each for each in several if holds(each)]
            if len(left) == len(several):
                return found
        case _:
            return found
    if len(left) == 1:
        return Match(left[0], "the only one")
    rejected = found.candidates if isinstance(found, Ambiguous) else (found.candidate,)
    return (
        Ambiguous(tuple(left)) if left else Missing(f"nothing reads {quote(wanted.text)}", rejected)
    )


def _resolution(wanted: Description, found: Found) -> Resolution:
    match found:
        case Match(candidate=chosen):
            return Resolution((_thing(wanted, chosen),))
        case Ambiguous(candidates=several):
            return Resolution(tuple(_thing(wanted, each) for each in several))
        case Missing(reason=reason, nearest=near):
            return Resolution((), reason, tuple(_thing(wanted, each) for each in near))


def _thing(wanted: Description, candidate: Candidate) -> Thing:
    element = candidate.element
    alike = likeness(wanted.text, candidate.text) if wanted.text else None
    as_it_is = not wanted.text or (alike is not None and alike.tier <= Tier.CASE)
    return Thing(
        box=candidate.box,
        how="role" if wanted.role and candidate.role else "text",
        text=candidate.text,
        role=candidate.role,
        window=candidate.window,
        enabled=candidate.enabled,
        checked=element.checked if element is not None else None,
        element=element,
        read_as="" if as_it_is else candidate.text,
    )


def _windows(wanted: Description, view: View, place: _Place) -> Resolution:
    """Windows themselves, or their title bars."""
    things: list[Thing] = []
    for index, window in enumerate(view.windows):
        if window.popup or (place.windows is not None and index not in place.windows):
            continue
        if wanted.text and index not in windows_called(view.windows, wanted.text):
            continue
        box = window.box
        if wanted.role == "title":
            box = replace(box, height=min(_TITLE_HEIGHT, box.height))
        things.append(Thing(box, wanted.role, window.title, wanted.role, window.title))
    if things:
        return Resolution(tuple(things))
    titles = [quote(window.title) for window in view.windows if window.title]
    return Resolution((), f"open are {', '.join(titles)}" if titles else "no window is open")


def _pictures(
    wanted: Description, view: View, place: _Place, relations: Sequence[Relation]
) -> Resolution:
    """Where a picture is: its shapes in any colour, as the replay of a recording finds them."""
    assert wanted.picture is not None
    height, width = wanted.picture.drawing.pixels.shape[:2]
    found, best = places_of(wanted.picture.drawing, view.frame.pixels, place.rooms)
    if not found:
        closest = f"; what is most like it is so to {best:.0%}" if best else ""
        return Resolution((), f"it is not on the screen{closest}")
    scene = Scene((), view.windows) if relations else Scene((), ())
    candidates = [
        as_candidate(
            scene,
            Element("", FrameBox(left, top, width, height), "ocr", confidence=score),
            None,
            Likeness(Tier.EXACT, score),
        )
        for (left, top), score in found.items()
    ]
    chosen = choose(scene, Target("", relations=tuple(relations)), candidates)
    resolution = _resolution(wanted, chosen)
    things = tuple(replace(thing, how="picture") for thing in resolution.things)
    return replace(resolution, things=things)


def _common(one: FrameBox, other: FrameBox) -> FrameBox | None:
    left, top = max(one.left, other.left), max(one.top, other.top)
    right, bottom = min(one.right, other.right), min(one.bottom, other.bottom)
    return (
        FrameBox(left, top, right - left, bottom - top) if left < right and top < bottom else None
    )
