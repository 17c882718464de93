"""The doctor, on this machine and on broken ones."""

from __future__ import annotations

import importlib.metadata
import io
import subprocess
import sys
from collections.abc import Callable

import pytest
from rich.console import Console
from Xlib import X
from Xlib.display import Display

from agent_app.doctor import CheckResult, print_checks, run_checks
from agent_app.doctor.desktop import SAMPLE, check_accessibility, check_typing
from agent_app.doctor.machine import (
    check_disk,
    check_gpu,
    check_packages,
    check_python,
    check_weights,
    check_xlib,
)
from agent_app.doctor.text_field import TextField
from agent_app.errors import KnownError
from agent_app.geometry import Size
from agent_app.virtual import VirtualDesktop
from tests.fakes.checkpoint import write_checkpoint


def test_this_interpreter_and_its_packages_are_in_order():
    assert check_python().ok
    assert check_xlib() == CheckResult("python-xlib", True, "0.33")
    packages = check_packages()
    assert packages.ok, packages
    assert "rapidocr 3." in packages.detail


@pytest.mark.parametrize(
    ("changed", "detail", "remedy"),
    [
        ({"rapidocr": None}, "missing: rapidocr", "pip install rapidocr"),
        ({"PySide6-Essentials": "6.12.0"}, "6.12.0 aborts", "<6.12"),
        ({"opencv-python": "5.0"}, "Qt of its own", "pip uninstall opencv-python"),
    ],
)
def test_packages_that_break_a_run_are_named(changed, detail, remedy):
    def version_of(name: str) -> str:
        version = ({"opencv-python": None} | changed).get(name, "1.0")
        if version is None:
            raise importlib.metadata.PackageNotFoundError(name)
        return version

    result = check_packages(version_of)
    assert result.ok is False
    assert detail in result.detail
    assert remedy in result.remedy


def test_the_old_xlib_is_noticed(monkeypatch):
    monkeypatch.setattr("Xlib.__version__", (0, 15))
    result = check_xlib()
    assert result.ok is False
    assert "python3-xlib was installed over it" in result.detail
    assert "--force-reinstall --no-deps 'python-xlib" in result.remedy


def test_a_full_disk_is_noticed(tmp_path):
    folder = tmp_path / "not" / "there" / "yet"
    assert check_disk(folder).ok
    full = check_disk(folder, free_bytes=5 << 20)
    assert full.ok is False
    assert "0.0 GiB free" in full.detail
    assert full.remedy


@pytest.mark.parametrize("variable", ["HF_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"])
def test_weights_are_found_where_the_hub_library_puts_them(tmp_path, variable):
    below = {"HF_HUB_CACHE": "", "HF_HOME": "hub", "XDG_CACHE_HOME": "huggingface/hub"}[variable]
    environment = {variable: str(tmp_path)}
    missing = check_weights(environment=environment)
    assert missing.ok is None
    assert "agent-app model pull" in missing.remedy
    name = "models--moonshotai--Kimi-VL-A3B-Thinking-2506"
    snapshot = write_checkpoint(tmp_path / below / name / "snapshots" / "1234")
    found = check_weights(environment=environment)
    assert found.ok
    assert str(snapshot) in found.detail
    (snapshot / "tiktoken.model").unlink()
    assert check_weights(environment=environment).ok is None


def test_a_missing_library_of_kimi_vl_is_named(tmp_path, monkeypatch):
    name = "models--moonshotai--Kimi-VL-A3B-Thinking-2506"
    write_checkpoint(tmp_path / "hub" / name / "snapshots" / "1234")
    monkeypatch.setattr("importlib.util.find_spec", lambda module: module != "tiktoken" or None)
    found = check_weights(environment={"HF_HOME": str(tmp_path)})
    assert found.ok is None
    assert "Kimi-VL needs tiktoken" in found.detail
    assert found.remedy == "pip install 'agent-app[kimi]'"


@pytest.mark.parametrize(
    ("script", "ok", "detail"),
    [
        ("echo 'NVIDIA H200, 143771 MiB'", True, "NVIDIA H200, 143771 MiB"),
        ("echo 'Driver/library version mismatch'; exit 18", None, "version mismatch"),
        (None, None, "no NVIDIA GPU found"),
    ],
)
def test_the_gpu_is_what_its_tool_says(tmp_path, monkeypatch, script, ok, detail):
    if script is not None:
        tool = tmp_path / "nvidia-smi"
        tool.write_text(f"#!/bin/sh\n{script}\n")
        tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    result = check_gpu()
    assert result.ok is ok
    assert detail in result.detail


@pytest.mark.parametrize(
    ("environment", "detail"),
    [
        ({}, "DISPLAY is not set"),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "Wayland session without an X server"),
    ],
)
def test_without_a_display_the_rest_is_checked_and_the_remedy_named(environment, detail):
    results = {result.name: result for result in run_checks(environment)}
    assert results["Display"].ok is False
    assert detail in results["Display"].detail
    assert "--virtual" in results["Display"].remedy
    assert {results[name].ok for name in ("Capture", "Pointer and text")} == {None}
    assert results["OCR"].ok, results["OCR"]


def test_a_virtual_desktop_that_cannot_start_is_named_with_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    results = {result.name: result for result in run_checks({}, virtual=Size(800, 600))}
    assert results["Virtual desktop"].ok is False
    assert "apt-get install xvfb" in results["Virtual desktop"].remedy
    assert "Display" not in results


def test_printed_results_end_in_whether_all_is_well():
    results = [
        CheckResult("One", True, "fine"),
        CheckResult("Two", None, "not here", "get it [somewhere]"),
        CheckResult("Three", False, "broken", "mend it"),
    ]
    out = io.StringIO()
    assert print_checks(results[:2], Console(file=out))
    assert not print_checks(results, Console(file=out, width=20))
    assert "    → get it [somewhere]\nno  Three: broken\n    → mend it\n" in out.getvalue()


@pytest.mark.desktop
def test_everything_works_on_a_desktop(desktop: VirtualDesktop):
    results = list(run_checks(desktop.environment))
    assert [result for result in results if result.ok is False] == []
    found = {result.name: result for result in results}
    assert found["Display"].detail == f"{desktop.display}: 1280x800"
    assert SAMPLE in found["Pointer and text"].detail
    assert found["Accessibility"].ok, found["Accessibility"]


@pytest.mark.desktop
def test_the_command_checks_a_private_desktop():
    done = subprocess.run(
        [sys.executable, "-m", "agent_app", "doctor", "--virtual", "1000x700"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1000x700" in done.stdout


@pytest.mark.desktop
def test_a_click_that_does_not_arrive_is_reported(
    desktop: VirtualDesktop, wait_until: Callable[..., None]
):
    connection = Display(desktop.display)
    with TextField(desktop.environment, seconds=2.0) as field:
        wait_until(lambda: field.wait_for(lambda now: bool(now["shown"]))["shown"], seconds=60)
        cover = connection.screen().root.create_window(
            *(0, 0, 1280, 800, 0, X.CopyFromParent), override_redirect=True
        )
        cover.map()
        connection.sync()
        result = check_typing(desktop.environment, field)
    cover.destroy()
    connection.sync()
    connection.close()
    assert result.ok is False
    assert "did not reach it" in result.detail
    assert result.remedy


@pytest.mark.desktop
def test_without_a_session_bus_accessibility_is_no_fault(desktop: VirtualDesktop):
    result = check_accessibility({"DISPLAY": desktop.display})
    assert result.ok is None
    assert "apt-get install at-spi2-core" in result.remedy


def test_a_window_that_cannot_start_names_what_qt_says():
    with (
        TextField({"DISPLAY": ":987", "PATH": "/nowhere"}) as field,
        pytest.raises(KnownError, match="window did not start"),
    ):
        field.wait_for(lambda now: bool(now["shown"]))
