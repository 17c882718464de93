"""A whole calibration of one desktop: every monitor, one after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import closing

from agent_app.actions import Input
from agent_app.calibration.measuring import Measuring, MonitorResult
from agent_app.calibration.window import BoardWindow
from agent_app.errors import KnownError, RunEnded
from agent_app.input import open_input, watch_hands
from agent_app.model_runtime import Progress, no_progress
from agent_app.screen.capture import open_screen


def calibrate(
    environment: Mapping[str, str],
    *,
    stop: threading.Event | None = None,
    progress: Progress = no_progress,
    words: str = "",
    open_input: Callable[[Mapping[str, str]], Input] = open_input,
) -> Generator[MonitorResult]:
    """Click targets on every monitor of a desktop, and yield what became of each monitor.

    For about a second a monitor, windows cover all of them and the pointer moves; nothing is
    stored. `words` stand on these windows, "" for English ones that say what goes on; `progress` is
    told how many monitors are done. What `open_input` opens is taken without any correction there
    may be. Raises KnownError when a monitor cannot be measured, or a hand or `stop` ends it.
    """
    stop = stop or threading.Event()
    touched = threading.Event()

    def end(*_: object) -> None:
        touched.set()
        stop.set()

    with (
        closing(open_screen(environment, monitor=0)) as whole,
        closing(open_input(environment)) as hand,
        BoardWindow(environment, words) as board,
    ):
        before = hand.position()
        with watch_hands(environment, on_hand=end, on_stop=end):
            try:
                monitors = whole.monitors()
                for done, monitor in enumerate(monitors):
                    progress(f"monitor {monitor.id}", done, len(monitors))
                    with closing(open_screen(environment, monitor=monitor.id)) as screen:
                        yield Measuring(board, screen, hand, monitor, stop).run()
            except RunEnded as ended:
                what = "the mouse or the keyboard was touched" if touched.is_set() else str(ended)
                raise KnownError(
                    f"not calibrated: {what}",
                    remedy="start it again, and leave both alone until it is done",
                ) from ended
            finally:
                hand.move(before)
