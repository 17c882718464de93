"""What is wrong with where clicks land on a monitor, and an input that puts it right."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from agent_app.actions import Button, Input
from agent_app.geometry import Region, ScreenPoint


@dataclass(frozen=True, slots=True)
class Stretch:
    """Where on one axis the pointer arrives that is sent to `at`: at `factor * at + shift`.

    Counted from the monitor's own left or top edge, in input units.
    """

    factor: float = 1.0
    shift: float = 0.0

    def arrives(self, at: float) -> float:
        """Where it arrives."""
        return self.factor * at + self.shift

    def sent(self, wanted: float) -> float:
        """Where to send it so that it arrives there."""
        return (wanted - self.shift) / self.factor

    @classmethod
    def through(cls, sent: Sequence[float], arrived: Sequence[float]) -> Stretch:
        """The one that fits best, by least squares; at least two places must differ."""
        factor, shift = np.polyfit(np.array(sent), np.array(arrived), 1)
        return cls(float(factor), float(shift))


@dataclass(frozen=True, slots=True)
class Correction:
    """What is wrong on one monitor, on its two axes."""

    x: Stretch = field(default_factory=Stretch)
    y: Stretch = field(default_factory=Stretch)

    def sent(self, wanted: ScreenPoint, monitor: Region) -> ScreenPoint:
        """Where to send the pointer so that it arrives there."""
        return ScreenPoint(
            monitor.left + round(self.x.sent(wanted.x - monitor.left)),
            monitor.top + round(self.y.sent(wanted.y - monitor.top)),
        )

    def arrives(self, sent: ScreenPoint, monitor: Region) -> ScreenPoint:
        """Where it arrives."""
        return ScreenPoint(
            monitor.left + round(self.x.arrives(sent.x - monitor.left)),
            monitor.top + round(self.y.arrives(sent.y - monitor.top)),
        )


class CorrectedInput:
    """An `Input` whose pointer arrives where it is wanted, on monitors with a correction."""

    def __init__(self, inner: Input, corrections: Mapping[Region, Correction]) -> None:
        self._inner = inner
        self._corrections = corrections

    def position(self) -> ScreenPoint:
        sent = self._inner.position()
        for monitor, correction in self._corrections.items():
            arrived = correction.arrives(sent, monitor)
            if monitor.contains(arrived):
                return arrived
        return sent

    def move(self, point: ScreenPoint) -> None:
        for monitor, correction in self._corrections.items():
            if monitor.contains(point):
                point = correction.sent(point, monitor)
                break
        self._inner.move(point)

    def button_down(self, button: Button) -> None:
        self._inner.button_down(button)

    def button_up(self, button: Button) -> None:
        self._inner.button_up(button)

    def scroll(self, dx: int, dy: int) -> None:
        self._inner.scroll(dx, dy)

    def key_down(self, key: str) -> None:
        self._inner.key_down(key)

    def key_up(self, key: str) -> None:
        self._inner.key_up(key)

    def write(self, text: str, stop: threading.Event) -> None:
        self._inner.write(text, stop)

    def release_all(self) -> None:
        self._inner.release_all()

    def close(self) -> None:
        self._inner.close()
