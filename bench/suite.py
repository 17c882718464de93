"""A suite on two Ray nodes, of which one is killed midway: is anything lost, or counted twice?

    python bench/suite.py [--tasks 500] [--slots 2]

Both nodes are on this machine, with so many attempts at a time each; the second one is killed as a
machine that loses power (SIGKILL) when half of the results are there. Each task is a test that
opens a recorded episode: small, because what is asked is whether each is counted once. Needs the
extra `ray`. Prints what was found, then one line of JSON; 1 when a task was lost or counted twice.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
OBJECTS = 200 * 2**20  # bytes that a node keeps in memory; its default is a third of all of it

TESTS = """
import os
from pathlib import Path

import pytest

from agent_app.episode.reader import open_episode

HERE = Path(os.environ["BENCH_LOG"])
EPISODE = Path(os.environ["BENCH_EPISODE"])


@pytest.mark.parametrize("number", range(COUNT))
def test_recording_opens(number):
    with (HERE / "begun.txt").open("a") as log:
        log.write(f"{number}\\n")
    episode = open_episode(EPISODE)
    assert [step.summary for step in episode.steps][0] == "Click it."
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tasks", type=int, default=500)
    parser.add_argument("--slots", type=int, default=2, help="attempts at a time on each node")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="suite-") as name:
        found = measure(Path(name), options.tasks, options.slots)
    for key, value in found.items():
        print(f"{key:28} {value}")
    print(json.dumps({"bench": "suite", **found}))
    return 1 if found["lost"] or found["doubled"] or found["wrong"] else 0


def measure(folder: Path, tasks: int, slots: int) -> dict[str, Any]:
    tests, log, out = folder / "tests", folder / "log", folder / "out"
    tests.mkdir()
    log.mkdir()
    (tests / "test_decides.py").write_text(TESTS.replace("COUNT", str(tasks)))
    os.environ |= {
        "BENCH_LOG": str(log),
        "BENCH_EPISODE": str(ROOT / "tests" / "golden" / "episode-v2"),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # others take seconds to load
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    node = {"num_cpus": slots, "object_store_memory": OBJECTS, "node_ip_address": "127.0.0.1"}
    make: Any = importlib.import_module("ray.cluster_utils").Cluster
    cluster = make(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    second = cluster.add_node(**node)
    began, killed = time.monotonic(), 0.0
    command = [sys.executable, "-m", "agent_app", "suite", "test_decides.py"]
    command += ["--ray", cluster.address, "--output", str(out), "--retries", "0"]
    try:
        with subprocess.Popen(command, cwd=tests, stdout=subprocess.PIPE, text=True) as suite:
            while suite.poll() is None:
                if not killed and len(list((out / "results").glob("*.json"))) >= tasks // 2:
                    cluster.remove_node(second, allow_graceful=False)
                    killed = time.monotonic() - began
                time.sleep(0.2)
            said = suite.stdout.read() if suite.stdout is not None else ""
    finally:
        cluster.shutdown()
    seconds = time.monotonic() - began
    results = [json.loads(path.read_bytes()) for path in (out / "results").glob("*.json")]
    counted = Counter(result["id"] for result in results)
    attempts = [attempt for result in results for attempt in result["attempts"]]
    begun = Counter((log / "begun.txt").read_text().split())
    return {
        "tasks": tasks,
        "counted": len(counted),
        "lost": tasks - len(counted),
        "doubled": sum(count - 1 for count in counted.values()),
        "wrong": sum(result["attempts"][-1]["outcome"] != "passed" for result in results),
        "died with the node": sum(attempt["outcome"] == "died" for attempt in attempts),
        "begun more than once": sum(count > 1 for count in begun.values()),
        "by node": dict(Counter(attempt["where"] for attempt in attempts)),
        "node killed after s": round(killed, 1),
        "seconds": round(seconds, 1),
        "attempt s, median": sorted(attempt["seconds"] for attempt in attempts)[len(attempts) // 2],
        "said": said.strip().splitlines()[-2:],
    }


if __name__ == "__main__":
    sys.exit(main())
