"""Which recording lies in a path, and its way into a library of episodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from agent_app.episode.format import EVENTS_FILE
from agent_app.episode.recorder import new_episode_folder
from agent_app.errors import KnownError
from agent_app.importing.agentnet import read_agentnet, read_agentnetbench
from agent_app.importing.cua import is_cua, read_cua
from agent_app.importing.cua_driver import is_cua_driver, read_cua_driver
from agent_app.importing.osworld import TRAJECTORY, read_osworld
from agent_app.importing.pc_agent import is_pc_agent, read_pc_agent
from agent_app.importing.recording import Recording, read_bounded, write_recording
from agent_app.importing.screenagent import is_screenagent, read_screenagent
from agent_app.importing.ui_tars import read_ui_tars
from agent_app.model_runtime import Progress

_KNOWN = (
    "an AgentNet or PC Agent .jsonl, an AgentNetBench .json, a results folder of OSWorld, a "
    "UI-TARS report, a session of ScreenAgent, or a trajectory of cua or cua-driver"
)
_FOLDERS: Sequence[tuple[Callable[[Path], bool], Callable[[Path], Iterator[Recording]]]] = (
    (lambda path: (path / TRAJECTORY).is_file(), read_osworld),
    (is_screenagent, read_screenagent),
    (is_cua, read_cua),
    (is_cua_driver, read_cua_driver),
)


def import_recordings(
    path: Path, *, library: Path | None, progress: Progress
) -> Iterator[tuple[Path, Sequence[str]]]:
    """Import all that lies in a path: each new episode's folder, and what it could not keep.

    Without a library it is the person's own. Raises KnownError for a path that holds no known
    recording, and at the first one that is damaged; episodes written until then stay.
    """
    for recording in recordings_in(path):
        folder = new_episode_folder(recording.task or recording.name, library=library)
        yield folder, write_recording(recording, folder, progress)


def recordings_in(path: Path) -> Iterator[Recording]:
    """All that lies in a path, one after the other; raises KnownError as `import_recordings`."""
    if path.is_dir():
        read = _reader_of(path)
        return read(path) if read is not None else _in_folder(path)
    if path.suffix == ".jsonl" and path.is_file():
        return read_pc_agent(path) if is_pc_agent(read_bounded(path)) else read_agentnet(path)
    if path.suffix == ".json" and path.is_file():
        return read_agentnetbench(path)
    if path.suffix in (".html", ".htm") and path.is_file():
        return read_ui_tars(path)
    raise KnownError(f"{path} is no recording that is known here", remedy=f"give {_KNOWN}")


def _in_folder(folder: Path) -> Iterator[Recording]:
    """An exported AgentNet folder, or the recordings directly in a folder of several."""
    found = [each for each in _inside(folder) if _looks_known(each)]
    if not found:
        if (folder / EVENTS_FILE).is_file() or any(folder.glob(f"*/{EVENTS_FILE}")):
            raise KnownError(
                f"{folder} holds episodes of agent-app, which need no import",
                remedy=f"to ask a model at each of their steps: agent-app replay {folder} --decide",
            )
        raise KnownError(f"{folder} holds no known recording", remedy=f"give {_KNOWN}")
    for each in found:
        yield from recordings_in(each)


def _inside(folder: Path) -> list[Path]:
    """What lies in a folder; raises KnownError when it cannot be read."""
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise KnownError(
            f"cannot read {folder}: {error.strerror}", remedy="check the path"
        ) from error


def _reader_of(folder: Path) -> Callable[[Path], Iterator[Recording]] | None:
    """What reads a folder that is one recording; None for one that may hold several."""
    _inside(folder)
    return next((read for known, read in _FOLDERS if known(folder)), None)


def _looks_known(path: Path) -> bool:
    if path.is_dir():
        return _reader_of(path) is not None
    if path.suffix in (".html", ".htm"):
        return b"ui_tars_web_dump" in read_bounded(path)
    if path.suffix == ".jsonl":
        data = read_bounded(path)
        return b'"traj"' in data or is_pc_agent(data)
    if path.suffix == ".json":
        try:
            data = msgspec.json.decode(read_bounded(path))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return False
        return isinstance(data, dict) and "high_level_task_description" in data
    return False
