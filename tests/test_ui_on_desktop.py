"""The window on a real X server with a window manager; each run is a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent_app.virtual import VirtualDesktop

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.desktop

Run = Callable[..., dict[str, Any]]


def start(
    desktop: VirtualDesktop, *options: str, module: str = "window_runs"
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", f"tests.fakes.{module}", *options],
        cwd=ROOT,
        env=desktop.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def result_of(process: subprocess.Popen[str], *, seconds: float = 60) -> dict[str, Any]:
    """What it printed last. Anything on stderr, such as a warning of Qt's, is a failure."""
    try:
        output, errors = process.communicate(timeout=seconds)
    finally:
        process.kill()
    assert errors == ""
    assert process.returncode == 0
    return json.loads(output.splitlines()[-1])


@pytest.fixture
def run(desktop: VirtualDesktop) -> Run:
    return lambda name, *options: result_of(start(desktop, name, *options))


@pytest.fixture
def application(
    desktop: VirtualDesktop, wait_until: Callable[..., None]
) -> Iterator[subprocess.Popen[bytes]]:
    """Something of the person's that has the focus and stands still."""
    process = desktop.launch(["galculator"])
    try:
        wait_until(lambda: b"galculator" in active_name(desktop))
        park = ["xdotool", "mousemove", "1270", "790"]  # a tool tip does not stand still
        subprocess.run(park, env=desktop.environment, check=True)
        yield process
    finally:
        process.terminate()
        process.wait(5)
        wait_until(lambda: b"galculator" not in active_name(desktop))


def active_name(desktop: VirtualDesktop) -> bytes:
    command = ["xdotool", "getactivewindow", "getwindowname"]
    return subprocess.run(
        command, env=desktop.environment, capture_output=True, check=False
    ).stdout.lower()


@pytest.mark.usefixtures("application")
@pytest.mark.parametrize("options", [(), ("maximised",)])
def test_the_window_is_in_no_capture_and_comes_back_without_the_focus(
    run: Run, options: tuple[str, ...]
) -> None:
    seen = run("out_of_the_way", *options)
    assert seen["covered_first"]
    assert seen["covered_last"]
    assert not seen["on_screen_within"]
    assert seen["clear_within"]
    assert seen["focus_after"] == seen["focus_before"] != 0
    assert seen["code"] == 0
    assert seen["threads"] == []


@pytest.mark.usefixtures("application")
def test_the_window_stays_when_the_agent_looks_elsewhere(run: Run) -> None:
    seen = run("beside_the_agent")
    assert seen["on_screen_within"]
    assert not seen["clear_within"]


def test_the_window_stays_when_the_agent_works_on_another_display(run: Run) -> None:
    seen = run("on_another_display")
    assert seen["on_screen_within"]
    assert seen["code"] == 4


def test_the_target_is_drawn_before_the_window_goes_for_the_act(run: Run) -> None:
    seen = run("target_seen_first")
    assert seen["marks"] == [["Click Save", False, 99.5, 77.5]]
    assert seen["code"] == 0


def test_the_stop_button_ends_the_run(run: Run) -> None:
    seen = run("stopped_by_button")
    assert seen["stopped"]
    assert seen["code"] == 130
    assert seen["threads"] == []


def test_closing_the_window_ends_the_run_and_its_thread(run: Run) -> None:
    seen = run("closed_while_running")
    assert seen["stopped"]
    assert seen["threads"] == []


def test_a_window_closed_while_out_of_the_way_stays_gone_and_holds_nobody_up(run: Run) -> None:
    seen = run("closed_while_out_of_the_way")
    assert not seen["on_screen_within"]
    assert seen["threads"] == []


def test_questions_are_answered_by_keyboard_and_by_button(run: Run) -> None:
    seen = run("question_answered")
    assert seen["answers"] == ["two", "No"]


def test_a_known_error_is_the_status_of_the_command(run: Run) -> None:
    assert run("known_error")["code"] == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_tidily(desktop: VirtualDesktop, number: signal.Signals) -> None:
    process = start(desktop, "interrupted")
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    seen = result_of(process)
    assert seen["code"] == 130
    assert seen["stopped"]
    assert seen["threads"] == []


def test_runs_and_settings_are_steered_by_keys_and_mouse_alone(
    desktop: VirtualDesktop, tmp_path: Path
) -> None:
    process = start(desktop, str(tmp_path), module="steered_window")
    assert result_of(process, seconds=180) == {
        "code": 5,
        "task": "save it",
        "said": [
            "This one or ",
            "ghost",
            "vetoed",
            "Stopped",
            "RuntimeError: the model is gone",
            "Done",
            "[run]\nveto = 1.5\nmax_steps = 1\n",
            "A limit was reached",
            "The limit of 1 steps is reached; --max-steps or the setting “Step limit” raises it",
        ],
        "paused": ["hint", "veto", "person", "hand"],
        "hints": ["the second"],
        "answers": ["one step", "go on", "right", "go on"],
        "acted": 2,
        "opening": "\nthe second\n",
        "vetoes": [1.5],
    }


@pytest.mark.usefixtures("application")
def test_the_strip_is_above_other_windows_and_leaves_the_target_and_the_screenshot(
    desktop: VirtualDesktop,
) -> None:
    assert result_of(start(desktop, module="compact_run")) == {
        "above": True,
        "covers_the_target": True,  # at first
        "on_the_screenshot": False,
        "leaves_the_target": True,
        "stays_above": True,
        "comes_back": True,  # the window, for a question
        "answers": ["right"],
        "stopped": True,
        "code": 130,
        "threads": [],
    }
