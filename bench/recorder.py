"""What recording costs: time and bytes per step on real screens, and the codecs to choose from.

    python bench/recorder.py [--steps N] [--keep FOLDER]

A mousepad and a galculator on a private desktop are typed into and clicked at; after each, the
screen is captured and a step's events go through the recorder. The cost of a step is the time its
events spend between the source and the consumer: once with a model that answers at once, so that
encoding has nothing to hide behind, and once with one that thinks for 0.3 s. The last line is one
JSON document.
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import mss
import numpy as np
from PIL import Image

from agent_app.actions import Click, Write
from agent_app.episode.recorder import EpisodeRecorder, encode_frame
from agent_app.events import (
    ActionDecided,
    ActionDone,
    Budgets,
    Event,
    FrameCaptured,
    FrameRef,
    ReplyReceived,
    RunFinished,
    RunStarted,
    ScreenSettled,
    StepFinished,
    StepStarted,
    Timing,
    TokenStreamed,
)
from agent_app.geometry import FrameTransform, Monitor, Region, RelativePoint, ScreenPoint, Size
from agent_app.screen.frame import Frame, Pixels
from agent_app.virtual import VirtualDesktop

SIZES = (Size(1280, 800), Size(1920, 1080))
THINKING_SECONDS = (0.0, 0.3)
THOUGHT = "The editor has the focus and its last line ends where the caret blinks. " * 8


class Bench:
    """A desktop with two applications, and the events of a run on it."""

    def __init__(self, desktop: VirtualDesktop) -> None:
        self.desktop = desktop
        self.frames: dict[str, Frame] = {}
        self.left_source = 0.0
        self.size = desktop.size
        for program in ("mousepad", "galculator"):
            desktop.launch([program])
            self.xdotool("search", "--sync", "--onlyvisible", "--class", program)
        for program, left in (("galculator", self.size.width - 420), ("mousepad", 20)):
            window = self.xdotool("search", "--onlyvisible", "--class", program).split()[-1]
            self.xdotool("windowmove", window, str(left), "60")

    def xdotool(self, *arguments: str) -> str:
        command = ["xdotool", *arguments]
        run = subprocess.run(
            command, env=self.desktop.environment, check=True, capture_output=True, text=True
        )
        return run.stdout

    def capture(self) -> FrameRef:
        with mss.MSS(display=self.desktop.display) as camera:
            shot = camera.grab(camera.monitors[1])
        picture = Image.frombytes("RGB", shot.size, shot.bgra, "raw", "BGRX")
        transform = FrameTransform(ScreenPoint(0, 0), 1.0, self.size)
        frame = Frame(np.asarray(picture), transform, 1, time.monotonic())
        self.frames[frame.sha1] = frame
        return FrameRef(frame.sha1, transform, 1)

    def events(self, steps: int, thinking: float) -> Iterator[Event]:
        for event in self._run(steps, thinking):
            self.left_source = time.perf_counter()
            yield event

    def _run(self, steps: int, thinking: float) -> Iterator[Event]:
        now = time.monotonic
        screen = Monitor(1, Region(0, 0, self.size.width, self.size.height))
        yield RunStarted(
            "bench", "Type and calculate", "none", "0" * 40, (screen,), Budgets(), now()
        )
        began = now()
        for step in range(1, steps + 1):
            yield StepStarted(step, now())
            yield FrameCaptured(step, self.capture(), now())
            for _ in range(100):
                yield TokenStreamed(step, "thought", "some ")
            time.sleep(thinking)
            yield ReplyReceived(step, THOUGHT, "Type a line.", "stop", 2000, 160, now())
            if step % 2:
                action, intent = Write(f"line {step} of a text"), "Type the next line"
                points: tuple[ScreenPoint, ...] = ()
            else:
                x, y = self.size.width - 400 + 37 * (step % 9), 230 + 31 * (step % 5)
                action = Click(RelativePoint(x / self.size.width, y / self.size.height))
                intent, points = "Press a key of the calculator", (ScreenPoint(x, y),)
            yield ActionDecided(step, 0, action, intent, points, now())
            if isinstance(action, Write):
                self.xdotool("mousemove", "200", "250", "click", "1", "type", action.text + "\n")
            else:
                self.xdotool("mousemove", str(points[0].x), str(points[0].y), "click", "1")
            yield ActionDone(step, 0, now())
            time.sleep(0.15)  # the application draws
            yield ScreenSettled(step, True, True, 0.15, now())
            yield StepFinished(step, Timing(), now())
        yield FrameCaptured(steps + 1, self.capture(), now())
        yield RunFinished("success", "", "", steps, now() - began, 160 * steps, now())


def record(bench: Bench, folder: Path, steps: int, thinking: float) -> dict[str, float]:
    """Record a run; milliseconds and bytes per step."""
    recorder = EpisodeRecorder(folder, bench.frames.get)
    costs: dict[int, float] = {}
    for event in recorder.tee(bench.events(steps, thinking)):
        spent = time.perf_counter() - bench.left_source
        step = getattr(event, "step", 0)
        costs[step] = costs.get(step, 0.0) + spent
    milliseconds = sorted(1000 * costs[step] for step in range(1, steps + 1))
    pictures = sum(file.stat().st_size for file in (folder / "frames").iterdir())
    return {
        "p50_ms": statistics.median(milliseconds),
        "p99_ms": milliseconds[min(len(milliseconds) - 1, round(0.99 * len(milliseconds)))],
        "frame_kib": pictures / 1024 / steps,
        "events_kib": (folder / "episode.jsonl").stat().st_size / 1024 / steps,
    }


def pillow(name: str, **options: int | bool) -> Callable[[Pixels], bytes]:
    def encode(pixels: Pixels) -> bytes:
        data = io.BytesIO()
        Image.fromarray(pixels).save(data, name, **options)
        return data.getvalue()

    return encode


CODECS: dict[str, Callable[[Pixels], bytes]] = {
    "ours: PNG level 1, Up": encode_frame,
    "Pillow PNG level 1": pillow("PNG", compress_level=1),
    "Pillow PNG level 6": pillow("PNG", compress_level=6),
    "WebP lossless, method 0": pillow("WEBP", lossless=True, method=0, quality=0),
    "WebP lossless, method 4": pillow("WEBP", lossless=True, method=4, quality=50),
}


def compare_codecs(pixels: Pixels) -> dict[str, tuple[float, float]]:
    """Milliseconds (median of 5) and KiB by codec."""
    found: dict[str, tuple[float, float]] = {}
    for name, encode in CODECS.items():
        times: list[float] = []
        for _ in range(5):
            began = time.perf_counter()
            data = encode(pixels)
            times.append(1000 * (time.perf_counter() - began))
        found[name] = (statistics.median(times), len(data) / 1024)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--keep", type=Path, help="leave the episodes in this folder")
    options = parser.parse_args()
    results: dict[str, object] = {"bench": "recorder", "steps": options.steps}
    with tempfile.TemporaryDirectory() as scratch:
        kept: Path = options.keep or Path(scratch)
        print("    screen thinking  p50 ms  p99 ms KiB frame KiB events   (per step)")
        for size in SIZES:
            name = f"{size.width}x{size.height}"
            with VirtualDesktop(size, home=Path(scratch)) as desktop:
                bench = Bench(desktop)
                for thinking in THINKING_SECONDS:
                    folder = kept / f"{name}-{thinking:g}s"
                    cost = record(bench, folder, options.steps, thinking)
                    results[f"{name} thinking {thinking:g} s"] = cost
                    figures = " ".join(
                        f"{cost[key]:{width}.1f}"
                        for key, width in (
                            ("p50_ms", 7),
                            ("p99_ms", 7),
                            ("frame_kib", 9),
                            ("events_kib", 10),
                        )
                    )
                    print(f"{name:>10} {thinking:>8g} {figures}")
                codecs = compare_codecs(next(reversed(bench.frames.values())).pixels)
            results[f"{name} codecs"] = codecs
            for codec, (milliseconds, kibibytes) in codecs.items():
                print(f"{name:>10} {codec:<24} {milliseconds:7.1f} ms {kibibytes:7.0f} KiB")
    print(json.dumps(results))


if __name__ == "__main__":
    sys.exit(main())
