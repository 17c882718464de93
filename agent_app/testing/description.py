"""What a locator looks for: frozen, so that it can be resolved anew at each use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from agent_app.geometry import Region
from agent_app.replaying.anchor import Drawing
from agent_app.runtimes.reader.language.steps import Where
from agent_app.runtimes.reader.quoting import quote


@dataclass(frozen=True, slots=True)
class Wanted:
    """A picture of the thing, and what it is called in messages."""

    name: str
    drawing: Drawing

    @classmethod
    def of(cls, image: Image.Image, name: str = "a picture") -> Wanted:
        return cls(name, Drawing(np.asarray(image.convert("RGB"), np.uint8)))


@dataclass(frozen=True, slots=True)
class Owner:
    """An application whose windows alone count; `owns` tells by a window's process."""

    name: str
    owns: Callable[[int], bool] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Beside:
    """How the thing lies to another one."""

    where: Where
    other: Description


@dataclass(frozen=True, slots=True)
class Description:
    """What to look for, and where.

    It needs a `text`, a `role` or a `picture`. `window` is a part of a window's title, or its
    application's name; `inside` is a thing that it lies in; `region` a part of the screen. `nth`
    counts from 0 in reading order, from the end when negative. With `exact`, the whole label must
    be the text, but for typography. With `popup`, only menus and lists that popped up count.
    """

    text: str = ""
    role: str = ""
    picture: Wanted | None = None
    window: str | None = None
    owner: Owner | None = None
    inside: Description | None = None
    region: Region | None = None
    relations: tuple[Beside, ...] = ()
    nth: int | None = None
    exact: bool = False
    popup: bool = False

    def __str__(self) -> str:
        """In a few words, such as `the button “Save” right of “Name” in “Save As”`."""
        return " ".join([self.thing, *self.whereabouts])

    @property
    def thing(self) -> str:
        """What it is, without where."""
        words = [quote(self.text)] if self.text else []
        if self.picture is not None:
            words.append(f"the picture {self.picture.name}")
        if self.role:
            words.insert(0, f"the {self.role}" if self.text else f"a {self.role}")
        if self.nth is not None:
            words.insert(0, "the last of" if self.nth == -1 else f"number {self.nth} of")
        return " ".join(words)

    @property
    def whereabouts(self) -> tuple[str, ...]:
        """Where it is to be, piece by piece."""
        words = [f"{beside.where} {beside.other.thing}" for beside in self.relations]
        if self.inside is not None:
            words.append(f"inside {self.inside.thing}")
        if self.window is not None:
            words.append(f"in the window {quote(self.window)}")
        elif self.owner is not None:
            words.append(f"in {self.owner.name}")
        if self.region is not None:
            place = self.region
            words.append(f"within {place.left},{place.top},{place.width},{place.height}")
        return tuple(words)
