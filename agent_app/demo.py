"""`agent-app demo`: the main job on real windows, with pictures to keep.

They are opened on the person's display, or on a private one when there is none. The reader computes
6 × 7 in a calculator by clicking, carries the result over into an editor, writes a text in several
scripts and saves it through the menus. The small Kimi-VL fills in a form by looking at it. Then the
bytes of the file that was saved are checked.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.console import Console

from agent_app.episode.contact_sheet import draw_contact_sheet
from agent_app.episode.reader import open_episode
from agent_app.errors import KnownError
from agent_app.events import ActionDecided, Budgets, Event, QuestionAsked
from agent_app.geometry import Size
from agent_app.loop import LoopSettings
from agent_app.model_runtime import ModelOptions, Sampling
from agent_app.session import LiveSession
from agent_app.ui import ShownWindow, run_window
from agent_app.workplace import Workplace, WorkplaceOptions

_DESKTOP = Size(1280, 800)
_WORDS = "naïve café, 1 < 2 & 2 > 1, 你好，世界 — Grüße 😀"
_TASK = """\
click "6" in "galculator"
click "*" in "galculator"
click "7" in "galculator"
click "=" in "galculator"
check that "42" is visible
press ctrl+c
click "Mousepad"
type "6 × 7 = "
press ctrl+v
type "\\n{words}\\n"
open menu "File" > "Save As…" in "Mousepad"
type "{path}" into "Name"
press enter
wait until "Save As" is not visible
check that "{name}" in "Mousepad" is visible
"""
_FORM_TASK = (
    'Type "Anna" into the field Name, then click the check box Remember, then click the button Save'
)
_FORM_SETTINGS = LoopSettings(
    budgets=Budgets(steps=6),
    sampling=Sampling(temperature=0, max_tokens=256),
    images=1,  # as many as its training showed it of a whole screen
)


@dataclass(frozen=True, slots=True)
class _Demo:
    """What is shown: programs, a task in them, and what their file is to hold in the end.

    `pictured` is an ordinary step: thought, screenshot and target are in the window then.
    """

    opening: str
    programs: Sequence[str]
    task: str
    wanted: str
    pictured: int
    options: WorkplaceOptions


def _demo(model: str, saved: Path, virtual: Size | None) -> _Demo:
    if model == "reader":
        return _Demo(
            "a calculator and an editor",
            ("mousepad --disable-server", "galculator"),
            _TASK.format(words=_WORDS, path=saved, name=saved.name),
            f"6 × 7 = 42\n{_WORDS}\n",
            4,
            WorkplaceOptions(model=model, virtual=virtual),
        )
    form = shlex.join((sys.executable, "-m", "agent_app.ui.demo_form", str(saved)))
    return _Demo(
        "a form",
        (form,),
        _FORM_TASK,
        "Name: Anna\nCity: \nRemember: yes\n",
        1,
        WorkplaceOptions(
            model=model,
            loading=ModelOptions(device="cpu", precision="fp32"),
            virtual=virtual,
            settings=_FORM_SETTINGS,
        ),
    )


def run_demo(output: Path, *, model: str, virtual: Size | None) -> int:
    """Run a demo into a new folder below `output`; the exit status, 0 when the file is right."""
    folder = output.absolute() / datetime.now().astimezone().strftime("%Y-%m-%d-%H%M%S")
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise KnownError(
            f"cannot write to {folder}: {error.strerror}", remedy="name another folder: --output"
        ) from error
    saved = folder / "saved-by-the-agent.txt"
    environment = dict(os.environ)
    if virtual is None and not environment.get("DISPLAY"):
        virtual = _DESKTOP
    attended = bool(environment.get("DISPLAY"))
    if not attended:
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    console = Console()
    where = f"a private {virtual.width}x{virtual.height} desktop" if virtual else "your desktop"
    demo = _demo(model, saved, virtual)
    console.print(f"Opening {demo.opening} on {where}.")
    with Workplace(demo.options, environment=environment) as place:
        for program in demo.programs:
            place.launch(program)
        episode = folder / "episode"
        session = LiveSession(place, demo.task, episode=episode)

        def on_batch(window: ShownWindow, events: Sequence[Event]) -> None:
            for event in events:
                if isinstance(event, ActionDecided) and event.step == demo.pictured:
                    window.save_picture(folder / "window.png")
                if isinstance(event, QuestionAsked) and not attended:
                    session.answer(None)

        run_window(
            lambda _task: session,
            own_display=place.desktop is None,
            region=place.screen.region,
            task=session.task,
            autostart=True,
            close_when_finished=True,
            environment=environment,
            on_batch=on_batch,
        )
    draw_contact_sheet(open_episode(episode), folder / "contact-sheet.png")
    return _report(folder, saved, demo.wanted, console)


def _report(folder: Path, saved: Path, wanted: str, console: Console) -> int:
    found = saved.read_bytes() if saved.exists() else None
    for name, what in (
        ("contact-sheet.png", "every step in one picture"),
        ("window.png", "the window while it was thinking"),
        ("episode", "the recorded run"),
        (saved.name, "what the agent wrote"),
    ):
        console.print(f"  {folder / name}  {what}", soft_wrap=True)
    if found == wanted.encode():
        console.print("The file holds exactly what it should.", style="bold green")
        return 0
    shown = "nothing" if found is None else repr(found.decode(errors="replace"))
    console.print(f"The file holds {shown}, not {wanted!r}.", style="bold red")
    return 4
