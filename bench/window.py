"""How smooth the window stays while a reply streams into it.

Runs the real window on a virtual desktop of its own with a session that streams at a given rate and
shows a new 1920x1080 screenshot every two seconds. A second thread posts a signal every 5 ms; how
late it arrives is the event loop's latency. The processor time of the window's thread for each
token is much the same on a busy machine. Prints a table, and one JSON document as its last line.

    python bench/window.py [--seconds 10] [--rates 0 100 500 5000]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from agent_app.events import (
    Budgets,
    Event,
    FrameCaptured,
    FrameRef,
    RunFinished,
    RunStarted,
    StepFinished,
    StepStarted,
    Timing,
    TokenStreamed,
)
from agent_app.geometry import FrameTransform, Region, ScreenPoint, Size
from agent_app.model_runtime import Progress, RuntimeInfo
from agent_app.screen.frame import Frame
from agent_app.ui import run_window
from agent_app.virtual import VirtualDesktop

PROBE_SECONDS = 0.005
STEP_SECONDS = 2.0
WARM_UP_SECONDS = 1.0
# A label and a place in a sentence of forty words, each of which becomes a link.
_WORDS = (*[" thought"] * 30, " “Save", " As…”", " is", " at", " (", "64", "0, ", "412", ")", ",")


class StreamingSession:
    """Streams words at a rate for a while."""

    def __init__(self, task: str, *, rate: float, seconds: float) -> None:
        self.task = task
        self.runtime = RuntimeInfo("bench", f"{rate:g} tokens a second", None)
        self.why = ""
        self.region = Region(0, 0, 1920, 1080)
        self.confirm = "none"
        self.is_ours: Callable[..., bool] = lambda _touch, _point: False
        self.episode: Path | None = None
        self.unobstructed: Callable[[], AbstractContextManager[None]] = nullcontext
        self._rate = rate
        self._seconds = seconds
        self._frames: dict[str, Frame] = {}
        self._stopped = threading.Event()
        self.began = 0.0
        self.streamed = 0

    def prepare(self, progress: Progress) -> None:
        progress("bench", 1, 1)

    def stop(self) -> None:
        self._stopped.set()

    def pause(self) -> None:
        raise AssertionError("nobody pauses it")

    veto = listen = pause

    def hint(self, text: str) -> None:
        raise AssertionError(f"nobody hints: {text}")

    def offer_veto(self, seconds: float) -> None:
        pass

    def answer(self, text: str | None) -> None:
        raise AssertionError(f"nothing was asked: {text}")

    def frame(self, sha1: str) -> Frame | None:
        return self._frames.get(sha1)

    def events(self) -> Iterator[Event]:
        frames = [_noise(seed) for seed in range(3)]
        self._frames = {frame.sha1: frame for frame in frames}
        yield RunStarted("bench", self.task, "bench", "", (), Budgets(), time.monotonic())
        self.began = time.monotonic()
        end, step = self.began + self._seconds, 0
        while time.monotonic() < end and not self._stopped.is_set():
            step += 1
            yield StepStarted(step, time.monotonic())
            frame = frames[step % len(frames)]
            ref = FrameRef(frame.sha1, frame.transform, frame.monitor)
            yield FrameCaptured(step, ref, time.monotonic())
            yield from self._tokens(step, min(end, time.monotonic() + STEP_SECONDS))
            yield StepFinished(step, Timing(decode=STEP_SECONDS), time.monotonic())
        yield RunFinished("success", "success", "", step, self._seconds, 0, time.monotonic())

    def _tokens(self, step: int, until: float) -> Iterator[Event]:
        start, sent = time.monotonic(), 0
        while (now := time.monotonic()) < until and not self._stopped.is_set():
            while sent < (now - start) * self._rate:
                text = _WORDS[sent % len(_WORDS)] if sent % 120 else ".\n\nThen"
                yield TokenStreamed(step, "thought" if sent % 1000 < 900 else "summary", text)
                sent += 1
                self.streamed += 1
            time.sleep(1 / max(self._rate, 100) if self._rate < 1000 else 0.001)


def _noise(seed: int) -> Frame:
    """A screenshot that no cache can shorten: blocks of random colours."""
    blocks = np.random.default_rng(seed).integers(0, 255, (54, 96, 3), dtype=np.uint8)
    pixels = blocks.repeat(20, axis=0).repeat(20, axis=1)
    size = Size(pixels.shape[1], pixels.shape[0])
    return Frame(pixels, FrameTransform(ScreenPoint(0, 0), 1.0, size), 1, 0.0)


def measure(rate: float, seconds: float) -> dict[str, float]:
    """One run at one rate; times in milliseconds, shares of one core in percent."""
    from PySide6.QtCore import QObject, Qt, Signal, Slot

    class Probe(QObject):
        posted = Signal(float)

        def __init__(self) -> None:
            super().__init__()
            self.late: list[float] = []
            self.busy: list[float] = []
            self.posted.connect(self._on_posted, Qt.ConnectionType.QueuedConnection)

        @Slot(float)
        def _on_posted(self, at: float) -> None:
            self.late.append(time.perf_counter() - at)
            self.busy.append(time.thread_time())

    made: list[StreamingSession] = []
    done = threading.Event()
    found: dict[str, Any] = {}

    def make(task: str) -> StreamingSession:
        made.append(StreamingSession(task, rate=rate, seconds=seconds + WARM_UP_SECONDS))
        return made[0]

    def ready(_window: object) -> None:
        probe = found["probe"] = Probe()

        def post() -> None:
            while not (made and made[0].began) and not done.wait(0.01):
                pass
            if done.wait(WARM_UP_SECONDS):
                return
            found["cpu"], found["from"] = time.process_time(), time.monotonic()
            found["tokens"] = -made[0].streamed
            while not done.wait(PROBE_SECONDS):
                probe.posted.emit(time.perf_counter())
            found["cpu"] = time.process_time() - found["cpu"]
            found["seconds"] = time.monotonic() - found["from"]
            found["tokens"] += made[0].streamed

        found["thread"] = threading.Thread(target=post)
        found["thread"].start()

    def batch(_window: object, events: Any) -> None:
        if isinstance(events[-1], RunFinished):
            done.set()
            found["thread"].join()  # before the window takes the probe with it

    code = run_window(
        make,
        own_display=False,
        task="a stream",
        autostart=True,
        close_when_finished=True,
        on_ready=ready,
        on_batch=batch,
    )
    busy = found["probe"].busy[-1] - found["probe"].busy[0]
    late = np.array(found["probe"].late) * 1000
    assert code == 0
    return {
        "tokens_per_second": rate,
        "streamed": made[0].streamed,
        "probes": len(late),
        "p50_ms": round(float(np.percentile(late, 50)), 2),
        "p99_ms": round(float(np.percentile(late, 99)), 2),
        "max_ms": round(float(late.max()), 2),
        "window_cpu_percent": round(100 * busy / found["seconds"], 1),
        "window_us_per_token": round(1e6 * busy / max(1, found["tokens"])) if rate else 0,
        "process_cpu_percent": round(100 * found["cpu"] / found["seconds"], 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rates", type=float, nargs="+", default=[0, 100, 500, 5000])
    parser.add_argument("--one", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one is not None:
        print(json.dumps(measure(options.one, options.seconds)))
        return
    rows: list[dict[str, float]] = []
    print(
        f"{'tokens/s':>9} {'p50 ms':>8} {'p99 ms':>8} {'max ms':>8} {'CPU % window':>13}"
        f" {'process':>8} {'us/token':>9}"
    )
    with VirtualDesktop(Size(1280, 800)) as desktop:
        for rate in options.rates:
            # a process each: what one leaves behind does not slow the next one
            command = [sys.executable, __file__, "--one", str(rate)]
            command += ["--seconds", str(options.seconds)]
            root = str(Path(__file__).parents[1])
            environment = desktop.environment | {"PYTHONPATH": root}
            output = subprocess.run(
                command, env=environment, stdout=subprocess.PIPE, check=True, text=True
            ).stdout
            row = json.loads(output.splitlines()[-1])
            rows.append(row)
            print(
                f"{rate:>9g} {row['p50_ms']:>8} {row['p99_ms']:>8} {row['max_ms']:>8} "
                f"{row['window_cpu_percent']:>13} {row['process_cpu_percent']:>8}"
                f" {row['window_us_per_token']:>9}"
            )
    print(json.dumps({"bench": "window", "cores": os.cpu_count(), "rows": rows}))


if __name__ == "__main__":
    main()
