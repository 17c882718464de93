"""The grounding cache of one test: what was found is verified on the screen before it is used.

After a passing run the file holds what that run used, and nothing else of its layout: what was
found elsewhere has taken the place of what was not found any more. A failing run leaves it alone.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Literal

from msgspec import structs

from agent_app.episode.reader import Episode, open_episode
from agent_app.errors import KnownError
from agent_app.events import WindowRef
from agent_app.geometry import FrameBox, FramePoint, FrameTransform
from agent_app.model_runtime import ImagePart
from agent_app.replaying.anchor import Anchor, AnchorMaker
from agent_app.replaying.finding import Finder, Found
from agent_app.runtimes.reader.sight import Element, Sight
from agent_app.testing.looking import Reader, View
from agent_app.testing.memory_file import CacheFile, CachePath, RememberedTask, RememberedThing
from agent_app.testing.memory_keys import is_memorable, key_of
from agent_app.testing.memory_tasks import remembered_task
from agent_app.testing.resolving import may_lie_at
from agent_app.testing.seams import Sought, Thing

CacheMode = Literal["read-write", "read-only", "off"]
_BY_MEANING = ("model", "picture")  # what the reader does not find by itself
# What is about to show is not looked for otherwise meanwhile: reading a screen takes a second or
# two on a slow machine, and asking a model longer.
_PATIENCE, _MODEL_PATIENCE = 1.0, 3.0
# What is read around a thing to remember it, in pixels to each side: its whole row, which says
# which thing it is, and what is near. All of the screen would take four times as long.
_ROW = 24
_NEAR_X, _NEAR_Y = 280, 160


@dataclass(frozen=True, slots=True)
class CacheUse:
    """What came of the cache in one test: descriptions, in the order they were used.

    A heal is a description that was known, and was found elsewhere. `dropped` were not used any
    more. `seconds` are those that each hit took. `changed` says that the file holds, or with a
    read-only cache would hold, something else; `problem` why it could not be read.
    """

    hits: tuple[str, ...] = ()
    misses: tuple[str, ...] = ()
    heals: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    seconds: tuple[float, ...] = ()
    changed: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _NewThing:
    """Something found otherwise, of which the recording has the frame."""

    what: str
    thing: Thing
    frame: str
    transform: FrameTransform
    windows: tuple[WindowRef, ...]


@dataclass(frozen=True, slots=True)
class _NewTask:
    """An instruction carried out in some steps of the recording, from the first to the last."""

    task: str
    model: str
    first: int
    last: int


@dataclass
class Cache:
    """What one test remembers; `layout` is its desktop's, `mode` says whether it is written.

    `told` gives what applications tell just now of a view just seen.
    """

    path: CachePath
    layout: str
    mode: CacheMode
    told: Callable[[View], Sight]
    _hits: list[str] = field(default_factory=list[str])
    _seconds: list[float] = field(default_factory=list[float])
    _new: list[_NewThing] = field(default_factory=list[_NewThing])
    _tasks: list[_NewTask] = field(default_factory=list[_NewTask])
    _used: set[int] = field(default_factory=set[int])  # the places in the file of what was a hit
    _recalled: dict[str, int] = field(default_factory=dict[str, int])
    _missed: set[tuple[int, str]] = field(default_factory=set[tuple[int, str]])
    _used_tasks: set[int] = field(default_factory=set[int])
    _asked_tasks: Counter[str] = field(default_factory=Counter[str])

    def __post_init__(self) -> None:
        self.problem = ""
        try:
            self._file = self.path.load()
        except KnownError as error:  # a test runs without it, and says so at the end
            self.problem = str(error)
            self._file = CacheFile()

    # --- things -----------------------------------------------------------------------------------

    def recall(self, sought: Sought) -> Thing | None:
        """Where a thing is, verified on this very frame; None when it is not known or not so.

        Where proof is needed, only what the model found is recalled, and read anew: the reader
        finds everything else itself.
        """
        what, view = key_of(sought.description), sought.view
        started = time.perf_counter()
        for place in self._known(what):
            entry = self._file.things[place]
            if sought.need == "proof" and entry.how != "model":
                continue
            if (place, view.frame.sha1) in self._missed:
                continue
            thing = self._verified(entry, sought)
            if thing is None:
                self._missed.add((place, view.frame.sha1))
                continue
            self._recalled[what] = place
            self._seconds.append(time.perf_counter() - started)
            return thing
        return None

    def patience(self, sought: Sought) -> float:
        """Seconds for which it is worth waiting until a known thing shows; 0 for an unknown one."""
        known = self._known(key_of(sought.description))
        if any(self._file.things[place].how == "model" for place in known):
            return _MODEL_PATIENCE
        return _PATIENCE if known and sought.need != "proof" else 0.0

    def found(self, sought: Sought, thing: Thing) -> None:
        """It was found, from here or otherwise, and what was done with it worked."""
        wanted, view = sought.description, sought.view
        what = key_of(wanted)
        if thing.how == "cache":
            self._used.add(self._recalled[what])
            self._hits.append(what)
        elif is_memorable(wanted) and (sought.need != "proof" or thing.how == "model"):
            frame = view.frame
            new = _NewThing(what, thing, frame.sha1, frame.transform, view.refs)
            if not any((each.what, each.frame) == (what, frame.sha1) for each in self._new):
                self._new.append(new)

    def _known(self, what: str) -> list[int]:
        """The places of what is known by a description: unused, and of this layout, first."""
        places = [i for i, each in enumerate(self._file.things) if each.what == what]
        layouts = [each.layout for each in self._file.things]
        return sorted(places, key=lambda i: (layouts[i] != self.layout, i in self._used))

    def _verified(self, entry: RememberedThing, sought: Sought) -> Thing | None:
        """The thing where its anchor is found, if the description allows that place."""
        view = sought.view

        def look(_part: ImagePart) -> Sight:
            return view.sight if entry.how in _BY_MEANING else Sight(())

        anchor = _in_todays_window(entry.anchor, view.refs)
        found = Finder(look).find(anchor, view.frame, windows=view.refs)
        if not isinstance(found, Found):
            return None
        at, width, height = found.point, entry.width, entry.height
        box = FrameBox(at.x - width / 2, at.y - height / 2, width, height)
        if not may_lie_at(sought.description, view, box):
            return None
        window = next((each.title for each in view.windows if each.box.contains(at)), "")
        thing = Thing(box, "cache", entry.text, entry.role, window)
        if sought.need == "place":
            return thing
        if sought.need == "proof":
            return with_state(thing, view.sight)
        now = with_state(thing, self.told(view))
        same = (now.text, now.role) == (entry.text, entry.role)
        return now if same and (now.element is not None or not entry.role) else None

    # --- tasks ------------------------------------------------------------------------------------

    def task(self, instruction: str) -> RememberedTask | None:
        """What was done for the next use of this instruction, None when that is not known."""
        number = self._asked_tasks[instruction]
        self._asked_tasks[instruction] += 1
        places = [i for i, each in enumerate(self._file.tasks) if each.task == instruction]
        own = [i for i in places if self._file.tasks[i].layout == self.layout] or places
        if number >= len(own):
            return None
        self._recalled[f"do {instruction}"] = own[number]
        return self._file.tasks[own[number]]

    def did_again(self, instruction: str) -> None:
        """What was remembered of an instruction was done again, every step of it."""
        self._used_tasks.add(self._recalled[f"do {instruction}"])
        self._hits.append(f"do {instruction}")

    def did(self, instruction: str, *, model: str, first: int, last: int) -> None:
        """An instruction was carried out, by the model at least in part, in these steps."""
        self._tasks.append(_NewTask(instruction, model, first, last))

    # --- the end ----------------------------------------------------------------------------------

    def settle(self, episode: Path, reader: Reader, *, passed: bool) -> CacheUse:
        """What came of it; after a passing run, the file is made what that run used."""
        kept, dropped = self._sorted_things()
        kept_tasks, dropped_tasks = self._sorted_tasks()
        known = {each.what for each in dropped} | {f"do {each.task}" for each in dropped_tasks}
        found = [each.what for each in self._new] + [f"do {each.task}" for each in self._tasks]
        use = CacheUse(
            hits=tuple(self._hits),
            misses=tuple(each for each in found if each not in known),
            heals=tuple(each for each in found if each in known),
            dropped=tuple(sorted(known - {*found})) if passed else (),
            seconds=tuple(self._seconds),
            changed=passed and bool(found or dropped or dropped_tasks) and not self.problem,
            problem=self.problem,
        )
        if not use.changed or self.mode != "read-write":
            return use
        things, tasks = tuple(kept), tuple(kept_tasks)
        if found:
            recording = open_episode(episode)
            things = (*things, *self._made_things(recording, reader))
            tasks = (*tasks, *self._made_tasks(recording, reader))
        self.path.save(CacheFile(things=things, tasks=tasks))
        return use

    def _sorted_things(self) -> tuple[list[RememberedThing], list[RememberedThing]]:
        """What stays, and what this run had no use for; other layouts' things always stay."""
        kept: list[RememberedThing] = []
        dropped: list[RememberedThing] = []
        for place, each in enumerate(self._file.things):
            stays = each.layout != self.layout or place in self._used
            (kept if stays else dropped).append(each)
        return kept, dropped

    def _sorted_tasks(self) -> tuple[list[RememberedTask], list[RememberedTask]]:
        kept: list[RememberedTask] = []
        dropped: list[RememberedTask] = []
        for place, each in enumerate(self._file.tasks):
            stays = each.layout != self.layout or place in self._used_tasks
            (kept if stays else dropped).append(each)
        return kept, dropped

    def _made_things(self, recording: Episode, reader: Reader) -> list[RememberedThing]:
        made: list[RememberedThing] = []
        for new in self._new:
            image = recording.frame(new.frame)
            center = new.thing.box.center
            if image is None or not (0 <= center.x < image.width and 0 <= center.y < image.height):
                continue
            near = (
                FrameBox(0, center.y - _ROW, image.width, 2 * _ROW),
                FrameBox(center.x - _NEAR_X, center.y - _NEAR_Y, 2 * _NEAR_X, 2 * _NEAR_Y),
            )
            maker = AnchorMaker(partial(_texts, reader, within=near))
            anchor = maker.make(image, new.transform, center, windows=new.windows)
            made.append(
                RememberedThing(
                    what=new.what,
                    layout=self.layout,
                    how=new.thing.how,
                    text=new.thing.text,
                    role=new.thing.role,
                    width=new.thing.box.width,
                    height=new.thing.box.height,
                    anchor=anchor,
                )
            )
        return made

    def _made_tasks(self, recording: Episode, reader: Reader) -> list[RememberedTask]:
        read = partial(_texts, reader)
        maker = AnchorMaker(read)
        made = [
            remembered_task(
                recording,
                new.task,
                steps=range(new.first, new.last + 1),
                layout=self.layout,
                model=new.model,
                maker=maker,
                read=read,
            )
            for new in self._tasks
        ]
        return [each for each in made if each is not None]


def _in_todays_window(anchor: Anchor, windows: Sequence[WindowRef]) -> Anchor:
    """An anchor in the only window of its application, whose title may be another each time."""
    was = anchor.window
    if was is None or not was.application:
        return anchor
    kin = [w for w in windows if (w.application, w.popup) == (was.application, was.popup)]
    if len(kin) != 1:
        return anchor
    return structs.replace(anchor, window=structs.replace(was, title=kin[0].title))


def with_state(thing: Thing, sight: Sight) -> Thing:
    """A thing with what its application tells of it, as far as that is known."""
    element = element_at(sight.elements, thing.box.center)
    if element is None:
        return thing
    return replace(
        thing,
        text=element.text,
        role=element.role,
        enabled=element.enabled,
        checked=element.checked,
        element=element,
    )


def element_at(elements: Sequence[Element], point: FramePoint) -> Element | None:
    """The smallest thing that lies there."""
    there = [each for each in elements if (each.extent or each.box).contains(point)]
    return min(there, key=lambda each: each.box.width * each.box.height, default=None)


def _texts(reader: Reader, part: ImagePart, within: Sequence[FrameBox] | None = None) -> Sight:
    """What can be read in a recorded frame: its applications cannot be asked any more."""
    return Sight(reader.texts(part, within))
