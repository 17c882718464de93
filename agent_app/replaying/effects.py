"""What a step did to the screen, and whether it did the same again.

Pixels are compared first: where the screen changes into exactly what was recorded, nothing has to
be read. Otherwise windows and texts decide. Carets, clocks and tooltips come when they want to, and
count for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import cv2
import msgspec

from agent_app.geometry import FrameBox
from agent_app.replaying.changes import Change
from agent_app.replaying.effect_texts import (
    SURE,
    Line,
    Read,
    is_part,
    is_shown,
    missing_text,
    new_lines,
    padded,
    read_boxes,
    shares,
    texts_of,
    untyped_text,
)
from agent_app.replaying.windows import (
    WindowName,
    called,
    is_like,
    name_of,
    names_of,
)
from agent_app.screen.change import changed_boxes, is_caret
from agent_app.screen.frame import Pixels

_MUCH = 0.05  # of the screen: more than this does not change by itself
_NEAR = 48  # pixels by which a change may lie elsewhere, relative to its target
_MOST_BOXES = 12
_ROOM = 0.1  # of a window's side: what stood so near to its new edge may have been pushed out


class Effect(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is expected of a step, in words; None is what nobody knows.

    `texts` are those that appear where the screen changes.
    """

    changed: bool | None = None
    opened: tuple[WindowName, ...] | None = None
    closed: tuple[WindowName, ...] | None = None
    texts: tuple[str, ...] = ()


class Expected(Protocol):
    """What a step's effect is compared with."""

    @property
    def effect(self) -> Effect: ...

    @property
    def without_texts(self) -> Effect:
        """The same, as far as it is known without reading the recording."""
        ...

    def looks_alike(self, change: Change) -> bool:
        """Whether the screen changed into exactly what it should; False also when unknown."""
        ...

    def lies_alike(self, change: Change) -> bool:
        """Whether it changed where it should, relative to the target or the window."""
        ...

    def has_room(self, text: str, change: Change) -> bool:
        """Whether a text can be seen where it stood, in a window that may be smaller now."""
        ...

    def retitles_alike(self, change: Change) -> bool:
        """Whether a window's title should change, and has changed in the same way."""
        ...


@dataclass(frozen=True)
class Written:
    """An effect that is known in words alone."""

    effect: Effect

    @property
    def without_texts(self) -> Effect:
        return self.effect

    def looks_alike(self, change: Change) -> bool:  # noqa: ARG002 - the protocol's
        return False

    def lies_alike(self, change: Change) -> bool:  # noqa: ARG002
        return True

    def has_room(self, text: str, change: Change) -> bool:  # noqa: ARG002
        return True

    def retitles_alike(self, change: Change) -> bool:  # noqa: ARG002
        return False


class Recorded:
    """The effect of a recorded step; its frames are opened when they are needed.

    `load` gives its change, or None when a frame is missing. `said` is whether the recording says
    that the screen changed, None when it does not say. With `windows_came_late` its windows are
    not compared: they opened after the frame. Texts that hold one of `replaced` are not expected
    again.
    """

    def __init__(
        self,
        load: Callable[[], Change | None],
        *,
        said: bool | None,
        read: Read,
        windows_came_late: bool = False,
        replaced: Sequence[str] = (),
    ) -> None:
        self._load = load
        self._said = said
        self._read = read
        self._windows_came_late = windows_came_late
        self._replaced = replaced

    @cached_property
    def change(self) -> Change | None:
        return self._load()

    @property
    def effect(self) -> Effect:
        texts = tuple(line.text for line in self._lines)
        return msgspec.structs.replace(self._without_texts, texts=texts)

    @property
    def without_texts(self) -> Effect:
        return self._without_texts

    @cached_property
    def _without_texts(self) -> Effect:
        change = self.change
        if self._said is None or change is None:
            return Effect()
        changed = self._said and (None if change.may_be_tooltip or not change.boxes else True)
        if self._windows_came_late or not change.tells_windows:
            return Effect(changed)
        return Effect(changed, names_of(change.opened), names_of(change.closed))

    def looks_alike(self, change: Change) -> bool:
        recorded = self.change
        if recorded is None or not 0 < len(recorded.boxes) <= _MOST_BOXES:
            return False
        places: list[FrameBox] = []
        for box in recorded.boxes:
            shifts = _shifts(recorded, change)
            same = (each for each in shifts if _same_at(recorded.after, change.after, box, each))
            shift = next(same, None)
            if shift is None:
                return False
            places.append(_moved(box, shift))
        return all(any(_holds(place, box) for place in places) for box in change.boxes)

    def lies_alike(self, change: Change) -> bool:
        recorded = self.change
        if recorded is None or not recorded.boxes:
            return True
        return any(
            _moved(padded(box, _NEAR), shift).overlap(padded(live, 1)) > 0
            for shift in _shifts(recorded, change)
            for box in recorded.boxes
            for live in change.boxes
        )

    def has_room(self, text: str, change: Change) -> bool:
        recorded = self.change
        line = next((each for each in self._lines if each.text == text), None)
        if recorded is None or line is None:
            return True
        at = line.box.center
        for then in recorded.windows_after:
            was = recorded.transform.region_to_box(then.region)
            if was.contains(at):  # the topmost first
                break
        else:
            return True
        same = [each for each in change.windows_after if is_like(name_of(then), name_of(each))]
        if not same:
            return True
        now = change.transform.region_to_box(same[0].region)
        right, bottom = line.box.right - was.left, line.box.bottom - was.top
        pushed_across = now.width < was.width and right > (1 - _ROOM) * now.width
        pushed_down = now.height < was.height and bottom > (1 - _ROOM) * now.height
        return not (pushed_across or pushed_down)

    def retitles_alike(self, change: Change) -> bool:
        return self.change is not None and bool(self.change.retitled & change.retitled)

    @cached_property
    def _lines(self) -> tuple[Line, ...]:
        """What can be read after the step, where it changed, and could not before.

        Where a window opened or closed, its title says enough: reading all of it takes seconds.
        A title is known without reading.
        """
        change, effect = self.change, self.without_texts
        if change is None or not effect.changed or effect.opened or effect.closed:
            return ()
        before = read_boxes(change.before, change.boxes, self._read)
        seen = read_boxes(
            change.after, change.boxes, self._read, sure=SURE, whole=True, without=change.tips
        )
        titles = [window.title for window in (*change.windows_before, *change.windows_after)]
        return tuple(
            each
            for each in new_lines(before, seen)
            if not any(is_part(each.text, title) for title in titles)
            and not any(shares(each.text, typed) for typed in self._replaced)
        )


def difference(expected: Expected, change: Change, read: Read, *, typed: Sequence[str] = ()) -> str:
    """How a step's effect differs from what is expected, in a sentence; empty when it does not.

    `typed` are the texts that the step types.
    """
    alike = bool(change.boxes) and expected.looks_alike(change)
    effect = expected.without_texts
    if told := _windows_differ(effect, change):
        return told
    if alike:
        return ""
    if effect.changed and not change.boxes:
        return "nothing on the screen changed, and it should have"
    if effect.changed is False and change.share > _MUCH:
        return "much of the screen changed, and nothing should have"
    if not effect.changed:
        return ""
    texts = expected.effect.texts
    hidden = [text for text in texts if not expected.has_room(text, change)]
    unclear = len(hidden) == len(texts)
    if texts and (missing := _missing(texts, hidden, change, read, typed)):
        # a title tells of the step, too; and a theme may draw what is typed white on white
        unclear = expected.retitles_alike(change) and not _is_legible(change, read)
        if not unclear:
            return f"“{missing}” should appear and cannot be read"
    by_place = unclear and not effect.opened and not effect.closed
    if by_place and not expected.lies_alike(change):
        return "the screen changed somewhere else than it should"
    return ""


def _missing(
    texts: Sequence[str],
    hidden: Sequence[str],
    change: Change,
    read: Read,
    typed: Sequence[str],
) -> str:
    """The first wanted text, when too few of them are on the screen; empty when enough are.

    Those that may be `hidden` count only where they are to be seen.
    """
    shown = _shown(change, change.boxes, read)
    texts = [
        text for text in texts if text not in hidden or any(is_shown(text, each) for each in shown)
    ]
    if untyped_text(texts, shown, typed):
        shown = _shown(change, [padded(box, _NEAR) for box in change.boxes], read)
        if untyped := untyped_text(texts, shown, typed):
            return untyped
    if missing_text(texts, shown, typed):
        # a part of a line changes, or nothing does where it reads so already
        height, width = change.after.shape[:2]
        shown += _shown(change, (FrameBox(0, 0, width, height),), read)
    return missing_text(texts, shown, typed)


def _is_legible(change: Change, read: Read) -> bool:
    """Whether any word can be read where the screen changed that could not be read before."""
    before = read_boxes(change.before, change.boxes, read)
    after = read_boxes(change.after, change.boxes, read, sure=SURE, whole=True)
    titles = [window.title for window in (*change.windows_before, *change.windows_after)]
    return any(
        sum(character.isalnum() for character in line.text) > 1
        and not any(is_part(line.text, title) for title in titles)
        for line in new_lines(before, after)
    )


def _shown(change: Change, boxes: Sequence[FrameBox], read: Read) -> list[str]:
    return texts_of(read_boxes(change.after, boxes, read))


def _windows_differ(effect: Effect, change: Change) -> str:
    if not change.tells_windows or effect.opened is None or effect.closed is None:
        return ""
    now = names_of(change.windows_after)
    for name in effect.opened:
        if not any(is_like(name, each) for each in now):
            return f"{called(name)} should open and is not there"
    for name in effect.closed:
        if not name.popup and any(name.title == each.title and is_like(name, each) for each in now):
            return f"{called(name)} should close and is still there"
    for window in change.opened:
        name = name_of(window)
        if not window.popup and not any(is_like(each, name) for each in effect.opened):
            return f"{called(name)} opened, which it should not"
    return ""


def _shifts(recorded: Change, change: Change) -> tuple[tuple[int, int], ...]:
    """By how much things may lie elsewhere: as much as the target, a window's corner, or not."""
    shifts = [
        (round(now.x - then.x), round(now.y - then.y))
        for then, now in zip(recorded.points, change.points, strict=False)
    ]
    for then in recorded.windows_after:
        for now in change.windows_after:
            if (then.active and now.active) or (then.popup and now.popup):
                one = recorded.transform.region_to_box(then.region)
                other = change.transform.region_to_box(now.region)
                shifts += [
                    (round(across), round(down))
                    for across in (other.left - one.left, other.right - one.right)
                    for down in (other.top - one.top, other.bottom - one.bottom)
                ]
    return tuple(dict.fromkeys([*shifts, (0, 0)]))


def _same_at(recorded: Pixels, live: Pixels, box: FrameBox, shift: tuple[int, int]) -> bool:
    left, top = int(box.left), int(box.top)
    right, bottom = round(box.right), round(box.bottom)
    x, y = shift
    if left + x < 0 or top + y < 0 or bottom + y > live.shape[0] or right + x > live.shape[1]:
        return False
    one = recorded[top:bottom, left:right]
    other = live[top + y : bottom + y, left + x : right + x]
    if cv2.norm(one, other, cv2.NORM_INF) == 0:
        return True
    return all(is_caret(each) for each in changed_boxes(one, other))


def _holds(box: FrameBox, inner: FrameBox) -> bool:
    return box.overlap(inner) == inner.width * inner.height


def _moved(box: FrameBox, shift: tuple[int, int]) -> FrameBox:
    return FrameBox(box.left + shift[0], box.top + shift[1], box.width, box.height)
