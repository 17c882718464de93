"""Which of several candidates is meant: preferences, relations, ordinals, windows.

`finding` tells the order of decisions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent_app.geometry import FrameBox
from agent_app.runtimes.reader.language.steps import LAST, Kind, Relation, Target, Where
from agent_app.runtimes.reader.matching.candidates import (
    CONTROL_ROLES,
    FIELD_ROLES,
    MENU_ROLES,
    Candidate,
    Scene,
    as_candidate,
    gather,
    gather_parts,
    in_order,
)
from agent_app.runtimes.reader.matching.likeness import (
    Likeness,
    Tier,
    caseless,
    contains,
    resemblance,
)
from agent_app.runtimes.reader.matching.relations import gap, same_thing
from agent_app.runtimes.reader.quoting import quote
from agent_app.runtimes.reader.sight import Window

ROLES: dict[Kind, frozenset[str]] = {
    "button": frozenset({"push button", "button", "toggle button", "radio button"}),
    "menu": frozenset({"menu"}),
    "menu item": MENU_ROLES,
    "tab": frozenset({"page tab", "tab"}),
    "link": frozenset({"link", "hyper link"}),
    "field": FIELD_ROLES,
    "checkbox": frozenset({"check box", "check menu item", "toggle button", "switch"}),
    "radio button": frozenset({"radio button", "radio menu item"}),
    "item": frozenset({"list item", "tree item", "table cell", "table row", "icon"}) | MENU_ROLES,
    "label": frozenset({"label", "static", "heading", "caption"}),
}
_PLAIN_ROLES = frozenset({"", "label", "static", "heading", "caption", "paragraph", "tool tip"})
_SAME_SHARE = 0.8  # boxes of two tight lines, as read, cover each other by up to 0.6
_LEAST_SHARE = 0.1  # of a text's height beside another one's, where none has half of it there
_NEAR_TIE = 3.0  # pixels: closer together than this, no one is the nearest
_NEAREST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Match:
    """The one thing meant; `why` says what decided, `refused` what else read alike."""

    candidate: Candidate
    why: str
    refused: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Several that nothing tells apart, in reading order."""

    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """Nothing; `reason` says why, `nearest` what reads most like it."""

    reason: str
    nearest: tuple[Candidate, ...] = ()


Found = Match | Ambiguous | Missing


def alike(scene: Scene, target: Target) -> list[Candidate]:
    """The best group that is not empty; the second of `finding`'s decisions."""
    whole = gather(scene, target.text)
    sure = [c for c in whole if c.tier <= Tier.CONFUSED]
    return (
        [c for c in sure if not c.is_content and c.role not in FIELD_ROLES]
        or sure
        or [c for c in whole if not c.is_content]
        or gather_parts(scene, target.text)
    )


def choose(scene: Scene, target: Target, candidates: Sequence[Candidate]) -> Found:
    """The one of these candidates that the target's qualifiers and the rules leave over."""
    if not candidates:
        return Missing(f"nothing reads {quote(target.text)}", nearest(scene, target.text))
    why: list[str] = []
    left = list(candidates)
    controls = _controls_before_plain_text(scene, left)
    if target.kind != "label" and len(controls) < len(left):
        left = controls
        why.append("it is a control, the others plain text")
    if target.kind is not None:
        of_kind = [c for c in left if c.role in ROLES[target.kind]]
        if of_kind and len(of_kind) < len(left):
            left = of_kind
            why.append(f"it is a {target.kind}")
    for relation in target.relations:
        related = _related(scene, relation, left)
        if isinstance(related, Missing):
            return related
        left = related
        why.append(f"{relation.where} {quote(relation.other)}")
    if target.ordinal is not None:
        ordered = in_order(left)
        if not (target.ordinal == LAST or target.ordinal <= len(ordered)):
            return Missing(f"there are only {len(ordered)} of {quote(target.text)}", tuple(ordered))
        left = [ordered[LAST if target.ordinal == LAST else target.ordinal - 1]]
        why.append("by its number in reading order")
    best = _best_tier(left)
    if len(best) < len(left):
        why.append("it reads most like it")
    in_front = _in_front(scene, best)
    if len(in_front) < len(best):
        why.append("the others lie in windows behind the active one")
    if len(in_front) > 1:
        return Ambiguous(tuple(in_order(in_front)))
    (chosen,) = in_front
    refused = tuple(c for c in in_order(candidates) if c is not chosen)
    return Match(chosen, ", ".join(why) or "the only one", refused)


def _controls_before_plain_text(scene: Scene, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Without the plain texts of windows, and of their tooltips, that have a control so named."""
    depths = {c.depth for c in candidates if c.role in CONTROL_ROLES}
    applications = {scene.windows[d].application for d in depths if d is not None} - {""}

    def yields(candidate: Candidate) -> bool:
        if candidate.role not in _PLAIN_ROLES:
            return False
        if candidate.depth in depths or candidate.depth is None:
            return candidate.depth in depths
        around = scene.windows[candidate.depth]
        return not around.title and around.application in applications

    return [c for c in candidates if not yields(c)]


def _best_tier(candidates: Sequence[Candidate]) -> list[Candidate]:
    best = min((c.tier for c in candidates), default=Tier.EXACT)
    return [c for c in candidates if c.tier == best]


def _in_front(scene: Scene, candidates: Sequence[Candidate]) -> list[Candidate]:
    active = next((i for i, window in enumerate(scene.windows) if window.active), None)
    mine = [c for c in candidates if c.depth == active]
    others = [c for c in candidates if c.depth != active]
    if active is None or not mine:
        return list(candidates)
    front = scene.windows[active].box
    behind = all(
        c.depth is not None and c.depth > active and scene.windows[c.depth].box.overlap(front) > 0
        for c in others
    )
    return mine if behind else list(candidates)


def _related(
    scene: Scene, relation: Relation, candidates: Sequence[Candidate]
) -> list[Candidate] | Missing:
    """Those nearest to the other thing in that direction; to each one, when it is there twice."""
    references = relation.boxes or [c.box for c in _best_tier(alike(scene, Target(relation.other)))]
    if not references:
        return Missing(f"nothing reads {quote(relation.other)}", nearest(scene, relation.other))
    chosen = _nearest_related(relation.where, references, candidates)
    if not chosen:  # the title of a header bar stands higher than its buttons
        chosen = _nearest_related(relation.where, references, candidates, share=_LEAST_SHARE)
    if not chosen:
        return Missing(
            f"none of those is {relation.where} {quote(relation.other)}",
            tuple(in_order(candidates)),
        )
    return chosen


def _nearest_related(
    where: Where,
    references: Sequence[FrameBox],
    candidates: Sequence[Candidate],
    **share: float,
) -> list[Candidate]:
    chosen: list[Candidate] = []
    for reference in references:
        gaps = [
            (away, c)
            for c in candidates
            if not same_thing(c.box, reference, share=_SAME_SHARE)
            and (away := gap(c.box, reference, where, **share)) is not None
        ]
        if gaps:
            tier = min(c.tier for _, c in gaps)
            least = min(away for away, c in gaps if c.tier == tier)
            near = [c for away, c in gaps if c.tier == tier and away <= least + _NEAR_TIE]
            chosen += [c for c in near if c not in chosen]
    return chosen


def windows_called(windows: Sequence[Window], title: str) -> set[int]:
    """Which windows are so called: by their title, their application, or the words in either."""
    wanted = caseless(title)
    calls = [(caseless(w.title), caseless(w.application)) for w in windows]
    for groups in (
        {i for i, (name, _) in enumerate(calls) if name == wanted},
        {i for i, (_, application) in enumerate(calls) if application == wanted},
        {i for i, both in enumerate(calls) if any(contains(title, text) for text in both)},
    ):
        if groups:
            return groups
    return set()


def within_window(scene: Scene, title: str) -> Scene | Missing:
    """The scene of the windows so called; Missing, with those that are open, when none is."""
    depths = windows_called(scene.windows, title)
    names = {scene.windows[i].title for i in depths}
    inside = tuple(
        (element, depth)
        for element, depth in scene.elements
        if depth in depths or (depth is None and element.window in names - {""})
    )
    if not depths:
        open_now = ", ".join(quote(window.title) for window in scene.windows if window.title)
        return Missing(f"no window is called {quote(title)}; open are {open_now or 'none'}")
    return Scene(inside, scene.windows)


def nearest(scene: Scene, wanted: str) -> tuple[Candidate, ...]:
    """What reads most like it, best first; only what shares some of its letters."""
    scored = sorted(
        (
            (resemblance(wanted, element.text), -index)
            for index, (element, _) in enumerate(scene.elements)
            if element.text.strip() and len(element.text) <= 3 * len(wanted) + 10
        ),
        reverse=True,
    )
    near: dict[str, Candidate] = {}
    for score, index in scored:
        element, depth = scene.elements[-index]
        if score < 0.34 or len(near) == _NEAREST_SHOWN:
            break
        alike = Likeness(Tier.PART, round(score, 2))
        near.setdefault(caseless(element.text), as_candidate(scene, element, depth, alike))
    return tuple(near.values())
