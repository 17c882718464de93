"""What the suite's tests share: the programs of our own, and how real ones are started."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from agent_app.testing import Application, Desktop

PROGRAMS = Path(__file__).parent / "programs"
Start = Callable[[], Application]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--defect", default="", help="start our own programs with this fault; see defects.py"
    )
    parser.addoption("--desktop-size", default="1280x800", help="of every test's desktop")
    parser.addoption("--desktop-theme", default="", help="GTK's, for every test's desktop")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    size, theme = config.getoption("--desktop-size"), config.getoption("--desktop-theme")
    for item in items:
        item.add_marker(pytest.mark.agent(size=size, theme=theme))


@pytest.fixture
def orders(desktop: Desktop, pytestconfig: pytest.Config) -> Application:
    """The order book."""
    return desktop.launch([sys.executable, str(PROGRAMS / "orders.py"), defect(pytestconfig)])


@pytest.fixture
def shop(desktop: Desktop, pytestconfig: pytest.Config) -> Application:
    """The tea shop, a page in Chromium."""
    return browse(desktop, f"{(PROGRAMS / 'shop.html').as_uri()}#{defect(pytestconfig)}")


def browse(desktop: Desktop, address: str) -> Application:
    """A page in a Chromium of its own, without the browser around it."""
    return desktop.launch(
        [
            *("chromium", "--no-sandbox", "--no-first-run", "--disable-gpu"),
            *("--disable-dev-shm-usage", "--password-store=basic", "--test-type"),
            *(f"--user-data-dir={desktop.home}/chromium", f"--app={address}"),
        ],
        timeout=60,
    )


def defect(config: pytest.Config) -> str:
    return str(config.getoption("--defect"))
