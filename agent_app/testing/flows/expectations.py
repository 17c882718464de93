"""A flow's claims as expectations."""

from __future__ import annotations

from collections.abc import Callable

from agent_app.flows.steps import Expect, Options, Thing
from agent_app.testing.desktop import Desktop
from agent_app.testing.expecting import LocatorExpectations, expect
from agent_app.testing.locator import Locator


def claim(
    desktop: Desktop, given: Expect, find: Callable[[Thing], Locator], options: Options
) -> None:
    """Expect what is given, in the manner of the options."""
    subject = expect.soft if options.soft else expect

    def of(thing: Thing | None) -> LocatorExpectations:
        assert thing is not None
        return subject(find(thing), timeout=options.timeout)

    match given:
        case Expect(visible=thing) if thing is not None:
            of(thing).to_be_visible()
        case Expect(hidden=thing) if thing is not None:
            of(thing).to_be_hidden()
        case Expect(enabled=thing) if thing is not None:
            of(thing).to_be_enabled()
        case Expect(disabled=thing) if thing is not None:
            of(thing).to_be_disabled()
        case Expect(checked=thing) if thing is not None:
            of(thing).to_be_checked()
        case Expect(unchecked=thing) if thing is not None:
            of(thing).not_.to_be_checked()
        case Expect(window=title) if title is not None:
            subject(desktop.window(title), timeout=options.timeout).to_be_visible()
        case Expect(no_window=title) if title is not None:
            subject(desktop.window(title), timeout=options.timeout).to_be_hidden()
        case Expect(text=text) if text is not None:
            of(given.of).to_have_text(text)
        case Expect(contains=text) if text is not None:
            of(given.of).to_contain_text(text)
        case Expect(count=count) if count is not None:
            of(given.of).to_have_count(count)
        case Expect(screenshot=name, tolerance=tolerance) if name is not None:
            mask = [find(each) for each in given.mask]
            if given.of is not None:
                of(given.of).to_match_screenshot(name, mask=mask, tolerance=tolerance)
            else:
                whole = subject(desktop, timeout=options.timeout)
                whole.to_match_screenshot(name, mask=mask, tolerance=tolerance)
        case _:
            raise TypeError(f"{given!r} claims nothing")
