"""The window: watch a run think and act, start and stop it, answer its questions, watch it again.

Qt lives here and nowhere else, and is imported only when a window is opened. Nothing in here
decides anything about the desktop: the window consumes the run's events and calls `stop`, `answer`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from agent_app.episode.format import EVENTS_FILE
from agent_app.errors import KnownError
from agent_app.events import Event
from agent_app.geometry import Region
from agent_app.office import Office
from agent_app.policy.rules import Confirm
from agent_app.session import AgentSession
from agent_app.settings import SettingsFile


class ShownWindow(Protocol):
    """What a hook may do with the window."""

    def save_picture(self, path: Path) -> None:
        """Write the window as it looks now, also while it is hidden, as a PNG."""
        ...


BatchHook = Callable[[ShownWindow, Sequence[Event]], None]


@dataclass(frozen=True, slots=True)
class Home:
    """What a window that people keep open has beside a run: where it works, and what is set.

    `environment` is the person's own: their display, and variables that come before the file of
    settings. `state` is a folder for what is to be remembered from one start to the next. A window
    that `stays` was opened for itself and not for one run: the first start of all begins with a
    look at the machine, and a second start shows the window that is open already.
    """

    office: Office
    settings: SettingsFile
    environment: Mapping[str, str]
    state: Path
    stays: bool = False


def run_window(
    make_session: Callable[[str], AgentSession],
    *,
    own_display: bool,
    region: Region | None = None,
    task: str = "",
    autostart: bool = False,
    confirm: Confirm = "none",
    veto_seconds: float = 0.0,
    close_when_finished: bool = False,
    home: Home | None = None,
    environment: Mapping[str, str] | None = None,
    on_ready: Callable[[ShownWindow], None] | None = None,
    on_batch: BatchHook | None = None,
) -> int:
    """Open the window, stay until it is closed, and say with which status to exit.

    `make_session` makes the run of a task; it is called in the run's own thread, so it may take its
    time and may raise KnownError, which the window shows. With `own_display` the agent works on the
    display that the window is on: the window then leaves the screen while the agent looks and acts,
    unless it lies outside `region` (what the agent looks at, in input units; None until the first
    frame has said so); with a `home`, which has pages for the model, this machine and the settings,
    that is asked of it before each run. `environment` is the person's own, which says where the
    window is shown; None is this process's.

    `confirm` is when the person is asked before an action, until they choose otherwise in the
    window. What is about to be done is shown for `veto_seconds` before, which they may choose, too.

    `on_ready` is called once the window is on the screen. `on_batch` is called after a batch of
    events has been shown: a picture taken when the batch holds an ActionDecided shows that step's
    frame, its whole thought and the targets drawn. Both are called in the window's thread.

    The status is that of the last run (`session.EXIT_STATUS`), 0 without one, 1 after a fault of
    ours, and that of a stopped run after a signal. Must be called in the main thread. Raises
    KnownError when no window can be shown.
    """
    from agent_app.ui.libraries import qt_arguments

    environment = os.environ if environment is None else environment
    arguments = qt_arguments(environment)
    from agent_app.ui.application import run  # Qt is imported here, once it is known to load

    return run(
        make_session,
        arguments=arguments,
        own_display=own_display,
        region=region,
        task=task,
        autostart=autostart,
        confirm=confirm,
        veto_seconds=veto_seconds,
        close_when_finished=close_when_finished,
        home=home,
        environment=environment,
        on_ready=on_ready,
        on_batch=on_batch,
    )


def run_viewer(
    folder: Path | None,
    *,
    environment: Mapping[str, str] | None = None,
    on_ready: Callable[[ShownWindow], None] | None = None,
) -> int:
    """Show the episode in this folder until the window is closed; the status to exit with.

    Without a folder the library is shown. `environment` says where the window is shown; None is
    this process's. `on_ready` is called in the window's thread once it is on the screen. Must be
    called in the main thread. Raises KnownError when the folder holds no
    episode, and when no window can be shown.
    """
    from agent_app.ui.libraries import qt_arguments

    if folder is not None and not (folder / EVENTS_FILE).is_file():
        raise KnownError(
            f"{folder} holds no episode",
            remedy=f"give the folder of an episode, the one that holds {EVENTS_FILE}",
        )
    arguments = qt_arguments(os.environ if environment is None else environment)
    from agent_app.ui.application import show_viewer  # Qt is imported here

    return show_viewer(folder, arguments=arguments, on_ready=on_ready)
