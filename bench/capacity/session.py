"""One session at a server: a screenshot that changes, a question, a reply, a rest, and again."""

from __future__ import annotations

import json
import statistics
import sys
import threading
import time
from pathlib import Path

import numpy as np
from PIL import Image

from agent_app.geometry import FrameTransform, ScreenPoint, Size
from agent_app.model_runtime import GenerationRequest, ModelOptions, Sampling, open_runtime
from agent_app.prompting import History, load_prompt
from agent_app.screen.frame import Frame

ROOT = Path(__file__).parent.parent.parent
REST = 0.28  # seconds: act and settle, p50 of `python bench/steps.py` at 1280x800
SIZE = Size(1280, 800)


def main() -> None:
    url, seconds = sys.argv[1], float(sys.argv[2])
    with Image.open(ROOT / "docs" / "window.png") as opened:
        pixels = np.asarray(opened.convert("RGB").resize((SIZE.width, SIZE.height))).copy()
    runtime, _ = open_runtime(url, environment={}, options=ModelOptions())
    prompt = load_prompt("agent")
    transform = FrameTransform(ScreenPoint(0, 0), 1.0, SIZE)
    history, number = History(prompt, "save the note"), 0

    def step() -> tuple[float, int]:
        """Seconds to the first token, and how many came."""
        nonlocal number
        number += 1
        pixels[:20, :20] = number % 256  # no two screens are the same
        frame = Frame(pixels.copy(), transform, 0, time.monotonic())
        part = frame.for_model(runtime.info.image_limits)
        request = GenerationRequest(
            history.turns(part), "save the note", stop=threading.Event(), sampling=Sampling()
        )
        asked, first, count = time.monotonic(), 0.0, 0
        for token in runtime.generate(request):
            if token.data and not first:
                first = time.monotonic() - asked
            count += bool(token.data)
        history.add(number, image=part, thought="I save it.", action="click Save")
        return first, count

    step()
    print("ready", flush=True)
    sys.stdin.readline()
    begun, used = time.monotonic(), time.process_time()
    firsts: list[float] = []
    steps: list[float] = []
    tokens = 0
    while time.monotonic() - begun < seconds:
        before = time.monotonic()
        first, count = step()
        firsts.append(first)
        tokens += count
        time.sleep(REST)
        steps.append(time.monotonic() - before)
    told = {
        "steps": len(steps),
        "seconds": time.monotonic() - begun,
        "cpu": time.process_time() - used,
        "p50": statistics.median(steps),
        "first": statistics.median(firsts),
        "tokens": tokens,
    }
    runtime.close()
    print(json.dumps(told))


if __name__ == "__main__":
    main()
