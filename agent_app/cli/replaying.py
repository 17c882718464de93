"""`agent-app replay`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from agent_app.cli import deciding
from agent_app.cli.parsers import Commands
from agent_app.cli.running import (
    add_desktop,
    add_limits,
    add_model_choice,
    add_policy,
    add_sampling,
    add_veto,
    checked_veto,
    require_display_for_window,
    workplace_options,
)
from agent_app.control import VETO_SECONDS
from agent_app.errors import KnownError

if TYPE_CHECKING:
    from agent_app.replaying.recording import Recording
    from agent_app.secret_store import SecretStore

_STEPS = 10_000


def add_replay(commands: Commands) -> None:
    """`agent-app replay`."""
    replay = commands.add_parser(
        "replay",
        help="watch a recorded run, do it again, or ask a model again",
        description="Watch a recorded run; with --execute, do it again without a model; with "
        "--decide, ask a model what it would do.",
    )
    replay.add_argument(
        "source",
        metavar="EPISODE",
        help="a folder, a part of a name in the library that no other one has, or a flow's file",
    )
    again = replay.add_argument_group("doing it again")
    again.add_argument(
        "--execute", action="store_true", help="find each target on the screen, and act on it"
    )
    again.add_argument(
        "--app",
        action="append",
        default=[],
        metavar="CMD",
        help="start this program on the desktop first; may be given several times",
    )
    again.add_argument(
        "--on-miss",
        choices=("stop", "ask", "ground"),
        default="stop",
        help="when a target is not found: stop, ask you, or let the model find it (default: stop)",
    )
    again.add_argument(
        "--params",
        nargs="+",
        default=[],
        metavar="NAME=VALUE",
        help="type another text; or a .json or .toml file of them",
    )
    again.add_argument(
        "--list-params", action="store_true", help="show the texts that the recording types"
    )
    again.add_argument(
        "--heals",
        nargs="+",
        metavar="ACTION",
        help="list, or accept N, or reject N: what help on a miss has found",
    )
    add_veto(replay)
    add_desktop(replay)
    add_limits(replay, steps=_STEPS)
    add_policy(replay)
    add_model_choice(replay)
    deciding.add_decide(replay)
    add_sampling(replay)
    replay.set_defaults(command=_replay)


def _replay(options: argparse.Namespace) -> int:
    if options.decide:
        return deciding.decide(options)
    from agent_app.episode.library import Library
    from agent_app.episode.recorder import default_library

    folder = Path(options.source)
    if not folder.exists():
        with Library(default_library()) as library:
            folder = library.find(options.source)
    if options.list_params:
        return _list_params(folder)
    if options.heals:
        return _heals(folder.parent if folder.is_file() else folder, options.heals)
    if options.execute:
        return _execute(folder, options)
    if options.no_window:
        from rich.console import Console

        from agent_app.episode_commands import show_episode

        return show_episode(None, str(folder), console=Console())
    from agent_app.ui import run_viewer

    require_display_for_window()
    return run_viewer(folder, environment=os.environ)


def _list_params(folder: Path) -> int:
    """The texts that a recording types, by their names."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from agent_app.console import progress_bar
    from agent_app.replaying.recording import open_recording

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("name", no_wrap=True)
    table.add_column("also", no_wrap=True)
    table.add_column("recorded")
    recording = open_recording(folder)
    with progress_bar(Console(stderr=True), in_bytes=False) as progress:
        labels = recording.labels(progress)
    for number, (name, text) in enumerate(recording.texts.items(), 1):
        table.add_row(Text(labels[name], style="bold"), f"text_{number}", Text(repr(text)))
    Console().print(table)
    return 0


def _by_name(params: dict[str, str], recording: Recording) -> dict[str, str]:
    """The given texts by the recording's own names; its screens are read only if they must be."""
    from rich.console import Console

    from agent_app.console import progress_bar
    from agent_app.replaying.parameters import check_params

    if recording.texts.keys() >= params.keys():
        return params
    with progress_bar(Console(stderr=True), in_bytes=False) as progress:
        labels = recording.labels(progress)
    return check_params(params, recording.texts, labels)


def _heals(folder: Path, words: Sequence[str]) -> int:
    """List the heals of a recording, or say what becomes of one of them."""
    from rich.console import Console
    from rich.text import Text

    from agent_app.replaying.healing import Heals

    heals = Heals(folder)
    console = Console()
    match words:
        case ["list"]:
            found = heals.list()
        case ["accept" | "reject" as action, number] if number.isdecimal():
            change = heals.accept if action == "accept" else heals.reject
            found = (change(int(number)),)
        case _:
            raise KnownError(
                f"--heals {' '.join(words)} says nothing",
                remedy="give --heals list, --heals accept N or --heals reject N",
            )
    for heal in found:
        console.print(Text(f"{heal.number}. {heal.state}: {heal.intent} ({heal.how})"))
        console.print(Text(f"   {heal.reason}", style="dim"), soft_wrap=True)
        console.print(Text(f"   {heals.look_of(heal)}", style="dim"), soft_wrap=True)
    if not found:
        console.print(Text("no heals", style="dim"))
    return 0


def _secrets_of(
    recording: Recording, params: Mapping[str, str], store: SecretStore, *, ask: bool
) -> dict[str, str]:
    """Every secret that is typed: those that are stored, and the others as they are asked for.

    Nothing is shown of what is given. Where nobody can answer, or `ask` is off, they are left out.
    """
    from getpass import getpass

    from agent_app.markers import secret_names

    names = secret_names((*recording.texts.values(), *params.values()))
    values = {name: store.get(name) for name in names}
    if ask and sys.stdin.isatty():
        for name, value in values.items():
            if value is None:
                values[name] = getpass(f"{name} (typed, and not recorded): ")
    return {name: value for name, value in values.items() if value is not None}


def _execute(folder: Path, options: argparse.Namespace) -> int:
    """Do a run again, in a window or in the terminal; the exit status is that of a run."""
    from agent_app.events import Budgets
    from agent_app.replaying.execution_steps import ReplaySettings
    from agent_app.replaying.parameters import read_params
    from agent_app.replaying.recording import open_recording
    from agent_app.replaying.session import ReplayOptions, ReplaySession
    from agent_app.secret_store import open_store
    from agent_app.session import EXIT_STATUS
    from agent_app.workplace import Workplace

    chosen = workplace_options(options, prompt="grounding", confirm="none")
    veto = checked_veto(options.veto)
    params = read_params(options.params)
    if not options.no_window:
        require_display_for_window()
    recording = open_recording(folder)
    params = _by_name(params, recording)
    settings = ReplaySettings(
        budgets=Budgets(steps=options.max_steps, seconds=options.max_seconds),
        policy=chosen.settings.policy.written_by_person(),
    )
    store = open_store(os.environ)
    secrets = _secrets_of(recording, params, store, ask=options.no_window)
    with Workplace(chosen, environment=os.environ, secrets=store) as place:
        for command in options.app:
            place.launch(command)
        again = ReplayOptions(
            settings=settings,
            params=params,
            secrets=secrets,
            sampling=chosen.settings.sampling,
        )

        def make_session(_task: str = "") -> ReplaySession:
            return ReplaySession(place, recording, again, folder=options.episode)

        if options.no_window:
            from rich.console import Console

            from agent_app.console import print_run

            console = Console()
            session = make_session()
            session.offer_veto(veto or 0.0)
            finished = print_run(session, console)
            if session.recorder.folder.exists():
                console.print(f"episode: {session.recorder.folder}", style="dim", soft_wrap=True)
            return EXIT_STATUS[finished.outcome]
        from agent_app.ui import run_window

        return run_window(
            make_session,
            own_display=place.desktop is None,
            region=place.screen.region,
            task=recording.task,
            autostart=True,
            confirm=settings.policy.confirm,
            veto_seconds=VETO_SECONDS if veto is None else veto,
        )
