"""Painting over what shows a secret: the field that holds it, else the windows that may show it.

From the first character on a secret is painted over in every picture for as long as anything stands
in its field. That is the field alone where the application itself says that it holds what was
typed, and where it lay when the picture was taken; whatever is not known, all windows of the
application are painted over.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from agent_app.actions import InputAction, Press, Write
from agent_app.events import WindowRef
from agent_app.geometry import Region
from agent_app.hiding.fields import Field, Fields
from agent_app.hiding.shots import Shot
from agent_app.hiding.sightings import Sightings
from agent_app.markers import marker
from agent_app.screen.frame import Frame

_COLOR = (96, 96, 96)  # that of masks at capture
_MARGIN = 2  # pixels: a caret or a frame may stand on the edge
_SHORTEST = 4  # characters; what is shorter may be part of anything


@dataclass(frozen=True, slots=True)
class SecretPlace:
    """What a secret goes into; typing goes on with the same one for as long as `into` is the same.

    `fields` are all that may have taken it, `applications` those whose windows may show it, none
    of them when nothing is known of the windows. `windows` are those that had the focus then: a
    field that is gone with them shows nothing any more.
    """

    into: Field | str
    fields: tuple[Field, ...] = field(default=(), compare=False)
    applications: frozenset[str] = field(default=frozenset(), compare=False)
    windows: tuple[WindowRef, ...] = field(default=(), compare=False)


@dataclass(slots=True)
class _Shown:
    """A place that shows a secret, since when, and what is known of where that is."""

    place: SecretPlace
    since: float  # of all that went into it
    began: float  # of what was typed last
    fields: tuple[Field, ...]
    applications: frozenset[str]
    characters: int = 0
    texts: list[str] = field(default_factory=list[str])
    holders: set[Field] = field(default_factory=set[Field])  # that say they hold it
    until: float | None = None

    def count(self, action: InputAction) -> None:
        """Take note of what the fields ought to hold."""
        match action:
            case Write(text=text):
                self.characters += len(text)
                self.texts.append(text)
            case Press(keys=("backspace" | "delete",), count=count):
                self.characters = max(0, self.characters - count)
            case _:
                pass


class Covering:
    """Knows what shows a secret, and paints over it."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._sightings = Sightings(fields)
        self._shown: list[_Shown] = []
        self._texts: dict[str, str] = {}
        self._typed_into: tuple[Field, ...] = ()

    @property
    def shows_any(self) -> bool:
        """Whether anything may show a secret, or may do so again."""
        return any(shown.until is None or shown.holders for shown in self._shown)

    def hide_more(self, place: SecretPlace, began: float, action: InputAction, name: str) -> None:
        """Something was typed into a place from a moment on, under this name."""
        if isinstance(action, Write) and len(action.text) >= _SHORTEST:
            self._texts[action.text] = marker(name)
        open_ones = (s for s in self._shown if s.place == place and s.until is None)
        shown = next(open_ones, None)
        if shown is None:
            shown = _Shown(place, began, began, place.fields, place.applications)
            self._shown.append(shown)
        else:
            shown.began = began
            shown.fields = tuple(dict.fromkeys((*shown.fields, *place.fields)))
            shown.applications |= place.applications
            if not shown.holders.issuperset(place.fields):
                shown.holders.clear()
        shown.count(action)
        self._find(shown)

    def expect(self, fields: tuple[Field, ...]) -> None:
        """Something is about to be typed into these, which may close right after: see where."""
        self._typed_into = fields
        for typed_into in fields:
            self._sightings.look(typed_into)

    def look(self, windows: Sequence[WindowRef]) -> None:
        """See where the fields are now, and which are gone or empty; to be called often."""
        for typed_into in self._typed_into:
            self._sightings.look(typed_into)
        for shown in self._shown:
            if shown.until is not None:
                self._look_whether_again(shown)
                continue
            for one in shown.fields:
                if one not in self._typed_into:
                    self._sightings.look(one)
            self._find(shown)
            if self._is_over(shown, windows):
                shown.until = time.monotonic()

    def _find(self, shown: _Shown) -> None:
        """See which fields say that they hold what was typed."""
        if not shown.holders:
            shown.holders = {one for one in shown.fields if self._holds(one, shown)}

    def _holds(self, one: Field, shown: _Shown) -> bool:
        lengths = self._sightings.lengths(one, shown.began)
        if any(length > lengths[0] for length in lengths):
            return True  # it grew while that was typed
        if one.password:
            all_in_it = sum(
                s.characters for s in self._shown if s.until is None and one in s.fields
            )
            return bool(lengths) and lengths[-1] >= max(1, all_in_it)
        text = self._fields.text(one) if lengths else None
        return bool(text and shown.texts and all(part in text for part in shown.texts))

    def _look_whether_again(self, shown: _Shown) -> None:
        """A field that was emptied may hold it again: by an undo, say."""
        for one in shown.holders:
            self._sightings.look(one)
        shown.holders = {one for one in shown.holders if not self._sightings.is_gone(one)}
        if any(self._holds_again(one, shown) for one in shown.holders):
            shown.until = None

    def _holds_again(self, one: Field, shown: _Shown) -> bool:
        if not self._sightings.length(one):
            return False
        text = None if one.password else self._fields.text(one)
        return text is None or any(part in text for part in shown.texts)

    def _is_over(self, shown: _Shown, windows: Sequence[WindowRef]) -> bool:
        if shown.holders:
            then = shown.place.windows
            closed = bool(then) and not any(
                _is_same(one, other) for one in windows for other in then
            )
            return all(
                self._sightings.is_empty(one) or (closed and self._sightings.is_gone(one))
                for one in shown.holders
            )
        into = shown.place.into
        if isinstance(into, Field):  # it is secret only for what this field is
            return self._sightings.is_empty(into) or self._sightings.is_gone(into)
        known = bool(shown.applications)
        return known and not any(_belongs(window, shown.applications) for window in windows)

    def covered(self, shot: Shot) -> Frame:
        """The frame of a shot with all that is secret painted over."""
        for shown in self._shown:
            if shown.until is not None:
                self._look_whether_again(shown)
        concerned = [shown for shown in self._shown if self._concerns(shown, shot)]
        for one in dict.fromkeys(one for shown in concerned for one in shown.fields):
            self._sightings.look(one)  # a place counts only when it was seen after the shot, too
        regions = {region for shown in concerned for region in self._regions(shown, shot)}
        if not regions:
            return shot.frame
        pixels = shot.frame.pixels.copy()
        for region in regions:
            box = shot.frame.transform.region_to_box(region)
            top, left = max(0, int(box.top) - _MARGIN), max(0, int(box.left) - _MARGIN)
            bottom, right = round(box.bottom) + _MARGIN, round(box.right) + _MARGIN
            pixels[top : max(0, bottom), left : max(0, right)] = _COLOR
        pixels.flags.writeable = False
        return replace(shot.frame, pixels=pixels)

    def _concerns(self, shown: _Shown, shot: Shot) -> bool:
        """Whether a place may show in a shot."""
        if shown.until is not None and shot.frame.time > shown.until:
            return False
        return (
            any(_belongs(window, shown.applications) for window in (*shot.windows, *shot.before))
            or not shown.applications
        )

    def _regions(self, shown: _Shown, shot: Shot) -> set[Region]:
        """What to paint over in a shot for one place."""
        if shot.taken <= shown.since:  # its fields may have held something before, too
            return {place for one in shown.holders for place in self._sightings.places(one)}
        if not shown.holders:
            return _windows_of(shown.applications, shot)
        found: set[Region] = set()
        for one in shown.fields:
            if one in shown.holders or any(self._sightings.lengths(one, shown.since)):
                region = self._sightings.where(one, shot)
                if region is None:
                    return _windows_of(shown.applications, shot)
                found.add(region)
        return found

    def without(self, text: str) -> str:
        """A text without the secrets that were typed so far: a title may repeat them."""
        for secret in sorted(self._texts, key=len, reverse=True):
            text = text.replace(secret, self._texts[secret])
        return text


def _windows_of(applications: frozenset[str], shot: Shot) -> set[Region]:
    """Where the applications' windows were; all there is when nothing tells them."""
    if applications:
        after, before = (
            {window.region for window in windows if _belongs(window, applications)}
            for windows in (shot.windows, shot.before)
        )
        if after == before:
            return after
        return {_around(after | before)}  # one that moves was somewhere in between
    transform, size = shot.frame.transform, shot.frame.transform.size
    width, height = int(size.width / transform.scale) + 1, int(size.height / transform.scale) + 1
    return {Region(transform.origin.x, transform.origin.y, width, height)}


def _around(regions: set[Region]) -> Region:
    left, top = min(r.left for r in regions), min(r.top for r in regions)
    right = max(r.left + r.width for r in regions)
    bottom = max(r.top + r.height for r in regions)
    return Region(left, top, right - left, bottom - top)


def _belongs(window: WindowRef, applications: frozenset[str]) -> bool:
    return window.application in applications


def _is_same(one: WindowRef, other: WindowRef) -> bool:
    """Whether two may be the same window, at two moments."""
    return one.application == other.application and (
        one.title == other.title or one.region == other.region
    )
