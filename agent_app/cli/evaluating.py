"""`agent-app eval …`: benchmarks, on folders as they are published and on one's own."""

from __future__ import annotations

import argparse
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from agent_app.cli import making
from agent_app.cli.deciding import decide, stopping_on_interrupt
from agent_app.cli.models import loading
from agent_app.cli.parsers import Commands
from agent_app.cli.running import add_model_choice, add_sampling, prompt_source, sampling
from agent_app.errors import KnownError

if TYPE_CHECKING:
    from rich.console import Console

    from agent_app.evaluate.items import Dataset
    from agent_app.evaluate.results import Conditions
    from agent_app.evaluate.running import EvalSettings
    from agent_app.model_runtime import ModelRuntime, Sampling
    from agent_app.prompting import Prompt

_STOPPED = 130
_DRAWN = 0.8  # temperature of several samples: at 0 they would all be the same
_SHARD = re.compile(r"([1-9]\d*)/([1-9]\d*)")
_BENCHMARKS = {
    "screenspot-v2": "ScreenSpot-V2: desktop, mobile and web, text and icons",
    "screenspot-pro": "ScreenSpot-Pro: professional applications at full resolution",
    "osworld-g": "OSWorld-G: boxes, polygons, and what is to be refused",
    "folder": "a benchmark of your own, such as make-desktop builds",
}


def add_eval(commands: Commands) -> None:
    """`agent-app eval …`."""
    evaluate = commands.add_parser(
        "eval",
        help="measure a model on benchmarks, published ones and your own",
        description="Measure how well a model finds things on screens. docs/evaluate.md tells "
        "what each benchmark's folder holds and how it is scored.",
    )
    actions = evaluate.add_subparsers(required=True, metavar="BENCHMARK")
    for name, about in _BENCHMARKS.items():
        run = actions.add_parser(name, help=about, description=f"{about}.")
        _add_run(run)
        if name == "screenspot-pro":
            run.add_argument(
                "--language",
                choices=("en", "cn", "all"),
                default="en",
                help="of the instructions (default: en, as the published figures are)",
            )
        if name == "osworld-g":
            run.add_argument(
                "--refined", action="store_true", help="take the refined, longer instructions"
            )
        run.set_defaults(command=_run, benchmark=name)
    episodes = actions.add_parser(
        "episodes",
        help="recordings of others: AgentNetBench, ScreenAgent, and whatever import reads",
        description=_episodes.__doc__,
    )
    episodes.add_argument(
        "--data", type=Path, required=True, metavar="PATH", help="recordings, as import reads them"
    )
    _add_asking(episodes)
    episodes.set_defaults(command=_episodes, against=None, from_step=None, hint="")
    making.add_make_desktop(actions)
    compare = actions.add_parser(
        "compare", help="which items flipped between two results", description=_compare.__doc__
    )
    compare.add_argument("before", type=Path, metavar="A", help="the --output of a run")
    compare.add_argument("now", type=Path, metavar="B", help="that of another one")
    compare.add_argument(
        "--output", type=Path, metavar="DIR", help="write compare.md and compare.html here, too"
    )
    compare.set_defaults(command=_compare)
    report = actions.add_parser(
        "report", help="write the report of a result anew", description=_report.__doc__
    )
    report.add_argument("folder", type=Path, metavar="DIR", help="the --output of a run")
    report.set_defaults(command=_report)


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="the benchmark's folder, as it is"
    )
    parser.add_argument(
        "--shard",
        default="1/1",
        metavar="I/N",
        help="ask about every N-th item, from the I-th; shards may share one --output",
    )
    _add_asking(parser)


def _add_asking(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output", type=Path, required=True, metavar="DIR", help="where the results go"
    )
    parser.add_argument(
        "--limit",
        type=int,
        metavar="N",
        help="ask about N items, spread evenly over all; of episodes, the first N steps",
    )
    parser.add_argument("--resume", action="store_true", help="go on with what --output holds")
    parser.add_argument(
        "--samples", type=int, default=1, metavar="K", help="replies for each item (default: 1)"
    )
    add_model_choice(parser)
    add_sampling(parser)


def _run(options: argparse.Namespace) -> int:
    """Ask a model about every item of a benchmark, score it, and write a report."""
    from rich.console import Console

    from agent_app.console import progress_bar
    from agent_app.evaluate.items import chosen
    from agent_app.evaluate.results import open_results
    from agent_app.evaluate.running import EvalSettings, Evaluation
    from agent_app.model_runtime import open_runtime
    from agent_app.prompting import load_prompt

    console = Console()
    shard = _shard(options.shard)
    if options.samples < 1 or (options.limit is not None and options.limit < 1):
        raise KnownError("there is nothing to ask", remedy="give --samples and --limit above zero")
    drawn = sampling(options, temperature=_DRAWN if options.samples > 1 else 0.0)
    settings = EvalSettings(drawn, options.samples)
    prompt = load_prompt(prompt_source(options, otherwise="grounding"))
    dataset = _dataset(options)
    gone = set(dataset.missing)
    items = chosen(dataset.items, limit=options.limit, shard=shard)
    items = tuple(item for item in items if item.id not in gone)
    _tell(dataset, console)
    stop = threading.Event()
    # no environment: every screen is a picture, and no desktop is ever looked at
    with progress_bar(console) as progress:
        runtime, why = open_runtime(
            options.model, environment={}, options=loading(options), progress=progress
        )
    try:
        console.print(why, style="dim", markup=False)
        conditions = _conditions(dataset, runtime, prompt, settings, shard, options)
        with (
            open_results(options.output, conditions, resume=options.resume) as log,
            stopping_on_interrupt(stop),
            progress_bar(console, in_bytes=False) as progress,
        ):
            evaluation = Evaluation(runtime, prompt, settings, root=dataset.root, stop=stop)
            evaluation.run(items, log, progress)
    finally:
        runtime.close()
    _write_report(options.output, console)
    return _STOPPED if stop.is_set() else 0


def _episodes(options: argparse.Namespace) -> int:
    """Ask a model at each step of recordings, and compare: kind, place, text and keys.

    Where there are boxes the point must be in one; where there are points the distance is told.
    """
    from rich.console import Console

    from agent_app.console import progress_bar
    from agent_app.evaluate.episode_report import report_episodes
    from agent_app.evaluate.episodes import import_all
    from agent_app.replaying.decisions import DECISIONS_FILE, read_decisions

    console = Console()
    output: Path = options.output
    if (output / DECISIONS_FILE).exists() and not options.resume:
        raise KnownError(
            f"{output} holds a result already",
            remedy="add --resume to go on with it, or give another --output",
        )
    with progress_bar(console, in_bytes=False) as progress:
        import_all(options.data, output / "episodes", progress)
    options.source = str(output / "episodes")
    status = decide(options)
    report_episodes(read_decisions(output), options.data, output, console)
    return status


def _shard(text: str) -> tuple[int, int]:
    match = _SHARD.fullmatch(text)
    if match is None or int(match[1]) > int(match[2]):
        raise KnownError(
            f"cannot read the shard {text!r}", remedy="give I/N with I from 1 to N, such as 2/4"
        )
    return int(match[1]), int(match[2])


def _dataset(options: argparse.Namespace) -> Dataset:
    """The benchmark in the folder; raises KnownError when it cannot be read."""
    root: Path = options.data
    match options.benchmark:
        case "screenspot-v2":
            from agent_app.evaluate.screenspot import read_screenspot_v2

            return read_screenspot_v2(root)
        case "screenspot-pro":
            from agent_app.evaluate.screenspot import read_screenspot_pro

            return read_screenspot_pro(root, language=options.language)
        case "osworld-g":
            from agent_app.evaluate.osworld_g import read_osworld_g

            return read_osworld_g(root, refined=options.refined)
        case _:
            from agent_app.evaluate.folder import read_folder

            return read_folder(root)


def _tell(dataset: Dataset, console: Console) -> None:
    """What was found in the folder, and what is wrong with it."""
    console.print(f"{dataset.title}: {len(dataset.items)} items", markup=False, highlight=False)
    for note in dataset.notes:
        console.print(f"  {note}", style="yellow", markup=False, soft_wrap=True)
    if dataset.missing:
        console.print(
            f"  {len(dataset.missing)} items have no picture, are not asked and not counted:",
            style="yellow",
        )
        for name in dataset.missing:
            console.print(f"    {name}", style="dim", markup=False, soft_wrap=True)


def _conditions(
    dataset: Dataset,
    runtime: ModelRuntime,
    prompt: Prompt,
    settings: EvalSettings,
    shard: tuple[int, int],
    options: argparse.Namespace,
) -> Conditions:
    from agent_app.evaluate.results import Conditions

    drawn: Sampling = settings.sampling
    return Conditions(
        benchmark=dataset.name,
        title=dataset.title,
        data=str(dataset.root.absolute()),
        items=len(dataset.items),
        items_sha1=dataset.sha1,
        missing=dataset.missing,
        notes=dataset.notes,
        breakdowns=dataset.breakdowns,
        published=dataset.published,
        model=runtime.info.name,
        detail=runtime.info.detail,
        source=options.model or runtime.info.name,
        hosts=runtime.info.sends_to,
        prompt_sha1=prompt.sha1,
        temperature=drawn.temperature,
        top_p=drawn.top_p,
        seed=drawn.seed,
        max_tokens=drawn.max_tokens,
        think=drawn.think,
        thinking_budget=drawn.thinking_budget,
        samples=settings.samples,
        limit=options.limit,
        shard=shard,
    )


def _compare(options: argparse.Namespace) -> int:
    """Put two results of one benchmark side by side: what was gained and lost, and by chance?"""
    from rich.console import Console

    from agent_app.console import progress_bar
    from agent_app.evaluate.comparing import compare
    from agent_app.evaluate.printing import print_comparison
    from agent_app.evaluate.report_files import write_comparison_files
    from agent_app.evaluate.results import read_results

    console = Console()
    flips = compare(read_results(options.before), read_results(options.now))
    print_comparison(flips, console)
    if options.output is not None:
        with progress_bar(console, in_bytes=False) as progress:
            page = write_comparison_files(flips, options.output, progress)
        console.print(str(page), markup=False, highlight=False, soft_wrap=True)
    return 0


def _report(options: argparse.Namespace) -> int:
    """Write the report of a result anew, such as of shards that ran on several machines."""
    from rich.console import Console

    _write_report(options.folder, Console())
    return 0


def _write_report(folder: Path, console: Console) -> None:
    from agent_app.console import progress_bar
    from agent_app.evaluate.printing import print_outcome
    from agent_app.evaluate.report_files import write_files
    from agent_app.evaluate.results import read_results

    outcome = read_results(folder)
    print_outcome(outcome, console)
    if not outcome.results:
        return
    with progress_bar(console, in_bytes=False) as progress:
        page = write_files(outcome, folder, progress)
    console.print(str(page), markup=False, highlight=False, soft_wrap=True)
