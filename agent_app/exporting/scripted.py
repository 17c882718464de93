"""What a test of an episode needs, whatever it is written as: targets, effects, typed texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agent_app.episode.reader import Episode
from agent_app.model_runtime import Progress
from agent_app.replaying.anchor import Anchor, AnchorMaker
from agent_app.replaying.effect_texts import Read
from agent_app.replaying.healing import Heals
from agent_app.replaying.labels import renamed, text_names
from agent_app.replaying.script import Script, anchor_keys, script_of, typed_texts


@dataclass(frozen=True, slots=True)
class Scripted:
    """A script with its anchors made. `lost` is what could not be had, one sentence each."""

    script: Script
    anchors: Mapping[str, Anchor]
    virtual: str
    programs: tuple[str, ...]
    lost: tuple[str, ...]


def scripted(episode: Episode, read: Read, progress: Progress) -> Scripted:
    """`read` an episode's frames, which takes a second or more for each new screen."""
    script = script_of(
        episode,
        maker=AnchorMaker(read),
        read=read,
        healed=Heals(episode.folder).anchors(),
        replaced=typed_texts(episode),  # they are parameters: nothing may hang on what they were
    )
    keys = anchor_keys(script)
    total = len(keys) + 2 * len(script.parts)  # what is written of the parts comes after this
    anchors: dict[str, Anchor] = {}
    lost: list[str] = []
    for count, key in enumerate(keys, 1):
        progress("targets", count, total)
        anchor = script.anchor(key)
        if anchor is None:
            lost.append(f"the target {key}: its frame is missing or damaged")
        else:
            anchors[key] = anchor
    for count, part in enumerate(script.parts, len(keys) + 1):
        progress("effects", count, total)
        _ = part.expected.effect  # read now, while there is a bar
    run = episode.run
    programs = run.programs if run is not None else ()
    if not programs:
        lost.append("which programs are to be started: the recording does not say")
    size = episode.frames[0].transform.size if episode.frames else None
    virtual = f"{size.width}x{size.height}" if size is not None else "1280x800"
    script = renamed(script, text_names(script))
    return Scripted(script, anchors, virtual, programs, tuple(lost))
