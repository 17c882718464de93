"""`agent-app episodes`, `export` and `import`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from agent_app.cli.parsers import Commands
from agent_app.codegen.formats import FORMATS

if TYPE_CHECKING:
    from agent_app.model_runtime import Progress


def add_episodes(commands: Commands) -> None:
    """`agent-app episodes …`."""
    episodes = commands.add_parser(
        "episodes",
        help="list, find, show, tag and delete what was recorded",
        description="What was recorded. EPISODE is a folder, or a part of a name in the "
        "library that no other one has.",
    )
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


def add_export(commands: Commands) -> None:
    """`agent-app export`."""
    export = commands.add_parser(
        "export",
        help="write an episode in another format",
        description=_export.__doc__,
        epilog="Formats:\n"
        + "\n".join(f"  {name:18}{each.about}" for name, each in FORMATS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    export.add_argument(
        "episode",
        metavar="EPISODE",
        help="a folder, or a part of a name in the library that no other one has",
    )
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


def add_import(commands: Commands) -> None:
    """`agent-app import`."""
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


def _export(options: argparse.Namespace) -> int:
    """Write an episode in another format, and say what that cannot hold."""
    from rich.console import Console

    from agent_app.codegen.formats import export_episode
    from agent_app.console import progress_bar
    from agent_app.episode.library import Library
    from agent_app.episode.reader import open_episode
    from agent_app.episode.recorder import default_library

    console = Console()
    folder = Path(options.episode)
    if not folder.is_dir():
        with Library(default_library()) as library:
            folder = library.find(options.episode)
    episode = open_episode(folder)
    with progress_bar(console, in_bytes=False) as progress:
        telling = _naming(progress, f"Writing {options.to}")
        lost = export_episode(episode, options.to, options.output, progress=telling)
    for problem in episode.problems:
        console.print(f"damaged: {problem}", style="yellow", markup=False, soft_wrap=True)
    for sentence in lost:
        console.print(f"not held: {sentence}", style="yellow", markup=False, soft_wrap=True)
    console.print(str(options.output), markup=False, highlight=False, soft_wrap=True)
    return 0


def _import(options: argparse.Namespace) -> int:
    """Read recordings of AgentNet, OSWorld, UI-TARS, ScreenAgent or cua as episodes."""
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


def _naming(progress: Progress, name: str) -> Progress:
    def tell(what: str, done: int, total: int) -> None:
        progress(f"{name}: {what}", done, total)

    return tell
