"""One episode as a library lists it: what it was about, how it ended, what it takes up."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from agent_app.actions import describe_action
from agent_app.episode.files import is_held
from agent_app.episode.format import EVENTS_FILE, FRAMES_FOLDER
from agent_app.episode.reader import Episode, open_episode
from agent_app.episode.tags import TAGS_FILE, read_tags
from agent_app.errors import KnownError

State = Literal[
    "success", "failure", "stopped", "limit", "error", "running", "cut off", "unreadable"
]
TextKind = Literal["task", "thought", "action", "answer"]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What a library knows of an episode.

    `state` is the run's outcome; "running" while it is recorded, "cut off" when it was never
    finished, "unreadable" when it does not open. `created` is ISO 8601, empty when unknown.
    `problems` are what is wrong with it.
    """

    folder: Path
    state: State
    created: str = ""
    task: str = ""
    model: str = ""
    answer: str = ""
    steps: int = 0
    seconds: float = 0.0
    bytes: int = 0
    tags: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.folder.name


class Text(NamedTuple):
    """Words of an episode to be found again; `step` is 0 for what belongs to none."""

    kind: TextKind
    step: int
    text: str


def read_entry(folder: Path) -> Entry:
    """What a library knows of the episode in this folder, damaged or not."""
    return read_entry_and_texts(folder)[0]


def read_entry_and_texts(folder: Path) -> tuple[Entry, tuple[Text, ...]]:
    """The same with its words; raises nothing, whatever the folder holds."""
    size, tags = _bytes_of(folder), read_tags(folder)
    try:
        episode = open_episode(folder)
    except KnownError as error:
        entry = Entry(
            folder=folder, state="unreadable", bytes=size, tags=tags, problems=(error.message,)
        )
        return entry, ()
    run, end = episode.run, episode.end
    if end is not None:
        state, seconds = end.outcome, end.seconds
    else:
        state = "running" if is_held(folder / EVENTS_FILE) else "cut off"
        seconds = sum(step.seconds for step in episode.steps)
    entry = Entry(
        folder=folder,
        state=state,
        created=episode.header.created.isoformat(),
        task=run.task if run else "",
        model=run.model if run else episode.header.model,
        answer=end.answer if end else "",
        steps=len(episode.steps),
        seconds=seconds,
        bytes=size,
        tags=tags,
        problems=episode.problems,
    )
    return entry, tuple(_texts(episode))


def stamp_of(folder: Path) -> str:
    """A text that changes when an episode does: its events, its frames or its tags."""
    parts: list[str] = []
    for name in (EVENTS_FILE, FRAMES_FOLDER, TAGS_FILE):
        try:
            status = (folder / name).stat(follow_symlinks=False)
            parts.append(f"{status.st_mtime_ns}+{status.st_size}")
        except OSError:
            parts.append("-")
    return " ".join(parts)


def _bytes_of(folder: Path) -> int:
    """What the folder takes up; links count as themselves."""
    size = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                size += os.lstat(os.path.join(path, name)).st_size
            except OSError:  # gone meanwhile: a frame that became smaller
                continue
    return size


def _texts(episode: Episode) -> Iterator[Text]:
    if episode.run is not None:
        yield Text("task", 0, episode.run.task)
    for step in episode.steps:
        yield Text("thought", step.number, step.thought)
        for done in step.actions:
            yield Text("action", step.number, f"{done.intent} {describe_action(done.action)}")
        for question, answer in step.questions:
            yield Text("answer", step.number, f"{question} {answer or ''}")
    if episode.end is not None:
        yield Text("answer", 0, f"{episode.end.answer} {episode.end.reason}")
