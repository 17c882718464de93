"""What each key does while a run is looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QKeySequence, QShortcut

from agent_app.ui.viewer.keys import Command

if TYPE_CHECKING:
    from agent_app.ui.view import RunView


def install(view: RunView) -> None:
    """Have the keys do what they are for while the view is on show."""
    for command in run_commands(view):
        for key in command.keys:
            QShortcut(QKeySequence(key), view, _quietly(command.do))


def run_commands(view: RunView) -> tuple[Command, ...]:
    """The commands of the view itself."""
    steer, pane = view.steer, view.pane
    picture, go = pane.screenshot, view.thought.go_to_mention
    return (
        Command(("Ctrl+H",), tr("Give a hint"), steer.field.setFocus),
        Command(("F10",), tr("Do one step, then ask"), steer.step.click),
        Command(("F5",), tr("Show what happens now"), view.show_live),
        Command(("1",), tr("The screen before"), lambda: pane.choose_view("before")),
        Command(("2",), tr("The target"), lambda: pane.choose_view("target")),
        Command(("3",), tr("The screen after"), lambda: pane.choose_view("after")),
        Command(("4",), tr("Compare both"), lambda: pane.choose_view("compare")),
        Command(("0",), tr("The whole screen"), picture.fit),
        Command(("9",), tr("Pixel for pixel"), picture.show_pixels),
        Command(("Ctrl++", "Ctrl+="), tr("Larger"), lambda: picture.zoom_by(1)),
        Command(("Ctrl+-",), tr("Smaller"), lambda: picture.zoom_by(-1)),
        Command(("Ctrl+F",), tr("Search the thoughts"), view.search),
        Command(("F3",), tr("Next place found"), lambda: view.finder.go_on(1)),
        Command(("Shift+F3",), tr("Previous place found"), lambda: view.finder.go_on(-1)),
        Command(("Ctrl+Down",), tr("Next thing that is mentioned"), lambda: go(1)),
        Command(("Ctrl+Up",), tr("The mention before"), lambda: go(-1)),
        Command(("F7",), tr("Fold the thought, or unfold it"), view.thought_panel.fold.click),
        Command(("Ctrl+Shift+C",), tr("Copy the step as text"), view.thought_panel.copy_step),
        Command(
            ("Ctrl+M",), tr("A small strip instead of the window"), view.compact_requested.emit
        ),
        Command(("F1",), tr("This list"), view.show_keys),
    )


def told_commands(view: RunView) -> tuple[Command, ...]:
    """All that the list of keys shows: the view's own, and those that its parts listen for."""

    def elsewhere() -> None:
        raise AssertionError("this key is obeyed where it is listened for")

    return (
        Command(("Ctrl+Return",), tr("Start, in the task"), elsewhere),
        Command(("Ctrl+P",), tr("Pause"), elsewhere),
        Command(("Ctrl+.",), tr("Stop"), elsewhere),
        Command(("Esc",), tr("Veto what it is about to do"), elsewhere),
        Command(("Alt+1", "Alt+2"), tr("Answer with the first choice, the second"), elsewhere),
        Command(("Ctrl+1", "Ctrl+2"), tr("The pages of the window"), elsewhere),
        *run_commands(view),
    )


def tr(text: str) -> str:
    """What a key does, in the person's language: of one table with the viewer's keys."""
    return QCoreApplication.translate("Viewer", text)


def _quietly(do: Callable[[], object]) -> Callable[[], None]:
    def slot() -> None:
        do()

    return slot
