"""The command line, as a process of its own: errors with remedies, statuses, real runs."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agent_app import cli
from agent_app.cli import running
from agent_app.episode.reader import open_episode
from agent_app.events import ActionDecided, RunFinished
from agent_app.loop import LoopSettings
from agent_app.model_runtime import ModelOptions, Sampling
from agent_app.policy import Policy

AGENT_APP = [sys.executable, "-m", "agent_app"]
WITHOUT_DISPLAY = {
    name: value
    for name, value in os.environ.items()
    if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
}
SAVE = (
    'open menu "File" > "Save As…"; type "{path}" into "Name"; press enter; '
    'wait until "notes.txt" is visible'
)


def agent_app(*arguments: str, environment: dict[str, str] = WITHOUT_DISPLAY, seconds: float = 120):
    return subprocess.run(
        [*AGENT_APP, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def test_help_and_version_import_nothing_heavy():
    script = (
        "import sys, agent_app.cli as cli\n"
        "try: cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'PySide6', 'numpy', 'cv2', 'rapidocr', 'pyautogui'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "doctor" in done.stdout
    assert agent_app("--version").stdout.startswith("agent-app ")


@pytest.mark.parametrize(
    ("arguments", "message", "remedy"),
    [
        (["run", "x"], "no display for the window", "--no-window"),
        (["run", "x", "--no-window"], "no display", "--virtual"),
        (["run", "x", "--no-window", "--virtual", "1280x"], "size '1280x'", "1280x800"),
        (["run", "x", "--no-window", "--region", "1,2,3"], "region '1,2,3'", "X,Y,W,H"),
        (["run", "x", "--no-window", "--max-steps", "0"], "room to work", "above zero"),
        (["run", "x", "--no-window", "--context", "0"], "needs room", "--context"),
        (["run", "x", "--no-window", "--temperature", "-1"], "drawn so", "--temperature"),
        (["run", "x", "--no-window", "--top-p", "0"], "drawn so", "--top-p"),
        (["run", "x", "--no-window", "--thinking-budget", "0"], "needs room", "--no-think"),
        (
            ["run", "x", "--no-window", "--virtual", "800x600", "--prompt", "none.md"],
            "cannot read the prompt none.md",
            "path",
        ),
        (
            ["run", "x", "--no-window", "--virtual", "800x600", "--model", "gpt"],
            "unknown model 'gpt'",
            "reader",
        ),
        (
            ["run", "x", "--no-window", "--virtual", "800x600", "--region", "700,0,200,50"],
            "not on the screen",
            "800,600",
        ),
        (
            ["run", "x", "--no-window", "--virtual", "800x600", "--app", "no-such-program"],
            "cannot start 'no-such-program'",
            "install",
        ),
        (
            ["run", "x", "--no-window", "--virtual", "800x600", "--app", "false"],
            "'false' ended at once",
            "terminal",
        ),
    ],
)
def test_a_known_problem_is_named_with_its_remedy(arguments, message, remedy):
    done = agent_app(*arguments)
    assert done.returncode == 3, done
    assert message in done.stderr
    assert remedy in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.desktop
def test_without_weights_the_reader_is_taken_and_it_says_why(tmp_path: Path):
    done = agent_app(
        *("run", "wait 0.1 seconds", "--no-window", "--virtual", "800x600"),
        *("--episode", str(tmp_path / "episode")),
        environment=WITHOUT_DISPLAY | {"HF_HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert "reader: the embedded default, because for Kimi-VL there is no" in done.stdout


@pytest.mark.desktop
def test_kimi_vl_without_weights_names_the_pull(tmp_path: Path):
    done = agent_app(
        *("run", "x", "--no-window", "--virtual", "800x600", "--model", "kimi-vl"),
        environment=WITHOUT_DISPLAY | {"HF_HOME": str(tmp_path)},
    )
    assert done.returncode == 3
    assert "agent-app model pull" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_flags_reach_the_model():
    chosen = running.chosen_options(
        cli.parser().parse_args(
            [
                *("run", "x", "--model", "kimi-vl", "--device", "cuda:1", "--precision", "int4"),
                *(
                    "--context",
                    "16384",
                    "--engine",
                    "fast",
                    "--prompt",
                    "p.md",
                    "--temperature",
                    "0",
                    "--top-p",
                    "0.9",
                ),
                *("--seed", "7", "--no-think", "--thinking-budget", "99", "--max-tokens", "512"),
            ]
        )
    )
    assert chosen.loading == ModelOptions("cuda:1", "int4", 16384, "fast")
    assert chosen.prompt == Path("p.md")
    assert chosen.settings.sampling == Sampling(0, 0.9, 7, 512, think=False, thinking_budget=99)
    served = running.chosen_options(
        cli.parser().parse_args(
            [
                *("run", "x", "--model", "http://a:1/v1", "--model", "http://b:1/v1"),
                *("--model-name", "served", "--patience", "9"),
            ]
        )
    )
    assert served.model == "http://a:1/v1,http://b:1/v1"
    assert served.loading == ModelOptions(model_name="served", patience=9)
    again = cli.parser().parse_args(["run", "x", "--model", "http://a:1", "--model", "reader"])
    assert running.chosen_options(again).model == "reader"
    plain = running.chosen_options(cli.parser().parse_args(["run", "x"]))
    assert replace(plain.settings, policy=Policy()) == LoopSettings()
    assert plain.prompt == "agent"
    named = cli.parser().parse_args(["run", "x", "--prompt", "grounding"])
    assert running.chosen_options(named).prompt == "grounding"


@pytest.mark.parametrize("command", [["run"], ["model"], ["model", "pull"], ["model", "check"]])
def test_every_command_explains_itself(command: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        cli.main([*command, "--help"])
    assert ended.value.code == 0
    assert len(capsys.readouterr().out.splitlines()) > 8


def test_wayland_without_an_x_server_is_named():
    environment = WITHOUT_DISPLAY | {"WAYLAND_DISPLAY": "wayland-0"}
    done = agent_app("run", "x", "--no-window", environment=environment)
    assert done.returncode == 3
    assert "Wayland" in done.stderr


def test_wrong_usage_is_status_two():
    assert agent_app("run").returncode == 2
    assert agent_app("nonsense").returncode == 2


@pytest.mark.desktop
def test_a_task_written_by_a_new_user_is_done_on_a_private_desktop(tmp_path: Path):
    saved, episode = tmp_path / "notes.txt", tmp_path / "episode"
    done = agent_app(
        "run",
        'type "first line"; ' + SAVE.format(path=saved),
        *("--model", "reader", "--virtual", "1280x800", "--app", "mousepad", "--no-window"),
        *("--episode", str(episode)),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert saved.read_text() == "first line"
    opened = open_episode(episode)
    assert isinstance(opened.events[-1], RunFinished)
    assert opened.problems == ()


@pytest.mark.desktop
def test_a_task_that_cannot_be_done_says_why_and_has_a_status_of_its_own(tmp_path: Path):
    done = agent_app(
        "run",
        'click "No Such Button"',
        *("--virtual", "800x600", "--app", "mousepad", "--no-window"),
        *("--episode", str(tmp_path / "episode")),
    )
    assert done.returncode == 4, done.stdout + done.stderr
    assert "No Such Button" in done.stdout


@pytest.mark.desktop
def test_what_is_masked_is_in_no_recorded_frame(tmp_path: Path):
    done = agent_app(
        *("run", "wait 0.1 seconds", "--no-window", "--virtual", "800x600", "--app", "mousepad"),
        *("--mask", "0,0,800,200", "--mask", "0,200,800,100", "--episode", str(tmp_path / "e")),
    )
    assert done.returncode == 0, done.stderr
    opened = open_episode(tmp_path / "e")
    assert opened.frames
    for ref in opened.frames:
        frame = opened.frame(ref.sha1)
        assert frame is not None
        masked = frame.crop((0, 0, 800, 300))
        assert [color for _, color in masked.getcolors(2) or []] == [(96, 96, 96)]
        assert frame.getcolors(2) is None  # the rest shows


@pytest.mark.desktop
def test_an_existing_episode_is_never_overwritten(tmp_path: Path):
    (tmp_path / "mine.txt").write_text("precious")
    done = agent_app(
        *("run", "wait 1 second", "--no-window", "--virtual", "800x600"),
        *("--episode", str(tmp_path)),
    )
    assert done.returncode == 3
    assert (tmp_path / "mine.txt").read_text() == "precious"


@pytest.mark.desktop
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_tidily(
    tmp_path: Path, wait_until: Callable[..., None], sign: signal.Signals
):
    episode = tmp_path / "episode"
    process = subprocess.Popen(
        [
            *(*AGENT_APP, "run", "wait 50 seconds", "--no-window", "--virtual", "800x600"),
            *("--episode", str(episode)),
        ],
        env=WITHOUT_DISPLAY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    log = episode / "episode.jsonl"
    wait_until(lambda: log.exists() and b"action_decided" in log.read_bytes(), seconds=60)
    process.send_signal(sign)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert b"Traceback" not in errors
    finished = open_episode(episode).events[-1]
    assert isinstance(finished, RunFinished)
    assert finished.outcome == "stopped"


@pytest.mark.desktop
@pytest.mark.parametrize("actions", [1, 3])
def test_kill_9_leaves_an_episode_that_opens_and_no_process(
    tmp_path: Path, wait_until: Callable[..., None], actions: int
):
    episode, mark = tmp_path / "episode", f"mark-{uuid.uuid4().hex}"
    process = subprocess.Popen(
        [
            *(*AGENT_APP, "run", "; ".join(["type 'a'"] * 40), "--no-window"),
            *("--virtual", "800x600", "--app", "mousepad", "--episode", str(episode)),
        ],
        env=WITHOUT_DISPLAY | {"MARK": mark},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    log = episode / "episode.jsonl"
    wait_until(
        lambda: log.exists() and log.read_bytes().count(b'"action_decided"') >= actions, seconds=60
    )
    process.kill()
    process.wait()
    written = log.read_bytes()
    opened = open_episode(episode)
    lines = [line for line in written.split(b"\n")[1:] if line]
    assert len(opened.events) in (len(lines), len(lines) - 1)  # the last line may be cut
    assert sum(isinstance(event, ActionDecided) for event in opened.events) >= actions
    for step in opened.steps:
        assert not step.actions or opened.frame(step.frame_before.sha1) is not None
    wait_until(lambda: not processes_with(mark), seconds=20)


def processes_with(mark: str) -> list[str]:
    """The command lines of the processes whose environment holds this word."""
    found: list[str] = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark.encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_text().replace("\0", " "))
    return found
