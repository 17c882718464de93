"""Every format an episode can be written in, with the tests among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from agent_app.exporting import formats
from agent_app.exporting.formats import Format

if TYPE_CHECKING:
    from agent_app.episode.reader import Episode
    from agent_app.model_runtime import Progress


def _pytest() -> formats.Writer:
    from agent_app.codegen.exports import write_pytest

    return write_pytest


def _flow() -> formats.Writer:
    from agent_app.codegen.exports import write_flow_folder

    return write_flow_folder


_TESTS = {
    "pytest": Format("a test that does the run again, for pytest", _pytest, is_folder=True),
    "flow": Format("the same as YAML, for `agent-app test`", _flow, is_folder=True),
}
FORMATS: Mapping[str, Format] = MappingProxyType({**formats.FORMATS, **_TESTS})


def export_episode(
    episode: Episode, name: str, output: Path, *, progress: Progress
) -> Sequence[str]:
    """Write an episode in the format of this name; see `exporting.formats.export_episode`."""
    return formats.export_episode(episode, name, output, progress=progress, known=FORMATS)
