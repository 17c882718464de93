"""From a recording to the steps of a test: acts with locators, and claims of what they changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from PIL import Image

from agent_app.actions import (
    AskHuman,
    Click,
    Drag,
    Hold,
    Hotkey,
    Move,
    Press,
    Scroll,
    Terminate,
    Wait,
    Write,
    describe_action,
)
from agent_app.codegen.locating import Proposal, Spot, best, describe, short_title
from agent_app.codegen.recorded import RecordedViews
from agent_app.episode.steps import EpisodeStep
from agent_app.events import WindowRef
from agent_app.flows import steps as given_as
from agent_app.flows.steps import Expect, Given, Target
from agent_app.flows.variables import escaped
from agent_app.flows.writing import Line
from agent_app.geometry import RelativePoint
from agent_app.markers import secret_names
from agent_app.replaying.anchor import Anchor
from agent_app.replaying.effects import Effect
from agent_app.replaying.script import Deed, Part, places_of
from agent_app.testing.looking import View
from agent_app.testing.resolving import resolve

_QUOTED = re.compile(r"[“\"]([^“”\"]+)[”\"]")
_UNFIT = re.compile(r"[^\w -]+")  # in a variable's name
_SHORTEST = 3  # characters of a typed text that is known again elsewhere
_MOST_TEXTS = 2  # claimed of one step
_LONGEST_TEXT = 60
_SELECT_ALL = ("ctrl", "a")
_LOST_HOLD = "keys that are held down for a while"
_EMPTY = "nothing is drawn there, so the middle of the window is meant"
_LOST_ASK = "questions to the person"


@dataclass
class Plan:
    """A test as it grows: `variables` are the typed texts, `pictures` those beside the test.

    `lost` is what a test cannot do again, one sentence each.
    """

    variables: dict[str, str] = field(default_factory=dict[str, str])
    lines: list[Line] = field(default_factory=list[Line])
    pictures: dict[str, Image.Image] = field(default_factory=dict[str, Image.Image])
    lost: dict[str, None] = field(default_factory=dict[str, None])


class Planner:
    """Adds a recording's steps to a plan, one after the other."""

    def __init__(self, views: RecordedViews, plan: Plan) -> None:
        self.plan = plan
        self._views = views
        self._last: RelativePoint | None = None

    def add(
        self,
        part: Part,
        step: EpisodeStep,
        anchors: Mapping[str, Anchor | None],
        following: Part | None = None,
    ) -> None:
        """The acts of one step, and what is expected after them; `following` is the next one."""
        view = self._views.before(step)
        note = next((deed.intent.strip() for deed in part.deeds if deed.intent.strip()), "")
        more = following.deeds[:1] if following is not None else ()
        for deed, after in pairwise((*part.deeds, *(more or (None,)))):
            assert deed is not None
            is_field = after is not None and (
                isinstance(after.action, Write) or after.action == Hotkey(_SELECT_ALL)
            )
            given = self._act(deed, part, view, anchors, is_field=is_field)
            if given is not None:
                self.plan.lines.append(Line(given, note))
                note = ""
        if self.plan.lines:
            self.plan.lines += [Line(each) for each in self._claims(part.expected.effect, step)]

    # --- acts -------------------------------------------------------------------------------------

    def _act(
        self,
        deed: Deed,
        part: Part,
        view: View | None,
        anchors: Mapping[str, Anchor | None],
        *,
        is_field: bool,
    ) -> Given | None:
        """What an action is in a test; None for what is left out, or cannot be done again."""

        def locate(place: int = 0) -> Target | None:
            return self._locate(deed, place, view, anchors, is_field=is_field)

        match deed.action:
            case Click(button=button, count=count, modifiers=held):
                target = locate()
                return target and _click(target, button, count, held)
            case Move():
                target = locate()
                return target and _as(given_as.Hover, target)
            case Drag():
                start, end = locate(0), locate(1)
                if start is None or end is None:
                    return None
                return given_as.Drag(thing=_plainest(start), to=_plainest(end))
            case Scroll(dx=dx, dy=dy):
                over = locate() if places_of(deed.action) else None
                return given_as.Scroll(
                    over=None if over is None else _plainest(over),
                    up=max(0, dy),
                    down=max(0, -dy),
                    right=max(0, dx),
                    left=max(0, -dx),
                )
            case Write():
                return given_as.Type(text=self._text(deed), window=self._window(part))
            case Press(keys=keys, count=count):
                pressed = keys * count
                keys = pressed[0] if len(pressed) == 1 else pressed
                return given_as.Press(keys=keys, window=self._window(part))
            case Hotkey(keys=keys):
                return given_as.Press(keys="+".join(keys), window=self._window(part))
            case Hold():
                self.plan.lost[f"{_LOST_HOLD}: {describe_action(deed.action)}"] = None
            case AskHuman():
                self.plan.lost[_LOST_ASK] = None
            case Wait() | Terminate():
                pass
        return None

    def _locate(
        self,
        deed: Deed,
        place: int,
        view: View | None,
        anchors: Mapping[str, Anchor | None],
        *,
        is_field: bool,
    ) -> Target | None:
        """The target of an action, with a picture of it where nothing else tells it."""
        touched = places_of(deed.action)
        # where the pointer is: at the place that was acted on last
        index = place - (1 if isinstance(deed.action, Drag) and len(touched) == 1 else 0)
        at = touched[index] if 0 <= index < len(touched) else self._last
        if touched:
            self._last = touched[-1]
        anchor = anchors.get(f"{deed.key}.{place}")
        if at is None or view is None:
            return self._cannot_locate(deed)
        point = view.frame.transform.relative_to_frame(at)
        names = tuple(_QUOTED.findall(deed.intent))
        if anchor is None:
            spot = replace(Spot.at(view, point), names=names, is_field=is_field)
        else:
            spot = Spot(view, point, anchor, names, is_field)
        proposal = best(spot)
        if proposal is None:
            return self._cannot_locate(deed)
        if proposal.target.role == "window":
            what = deed.intent.strip() or describe_action(deed.action)
            self.plan.lost[f"{what}: nothing is drawn there, so the window's middle is meant"] = (
                None
            )
        return self._target(deed, proposal, is_recorded=anchor is not None)

    def _target(self, deed: Deed, proposal: Proposal, *, is_recorded: bool) -> Target:
        target = proposal.target
        values = _values(target)
        if proposal.picture is not None:
            name = f"{deed.key.replace('.', '-')}.png"
            number = 1
            while name in self.plan.pictures:
                number += 1
                name = f"{deed.key.replace('.', '-')}-{number}.png"
            self.plan.pictures[name] = proposal.picture
            values["picture"] = name
        if is_recorded:
            values["anchor"] = deed.key
        for name in ("text", "window"):
            values[name] = self._with_variables(values[name].replace("$$", "$"))
        return Target(**values)

    def _cannot_locate(self, deed: Deed) -> None:
        what = deed.intent.strip() or describe_action(deed.action)
        self.plan.lost[f"{what}: nothing tells its place from others"] = None

    def _text(self, deed: Deed) -> str:
        """The variable that holds a typed text; one with a secret stays as it is."""
        assert isinstance(deed.action, Write)
        text = deed.action.text
        if names := secret_names([text]):
            for name in names:
                self.plan.lost[f"the secret {name}: agent-app secret set {name}"] = None
            return escaped(text)
        name = _UNFIT.sub(" ", deed.name).strip() or f"text_{len(self.plan.variables) + 1}"
        self.plan.variables[name] = text
        return f"${{{name}}}"

    def _window(self, part: Part) -> str:
        """The window that must have the keyboard, as a flow says it."""
        if part.keyboard is None or part.keyboard.popup or not part.keyboard.title:
            return ""
        return self._with_variables(short_title(part.keyboard.title))

    def _with_variables(self, text: str) -> str:
        """A text of the screen; what was typed before stands in it as the variable."""
        values = sorted(self.plan.variables.items(), key=lambda each: -len(each[1]))
        for name, value in values:
            for known in (value.strip(), value.strip().rsplit("/", 1)[-1]):
                if len(known) >= _SHORTEST and known == value and known in text:
                    before, _, after = text.partition(known)
                    return f"{escaped(before)}${{{name}}}{escaped(after)}"
        return escaped(text)

    # --- claims -----------------------------------------------------------------------------------

    def _claims(self, effect: Effect, step: EpisodeStep) -> Iterator[Given]:
        before, after = _titles(step.windows_before), _titles(step.windows_after)
        for title in after:
            short = short_title(title)
            if title and not any(short in each for each in before):
                yield Expect(window=self._with_variables(short_title(title)))
        left = [short_title(title) for title in after]
        for window in effect.closed or ():
            title = short_title(window.title)
            if window.title and not window.popup and not any(title in each for each in left):
                yield Expect(no_window=self._with_variables(title))
        view = self._views.after(step)
        if view is None:
            return
        claimed = 0
        for text in effect.texts:
            plain = " ".join(text.split())
            if claimed == _MOST_TEXTS:
                return
            if len(plain) > _LONGEST_TEXT or self._is_typed(plain):
                continue
            wanted = Target(text=escaped(plain))
            if len(resolve(describe(wanted), view).things) == 1:
                claimed += 1
                yield Expect(visible=wanted.text)

    def _is_typed(self, text: str) -> bool:
        return any(
            text in value or (value.strip() and value.strip() in text)
            for value in self.plan.variables.values()
        )


def combined(lines: Sequence[Line]) -> list[Line]:
    """The steps, with a click into a field and what is typed there as one."""
    left = list(lines)
    found: list[Line] = []
    while left:
        line = left.pop(0)
        field_ = _field_of(line.given)
        text = _typed_at(left[:1])
        filled = _typed_at(left[1:2])
        if field_ is not None and text is not None:
            line = replace(line, given=given_as.Type(text=text, into=field_))
            left = left[1:]
        elif field_ is not None and filled is not None and _selects_all(left[0].given):
            line = replace(line, given=given_as.Fill(field=field_, text=filled))
            left = left[2:]
        found.append(line)
    return found


def _field_of(given: Given) -> Target | None:
    """The field that a plain click goes to."""
    if not isinstance(given, given_as.Click) or given.role != "field":
        return None
    names = Target.__struct_fields__
    target = Target(**{name: getattr(given, name) for name in names})
    return target if given == given_as.Click(**_values(target)) else None


def _typed_at(lines: Sequence[Line]) -> str | None:
    match [line.given for line in lines]:
        case [given_as.Type(text=text, into=None)]:
            return text
        case _:
            return None


def _selects_all(given: Given) -> bool:
    return isinstance(given, given_as.Press) and given.keys == "+".join(_SELECT_ALL)


def _titles(windows: Sequence[WindowRef]) -> list[str]:
    return [window.title for window in windows if not window.popup]


def _click(target: Target, button: str, count: int, held: tuple[str, ...]) -> Given:
    if not held and (button, count) == ("left", 2):
        return _as(given_as.DoubleClick, target)
    if not held and (button, count) == ("right", 1):
        return _as(given_as.RightClick, target)
    more: dict[str, Any] = {"button": button, "count": count, "holding": held}
    return given_as.Click(**_values(target), **more)


def _as(kind: type[Target], target: Target) -> Given:
    return kind(**_values(target))


def _values(target: Target) -> dict[str, Any]:
    return {name: getattr(target, name) for name in Target.__struct_fields__}


def _plainest(target: Target) -> str | Target:
    """The text alone where that is all that is said."""
    return target.text if target == Target(text=target.text) else target
