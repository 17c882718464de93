"""With a local model nothing leaves the machine; with another it is said where it goes."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from agent_app.console import print_run
from agent_app.egress import said_of
from agent_app.events import Event, RunFinished
from agent_app.model_runtime import RuntimeInfo
from agent_app.ui.status import StatusLine
from tests.fakes.session import ScriptedSession

# A call that may send to another machine, and the family of the address that it names.
_CALL = re.compile(r"\b(connect|sendto|sendmsg|sendmmsg)\(.*?sa_family=(AF_\w+)(.*)")
_HERE = re.compile(r'"127\.|"::1"|"0\.0\.0\.0"|"::"')
_LOCAL = {"AF_UNIX", "AF_NETLINK", "AF_UNSPEC"}


def a_run(session: ScriptedSession) -> Iterator[Event]:
    yield session.started()
    yield RunFinished("success", "done", "", 0, 0.0, 0, 0.0)


def test_the_terminal_says_so_before_anything_is_done():
    for host, line in (("", "Nothing leaves this computer"), ("gpu", "Screenshots go to gpu")):
        session = ScriptedSession(a_run)
        session.runtime = RuntimeInfo("some", "model", None, sends_to=host)
        shown = io.StringIO()
        print_run(session, Console(file=shown))
        assert said_of(host) == line
        assert shown.getvalue().index(line) < shown.getvalue().index("Task:")


def test_the_window_says_so_beside_the_model(qtbot):
    line = StatusLine()
    qtbot.addWidget(line)
    assert line.privacy.text() == ""
    line.show_model(RuntimeInfo("reader", "reads", None))
    assert line.privacy.text() == "Nothing leaves this computer"
    line.show_model(RuntimeInfo("big", "far away", None, sends_to="models.example.org"))
    assert line.privacy.text() == "Screenshots go to models.example.org"
    line.show_model(RuntimeInfo("big", "", None, sends_to=f"{'a' * 200}.example.org"))
    assert line.privacy.text().endswith("aaa.example.org")
    assert len(line.privacy.text()) < 60


def test_libraries_are_told_to_keep_quiet_before_the_reader_loads_them():
    script = (
        "import os, sys\n"
        "from agent_app.runtimes.reader.seeing.ocr import Ocr\n"
        "assert 'onnxruntime' not in sys.modules\n"
        "Ocr()\n"
        "print(os.environ['ORT_DISABLE_TELEMETRY'], os.environ['HF_HUB_DISABLE_TELEMETRY'])"
    )
    environment = {**os.environ, "ORT_DISABLE_TELEMETRY": "0"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.stdout == "1 1\n", done.stderr


def traced(folder: Path, *command: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """A command without any network, and the calls of all its processes that tried to leave."""
    trace = folder / "trace"
    done = subprocess.run(
        [*_ALONE, "strace", *_QUICKLY, "-e", _CALLS, "-o", str(trace), *command],
        capture_output=True,
        text=True,
        env={**os.environ, "XDG_DATA_HOME": str(folder)},
    )
    calls = [found for line in trace.read_text().splitlines() if (found := _CALL.search(line))]
    assert calls or done.returncode, "a trace with nothing in it proves nothing"
    away = [c[0] for c in calls if c[2] not in _LOCAL and not _HERE.search(c[3])]
    return done, away


_CALLS = "trace=connect,sendto,sendmsg,sendmmsg"  # all that can name an address
# X servers tell by sockets of the network which display numbers are taken, and would take those of
# this machine's displays: their sockets are hidden, too.
_ALONE = (
    *("unshare", "--map-root-user", "--net", "--mount", "sh", "-ec"),
    'mkdir -p /tmp/.X11-unix; mount -t tmpfs -o mode=1777 none /tmp/.X11-unix; exec "$@"',
    "alone",
)
_QUICKLY = ("-f", "-qq", "--seccomp-bpf")  # stops at the calls that are asked for alone


@pytest.fixture
def network_of_its_own(tmp_path: Path) -> None:
    """Skips where no process can be shut off from the network, or none traced."""
    for name in ("unshare", "strace"):
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not installed")
    tried = subprocess.run(
        [*_ALONE, "strace", *_QUICKLY, "-o", str(tmp_path / "tried"), "true"],
        capture_output=True,
        text=True,
    )
    if tried.returncode:
        pytest.skip(f"this machine forbids a network of its own, or tracing: {tried.stderr}")


@pytest.mark.usefixtures("network_of_its_own")
def test_a_call_that_leaves_the_machine_is_seen(tmp_path: Path):
    # 192.0.2.0/24 is for documentation (RFC 5737): nobody has this address
    script = "import socket; socket.socket().connect_ex(('192.0.2.1', 443))"
    _, away = traced(tmp_path, sys.executable, "-c", script)
    assert len(away) == 1
    assert "192.0.2.1" in away[0]


@pytest.mark.desktop
@pytest.mark.usefixtures("network_of_its_own")
def test_a_run_with_the_reader_works_without_a_network_and_tries_none(tmp_path: Path):
    file = tmp_path / "note.txt"
    done, away = traced(
        tmp_path,
        *(sys.executable, "-m", "agent_app", "run"),
        'type "hello"; press ctrl+s; click "Edit"; press esc',
        *("--model", "reader", "--virtual", "1000x700", "--no-window"),
        *("--app", f"mousepad --disable-server {file}", "--episode", str(tmp_path / "episode")),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert file.read_text() == "hello"
    assert "Nothing leaves this computer" in done.stdout
    assert away == []
