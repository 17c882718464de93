"""The tools that are compared, and how each one's script is run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile

from .staging import Stage, wait_for

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent
_SCRIPT_SECONDS = 150.0


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool by its name. `words` run a script of it, whose path they are given.

    `shared` is the file that all its scripts use, and `looks` tells that they look for pictures;
    `unable` says why a task has no script, `missing` what is not installed.
    """

    name: str
    title: str
    folder: Path
    words: Callable[[Stage, Path], list[str]]
    shared: Path | None = None
    looks: bool = False
    unable: str = ""
    missing: Callable[[], str] = lambda: ""

    def script(self, task: str) -> Path | None:
        """The task's script, or nothing where the tool has none."""
        found = (self.folder / f"{task}.py", self.folder / f"test_{task}.py")
        return next((path for path in found if path.exists()), None)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a script ended: no `fault` when it is content.

    `seconds` are those of its whole process.
    """

    seconds: float
    fault: str


def run_script(
    words: list[str], stage: Stage, *, folder: Path, more: Mapping[str, str] | None = None
) -> Outcome:
    """Run a script in a folder to its end, which is told in its own last words."""
    environment = {**stage.environment, "PYTHONPATH": str(ROOT), **(more or {})}
    environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("CI", None)
    with TemporaryFile() as output:  # no pipe: what a script leaves running may hold it open
        started = time.monotonic()
        process = subprocess.Popen(
            words,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        late = ""
        try:
            process.wait(_SCRIPT_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            late = f"not done after {_SCRIPT_SECONDS:g} s"
        seconds = time.monotonic() - started
        output.seek(0)
        said = output.read().decode(errors="replace")
    return Outcome(seconds, late or (_last_words(said) if process.returncode else ""))


def _last_words(said: str) -> str:
    """The line of an output that tells of the error."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    ends = [line for line in lines if not line.endswith(" s")]  # without pytest's count of tests
    errors = [line for line in lines if line.startswith("E  ")] or ends[-1:]
    return errors[0].removeprefix("E").strip() if errors else "it said nothing"


def with_plugin(stage: Stage, script: Path) -> list[str]:
    """A pytest that uses agent-app on this stage's display."""
    return [
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
        *("-p", "agent_app.testing.plugin", f"--agent-display={stage.desktop.display}"),
        *("--rootdir", str(script.parent), str(script)),
    ]


def _by_system(_: Stage, script: Path) -> list[str]:
    return ["/usr/bin/python3", str(script)]  # Debian's dogtail is in its own Python


def _by_python(_: Stage, script: Path) -> list[str]:
    return [sys.executable, str(script)]


def _by_pytest(stage: Stage, script: Path) -> list[str]:
    told = stage.home / "chromium" / "DevToolsActivePort"
    assert wait_for(told.exists, 10.0), "Chromium tells no port for its tools"
    address = f"http://127.0.0.1:{told.read_text().splitlines()[0]}"
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(script)]
    return ["env", f"BROWSER={address}", *words]


def _without(*programs: str) -> Callable[[], str]:
    def missing() -> str:
        absent = [name for name in programs if not Path("/usr/bin", name).exists()]
        return f"no {', '.join(absent)}" if absent else ""

    return missing


def _without_dogtail() -> str:
    asked = subprocess.run(
        [
            "/usr/bin/python3",
            "-c",
            "import importlib.util as u, sys; sys.exit(not u.find_spec('dogtail'))",
        ],
        check=False,
    )
    return "no python3-dogtail" if asked.returncode else ""


def _without_playwright() -> str:
    return "" if find_spec("playwright") else "no playwright"


TOOLS = {
    each.name: each
    for each in (
        Tool("agent_app", "agent-app", FOLDER / "with_agent_app", with_plugin),
        Tool(
            "dogtail",
            "dogtail",
            FOLDER / "with_dogtail",
            _by_system,
            missing=_without_dogtail,
        ),
        Tool(
            "pyautogui",
            "pyautogui",
            FOLDER / "with_pyautogui",
            _by_python,
            shared=FOLDER / "with_pyautogui" / "see.py",
            looks=True,
            missing=_without("gnome-screenshot", "xclip"),
        ),
        Tool(
            "opencv",
            "OpenCV + xdotool",
            FOLDER / "with_opencv",
            _by_python,
            shared=FOLDER / "with_opencv" / "see.py",
            looks=True,
            missing=_without("xdotool"),
        ),
        Tool(
            "playwright",
            "Playwright",
            FOLDER / "with_playwright",
            _by_pytest,
            unable="it drives browsers, no other application",
            missing=_without_playwright,
        ),
    )
}
