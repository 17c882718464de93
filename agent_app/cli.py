"""The command line: reads flags, opens what they name, and hands over.

Nothing heavy is imported before a command needs it. Exit status: 0 done, 1 a fault of ours (with a
traceback), 2 wrong usage, 3 a known problem (named with its remedy), 4 the task failed, 5 a limit
was reached, 130 stopped.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from agent_app import __version__
from agent_app.errors import KnownError
from agent_app.exporting.formats import FORMATS
from agent_app.geometry import Region, Size

if TYPE_CHECKING:
    from agent_app.model_runtime import ModelOptions, Progress, Sampling
    from agent_app.session import WorkplaceOptions

_PRECISIONS = ("auto", "fp32", "bf16", "int8", "int4")
_REPO = "moonshotai/Kimi-VL-A3B-Thinking-2506"
_STOPPED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        return options.command(options)
    except KnownError as error:
        print(f"agent-app: {error.message}\n  → {error.remedy}", file=sys.stderr)  # noqa: T201
        return 3
    except KeyboardInterrupt:
        print("agent-app: stopped", file=sys.stderr)  # noqa: T201
        return _STOPPED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="agent-app", description="A local-first desktop agent that you can watch think."
    )
    parser.add_argument("--version", action="version", version=f"agent-app {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_run(commands.add_parser("run", help="work on a task", description=_run.__doc__))
    _add_model(
        commands.add_parser(
            "model",
            help="fetch, inspect and check Kimi-VL",
            description="Fetch a Kimi-VL checkpoint, look at it, and check that it works.",
        )
    )
    _add_episodes(
        commands.add_parser(
            "episodes",
            help="list, find, show, tag and delete what was recorded",
            description="What was recorded. EPISODE is a folder, or a part of a name in the "
            "library that no other one has.",
        )
    )
    _add_export(
        commands.add_parser(
            "export",
            help="write an episode in another format",
            description=_export.__doc__,
            epilog="Formats:\n"
            + "\n".join(f"  {name:18}{each.about}" for name, each in FORMATS.items()),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
    )
    bring = commands.add_parser(
        "import", help="read a recording of others as episodes", description=_import.__doc__
    )
    bring.add_argument("path", type=Path, metavar="PATH", help="a file or folder, as published")
    bring.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="the folder that the episodes' folders go into (default: where runs are recorded)",
    )
    bring.set_defaults(command=_import)

    demo = commands.add_parser("demo", help="watch it work", description=_demo.__doc__)
    demo.add_argument(
        "--output",
        type=Path,
        default=Path("demo-output"),
        metavar="DIR",
        help="where the results go (default: demo-output)",
    )
    demo.add_argument("--virtual", metavar="WxH", help="use a private desktop of this size")
    demo.set_defaults(command=_demo)

    doctor = commands.add_parser("doctor", help="check this machine", description=_doctor.__doc__)
    doctor.add_argument("--virtual", metavar="WxH", help="check on a private desktop of this size")
    doctor.set_defaults(command=_doctor)
    return parser


def _add_run(run: argparse.ArgumentParser) -> None:
    run.add_argument("task", metavar="TASK", help="what to do, in words or step by step")
    run.add_argument(
        "--model",
        metavar="NAME",
        help="which model decides: reader, kimi-vl, ORG/NAME[@REVISION] in the cache, or a folder "
        "(default: kimi-vl where its weights and a GPU are, else reader)",
    )
    where = run.add_mutually_exclusive_group()
    where.add_argument("--monitor", type=int, metavar="N", help="from 1; 0 is all of them")
    where.add_argument("--region", metavar="X,Y,W,H", help="a part of the screen, in its units")
    run.add_argument(
        "--mask",
        action="append",
        default=[],
        metavar="X,Y,W,H",
        help="never look at this part of the screen; may be given several times",
    )
    run.add_argument("--virtual", metavar="WxH", help="work on a private desktop of this size")
    run.add_argument("--app", metavar="CMD", help="start this program on the desktop first")
    run.add_argument("--max-steps", type=int, default=50, metavar="N", help="default: 50")
    run.add_argument("--max-seconds", type=float, default=1800, metavar="S", help="default: 1800")
    run.add_argument("--no-window", action="store_true", help="print the run in the terminal")
    run.add_argument("--episode", type=Path, metavar="DIR", help="record into this new folder")
    model = run.add_argument_group("Kimi-VL")
    _add_loading(model.add_argument)
    model.add_argument(
        "--prompt",
        default="agent",
        metavar="NAME",
        help="agent, grounding, or a .md file of yours (default: agent)",
    )
    model.add_argument(
        "--temperature",
        type=float,
        default=0.8,
        metavar="T",
        help="0 takes the likeliest word (default: 0.8)",
    )
    model.add_argument(
        "--top-p", type=float, default=1.0, metavar="P", help="draw from this share (default: 1)"
    )
    model.add_argument("--seed", type=int, metavar="N", help="the same seed draws the same words")
    model.add_argument("--no-think", action="store_true", help="answer without a thought")
    model.add_argument(
        "--thinking-budget", type=int, metavar="N", help="the most tokens one thought may take"
    )
    model.add_argument(
        "--max-tokens",
        type=int,
        default=8192,
        metavar="N",
        help="the most tokens one reply may take (default: 8192)",
    )
    run.set_defaults(command=_run)


def _add_export(export: argparse.ArgumentParser) -> None:
    export.add_argument("episode", type=Path, metavar="EPISODE", help="the episode's folder")
    export.add_argument(
        "--to", required=True, choices=tuple(FORMATS), metavar="FORMAT", help="see below"
    )
    export.add_argument(
        "--output",
        required=True,
        type=Path,
        metavar="PATH",
        help="the new file, or a new folder for a format that is one",
    )
    export.set_defaults(command=_export)


def _add_model(model: argparse.ArgumentParser) -> None:
    actions = model.add_subparsers(required=True, metavar="ACTION")

    pull = actions.add_parser("pull", help="fetch a checkpoint", description=_pull.__doc__)
    pull.add_argument(
        "repo", nargs="?", metavar="REPO", help=f"ORG/NAME on the hub (default: {_REPO})"
    )
    pull.add_argument("--revision", metavar="R", help="a branch, a tag or a commit")
    pull.set_defaults(command=_pull)

    info = actions.add_parser(
        "info", help="what is there, and does it fit", description=_info.__doc__
    )
    check = actions.add_parser("check", help="see whether it sees", description=_check.__doc__)
    for action, command in ((info, _info), (check, _check)):
        action.add_argument(
            "name",
            nargs="?",
            default="kimi-vl",
            metavar="NAME",
            help="ORG/NAME[@REVISION] in the cache, or a folder (default: kimi-vl)",
        )
        _add_loading(action.add_argument)
        action.set_defaults(command=command)

    make = actions.add_parser(
        "make-test", help="write a random checkpoint", description=_make_test.__doc__
    )
    make.add_argument("folder", type=Path, metavar="DIR", help="a new or empty folder")
    make.add_argument(
        "--size",
        choices=("tiny", "full"),
        default="tiny",
        help="tiny: a few MB; full: the real shape, 33 GB (default: tiny)",
    )
    make.set_defaults(command=_make_test)


def _add_episodes(episodes: argparse.ArgumentParser) -> None:
    library = argparse.ArgumentParser(add_help=False)
    library.add_argument(
        "--library",
        type=Path,
        default=argparse.SUPPRESS,
        metavar="DIR",
        help="the folder of episodes (default: the one that runs are recorded in)",
    )
    episodes.add_argument("--library", type=Path, metavar="DIR", help=argparse.SUPPRESS)
    episodes.set_defaults(command=_episodes, tag=[])
    actions = episodes.add_subparsers(dest="action", metavar="ACTION")

    def add(name: str, what: str) -> argparse.ArgumentParser:
        return actions.add_parser(name, help=what, description=what, parents=[library])

    listing = add("list", "every episode, the newest first; this is done without ACTION, too")
    listing.add_argument(
        "--tag", action="append", default=[], metavar="TAG", help="only those that have this tag"
    )
    search = add("search", "find words in tasks, thoughts, actions and answers")
    search.add_argument("words", nargs="+", metavar="WORDS")
    show = add("show", "one episode, step by step")
    tag = add("tag", "file an episode under words of your own, kept beside it")
    delete = add("delete", "move an episode to the trash of the desktop")
    for action in (show, tag, delete):
        action.add_argument("episode", metavar="EPISODE")
    tag.add_argument("tags", nargs="+", metavar="TAG")
    tag.add_argument("--remove", action="store_true", help="take these tags away")
    delete.add_argument("--for-good", action="store_true", help="past the trash; needs --yes")
    delete.add_argument("--yes", action="store_true", help="it cannot be undone, and that is meant")
    add("reindex", "make the index anew from the episodes, which are the truth")


def _add_loading(add: Callable[..., object]) -> None:
    add(
        "--device",
        metavar="D",
        help="cpu, cuda:1, or several: cuda:0,cuda:1 (default: as few GPUs as hold it)",
    )
    add(
        "--precision",
        choices=_PRECISIONS,
        default="auto",
        help="of the weights; auto is the most exact that fits (default: auto)",
    )
    add(
        "--context",
        type=int,
        metavar="N",
        help="the most tokens a conversation may have (default: 32768)",
    )


def _run(options: argparse.Namespace) -> int:
    """Work on one task, in a window that shows the thought, or in the terminal."""
    from agent_app.session import EXIT_STATUS, Workplace

    chosen = _workplace_options(options)
    if not options.no_window:
        _require_display_for_window()
    with Workplace(chosen, environment=os.environ) as place:
        if options.no_window:
            from rich.console import Console

            from agent_app.console import print_run

            console = Console()
            session = place.session(options.task, episode=options.episode)
            finished = print_run(session, console)
            if session.recorder.folder.exists():
                console.print(f"episode: {session.recorder.folder}", style="dim", soft_wrap=True)
            return EXIT_STATUS[finished.outcome]
        from agent_app.ui import run_window

        return run_window(
            lambda task: place.session(task, episode=options.episode),
            own_display=place.desktop is None,
            region=place.screen.region,
            task=options.task,
            autostart=True,
        )


def _export(options: argparse.Namespace) -> int:
    """Write an episode in another format, and say what that cannot hold."""
    from rich.console import Console

    from agent_app.console import progress_bar
    from agent_app.episode.reader import open_episode
    from agent_app.exporting.formats import export_episode

    console = Console()
    episode = open_episode(options.episode)
    with progress_bar(console, in_bytes=False) as progress:
        telling = _naming(progress, f"Writing {options.to}")
        lost = export_episode(episode, options.to, options.output, progress=telling)
    for problem in episode.problems:
        console.print(f"damaged: {problem}", style="yellow", markup=False, soft_wrap=True)
    for sentence in lost:
        console.print(f"not held: {sentence}", style="yellow", markup=False, soft_wrap=True)
    console.print(str(options.output), markup=False, highlight=False, soft_wrap=True)
    return 0


def _naming(progress: Progress, name: str) -> Progress:
    def tell(what: str, done: int, total: int) -> None:
        progress(f"{name}: {what}", done, total)

    return tell


def _import(options: argparse.Namespace) -> int:
    """Read recordings of AgentNet, AgentNetBench, OSWorld or UI-TARS as episodes."""
    from rich.console import Console

    from agent_app.console import progress_bar
    from agent_app.importing.formats import import_recordings

    console = Console()
    with progress_bar(console, in_bytes=False) as progress:
        telling = _naming(progress, f"Reading {options.path}")
        for folder, lost in import_recordings(
            options.path, library=options.output, progress=telling
        ):
            console.print(str(folder), markup=False, highlight=False, soft_wrap=True)
            for sentence in lost:
                console.print(
                    f"  not kept: {sentence}", style="yellow", markup=False, soft_wrap=True
                )
    return 0


def _pull(options: argparse.Namespace) -> int:
    """Fetch a checkpoint from the hub, or go on where it was cut; every byte is checked.

    HF_HOME says where it goes, HF_ENDPOINT which hub it comes from, HF_TOKEN who you are.
    """
    from rich.console import Console

    from agent_app.model_commands import pull_model

    return pull_model(options.repo or _REPO, revision=options.revision, console=Console())


def _info(options: argparse.Namespace) -> int:
    """Say what a checkpoint holds, and what loading it takes on this machine."""
    from rich.console import Console

    from agent_app.model_commands import show_model

    return show_model(options.name, options=_loading(options), console=Console())


def _check(options: argparse.Namespace) -> int:
    """Load a checkpoint and show it three pictures: it must tell them apart."""
    from rich.console import Console

    from agent_app.model_commands import check_model

    return check_model(
        options.name, options=_loading(options), environment=os.environ, console=Console()
    )


def _make_test(options: argparse.Namespace) -> int:
    """Write a checkpoint of random weights, in the real format and with the real names."""
    from rich.console import Console

    from agent_app.model_commands import make_test_model

    return make_test_model(options.folder, options.size, console=Console())


def _episodes(options: argparse.Namespace) -> int:
    from rich.console import Console

    from agent_app import episode_commands as episodes

    library: Path | None = options.library
    console = Console()
    match options.action:
        case "search":
            return episodes.search_episodes(library, " ".join(options.words), console=console)
        case "show":
            return episodes.show_episode(library, options.episode, console=console)
        case "tag":
            return episodes.tag_episode(
                library, options.episode, options.tags, remove=options.remove, console=console
            )
        case "delete":
            return episodes.delete_episode(
                library,
                options.episode,
                for_good=options.for_good,
                yes=options.yes,
                console=console,
            )
        case "reindex":
            return episodes.reindex_episodes(library, console=console)
        case _:
            return episodes.list_episodes(library, tags=options.tag, console=console)


def _demo(options: argparse.Namespace) -> int:
    """Compute, write and save in two real applications, and keep pictures of it."""
    from agent_app.demo import run_demo

    return run_demo(options.output, virtual=_size(options.virtual))


def _doctor(options: argparse.Namespace) -> int:
    """Check everything a run needs; each line is in order, or says what to do."""
    from rich.console import Console

    from agent_app.doctor import print_checks, run_checks

    checks = run_checks(os.environ, virtual=_size(options.virtual))
    return 0 if print_checks(checks, Console()) else 3


def _workplace_options(options: argparse.Namespace) -> WorkplaceOptions:
    from agent_app.events import Budgets
    from agent_app.loop import LoopSettings
    from agent_app.session import WorkplaceOptions

    if options.max_steps < 1 or options.max_seconds <= 0:
        raise KnownError("a run needs room to work", remedy="give limits above zero")
    return WorkplaceOptions(
        model=options.model,
        loading=_loading(options),
        prompt=Path(options.prompt) if options.prompt.endswith(".md") else options.prompt,
        monitor=options.monitor,
        region=Region.parse(options.region) if options.region else None,
        masks=tuple(Region.parse(mask) for mask in options.mask),
        virtual=_size(options.virtual),
        app=options.app,
        settings=LoopSettings(
            budgets=Budgets(steps=options.max_steps, seconds=options.max_seconds),
            sampling=_sampling(options),
        ),
    )


def _loading(options: argparse.Namespace) -> ModelOptions:
    from agent_app.model_runtime import ModelOptions

    if options.context is not None and options.context < 1:
        raise KnownError("a conversation needs room", remedy="give a --context above zero")
    return ModelOptions(options.device, options.precision, options.context)


def _sampling(options: argparse.Namespace) -> Sampling:
    from agent_app.model_runtime import Sampling

    if not (options.temperature >= 0 and 0 < options.top_p <= 1):
        raise KnownError(
            "no reply can be drawn so",
            remedy="give a --temperature of 0 or more, and a --top-p above 0 and up to 1",
        )
    budget: int | None = options.thinking_budget
    if options.max_tokens < 1 or (budget is not None and budget < 1):
        raise KnownError(
            "a reply needs room",
            remedy="give --max-tokens and --thinking-budget above zero, or --no-think",
        )
    return Sampling(
        temperature=options.temperature,
        top_p=options.top_p,
        seed=options.seed,
        max_tokens=options.max_tokens,
        think=not options.no_think,
        thinking_budget=budget,
    )


def _size(text: str | None) -> Size | None:
    """Read `WxH`; raises KnownError when it is not two sensible whole numbers."""
    if text is None:
        return None
    try:
        width, height = (int(part) for part in text.lower().split("x"))
    except ValueError:
        width = height = 0
    if not (320 <= width <= 16384 and 200 <= height <= 16384):
        raise KnownError(
            f"cannot use the size {text!r}", remedy="give WIDTHxHEIGHT in pixels, such as 1280x800"
        )
    return Size(width, height)


def _require_display_for_window() -> None:
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY")
        or os.environ.get("WAYLAND_DISPLAY")
        or os.environ.get("QT_QPA_PLATFORM")
    ):
        raise KnownError(
            "there is no display for the window",
            remedy="add --no-window (and --virtual 1280x800, if there is no desktop to work on)",
        )
