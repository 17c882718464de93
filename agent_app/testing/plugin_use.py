"""The pytest plugin's other half: the cache, the model, repeats, and what they came to.

Like `plugin`, it imports nothing of ours until a test asks for a desktop.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from agent_app.testing.desktop import Desktop
    from agent_app.testing.flakes import Outcome
    from agent_app.testing.memory import CacheMode

_REPETITION = "_agent_repetition"
_MARK = re.compile(r"(?:(?<=\[)run\d+of\d+-?|-run\d+of\d+)")
_USE, _STEPS = "agent_use", "agent_steps"  # attributes of reports, which pytest-xdist carries
_MOST_SHOWN = 20  # changes that are named


def pytest_addoption(parser: pytest.Parser) -> None:
    """The flags, which also stand in `pytest --help`."""
    group = parser.getgroup("agent-app")
    group.addoption(
        "--agent-cache",
        choices=("read-write", "read-only", "off"),
        help="what is done with what tests found before (default: read-write; read-only where CI "
        "is set)",
    )
    group.addoption(
        "--agent-repeat",
        type=int,
        metavar="N",
        default=1,
        help="run each test of a desktop N times, and say how many passed (default: %(default)d)",
    )


@pytest.fixture
def _agent_repetition(request: pytest.FixtureRequest) -> int:
    """Which run of a repeated test this is, from 1."""
    return getattr(request, "param", 1)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make each test of a desktop as many tests as it is to run."""
    count = _repeats(metafunc.config)
    if count < 1:
        raise pytest.UsageError("--agent-repeat must be 1 or more")
    if count > 1 and "desktop" in metafunc.fixturenames:
        metafunc.fixturenames.append(_REPETITION)
        names = [f"run{number}of{count}" for number in range(1, count + 1)]
        metafunc.parametrize(_REPETITION, range(1, count + 1), ids=names, indirect=True)


def equip(desktop: Desktop, request: pytest.FixtureRequest) -> None:
    """Give a test its model and its cache."""
    from agent_app.testing.memory import Cache
    from agent_app.testing.memory_file import CachePath
    from agent_app.testing.model import AskedModel
    from agent_app.testing.model_grounding import ModelGrounder

    config = request.config
    stage, place = desktop.stage, desktop.place
    stage.model = AskedModel(place.workplace.open_model)
    mode = _cache_mode(config)
    if mode != "off":
        test = plain_name(request.node.nodeid).partition("::")[2]
        layout = place.settings.layout(stage.screen.region)
        cache = Cache(CachePath.of(request.path, test), layout, mode, stage.looker.told)
        stage.memory = stage.tasks = cache
    if config.getoption("--agent-model") not in (None, "reader"):
        stage.grounder = ModelGrounder(stage, stage.model)


def settle(
    desktop: Desktop, item: pytest.Item, report: pytest.TestReport
) -> list[tuple[str, object]]:
    """What a finished test's model and cache came to, as properties; the cache is written here."""
    from agent_app.episode.reader import open_episode
    from agent_app.testing.flakes import step_runs
    from agent_app.testing.memory import Cache

    stage = desktop.stage
    properties: list[tuple[str, object]] = []
    told: dict[str, Any] = {"calls": 0, "votes": []}
    if stage.model is not None:
        told |= {"calls": stage.model.calls, "votes": list(stage.model.votes)}
        properties.append(("agent_model_calls", str(stage.model.calls)))
        properties += [("agent_vote", vote) for vote in stage.model.votes]
    if isinstance(stage.memory, Cache):
        passed = report.when == "call" and report.passed
        episode, reader = desktop.session.episode, stage.looker.reader
        use = stage.memory.settle(episode, reader, passed=passed)
        told |= {name: getattr(use, name) for name in ("problem", "changed", "seconds")}
        named = {name: list(getattr(use, name)) for name in ("hits", "misses", "heals", "dropped")}
        told |= named
        words = ", ".join(f"{len(each)} {name}" for name, each in named.items())
        properties.append(("agent_cache", words))
        _add_to_page(report, f"cache: {words}; {told['calls']} calls of the model")
    setattr(report, _USE, {**told, "seconds": list(told.get("seconds", ()))})
    if _repeats(item.config) > 1 and desktop.session.trial.steps:
        steps = step_runs(open_episode(desktop.session.episode).steps, failed=report.failed)
        setattr(report, _STEPS, [[each.summary, each.failed, each.seconds] for each in steps])
    return properties


def plain_name(test: str) -> str:
    """A test's name without which run of it this is."""
    return _MARK.sub("", test).removesuffix("[]")


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say what the cache and the model came to, and what repeated runs did."""
    reports = [
        report
        for group in ("passed", "failed", "error", "rerun")
        for report in terminalreporter.getreports(group)
        if isinstance(report, pytest.TestReport)
    ]
    _tell_use(terminalreporter, reports, _cache_mode(config))
    _tell_repeats(terminalreporter, reports)


def _tell_use(
    terminal: pytest.TerminalReporter, reports: Sequence[pytest.TestReport], mode: CacheMode
) -> None:
    used = [(report, getattr(report, _USE)) for report in reports if hasattr(report, _USE)]
    calls = sum(use["calls"] for _, use in used)
    votes = [(report, vote) for report, use in used for vote in use["votes"]]
    if calls:
        terminal.section("the model")
        terminal.write_line(f"asked {calls} times")
        for report, vote in votes:
            terminal.write_line(f"{report.nodeid}\n    {vote}")
    kept = [(report, use) for report, use in used if "hits" in use]
    if not any(use["hits"] or use["changed"] or use["problem"] for _, use in kept):
        return
    terminal.section("grounding cache")
    count = {
        name: sum(len(use[name]) for _, use in kept)
        for name in ("hits", "misses", "heals", "dropped")
    }
    seconds = [each for _, use in kept for each in use["seconds"]]
    speed = f" (median {1000 * median(seconds):.0f} ms)" if seconds else ""
    terminal.write_line(
        f"{count['hits']} hits{speed}, {count['misses']} new, {count['heals']} healed, "
        f"{count['dropped']} dropped; the model was asked {calls} times"
    )
    changes = [
        f"{report.nodeid}: {word} {what}"
        for report, use in kept
        if use["changed"]
        for name, word in (("misses", "new"), ("heals", "healed"), ("dropped", "dropped"))
        for what in use[name]
    ]
    if changes:
        terminal.write_line(
            "read-only, so nothing was written; it would have changed:"
            if mode == "read-only"
            else "written beside the tests; look, then commit:"
        )
    for line in changes[:_MOST_SHOWN]:
        terminal.write_line(f"    {line}")
    if len(changes) > _MOST_SHOWN:
        terminal.write_line(f"    and {len(changes) - _MOST_SHOWN} more")
    for problem in dict.fromkeys(use["problem"] for _, use in kept if use["problem"]):
        terminal.write_line(problem)


def _tell_repeats(terminal: pytest.TerminalReporter, reports: Sequence[pytest.TestReport]) -> None:
    repeated = [
        report
        for report in reports
        if _outcome(report) == "rerun" or plain_name(report.nodeid) != report.nodeid
    ]
    tests = {plain_name(report.nodeid) for report in repeated}
    if not tests:
        return
    from agent_app.testing.flakes import Run, StepRun, told

    runs: dict[str, list[Run]] = {}
    for report in reports:
        name = plain_name(report.nodeid)
        if name in tests and (report.when == "call" or not report.passed):
            steps = tuple(StepRun(*each) for each in getattr(report, _STEPS, ()))
            runs.setdefault(name, []).append(Run(_outcome(report), steps))
    lines = told(runs)
    if lines:
        terminal.section("repeated runs")
        for line in lines:
            terminal.write_line(line)


def _outcome(report: pytest.TestReport) -> Outcome:
    """How a run ended; a plugin that tries tests again has an outcome of its own."""
    if str(report.outcome) == "rerun":
        return "rerun"
    return "passed" if report.passed else "failed"


def _add_to_page(report: pytest.TestReport, text: str) -> None:
    """Show a line in pytest-html's page when that is installed."""
    if importlib.util.find_spec("pytest_html") is None:
        return
    extras = importlib.import_module("pytest_html.extras")
    there = getattr(report, "extras", [])
    report.extras = [*there, extras.text(text, name="cache")]  # type: ignore[attr-defined]


def _repeats(config: pytest.Config) -> int:
    return int(str(config.getoption("--agent-repeat")))


def _cache_mode(config: pytest.Config) -> CacheMode:
    chosen = config.getoption("--agent-cache")
    return chosen or ("read-only" if os.environ.get("CI") else "read-write")
