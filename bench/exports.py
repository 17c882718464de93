"""What the HTML export costs: its size, the time to write it, and the time until it can be used.

    python bench/exports.py [--steps N] [--keep FOLDER]

Two runs on a private 1920x1080 desktop are recorded and exported: two small applications that are
typed into and clicked at, and an editor over the whole screen that turns a page of text at each
step, which is as much change as a run can hold. Each page is opened in a headless Chromium five
times; the time goes from the request to the first frame drawn, median and worst. The last line is
one JSON document.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from agent_app.actions import Press
from agent_app.episode.reader import open_episode
from agent_app.episode.recorder import EpisodeRecorder
from agent_app.events import (
    ActionDecided,
    ActionDone,
    Budgets,
    Event,
    FrameCaptured,
    ReplyReceived,
    RunFinished,
    RunStarted,
    ScreenSettled,
    StepFinished,
    StepStarted,
    Timing,
)
from agent_app.exporting.formats import export_episode
from agent_app.geometry import Monitor, Region, Size
from agent_app.model_runtime import no_progress
from agent_app.virtual import VirtualDesktop
from bench.recorder import THOUGHT, Bench
from tests.chromium import Chromium

SIZE = Size(1920, 1080)
OPENINGS = 5
WORDS = "the quick brown fox jumps over a lazy dog while nine pages of plain words go by".split()


def turn_pages(bench: Bench, steps: int, folder: Path) -> Iterator[Event]:
    """A run that reads a long text, a page at each step, over the whole screen."""
    text = folder / "long.txt"
    with text.open("w") as file:
        for line in range(120 * steps):
            words = (WORDS[(line * 7 + at * at) % len(WORDS)] for at in range(24))
            file.write(f"{line} {' '.join(words)}\n")
    bench.desktop.launch(["mousepad", "--disable-server", str(text)])
    bench.xdotool("search", "--sync", "--onlyvisible", "--name", "long.txt")
    bench.xdotool("key", "F11")
    time.sleep(2)
    screen = Monitor(1, Region(0, 0, SIZE.width, SIZE.height))
    now = time.monotonic
    yield RunStarted("pages", "Read the text", "none", "0" * 40, (screen,), Budgets(), now())
    began = now()
    for step in range(1, steps + 1):
        yield StepStarted(step, now())
        yield FrameCaptured(step, bench.capture(), now())
        yield ReplyReceived(step, THOUGHT, "Turn the page.", "stop", 2000, 160, now())
        yield ActionDecided(step, 0, Press(("pagedown",)), "Turn the page", (), now())
        bench.xdotool("key", "Next")
        yield ActionDone(step, 0, now())
        time.sleep(0.15)  # the application draws
        yield ScreenSettled(step, True, True, 0.15, now())
        yield StepFinished(step, Timing(decode=0.3, settle=0.15), now())
    yield FrameCaptured(steps + 1, bench.capture(), now())
    yield RunFinished("success", "", "", steps, now() - began, 160 * steps, now())


def measure(episode: Path, page: Path) -> dict[str, float]:
    """Export and open; megabytes and seconds."""
    began = time.perf_counter()
    export_episode(open_episode(episode), "html", page, progress=no_progress)
    wrote = time.perf_counter() - began
    times: list[float] = []
    with Chromium(1920, 1080) as browser:
        for _ in range(OPENINGS):
            browser.call("Page.navigate", url="about:blank")
            began = time.perf_counter()
            browser.open(page)
            browser.wait("document.body.dataset.shown !== undefined")
            times.append(time.perf_counter() - began)
    frames = sum(file.stat().st_size for file in (episode / "frames").iterdir())
    return {
        "megabytes": page.stat().st_size / 1e6,
        "recorded_frames_megabytes": frames / 1e6,
        "write_seconds": wrote,
        "load_seconds": statistics.median(times),
        "worst_load_seconds": max(times),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, usage=argparse.SUPPRESS)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    results: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as scratch, VirtualDesktop(SIZE) as desktop:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        bench = Bench(desktop)
        runs = {
            "small applications": bench.events(options.steps, 0.0),
            "a page of text at each step": turn_pages(bench, options.steps, folder),
        }
        print(f"{options.steps} steps at {SIZE.width}x{SIZE.height}")
        for name, events in runs.items():
            episode = folder / name.replace(" ", "-")
            for _ in EpisodeRecorder(episode, bench.frames.get).tee(events):
                pass
            bench.frames.clear()
            figures = results[name] = measure(episode, folder / f"{episode.name}.html")
            print(
                f"{name:28} {figures['megabytes']:5.1f} MB"
                f" (frames as recorded {figures['recorded_frames_megabytes']:.1f} MB),"
                f" written in {figures['write_seconds']:.1f} s,"
                f" open in {figures['load_seconds']:.2f} s"
                f" (worst {figures['worst_load_seconds']:.2f} s)"
            )
    print(json.dumps({"bench": "exports", "steps": options.steps, "html": results}))


if __name__ == "__main__":
    main()
