"""A flow's targets as locators."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from agent_app.errors import KnownError
from agent_app.flows.steps import Target, Thing
from agent_app.runtimes.reader.matching.choosing import windows_called
from agent_app.runtimes.reader.quoting import quote
from agent_app.testing.applications import Application
from agent_app.testing.desktop import Desktop
from agent_app.testing.failures import ActionFailed
from agent_app.testing.locator import Locator, Scope
from agent_app.testing.resolving import resolve
from agent_app.testing.waiting import CallLog, Deadline


class Targets:
    """Makes locators on a desktop; `applications` are those that were launched, by their names."""

    def __init__(self, desktop: Desktop, applications: Mapping[str, Application]) -> None:
        self._desktop = desktop
        self._applications = applications

    def application(self, name: str) -> Application:
        """A launched one. Raises KnownError when there is none of that name."""
        if name not in self._applications:
            there = ", ".join(self._applications) or "none"
            raise KnownError(f"no application is called {name!r}", remedy=f"launched are {there}")
        return self._applications[name]

    def locator(self, thing: Thing, folder: Path) -> Locator:
        """The locator of a target; its picture lies in this folder if its path is relative."""
        if isinstance(thing, str):
            thing = Target(text=thing)
        scope: Scope = self._desktop
        if thing.app:
            scope = self.application(thing.app)
        if thing.inside is not None:
            scope = self.locator(_in_app(thing.inside, thing.app), folder)
        locator = scope.find(
            thing.text,
            role=thing.role,
            picture=folder / thing.picture if thing.picture else None,
            window=thing.window or None,
            region=thing.region,
            exact=thing.exact,
        )
        for relation in ("near", "right_of", "left_of", "above", "below"):
            other = getattr(thing, relation)
            if other is not None:
                beside = self.locator(_in_app(other, thing.app), folder)
                locator = getattr(locator, relation)(beside)
        return locator if thing.nth is None else locator.nth(thing.nth)

    def shows(self, locator: Locator, *, wanted: bool, within: float) -> bool:
        """Whether it shows now, or comes to; or, when not `wanted`, is gone or goes."""
        for _ in Deadline(within).tries():
            if bool(resolve(locator.wanted, self._desktop.stage.looker.look()).things) is wanted:
                return True
        return False

    def await_focus(self, title: str, timeout: float | None) -> None:
        """Wait until a window of this title has the keyboard. Raises ActionFailed."""
        stage = self._desktop.stage
        deadline = Deadline(stage.timeout if timeout is None else timeout)
        log = CallLog()
        view = stage.looker.look()
        for _ in deadline.tries():
            view = stage.looker.look()
            active = [index for index, window in enumerate(view.windows) if window.active]
            if any(index in windows_called(view.windows, title) for index in active):
                return
            names = [quote(view.windows[index].title) for index in active]
            log.add(f"the keyboard is with {', '.join(names) or 'no window'}")
        last = log.lines[-1][1]
        raise ActionFailed(f"the window {quote(title)} has no focus: {last}", (), log, view)


def _in_app(thing: Thing, app: str) -> Thing:
    """Another thing that a target names lies in the same application, if nothing else is said."""
    if not app:
        return thing
    if isinstance(thing, str):
        return Target(text=thing, app=app)
    return thing
