"""A flow that was exported from a recording, as a script: done again with its anchors.

    recorded.flow.yaml   a flow as people write them, whose targets have an `anchor`
    anchors.json         what its targets look like, and the pictures of that: see `store`

What a person adds to such a flow (loops, conditions, other claims) is for `agent-app test`, which
finds targets by their locators; here it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from agent_app.actions import Action, Click, Drag, Hotkey, Move, Press, Scroll, Wait, Write
from agent_app.errors import KnownError
from agent_app.flows import steps as given_as
from agent_app.flows.document import Step
from agent_app.flows.reading import read_flow
from agent_app.flows.steps import Target, Thing
from agent_app.flows.variables import substituted, variable_of, with_values
from agent_app.geometry import RelativePoint
from agent_app.replaying.effects import Effect, Written
from agent_app.replaying.script import Deed, Part, Script
from agent_app.replaying.store import load_anchors
from agent_app.replaying.windows import WindowName

_SOMEWHERE = RelativePoint(0.5, 0.5)  # a place that is found before it is acted on
_SECRET = "{{{{secret:{name}}}}}"  # noqa: S105 - a place holder, no secret


def script_of_flow(path: Path) -> Script:
    """The script of a flow, with the anchors that lie beside it. Raises KnownError."""
    flow = read_flow(path)
    anchors = load_anchors(path.parent)
    reading = _Reading(flow.head.variables)
    for step in (*flow.setup, *flow.steps, *flow.teardown):
        reading.add(step)
    return Script(flow.head.name, tuple(reading.parts), anchors.get, flow.head.recorded)


class _Reading:
    """A flow's steps on their way to the parts of a script."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self.parts: list[Part] = []
        self._variables = variables

    def add(self, step: Step) -> None:
        """One step: an act is a part, and a claim belongs to the part before it."""
        given = step.given
        if isinstance(given, given_as.Launch | given_as.End):
            return  # which programs are there is said to `agent-app replay`
        if isinstance(given, given_as.Expect):
            self._claim(step, given)
            return
        deeds = self._deeds(step)
        if not deeds:
            raise _refused(step, f"“{step.kind}” is for agent-app test")
        window = ""
        if isinstance(given, given_as.Type | given_as.Press):
            window = with_values(given.window, self._variables)
        keyboard = WindowName(window) if window else None
        effect = Effect()
        self.parts.append(Part(len(self.parts) + 1, deeds, Written(effect), keyboard))

    def _deeds(self, step: Step) -> tuple[Deed, ...]:
        given, note = step.given, step.options.note or step.kind

        def deed(key: str, action: Action, name: str = "") -> Deed:
            return Deed(key, action, note, name)

        def key(thing: Thing | None) -> str:
            return _anchor(step, thing)

        match given:
            case given_as.Click(button=button, count=count, holding=holding):
                return (deed(key(given), Click(_SOMEWHERE, button, count, holding)),)
            case given_as.DoubleClick():
                return (deed(key(given), Click(_SOMEWHERE, count=2)),)
            case given_as.RightClick():
                return (deed(key(given), Click(_SOMEWHERE, "right")),)
            case given_as.Hover():
                return (deed(key(given), Move(_SOMEWHERE)),)
            case given_as.Drag(thing=thing, to=to) if key(thing) == key(to):
                return (deed(key(thing), Drag(_SOMEWHERE, _SOMEWHERE)),)
            case given_as.Fill(field=field, text=text):
                clicked = deed(key(field), Click(_SOMEWHERE))
                return (clicked, deed(key(field), Hotkey(("ctrl", "a"))), self._write(step, text))
            case given_as.Type(text=text, into=into):
                clicked = () if into is None else (deed(key(into), Click(_SOMEWHERE)),)
                return (*clicked, self._write(step, text))
            case given_as.Press(keys=keys, into=into):
                clicked = () if into is None else (deed(key(into), Click(_SOMEWHERE)),)
                pressed = (keys,) if isinstance(keys, str) else keys
                return (*clicked, *(deed("", _pressed(each)) for each in pressed))
            case given_as.Scroll(to=None, over=over):
                at = None if over is None else _SOMEWHERE
                turn = Scroll(given.right - given.left, given.up - given.down, at)
                return (deed("" if over is None else key(over), turn),)
            case given_as.Pause(seconds=seconds):
                return (deed("", Wait(seconds)),)
            case _:
                return ()

    def _write(self, step: Step, text: str) -> Deed:
        """What types a text: under its variable's name, if that is all of it."""
        names = {name: _SECRET.format(name=name) for name in variable_of(text, of="environment")}
        known = {**self._variables, **{f"env:{name}": value for name, value in names.items()}}
        whole = substituted(given_as.Type(text=text), known).text
        name = variable_of(text, of="flow")
        return Deed("", Write(whole), step.options.note, name[0] if len(name) == 1 else "")

    def _claim(self, step: Step, given: given_as.Expect) -> None:
        given = substituted(given, self._variables)
        if not self.parts:
            raise _refused(step, "a claim before the first act is for agent-app test")
        last = self.parts.pop()
        effect = last.expected.effect
        opened, closed, texts = effect.opened or (), effect.closed or (), effect.texts
        match given:
            case given_as.Expect(window=str(title)):
                opened = (*opened, WindowName(title))
            case given_as.Expect(no_window=str(title)):
                closed = (*closed, WindowName(title))
            case given_as.Expect(visible=str(text)):
                texts = (*texts, text)
            case given_as.Expect(visible=Target(text=text)) if text:
                texts = (*texts, text)
            case _:
                raise _refused(step, "this claim is for agent-app test")
        told = bool(opened or closed)
        effect = Effect(True, opened if told else None, closed if told else None, texts)
        self.parts.append(Part(last.number, last.deeds, Written(effect), last.keyboard))


def _pressed(keys: str) -> Action:
    names: Sequence[str] = keys.split("+") if len(keys) > 1 else (keys,)
    if "" in names:  # "ctrl++"
        names = (*filter(None, names), "+")
    return Hotkey(tuple(names)) if len(names) > 1 else Press(tuple(names))


def _anchor(step: Step, thing: Thing | None) -> str:
    if isinstance(thing, Target) and thing.anchor:
        return thing.anchor
    raise _refused(step, "its target has no anchor, because no recording has it")


def _refused(step: Step, why: str) -> KnownError:
    return KnownError(
        f"{step.place}: {why}", remedy=f"run it as a test: agent-app test {step.place.path.name}"
    )
