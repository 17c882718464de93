"""Where what was found is kept: a file beside the person's other settings."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import msgspec
import platformdirs

from agent_app.actions import Input
from agent_app.calibration.correction import CorrectedInput, Correction
from agent_app.calibration.measuring import MonitorResult
from agent_app.errors import KnownError
from agent_app.geometry import Monitor, Region

_VERSION = 1
_FACTORS = (0.2, 5.0)  # what is beyond is a mistake in the file, no monitor
_FARTHEST = 10_000.0


class Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was found on one monitor, known by its name, place and scale: for another none counts.

    `before` and `after` are as in `MonitorResult`, and `at` is when it was found; None where that
    was not kept yet.
    """

    name: str
    region: Region
    scale: float
    correction: Correction | None = None
    before: float | None = None
    after: float | None = None
    at: datetime | None = None

    @classmethod
    def of(cls, result: MonitorResult) -> Self:
        """What has been found just now."""
        monitor = result.monitor
        now = datetime.now(UTC).replace(microsecond=0)
        found = (result.correction, result.before, result.after)
        return cls(monitor.name, monitor.region, monitor.scale, *found, now)

    def is_of(self, monitor: Monitor) -> bool:
        return (self.name, self.region, self.scale) == (
            monitor.name,
            monitor.region,
            monitor.scale,
        )


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    monitors: tuple[Kept, ...] = ()


def correction_path() -> Path:
    """Where a person's corrections lie: their configuration folder."""
    return platformdirs.user_config_path("agent-app", appauthor=False) / "calibration.json"


def keep(results: Iterable[MonitorResult], path: Path | None = None) -> Path:
    """Store what was found, in the place of what was stored for the same monitors.

    A monitor that needs no correction loses the one it had. Raises KnownError when the file cannot
    be written, or holds what is not ours.
    """
    path = path or correction_path()
    found = list(results)
    kept = [each for each in kept_at(path) if not any(each.is_of(one.monitor) for one in found)]
    kept += [Kept.of(each) for each in found]
    written = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        written.write_bytes(msgspec.json.format(msgspec.json.encode(_File(_VERSION, tuple(kept)))))
        written.replace(path)
    except OSError as error:
        raise KnownError(
            f"cannot write {path}: {error.strerror}", remedy="make room, or make it writable"
        ) from error
    return path


def corrected(
    input: Input,
    environment: Mapping[str, str],
    monitors: Iterable[Monitor],
    *,
    path: Path | None = None,
) -> Input:
    """The input with what is stored for these monitors; the same where nothing is.

    Corrections are of the person's own display, so none applies to a private one. Raises KnownError
    for a file that cannot be read.
    """
    if environment.get("DISPLAY") != os.environ.get("DISPLAY"):
        return input
    entries = kept_at(path or correction_path())
    found = {
        monitor.region: entry.correction
        for monitor in monitors
        for entry in entries
        if entry.correction is not None and entry.is_of(monitor)
    }
    return CorrectedInput(input, found) if found else input


def kept_at(path: Path) -> tuple[Kept, ...]:
    """What is stored in this file. Raises KnownError when it holds what is not ours."""
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_File)
    except FileNotFoundError:
        return ()
    except (OSError, msgspec.MsgspecError) as error:
        raise _unusable(path, str(error)) from error
    if file.version != _VERSION:
        raise _unusable(path, f"version {file.version} is not known here")
    for entry in file.monitors:
        if entry.correction is None:
            continue
        for stretch in (entry.correction.x, entry.correction.y):
            least, most = _FACTORS
            if not (least <= stretch.factor <= most and abs(stretch.shift) <= _FARTHEST):
                raise _unusable(path, f"no monitor is stretched by {stretch.factor:g}")
    return file.monitors


def _unusable(path: Path, why: str) -> KnownError:
    return KnownError(
        f"cannot use the calibration {path}: {why}",
        remedy="remove that file, and calibrate again: agent-app doctor --calibrate",
    )
