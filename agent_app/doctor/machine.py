"""What is installed: interpreter, packages, fonts, room, GPU, weights."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from agent_app.doctor.result import CheckResult
from agent_app.errors import KnownError

_OLDEST_PYTHON = (3, 11)
_XLIB = (0, 33)
_FREE_BYTES = 1 << 30  # some hundred episodes
_GPU_SECONDS = 10.0
_PACKAGES = (
    *("PySide6-Essentials", "mss", "rapidocr", "onnxruntime", "opencv-python-headless"),
    *("pyautogui", "msgspec", "numpy", "pillow", "rapidfuzz", "rich"),
)
_LETTERS = {"Latin": "e9", "Cyrillic": "43f", "Chinese": "4f60", "emoji": "1f600"}
_FONTS = {"Chinese": "fonts-noto-cjk", "emoji": "fonts-noto-color-emoji"}


def check_python() -> CheckResult:
    """The interpreter's version."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < _OLDEST_PYTHON:
        return CheckResult("Python", False, version, "install Python 3.11 or newer")
    return CheckResult("Python", True, f"{version} ({sys.executable})")


def check_packages(version_of: Callable[[str], str] | None = None) -> CheckResult:
    """The libraries' versions, and those known to break something."""
    versions: dict[str, str] = {}
    for name in (*_PACKAGES, "opencv-python"):
        try:
            versions[name] = (version_of or importlib.metadata.version)(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    missing = [name for name in _PACKAGES if name not in versions]
    if missing:
        return CheckResult(
            "Packages", False, f"missing: {', '.join(missing)}", f"pip install {' '.join(missing)}"
        )
    if versions["PySide6-Essentials"].startswith("6.12.0"):
        return CheckResult(
            "Packages",
            False,
            "PySide6 6.12.0 aborts on CPython 3.11",
            "pip install 'PySide6-Essentials>=6.10.2,<6.12'",
        )
    if "opencv-python" in versions:
        return CheckResult(
            "Packages",
            False,
            "opencv-python brings a Qt of its own, which collides with the window's",
            "pip uninstall opencv-python && pip install --force-reinstall opencv-python-headless",
        )
    return CheckResult("Packages", True, ", ".join(f"{n} {v}" for n, v in versions.items()))


def check_xlib() -> CheckResult:
    """Which of the two packages that share the folder Xlib was written last."""
    name = "python-xlib"
    remedy = "pip install --force-reinstall --no-deps 'python-xlib>=0.33'"
    if importlib.util.find_spec("Xlib") is None:
        return CheckResult(name, False, "not installed", remedy)
    import Xlib

    version: tuple[int, ...] = vars(Xlib)["__version__"]
    text = ".".join(map(str, version))
    if version < _XLIB:
        return CheckResult(name, False, f"{text}: python3-xlib was installed over it", remedy)
    return CheckResult(name, True, text)


def check_fonts() -> CheckResult:
    """Whether there are letters for the scripts that a run may show."""
    if shutil.which("fc-list") is None:
        return CheckResult("Fonts", None, "not checked: fc-list (package fontconfig) is not here")
    missing = [name for name, code in _LETTERS.items() if not _has_letter(code)]
    if not missing:
        return CheckResult("Fonts", True, f"letters for {', '.join(_LETTERS)}")
    packages = " ".join(sorted({_FONTS.get(name, "fonts-dejavu-core") for name in missing}))
    return CheckResult(
        "Fonts",
        None,
        f"none for {', '.join(missing)}: typed all the same, but shown as boxes",
        f"apt-get install {packages}",
    )


def check_disk(folder: Path, *, free_bytes: int | None = None) -> CheckResult:
    """Whether episodes have room."""
    existing = next(parent for parent in (folder, *folder.parents) if parent.is_dir())
    free = shutil.disk_usage(existing).free if free_bytes is None else free_bytes
    detail = f"{free / (1 << 30):.1f} GiB free for {folder}"
    if not os.access(existing, os.W_OK):
        return CheckResult("Disk", False, f"{existing} cannot be written", "use --episode DIR")
    if free < _FREE_BYTES:
        return CheckResult("Disk", False, detail, "make room, or use --episode on another disk")
    return CheckResult("Disk", True, detail)


def check_gpu() -> CheckResult:
    """The NVIDIA GPUs, by their own tool; torch is not imported for it."""
    query = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        done = subprocess.run(
            query, capture_output=True, text=True, check=False, timeout=_GPU_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return CheckResult("GPU", None, "no NVIDIA GPU found; the reader needs none")
    if done.returncode:
        said = (done.stdout + done.stderr).strip().splitlines() or ["no reason given"]
        return CheckResult("GPU", None, f"nvidia-smi fails: {said[0]}", "repair the driver")
    return CheckResult("GPU", True, "; ".join(done.stdout.strip().splitlines()))


def check_weights(*, environment: Mapping[str, str]) -> CheckResult:
    """Whether Kimi-VL could be loaded: its weights, and the libraries of its extra."""
    from agent_app.runtimes.kimi_vl.hub import find, require_extra

    try:
        folder = find("kimi-vl", environment=environment)
        require_extra()
    except KnownError as error:
        return CheckResult("Kimi-VL", None, f"{error.message}; the reader needs none", error.remedy)
    return CheckResult("Kimi-VL", True, f"weights in {folder}, libraries installed")


def _has_letter(code: str) -> bool:
    listed = subprocess.run(
        ["fc-list", f":charset={code}", "family"], capture_output=True, check=False
    )
    return bool(listed.stdout.strip())
