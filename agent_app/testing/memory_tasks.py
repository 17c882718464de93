"""What was done for an instruction, taken from the recording so that it can be done again."""

from __future__ import annotations

from collections.abc import Container

from agent_app.actions import InputAction, Wait
from agent_app.episode.reader import Episode
from agent_app.replaying.anchor import Anchor, AnchorMaker
from agent_app.replaying.effects import Read, Written
from agent_app.replaying.script import Deed, Part, Script, place_keys, script_of
from agent_app.testing.memory_file import RememberedAction, RememberedStep, RememberedTask


def remembered_task(
    recording: Episode,
    task: str,
    *,
    steps: Container[int],
    layout: str,
    model: str,
    maker: AnchorMaker,
    read: Read,
) -> RememberedTask | None:
    """The steps of a recording with these numbers, to be done again.

    None when a target's picture is missing. Of each step the windows that it opens are expected
    again, of the last one its texts, too: the target of the next step tells as much.
    """
    script = script_of(recording, maker=maker, read=read)
    parts = [part for part in script.parts if part.number in steps]
    anchors: dict[str, Anchor] = {}
    done: list[RememberedStep] = []
    for part in parts:
        actions: list[RememberedAction] = []
        for deed in part.deeds:
            if not isinstance(deed.action, InputAction | Wait):
                continue
            for key in place_keys(deed):
                anchor = script.anchor(key)
                if anchor is None:
                    return None
                anchors[key] = anchor
            actions.append(RememberedAction(deed.action, deed.key))
        if actions:
            last = not any(other.number > part.number for other in parts if _acts(other))
            expected = part.expected.effect if last else part.expected.without_texts
            done.append(
                RememberedStep(part.deeds[0].intent, tuple(actions), part.keyboard, expected)
            )
    return RememberedTask(task=task, layout=layout, model=model, steps=tuple(done), anchors=anchors)


def script_again(task: RememberedTask) -> Script:
    """The script of a remembered task."""
    parts = tuple(
        Part(
            number,
            tuple(Deed(each.target, each.do, step.intent) for each in step.actions),
            Written(step.expect),
            step.keyboard,
        )
        for number, step in enumerate(task.steps, 1)
    )
    return Script(task.task, parts, task.anchors.get)


def _acts(part: Part) -> bool:
    return any(isinstance(deed.action, InputAction | Wait) for deed in part.deeds)
