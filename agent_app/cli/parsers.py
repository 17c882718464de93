"""What the commands' files share."""

from __future__ import annotations

import argparse
from typing import Protocol


class Commands(Protocol):
    """What argparse's add_subparsers returns, which has no public name there."""

    def add_parser(
        self,
        name: str,
        *,
        help: str,
        description: str | None,
        epilog: str | None = None,
        formatter_class: type[argparse.HelpFormatter] = argparse.HelpFormatter,
    ) -> argparse.ArgumentParser: ...
