"""The formats an episode can be written in, by the names that the command line gives them.

Tests are formats, too: `agent_app.codegen.formats` has them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from agent_app.errors import KnownError

if TYPE_CHECKING:
    from agent_app.episode.reader import Episode
    from agent_app.model_runtime import Progress

    Writer = Callable[[Episode, Path, Progress], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Format:
    """A format: what it is in a few words, and whether it is a folder.

    `open` imports the module that writes it. A writer is given an output that is free, tells its
    progress in frames or steps, and returns what the format could not hold, one sentence each.
    """

    about: str
    open: Callable[[], Writer]
    is_folder: bool = False


def _html() -> Writer:
    from agent_app.exporting.html import write_html

    return write_html


def _mp4() -> Writer:
    from agent_app.exporting.mp4 import write_mp4

    return write_mp4


def _gif() -> Writer:
    from agent_app.exporting.gif import write_gif

    return write_gif


def _jsonl() -> Writer:
    from agent_app.exporting.jsonl import write_jsonl

    return write_jsonl


def _junit() -> Writer:
    from agent_app.exporting.junit import write_junit

    return write_junit


def _agentnet() -> Writer:
    from agent_app.exporting.agentnet import write_agentnet

    return write_agentnet


def _osworld() -> Writer:
    from agent_app.exporting.osworld import write_osworld

    return write_osworld


def _playwright_trace() -> Writer:
    from agent_app.exporting.playwright_trace import write_playwright_trace

    return write_playwright_trace


def _ui_tars() -> Writer:
    from agent_app.exporting.ui_tars import write_ui_tars

    return write_ui_tars


def _midscene() -> Writer:
    from agent_app.exporting.midscene import write_midscene

    return write_midscene


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "html": Format("one page to watch the run in a browser, without a network", _html),
        "mp4": Format("a video with pointer, target and thought; needs agent-app[video]", _mp4),
        "gif": Format("the same, small enough for an issue or a chat", _gif),
        "jsonl": Format("one JSON line for each step", _jsonl),
        "junit": Format("the run as a test case, for continuous integration", _junit),
        "agentnet": Format("a task of AgentNet with its images", _agentnet, is_folder=True),
        "osworld": Format("a results folder of OSWorld", _osworld, is_folder=True),
        "playwright-trace": Format("a zip for Playwright's trace viewer", _playwright_trace),
        "ui-tars": Format("the report data of UI-TARS-desktop", _ui_tars),
        "midscene": Format("the report data of Midscene", _midscene),
    }
)


def export_episode(
    episode: Episode,
    name: str,
    output: Path,
    *,
    progress: Progress,
    known: Mapping[str, Format] = FORMATS,
) -> Sequence[str]:
    """Write an episode in the format of this name; what that cannot hold, one sentence each.

    A file of this name is replaced; a folder must be new or empty. Raises KnownError for a name
    that is no format, an output that is taken or lies in the episode, and one that cannot be
    written.
    """
    if name not in known:
        raise KnownError(f"{name!r} is no export format", remedy=f"one of: {', '.join(known)}")
    chosen = known[name]
    _check_free(output, chosen, episode.folder)
    return chosen.open()(episode, output, progress)


def _check_free(output: Path, chosen: Format, episode: Path) -> None:
    try:
        if output.resolve().is_relative_to(episode.resolve()):
            raise KnownError(
                f"{output} lies in the episode itself", remedy="give a path outside its folder"
            )
        if chosen.is_folder and (output.is_file() or (output.is_dir() and any(output.iterdir()))):
            raise KnownError(
                f"{output} is there already and is not an empty folder",
                remedy="give the name of a new folder",
            )
        if not chosen.is_folder and output.is_dir():
            raise KnownError(f"{output} is a folder", remedy="give the name of a file")
        output.absolute().parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise KnownError(
            f"cannot write {output}: {error.strerror or error}", remedy="give another path"
        ) from error
