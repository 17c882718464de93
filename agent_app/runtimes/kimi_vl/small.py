"""Where the small checkpoint lies: in a checkout of the project, never in the wheel."""

from __future__ import annotations

from pathlib import Path

from agent_app.errors import KnownError
from agent_app.runtimes.kimi_vl.checkpoint import INDEX

SMALL = "small"
_FOLDER = Path(__file__).parents[3] / "models" / SMALL


def small_folder() -> Path:
    """The folder of the small checkpoint; raises KnownError where it is not."""
    if not (_FOLDER / INDEX).exists():
        raise KnownError(
            "the small model is not installed here",
            remedy="take the folder models/small of the project's repository: --model FOLDER",
        )
    return _FOLDER
