"""GUI tests in plain Python: a desktop, locators that wait, assertions that retry, under pytest.

`plugin` is what pytest loads; it and this file import nothing heavy. How tests are run, recorded
and shown is here; how the screen is read, and how input is sent, is not.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agent_app.testing.applications import Application
    from agent_app.testing.desktop import Desktop
    from agent_app.testing.expecting import expect
    from agent_app.testing.failures import ActionFailed, ExpectationFailed
    from agent_app.testing.locator import Locator
    from agent_app.testing.settings import DesktopSettings

__all__ = [
    "ActionFailed",
    "Application",
    "Desktop",
    "DesktopSettings",
    "ExpectationFailed",
    "Locator",
    "expect",
]
_HOMES = {
    "ActionFailed": "failures",
    "Application": "applications",
    "Desktop": "desktop",
    "DesktopSettings": "settings",
    "ExpectationFailed": "failures",
    "Locator": "locator",
    "expect": "expecting",
}


def __getattr__(name: str) -> Any:
    """A public name, imported when it is first used: pytest loads this package in every run."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
