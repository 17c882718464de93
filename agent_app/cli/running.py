"""`agent-app run`, and the flags that it shares with others."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent_app.cli.models import add_loading, loading
from agent_app.cli.parsers import Commands
from agent_app.cli.settings import filled, leave_to_settings
from agent_app.cli.window import open_window
from agent_app.control import MOST_VETO_SECONDS, VETO_SECONDS
from agent_app.errors import KnownError
from agent_app.geometry import Region, Size

if TYPE_CHECKING:
    from agent_app.model_runtime import Sampling
    from agent_app.policy.judging import Policy
    from agent_app.policy.rules import Confirm
    from agent_app.settings import Settings
    from agent_app.workplace import WorkplaceOptions


def add_run(commands: Commands) -> None:
    """`agent-app run`."""
    run = commands.add_parser("run", help="work on a task", description=_run.__doc__)
    run.add_argument("task", metavar="TASK", help="what to do, in words or step by step")
    add_work(run)
    run.add_argument("--no-window", action="store_true", help="print the run in the terminal")
    run.set_defaults(command=_run)


def add_work(run: argparse.ArgumentParser) -> None:
    """The flags of a run whose defaults are what is set; `filled` gives them."""
    add_model_choice(run)
    add_desktop(run)
    run.add_argument("--app", metavar="CMD", help="start this program on the desktop first")
    run.add_argument(
        "--secret",
        action="append",
        default=[],
        metavar="NAME",
        help="the model may type this stored secret, too (those that the task names, it may); may "
        "be given several times",
    )
    add_veto(run)
    add_limits(run, terminal=False)
    add_policy(run)
    add_sampling(run)
    leave_to_settings(run)


def add_veto(parser: argparse.ArgumentParser) -> None:
    """`--veto`; `checked_veto` says what is wrong with it."""
    parser.add_argument(
        "--veto",
        type=float,
        metavar="S",
        help="show what it is about to do for so many seconds before it does it, so that you can "
        f"say no (default: {VETO_SECONDS:g} in the window, 0 with --no-window; 0 is at once)",
    )


def add_model_choice(parser: argparse.ArgumentParser) -> None:
    """`--model`."""
    parser.add_argument(
        "--model",
        action=_ModelName,
        metavar="NAME",
        help="which model decides: reader, kimi-vl, small, ORG/NAME[@REVISION] in the cache, a "
        "folder, or the URL of a server, http://HOST:PORT/v1, and of several with commas or by "
        "giving it again (default: kimi-vl where its weights and a GPU are, else reader)",
    )


class _ModelName(argparse.Action):
    """The last one given; but the addresses of servers add up."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,  # noqa: ARG002
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,  # noqa: ARG002
    ) -> None:
        from agent_app.model_runtime import is_served

        before: str | None = getattr(namespace, self.dest)
        add_up = before is not None and is_served(before) and is_served(values)
        setattr(namespace, self.dest, f"{before},{values}" if add_up else values)


def add_desktop(parser: argparse.ArgumentParser) -> None:
    """The flags that say which desktop is worked on, and which part of it."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--monitor", type=int, metavar="N", help="from 1; 0 is all of them")
    where.add_argument("--region", metavar="X,Y,W,H", help="a part of the screen, in its units")
    parser.add_argument(
        "--mask",
        action="append",
        default=[],
        metavar="X,Y,W,H",
        help="never look at this part of the screen; may be given several times",
    )
    parser.add_argument("--virtual", metavar="WxH", help="work on a private desktop of this size")


def add_policy(parser: argparse.ArgumentParser) -> None:
    """What may be done, and when the person is asked."""
    parser.add_argument(
        "--confirm",
        choices=("risky", "all", "none"),
        help="ask before risky actions, before all, or never; what is refused stays refused "
        "(default: risky on your own display, none with --virtual)",
    )
    parser.add_argument(
        "--policy",
        type=Path,
        metavar="FILE",
        help="what asks and what is refused (default: yours, else the one that is shipped; see "
        "agent-app policy show)",
    )


def policy_of(options: argparse.Namespace, *, confirm: Confirm | None = None) -> Policy:
    """Read the policy and the mode of a run; raises KnownError.

    `confirm` is the mode that is taken when none is given.
    """
    from agent_app.policy.file import own_rules
    from agent_app.policy.judging import Policy

    rules = own_rules(options.policy)
    if (seconds := _answer_seconds(options)) is not None:
        rules = replace(rules, answer_seconds=seconds)
    own = "none" if options.virtual else rules.confirm
    return Policy(rules=rules, confirm=options.confirm or confirm or own)


def _answer_seconds(options: argparse.Namespace) -> float | None:
    """How long a question waits, where the settings say so; it has no flag."""
    seconds: float | None = getattr(options, "answer_seconds", None)
    return seconds


def add_limits(parser: argparse.ArgumentParser, *, steps: int = 50, terminal: bool = True) -> None:
    """How far a run may go, where it is recorded, and whether it is shown in the terminal."""
    parser.add_argument(
        "--max-steps", type=int, default=steps, metavar="N", help=f"default: {steps}"
    )
    parser.add_argument(
        "--max-seconds", type=float, default=1800, metavar="S", help="default: 1800"
    )
    parser.add_argument(
        "--take-over",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="hold still when a hand touches mouse or keyboard, or go on (ctrl+alt+end stops it "
        "still)",
    )
    if terminal:
        parser.add_argument(
            "--no-window", action="store_true", help="print the run in the terminal"
        )
    parser.add_argument("--episode", type=Path, metavar="DIR", help="record into this new folder")


def add_sampling(parser: argparse.ArgumentParser) -> None:
    """How the model is loaded and asked; what is not given is the command's own to choose."""
    model = parser.add_argument_group("the model")
    add_loading(model.add_argument)
    add = model.add_argument
    add(
        "--prompt",
        metavar="NAME",
        help="agent, grounding, or a .md file of yours "
        "(default: agent; grounding for --execute and eval)",
    )
    add(
        "--temperature",
        type=float,
        metavar="T",
        help="0 takes the likeliest word (default: 0.8; 0 for --decide and eval with one sample)",
    )
    add("--top-p", type=float, default=1.0, metavar="P", help="draw from this share (default: 1)")
    add("--seed", type=int, metavar="N", help="the same seed draws the same words")
    add(
        "--think",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="think before answering, or answer without a thought",
    )
    add("--thinking-budget", type=int, metavar="N", help="the most tokens one thought may take")
    add(
        "--max-tokens",
        type=int,
        default=8192,
        metavar="N",
        help="the most tokens one reply may take (default: 8192)",
    )


def _run(options: argparse.Namespace) -> int:
    """Work on one task, in a window that shows the thought, or in the terminal."""
    from agent_app.markers import secret_names
    from agent_app.secret_store import open_store

    chosen, veto = chosen_options(options), chosen_veto(options)
    if not options.no_window:
        require_display_for_window()
    store = open_store(os.environ)
    store.find((*chosen.secrets, *secret_names([options.task])))  # asks before anything starts
    if not options.no_window:
        return open_window(options, task=options.task, secrets=store, open_first=True)
    from rich.console import Console

    from agent_app.console import print_run
    from agent_app.session import EXIT_STATUS, LiveSession
    from agent_app.workplace import Workplace

    with Workplace(chosen, environment=os.environ, secrets=store) as place:
        console = Console()
        session = LiveSession(place, options.task, episode=options.episode)
        session.offer_veto(veto or 0.0)
        finished = print_run(session, console)
        if session.recorder.folder.exists():
            console.print(f"episode: {session.recorder.folder}", style="dim", soft_wrap=True)
        return EXIT_STATUS[finished.outcome]


def chosen_options(
    options: argparse.Namespace, settings: Callable[[], Settings] | None = None
) -> WorkplaceOptions:
    """What a run works with: its flags, over what is set. Raises KnownError."""
    whole = filled(options, settings)
    return replace(workplace_options(whole, app=whole.app), secrets=tuple(options.secret))


def chosen_veto(
    options: argparse.Namespace, settings: Callable[[], Settings] | None = None
) -> float | None:
    """For how many seconds an act is shown before it is done, None when that is not said.

    Raises KnownError for more than anybody waits.
    """
    return checked_veto(filled(options, settings).veto)


def checked_veto(veto: float | None) -> float | None:
    """The seconds of `--veto`; raises KnownError for more than anybody waits."""
    if veto is not None and not 0 <= veto <= MOST_VETO_SECONDS:
        raise KnownError(
            f"nobody waits {veto:g} seconds before each act",
            remedy=f"give --veto 0 to {MOST_VETO_SECONDS:g}",
        )
    return veto


def workplace_options(
    options: argparse.Namespace,
    *,
    app: str | None = None,
    prompt: str = "agent",
    confirm: Confirm | None = None,
) -> WorkplaceOptions:
    """Read and check the flags of a run; raises KnownError.

    `app` is started on the desktop; `prompt` and `confirm` are taken when none is given.
    """
    from agent_app.events import Budgets
    from agent_app.loop import ANSWER_SECONDS, LoopSettings
    from agent_app.workplace import WorkplaceOptions

    if options.max_steps < 1 or options.max_seconds <= 0:
        raise KnownError("a run needs room to work", remedy="give limits above zero")
    return WorkplaceOptions(
        model=options.model,
        loading=loading(options),
        prompt=prompt_source(options, otherwise=prompt),
        monitor=options.monitor,
        region=Region.parse(options.region) if options.region else None,
        masks=tuple(Region.parse(mask) for mask in options.mask),
        virtual=size_of(options.virtual),
        app=app,
        take_over=options.take_over,
        settings=LoopSettings(
            budgets=Budgets(steps=options.max_steps, seconds=options.max_seconds),
            sampling=sampling(options),
            policy=policy_of(options, confirm=confirm),
            answer_seconds=_answer_seconds(options) or ANSWER_SECONDS,
        ),
    )


def prompt_source(options: argparse.Namespace, *, otherwise: str = "agent") -> str | Path:
    """The name of a prompt that ships with the package, or the path of a file."""
    name: str = options.prompt or otherwise
    return Path(name) if name.endswith(".md") else name


def sampling(options: argparse.Namespace, *, temperature: float = 0.8) -> Sampling:
    """Read and check the flags for drawing a reply; raises KnownError.

    `temperature` is the one that is taken when none is given.
    """
    from agent_app.model_runtime import Sampling

    if options.temperature is not None:
        temperature = options.temperature
    if not (temperature >= 0 and 0 < options.top_p <= 1):
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
        temperature=temperature,
        top_p=options.top_p,
        seed=options.seed,
        max_tokens=options.max_tokens,
        think=options.think,
        thinking_budget=budget,
    )


def size_of(text: str | None) -> Size | None:
    """Read `WxH`; raises KnownError when it is not two sensible whole numbers."""
    return None if text is None else Size.parse(text)


def require_display_for_window() -> None:
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY")
        or os.environ.get("WAYLAND_DISPLAY")
        or os.environ.get("QT_QPA_PLATFORM")
    ):
        raise KnownError(
            "there is no display for the window",
            remedy="add --no-window (and --virtual 1280x800, if there is no desktop to work on)",
        )
