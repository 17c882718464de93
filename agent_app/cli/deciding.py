"""`agent-app replay … --decide`: a model is asked again on the screens of recordings."""

from __future__ import annotations

import argparse
import dataclasses
import signal
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from agent_app.cli.models import loading
from agent_app.cli.running import prompt_source, sampling
from agent_app.errors import KnownError

if TYPE_CHECKING:
    from rich.console import Console

    from agent_app.episode.reader import Episode
    from agent_app.model_runtime import ModelRuntime
    from agent_app.replaying.batch import Batch
    from agent_app.replaying.deciding import DecideSettings
    from agent_app.replaying.decisions import Decisions
    from agent_app.replaying.scores import Upgrade

AGAINST_FILE = "against.jsonl"
REPORT_FILE = "report.html"
_STOPPED = 130
_DRAWN = 0.8  # temperature of several samples: at 0 they would all be the same


def add_decide(parser: argparse.ArgumentParser) -> None:
    """The flags of `--decide`; EPISODE may be a folder of episodes then.

    Which model it is, and how it is asked, are flags of the whole command.
    """
    group = parser.add_argument_group(
        "asking again", "What would a model do now? It sees the recorded screens; no desktop."
    )
    group.add_argument(
        "--decide", action="store_true", help="ask a model at each step, and compare"
    )
    group.add_argument(
        "--against",
        metavar="B",
        help="another model, or the folder of an earlier --output, to compare with",
    )
    group.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="keep the decisions here, with a report to look at; the same command goes on with it",
    )
    group.add_argument("--samples", type=int, default=1, metavar="N", help="replies for each step")
    group.add_argument(
        "--from-step",
        type=int,
        metavar="K",
        help="fork here: the model's own answers are the past from this step on",
    )
    group.add_argument(
        "--hint",
        default="",
        metavar="TEXT",
        help="put this behind the recorded thought of step K, and go on from there",
    )
    group.add_argument("--limit", type=int, metavar="N", help="ask about at most N steps")


def decide(options: argparse.Namespace) -> int:
    """Ask a model at each recorded step, compare, and say how often it decides the same."""
    from rich.console import Console

    from agent_app.prompting import load_prompt
    from agent_app.replaying.batch import Batch
    from agent_app.replaying.decisions import DECISIONS_FILE, read_decisions
    from agent_app.replaying.elements import PixelReader
    from agent_app.replaying.report import print_result
    from agent_app.replaying.scores import upgrade

    console = Console()
    settings = _settings(options)
    batch = Batch(
        _episodes(options.source),
        load_prompt(prompt_source(options)),
        settings,
        PixelReader(),
        options.limit,
    )
    if settings.from_step is not None and len(batch.episodes) > 1:
        raise KnownError("several episodes have no one step to fork at", remedy="give one of them")
    output: Path | None = options.output
    against: str | None = options.against
    stop = threading.Event()
    before: Decisions | None = None
    if against is not None and (Path(against) / DECISIONS_FILE).is_file():
        before = read_decisions(Path(against))
    elif against is not None:
        before = _ask(against, batch, options, AGAINST_FILE, stop, console)
    if before is not None and stop.is_set():
        result = upgrade(before, None)
    else:
        now = _ask(options.model, batch, options, DECISIONS_FILE, stop, console)
        result = upgrade(now, before)
    print_result(result, console)
    if output is not None:
        _report(result, batch.episodes, output / REPORT_FILE, console)
    return _STOPPED if stop.is_set() else 0


def _settings(options: argparse.Namespace) -> DecideSettings:
    """Read and check the flags; raises KnownError."""
    from agent_app.replaying.deciding import DecideSettings

    if options.samples < 1 or (options.limit is not None and options.limit < 1):
        raise KnownError("there is nothing to ask", remedy="give --samples and --limit above zero")
    if options.hint and options.from_step is None:
        raise KnownError(
            "a hint belongs to one step", remedy="say which: --from-step K --hint TEXT"
        )
    if options.hint and not options.think:
        raise KnownError("a hint goes into a thought", remedy="leave out --no-think")
    return DecideSettings(
        sampling=sampling(options, temperature=_DRAWN if options.samples > 1 else 0.0),
        samples=options.samples,
        from_step=options.from_step,
        hint=options.hint,
    )


def _episodes(name: str) -> Sequence[Path]:
    """An episode by its folder or a part of its name, or all episodes in a folder."""
    from agent_app.episode.library import Library
    from agent_app.episode.recorder import default_library
    from agent_app.replaying.batch import episodes_in

    if Path(name).is_dir():
        return episodes_in(Path(name))
    with Library(default_library()) as library:
        return [library.find(name)]


def _ask(
    name: str | None,
    batch: Batch,
    options: argparse.Namespace,
    file: str,
    stop: threading.Event,
    console: Console,
) -> Decisions:
    """Open a model, and ask it about everything."""
    from agent_app.console import progress_bar

    runtime, why, batch = _open(name, batch, options, console)
    try:
        console.print(why, style="dim", markup=False)
        if options.hint and runtime.info.name == "reader":
            raise KnownError(
                "the reader follows written steps, and takes no hint", remedy="give another --model"
            )
        with stopping_on_interrupt(stop), progress_bar(console, in_bytes=False) as progress:
            return batch.ask(
                runtime,
                source=name or runtime.info.name,
                file=options.output and options.output / file,
                stop=stop,
                progress=progress,
                tell=lambda text: console.print(f"  {text}", style="yellow", markup=False),
            )
    finally:
        runtime.close()


def _open(
    name: str | None, batch: Batch, options: argparse.Namespace, console: Console
) -> tuple[ModelRuntime, str, Batch]:
    """The model, why it is that one, and the batch for it: the reader needs the recordings."""
    from agent_app.console import progress_bar
    from agent_app.model_runtime import open_runtime
    from agent_app.replaying.recorded_reader import open_recorded_reader

    # no environment: what is asked about is recorded, and no desktop is ever looked at
    with progress_bar(console) as progress:
        runtime, why = open_runtime(
            name, environment={}, options=loading(options), progress=progress
        )
    if runtime.info.name != "reader":
        return runtime, why, batch
    runtime.close()
    reader, texts = open_recorded_reader(batch.openable())
    return reader, why, dataclasses.replace(batch, read=texts)


@contextmanager
def stopping_on_interrupt(stop: threading.Event) -> Generator[None]:
    """Turn the first Ctrl+C into a stop that keeps what is done; a second one interrupts."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _report(result: Upgrade, episodes: Sequence[Path], output: Path, console: Console) -> None:
    from agent_app.console import progress_bar
    from agent_app.episode.reader import open_episode
    from agent_app.replaying.report_page import write_report

    folders = {folder.resolve().name: folder for folder in episodes}

    def find(name: str) -> Episode | None:
        try:
            return open_episode(folders[name])
        except (KeyError, KnownError):  # of an earlier result, or damaged since
            return None

    with progress_bar(console, in_bytes=False) as progress:
        write_report(result, output, episode=find, progress=progress)
    console.print(str(output), markup=False, highlight=False, soft_wrap=True)
