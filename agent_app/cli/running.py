"""`agent-app run`, `demo` and `doctor`."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent_app.cli.models import add_loading, loading
from agent_app.cli.parsers import Commands
from agent_app.control import MOST_VETO_SECONDS, VETO_SECONDS
from agent_app.errors import KnownError
from agent_app.geometry import Region, Size

if TYPE_CHECKING:
    from agent_app.model_runtime import Sampling
    from agent_app.policy.judging import Policy
    from agent_app.policy.rules import Confirm
    from agent_app.session import WorkplaceOptions


def add_run(commands: Commands) -> None:
    """`agent-app run`."""
    run = commands.add_parser("run", help="work on a task", description=_run.__doc__)
    run.add_argument("task", metavar="TASK", help="what to do, in words or step by step")
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
    run.add_argument(
        "--veto",
        type=float,
        metavar="S",
        help="show what it is about to do for so many seconds before it does it, so that you can "
        f"say no (default: {VETO_SECONDS:g} in the window, 0 with --no-window; 0 is at once)",
    )
    add_limits(run)
    add_policy(run)
    add_sampling(run)
    run.set_defaults(command=_run)


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
    own = "none" if options.virtual else rules.confirm
    return Policy(rules=rules, confirm=options.confirm or confirm or own)


def add_limits(parser: argparse.ArgumentParser, *, steps: int = 50) -> None:
    """How far a run may go, how it is shown, and where it is recorded."""
    parser.add_argument(
        "--max-steps", type=int, default=steps, metavar="N", help=f"default: {steps}"
    )
    parser.add_argument(
        "--max-seconds", type=float, default=1800, metavar="S", help="default: 1800"
    )
    parser.add_argument(
        "--no-take-over",
        action="store_true",
        help="go on although a hand touches mouse or keyboard (ctrl+alt+end stops it still)",
    )
    parser.add_argument("--no-window", action="store_true", help="print the run in the terminal")
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
    add("--no-think", action="store_true", help="answer without a thought")
    add("--thinking-budget", type=int, metavar="N", help="the most tokens one thought may take")
    add(
        "--max-tokens",
        type=int,
        default=8192,
        metavar="N",
        help="the most tokens one reply may take (default: 8192)",
    )


def add_demo(commands: Commands) -> None:
    """`agent-app demo`."""
    demo = commands.add_parser("demo", help="watch it work", description=_demo.__doc__)
    demo.add_argument(
        "--output",
        type=Path,
        default=Path("demo-output"),
        metavar="DIR",
        help="where the results go (default: demo-output)",
    )
    demo.add_argument("--virtual", metavar="WxH", help="use a private desktop of this size")
    demo.add_argument(
        "--model",
        choices=("reader", "small"),
        default="reader",
        help="what decides: the reader in two applications, or a small Kimi-VL in a form "
        "(default: reader)",
    )
    demo.set_defaults(command=_demo)


def add_doctor(commands: Commands) -> None:
    """`agent-app doctor`."""
    doctor = commands.add_parser("doctor", help="check this machine", description=_doctor.__doc__)
    doctor.add_argument("--virtual", metavar="WxH", help="check on a private desktop of this size")
    doctor.add_argument(
        "--calibrate",
        action="store_true",
        help="click targets on every monitor instead, and store a correction where they are missed",
    )
    doctor.set_defaults(command=_doctor)


def _run(options: argparse.Namespace) -> int:
    """Work on one task, in a window that shows the thought, or in the terminal."""
    from agent_app.markers import secret_names
    from agent_app.secret_store import open_store
    from agent_app.session import EXIT_STATUS, Workplace

    chosen = replace(workplace_options(options, app=options.app), secrets=tuple(options.secret))
    veto: float | None = options.veto
    if veto is not None and not 0 <= veto <= MOST_VETO_SECONDS:
        raise KnownError(
            f"nobody waits {veto:g} seconds before each act",
            remedy=f"give --veto 0 to {MOST_VETO_SECONDS:g}",
        )
    if not options.no_window:
        require_display_for_window()
    store = open_store(os.environ)
    store.find((*chosen.secrets, *secret_names([options.task])))  # asks before anything starts
    with Workplace(chosen, environment=os.environ, secrets=store) as place:
        if options.no_window:
            from rich.console import Console

            from agent_app.console import print_run

            console = Console()
            session = place.session(options.task, episode=options.episode)
            session.offer_veto(veto or 0.0)
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
            veto_seconds=VETO_SECONDS if veto is None else veto,
            confirm=chosen.settings.policy.confirm,
        )


def _demo(options: argparse.Namespace) -> int:
    """Watch it work in real windows, and keep pictures of it."""
    from agent_app.demo import run_demo

    return run_demo(options.output, model=options.model, virtual=size_of(options.virtual))


def _doctor(options: argparse.Namespace) -> int:
    """Check everything a run needs; each line is in order, or says what to do."""
    from rich.console import Console

    if options.calibrate:
        from agent_app.doctor.calibrating import print_calibration

        size = size_of(options.virtual)
        return 0 if print_calibration(os.environ, Console(), virtual=size) else 3
    from agent_app.doctor import print_checks, run_checks

    checks = run_checks(os.environ, virtual=size_of(options.virtual))
    return 0 if print_checks(checks, Console()) else 3


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
    from agent_app.loop import LoopSettings
    from agent_app.session import WorkplaceOptions

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
        take_over=not options.no_take_over,
        settings=LoopSettings(
            budgets=Budgets(steps=options.max_steps, seconds=options.max_seconds),
            sampling=sampling(options),
            policy=policy_of(options, confirm=confirm),
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
        think=not options.no_think,
        thinking_budget=budget,
    )


def size_of(text: str | None) -> Size | None:
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
