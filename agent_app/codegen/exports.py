"""An episode as a test: for pytest, or as a flow; a folder with the test and its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from agent_app.codegen.planning import Plan, Planner, combined
from agent_app.codegen.python import python_text
from agent_app.codegen.recorded import RecordedViews
from agent_app.episode.files import write_whole
from agent_app.episode.reader import Episode
from agent_app.exporting.folders import Folder
from agent_app.exporting.scripted import Scripted, scripted
from agent_app.flows.document import SUFFIX
from agent_app.flows.schema import SCHEMA_FILE, shipped_schema
from agent_app.flows.steps import Launch
from agent_app.flows.variables import escaped
from agent_app.flows.writing import Draft, Line, flow_text
from agent_app.model_runtime import Progress
from agent_app.replaying.remembered import Remembered
from agent_app.replaying.script import Script, anchor_keys
from agent_app.replaying.store import save_anchors

TEST_FILE = "test_recorded.py"
_LONGEST_NAME = 80  # characters
FLOW_FILE = f"recorded{SUFFIX}"


def write_pytest(episode: Episode, output: Path, progress: Progress) -> Sequence[str]:
    """Write the folder; what could not be had is returned and written to lost.txt."""
    with Folder(output, episode) as folder:
        draft, plan, _ = _drafted(episode, folder, progress)
        text = python_text(draft, file=TEST_FILE)
        compile(text, TEST_FILE, "exec", dont_inherit=True)  # a fault of ours must not be written
        write_whole(output / TEST_FILE, text.encode())
        save_pictures(output, plan)
        return folder.finish()


def write_flow_folder(episode: Episode, output: Path, progress: Progress) -> Sequence[str]:
    """Write the folder, with the anchors that `agent-app replay --execute` finds targets by.

    What could not be had is returned and written to lost.txt.
    """
    with Folder(output, episode) as folder:
        draft, plan, made = _drafted(episode, folder, progress)
        write_whole(output / FLOW_FILE, flow_text(draft).encode())
        write_whole(output / SCHEMA_FILE, shipped_schema())
        save_pictures(output, plan)
        save_anchors(output, made.anchors)
        return folder.finish()


def draft_of(script: Script, plan: Plan, *, programs: Sequence[str], virtual: str) -> Draft:
    """A plan's test, with what is to be started and how large the screen was."""
    return Draft(
        name=_short(script.task),
        size=virtual,
        variables=plan.variables,
        setup=[Line(Launch(command=escaped(each))) for each in programs],
        steps=combined(plan.lines),
        recorded=script.replays,
    )


def _short(task: str) -> str:
    """A test's name: what the task begins with."""
    line = next((" ".join(each.split()) for each in task.splitlines() if each.strip()), "")
    return line if len(line) <= _LONGEST_NAME else line[: _LONGEST_NAME - 1] + "…"


def save_pictures(folder: Path, plan: Plan) -> None:
    """Write the pictures of a test beside it. Raises OSError."""
    for name, image in plan.pictures.items():
        path = folder / name
        if not path.exists():
            image.save(path, "PNG")


def _drafted(episode: Episode, folder: Folder, progress: Progress) -> tuple[Draft, Plan, Scripted]:
    plan = Plan()
    steps = {step.number: step for step in episode.steps}
    with closing(RecordedViews(episode)) as views:
        made = scripted(episode, Remembered(views.read), progress)
        planner = Planner(views, plan)
        parts = made.script.parts
        for count, part in enumerate(parts, 1):
            done = len(anchor_keys(made.script)) + len(parts)
            progress("locators", done + count, done + len(parts))
            following = parts[count] if count < len(parts) else None
            planner.add(part, steps[part.number], made.anchors, following)
    draft = draft_of(made.script, plan, programs=made.programs, virtual=made.virtual)
    for sentence in (*made.lost, *plan.lost):
        folder.lose(sentence, count=None)
    return draft, plan, made
