"""What is to be done again: steps with their actions, targets and expected effects.

A script is read from an episode here, and from a flow by `flow`; who executes it does not know
which.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from agent_app.actions import Action, AskHuman, Click, Drag, Move, Scroll, Terminate, Wait, Write
from agent_app.episode.reader import Episode
from agent_app.episode.steps import EpisodeStep
from agent_app.events import FrameRef, WindowRef
from agent_app.geometry import FramePoint, RelativePoint
from agent_app.model_runtime import Progress, no_progress
from agent_app.replaying.anchor import Anchor, AnchorMaker
from agent_app.replaying.changes import Change
from agent_app.replaying.effect_texts import Read
from agent_app.replaying.effects import Expected, Recorded
from agent_app.replaying.windows import WindowName, is_like, keyboard_of, name_of


@dataclass(frozen=True, slots=True)
class Deed:
    """One action to be done again.

    `key` is `<step>.<index>` of the recording; its targets' anchors have the keys `<key>.0` and,
    for the end of a drag, `<key>.1`. Where no window is known to have the keyboard, an action
    without a place has the anchor of the place acted on last. `name` is that of the text which a
    `Write` types. `answer` is what a person answered, None for nobody.
    """

    key: str
    action: Action
    intent: str
    name: str = ""
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One step: its actions, its effect, and the window that had the keyboard before it."""

    number: int
    deeds: tuple[Deed, ...]
    expected: Expected
    keyboard: WindowName | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """A task and the steps that do it.

    `replays` names the run it comes from. `anchor` gives the anchor of a key, None when what the
    target looked like is not known.
    """

    task: str
    parts: tuple[Part, ...]
    anchor: Callable[[str], Anchor | None]
    replays: str = ""

    @property
    def texts(self) -> Mapping[str, str]:
        """The typed texts by their names."""
        return {
            deed.name: deed.action.text
            for part in self.parts
            for deed in part.deeds
            if isinstance(deed.action, Write)
        }


def places_of(action: Action) -> tuple[RelativePoint, ...]:
    """The places of an action in the order it touches them."""
    match action:
        case Click(at=at) | Move(at=at) | Scroll(at=at):
            return () if at is None else (at,)
        case Drag(start=start, end=end):
            return (end,) if start is None else (start, end)
        case _:
            return ()


def place_keys(deed: Deed) -> tuple[str, ...]:
    """The keys of the anchors of an action's places, in the order it touches them."""
    match deed.action:
        case Drag(start=None):
            return (f"{deed.key}.1",)
        case Drag():
            return (f"{deed.key}.0", f"{deed.key}.1")
        case action:
            return (f"{deed.key}.0",) if places_of(action) else ()


def script_of(
    episode: Episode,
    *,
    maker: AnchorMaker,
    read: Read,
    healed: Mapping[str, Anchor] | None = None,
    replaced: Collection[str] = (),
) -> Script:
    """An episode's steps that were carried out; the model's mistakes are left out.

    Anchors of `healed` take the place of those of the recording. `replaced` are the names of typed
    texts that will be others this time: what was typed then is not expected on the screen.
    """
    anchors = _EpisodeAnchors(episode, maker, dict(healed or {}))
    typed: list[str] = []
    pointer: FramePoint | None = None
    counted = 0
    parts: list[Part] = []
    for place, step in enumerate(episode.steps):
        deeds: list[Deed] = []
        for index, each in enumerate(step.actions):
            if not each.done:
                continue
            name = ""
            if isinstance(each.action, Write):
                counted += 1
                name = f"text_{counted}"
                if name in replaced:
                    typed.append(each.action.text)
            answer = None
            if isinstance(each.action, AskHuman):
                answer = step.questions[-1][1] if step.questions else None
            deed = Deed(f"{step.number}.{index}", each.action, each.intent, name, answer)
            anchors.add(deed, step)
            deeds.append(deed)
        if deeds:
            following = episode.steps[place + 1] if place + 1 < len(episode.steps) else None
            expected = Recorded(
                partial(_change, episode, step, pointer),
                windows_came_late=following is not None and _came_late(following) is not None,
                said=step.settled.changed if step.settled is not None else None,
                read=read,
                replaced=typed,
            )
            keyboard = _came_late(step) or keyboard_of(step.windows_before)
            parts.append(Part(step.number, tuple(deeds), expected, keyboard))
            if step.frame_before is not None:
                pointer = next(reversed(_points(step.frame_before, step)), pointer)
    run = episode.run
    return Script(
        task=run.task if run is not None else "",
        parts=tuple(parts),
        anchor=anchors,
        replays=run.run if run is not None else "",
    )


def typed_texts(episode: Episode) -> dict[str, str]:
    """The texts that an episode types, as recorded, by the names they are replaced by."""
    texts = [
        each.action.text
        for step in episode.steps
        for each in step.actions
        if each.done and isinstance(each.action, Write)
    ]
    return {f"text_{number}": text for number, text in enumerate(texts, 1)}


def anchor_keys(script: Script) -> tuple[str, ...]:
    """The keys of every anchor that a script needs."""
    return tuple(key for part in script.parts for deed in part.deeds for key in place_keys(deed))


def prepare_anchors(script: Script, progress: Progress = no_progress) -> None:
    """Make all anchors ahead, so that no step waits for the recording to be read."""
    keys = anchor_keys(script)
    for count, key in enumerate(keys, 1):
        script.anchor(key)
        progress("Reading the recording", count, len(keys))


def ending_of(script: Script) -> Terminate | None:
    """The recorded end of the task, if it had one."""
    actions = [deed.action for part in script.parts for deed in part.deeds]
    return next((each for each in reversed(actions) if isinstance(each, Terminate)), None)


@dataclass
class _EpisodeAnchors:
    """Makes the anchor of a key from the frame its target was found on, once."""

    episode: Episode
    maker: AnchorMaker
    made: dict[str, Anchor | None]
    places: dict[str, tuple[FrameRef, RelativePoint, tuple[WindowRef, ...]]] = field(
        default_factory=dict[str, tuple[FrameRef, RelativePoint, tuple[WindowRef, ...]]]
    )
    last: RelativePoint | None = None  # the place acted on last, where the keyboard then is

    def add(self, deed: Deed, step: EpisodeStep) -> None:
        ref, windows = step.frame_before, step.windows_before
        if ref is None:
            return
        places = places_of(deed.action)
        for key, place in zip(place_keys(deed), places, strict=True):
            self.places[key] = (ref, place, windows)
        if places:
            self.last = places[-1]
        elif self.last is not None and keyboard_of(windows) is None:
            self.places[f"{deed.key}.0"] = (ref, self.last, windows)

    def __call__(self, key: str) -> Anchor | None:
        if key not in self.made:
            self.made[key] = self._make(key)
        return self.made[key]

    def _make(self, key: str) -> Anchor | None:
        if key not in self.places:
            return None
        ref, place, windows = self.places[key]
        image = self.episode.frame(ref.sha1)
        if image is None:
            return None
        point = ref.transform.relative_to_frame(place)
        return self.maker.make(image, ref.transform, point, windows=windows)


def _change(episode: Episode, step: EpisodeStep, pointer: FramePoint | None) -> Change | None:
    """A recorded step's screen before and after it, None when a frame is missing."""
    before, after = step.frame_before, step.frame_after
    if before is None or after is None:
        return None
    first, second = episode.frame(before.sha1), episode.frame(after.sha1)
    if first is None or second is None:
        return None
    return Change(
        before=np.asarray(first),
        after=np.asarray(second),
        transform=before.transform,
        windows_before=step.windows_before,
        windows_after=step.windows_after,
        points=_points(before, step),
        pointer=pointer,
    )


def _came_late(step: EpisodeStep) -> WindowName | None:
    """The window with the keyboard that opened while a step only typed or waited, if one did.

    Neither opens a window: it is the effect of the step before, seen late, and it got the text.
    """
    if any(not isinstance(each.action, Write | Wait) for each in step.actions):
        return None
    there = {name_of(window) for window in step.windows_before}
    now = keyboard_of(step.windows_after)
    if now is None or not there or any(is_like(now, name) for name in there):
        return None
    return now


def _points(ref: FrameRef, step: EpisodeStep) -> tuple[FramePoint, ...]:
    return tuple(
        ref.transform.relative_to_frame(place)
        for each in step.actions
        if each.done
        for place in places_of(each.action)
    )
