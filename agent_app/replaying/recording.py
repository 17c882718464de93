"""What can be done again: an episode, or a flow."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from agent_app.episode.reader import Episode, open_episode
from agent_app.model_runtime import Progress
from agent_app.replaying.anchor import Anchor, AnchorMaker
from agent_app.replaying.flow import script_of_flow
from agent_app.replaying.healing import Heals
from agent_app.replaying.labels import text_names
from agent_app.replaying.reading_screens import Readers
from agent_app.replaying.script import Script, script_of, typed_texts

_FLOW_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Recording:
    """An episode or a flow that was opened. `folder` is where it lies, and its heals."""

    folder: Path
    task: str
    texts: Mapping[str, str]
    source: Episode | Script

    @property
    def heals(self) -> Heals:
        return Heals(self.folder)

    def labels(self, progress: Progress) -> Mapping[str, str]:
        """What a person calls its texts, by their names.

        Reads an episode's screens, a second or more for each; a flow has its names written down.
        """
        if isinstance(self.source, Script):
            return {name: name for name in self.texts}
        with Readers({}) as readers:
            return text_names(self.script(readers), progress)

    def script(self, readers: Readers, *, replaced: Collection[str] = ()) -> Script:
        """What is to be done, with accepted heals in place; `replaced` are texts by their names."""
        healed = self.heals.anchors()
        if isinstance(self.source, Script):
            own = self.source
            anchor = partial(_healed_or_own, healed, own)
            return Script(own.task, own.parts, anchor, own.replays)
        return script_of(
            self.source,
            maker=AnchorMaker(readers.recall),
            read=readers.recall,
            healed=healed,
            replaced=replaced,
        )


def open_recording(path: Path) -> Recording:
    """Open an episode's folder or a flow's file. Raises KnownError."""
    if path.suffix in _FLOW_SUFFIXES and not path.is_dir():
        script = script_of_flow(path)
        return Recording(path.parent, script.task, script.texts, script)
    episode = open_episode(path)
    task = episode.run.task if episode.run is not None else ""
    return Recording(path, task, typed_texts(episode), episode)


def _healed_or_own(healed: Mapping[str, Anchor], own: Script, key: str) -> Anchor | None:
    return healed.get(key) or own.anchor(key)
