"""Flows as tests of pytest: a file is one, and has the fixture `desktop` like every other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from agent_app.errors import KnownError
from agent_app.flows.document import Flow
from agent_app.flows.reading import read_flow
from agent_app.testing.flows.errors import FlowFailed

if TYPE_CHECKING:
    from agent_app.testing.desktop import Desktop


class FlowItem(pytest.Function):
    """A flow as a test."""

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *args: Any) -> Any:
        """Its author's own lines, and nothing of Python."""
        if isinstance(excinfo.value, FlowFailed):
            notes = getattr(excinfo.value, "__notes__", [])
            return "\n\n".join([str(excinfo.value), *notes])
        return super().repr_failure(excinfo, *args)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, self.name


class FlowFile(pytest.File):
    """A file of one flow."""

    def collect(self) -> Iterator[FlowItem]:
        try:
            flow = read_flow(self.path)
        except KnownError as error:
            raise self.CollectError(f"{error.message}\n  → {error.remedy}") from error
        values = _values(cast("list[str]", self.config.getoption("--agent-var")))

        def run(desktop: Desktop) -> None:
            _run(flow, desktop, values)

        item = cast("Any", FlowItem).from_parent(self, name=flow.title, callobj=run)
        if flow.head.desktop is not None:
            item.add_marker(pytest.mark.agent(**flow.head.desktop.given()))
        yield item


def _run(flow: Flow, desktop: Desktop, values: dict[str, str]) -> None:
    from agent_app.testing.flows.running import Runner

    Runner(desktop, values).run(flow)


def _values(given: list[str]) -> dict[str, str]:
    """Values of variables from `NAME=VALUE`."""
    values: dict[str, str] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals:
            raise pytest.UsageError(f"--agent-var {each}: give it as NAME=VALUE")
        values[name.strip()] = value
    return values
