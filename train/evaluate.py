"""The held-out judgement: greedy replies, written freely, on screens that were never trained.

    python -m train.evaluate STATE.npz --held held.zip --each 400 --out judged.json

Seeds, words kept aside, fonts, and for Qt also styles and sheets, are none of the training's.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from torch.utils.data import DataLoader

from train.batches import Batch, Batches, Format, Recipe
from train.judging import judge
from train.model import SmallKimi
from train.named import round_weights
from train.turns import words
from train.write import load_state

SIZES = ((280, 280), (560, 420), (588, 1036), (840, 560), (1092, 616), (1260, 784), (1316, 756))
_SEED = 77_000_001
_KINDS = ("shape", "word", "word", "word", "relation", "missing", "missing", "typing", "key")
_SETS = {  # where the screens come from, which words are on them, and whether steps came before
    "drawn, known words": ("drawn", "known", False),
    "drawn, words never trained": ("drawn", "kept", False),
    "drawn in new fonts, words never trained": ("new fonts", "kept", False),
    "Qt, known words": ("qt", "known", False),
    "Qt, words never trained": ("qt", "kept", False),
    "drawn, known words, after steps": ("drawn", "known", True),
    "Qt, known words, after steps": ("qt", "known", True),
}


class Judge:
    """Judges one model; `each` is about how many questions of a kind at a size."""

    def __init__(self, model: SmallKimi, *, held: str, each: int, workers: int) -> None:
        self.model, self.held, self.each, self.workers = model, held, each, workers

    def rows(self, name: str, size: tuple[int, int]) -> Iterator[dict[str, object]]:
        """The lines of the table for one set of screens at one size."""
        source, pool, after = _SETS[name]
        screens = max(2, min(24, int(4e6 / (size[0] * size[1]))))
        recipe = Recipe(
            (Format(*size, screens, 9),),
            seed=_SEED,
            pack=self.held if source == "qt" else "",
            pack_pool=pool if source == "qt" else "",
            qt_share=float(source == "qt"),
            pool=pool,
            held_out=source == "new fonts",
            kinds=_KINDS,
            past_share=float(after),
            padded_share=0.0,  # the application scales
            frozen_prompt=True,
        )
        begun = time.monotonic()
        tallies = judge(self.model, self._batches(recipe, screens), words())
        took = round(time.monotonic() - begun, 1)
        for kind, tally in sorted(tallies.items()):
            yield {
                "screens": name,
                "asked": kind,
                "size": f"{size[0]}x{size[1]}",
                "right": round(tally.share, 1),
                "count": tally.count,
                "far": round(statistics.median(tally.far), 3) if tally.far else None,
                "seconds": took,
            }

    def _batches(self, recipe: Recipe, screens: int) -> Iterator[Batch]:
        loader = DataLoader(
            Batches(recipe),
            batch_size=None,
            sampler=range(-(-self.each // (9 * screens))),
            num_workers=self.workers,
        )
        for batch in loader:
            yield {name: one.to(self.model.device) for name, one in batch.items()}


def main() -> None:
    options = _options()
    torch.backends.cuda.enable_cudnn_sdp(False)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = load_state(options.state).to(device)
    if options.rounding:
        round_weights(model, options.rounding)
    of = Judge(model, held=options.held or "", each=options.each, workers=options.workers)
    rows: list[dict[str, object]] = []
    begun = time.monotonic()
    for size in options.size or SIZES:
        for name, (source, *_) in _SETS.items():
            if (source == "qt" and not options.held) or time.monotonic() - begun > options.seconds:
                continue
            for row in of.rows(name, size):
                rows.append(row)
                print(json.dumps(row), flush=True)
    if options.out:
        options.out.write_text(json.dumps(rows, indent=1) + "\n")


def _size(text: str) -> tuple[int, int]:
    width, height = map(int, text.split("x"))
    return width, height


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("state", type=Path)
    parser.add_argument("--held", help="held-out screens of `train.qt_screens`")
    parser.add_argument("--each", type=int, default=600)
    parser.add_argument(
        "--size", type=_size, action="append", help="WxH, several times; without it all"
    )
    parser.add_argument("--rounding", choices=("fp8", "int8", "int4"), help="of the weights")
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after so long")
    parser.add_argument("--workers", type=int, default=12)
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
