"""Fixtures: one virtual desktop for the whole session, applications that end with their test."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Generator, Iterator

import pytest
from hypothesis import settings

from agent_app.errors import KnownError
from agent_app.geometry import Size
from agent_app.screen.capture import open_screen
from agent_app.virtual import VirtualDesktop

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # tests of single widgets need no display
os.environ["AGENT_APP_SETTINGS"] = os.devnull  # a person's own settings are none of the tests'

# What a shell starts in the background is deaf to Ctrl+C, and so would be all that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A pytest that a test starts is no worker of pytest-xdist, though the test may run in one.
for name in [name for name in os.environ if name.startswith("PYTEST_XDIST_")]:
    del os.environ[name]

# How long an example takes says more of the machine than of the code.
settings.register_profile("whatever the machine does", deadline=None)
settings.load_profile("whatever the machine does")


@pytest.fixture(scope="session")
def desktop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualDesktop]:
    """A private 1280x800 desktop; this process's DISPLAY points to it while it lives."""
    with VirtualDesktop(Size(1280, 800), home=tmp_path_factory.mktemp("home")) as started:
        before = os.environ.get("DISPLAY")
        os.environ["DISPLAY"] = started.display
        yield started
        if before is None:
            del os.environ["DISPLAY"]
        else:
            os.environ["DISPLAY"] = before


@pytest.fixture
def wait_until() -> Callable[..., None]:
    """Wait for a condition with a deadline: `wait_until(lambda: path.exists())`."""

    def wait(condition: Callable[[], object], *, seconds: float = 10.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"still not so after {seconds} s")
            time.sleep(0.02)

    return wait


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep what a failing test saw on the virtual desktop, before anything there is closed."""
    report = yield
    if report.when == "call" and report.failed and isinstance(item, pytest.Function):
        on = item.funcargs.get("desktop")
        if isinstance(on, VirtualDesktop):
            report.sections.append(("What the desktop showed", _picture(on, item)))
    return report


def _picture(desktop: VirtualDesktop, item: pytest.Item) -> str:
    """Save a capture below test-output/ and return its path, or why there is none."""
    path = item.config.rootpath / "test-output" / (re.sub(r"\W+", "-", item.name) + ".png")
    path.parent.mkdir(exist_ok=True)
    try:
        screen = open_screen(desktop.environment)
        try:
            screen.grab().image.save(path)
        finally:
            screen.close()
    except KnownError as error:
        return str(error)
    return str(path)
