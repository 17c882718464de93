"""`agent-app model …`, and the flags that say how a model is loaded."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from agent_app.cli.parsers import Commands
from agent_app.errors import KnownError

if TYPE_CHECKING:
    from agent_app.model_runtime import ModelOptions

_PRECISIONS = ("auto", "fp32", "bf16", "fp8", "int8", "int4")
_ENGINES = ("auto", "fast", "reference")
_REPO = "moonshotai/Kimi-VL-A3B-Thinking-2506"


def add_model(commands: Commands) -> None:
    """`agent-app model pull`, `info`, `check`, `make-test`."""
    model = commands.add_parser(
        "model",
        help="fetch, inspect and check Kimi-VL",
        description="Fetch a Kimi-VL checkpoint, look at it, and check that it works.",
    )
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
    for action, command, also in ((info, _info, ""), (check, _check, ", or a server's URL")):
        action.add_argument(
            "name",
            nargs="?",
            default="kimi-vl",
            metavar="NAME",
            help=f"small, ORG/NAME[@REVISION] in the cache, or a folder{also} (default: kimi-vl)",
        )
        add_loading(action.add_argument)
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


def add_loading(add: Callable[..., object]) -> None:
    """The flags for loading; `add` is the add_argument of a parser or of a group of it."""
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
        "--engine",
        choices=_ENGINES,
        default="auto",
        help="fast: our own GPU kernels; reference: plain torch (default: fast where it runs)",
    )
    add(
        "--context",
        type=int,
        metavar="N",
        help="the most tokens a conversation may have (default: 32768)",
    )
    add(
        "--model-name",
        metavar="NAME",
        help="what a server calls the model (default: it is asked)",
    )
    add(
        "--patience",
        type=float,
        metavar="SECONDS",
        help="how long a server may take to the first token (default: 300)",
    )


def loading(options: argparse.Namespace) -> ModelOptions:
    """Read and check them; raises KnownError."""
    from agent_app.model_runtime import ModelOptions

    if options.context is not None and options.context < 1:
        raise KnownError("a conversation needs room", remedy="give a --context above zero")
    if options.patience is not None and not options.patience > 0:
        raise KnownError("a server needs time", remedy="give a --patience above zero")
    return ModelOptions(
        options.device,
        options.precision,
        options.context,
        options.engine,
        options.model_name,
        options.patience,
    )


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

    return show_model(options.name, options=loading(options), console=Console())


def _check(options: argparse.Namespace) -> int:
    """Show a model three pictures, in this process or at a server: it must tell them apart."""
    from rich.console import Console

    from agent_app.model_commands import check_model

    return check_model(
        options.name, options=loading(options), environment=os.environ, console=Console()
    )


def _make_test(options: argparse.Namespace) -> int:
    """Write a checkpoint of random weights, in the real format and with the real names."""
    from rich.console import Console

    from agent_app.model_commands import make_test_model

    return make_test_model(options.folder, options.size, console=Console())
