"""How fast a person's hand stops the agent, or takes over, and whether it is ever missed.

    python bench/control.py
    python bench/control.py --trials 20

The agent types and clicks at full speed on a private desktop; after a random time the stop keys are
pressed, or the mouse is moved, on the server's own devices. Times are the X server's, in whole
milliseconds, from the hand's event to the agent's last one.
"""

from __future__ import annotations

import argparse
import json
import random
import select
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from Xlib.ext import xinput

from agent_app.actions import Click, InputAction, Move, Write, perform
from agent_app.control import Control
from agent_app.errors import RunEnded
from agent_app.geometry import FrameTransform, RelativePoint, ScreenPoint, Size
from agent_app.input import open_input, watch_hands
from agent_app.input.x11_devices import RAW_FIELDS, connect, select_raw
from agent_app.input.x11_hands import REACH
from agent_app.virtual import VirtualDesktop

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.hand import Hand

_SIZE = Size(1280, 800)
_WHOLE = FrameTransform(ScreenPoint(0, 0), 1.0, _SIZE)
_LATE = 50  # milliseconds
_PRESSES = (xinput.RawKeyPress, xinput.RawButtonPress, xinput.RawMotion)
_MIX: tuple[InputAction, ...] = (
    Write("the quick brown fox jumps over the lazy dog "),
    Click(RelativePoint(0.4, 0.4)),
    Move(RelativePoint(0.5, 0.6)),
)


@dataclass(frozen=True)
class Measured:
    """Milliseconds; `late` trials had an event of the agent more than 50 after the hand's."""

    what: str
    trials: int
    missed: int
    false: int
    late: int
    keys_left_down: int
    median: float
    most: float


class Events:
    """All that devices of a display did: server time and whether a program did it."""

    def __init__(self, display: str) -> None:
        self._display: Any = connect(display, ("XInputExtension",))
        self._programs = select_raw(self._display, _PRESSES)
        self.seen: list[tuple[int, bool]] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def close(self) -> None:
        self._ended.set()
        self._thread.join()
        self._display.close()

    def _read(self) -> None:
        while not self._ended.is_set():
            if not self._display.pending_events():
                select.select([self._display], [], [], 0.05)
            while self._display.pending_events():
                event = self._display.next_event()
                if getattr(event, "evtype", None) in _PRESSES:
                    _, at, _, source, _, _ = RAW_FIELDS.unpack_from(event.data)
                    self.seen.append((at, source in self._programs))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=200, help="of the stop keys; half of moves")
    options = parser.parse_args()
    with VirtualDesktop(_SIZE) as desktop:
        desktop.launch(["xterm", "-geometry", "200x50+0+0"])
        time.sleep(1)
        rows = [
            measure(desktop, "stop keys", options.trials),
            measure(desktop, "take-over", options.trials // 2),
        ]
    for row in rows:
        print(
            f"{row.what}: {row.trials} trials, {row.missed} missed, {row.false} false,"
            f" {row.late} late, {row.keys_left_down} with a key left down;"
            f" {row.median:.0f} ms, at most {row.most:.0f}"
        )
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    print(json.dumps({"commit": commit.stdout.strip(), "rows": [asdict(row) for row in rows]}))


def measure(desktop: VirtualDesktop, what: str, trials: int) -> Measured:
    """Let the agent work, have the hand come, and look at what came after it."""
    own = open_input(desktop.environment)
    hand = Hand(desktop.display, pace=0.0)
    source = random.Random(0)
    took: list[float] = []
    missed = false = late = left = 0
    for _ in range(trials):
        hand.move(600, 700)
        time.sleep(0.1)  # that is no move of this trial
        events = Events(desktop.display)
        control = Control()
        with watch_hands(
            desktop.environment,
            on_hand=lambda touch, _: control.feel_hand(touch),  # noqa: B023 - called within
            on_stop=control.end,
        ):
            agent = threading.Thread(target=work, args=(own, control))
            agent.start()
            time.sleep(source.uniform(0.2, 0.6))
            false += control.halt.is_set()
            if what == "stop keys":
                hand.press("ctrl", "alt", "end")
            else:
                for _ in range(4):
                    hand.nudge(int(REACH / 2), int(REACH / 4))
            agent.join(5)
            missed += agent.is_alive() or (what == "stop keys" and not control.stop.wait(1))
            control.end()
            agent.join()
            time.sleep(0.1)
        events.close()
        # the keys of the stop are pressed one after the other: it is whole with the last one
        of_hand = [at for at, program in events.seen if not program]
        whole = of_hand[-1] if what == "stop keys" else of_hand[1]
        after = [at - whole for at, program in events.seen if program and at > whole]
        took.append(max(after, default=0))
        late += took[-1] > _LATE
        left += bool(hand.keys_down())
    hand.close()
    own.close()
    return Measured(what, trials, missed, false, late, left, statistics.median(took), max(took))


def work(own: Any, control: Control) -> None:
    """Type and click until told to stop or to hold still."""
    try:
        while True:
            for action in _MIX:
                perform(action, input=own, transform=_WHOLE, stop=control.halt)
    except RunEnded:
        pass


if __name__ == "__main__":
    main()
