"""`agent-app doctor --calibrate`: whether clicks arrive where they are wanted, on every monitor."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack

from rich.console import Console
from rich.text import Text

from agent_app.calibration import MonitorResult, calibrate, keep
from agent_app.geometry import Size
from agent_app.virtual import VirtualDesktop


def print_calibration(
    environment: Mapping[str, str], console: Console, *, virtual: Size | None = None
) -> bool:
    """Calibrate a desktop, or a private one of size `virtual`; whether clicks arrive everywhere.

    What is found on the person's own is stored. Raises KnownError as `calibrate` and `keep`.
    """
    results: list[MonitorResult] = []
    with ExitStack() as opened:
        if virtual is not None:
            environment = opened.enter_context(VirtualDesktop(virtual)).environment
        for result in calibrate(environment):
            results.append(result)
            style = "" if result.exact else "bold red"
            console.print(Text(result.told, style=style), soft_wrap=True)
    if virtual is None:
        path = keep(results)
        if any(result.correction is not None for result in results):
            console.print(Text(f"The correction is stored in {path}"), style="dim", soft_wrap=True)
    return all(result.exact for result in results)
