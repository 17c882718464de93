"""`agent-app record`."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from agent_app.cli.parsers import Commands
from agent_app.cli.running import add_desktop, size_of
from agent_app.errors import KnownError
from agent_app.geometry import Region

if TYPE_CHECKING:
    from rich.console import Console

    from agent_app.demonstration.options import RecordingOptions
    from agent_app.demonstration.session import DemonstrationSession
    from agent_app.events import Event, Outcome


def add_record(commands: Commands) -> None:
    """`agent-app record`."""
    record = commands.add_parser(
        "record",
        help="record what you do, as an episode",
        description=_record.__doc__,
        epilog="It ends with ctrl+alt+end, the strip's button, Ctrl+C here, or the application. "
        "What you type between two presses of both Ctrl keys together, or into a password field, "
        "is not kept.",
    )
    record.add_argument("task", metavar="TASK", nargs="?", default="", help="what you will do")
    add_recording(record)
    record.set_defaults(command=_record)


def add_recording(parser: argparse.ArgumentParser) -> None:
    """The flags of whatever records a person."""
    add_desktop(parser)
    parser.add_argument("--app", metavar="CMD", help="start this program on the desktop first")
    parser.add_argument("--episode", type=Path, metavar="DIR", help="record into this new folder")
    parser.add_argument("--no-window", action="store_true", help="show no strip, only these lines")
    parser.add_argument(
        "--injected",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="input that programs send is yours, too: by VNC, a remote desktop or xdotool "
        "(default: only on a virtual desktop, which has no mouse of its own)",
    )
    parser.add_argument(
        "--secret-window",
        action="append",
        default=[],
        metavar="PATTERN",
        help="keep nothing that is typed into windows with this in their title or application's "
        "name; may be given several times",
    )
    parser.add_argument(
        "--stop-key", metavar="KEYS", help="the keys that end it (default: ctrl+alt+end)"
    )
    parser.add_argument(
        "--secret-key",
        metavar="KEYS",
        help="the keys before and after a secret (default: ctrlleft+ctrlright)",
    )


def _record(options: argparse.Namespace) -> int:
    """Record a demonstration: what you click and type, and what the screen showed before it."""
    return demonstrate(options, options.task)


def demonstrate(
    options: argparse.Namespace,
    task: str,
    follow: Callable[[Path, Event], None] = lambda _episode, _event: None,
) -> int:
    """Record a person as the flags say; `follow` is told each event and the episode's folder."""
    from rich.console import Console

    from agent_app.demonstration.session import DemonstrationSession
    from agent_app.hiding.fields import start_accessibility
    from agent_app.session import EXIT_STATUS
    from agent_app.workplace import Workplace, WorkplaceOptions

    chosen = _recording_options(options)
    place_options = WorkplaceOptions(
        monitor=options.monitor,
        region=Region.parse(options.region) if options.region else None,
        masks=tuple(Region.parse(mask) for mask in options.mask),
        virtual=size_of(options.virtual),
    )
    with Workplace(place_options, environment=os.environ) as place:
        start_accessibility(place.environment)
        process = place.launch(options.app) if options.app else None
        session = DemonstrationSession(
            place,
            task,
            episode=options.episode,
            options=chosen,
            app_ended=lambda: process is not None and process.poll() is not None,
        )
        console = Console()
        if place.desktop is not None:
            console.print(
                f"The private desktop is {place.desktop.display}: look at it and work on it "
                f"through VNC, for example with x11vnc -localhost -display {place.desktop.display}",
                style="dim",
                soft_wrap=True,
            )
        shown = _Shown(
            console, "+".join(chosen.stop_chord), lambda event: follow(session.episode, event)
        )
        _run(session, shown, strip=not options.no_window, virtual=place.desktop is not None)
        if session.recorder.folder.exists():
            console.print(f"episode: {session.recorder.folder}", style="dim", soft_wrap=True)
        return EXIT_STATUS[shown.outcome]


def _run(session: DemonstrationSession, shown: _Shown, *, strip: bool, virtual: bool) -> None:
    """Record until it ends, below a strip where there is room for one."""
    from agent_app.console import stopping_on_signals

    if strip and _has_display():
        from agent_app.ui.strip import run_strip

        if run_strip(
            session,
            own_display=not virtual,
            environment=os.environ,
            hint=shown.stop_chord,
            is_secret=lambda: session.is_secret,
            on_event=shown.show,
        ):
            return
        shown.say("There is no room for the strip beside what is recorded.")
    with stopping_on_signals(session):
        session.prepare()
        for event in session.events():
            shown.show(event)


class _Shown:
    """Prints a recording as it comes, one line for each step."""

    def __init__(self, console: Console, stop_chord: str, follow: Callable[[Event], None]) -> None:
        self.outcome: Outcome = "error"
        self._follow = follow
        self.stop_chord = stop_chord
        self._console = console
        self._told: set[int] = set()

    def say(self, text: str, style: str = "dim") -> None:
        """Print a line of the program's own."""
        from rich.text import Text

        self._console.print(Text(text, style=style), soft_wrap=True)

    def show(self, event: Event) -> None:
        """Print what this event tells."""
        from agent_app.events import ActionDecided, ModelWarned, RunFinished, RunStarted

        self._follow(event)
        match event:
            case RunStarted():
                self.say(f"Recording. It ends with {self.stop_chord}, or Ctrl+C here.", "bold")
            case ActionDecided(step=step, intent=intent) if step not in self._told:
                self._told.add(step)
                self.say(f"{step:4}  {intent}", "")
            case ModelWarned(message=message):
                self.say(f"   !  {message}", "yellow")
            case RunFinished(outcome=outcome, reason=reason, steps=steps, seconds=seconds):
                self.outcome = outcome
                said = "" if outcome == "error" else f": {reason}"
                self.say(f"{steps} steps in {seconds:.0f} s{said}", "bold")
            case _:
                pass


def _has_display() -> bool:
    return any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")))


def _recording_options(options: argparse.Namespace) -> RecordingOptions:
    from agent_app.demonstration.options import SECRET_CHORD, RecordingOptions
    from agent_app.keys import STOP_CHORD

    injected: bool | None = options.injected
    return RecordingOptions(
        injected=options.virtual is not None if injected is None else injected,
        secret_windows=tuple(options.secret_window),
        stop_chord=_chord(options.stop_key, STOP_CHORD),
        secret_chord=_chord(options.secret_key, SECRET_CHORD),
    )


def _chord(text: str | None, default: tuple[str, ...]) -> tuple[str, ...]:
    """Read `ctrl+alt+end`; raises KnownError when a part of it is no key."""
    from agent_app.errors import ModelMistake
    from agent_app.keys import canonical_key

    if text is None:
        return default
    try:
        keys = tuple(canonical_key(part) for part in text.split("+"))
    except ModelMistake as error:
        raise KnownError(
            f"cannot read the keys {text!r}", remedy="name them like ctrl+alt+end"
        ) from error
    if len(set(keys)) < 2:
        raise KnownError(
            f"{text!r} is pressed in everyday work",
            remedy="give two keys or more, like ctrl+alt+end",
        )
    return keys
