"""Where corrections are kept: a file beside the person's other settings."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

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


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One monitor by its name, its place and its scale: when any changes, it counts no more."""

    name: str
    region: Region
    scale: float
    correction: Correction

    def is_of(self, monitor: Monitor) -> bool:
        return (self.name, self.region, self.scale) == (
            monitor.name,
            monitor.region,
            monitor.scale,
        )


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    monitors: tuple[_Entry, ...] = ()


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
    kept = [entry for entry in _read(path) if not any(entry.is_of(each.monitor) for each in found)]
    for each in found:
        if each.correction is not None:
            monitor = each.monitor
            kept.append(_Entry(monitor.name, monitor.region, monitor.scale, each.correction))
    if not kept and not path.exists():
        return path
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
    entries = _read(path or correction_path())
    found = {
        monitor.region: entry.correction
        for monitor in monitors
        for entry in entries
        if entry.is_of(monitor)
    }
    return CorrectedInput(input, found) if found else input


def _read(path: Path) -> tuple[_Entry, ...]:
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_File)
    except FileNotFoundError:
        return ()
    except (OSError, msgspec.MsgspecError) as error:
        raise _unusable(path, str(error)) from error
    if file.version != _VERSION:
        raise _unusable(path, f"version {file.version} is not known here")
    for entry in file.monitors:
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
