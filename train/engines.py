"""A checkpoint through the application's own runtime, with the engines and precisions there are.

    python -m train.engines CHECKPOINT --device cuda --screens 20

For each: how many questions are answered right, and how many as the reference in float32 does, its
places no farther away than a hundredth of the picture's sides.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from agent_app.actions import Action, Click
from agent_app.model_runtime import EngineName, ModelOptions, no_progress
from agent_app.runtimes.kimi_vl import open_kimi_vl
from agent_app.runtimes.kimi_vl.memory import PlannedPrecision
from train.asking import Asked, answer, questions

_SIZES = ((336, 308), (560, 420), (840, 560))
_NEAR = 0.01
_SEED = 51


def answers(
    folder: Path, device: str, engine: EngineName, precision: PlannedPrecision, all_: list[Asked]
) -> tuple[str, list[tuple[Action, ...]]]:
    """What runs, and its answers."""
    options = ModelOptions(device=device, precision=precision, engine=engine)
    runtime = open_kimi_vl(str(folder), environment={}, options=options, progress=no_progress)
    try:
        return runtime.info.detail, [answer(runtime, one.image, one.task) for one in all_]
    finally:
        runtime.close()


def is_same(actions: Sequence[Action], others: Sequence[Action]) -> bool:
    match actions, others:
        case [Click(at=one)], [Click(at=other)] if one is not None and other is not None:
            return abs(one.x - other.x) <= _NEAR and abs(one.y - other.y) <= _NEAR
        case _:
            return actions == others


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--screens", type=int, default=10, help="of each size, four questions each")
    options = parser.parse_args()
    all_ = [one for size in _SIZES for one in questions(size, seed=_SEED, screens=options.screens)]
    runs: list[tuple[EngineName, PlannedPrecision]] = [("reference", "fp32")]
    runs += [("fast", one) for one in get_args(PlannedPrecision) if one != "fp32"]
    first: list[tuple[Action, ...]] | None = None
    for engine, precision in runs:
        begun = time.monotonic()
        detail, found = answers(options.checkpoint, options.device, engine, precision, all_)
        first = first or found
        right = sum(one.is_right(said) for one, said in zip(all_, found, strict=True))
        same = sum(map(is_same, found, first))
        took = time.monotonic() - begun
        print(
            f"{precision}: {right} of {len(all_)} right, {same} as the reference in float32, "
            f"{took:.0f} s; {detail}",
            flush=True,
        )


if __name__ == "__main__":
    main()
