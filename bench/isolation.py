"""Whether tests in several processes meet: many of them, on a desktop for each pytest-xdist worker.

    python bench/isolation.py [--tests 200] [--workers 4]

Each test types, copies and writes a word of its own, and looks at its end whether the screen, the
clipboard, the home and the windows hold that word alone. Displays, homes and session buses of tests
that ran at the same time must differ. Prints what was found, then one line of JSON; 1 when any met.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(Path(__file__).parent / "suite"))

from defects import plugin  # noqa: E402 - of the folder named above

TESTS = """
import json
import subprocess
import time
from pathlib import Path

import pytest
from agent_app.testing import expect

HERE = Path(__file__).parent


def copied(desktop, text=None):
    words = ["xclip", "-selection", "clipboard", *(["-o"] if text is None else [])]
    ran = subprocess.run(
        words, input=text, text=True, env=dict(desktop.place.environment), timeout=20,
        stdout=subprocess.PIPE if text is None else subprocess.DEVNULL,
    )
    return ran.stdout


@pytest.mark.parametrize("number", range(COUNT))
def test_alone(desktop, number, worker_id):
    began, word = time.monotonic(), f"word{number}x"
    copied(desktop, word)
    terminal = desktop.launch(f"xterm -T {word} -fa Monospace -fs 14 -e sh -c 'cat > {word}'")
    desktop.type(word + "\\n")
    expect(terminal.find(word).first).to_be_visible()
    assert desktop.windows == (word,)
    assert copied(desktop) == word
    assert (desktop.home / word).read_text() == word + "\\n"
    assert [each.name for each in desktop.home.glob("word*")] == [word]
    environment = desktop.place.environment
    (HERE / f"{number}.json").write_text(json.dumps({
        "worker": worker_id, "began": began, "ended": time.monotonic(),
        "display": environment["DISPLAY"], "bus": environment["DBUS_SESSION_BUS_ADDRESS"],
        "home": str(desktop.home),
    }))
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tests", type=int, default=200)
    parser.add_argument("--workers", type=int, default=4)
    given = parser.parse_args()
    load, started = os.getloadavg()[0], time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bench-isolation-") as name:
        folder = Path(name)
        (folder / "test_alone.py").write_text(TESTS.replace("COUNT", str(given.tests)))
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", *plugin(), "-n", str(given.workers)),
                *("--agent-timeout=20", "--agent-cache=off", "--junitxml=report.xml"),
            ],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        seconds = time.monotonic() - started
        if done.returncode not in (0, 1):
            sys.exit(done.stdout)
        failed = {
            str(case.get("name")): (fault.get("message") or "").split("\n")[0]
            for case in ElementTree.parse(folder / "report.xml").iter("testcase")  # noqa: S314
            for fault in case
            if fault.tag in ("failure", "error")
        }
        ran = [json.loads(path.read_text()) for path in folder.glob("*.json")]
    met = [
        (one, other)
        for one, other in combinations(ran, 2)
        if one["began"] < other["ended"] and other["began"] < one["ended"]
        if any(one[what] == other[what] for what in ("display", "bus", "home"))
    ]
    displays = {each["display"] for each in ran}
    print(
        f"{given.tests} tests on {given.workers} workers: {len(failed)} failed, "
        f"{len(met)} pairs met, {len(displays)} displays, {seconds:.0f} s"
    )
    for test, why in failed.items():
        print(f"  {test}: {why}")
    result = {
        "bench": "isolation",
        "tests": given.tests,
        "workers": given.workers,
        "failed": failed,
        "met": len(met),
        "displays": len(displays),
        "seconds": round(seconds, 1),
        "cores": os.cpu_count(),
        "load": load,
    }
    print(json.dumps(result))
    return 1 if failed or met or len(ran) + len(failed) != given.tests else 0


if __name__ == "__main__":
    sys.exit(main())
