"""What a step of the small Kimi-VL takes on a CPU: from a screen it has never seen to its reply.

    python bench/small_model.py [--size 1920x1080] [--screens 8] [--threads 2] [--precision auto]

Nothing is warm but the weights: what the model has kept of earlier screens and of the prompt is
thrown away before each. Prints a table, then one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent.parent))  # for train/, which is in no wheel

from agent_app.model_runtime import ModelOptions, no_progress
from agent_app.runtimes.kimi_vl import open_kimi_vl
from train.asking import answer, questions

SEED = 5


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--size", default="1920x1080", metavar="WxH")
    parser.add_argument("--screens", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", choices=["auto", "fp32", "bf16"], default="auto")
    given = parser.parse_args()
    width, height = map(int, given.size.split("x"))
    torch.set_num_threads(given.threads)
    options = ModelOptions(device="cpu", precision=given.precision)
    load = os.getloadavg()[0]
    took: list[float] = []
    right, seen = 0, set[int]()
    asked = list(questions((width, height), seed=SEED, screens=given.screens))
    for one in asked:
        if id(one.image) in seen:
            continue  # one question to each screen
        seen.add(id(one.image))
        runtime = open_kimi_vl("small", environment={}, options=options, progress=no_progress)
        try:
            began = time.perf_counter()
            said = answer(runtime, one.image, one.task)
            took.append(time.perf_counter() - began)
        finally:
            runtime.close()
        right += one.is_right(said)
    row = {
        "size": given.size,
        "threads": given.threads,
        "precision": given.precision,
        "screens": len(took),
        "right": right,
        "median_s": round(statistics.median(took), 2),
        "max_s": round(max(took), 2),
    }
    print("   ".join(row), "   ".join(str(value) for value in row.values()), sep="\n")
    print(json.dumps({"bench": "small_model", "load": load, "cores": os.cpu_count(), **row}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
