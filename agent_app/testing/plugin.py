"""The pytest plugin: the fixture `desktop`, the marker `agent`, and what a failure leaves behind.

pytest loads this file in every run, so it imports nothing of ours until a test asks for a desktop.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

if TYPE_CHECKING:
    from agent_app.policy.rules import Rules
    from agent_app.testing.desktop import Desktop
    from agent_app.testing.place import Place, Places

pytest_plugins = ("agent_app.testing.plugin_use",)

_FILM, _EPISODE, _BASELINE = "agent_film", "agent_episode", "agent_baseline"
_DESKTOP = pytest.StashKey["Desktop"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The flags, which also stand in `pytest --help`."""
    group = parser.getgroup("agent-app", "GUI tests on a desktop of their own")
    group.addoption(
        "--agent-display",
        metavar="DISPLAY",
        help="test on this X display instead of a private one",
    )
    group.addoption(
        "--agent-model",
        metavar="NAME",
        help="what finds and does what words alone do not: kimi-vl, a URL, or reader",
    )
    group.addoption(
        "--agent-policy",
        metavar="FILE",
        help="a policy.toml that says what is refused (default: the one that is shipped)",
    )
    group.addoption(
        "--agent-model-name",
        metavar="NAME",
        help="what the server at the URL calls its model (default: it is asked)",
    )
    group.addoption(
        "--agent-record",
        choices=("on-failure", "always", "never"),
        default="on-failure",
        help="which tests leave an episode and a film (default: %(default)s)",
    )
    group.addoption(
        "--agent-output",
        metavar="DIR",
        default="test-results",
        help="where episodes, films and pictures go (default: %(default)s)",
    )
    group.addoption(
        "--agent-timeout",
        type=float,
        metavar="SECONDS",
        default=5.0,
        help="how long an act or an expectation waits (default: %(default)g)",
    )
    group.addoption(
        "--agent-baselines",
        choices=("missing", "all", "none"),
        help="which screenshots to compare with are written (default: missing; none where CI is "
        "set)",
    )
    group.addoption(
        "--agent-var",
        action="append",
        metavar="NAME=VALUE",
        default=[],
        help="the value of a flow's variable; may be given several times",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        "agent(size, scale, locale, theme, font, fresh): what the fixture `desktop` is to be like",
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Flows are tests, too."""
    if not file_path.name.endswith(".flow.yaml"):
        return None
    from agent_app.testing.flows.items import FlowFile

    return cast("Any", FlowFile).from_parent(parent, path=file_path)


@pytest.fixture(scope="session")
def _agent_places(pytestconfig: pytest.Config) -> Iterator[Places]:
    """The desktop of this process, and of no other one: pytest-xdist starts processes."""
    from agent_app.testing.place import Places

    places = Places(
        display=_option(pytestconfig, "--agent-display"),
        # not whatever this machine has: a test means the same everywhere
        model=_option(pytestconfig, "--agent-model") or "reader",
        model_name=_option(pytestconfig, "--agent-model-name"),
    )
    yield places
    places.close()


@pytest.fixture
def desktop(request: pytest.FixtureRequest, _agent_places: Places) -> Iterator[Desktop]:
    """A desktop for this test; what the test starts on it ends with it."""
    from agent_app.episode.recorder import new_episode_folder
    from agent_app.testing.desktop import Desktop
    from agent_app.testing.plugin_use import equip

    config = request.config
    output = str(_option(config, "--agent-output"))
    timeout = float(_option(config, "--agent-timeout"))
    under_test = Desktop(
        _place_for(request, _agent_places),
        task=request.node.nodeid,
        folder=request.path.parent,
        episode=new_episode_folder(request.node.name, library=config.rootpath / output),
        timeout=timeout,
    )
    under_test.stage.baselines = _option(config, "--agent-baselines") or (
        "none" if os.environ.get("CI") else "missing"
    )
    under_test.stage.baselines_folder = request.path.parent / "screenshots" / request.path.stem
    if policy := _option(config, "--agent-policy"):
        under_test.stage.policy = replace(under_test.stage.policy, rules=_rules_of(policy))
    equip(under_test, request)
    request.node.stash[_DESKTOP] = under_test
    yield under_test
    under_test.close()
    if not _is_kept(config, failed=under_test.failed):
        under_test.forget()


def _rules_of(path: str) -> Rules:
    from agent_app.errors import KnownError
    from agent_app.policy.file import own_rules

    try:
        return own_rules(Path(path))
    except KnownError as error:
        raise pytest.UsageError(str(error)) from error


def _place_for(request: pytest.FixtureRequest, places: Places) -> Place:
    from agent_app.errors import KnownError
    from agent_app.testing.settings import DesktopSettings, changed_settings

    settings = DesktopSettings()
    try:
        for marker in reversed(list(request.node.iter_markers("agent"))):
            settings = changed_settings(settings, marker.kwargs)
        return places.at(settings)
    except KnownError as error:
        fault = str(error)
    pytest.fail(fault, pytrace=False)  # the world's: a traceback through us says nothing


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test at its end for what soft expectations found."""
    try:
        result = yield
    except Exception as error:
        for failure in _soft_failures(item):
            error.add_note(f"before that, softly: {failure}")
        raise
    if soft := _soft_failures(item):
        pytest.fail("\n\n".join(map(str, soft)), pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep what a failing test saw, while its applications are still there."""
    report = yield
    desktop = item.stash.get(_DESKTOP, None)
    if desktop is None or call.when == "teardown" or desktop.is_finished:
        return report
    if call.when == "setup" and not report.failed:
        return report
    from agent_app.testing.plugin_use import settle

    reason = ""
    if report.failed and call.excinfo is not None:
        reason = (str(call.excinfo.value).splitlines() or [call.excinfo.typename])[0]
    desktop.finish(failed=report.failed, reason=reason)
    properties: list[tuple[str, object]] = [
        (_BASELINE, str(path)) for path in desktop.stage.written
    ]
    properties += settle(desktop, item, report)
    if desktop.session.trial.steps and _is_kept(item.config, failed=report.failed):
        film = desktop.write_film()
        properties += [(_EPISODE, str(desktop.session.episode)), (_FILM, str(film))]
        _attach(report, film)
    item.user_properties += properties  # what JUnit's XML is made of
    report.user_properties += properties
    return report


def _attach(report: pytest.TestReport, film: Path) -> None:
    """Name the film in the failure's text, and in pytest-html's page when that is installed."""
    report.sections.append(("What the test saw", f"film: {film}"))
    if importlib.util.find_spec("pytest_html") is not None:
        extras = importlib.import_module("pytest_html.extras")
        there = getattr(report, "extras", [])
        report.extras = [*there, extras.url(film.as_uri(), name="film")]  # type: ignore[attr-defined]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the films of failures and the baselines that were written."""
    reports = [
        report
        for group in ("passed", "failed", "error")
        for report in terminalreporter.getreports(group)
        if isinstance(report, pytest.TestReport) and report.when != "teardown"
    ]
    for name, title in ((_FILM, "films"), (_BASELINE, "baselines written: look, then commit")):
        told = [
            (report.nodeid, value)
            for report in reports
            for key, value in report.user_properties
            if key == name
        ]
        if told:
            terminalreporter.section(title)
            for test, path in told:
                terminalreporter.write_line(f"{test}\n    {path}")


def _soft_failures(item: pytest.Item) -> list[AssertionError]:
    desktop = item.stash.get(_DESKTOP, None)
    return [] if desktop is None else list(desktop.stage.failures)


def _option(config: pytest.Config, name: str) -> Any:
    return config.getoption(name)


def _is_kept(config: pytest.Config, *, failed: bool) -> bool:
    mode = _option(config, "--agent-record")
    return mode == "always" or (mode == "on-failure" and failed)
