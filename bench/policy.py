"""What policy costs before an action: milliseconds per judgement, and of the processor's time.

Clicks on every labelled part of real windows, as they start, and texts and Enter in each of them,
judged twice: the second time the screen has not changed. One JSON line ends it.
"""

from __future__ import annotations

import json
import statistics
import threading
import time

from agent_app.actions import Action, Click, Press, Write
from agent_app.geometry import RelativePoint, ScreenPoint, Size
from agent_app.policy import Policy
from agent_app.policy.scene import Scene
from agent_app.runtimes.reader.seeing.accessibility import AccessibilityTree
from agent_app.runtimes.reader.surroundings import LiveSurroundings
from agent_app.screen.capture import open_screen
from agent_app.screen.ring import FrameRing
from agent_app.screen.settle import SettleLimits, wait_until_settled
from agent_app.virtual import VirtualDesktop, end_program

PROGRAMS = (["mousepad", "--disable-server"], ["galculator"], ["pcmanfm"])
LIMITS = SettleLimits(minimum=1.0, reaction=4.0, quiet=0.8, maximum=15.0)
MOST_CLICKS = 25


def main() -> None:
    kinds: dict[str, list[tuple[float, float]]] = {"click": [], "click again": [], "keys": []}
    verdicts: dict[str, int] = {"allow": 0, "ask": 0, "refuse": 0}
    policy, stop = Policy(confirm="risky"), threading.Event()
    with VirtualDesktop(Size(1280, 800)) as desktop:
        screen = open_screen(desktop.environment)
        tree = AccessibilityTree(desktop.environment["DBUS_SESSION_BUS_ADDRESS"])
        with LiveSurroundings(desktop.environment) as reads:
            for words in PROGRAMS:
                before = screen.grab()
                process = desktop.launch(words)
                wait_until_settled(screen, before, limits=LIMITS, ring=FrameRing(), stop=stop)
                frame = screen.grab()
                parts = [node for node in tree.read()[0] if node.name]
                for name in ("click", "click again"):
                    for part in parts[:MOST_CLICKS]:
                        box = part.region
                        middle = ScreenPoint(box.left + box.width // 2, box.top + box.height // 2)
                        scene = Scene(frame, (middle,), screen.windows(), reads)
                        kinds[name].append(
                            timed(policy, Click(RelativePoint(0, 0)), scene, verdicts)
                        )
                for action in (Write("hello"), Press(("enter",))) * 5:
                    scene = Scene(frame, (), screen.windows(), reads)
                    kinds["keys"].append(timed(policy, action, scene, verdicts))
                end_program(process)
        tree.close()
        screen.close()
    figures: dict[str, dict[str, float]] = {}
    print(f"{'':14}{'n':>5}{'p50':>8}{'p95':>8}{'max':>8}{'cpu p50':>9}  ms")
    for name, taken in kinds.items():
        wall = sorted(1000 * seconds for seconds, _ in taken)
        busy = statistics.median(1000 * cpu for _, cpu in taken)
        p95 = wall[min(len(wall) - 1, int(0.95 * len(wall)))]
        figures[name] = {
            "n": len(wall),
            "p50": round(statistics.median(wall), 1),
            "p95": round(p95, 1),
            "max": round(wall[-1], 1),
            "cpu_p50": round(busy, 1),
        }
        each = figures[name]
        print(
            f"{name:14}{each['n']:5.0f}{each['p50']:8.1f}{each['p95']:8.1f}{each['max']:8.1f}"
            f"{each['cpu_p50']:9.1f}"
        )
    print(json.dumps({"bench": "policy", "ms": figures, "verdicts": verdicts}))


def timed(
    policy: Policy, action: Action, scene: Scene, verdicts: dict[str, int]
) -> tuple[float, float]:
    """Seconds by the clock, and of this process's own time."""
    wall, cpu = time.perf_counter(), time.process_time()
    judged = policy.judge(action, scene)
    spent = time.perf_counter() - wall, time.process_time() - cpu
    verdicts["allow" if judged is None else judged.verdict] += 1
    return spent


if __name__ == "__main__":
    main()
