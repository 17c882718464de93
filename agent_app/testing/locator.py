"""Locators: what is meant by a description, found anew each time it is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from agent_app.actions import Button, Click, Drag, Hotkey, InputAction, Move, Press, Write
from agent_app.errors import KnownError
from agent_app.geometry import Region, RelativePoint
from agent_app.runtimes.reader.language.steps import Where
from agent_app.runtimes.reader.quoting import quote
from agent_app.testing.description import Beside, Description, Wanted
from agent_app.testing.seams import Thing
from agent_app.testing.stage import Stage

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
        timeout: float | None = None,
    ) -> None:
        """Click its middle."""
        name = {2: "double click", 3: "triple click"}.get(count, "click")
        name = name if button == "left" else f"{button} {name}"

        def click(at: Sequence[RelativePoint]) -> Sequence[InputAction]:
            return [Click(at[0], button, count, tuple(modifiers))]

        self.stage.act([self.wanted], f"{name} {self.wanted}", click, timeout=timeout)

    def double_click(self, *, timeout: float | None = None) -> None:
        self.click(count=2, timeout=timeout)

    def right_click(self, *, timeout: float | None = None) -> None:
        self.click(button="right", timeout=timeout)

    def hover(self, *, timeout: float | None = None) -> None:
        """Rest the pointer on it."""
        summary = f"hover over {self.wanted}"
        self.stage.act([self.wanted], summary, lambda at: [Move(at[0])], timeout=timeout)

    def drag_to(self, target: Locator, *, timeout: float | None = None) -> None:
        """Drag it to the middle of another thing."""
        summary = f"drag {self.wanted} to {target.wanted}"
        self.stage.act(
            [self.wanted, target.wanted], summary, lambda at: [Drag(at[1], at[0])], timeout=timeout
        )

    def fill(self, text: str, *, timeout: float | None = None) -> None:
        """Make this the field's whole text."""
        last = Write(text) if text else Press(("delete",))
        summary = f"fill {self.wanted} with {quote(text)}"
        self.stage.act(
            [self.wanted],
            summary,
            lambda at: [Click(at[0]), Hotkey(("ctrl", "a")), last],
            timeout=timeout,
        )

    def type(self, text: str, *, timeout: float | None = None) -> None:
        """Click it and type, after what is there; a newline is Enter, a tab is Tab."""
        summary = f"type {quote(text)} into {self.wanted}"
        self.stage.act(
            [self.wanted], summary, lambda at: [Click(at[0]), Write(text)], timeout=timeout
        )

    def press(self, *keys: str, timeout: float | None = None) -> None:
        """Click it and press keys, such as `"enter"` or `"ctrl+s"`, one after the other."""
        summary = f"press {' '.join(keys)} in {self.wanted}"
        self.stage.act(
            [self.wanted],
            summary,
            lambda at: [Click(at[0]), *map(key_action, keys)],
            timeout=timeout,
        )

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


@dataclass(frozen=True, slots=True)
class Match:
    """One of the things that a locator matches now: what it reads, and where on the screen."""

    text: str
    role: str
    window: str
    region: Region

    @classmethod
    def of(cls, thing: Thing, origin: tuple[int, int], scale: float) -> Match:
        box = thing.extent
        return cls(
            thing.text,
            thing.role,
            thing.window,
            Region(
                origin[0] + round(box.left / scale),
                origin[1] + round(box.top / scale),
                round(box.width / scale),
                round(box.height / scale),
            ),
        )
