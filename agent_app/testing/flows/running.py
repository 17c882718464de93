"""Doing a flow's steps on a desktop."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

from agent_app.errors import KnownError
from agent_app.flows import steps as given_at
from agent_app.flows.document import Flow, Place, Step
from agent_app.flows.reading import read_flow
from agent_app.flows.steps import Thing
from agent_app.flows.variables import substituted
from agent_app.markers import secret_names
from agent_app.testing.applications import Application
from agent_app.testing.desktop import Desktop
from agent_app.testing.expecting import expect
from agent_app.testing.flows.errors import FlowFailed, failed_at
from agent_app.testing.flows.expectations import claim
from agent_app.testing.flows.targets import Targets
from agent_app.testing.locator import Locator
from agent_app.testing.model_doing import SECONDS, STEPS

_MOST_DONE = 10_000  # steps of one flow, with all that it repeats and includes
_MOST_INCLUDES = 8  # within one another
_TYPES: Mapping[str, type] = {"text": str, "int": int, "float": float, "bool": bool}
_TRUE = {"true": True, "yes": True, "false": False, "no": False}


Finds = Callable[[Thing], Locator]


class Runner:
    """Does flows on a desktop; `values` take the place of the variables' own."""

    def __init__(self, desktop: Desktop, values: Mapping[str, str]) -> None:
        self.variables: dict[str, str] = {}
        self._desktop = desktop
        self._values = values
        self._applications: dict[str, Application] = {}
        self._targets = Targets(desktop, self._applications)
        self._included: list[Place] = []
        self._done = 0

    def run(self, flow: Flow) -> None:
        """Do a whole flow. Raises FlowFailed; the steps of `teardown` are done in any case."""
        for name, value in {**flow.head.variables, **self._values}.items():
            self.variables.setdefault(name, value)
        texts = (str(step.given) for step in (*flow.setup, *flow.steps, *flow.teardown))
        if secrets := secret_names((*texts, *self.variables.values())):
            self._desktop.session.allow_secrets(secrets)
        try:
            self._do_all(flow.setup)
            self._do_all(flow.steps)
        except BaseException as error:
            try:
                self._do_all(flow.teardown)
            except FlowFailed as second:
                error.add_note(f"and then, in teardown: {second}")
            raise
        self._do_all(flow.teardown)

    def _do_all(self, steps: Sequence[Step]) -> None:
        for step in steps:
            with self._failing(step):
                self._done += 1
                if self._done > _MOST_DONE:
                    raise KnownError(
                        f"the flow did {_MOST_DONE} steps and is not at its end",
                        remedy="repeat less",
                    )
                self._do(step)

    @contextmanager
    def _failing(self, step: Step) -> Generator[None]:
        """What fails names the step that it failed at, innermost first."""
        softly = len(self._desktop.stage.failures)
        try:
            yield
        except FlowFailed:
            raise
        except (AssertionError, KnownError, ValueError) as error:
            raise failed_at(step, error, self._included) from error
        for failure in self._desktop.stage.failures[softly:]:
            failure.args = (str(failed_at(step, failure, self._included)),)

    def _do(self, step: Step) -> None:
        given = substituted(step.given, self.variables)
        desktop, timeout, folder = self._desktop, step.options.timeout, step.place.path.parent

        def find(thing: Thing) -> Locator:
            return self._targets.locator(thing, folder)

        match given:
            case given_at.Launch():
                self._launch(given, timeout)
            case given_at.End(app=app):
                self._targets.application(app).end()
            case given_at.Target():
                self._act(given, find(_plain(given)), timeout)
            case given_at.Drag(thing=thing, to=to):
                find(thing).drag_to(find(to), timeout=timeout)
            case given_at.Fill(field=field, text=text):
                find(field).fill(text, timeout=timeout)
            case given_at.Type(text=text, into=into, window=window):
                self._focus(window, timeout)
                if into is None:
                    desktop.type(text)
                else:
                    find(into).type(text, timeout=timeout)
            case given_at.Press(keys=keys, into=into, window=window):
                self._focus(window, timeout)
                keys = (keys,) if isinstance(keys, str) else keys
                if into is None:
                    desktop.press(*keys)
                else:
                    find(into).press(*keys, timeout=timeout)
            case given_at.Select(option=option, of=of):
                find(of).select(option, timeout=timeout)
            case given_at.Scroll(to=to, over=over):
                around = None if over is None else find(over)
                if to is not None:
                    find(to).scroll_into_view(around, timeout=timeout)
                turns = {way: getattr(given, way) for way in ("up", "down", "left", "right")}
                if any(turns.values()) and around is not None:
                    around.scroll(**turns, timeout=timeout)
                elif any(turns.values()):
                    desktop.scroll(**turns)
            case given_at.Pause(seconds=seconds):
                self._pause(seconds)
            case given_at.Expect():
                claim(desktop, given, find, step.options)
            case given_at.NeverSeen(text=text, last=last):
                desktop.never_seen(text, last=last)
            case given_at.Seen(text=text, last=last):
                desktop.assert_seen(text, last=last)
            case given_at.Do(task=task, steps=steps):
                desktop.do(
                    task,
                    steps=STEPS if steps is None else steps,
                    timeout=SECONDS if timeout is None else timeout,
                )
            case given_at.Ask():
                self._ask(given)
            case given_at.Satisfy(claim=said, samples=samples):
                soft = expect.soft if step.options.soft else expect
                soft(desktop, timeout=timeout).to_satisfy(said, samples=samples)
            case given_at.Set(values=values):
                self.variables |= values
            case given_at.Read(thing=thing, keep=keep):
                self.variables[keep] = find(thing).text(timeout=timeout)
            case _:
                self._control(step, given, find)

    def _control(self, step: Step, given: given_at.Given, find: Finds) -> None:
        """Steps that have other steps below them."""
        match given:
            case given_at.If():
                word = "then" if self._holds(given, find) else "else"
                self._do_all(step.blocks.get(word, ()))
            case given_at.Repeat():
                self._repeat(step, given, find)
            case given_at.ForEach(variable=variable, values=values):
                for value in values:
                    self.variables[variable] = value
                    self._do_all(step.blocks["steps"])
            case given_at.Include(file=file, variables=variables):
                self._include(step.place, file, variables)
            case given_at.ExpectError(saying=saying):
                self._expect_error(step.blocks["steps"], saying)
            case _:
                raise TypeError(f"{given!r} is no step")

    # --- single steps -----------------------------------------------------------------------------

    def _launch(self, given: given_at.Launch, timeout: float | None) -> None:
        launch = partial(self._desktop.launch, given.command, environment=given.environment)
        application = launch() if timeout is None else launch(timeout=timeout)
        self._applications[given.name or application.name] = application

    def _act(self, given: given_at.Target, locator: Locator, timeout: float | None) -> None:
        match given:
            case given_at.Click(button=button, count=count, holding=holding):
                locator.click(button=button, count=count, modifiers=holding, timeout=timeout)
            case given_at.DoubleClick():
                locator.double_click(timeout=timeout)
            case given_at.RightClick():
                locator.right_click(timeout=timeout)
            case given_at.Hover():
                locator.hover(timeout=timeout)
            case given_at.Check():
                locator.check(timeout=timeout)
            case given_at.Uncheck():
                locator.uncheck(timeout=timeout)
            case _:
                raise TypeError(f"{given!r} is no act")

    def _focus(self, window: str, timeout: float | None) -> None:
        if window:
            self._targets.await_focus(window, timeout)

    def _pause(self, seconds: float) -> None:
        with self._desktop.stage.step(f"wait {seconds:g} s"):
            self._desktop.session.trial.control.halt.wait(seconds)

    def _ask(self, given: given_at.Ask) -> None:
        kind: type[object] = _TYPES[given.type]
        answer = self._desktop.ask(given.question, kind, samples=given.samples)
        if given.keep:
            self.variables[given.keep] = str(answer)
        if given.equals is not None and answer != _as(given.type, given.equals):
            raise AssertionError(
                f"{given.question!r} was answered with {answer!r}, and should be {given.equals!r}"
            )

    # --- steps of steps ---------------------------------------------------------------------------

    def _holds(self, given: given_at.If, find: Finds) -> bool:
        if given.equal is not None:
            return given.equal[0] == given.equal[1]
        if given.visible is not None:
            return self._targets.shows(find(given.visible), wanted=True, within=given.within)
        assert given.hidden is not None
        return self._targets.shows(find(given.hidden), wanted=False, within=given.within)

    def _repeat(self, step: Step, given: given_at.Repeat, find: Finds) -> None:
        until = given.until if given.until is not None else given.until_hidden
        wanted = given.until is not None
        for _ in range(given.times):
            if until is not None and self._targets.shows(find(until), wanted=wanted, within=0.0):
                return
            self._do_all(step.blocks["steps"])
        if until is None or self._targets.shows(find(until), wanted=wanted, within=1.0):
            return
        state = "does not show" if wanted else "still shows"
        raise AssertionError(f"{find(until).wanted} {state} after {given.times} times")

    def _include(self, place: Place, file: str, variables: Mapping[str, str]) -> None:
        path = place.path.parent / file
        inside = [path.resolve() == each.path.resolve() for each in (*self._included, place)]
        if any(inside) or len(self._included) >= _MOST_INCLUDES:
            raise KnownError(
                f"{file} is included within itself, or {_MOST_INCLUDES} deep",
                remedy="include less, or use repeat",
            )
        self.variables |= variables
        self._included.append(place)
        try:
            self.run(read_flow(path))
        finally:
            self._included.pop()

    def _expect_error(self, steps: Sequence[Step], saying: str) -> None:
        try:
            self._do_all(steps)
        except FlowFailed as failure:
            if saying.casefold() in failure.told.casefold():
                return
            raise AssertionError(
                f"a step should fail with {saying!r}, and failed otherwise: {failure.reason}"
            ) from failure
        raise AssertionError("one of these steps should fail, and all were done")


def _plain(given: given_at.Target) -> given_at.Target:
    """The target of an act, without what is said of the act."""
    names = given_at.Target.__struct_fields__
    return given_at.Target(**{name: getattr(given, name) for name in names})


def _as(kind: str, text: str) -> object:
    """What an answer is compared with. Raises ValueError for a text that is no such thing."""
    if kind == "bool":
        if text.casefold() not in _TRUE:
            raise ValueError(f"{text!r} is not true or false")
        return _TRUE[text.casefold()]
    return _TYPES[kind](text)
