"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found.

    `ok` is None when a run does well without it, or when it could not be checked. `remedy` is empty
    where there is nothing to do.
    """

    name: str
    ok: bool | None
    detail: str
    remedy: str = ""
