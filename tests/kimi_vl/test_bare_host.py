"""A GPU machine hosts the model with torch and transformers alone: nothing of the desktop."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
ABSENT = (
    *("cryptography", "cv2", "jeepney", "keyring", "mss", "msgspec", "onnxruntime", "openai"),
    *("platformdirs", "pyautogui", "PySide6", "rapidfuzz", "rapidocr", "tomlkit", "Xlib", "yaml"),
)
CODE = """
import sys
sys.modules |= dict.fromkeys(sys.argv[1:])  # none of them can be imported
sys.path.insert(0, "bench")
import agent_app.prompting, agent_app.runtimes.kimi_vl.runtime
import kimi_vl  # the bench; those of the fast engine take no more of ours
"""


def test_the_model_and_its_benches_need_nothing_of_the_desktop():
    command = [sys.executable, "-c", CODE, *ABSENT]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
