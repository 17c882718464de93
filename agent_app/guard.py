"""Noticing that a run goes in circles: first the model is told, then the run ends."""

from __future__ import annotations

from agent_app.actions import Action, AskHuman, Terminate, Wait
from agent_app.errors import RunEnded
from agent_app.geometry import RelativePoint
from agent_app.wording import Words, say

_WARN_SAME, _END_SAME = 2, 4  # the same actions, again without effect
_WARN_STILL, _END_STILL = 3, 6  # any actions in a row without effect
_WARN_CYCLES, _END_CYCLES = 2, 4  # the same short round of actions and screens
_LONGEST_CYCLE = 4
_GRID = 50  # places closer than 1/50 of the screen are the same place


class LoopGuard:
    """Watches what was done and what came of it, step by step."""

    def __init__(self) -> None:
        self._still = 0
        self._same = 0
        self._last: str | None = None
        self._trail: list[tuple[str, str]] = []

    def observe(self, actions: tuple[Action, ...], *, changed: bool, screen: str) -> Words | None:
        """Take in one step; `screen` is the sha1 of the frame after it.

        Returns what the model should be told, if anything. Raises RunEnded("loop") once telling
        has not helped. Waiting is never a loop: what is waited for may take its time.
        """
        if all(isinstance(action, Wait | AskHuman | Terminate) for action in actions):
            return None
        signature = ";".join(_signature(action) for action in actions)
        self._trail.append((signature, screen))
        self._still = 0 if changed else self._still + 1
        if changed:
            self._same = 0
        else:
            self._same = self._same + 1 if signature == self._last else 1
        self._last = signature
        cycles = self._cycles()
        if self._same >= _END_SAME or self._still >= _END_STILL or cycles >= _END_CYCLES:
            loop = say("the same moves were repeated without getting anywhere")
            raise RunEnded("loop", say("{loop}; say in the task how it is done", loop=loop))
        if self._same >= _WARN_SAME:
            return say(
                "Nothing on the screen changed, again, after the same action. Do something else."
            )
        if self._still >= _WARN_STILL:
            return say(
                "Nothing on the screen changed after the last {count} actions.", count=self._still
            )
        if cycles >= _WARN_CYCLES:
            return say("You are going in circles: these moves bring back the same screens.")
        return None

    def _cycles(self) -> int:
        """How often the trail's last short round was repeated in a row, counting the first."""
        best = 1
        for length in range(2, _LONGEST_CYCLE + 1):
            round_ = self._trail[-length:]
            count = 1
            while self._trail[-length * (count + 1) : -length * count] == round_:
                count += 1
            if len(set(round_)) > 1:
                best = max(best, count)
        return best


def _signature(action: Action) -> str:
    """The action in words, with places rounded so that near misses count as the same."""
    words = [type(action).__name__]
    for name in action.__struct_fields__:
        value = getattr(action, name)
        if isinstance(value, RelativePoint):
            value = (round(value.x * _GRID), round(value.y * _GRID))
        words.append(f"{name}={value}")
    return " ".join(words)
