"""`agent-app doctor`: checks what a run needs, one thing after the other.

`machine` looks at what is installed, `desktop` does the real thing: captures the screen, types into
a window of its own and reads it back, reads a picture.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack

from rich.console import Console
from rich.text import Text

from agent_app.doctor.desktop import (
    check_accessibility,
    check_capture,
    check_display,
    check_input_method,
    check_ocr,
    check_typing,
)
from agent_app.doctor.machine import (
    check_disk,
    check_fonts,
    check_gpu,
    check_packages,
    check_python,
    check_weights,
    check_xlib,
)
from agent_app.doctor.result import CheckResult
from agent_app.doctor.text_field import TextField
from agent_app.errors import KnownError
from agent_app.geometry import Size
from agent_app.virtual import VirtualDesktop

__all__ = ["CheckResult", "print_checks", "run_checks"]

_TRIAL = Size(800, 600)
_SIGNS = {True: ("ok ", "green"), None: (" - ", "dim"), False: ("no ", "bold red")}


def run_checks(
    environment: Mapping[str, str], *, virtual: Size | None = None
) -> Generator[CheckResult]:
    """Check this machine, and the desktop of `environment` or a private one of size `virtual`.

    On the person's own desktop the pointer moves and a small window shows for a few seconds. What
    is wrong is yielded, not raised; closing the iterator ends the checks and what they opened.
    """
    yield check_python()
    yield check_packages()
    with ExitStack() as opened:
        desktop: Mapping[str, str] | None = environment
        if sys.platform.startswith("linux"):
            yield check_xlib()
            try:
                private = opened.enter_context(VirtualDesktop(virtual or _TRIAL))
            except KnownError as error:
                ok = None if virtual is None else False
                yield CheckResult("Virtual desktop", ok, error.message, error.remedy)
                desktop = environment if virtual is None else None
            else:
                yield CheckResult("Virtual desktop", True, "starts")
                if virtual is None:
                    opened.close()
                else:
                    desktop = private.environment
        yield from _check_desktop(desktop)
    yield _found("OCR", check_ocr)
    yield check_fonts()
    yield _found("Disk", _check_library)
    yield check_gpu()
    yield check_weights(environment=os.environ)


def print_checks(results: Iterable[CheckResult], console: Console) -> bool:
    """Print each result as it comes; whether none of them says that something is wrong."""
    fine = True
    for result in results:
        fine = fine and result.ok is not False
        line = Text.assemble(_SIGNS[result.ok], f" {result.name}: {result.detail}")
        console.print(line, soft_wrap=True)
        if result.remedy:
            console.print(Text(f"    → {result.remedy}"), soft_wrap=True)
    return fine


def _check_desktop(environment: Mapping[str, str] | None) -> Iterator[CheckResult]:
    display = None
    if environment is not None:
        display = _found("Display", lambda: check_display(environment))
        yield display
    if environment is None or display is None or not display.ok:
        for name in ("Capture", "Pointer and text", "Input method", "Accessibility"):
            yield CheckResult(name, None, "not checked: there is no display")
        return
    yield _found("Capture", lambda: check_capture(environment))
    if sys.platform.startswith("linux"):
        yield _found("Input method", lambda: check_input_method(environment))
    with TextField(environment) as field:
        yield _found("Pointer and text", lambda: check_typing(environment, field))
        yield _found("Accessibility", lambda: check_accessibility(environment))


def _check_library() -> CheckResult:
    from agent_app.episode.recorder import default_library

    return check_disk(default_library())


def _found(name: str, check: Callable[[], CheckResult]) -> CheckResult:
    """The check's result; a KnownError is one, too, and so is a library that does not load."""
    try:
        return check()
    except ImportError as error:
        remedy = "install agent-app again, with the Debian packages that its README names"
        return CheckResult(name, False, str(error), remedy)
    except KnownError as error:
        return CheckResult(name, False, error.message, error.remedy)
