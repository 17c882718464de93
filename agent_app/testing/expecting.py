"""Assertions that retry until they hold, or say what was there instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from copy import copy
from typing import NamedTuple, Self, overload

from agent_app.runtimes.reader.matching.likeness import folded
from agent_app.runtimes.reader.quoting import quote
from agent_app.testing.baselines import Baselines
from agent_app.testing.description import Description
from agent_app.testing.desktop import Desktop
from agent_app.testing.failures import ExpectationFailed, found_instead, hidden, said
from agent_app.testing.locator import Locator
from agent_app.testing.looking import View
from agent_app.testing.model_asking import satisfy
from agent_app.testing.resolving import Resolution
from agent_app.testing.seams import Thing
from agent_app.testing.stage import Search, Stage
from agent_app.testing.waiting import Deadline

__tracebackhide__ = hidden


class Verdict(NamedTuple):
    """Whether something is so now, and what was there, in words.

    `holds` is None when it cannot be told, or when several things match: then neither what is
    expected nor its opposite is so.
    """

    holds: bool | None
    seen: str


Check = Callable[[View, Resolution], Verdict]
Text = str | re.Pattern[str]


class Expectations:
    """What can be expected of anything: to be made anew with other manners."""

    def __init__(self, stage: Stage, *, timeout: float | None, soft: bool) -> None:
        self._stage = stage
        self._timeout = timeout
        self._soft = soft
        self._negated = False

    @property
    def not_(self) -> Self:
        """The opposite."""
        opposite = copy(self)
        opposite._negated = not self._negated
        return opposite

    def _judge(
        self, wanted: Description | None, what: str, check: Check, timeout: float | None
    ) -> None:
        """Look until `check` says what is expected; raises ExpectationFailed otherwise."""
        stage = self._stage
        given = next((t for t in (timeout, self._timeout) if t is not None), stage.timeout)
        search = Search(wanted or Description(), Deadline(given))
        subject = str(wanted) if wanted is not None else "the desktop"
        summary = f"expect {subject} {'not ' if self._negated else ''}{what}"
        verdict = Verdict(None, "")
        with stage.step(summary) as step:
            for _ in search.deadline.tries():
                view = stage.looker.look()
                with step.watch.measure("encode"):
                    none = Resolution(())
                    search.saw(view, none)
                    resolution = none if wanted is None else stage.resolve(search, view)
                    verdict = check(view, resolution)
                search.log.add(verdict.seen)
                if verdict.holds is not None and verdict.holds is not self._negated:
                    step.see(view)
                    step.say(search.log)
                    step.judge(True, verdict.seen)
                    for thing in resolution.things:
                        stage.remember(search, thing)
                    return
            view = search.view
            assert view is not None
            for each in search.frames.values():
                step.see(each)
            step.say(search.log)
            message = f"{summary}: {verdict.seen}"
            step.judge(False, message)
            details = [f"waited    {given:g} s"]
            if wanted is not None:
                details.insert(0, f"looked    for {wanted}")
                details += found_instead(search.resolution, view)
            details += stage.told()
            failure = ExpectationFailed(message, details, search.log, view)
            if not self._soft:
                raise failure
            stage.failures.append(failure)


class LocatorExpectations(Expectations):
    """What can be expected of the thing that a locator means; `timeout` is in seconds."""

    def __init__(
        self,
        locator: Locator,
        *,
        timeout: float | None = None,
        soft: bool = False,
    ) -> None:
        super().__init__(locator.stage, timeout=timeout, soft=soft)
        self._locator = locator

    def to_be_visible(self, *, timeout: float | None = None) -> None:
        """It is there, once."""

        def check(_view: View, found: Resolution) -> Verdict:
            if len(found.things) > 1:
                return Verdict(None, f"{len(found.things)} things match")
            if found.things:
                return Verdict(True, f"{said(found.things[0])} is visible")
            return Verdict(False, found.reason)

        self._judge(self._locator.wanted, "to be visible", check, timeout)

    def to_be_hidden(self, *, timeout: float | None = None) -> None:
        """Nothing such is there."""

        def check(_view: View, found: Resolution) -> Verdict:
            if found.things:
                return Verdict(False, f"{said(found.things[0])} is visible")
            return Verdict(True, found.reason)

        self._judge(self._locator.wanted, "to be hidden", check, timeout)

    def to_have_count(self, count: int, *, timeout: float | None = None) -> None:
        """So many things match."""

        def check(_view: View, found: Resolution) -> Verdict:
            there = len(found.things)
            return Verdict(there == count, f"{there} match" if there != 1 else "1 matches")

        self._judge(self._locator.wanted, f"to have count {count}", check, timeout)

    def to_have_text(self, text: Text, *, timeout: float | None = None) -> None:
        """Its whole text, or a field's whole content, is this; white space counts as one space.

        A pattern must match all of it.
        """
        self._judge_text(text, "to have text", whole=True, timeout=timeout)

    def to_contain_text(self, text: Text, *, timeout: float | None = None) -> None:
        """Its text, or a field's content, holds this."""
        self._judge_text(text, "to contain text", whole=False, timeout=timeout)

    def to_be_enabled(self, *, timeout: float | None = None) -> None:
        """It can be used, as its application tells."""
        self._judge_state(
            "to be enabled", lambda thing: thing.enabled, "enabled", "disabled", timeout
        )

    def to_be_disabled(self, *, timeout: float | None = None) -> None:
        """It is greyed out, as its application tells."""
        self._judge_state(
            "to be disabled", lambda thing: not thing.enabled, "disabled", "enabled", timeout
        )

    def to_be_checked(self, *, timeout: float | None = None) -> None:
        """It is a box, button or menu item that is checked, as its application tells."""
        self._judge_state(
            "to be checked", lambda thing: thing.checked, "checked", "not checked", timeout
        )

    def to_match_screenshot(
        self,
        name: str,
        *,
        mask: Sequence[Locator] = (),
        tolerance: float = 0.0,
        timeout: float | None = None,
    ) -> None:
        """It looks as in the picture of this name beside the test, which the first run writes.

        What lies in `mask` is left out; `tolerance` is the share of the pixels that may differ.
        """
        wanted = self._locator.wanted
        baselines = Baselines(self._stage, name, mask, tolerance)

        def check(view: View, found: Resolution) -> Verdict:
            if len(found.things) != 1:
                many = f"{len(found.things)} things match"
                return Verdict(None, many if found.things else found.reason)
            return Verdict(*baselines.compare(view, found.things[0].extent))

        baselines.judge(lambda: self._judge(wanted, f"to match {name}", check, timeout))

    def _judge_text(self, text: Text, what: str, *, whole: bool, timeout: float | None) -> None:
        shown = quote(text) if isinstance(text, str) else f"the pattern {text.pattern}"

        def check(_view: View, found: Resolution) -> Verdict:
            if len(found.things) != 1:
                many = f"{len(found.things)} things match"
                return Verdict(None, many if found.things else found.reason)
            thing = found.things[0]
            there = self._stage.text_of(thing)
            # what was read from pixels may differ in what no reader tells apart
            read = thing.element is None or thing.element.source == "ocr"
            return Verdict(
                _fits(text, there, whole=whole, read=read), f"its text is {quote(there)}"
            )

        self._judge(self._locator.wanted, f"{what} {shown}", check, timeout)

    def _judge_state(
        self,
        what: str,
        state: Callable[[Thing], bool | None],
        yes: str,
        no: str,
        timeout: float | None,
    ) -> None:
        def check(_view: View, found: Resolution) -> Verdict:
            if len(found.things) != 1:
                many = f"{len(found.things)} things match"
                return Verdict(None, many if found.things else found.reason)
            thing = found.things[0]
            told = thing.element is not None and thing.element.source == "accessibility"
            now = state(thing) if told else None
            if now is None:
                return Verdict(None, f"{said(thing)} does not tell whether it is {yes}")
            return Verdict(now, f"{said(thing)} is {yes if now else no}")

        self._judge(self._locator.wanted, what, check, timeout)


class DesktopExpectations(Expectations):
    """What can be expected of the whole desktop."""

    def __init__(
        self,
        desktop: Desktop,
        *,
        timeout: float | None = None,
        soft: bool = False,
    ) -> None:
        super().__init__(desktop.stage, timeout=timeout, soft=soft)

    def to_match_screenshot(
        self,
        name: str,
        *,
        mask: Sequence[Locator] = (),
        tolerance: float = 0.0,
        timeout: float | None = None,
    ) -> None:
        """The screen looks as in the picture of this name beside the test; see the locator's."""
        baselines = Baselines(self._stage, name, mask, tolerance)

        def check(view: View, _found: Resolution) -> Verdict:
            return Verdict(*baselines.compare(view, None))

        baselines.judge(lambda: self._judge(None, f"to match {name}", check, timeout))

    def to_satisfy(self, claim: str, *, samples: int = 1, timeout: float | None = None) -> None:
        """The model says that this claim is so, from what the screen shows; see `model_asking`."""
        given = next((t for t in (timeout, self._timeout) if t is not None), self._stage.timeout)
        satisfy(
            self._stage,
            claim,
            timeout=given,
            samples=samples,
            negated=self._negated,
            soft=self._soft,
        )


class Expect:
    """`expect(thing)` and, for what is told at the end of the test only, `expect.soft(thing)`."""

    @overload
    def __call__(
        self, subject: Locator, *, timeout: float | None = None
    ) -> LocatorExpectations: ...
    @overload
    def __call__(
        self, subject: Desktop, *, timeout: float | None = None
    ) -> DesktopExpectations: ...
    def __call__(
        self, subject: Locator | Desktop, *, timeout: float | None = None
    ) -> LocatorExpectations | DesktopExpectations:
        """Claim something of a locator's thing or of the desktop, within `timeout` seconds."""
        if isinstance(subject, Desktop):
            return DesktopExpectations(subject, timeout=timeout)
        return LocatorExpectations(subject, timeout=timeout)

    @overload
    def soft(self, subject: Locator, *, timeout: float | None = None) -> LocatorExpectations: ...
    @overload
    def soft(self, subject: Desktop, *, timeout: float | None = None) -> DesktopExpectations: ...
    def soft(
        self, subject: Locator | Desktop, *, timeout: float | None = None
    ) -> LocatorExpectations | DesktopExpectations:
        """The same, but the test goes on, and fails at its end."""
        if isinstance(subject, Desktop):
            return DesktopExpectations(subject, timeout=timeout, soft=True)
        return LocatorExpectations(subject, timeout=timeout, soft=True)


expect = Expect()


def _fits(wanted: Text, there: str, *, whole: bool, read: bool) -> bool:
    plain = " ".join(there.split())
    if isinstance(wanted, re.Pattern):
        return bool(wanted.fullmatch(there) if whole else wanted.search(there))
    text = " ".join(wanted.split())
    if read:
        text, plain = folded(text), folded(plain)
    return text == plain if whole else text in plain
