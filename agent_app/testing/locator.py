"""Locators: what is meant by a description, found anew each time it is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import msgspec
from PIL import Image

from agent_app.actions import (
    Button,
    Click,
    Drag,
    Hotkey,
    InputAction,
    Move,
    Press,
    Scroll,
    Write,
    describe_action,
)
from agent_app.errors import KnownError
from agent_app.geometry import FrameBox, FramePoint, FrameTransform, Region
from agent_app.runtimes.reader.language.steps import Where
from agent_app.runtimes.reader.quoting import quote
from agent_app.testing.description import Beside, Description, Wanted
from agent_app.testing.failures import hidden
from agent_app.testing.resolving import resolve
from agent_app.testing.scrolling import scroll_to
from agent_app.testing.seams import Thing
from agent_app.testing.stage import Aim, Stage
from agent_app.testing.waiting import Deadline

__tracebackhide__ = hidden

PictureLike = str | Path | Image.Image


class Scope:
    """Something that things can be found in."""

    def __init__(self, stage: Stage, within: Description) -> None:
        self.stage = stage
        self._within = within

    def find(
        self,
        text: str = "",
        *,
        role: str = "",
        picture: PictureLike | None = None,
        window: str | None = None,
        region: tuple[int, int, int, int] | None = None,
        exact: bool = False,
    ) -> Locator:
        """A thing by its text, its role or a picture of it; nothing is looked for yet.

        `text` is a label, or words of a longer text where no label is so; with `exact`, it is the
        whole label. `role` is such as "button", "field", "checkbox", "menu item", or one of
        AT-SPI's own; the role "title" means windows' title bars. `picture` is a file, beside the
        test if its path is relative, or a PIL image. `window` is a window's title or a part of it,
        or its application's name; `window="title"` means the title bars, too. `region` is left,
        top, width and height on the screen. Raises ValueError when nothing says what is meant.
        """
        if not (text or role or picture is not None):
            raise ValueError("find needs a text, a role or a picture")
        if text and picture is not None:
            raise ValueError("find takes a text or a picture, not both")
        if window == "title" and not role:
            window, role = None, "title"
        within = self._within
        return Locator(
            self.stage,
            replace(
                within,
                text=text,
                role=role,
                picture=None if picture is None else self._picture(picture),
                window=within.window if window is None else window,
                region=within.region if region is None else Region(*region),
                exact=exact,
            ),
        )

    def _picture(self, picture: PictureLike) -> Wanted:
        if isinstance(picture, Image.Image):
            return Wanted.of(picture)
        path = self.stage.folder / picture
        try:
            with Image.open(path) as image:
                return Wanted.of(image, path.name)
        except OSError as error:
            raise KnownError(
                f"cannot read the picture {path}: {error}",
                remedy="give a path beside the test, or an absolute one",
            ) from error


class Locator(Scope):
    """A description of one thing; every use finds it anew, and two that match are an error.

    Acts wait until it is there, enabled, stable and uncovered, `timeout` seconds at most.
    """

    def __init__(
        self, stage: Stage, wanted: Description, *, within: Description | None = None
    ) -> None:
        super().__init__(stage, within or Description(inside=wanted, owner=wanted.owner))
        self.wanted = wanted

    def __repr__(self) -> str:
        return f"Locator({self.wanted})"

    # --- which one --------------------------------------------------------------------------------

    def near(self, other: Locator | str) -> Locator:
        """The nearest one to another thing, in any direction."""
        return self._beside("next to", other)

    def right_of(self, other: Locator | str) -> Locator:
        """The nearest one in the same row, right of another thing."""
        return self._beside("right of", other)

    def left_of(self, other: Locator | str) -> Locator:
        """The nearest one in the same row, left of another thing."""
        return self._beside("left of", other)

    def above(self, other: Locator | str) -> Locator:
        """The nearest one in the same column, above another thing."""
        return self._beside("above", other)

    def below(self, other: Locator | str) -> Locator:
        """The nearest one in the same column, below another thing."""
        return self._beside("below", other)

    def in_window(self, title: str) -> Locator:
        """Only in windows of this title, or a part of it, or of this application."""
        return Locator(self.stage, replace(self.wanted, window=title))

    def nth(self, index: int) -> Locator:
        """One of several in reading order, from 0; from the end when negative."""
        return Locator(self.stage, replace(self.wanted, nth=index))

    @property
    def first(self) -> Locator:
        return self.nth(0)

    @property
    def last(self) -> Locator:
        return self.nth(-1)

    # --- acts -------------------------------------------------------------------------------------

    def click(
        self,
        *,
        button: Button = "left",
        count: int = 1,
        modifiers: Sequence[str] = (),
        position: tuple[float, float] | None = None,
        timeout: float | None = None,
    ) -> None:
        """Click its middle, or a `position` in units of the screen from its left and its top."""
        name = {2: "double click", 3: "triple click"}.get(count, "click")
        name = name if button == "left" else f"{button} {name}"

        def click(aims: Sequence[Aim]) -> Sequence[InputAction]:
            at = aims[0].inside(*position) if position else aims[0].at
            return [Click(at, button, count, tuple(modifiers))]

        where = f" at {position[0]:g},{position[1]:g} of it" if position else ""
        self.stage.act([self.wanted], f"{name} {self.wanted}{where}", click, timeout=timeout)

    def double_click(self, *, timeout: float | None = None) -> None:
        self.click(count=2, timeout=timeout)

    def right_click(self, *, timeout: float | None = None) -> None:
        self.click(button="right", timeout=timeout)

    def hover(self, *, timeout: float | None = None) -> None:
        """Rest the pointer on it."""
        summary = f"hover over {self.wanted}"
        self.stage.act([self.wanted], summary, lambda aims: [Move(aims[0].at)], timeout=timeout)

    def drag_to(self, target: Locator, *, timeout: float | None = None) -> None:
        """Drag it to the middle of another thing."""
        summary = f"drag {self.wanted} to {target.wanted}"
        self.stage.act(
            [self.wanted, target.wanted],
            summary,
            lambda aims: [Drag(aims[1].at, aims[0].at)],
            timeout=timeout,
        )

    def fill(self, text: str, *, timeout: float | None = None) -> None:
        """Make this the field's whole text; a field that stays as it was is an error."""
        last = Write(text) if text else Press(("delete",))
        fields: list[Thing] = []
        before: list[str | None] = []

        def fill(aims: Sequence[Aim]) -> Sequence[InputAction]:
            fields.append(aims[0].thing)
            before.append(self.stage.content_of(aims[0].thing))
            return [Click(aims[0].at), Hotkey(("ctrl", "a")), last]

        def still() -> str:
            was = before[0]
            if was is None or was == text or self.stage.content_of(fields[0]) != was:
                return ""
            return f"the field still holds {quote(was)}"

        summary = f"fill {self.wanted} with {quote(text)}"
        self.stage.act([self.wanted], summary, fill, effect=still, need="state", timeout=timeout)

    def type(self, text: str, *, timeout: float | None = None) -> None:
        """Click it and type, after what is there; a newline is Enter, a tab is Tab."""
        summary = f"type {quote(text)} into {self.wanted}"
        self.stage.act(
            [self.wanted], summary, lambda aims: [Click(aims[0].at), Write(text)], timeout=timeout
        )

    def press(self, *keys: str, timeout: float | None = None) -> None:
        """Click it and press keys, such as `"enter"` or `"ctrl+s"`, one after the other."""
        summary = f"press {' '.join(keys)} in {self.wanted}"
        self.stage.act(
            [self.wanted],
            summary,
            lambda aims: [Click(aims[0].at), *map(key_action, keys)],
            timeout=timeout,
        )

    def select(self, option: str, *, timeout: float | None = None) -> None:
        """Open this list of choices and choose one by its text."""
        deadline = Deadline(self.stage.timeout if timeout is None else timeout)
        self.click(timeout=deadline.left())
        choice = Description(text=option, owner=self.wanted.owner, popup=True)
        Locator(self.stage, choice).click(timeout=deadline.left())

    def check(self, *, timeout: float | None = None) -> None:
        """See to it that it is checked. Its application must tell whether it is."""
        self._set_checked(True, f"check {self.wanted}", timeout)

    def uncheck(self, *, timeout: float | None = None) -> None:
        """See to it that it is not checked. Its application must tell whether it is."""
        self._set_checked(False, f"uncheck {self.wanted}", timeout)

    def scroll_into_view(
        self, over: Locator | None = None, *, timeout: float | None = None
    ) -> None:
        """Turn the wheel over another thing, or the middle of where it may lie, until it shows."""
        scroll_to(self.stage, self.wanted, None if over is None else over.wanted, timeout)

    def scroll(
        self,
        *,
        up: int = 0,
        down: int = 0,
        left: int = 0,
        right: int = 0,
        timeout: float | None = None,
    ) -> None:
        """Turn the wheel over it by so many notches."""
        turn = Scroll(right - left, up - down)
        self.stage.act(
            [self.wanted],
            f"{describe_action(turn)} over {self.wanted}",
            lambda aims: [msgspec.structs.replace(turn, at=aims[0].at)],
            timeout=timeout,
        )

    def wait_for(
        self, state: Literal["visible", "hidden"] = "visible", *, timeout: float | None = None
    ) -> None:
        """Wait until it is there, or is there no more. Raises ActionFailed at the deadline."""
        there = state == "visible"

        def still() -> str:
            things = self._now()
            if there:
                return "" if things else "it is not there"
            return f"{len(things)} of it are still there" if things else ""

        self.stage.act(
            [], f"wait for {self.wanted} to be {state}", lambda _: [], effect=still, timeout=timeout
        )

    # --- what it is now ---------------------------------------------------------------------------

    def text(self, *, timeout: float | None = None) -> str:
        """What it reads: a field's whole content, anything else's label."""
        return self.stage.text_of(self._one("read", timeout))

    def region(self, *, timeout: float | None = None) -> Region:
        """Where it lies on the screen."""
        view_box = self._one("measure", timeout).extent
        return screen_region(self.stage.screen.grab().transform, view_box)

    def screenshot(self, *, timeout: float | None = None) -> Image.Image:
        """A picture of it."""
        box = self._one("take a picture of", timeout).extent
        left, top = max(0, int(box.left)), max(0, int(box.top))
        pixels = self.stage.screen.grab().pixels
        return Image.fromarray(pixels[top : round(box.bottom), left : round(box.right)])

    def count(self) -> int:
        """How many there are now, without waiting."""
        return len(self._now())

    def all(self) -> list[Locator]:
        """A locator for each of those that there are now, in reading order."""
        return [self.nth(index) for index in range(self.count())]

    def _now(self) -> tuple[Thing, ...]:
        return resolve(self.wanted, self.stage.looker.look()).things

    def _one(self, verb: str, timeout: float | None) -> Thing:
        """The one thing that is meant, waited for; reading it is a step of the recording, too."""
        found: list[Thing] = []

        def keep(aims: Sequence[Aim]) -> Sequence[InputAction]:
            found.append(aims[0].thing)
            return []

        self.stage.act([self.wanted], f"{verb} {self.wanted}", keep, need="proof", timeout=timeout)
        return found[0]

    def _set_checked(self, wanted: bool, summary: str, timeout: float | None) -> None:
        before: list[Thing] = []

        def click(aims: Sequence[Aim]) -> Sequence[InputAction]:
            before.append(aims[0].thing)
            known = aims[0].thing.checked is not None
            return [Click(aims[0].at)] if known and aims[0].thing.checked is not wanted else []

        def still() -> str:
            things = self._now()
            was = before[0]
            if not things and was.checked is not None and "menu item" in was.role:
                return ""  # its menu closed, as menus do
            if len(things) != 1:
                return "it is not there any more"
            if things[0].checked is None:
                return "it does not tell whether it is checked"
            return "" if things[0].checked is wanted else f"it is {'not ' if wanted else ''}checked"

        self.stage.act([self.wanted], summary, click, effect=still, need="state", timeout=timeout)

    def _beside(self, where: Where, other: Locator | str) -> Locator:
        if isinstance(other, str):
            other = Locator(
                self.stage,
                Description(text=other, window=self.wanted.window, owner=self.wanted.owner),
            )
        relations = (*self.wanted.relations, Beside(where, other.wanted))
        return Locator(self.stage, replace(self.wanted, relations=relations))


def key_action(keys: str) -> InputAction:
    """`"ctrl+s"` as keys pressed together, `"enter"` as one."""
    names = tuple(keys.split("+")) if len(keys) > 1 else (keys,)
    if "" in names:  # "ctrl++"
        names = (*filter(None, names), "+")
    return Hotkey(names) if len(names) > 1 else Press(names)


def screen_region(transform: FrameTransform, box: FrameBox) -> Region:
    """A box of a frame in the units of the screen."""
    start = transform.frame_to_screen(FramePoint(box.left, box.top))
    return Region(
        start.x, start.y, round(box.width / transform.scale), round(box.height / transform.scale)
    )
