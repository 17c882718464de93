"""`agent-app window`, and the window of `agent-app run`."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from agent_app.cli.parsers import Commands
from agent_app.control import VETO_SECONDS
from agent_app.errors import KnownError

if TYPE_CHECKING:
    from agent_app.office import Office
    from agent_app.policy.rules import Confirm
    from agent_app.secret_store import SecretStore
    from agent_app.settings import SettingsFile


def add_window(commands: Commands) -> None:
    """`agent-app window`."""
    from agent_app.cli.running import add_work

    window = commands.add_parser(
        "window",
        help="open the window, and work from there",
        description=_window.__doc__,
    )
    window.add_argument("task", nargs="?", default="", metavar="TASK", help="what to do, to begin")
    add_work(window)
    window.set_defaults(command=_window)


def add_install_desktop(commands: Commands) -> None:
    """`agent-app install-desktop`."""
    install = commands.add_parser(
        "install-desktop",
        help="put it among the applications of your desktop",
        description=_install_desktop.__doc__,
    )
    install.add_argument("--remove", action="store_true", help="take it away again")
    install.set_defaults(command=_install_desktop)


def open_window(
    options: argparse.Namespace,
    *,
    task: str,
    secrets: SecretStore | None = None,
    open_first: bool = False,
) -> int:
    """The window, with everything it needs; the status to exit with.

    With `open_first` the desktop is opened before the window is, so that what is wrong with it is
    told in the terminal, and the task is started. Raises KnownError.
    """
    import platformdirs

    from agent_app.cli.running import chosen_options
    from agent_app.office import Office
    from agent_app.settings import SettingsFile, settings_path
    from agent_app.ui import Home, run_window

    file = SettingsFile(settings_path(os.environ))
    office = Office(
        lambda: chosen_options(options, lambda: file.settings(os.environ)),
        environment=os.environ,
        secrets=secrets,
        episode=options.episode,
    )
    with office:
        if open_first:
            office.open()
        return run_window(
            office.session,
            own_display=True,
            region=office.region if open_first and office.own_display else None,
            task=task,
            autostart=open_first,
            veto_seconds=_veto(options, file),
            confirm=_confirm(office),
            home=Home(
                office,
                file,
                os.environ,
                platformdirs.user_state_path("agent-app", appauthor=False),
                stays=not open_first,
            ),
        )


def _veto(options: argparse.Namespace, file: SettingsFile) -> float:
    """For how long an act is shown first; what is set wrong is told elsewhere."""
    from agent_app.cli.running import chosen_veto

    try:
        veto = chosen_veto(options, lambda: file.settings(os.environ))
    except KnownError:
        veto = None
    return VETO_SECONDS if veto is None else veto


def _confirm(office: Office) -> Confirm:
    """When the person is asked; what is set wrong is told on the settings' page, and by the run."""
    try:
        return office.chosen.settings.policy.confirm
    except KnownError:
        return "risky"


def _window(options: argparse.Namespace) -> int:
    """Open the window: watch runs, start them, look at episodes, choose a model, change settings.

    It stays open from run to run, and needs no task to begin with.
    """
    from agent_app.cli.running import require_display_for_window

    require_display_for_window()
    return open_window(options, task=options.task)


def _install_desktop(options: argparse.Namespace) -> int:
    """Write an icon and an entry into your folders, so that the desktop lists agent-app."""
    from rich.console import Console

    from agent_app.desktop_entry import install, remove

    console = Console()
    for path in remove(os.environ) if options.remove else install(os.environ):
        console.print(str(path), markup=False, highlight=False, soft_wrap=True)
    return 0
