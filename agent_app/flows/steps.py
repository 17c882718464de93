"""What a flow can say: one type for each kind of step, which is the format.

A step is a mapping with one of `KINDS` as a key; what stands there is one of these types, or just
the value of its `short` field. The JSON schema is made of the same types.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

MOST_TIMES = 1000
MOST_SECONDS = 600.0
MOST_SAMPLES = 25

Seconds = Annotated[float, Meta(gt=0, le=MOST_SECONDS)]
Samples = Annotated[int, Meta(ge=1, le=MOST_SAMPLES)]
Button = Literal["left", "middle", "right"]
Many = tuple[str, ...]


class Given(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """What stands at a step's word; `short` is the field that a plain value is."""

    short: ClassVar[str] = ""


class Target(Given, frozen=True, kw_only=True):
    """A thing on the screen: by its text, its role or a picture of it, and where it lies.

    `window` is a part of a window's title, `app` the name that a launched application was given.
    `anchor` is what a recording knows of it, for `agent-app replay --execute`.
    """

    short = "text"
    text: str = ""
    role: str = ""
    picture: str = ""
    window: str = ""
    app: str = ""
    exact: bool = False
    nth: int | None = None
    near: str | Target | None = None
    right_of: str | Target | None = None
    left_of: str | Target | None = None
    above: str | Target | None = None
    below: str | Target | None = None
    inside: str | Target | None = None
    region: tuple[int, int, int, int] | None = None
    anchor: str = ""


Thing = str | Target


class Launch(Given, frozen=True, kw_only=True):
    """Start a program and wait for its window; `name` is what `app` and `end` call it."""

    short = "command"
    command: str
    name: str = ""
    environment: dict[str, str] = {}


class End(Given, frozen=True, kw_only=True):
    """End a program that was launched."""

    short = "app"
    app: str


class Click(Target, frozen=True, kw_only=True):
    """Click a thing."""

    button: Button = "left"
    count: Annotated[int, Meta(ge=1, le=10)] = 1
    holding: Many = ()


class DoubleClick(Target, frozen=True, kw_only=True):
    """Double-click a thing."""


class RightClick(Target, frozen=True, kw_only=True):
    """Click a thing with the right button."""


class Hover(Target, frozen=True, kw_only=True):
    """Rest the pointer on a thing."""


class Check(Target, frozen=True, kw_only=True):
    """See to it that a box is checked."""


class Uncheck(Target, frozen=True, kw_only=True):
    """See to it that a box is not checked."""


class Drag(Given, frozen=True, kw_only=True):
    """Drag a thing to the middle of another one."""

    thing: Thing
    to: Thing


class Fill(Given, frozen=True, kw_only=True):
    """Make a text the whole content of a field."""

    field: Thing
    text: str


class Type(Given, frozen=True, kw_only=True):
    """Type where the focus is, once the window of that title has it; or into a thing.

    A newline is Enter, a tab is Tab.
    """

    short = "text"
    text: str
    into: Thing | None = None
    window: str = ""


class Press(Given, frozen=True, kw_only=True):
    """Press keys one after the other, such as `enter` or `ctrl+s`; where, as for `type`."""

    short = "keys"
    keys: str | Many
    into: Thing | None = None
    window: str = ""


class Select(Given, frozen=True, kw_only=True):
    """Open a list of choices and choose one by its text."""

    option: str
    of: Thing


class Scroll(Given, frozen=True, kw_only=True):
    """Turn the wheel over a thing, by notches, or until another one shows."""

    short = "to"
    to: Thing | None = None
    over: Thing | None = None
    up: Annotated[int, Meta(ge=0, le=100)] = 0
    down: Annotated[int, Meta(ge=0, le=100)] = 0
    left: Annotated[int, Meta(ge=0, le=100)] = 0
    right: Annotated[int, Meta(ge=0, le=100)] = 0


class Pause(Given, frozen=True, kw_only=True):
    """Wait for some seconds, whatever happens; `expect` waits for something and is better."""

    short = "seconds"
    seconds: Seconds


class Expect(Given, frozen=True, kw_only=True):
    """One claim, which is looked at again until it holds or its time is up.

    `text`, `contains` and `count` are claimed `of` a thing; so is a `screenshot`, or of the whole
    screen. `window` claims that a window of this title is there, `no_window` that none is.
    """

    short = "visible"
    visible: Thing | None = None
    hidden: Thing | None = None
    enabled: Thing | None = None
    disabled: Thing | None = None
    checked: Thing | None = None
    unchecked: Thing | None = None
    window: str | None = None
    no_window: str | None = None
    of: Thing | None = None
    text: str | None = None
    contains: str | None = None
    count: Annotated[int, Meta(ge=0)] | None = None
    screenshot: str | None = None
    mask: tuple[Thing, ...] = ()
    tolerance: Annotated[float, Meta(ge=0, le=1)] = 0.0


CLAIMS = (
    *("visible", "hidden", "enabled", "disabled", "checked", "unchecked"),
    *("window", "no_window", "text", "contains", "count", "screenshot"),
)


class Seen(Given, frozen=True, kw_only=True):
    """A text was on the screen at some moment of the last seconds, though it may be gone."""

    short = "text"
    text: str
    last: Seconds = 5.0


class NeverSeen(Seen, frozen=True, kw_only=True):
    """A text was on the screen at no moment of the last seconds."""


class Do(Given, frozen=True, kw_only=True):
    """Let the model do something, in a few steps."""

    short = "task"
    task: str
    steps: Annotated[int, Meta(ge=1, le=100)] | None = None


class Ask(Given, frozen=True, kw_only=True):
    """Ask the model about the screen; the answer must equal something, or is kept as a variable."""

    question: str
    type: Literal["text", "int", "float", "bool"] = "text"
    equals: str | None = None
    keep: str = ""
    samples: Samples = 1


class Satisfy(Given, frozen=True, kw_only=True):
    """The model finds that the screen is as it is said here."""

    short = "claim"
    claim: str
    samples: Samples = 1


class Set(Given, frozen=True, kw_only=True):
    """Give variables values."""

    short = "values"
    values: dict[str, str]


class Read(Given, frozen=True, kw_only=True):
    """Keep what a thing reads as a variable."""

    thing: Thing
    keep: str


class If(Given, frozen=True, kw_only=True):
    """Do the steps of `then` if it is so now, or within some seconds, and those of `else` if not.

    `equal` are two texts, of which at least one holds a variable.
    """

    visible: Thing | None = None
    hidden: Thing | None = None
    equal: tuple[str, str] | None = None
    within: Annotated[float, Meta(ge=0, le=MOST_SECONDS)] = 0.0


class Repeat(Given, frozen=True, kw_only=True):
    """Do steps so many times, or until something shows or is gone; never showing is an error."""

    short = "times"
    times: Annotated[int, Meta(ge=1, le=MOST_TIMES)]
    until: Thing | None = None
    until_hidden: Thing | None = None


class ForEach(Given, frozen=True, kw_only=True):
    """Do steps once for each of some values, which a variable holds."""

    variable: str
    values: Annotated[Many, Meta(max_length=MOST_TIMES)]


class Include(Given, frozen=True, kw_only=True):
    """Do the steps of another flow, beside this one, with some of its variables given."""

    short = "file"
    file: str
    variables: dict[str, str] = {}


class ExpectError(Given, frozen=True, kw_only=True):
    """One of the steps must fail, with an error that holds this text."""

    short = "saying"
    saying: str = ""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may stand beside the word of any step.

    `timeout` is how long it may take, `note` what it is for; with `soft`, the flow goes on when an
    expectation does not hold, and fails at its end.
    """

    timeout: Seconds | None = None
    soft: bool = False
    note: str = ""


KINDS: Mapping[str, type[Given]] = MappingProxyType(
    {
        "launch": Launch,
        "end": End,
        "click": Click,
        "double_click": DoubleClick,
        "right_click": RightClick,
        "hover": Hover,
        "drag": Drag,
        "fill": Fill,
        "type": Type,
        "press": Press,
        "select": Select,
        "check": Check,
        "uncheck": Uncheck,
        "scroll": Scroll,
        "pause": Pause,
        "expect": Expect,
        "seen": Seen,
        "never_seen": NeverSeen,
        "do": Do,
        "ask": Ask,
        "satisfy": Satisfy,
        "set": Set,
        "read": Read,
        "if": If,
        "repeat": Repeat,
        "for_each": ForEach,
        "include": Include,
        "expect_error": ExpectError,
    }
)
# The lists of steps that stand beside a step's word.
BLOCKS: Mapping[type[Given], tuple[str, ...]] = MappingProxyType(
    {If: ("then", "else"), Repeat: ("steps",), ForEach: ("steps",), ExpectError: ("steps",)}
)
