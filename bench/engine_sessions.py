"""How many sessions one GPU carries when each has our engine to itself.

    python bench/engine_sessions.py [--counts 1 2 3] [--precision bf16] [--seconds 20]

Each session is a process with a model of full size and random weights of its own, as the workers
of a suite have: a changed 1280x800 screenshot behind a prompt and an earlier screen, a reply of 300
tokens, and a rest as long as acting and settling take. All begin to count at the same time. Steps
and tokens are those of all sessions; a step is from the screenshot to the last token.
Prints a table, then one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import statistics
import time
from dataclasses import dataclass
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from typing import Any

import numpy as np
import torch
from engine import open_runtime, random_model, round_weights
from PIL import Image

from agent_app.geometry import FrameTransform, ScreenPoint, Size
from agent_app.model_runtime import (
    KIMI_VL_LIMITS,
    GenerationRequest,
    ImagePart,
    Sampling,
    Turn,
    model_size,
)
from agent_app.prompting import load_prompt

SCREEN = Size(1280, 800)
TOKENS = 300  # a thought, a summary and the code
REST = 0.28  # seconds: act and settle, as in `capacity/session.py`
CONTEXT = 16384
WARM = 3  # steps that are not counted: kernels are compiled in them
PATIENCE = 400.0  # seconds for models to be made


@dataclass(frozen=True, slots=True)
class Step:
    """When a step ended, how long it took, until its first token, and how many there were."""

    ended: float
    seconds: float
    first: float
    tokens: int


def session(
    number: int, precision: str, seconds: float, ready: Barrier, told: Queue[list[Step]]
) -> None:
    """One session: makes its model, waits for the others, works."""
    model = random_model("bf16", seed=number)
    if precision != "bf16":
        round_weights(model, precision)
    runtime = open_runtime(model, CONTEXT)
    size = model_size(SCREEN, KIMI_VL_LIMITS)
    source = np.random.default_rng(number)
    transform = FrameTransform(ScreenPoint(0, 0), 1.0, SCREEN)
    system = Turn("system", (load_prompt().system,))

    def screenshot(nth: int) -> ImagePart:
        pixels = source.integers(0, 256, (size.height, size.width, 3), np.uint8)
        return ImagePart(Image.fromarray(pixels), f"{nth:040x}", transform)

    steps: list[Step] = []
    before = screenshot(0)
    begun = 0.0
    for nth in range(1, 1_000_000):
        if nth == WARM + 1:
            ready.wait(PATIENCE)
            begun = time.monotonic()
            steps.clear()
        if begun and time.monotonic() > begun + seconds:
            break
        started = time.monotonic()
        now = screenshot(nth)
        turns = (
            system,
            Turn("user", (before, "Save the file.")),
            Turn("assistant", ("Clicked. " * (1 + nth % 9),)),
            Turn("user", (now, "Go on.")),
        )
        sampling = Sampling(temperature=0.8, seed=nth, max_tokens=TOKENS)
        first, count = 0.0, 0
        for _ in runtime.generate(GenerationRequest(turns, "", sampling=sampling)):
            first = first or time.monotonic() - started
            count += 1
        ended = time.monotonic()
        steps.append(Step(ended - begun, ended - started, first, count))
        before = now
        time.sleep(REST)
    runtime.close()
    told.put([one for one in steps if one.ended <= seconds])


def measured(count: int, precision: str, seconds: float) -> dict[str, Any]:
    """The row of so many sessions."""
    context = multiprocessing.get_context("spawn")
    ready, told = context.Barrier(count), context.Queue()
    workers = [
        context.Process(target=session, args=(number, precision, seconds, ready, told))
        for number in range(count)
    ]
    for worker in workers:
        worker.start()
    steps = [step for _ in workers for step in told.get(timeout=PATIENCE + seconds)]
    for worker in workers:
        worker.join()
    return {
        "sessions": count,
        "precision": precision,
        "steps/s": round(len(steps) / seconds, 2),
        "step p50 s": round(statistics.median(one.seconds for one in steps), 2),
        "first token p50 s": round(statistics.median(one.first for one in steps), 2),
        "tokens/s": round(sum(one.tokens for one in steps) / seconds),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counts", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--precision", choices=["bf16", "fp8", "int8", "int4"], default="bf16")
    parser.add_argument("--seconds", type=float, default=20)
    given = parser.parse_args()
    rows = [measured(count, given.precision, given.seconds) for count in given.counts]
    print("   ".join(rows[0]))
    for row in rows:
        print("   ".join(map(str, row.values())))
    print(
        json.dumps(
            {"bench": "engine_sessions", "device": torch.cuda.get_device_name(), "rows": rows}
        )
    )


if __name__ == "__main__":
    main()
